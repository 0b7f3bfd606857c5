"""Card faces: what a product's cards look like, in versions; what was printed stays known."""

import datetime as dt
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.model.word import Word
from host.office.action import OK, Acting, Action, Result
from host.office.fields import Name, Note, Number, Text, Values
from host.office.images import NoPictureError, picture_of
from host.office.places import Scope
from host.office.refusals import FIELD, IMAGE, STATE, TOO_LARGE, Refusal
from host.office.roles import AU, BM, BO, IM, PA
from host.office.rows.intake import sent_content
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "faces.sql")
IMAGE_BYTES_MAX: Final = 500_000
WIDTH_MIN, HEIGHT_MIN = 1011, 638
"""A card of ISO/IEC 7810 ID-1 at 300 dots an inch."""
QR_MIN: Final = 100
"""Pixels: smaller is not read by a phone."""
Colour = Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$")]
Pixels = Annotated[int, Meta(ge=0, le=20_000)]
PARTS: Final = (
    "title_zh",
    "title_en",
    "small_print",
    "text_colour",
    "qr_left",
    "qr_top",
    "qr_size",
)
ACTIVE: Final = "active"
"""The state of a face that cards are made with."""
PICTURE: Final = ("image", "image_kind", "width", "height")


class CardFaceSave(Values, frozen=True, kw_only=True):
    """A new face needs a product, a name, a picture and titles; of one that is there much stays.

    The picture is a PNG or JPEG of 1011 x 638 pixels or more, and 500 kB at most.
    """

    face: Number | None = None
    product: Number | None = None
    name: Name | None = None
    file: Number | None = None
    """The picture."""
    title_zh: Name | None = None
    title_en: Name | None = None
    small_print: Text | None = None
    text_colour: Colour | None = None
    qr_left: Pixels | None = None
    qr_top: Pixels | None = None
    qr_size: Pixels | None = None
    """No QR code where it is 0."""


class CardFaceWithdraw(Values, frozen=True, kw_only=True):
    """The product's cards have it no more; saved again, it is back."""

    face: Number
    note: Note


def _save(acting: Acting, values: CardFaceSave) -> Result:
    told = _merged(acting, values)
    if values.file is not None:
        told |= _picture(acting, values.file)
    _refuse_missing(told)
    _refuse_qr(told)
    told |= {"made_by": acting.who.login, "made_at": acting.now}
    if acting.about is None:
        acting.connection.execute(SQL["add_face"], told)
    else:
        acting.connection.execute(SQL["next_version"], told)
    acting.connection.execute(SQL["add_face_version"], told)
    return Result(key=str(told["id"]))


def _withdraw(acting: Acting, _values: CardFaceWithdraw) -> Result:
    state = acting.subject.content["state"]
    if state != ACTIVE:
        raise Refusal(STATE, state=state)
    acting.connection.execute(SQL["withdraw_face"], {"id": acting.subject.id})
    return OK


def _merged(acting: Acting, values: CardFaceSave) -> dict[str, Any]:
    """What the newest version says, and what is to be another."""
    said = msgspec.structs.asdict(values)
    given = {name: value for name, value in said.items() if value is not None}
    if acting.about is not None:
        if values.product is not None:
            raise Refusal(FIELD, field="product", problem="a face stays its product's")
        row = acting.connection.execute(SQL["newest_face"], (acting.about.id,)).fetchone()
        assert row is not None, "it was made with its first version"
        was = dict(zip((*PICTURE, *PARTS), row, strict=True))
        return {"name": acting.about.content["name"], **was, **given, "id": acting.about.id}
    assert acting.within is not None, "a new face is a product's"
    row = acting.connection.execute(SQL["next_face"]).fetchone()
    assert row is not None, "an aggregate is a row"
    empty = {"small_print": "", "text_colour": "#000000", "qr_left": 0, "qr_top": 0, "qr_size": 0}
    return {**empty, **given, "id": row[0], "product_id": acting.within.id}


def _picture(acting: Acting, file: int) -> dict[str, Any]:
    content = sent_content(acting, file).reveal()
    if len(content) > IMAGE_BYTES_MAX:
        raise Refusal(TOO_LARGE, field="file", bytes_max=IMAGE_BYTES_MAX)
    try:
        found = picture_of(content)
    except NoPictureError:
        none = Word("neither a whole PNG nor JPEG", "不是完整的 PNG 或 JPEG")
        raise Refusal(IMAGE, field="file", problem=none) from None
    if found.width < WIDTH_MIN or found.height < HEIGHT_MIN:
        size = f"{found.width} x {found.height}"
        problem = Word(f"{size} pixels", f"{size} 像素")
        raise Refusal(IMAGE, field="file", problem=problem)
    return dict(zip(PICTURE, (content, *found), strict=True))


def _refuse_missing(told: dict[str, Any]) -> None:
    for name, field in (("name", "name"), ("image", "file"), ("title_zh", "title_zh"),
                        ("title_en", "title_en")):  # fmt: skip
        if told.get(name) is None:
            raise Refusal(FIELD, field=field, problem="a new card face needs it")


def _refuse_qr(told: dict[str, Any]) -> None:
    size = told["qr_size"]
    if size == 0:
        return
    is_inside = told["qr_left"] + size <= told["width"] and told["qr_top"] + size <= told["height"]
    if size < QR_MIN or not is_inside:
        problem = f"the QR code has {QR_MIN} pixels or more, and lies within the picture"
        raise Refusal(FIELD, field="qr_size", problem=problem)


SAVE: Final = Action(
    id="card_face.save",
    en="Make or revise a card face",
    zh="卡面与文案",
    values=CardFaceSave,
    roles=frozenset({IM}),
    do=_save,
    about=lambda values: Ref("card_face", str(values.face or "")),
    within=lambda values: Ref("product", str(values.product or "")),
    takes="file",
)
WITHDRAW: Final = Action(
    id="card_face.withdraw",
    en="Take a card face out",
    zh="撤下卡面",
    values=CardFaceWithdraw,
    roles=frozenset({IM}),
    do=_withdraw,
    about=lambda values: Ref("card_face", str(values.face)),
    begins=(ACTIVE,),
)
FACES: Final = View(
    id="card_faces",
    en="Card faces",
    zh="卡面模板",
    roles=frozenset({PA, AU, IM, BM, BO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER}),
    columns=(
        Column(name="id", kind=int, opens="card_faces"),
        Column(name="product", kind=int, opens="products"),
        Column(name="name"),
        Column(name="version", kind=int),
        Column(name="state"),
        Column(name="title_zh"),
        Column(name="title_en"),
        Column(name="small_print"),
        Column(name="text_colour"),
        Column(name="qr_left", kind=int),
        Column(name="qr_top", kind=int),
        Column(name="qr_size", kind=int),
        Column(name="image_kind"),
        Column(name="width", kind=int),
        Column(name="height", kind=int),
        Column(name="made_by"),
        Column(name="made_at", kind=dt.datetime),
    ),
    order=("id",),
    filters=(
        Filter(name="product", column="product", kind=int),
        Filter(name="face", column="id", kind=int),
    ),
    actions=("card_face.save", "card_face.withdraw"),
    state="state",
)
PICTURES: Final = View(
    id="card_face_pictures",
    en="Pictures of card faces",
    zh="卡面底图",
    roles=FACES.roles,
    scopes=FACES.scopes,
    columns=(
        Column(name="face", kind=int),
        Column(name="version", kind=int),
        Column(name="image_kind"),
        Column(name="picture"),
    ),
    order=("face",),
    filters=(Filter(name="face", column="face", kind=int),),
    needs=frozenset({"face"}),
)
