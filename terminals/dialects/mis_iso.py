"""The ISO 8583 form of a till's payload: the fields of POS terminals, digits as characters.

No TPDU and no header; the bitmap is 16 hexadecimal characters. Three fields say what a POS
terminal's cannot, because a till's key is a date and a number of twelve digits:

- F60 is type code n2, the till's date YYMMDD where a terminal has its batch, function n3, and of
  a till that takes approvals of a part three digits more, the last 1;
- F61 is the original's date YYMMDD and its request number n12;
- F11 is the end of the request number.

F59 is the order that is paid, 32 characters, and its part, likewise, filled with spaces. F62 is
bytes as hexadecimal characters: a product (GBK) in requests; keys, or points as POS
terminals have them, in answers. F63 is text for people.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

import msgspec

from host.model.money import CURRENCY_BY_NUMBER, HOUSE_CURRENCY, NUMBER_BY_CURRENCY
from host.model.requests import DrawTold
from terminals.codec import DecodeError, EncodeError, compile_spec
from terminals.dialects.mis import MisDialect
from terminals.dialects.mis_words import Asked, Head, OriginalCode, Told, TotalsWords
from terminals.fields import ACCOUNT, CONTROL, digits_of
from terminals.formats import (
    ascii_an,
    ascii_hex,
    ascii_lllans,
    ascii_lllhex,
    ascii_llln,
    ascii_llltext,
    ascii_lln,
    ascii_n,
    ascii_specification,
)
from terminals.json_values import converted
from terminals.lotteries import draw_in, draw_text
from terminals.orders import order_text, split_order
from terminals.parts import YES
from terminals.salvage import salvage
from terminals.vouchers import (
    told_in,
    told_of,
    told_text,
    voucher_in,
    voucher_text,
    words_told,
)

SPEC: Final = ascii_specification(
    ascii_hex(8, "bitmap"),
    {
        "2": ascii_lln(19, "PAN"),
        "3": ascii_n(6, "processing code"),
        "4": ascii_n(12, "amount"),
        "11": ascii_n(6, "end of the request number"),
        "12": ascii_n(6, "local time hhmmss"),
        "13": ascii_n(4, "local date MMDD"),
        "14": ascii_n(4, "expiry YYMM"),
        "15": ascii_n(4, "settlement date MMDD"),
        "22": ascii_n(3, "entry mode"),
        "25": ascii_n(2, "condition code"),
        "37": ascii_an(12, "retrieval reference (RRN)"),
        "38": ascii_an(6, "authorisation code"),
        "39": ascii_an(2, "response code"),
        "41": ascii_an(8, "till id"),
        "42": ascii_an(15, "merchant id"),
        "48": ascii_llln(62, "totals"),
        "49": ascii_n(3, "currency"),
        "52": ascii_hex(8, "PIN block"),
        "54": ascii_lllans(20, "balance"),
        "59": ascii_lllans(64, "order: 32 characters, and 32 of its part"),
        "60": ascii_llln(14, "control: type, date YYMMDD, function, two digits, partial approval"),
        "61": ascii_llln(18, "original: date YYMMDD, request number"),
        "62": ascii_lllhex(255, "each transaction's own"),
        "63": ascii_llltext(100, "text"),
    },
)


class IsoRow(msgspec.Struct, frozen=True):
    """How a message code is spelled here."""

    code: str
    mti: str
    type_code: str
    processing_code: str = ""
    condition: str = ""
    function: str = "000"
    """F60.3; of a sign-on it names the keys asked."""
    unit: str = "CNY"
    means: str = ""
    """Of a reversal: the code of what it undoes."""


_TRADES: Final = (
    IsoRow("SALE", "0200", "22", "000000", "00"),
    IsoRow("CMBN", "0200", "89", "950000", "00"),
    IsoRow("VOID", "0200", "23", "200000", "00"),
    IsoRow("VOID", "0200", "23", "200000", "65", unit="P:"),
    IsoRow("REFD", "0220", "25", "200000", "00"),
    IsoRow("REFD", "0220", "25", "200000", "65", unit="P:"),
    IsoRow("BALQ", "0200", "01", "310000", "00"),
    IsoRow("ACCQ", "0200", "91", "310000", "00"),
    IsoRow("TOPU", "0200", "48", "630000", "00"),
    IsoRow("PNTR", "0200", "22", "000000", "65", unit="P:"),
    IsoRow("PNTE", "0200", "61", "210000", "65"),
    IsoRow("LOTT", "0200", "85", "940000", "65", unit="P:"),
    IsoRow("VOID", "0200", "86", "200000", "65", unit="P:"),
    IsoRow("PRAU", "0100", "10", "030000", "06"),
    IsoRow("PRAI", "0100", "10", "030000", "60"),
    IsoRow("PRAV", "0100", "11", "200000", "06"),
    IsoRow("CMPL", "0200", "20", "000000", "06"),
    IsoRow("CMPA", "0220", "24", "000000", "06"),
    IsoRow("CMPV", "0200", "21", "200000", "06"),
    IsoRow("VOUC", "0200", "83", "920000", "00"),
    IsoRow("VOUL", "0200", "87", "930000", "00"),
    IsoRow("VOUV", "0200", "84", "200000", "00"),
    IsoRow("PHOL", "0200", "92", "960000", "00"),
    IsoRow("PHOV", "0200", "93", "200000", "00"),
)
_UNDONE: Final = frozenset(get_args(OriginalCode))
ROWS: Final = (
    *_TRADES,
    *(
        msgspec.structs.replace(row, code="REVS", mti="0400", means=row.code)
        for row in _TRADES
        if row.code in _UNDONE
    ),
    IsoRow("BTCH", "0500", "00", function="201"),
    IsoRow("SIGN", "0800", "00", function=""),
    IsoRow("ECHO", "0820", "00", function="301"),
)
"""The spellings of a POS terminal, so that a till's program may share its tables."""

