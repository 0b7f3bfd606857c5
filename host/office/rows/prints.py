"""Sheets of vouchers leave the house as cards in a file do: released by another, taken once."""

import math
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from host.hsm.interface import Hsm
from host.hsm.voucher_codes import open_code
from host.model.instruments import PLACE_BITS, BatchState
from host.model.secrets import Secret
from host.model.sheets import (
    LAYOUTS,
    SAMPLE_CODE,
    SAMPLE_URL,
    SECONDS_A_VOUCHER,
    Design,
    Part,
    shipped,
    warnings_of,
)
from host.model.voucher_codes import grouped
from host.model.vouchers import VoucherState
from host.model.word import Word
from host.office import files
from host.office.action import Acting, Action, Result, Second, Step
from host.office.disclosing import SQL, Disclosure, disclose, face_of
from host.office.fields import Name, Note, Number, Text, Values
from host.office.jobs import AtWork, begin_job
from host.office.passwords import refuse_easy
from host.office.printing import Piece, sample_of, sheets_of
from host.office.refusals import FIELD, NONE_UNSOLD, STATE, TOO_MANY_CARDS, Refusal
from host.office.roles import BM, BO, IM, MO, PA, PO
from host.office.rows.reports import refuse_without_font
from host.office.rows.sheet_designs import ACTIVE, LayoutName, design_of
from host.office.sheets import workbook_of
from host.office.subjects import Ref
from host.office.words import word_of
from host.stock.qr import modules_of, printed_token, url_of
from host.store.connecting import Connection

PRINT: Final = "voucher_batch.print"
SAMPLE: Final = "voucher_batch.sample"
VOUCHERS_MAX: Final = 1_000
"""Of one file of sheets: each has a picture of its own, 3 kB."""
_HEADS: Final = ("card", "card_number", "face", "currency", "valid_from", "valid_to")
_BEING_MADE: Final = frozenset({BatchState.DRAFT, BatchState.GENERATING, BatchState.VOIDED})


class VoucherBatchPrint(Values, frozen=True, kw_only=True):
    """Vouchers that nobody has yet, on sheets to be cut, once a rights owner has released it."""

    batch: str
    layout: LayoutName = "a4-2x5"
    sheet: Number | None = None
    """One that was designed, in place of a layout as it is shipped."""
    part: Number | None = None
    first: Number | None = None
    last: Number | None = None
    format: Literal["pdf", "xlsx"] = "pdf"
    url: Text = ""
    """What the QR codes begin with; none: there are none."""
    workbook_password: Secret
    recipient: Name
    note: Note


class VoucherBatchSample(Values, frozen=True, kw_only=True):
    """A page to look at, with SAMPLE in the place of each code: nobody has to release it."""

    batch: str
    layout: LayoutName = "a4-2x5"
    sheet: Number | None = None
    url: Text = ""
    """What the QR codes begin with; none: there are none."""
    workbook_password: Secret


class _Sheets(msgspec.Struct, frozen=True, kw_only=True):
    """Which vouchers, and how."""

    batch: int
    layout: str
    url: str
    sheet: int | None = None
    version: int | None = None
    """Of that sheet, as it was when it was asked for."""
    part: int | None = None
    first: int | None = None
    last: int | None = None
    is_pdf: bool = True
    is_sample: bool = False


class _Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """One as it stands on a sheet or in a row."""

    place: str
    number: str
    token: str
    valid_from: str
    valid_to: str


def _print(acting: Acting, values: VoucherBatchPrint) -> Result:
    vouchers = _checked(acting, values)
    sheets, name = _sheets(acting, values), f"{values.batch}.{values.format}"
    file, told = _begun(acting, sheets, (name, values.workbook_password), vouchers)
    disclose(acting, acting.subject, _line(acting, values, vouchers, file))
    return Result(told=told, beside=told)


def _sample(acting: Acting, values: VoucherBatchSample) -> Result:
    _check(acting, values.workbook_password, values.url)
    refuse_without_font()
    sheets = _Sheets(
        batch=int(acting.subject.id),
        layout=values.layout,
        url=values.url,
        is_sample=True,
        **_designed(acting, values),
    )
    name = f"{values.batch}.sample.pdf"
    _file, told = _begun(acting, sheets, (name, values.workbook_password), 1)
    return Result(told=told)


