"""CARD_FACE: what a product's cards look like: its picture and texts, changed beside a preview."""

from collections.abc import Mapping
from typing import Any, Final

from terminals.web.qr import qr_of
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen

SAVE: Final = "card_face.save"
SAMPLE: Final = "https://sample.invalid/SAMPLE"
FIELDS: Final = (
    "name", "title_zh", "title_en", "small_print", "text_colour", "qr_left", "qr_top", "qr_size",
)  # fmt: skip
"""What is changed of a face in its place, beside its picture."""


def _arranged(reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    row = parts["face"].first
    assert row is not None, "it is what the page is about"
    action = reader.actions.get(SAVE)
    known = {one.name: one for one in action.fields} if action is not None else {}
    return {
        "row": row,
        "face": row.values,
        "title": row.values["title_zh" if reader.language == "zh" else "title_en"],
        "fields": [(known[name], row.values.get(name)) for name in FIELDS if name in known],
        "picture": known.get("file"),
        "qr": qr_of(SAMPLE, "M"),
    }


CARD_FACE: Final = Screen(
    id="card_face",
    path="/card-faces/{face}",
    en="Card face",
    zh="卡面",
    template="card_face.html",
    is_about="face",
    parts={"face": Part(view="card_faces", filters={"face": "{face}"})},
    arrange=_arranged,
)