_PARTIAL: Final = CONTROL["partial_approval"]
_TAKES_PART: Final = "001"
"""F60.4 to F60.6, which only such a till sends."""
_CENTURY: Final = "20"
_HALF_DIGITS: Final = 31
_PARTS: Final = TotalsWords.__struct_fields__
_PART_DIGITS: Final = (12, 3, 12, 3)
_TEXTS: Final = {
    "expiry": "14",
    "time": "12",
    "merchant": "42",
    "entry": "22",
    "original_reference": "37",
    "original_auth": "38",
    "card": "2",
    "pin": "52",
    "memo": "63",
}
"""Words of `Asked` that a field spells as it is."""
_OWN_62: Final = {"SIGN": "serial", "CMBN": "points_max", "PHOL": "phone"}
"""Which word F62 of a request is; of others a product."""
_CODED: Final = frozenset({"VOUC", "VOUL"})
"""Whose F62 has a voucher's code, and in its answer what of it was used."""
_KEY_FIELDS: Final = frozenset({"4", "60"})
"""What a reversal is found by."""
_MOVED: Final = frozenset({"SALE", "VOID", "REFD", "BALQ", "TOPU"})


class IsoForm:
    """A `terminals.dialects.mis.PayloadForm`."""

    __slots__ = ("_codec",)

    def __init__(self) -> None:
        self._codec = compile_spec(SPEC)

    def read_request(self, head: Head, payload: bytes) -> Asked:
        """As the protocol says."""
        fields = self._codec.decode(payload)
        row = _row_of(head.code, fields)
        if row is None:
            raise DecodeError("t", 0, f"type, F3, F25 and F60 are not those of a {head.code}")
        if (
            fields.get("41", head.till) != head.till
            or fields.get("11", head.number[-6:]) != (head.number[-6:])
        ):
            raise DecodeError("41", 0, "F41 or F11 is not the header's")
        return converted(_asked_values(row, fields), Asked)

    def read_key(self, payload: bytes) -> dict[str, object]:
        """As the protocol says."""
        found = salvage(SPEC, payload)
        fields = found.fields if found is not None else {}
        row = _row_of("REVS", fields) if fields else None
        if row is None:
            raise DecodeError("t", 0, "type, F3, F25 and F60 are not those of a REVS")
        key = {name: text for name, text in fields.items() if name in _KEY_FIELDS}
        return _asked_values(row, {**key, "49": NUMBER_BY_CURRENCY[HOUSE_CURRENCY]})

    def write_request(self, head: Head, values: Mapping[str, object]) -> bytes:
        """As the protocol says."""
        row = _row_for(head.code, str(values.get("unit", "")), values.get("original_code"))
        if row is None:
            raise EncodeError("t", f"the ISO form has no {head.code} like this")
        date = str(values.get("date") or "00000000")
        fields = _frame(row, head, date, str(values.get("keys", "003")))
        if values.get("partial"):
            fields["60"] += _TAKES_PART
        for name, number in _TEXTS.items():
            if values.get(name) is not None:
                fields[number] = str(values[name]).ljust(6 if number == "38" else 0)
        if values.get("amount") is not None:
            fields["4"], fields["49"] = f"{values['amount']:012d}", NUMBER_BY_CURRENCY["CNY"]
        if values.get("original_number") is not None:
            original_date = str(values.get("original_date") or date)
            fields["61"] = original_date[2:] + str(values["original_number"])
        if values.get("order") is not None:
            fields["59"] = order_text(str(values["order"]), str(values.get("sub_order") or ""))
        own = _said_in_62(row, values)
        if own is not None:
            fields["62"] = str(own).encode("gb18030").hex().upper()
        if values.get("totals") is not None:
            fields["48"] = "".join(_half(values.get(name), "0") for name in _HALVES)
        return self._codec.encode(_sorted(fields))

    def read_answer(self, head: Head, payload: bytes) -> dict[str, object]:
        """As the protocol says; what is not a word of `Told` comes by its field number."""
        fields = self._codec.decode(payload)
        told: dict[str, object] = {name: text for name, text in fields.items() if name.isdigit()}
        for name, number in _TOLD.items():
            if number in fields:
                told[name] = fields[number].strip()
        if "62" in fields:
            told |= _own_words(head, fields["62"])
        if "4" in fields:
            told["amount"] = int(fields["4"])
        if "54" in fields:
            minor = int(fields["54"][8:])
            told["balance"] = -minor if fields["54"][7] == "D" else minor
        return told

    def write_answer(self, head: Head, told: Told, asked: Asked | None) -> bytes:
        """As the protocol says."""
        unit, undone = (asked.unit, asked.original_code) if asked else ("", None)
        row = _row_for(head.code, unit, undone)
        date = (told.date if told.batch is None else f"20{told.batch}") or "00000000"
        fields = _frame(row, head, date, asked.keys if asked else "003")
        fields["t"] = f"{fields['t'][:2]}{int(fields['t'][2]) + 1}0"
        fields |= {number: text for number, text in _answer_values(head, told) if text}
        if row is not None and row.unit != "CNY":
            fields.pop("49", None)
        return self._codec.encode(_sorted(fields))