def _begun(
    acting: Acting, sheets: _Sheets, named: tuple[str, Secret], vouchers: int
) -> tuple[int, dict[str, int]]:
    """The file that is to be made, and what is told of it."""
    owner = files.Owner(person=acting.who.person or 0, place=acting.subject.place)
    name, password = named
    file = files.begin_made(acting.connection, acting.hsm, owner, name, password, acting.now)
    plan = {"file": file, "sheets": sheets}
    job = begin_job(acting, _action_of(sheets), acting.subject, total=vouchers, plan=plan)
    return file, {"cards": vouchers, "file": file, "job": job}


def _action_of(sheets: _Sheets) -> str:
    """The action whose job makes it."""
    return SAMPLE if sheets.is_sample else PRINT


def _line(acting: Acting, values: VoucherBatchPrint, vouchers: int, file: int) -> Disclosure:
    return Disclosure(
        kind="export",
        what="voucher codes",
        values_shown=vouchers,
        has_secrets=True,
        recipient=values.recipient,
        purpose=values.note,
        released_by=acting.agreed_by,
        file=file,
    )


def _checked(acting: Acting, values: VoucherBatchPrint) -> int:
    """How many vouchers it is.

    Raises:
        Refusal: none is meant or too many are, or they cannot be printed here.
    """
    _check(acting, values.workbook_password, values.url)
    if values.format == "pdf":
        refuse_without_font()
    vouchers = _count(acting, values)
    if vouchers > VOUCHERS_MAX:
        raise Refusal(TOO_MANY_CARDS, field="last", cards_max=VOUCHERS_MAX)
    if not vouchers:
        raise Refusal(NONE_UNSOLD)
    return vouchers


def _check(acting: Acting, password: Secret, url: str) -> None:
    state = acting.subject.content["state"]
    if state in _BEING_MADE:
        raise Refusal(STATE, state=state)
    refuse_easy(password, acting.who.login)
    if url and not url.startswith("https://"):
        raise Refusal(FIELD, field="url", problem="it begins with https://")


def _sheets(acting: Acting, values: VoucherBatchPrint) -> _Sheets:
    return _Sheets(
        batch=int(acting.subject.id),
        part=values.part,
        first=values.first,
        last=values.last,
        layout=values.layout,
        url=values.url,
        is_pdf=values.format == "pdf",
        **_designed(acting, values),
    )


def _designed(acting: Acting, values: VoucherBatchPrint | VoucherBatchSample) -> dict[str, Any]:
    """Which sheet, in which version; nothing where it is a layout as it is shipped.

    Raises:
        Refusal: there is none, it is of another issuer, or it was taken out.
    """
    if values.sheet is None:
        return {}
    found = acting.find("sheet", values.sheet)
    if found.place.issuer_id != acting.subject.place.issuer_id:
        raise Refusal(FIELD, field="sheet", problem="it is another issuer's")
    if found.content["state"] != ACTIVE:
        raise Refusal(STATE, state=found.content["state"])
    return {"sheet": values.sheet, "version": found.content["version"]}


def _design(connection: Connection, sheets: _Sheets) -> Design:
    if sheets.sheet is None or sheets.version is None:
        return shipped(LAYOUTS[sheets.layout])
    return design_of(connection, sheets.sheet, sheets.version)


def _count(acting: Acting, values: VoucherBatchPrint) -> int:
    return len(_found(acting.connection, _sheets(acting, values)))


def _foretold(acting: Acting, values: VoucherBatchPrint) -> dict[str, Any]:
    """What would leave, for whom; of sheets how many, how long they take, and what is wrong."""
    told: dict[str, Any] = {"cards": _count(acting, values), "recipient": values.recipient}
    if values.format != "pdf":
        return told
    design = _design(acting.connection, _sheets(acting, values))
    told["pages"] = design.layout.pages(told["cards"])
    told["about_seconds"] = math.ceil(told["cards"] * SECONDS_A_VOUCHER)
    texts, _worth = _common(acting.connection, int(acting.subject.id))
    modules = len(modules_of(SAMPLE_URL, design.error_level))
    sample = {**texts, Part.CODE: SAMPLE_CODE}
    if found := warnings_of(design, sample, modules):
        told["sheet_warnings"] = [str(one.fault) for one in found]
    return told


def _said(acting: Acting, values: VoucherBatchPrint) -> Word:
    """What who releases it is told, bound to the code."""
    vouchers = _count(acting, values)
    return Word(
        f"{values.batch}: codes of {vouchers} vouchers for {values.recipient}",
        f"{values.batch}: {vouchers} 张券的券码, 交给 {values.recipient}",
    )


