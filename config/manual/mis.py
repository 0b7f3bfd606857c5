"""Tables and worked messages of `docs/mis.md`: tills of merchants' own systems."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from config.manual.characters import field_rows as ascii_rows
from config.manual.page import Blocks, hexadecimal, listing, table
from config.manual.samples import AMOUNT_MINOR, APPROVED, CARD
from config.manual.shapes import field_rows
from config.manual.told import TOLD_OF_KINDS
from host.estate.demo import PIN, TILLS, demo_estate
from host.hsm.mac import Mac, mac_for
from host.hsm.pin import make_pin_block
from host.model.requests import Kind
from terminals.dialects.mis import MisDialect, compose, header_of
from terminals.dialects.mis_fixed import fixed
from terminals.dialects.mis_iso import MIS_ISO, ROWS, SPEC
from terminals.dialects.mis_json import MIS_JSON
from terminals.dialects.mis_words import CODES, NEEDS, Asked, Head, Told, TotalsWords
from terminals.framing import LENGTH_CODECS, wrap
from terminals.records import Record, layout_named

LAYOUT: Final = layout_named("common")
ASKED: Final[Mapping[str, str]] = {
    "merchant": "merchant id",
    "date": "the till's own date YYYYMMDD, part of what names a message",
    "time": "the till's time hhmmss",
    "amount": "in the smallest unit: fen, or points",
    "unit": "of a void, refund or their reversal: what the original was in, money or points",
    "card": "card number",
    "expiry": "YYMM",
    "pin": "PIN block of ISO 9564-1 format 0 under the PIN key, 8 bytes",
    "entry": "how the card was read, as F22 (wire.md); without it 010",
    "original_number": "request number of the sale, or of what is held",
    "original_date": "date of the sale, or of what is held; without it this message's",
    "original_reference": "reference of the sale, or of what is held",
    "original_auth": "authorisation code of the sale, or of what is held",
    "original_code": "of a reversal: message code of what it undoes",
    "goods": "of points: product code; of a voucher the article; of a draw the lottery's code",
    "voucher": "of VOUC and VOUL: the voucher's code, in groups or not",
    "phone": "of PHOL: whose card is loaded, as wire.md has it; in a record it stands as `voucher`",
    "points_max": "of CMBN: how many points may be used; without it as many as there are",
    "partial": "of SALE, CMBN, PNTR: you take approvals of a part (code 10, `amount` is the part)",
    "order": "order that is paid or given back, your own number: 1 to 32 characters, no spaces",
    "sub_order": "which part of it, likewise",
    "operator": "who is at the till; not looked at",
    "memo": "a note; not looked at",
    "echo": 'the till\'s own check ("LRC"), repeated in the answer',
    "keys": "of a sign-on: layout of the keys asked (wire.md); without it 003",
    "serial": "of a sign-on: what the till says of itself",
    "totals": "of a settlement: money, an object of the four numbers below",
    "points_totals": "of a settlement: points, likewise",
}
"""Every word of `Asked`."""
TOLD: Final[Mapping[str, str]] = {
    "code": "00 approved, 10 for a part, else a response code of dialects.md",
    "text": "the same in Chinese, for people",
    "till": "as it was asked",
    "number": "the request number, as it was asked",
    "merchant": "as it was asked",
    "date": "as it was asked",
    "local_date": "our clock, YYYYMMDD",
    "local_time": "our clock, hhmmss",
    "business_date": "the date it is settled with merchants, YYYYMMDD",
    "amount": "of an approval: what was moved",
    "card": "first six and last four digits",
    "reference": "RRN: keep it for a void or refund",
    "auth": "authorisation code",
    "batch": "not needed: a till's batch is its date",
    "balance": "what the card has left, in the smallest unit",
    "points": "points the card has left",
    "points_earned": "points this sale gave",
    "points_used": "points this sale took",
    "self_pay_minor": "of a points purchase: what is to be paid in money besides",
    **TOLD_OF_KINDS,
    "key_block": "of a sign-on: keys under the master key with check values (wire.md), hexadecimal",
    "next": "3: sign on before anything else",
    "echo": "as it was asked",
    "totals": "of a settlement: the host's own money totals",
    "agrees": "whether they agree with the till's",
    "points_totals": "of a settlement: the host's own points",
    "points_agree": "whether they agree with the till's",
}
"""Every word of `Told`."""
TOTALS: Final[Mapping[str, str]] = {
    "debit_minor": "sum of what counts as debit",
    "debit_count": "how many that is",
    "credit_minor": "sum of what counts as credit",
    "credit_count": "how many that is",
}
_IN_RECORDS: Final[Mapping[str, str]] = {
    "till": "the till, as in the header",
    "voucher_free": "1: this one was free, for enough were bought",
    "class": "3 where it is about points, else a space",
    "transaction": "what is asked: see the marks",
    "original_trace": "not looked at",
    "bank": "left blank",
    "trace": "last six digits of the request number",
    "month_day": "our clock, MMDD",
    "time": "hhmmss: the till's, or of an answer our clock's",
    "settlement_date": "business date MMDD",
    "balance_sign": "C, or D below zero; without it no balance is told",
    "balance": "what the card has left, in fen, without its sign",
    "agrees": "whether they agree with the till's: 1 yes, 2 no",
    "points_agree": "the same of points",
    "key_block": "of a sign-on: keys under the master key with check values, hexadecimal",
    **TOTALS,
    **{f"points_{name}": f"{words}, in points" for name, words in TOTALS.items()},
}
"""What stands in records alone, or otherwise than in JSON."""

_SPACE: Final = "\N{MIDDLE DOT}"
"""How worked messages show a space."""
_TILL: Final = next(one for one in demo_estate().terminals if one.terminal_id == TILLS[0])
_WORKING: Final = _TILL.working
assert _WORKING is not None, "a till is loaded with working keys"
_MAC: Final[Mac] = mac_for(_TILL.mac_algorithm, _WORKING.mak)
_HEAD: Final = Head("000000000002", _TILL.terminal_id, "SALE")
_SALE: Final[dict[str, Any]] = {
    "merchant": demo_estate().merchant_of(_TILL).merchant_id,
    "date": "20261123",
    "amount": AMOUNT_MINOR,
    "card": CARD.pan.reveal(),
    "expiry": CARD.expiry,
    "entry": "011",
    "pin": make_pin_block(_WORKING.pik, PIN, CARD.pan, 0).reveal().hex().upper(),
}


def _codes() -> Iterator[tuple[str, ...]]:
    for code, row in CODES.items():
        if isinstance(row.means, Kind):
            needs = ", ".join(f"`{name}`" for name in ("merchant", *sorted(NEEDS[row.means])))
            sealed = "yes" if row.is_sealed else "no"
            yield code, row.title, f"`{row.means}`", sealed, needs


def _record(record: Record, words: Mapping[str, str]) -> str:
    rows = (
        (
            f"`{place.name}`",
            str(place.start + 1),
            str(place.size),
            place.pad,
            place.charset,
            _IN_RECORDS.get(place.name) or words[place.name],
        )
        for place in sorted(record.places, key=lambda place: place.start)
    )
    return table(("field", "first byte", "bytes", "pad", "characters", "meaning"), rows)


def _marks() -> Iterator[tuple[str, ...]]:
    for code, rows in LAYOUT.codes.items():
        for row in rows:
            told = {name: value.strip() or "a space" for name, value in row.marks.items()}
            in_points = "points" if row.extras.get("unit") == "P:" else "money"
            yield code, told["class"], told["transaction"], in_points


def _iso_rows() -> Iterator[tuple[str, ...]]:
    for row in ROWS:
        undone = f"undoes {row.means}" if row.means else ""
        function = row.function or "the keys asked"
        yield (
            row.code, row.mti, row.processing_code, row.condition, row.type_code, function,
            "points" if row.unit == "P:" else "money", undone,
        )  # fmt: skip


def _worked(dialect: MisDialect, encoding: str = "gb18030") -> str:
    asked = compose(header_of(_HEAD), dialect.form.write_request(_HEAD, _SALE), _MAC)
    message = dialect.read(asked)
    assert dialect.mac_is_right(message, _MAC)
    dialect.request(message, 1)
    answer = dialect.answer(message, APPROVED, _MAC)
    return f"{_shown(asked, encoding)}\n\nThe answer:\n\n{_shown(answer, encoding)}"


def _shown(payload: bytes, encoding: str) -> str:
    """Its text up to the code, and all of its bytes."""
    framed = wrap(payload, LENGTH_CODECS["ascii4"])
    text, tag = framed[:-8].decode(encoding).replace(" ", _SPACE), framed[-8:].hex().upper()
    return f"{listing(text)}\n\nand its code, `{tag}`; as bytes:\n\n{listing(hexadecimal(framed))}"


def _fields(struct: type[msgspec.Struct], meanings: Mapping[str, str]) -> str:
    return table(("field", "what it is", "meaning"), field_rows(struct, meanings))


BLOCKS: Final[Blocks] = {
    "mis.codes": lambda: table(("code", "its name", "asks", "sealed", "must have"), _codes()),
    "mis.asked": lambda: _fields(Asked, ASKED),
    "mis.totals": lambda: _fields(TotalsWords, TOTALS),
    "mis.told": lambda: _fields(Told, TOLD),
    "mis.record.request": lambda: _record(LAYOUT.request, ASKED),
    "mis.record.answer": lambda: _record(LAYOUT.answer, TOLD),
    "mis.marks": lambda: table(("code", "`class`", "`transaction`", "in"), _marks()),
    "mis.iso.fields": lambda: table(
        ("field", "name", "form", "characters", "length"), ascii_rows(SPEC)
    ),
    "mis.iso.rows": lambda: table(
        ("code", "type", "F3", "F25", "F60.1", "F60.3", "in", ""), _iso_rows()
    ),
    "mis.sample.json": lambda: _worked(MIS_JSON, "utf-8"),
    "mis.sample.fixed": lambda: _worked(fixed(LAYOUT)),
    "mis.sample.iso": lambda: _worked(MIS_ISO),
}