_HALVES: Final = ("totals", "points_totals")
_TOLD: Final = {
    "code": "39",
    "text": "63",
    "till": "41",
    "merchant": "42",
    "reference": "37",
    "auth": "38",
}
"""Words of `Told` that a field spells as it is."""

MIS_ISO: Final = MisDialect(IsoForm())


def _row_of(code: str, fields: Mapping[str, str]) -> IsoRow | None:
    control = fields.get("60", "")
    asked = (fields["t"], fields.get("3", ""), fields.get("25", ""), control[:2])
    for row in ROWS:
        if row.code == code and asked == (
            row.mti,
            row.processing_code,
            row.condition,
            row.type_code,
        ):
            return row if row.function in {"", control[8:11]} else None
    return None


def _row_for(code: str, unit: str, undone: object) -> IsoRow | None:
    """The row by code, and where there are several by unit and what is undone; else the first."""
    rows = [row for row in ROWS if row.code == code and (undone is None or row.means == undone)]
    for row in rows:
        if row.unit == unit:
            return row
    return rows[0] if rows else None


def _asked_values(row: IsoRow, fields: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: fields[number].rstrip(" ") for name, number in _TEXTS.items() if number in fields
    }
    values |= _control_values(row, fields.get("60", ""))
    if "4" in fields:
        if row.unit == "CNY" and fields.get("49") not in CURRENCY_BY_NUMBER:
            raise DecodeError("49", 0, "an amount has a currency of ours")
        values["amount"] = int(fields["4"])
    if "61" in fields:
        values["original_date"] = _CENTURY + fields["61"][:6]
        values["original_number"] = fields["61"][6:]
    if "62" in fields:
        values |= _asked_in_62(row, _text(fields["62"]))
    if "59" in fields:
        order, sub_order = split_order(fields["59"])
        values |= {"order": order or None, "sub_order": sub_order or None}
    if "48" in fields:
        values |= _totals(fields["48"])
    if row.means:
        values["original_code"] = row.means
    return values | ({"unit": row.unit} if row.code in {"VOID", "REFD"} or row.means else {})


