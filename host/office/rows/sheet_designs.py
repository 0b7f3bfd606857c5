"""Sheets of vouchers as an issuer's people design them: what stands where, in versions."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from host.model.sheets import LAYOUTS, NUMBERS, PARTS, Design, as_design, shipped
from host.office.action import OK, Acting, Action, Result
from host.office.fields import InstitutionId, Name, Note, Number, Values
from host.office.places import Scope
from host.office.refusals import FIELD, STATE, Refusal
from host.office.roles import AU, BM, BO, IM, PA, PO
from host.office.rows.faces import Colour
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "sheets_designed.sql")
LayoutName = Literal["a4-3x8", "a4-2x5", "a4-2x4", "a4-1x3", "single"]
ErrorLevel = Literal["L", "M", "Q", "H"]
Millimetres = Annotated[str, Meta(pattern=r"^[0-9]{1,3}(\.[0-9])?$")]
LOOKS: Final = ("layout", *NUMBERS, "text_colour", "error_level", "has_cut_marks")
ACTIVE: Final = "active"


class SheetSave(Values, frozen=True, kw_only=True):
    """A new sheet needs an issuer, a name and a layout; of one that is there much stays.

    Millimetres from the upper left corner, of title, worth, code, QR code, validity, stores, place
    in the batch and print run, in this order; what has a size of 0 is not printed.
    """

    sheet: Number | None = None
    issuer: InstitutionId | None = None
    name: Name | None = None
    layout: LayoutName | None = None
    """Another one begins with its own places."""
    lefts: tuple[Millimetres, ...] | None = None
    tops: tuple[Millimetres, ...] | None = None
    widths: tuple[Millimetres, ...] | None = None
    sizes: tuple[Millimetres, ...] | None = None
    """How high a letter is, or the side of the QR code."""
    text_colour: Colour | None = None
    error_level: ErrorLevel | None = None
    """How much of a QR code may be unreadable: 7, 15, 25 or 30 percent."""
    has_cut_marks: bool | None = None


class SheetWithdraw(Values, frozen=True, kw_only=True):
    """Nothing is printed with it any more; saved again, it is back."""

    sheet: Number
    note: Note


def _save(acting: Acting, values: SheetSave) -> Result:
    told = _merged(acting, values)
    for name in NUMBERS:
        if len(told[name]) != len(PARTS):
            problem = f"it has {len(PARTS)} numbers, one of each part"
            raise Refusal(FIELD, field=name, problem=problem)
    told |= {"made_by": acting.who.login, "made_at": acting.now}
    acting.connection.execute(
        SQL["add_sheet" if acting.about is None else "next_sheet_version"], told
    )
    acting.connection.execute(SQL["add_sheet_version"], told)
    return Result(key=str(told["id"]))


def _withdraw(acting: Acting, _values: SheetWithdraw) -> Result:
    state = acting.subject.content["state"]
    if state != ACTIVE:
        raise Refusal(STATE, state=state)
    acting.connection.execute(SQL["withdraw_sheet"], {"id": acting.subject.id})
    return OK


def _merged(acting: Acting, values: SheetSave) -> dict[str, Any]:
    """What the newest version says, and what is to be another."""
    said = msgspec.structs.asdict(values)
    given = {name: value for name, value in said.items() if value is not None}
    for name in given.keys() & set(NUMBERS):
        given[name] = [Decimal(one) for one in given[name]]
    if acting.about is not None:
        if values.issuer is not None:
            raise Refusal(FIELD, field="issuer", problem="a sheet stays its issuer's")
        was = _row(acting.connection, int(acting.about.id), None)
        was |= {"name": acting.about.content["name"], "id": acting.about.id}
        is_another = values.layout not in {None, was["layout"]}
        return (
            was | (_numbers(LAYOUTS[values.layout]) if is_another and values.layout else {}) | given
        )
    assert acting.within is not None, "a new sheet is an issuer's"
    for name in ("name", "layout"):
        if given.get(name) is None:
            raise Refusal(FIELD, field=name, problem="a new sheet needs it")
    row = acting.connection.execute(SQL["next_sheet"]).fetchone()
    assert row is not None, "an aggregate is a row"
    begun = _looks(shipped(LAYOUTS[given["layout"]]))
    return begun | given | {"id": row[0], "issuer_id": acting.within.place.issuer_id}


def _numbers(layout: Any) -> dict[str, Any]:
    looks = _looks(shipped(layout))
    return {name: looks[name] for name in NUMBERS}


def _looks(design: Design) -> dict[str, Any]:
    columns = zip(*(design.places[part] for part in PARTS), strict=True)
    return {
        "layout": design.layout.name,
        **{
            name: [Decimal(f"{one:.1f}") for one in column]
            for name, column in zip(NUMBERS, columns, strict=True)
        },
        "text_colour": design.text_colour,
        "error_level": design.error_level,
        "has_cut_marks": design.has_cut_marks,
    }


def _row(connection: Connection, sheet: int, version: int | None) -> dict[str, Any]:
    told = {"id": sheet, "version": version}
    row = connection.execute(SQL["sheet_version"], told).fetchone()
    assert row is not None, "it was made with its first version"
    return dict(zip(("version", *LOOKS), row, strict=True))


def design_of(connection: Connection, sheet: int, version: int) -> Design:
    """A sheet as it is in a version."""
    return as_design(_row(connection, sheet, version))


SAVE: Final = Action(
    id="sheet.save",
    en="Design a sheet of vouchers",
    zh="券面设计",
    values=SheetSave,
    roles=frozenset({IM, BM}),
    do=_save,
    about=lambda values: Ref("sheet", str(values.sheet or "")),
    within=lambda values: Ref("issuer", values.issuer or ""),
)
WITHDRAW: Final = Action(
    id="sheet.withdraw",
    en="Take a sheet out",
    zh="撤下券面",
    values=SheetWithdraw,
    roles=frozenset({IM, BM}),
    do=_withdraw,
    about=lambda values: Ref("sheet", str(values.sheet)),
    begins=(ACTIVE,),
)
SHEETS: Final = View(
    id="sheets",
    en="Sheets of vouchers",
    zh="券面模板",
    roles=frozenset({PA, PO, AU, IM, BM, BO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER}),
    columns=(
        Column(name="sheet", kind=int, opens="sheets"),
        Column(name="issuer", opens="issuers"),
        Column(name="name"),
        Column(name="version", kind=int),
        Column(name="state"),
        Column(name="layout"),
        Column(name="lefts", kind=list),
        Column(name="tops", kind=list),
        Column(name="widths", kind=list),
        Column(name="sizes", kind=list),
        Column(name="text_colour"),
        Column(name="error_level"),
        Column(name="has_cut_marks", kind=bool),
        Column(name="made_by"),
        Column(name="made_at", kind=dt.datetime),
    ),
    order=("sheet",),
    filters=(
        Filter(name="sheet", column="sheet", kind=int),
        Filter(name="issuer", column="issuer"),
    ),
    actions=("sheet.save", "sheet.withdraw"),
    state="state",
)
