"""CARD_BATCH: everything of one card batch: what it is, what may be done, its cards and records."""

from typing import Final

from terminals.web.screen import Part, Screen

LIVE_SECONDS: Final = 5.0
_OF_IT: Final = {"batch": "{batch}"}
_ABOUT_IT: Final = {"subject_kind": "card_batch", "subject_key": "{batch}"}


def _tab(name: str, view: str, filters: dict[str, str]) -> Part:
    return Part(view=view, filters=filters, tab=name, goes_on="after")


_TABS: Final = {
    "cards": _tab("cards", "batch_cards", _OF_IT),
    "activations": _tab("activations", "activations", _OF_IT),
    "usages": _tab("usages", "usages", _OF_IT),
    "shipments": _tab("shipments", "shipments", _OF_IT),
    "disclosures": _tab("disclosures", "disclosures", _ABOUT_IT),
    "history": _tab("history", "audit", _ABOUT_IT),
}

CARD_BATCH: Final = Screen(
    id="card_batch",
    path="/card-batches/{batch}",
    en="Card batch",
    zh="卡批次",
    template="card_batch.html",
    is_about="batch",
    parts={
        "batch": Part(view="card_batches", filters=_OF_IT),
        "segments": Part(view="batch_parts", filters=_OF_IT),
        **_TABS,
    },
    tabs=tuple(_TABS),
    live_seconds=LIVE_SECONDS,
)
