"""Sheets of vouchers leave the house as cards in a file do: released by another, taken once."""

from typing import Any, Final, Literal

import msgspec

from host.hsm.interface import Hsm
from host.hsm.voucher_codes import open_code
from host.model.instruments import PLACE_BITS, BatchState
from host.model.secrets import Secret
from host.model.voucher_codes import grouped
from host.model.vouchers import VoucherState
from host.office import files
from host.office.action import Acting, Action, Result, Second, Step
from host.office.disclosing import SQL, Disclosure, disclose, face_of
from host.office.fields import Name, Note, Number, Text, Values
from host.office.jobs import AtWork, begin_job
from host.office.passwords import refuse_easy
from host.office.printing import LAYOUTS, Piece, sample_of, sheets_of
from host.office.refusals import FIELD, NONE_UNSOLD, STATE, TOO_MANY_CARDS, Refusal
from host.office.roles import BM, BO, IM, MO, PA, PO
from host.office.rows.reports import refuse_without_font
from host.office.sheets import workbook_of
from host.office.subjects import Ref
from host.office.words import Word, word_of
from host.stock.qr import printed_token, url_of
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
    layout: Literal["a4-2x5", "a4-2x4", "a4-1x3"] = "a4-2x5"
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
    layout: Literal["a4-2x5", "a4-2x4", "a4-1x3"] = "a4-2x5"
    url: Text = ""
    """What the QR codes begin with; none: there are none."""
    workbook_password: Secret


class _Sheets(msgspec.Struct, frozen=True, kw_only=True):
    """Which vouchers, and how."""

    batch: int
    layout: str
    url: str
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
    )


def _count(acting: Acting, values: VoucherBatchPrint) -> int:
    return len(_found(acting.connection, _sheets(acting, values)))


def _foretold(acting: Acting, values: VoucherBatchPrint) -> dict[str, Any]:
    """What would leave, for whom."""
    return {"cards": _count(acting, values), "recipient": values.recipient}


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
    row = connection.execute(SQL["batch_let_out"], (sheets.batch,)).fetchone()
    assert row is not None, "a batch is never taken out"
    _code, name, face_minor, unit = row
    face, currency = face_of(face_minor, unit)
    face = face if face_minor else ""
    if not sheets.is_pdf:
        heads = [f"{word_of(one).zh} {word_of(one).en}" for one in _HEADS]
        rows = [
            (one.place, one.number, face, currency, one.valid_from, one.valid_to)
            for one in vouchers
        ]
        return workbook_of(heads, rows, password)
    worth = f"{face} {currency}" if face else ""
    if sheets.is_sample:
        layout = LAYOUTS[sheets.layout]
        piece = Piece(title=name, worth=worth, number="", url=sheets.url)
        return sample_of(layout, piece, password)
    pieces = (_piece(name, worth, one, sheets.url) for one in vouchers)
    return sheets_of(LAYOUTS[sheets.layout], pieces, password)


def _piece(title: str, worth: str, one: _Voucher, url: str) -> Piece:
    return Piece(
        title=title,
        worth=worth,
        number=one.number,
        valid=f"{one.valid_from} - {one.valid_to}" if one.valid_to else one.valid_from,
        url=url_of(url, one.token) if url else "",
    )


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