def make_sheets(at_work: AtWork) -> int:
    """Make the file in memory and keep it sealed: the step of the job."""
    connection, hsm, plan = at_work.connection, at_work.hsm, at_work.job.plan
    file = files.read_file(connection, plan["file"])
    if file.state != "making":
        return at_work.job.total
    sheets = msgspec.convert(plan["sheets"], _Sheets)
    found = [] if sheets.is_sample else _found(connection, sheets)
    vouchers = [_opened(hsm, row) for row in found]
    password = files.password_of(hsm, file)
    assert password is not None, "it was asked for"
    made = _made(connection, sheets, vouchers, password)
    files.keep_made(connection, hsm, file.id, made, at_work.now)
    if not sheets.is_sample:
        connection.execute(SQL["note_shown"], {"file": file.id, "values_shown": len(vouchers)})
    return at_work.job.total


def _made(
    connection: Connection, sheets: _Sheets, vouchers: list[_Voucher], password: Secret
) -> Secret:
    texts, (face, currency) = _common(connection, sheets.batch)
    if not sheets.is_pdf:
        heads = [f"{word_of(one).zh} {word_of(one).en}" for one in _HEADS]
        rows = [
            (one.place, one.number, face, currency, one.valid_from, one.valid_to)
            for one in vouchers
        ]
        return workbook_of(heads, rows, password)
    design = _design(connection, sheets)
    if sheets.is_sample:
        return sample_of(design, Piece(texts=texts, url=sheets.url), password)
    return sheets_of(design, (_piece(texts, one, sheets.url) for one in vouchers), password)


def _common(connection: Connection, batch: int) -> tuple[dict[Part, str], tuple[Any, str]]:
    """What all vouchers of a batch say; and what one is worth, with its unit."""
    row = connection.execute(SQL["batch_let_out"], (batch,)).fetchone()
    assert row is not None, "a batch is never taken out"
    code, name, face_minor, unit, stores = row
    face, currency = face_of(face_minor, unit)
    face = face if face_minor else ""
    texts = {
        Part.TITLE: name,
        Part.WORTH: f"{face} {currency}" if face else "",
        Part.STORES: stores,
        Part.RUN: code,
    }
    return texts, (face, currency)


def _piece(texts: Mapping[Part, str], one: _Voucher, url: str) -> Piece:
    told = {
        Part.CODE: one.number,
        Part.PLACE: one.place,
        Part.VALID: f"{one.valid_from} - {one.valid_to}" if one.valid_to else one.valid_from,
    }
    return Piece(texts={**texts, **told}, url=url_of(url, one.token) if url else "")


def _found(connection: Connection, sheets: _Sheets) -> list[tuple[Any, ...]]:
    told = {
        **msgspec.structs.asdict(sheets),
        "status": VoucherState.ISSUED.value,
        "limit": VOUCHERS_MAX + 1,
    }
    return connection.execute(SQL["vouchers_let_out"], told).fetchall()


def _opened(hsm: Hsm, row: tuple[Any, ...]) -> _Voucher:
    part, card, pan_hash, sealed, begin, end = row
    return _Voucher(
        place=f"{part}-{card & ((1 << PLACE_BITS) - 1)}",
        number=grouped(open_code(hsm, bytes(sealed), card).reveal()),
        token=printed_token(hsm, card, bytes(pan_hash)),
        valid_from=f"{begin or ''}",
        valid_to=f"{end or ''}",
    )


VOUCHER_BATCH_PRINT: Final = Action(
    id=PRINT,
    en="Print vouchers",
    zh="制券打印",
    values=VoucherBatchPrint,
    roles=frozenset({PO, BM, IM, MO}),
    do=_print,
    about=lambda values: Ref("card_batch", values.batch),
    approvers=frozenset({BO, PA}),
    second=Second.ALWAYS,
    step=Step.OWNERS,
    said=_said,
    foretold=_foretold,
    gives="file.take",
)
VOUCHER_BATCH_SAMPLE: Final = Action(
    id=SAMPLE,
    en="Print a sample of vouchers",
    zh="打印样张",
    values=VoucherBatchSample,
    roles=frozenset({PO, BM, IM, MO}),
    do=_sample,
    about=lambda values: Ref("card_batch", values.batch),
    gives="file.take",
)