def _said_in_62(row: IsoRow, values: Mapping[str, object]) -> object:
    """As `_asked_in_62` reads it; None where there is none."""
    if values.get("voucher") is not None:
        return voucher_text(str(values["voucher"]), str(values.get("goods") or ""))
    return values.get(_OWN_62.get(row.code, "goods"))


def _asked_in_62(row: IsoRow, text: str) -> dict[str, Any]:
    """F62 of a request: a product, a serial, how many points may be used, or a voucher's code."""
    if row.code in _CODED:
        return _voucher(text)
    if row.code != "CMBN":
        return {_OWN_62.get(row.code, "goods"): text}
    if not (text.isascii() and text.isdigit()):
        raise DecodeError("62", 0, "how many points may be used is a number")
    return {"points_max": int(text)}


def _voucher(text: str) -> dict[str, Any]:
    try:
        code, goods = voucher_in(text.encode("ascii"))
    except ValueError:
        raise DecodeError("62", 0, "a voucher's code, and an article, in their tags") from None
    return {"voucher": code, "goods": goods}


def _control_values(row: IsoRow, control: str) -> dict[str, Any]:
    """What F60 says."""
    values: dict[str, Any] = {}
    if control[2:8].strip("0"):
        values["date"] = _CENTURY + control[2:8]
    if control[_PARTIAL] == YES:
        values["partial"] = True
    if row.code == "SIGN":
        values["keys"] = control[8:11]
    return values


def _frame(row: IsoRow | None, head: Head, date: str, keys: str) -> dict[str, str]:
    """What a request and its answer share. A code of no row is answered as a trade is."""
    if row is None:
        return {"t": "0200", "11": head.number[-6:], "41": head.till}
    fields = {
        "t": row.mti,
        "3": row.processing_code,
        "11": head.number[-6:],
        "25": row.condition,
        "41": head.till,
        "60": row.type_code + date[2:] + (row.function or keys),
    }
    return {name: text for name, text in fields.items() if text}


def _answer_values(head: Head, told: Told) -> list[tuple[str, str | None]]:
    balance = told.balance
    currency = NUMBER_BY_CURRENCY["CNY"]
    return [
        ("4", f"{told.amount:012d}" if told.amount is not None else None),
        ("12", told.local_time),
        ("13", told.local_date[4:] if told.local_date else None),
        ("15", told.business_date[4:] if told.business_date else None),
        ("37", told.reference[:12] if told.reference else None),
        ("38", told.auth),
        ("39", told.code),
        ("42", told.merchant),
        ("48", _told_totals(told)),
        ("49", currency if told.amount is not None else None),
        ("54", None if balance is None else _balance(balance, currency)),
        ("62", _own(head, told)),
        ("63", told.text),
    ]


def _balance(minor: int, currency: str) -> str:
    return f"1002{currency}{'D' if minor < 0 else 'C'}{abs(minor):012d}"


def _own(head: Head, told: Told) -> str | None:
    """F62: keys, a draw or a voucher; of points used: used, to pay otherwise, left.

    Earned: earned, left. Of a combined purchase: used, what they paid, to pay otherwise, left.
    """
    if told.key_block:
        return told.key_block
    if told.account is not None:
        numbers = {name: int(getattr(told.account, name) or 0) for name in ACCOUNT}
        return digits_of(ACCOUNT, numbers).encode().hex().upper()
    if told.draw is not None:
        return draw_text(DrawTold(told.draw, told.prize or "", told.prize_text or ""))
    if told.voucher is not None:
        return _voucher_text(told)
    if told.points is None or head.code in _MOVED or head.code in _CODED:
        return None
    text = f"{told.points:010d}"
    if head.code == "PNTE":
        text = f"{told.points_earned:010d}{text}"
    elif head.code == "CMBN":
        paid = f"{told.points_worth:012d}{told.self_pay_minor:012d}"
        text = f"{told.points_used:010d}{paid}{text}"
    else:
        text = f"{told.points_used:010d}{told.self_pay_minor:012d}{text}"
    return text.encode().hex().upper()


def _voucher_text(told: Told) -> str:
    """What an answer says of a voucher, in hexadecimal."""
    voucher = told_of(msgspec.structs.asdict(told))
    assert voucher is not None
    return told_text(voucher).encode("ascii").hex().upper()


def _drawn(hexadecimal: str) -> dict[str, object]:
    draw = draw_in(hexadecimal)
    return {"draw": draw.draw, "prize": draw.prize, "prize_text": draw.text}


def _used(hexadecimal: str) -> dict[str, object]:
    return words_told(told_in(_text(hexadecimal)))


_IN_BYTES: Final[Mapping[str, Callable[[str], dict[str, object]]]] = {
    "SIGN": lambda hexadecimal: {"key_block": hexadecimal},
    "LOTT": _drawn,
    "VOUC": _used,
    "VOUL": _used,
}
"""Of whose answers F62 is no line of numbers, and how it is read."""


def _own_words(head: Head, hexadecimal: str) -> dict[str, object]:
    """F62 of an answer by the words of `Told`: what `_own` wrote."""
    if head.code in _IN_BYTES:
        return _IN_BYTES[head.code](hexadecimal)
    text = _text(hexadecimal)
    if head.code == "ACCQ":
        return {name: text[place] for name, place in ACCOUNT.items()}
    if head.code == "PNTE":
        return {"points_earned": int(text[:10]), "points": int(text[10:])}
    if head.code == "CMBN":
        parts = (text[:10], text[10:22], text[22:34], text[34:])
        names = ("points_used", "points_worth", "self_pay_minor", "points")
        return dict(zip(names, map(int, parts), strict=True))
    used, self_pay, left = int(text[:10]), int(text[10:22]), int(text[22:])
    return {"points_used": used, "self_pay_minor": self_pay, "points": left}


def _told_totals(told: Told) -> str | None:
    if told.totals is None:
        return None
    flags = {None: "0", True: "1", False: "2"}
    first = _half(told.totals, flags[told.agrees])
    return first + _half(told.points_totals, flags[told.points_agree])


def _half(words: object, flag: str) -> str:
    """F48, one half: debit amount and count, credit amount and count, flag."""
    values = words if isinstance(words, dict) else {}
    if isinstance(words, TotalsWords):
        values = msgspec.structs.asdict(words)
    digits = (f"{values.get(p, 0):0{size}d}" for p, size in zip(_PARTS, _PART_DIGITS, strict=True))
    return "".join(digits) + flag


def _totals(digits: str) -> dict[str, dict[str, int]]:
    if len(digits) != 2 * _HALF_DIGITS:
        raise DecodeError("48", 0, "totals are 62 digits")
    halves: dict[str, dict[str, int]] = {}
    for place, name in enumerate(_HALVES):
        at, half = place * _HALF_DIGITS, {}
        for part, size in zip(_PARTS, _PART_DIGITS, strict=True):
            half[part] = int(digits[at : at + size])
            at += size
        halves[name] = half
    return halves


def _text(hexadecimal: str) -> str:
    try:
        return bytes.fromhex(hexadecimal).decode("gb18030").rstrip(" ")
    except UnicodeDecodeError:
        raise DecodeError("62", 0, "the text is not GB18030") from None


def _sorted(fields: dict[str, str]) -> dict[str, str]:
    return dict(sorted(fields.items(), key=lambda item: (item[0] != "t", item[0].zfill(3))))
