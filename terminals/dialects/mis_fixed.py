"""The fixed form of a till's payload: records whose places a layout file gives.

A layout names its fields by the words of `Asked` and `Told`; fields of other names are read
past in requests and left blank in answers. `mark` lines of the layout say how the record itself
marks a transaction, which must agree with the header's message code, as its `till` must with
the header's.
Some words are only of answer records: `trace` is the end of the request number, `month_day` and
`time` are our clock's.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Final

from terminals.codec import DecodeError, EncodeError
from terminals.dialects.mis import MisDialect
from terminals.dialects.mis_words import Asked, Head, Told, TotalsWords
from terminals.json_values import converted
from terminals.parts import YES
from terminals.records import CodeRow, Layout, Value

_POINTS_DIGITS: Final = 8
"""Of how many points may be used: spaces say something else than zeros there."""
_ASKED: Final = frozenset(Asked.__struct_fields__)
_IN_ANOTHERS_PLACE: Final = {"PHOL": ("phone", "voucher")}
"""By message code, a word that stands where a record has another's place."""
_TOTALS: Final = {"totals": "", "points_totals": "points_"}
"""The two halves of a settlement, and what their fields' names begin with."""
_PARTS: Final = TotalsWords.__struct_fields__
Word = Callable[[Told], Value | None]


class FixedForm:
    """A `terminals.dialects.mis.PayloadForm` over one layout."""

    __slots__ = ("_beyond", "_told", "layout")

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        extras = {name for rows in layout.codes.values() for row in rows for name in row.extras}
        self._beyond = (layout.request.names | extras) - _ASKED
        """Fields of a request that are read past."""
        self._told = [(name, WORDS[name]) for name in layout.answer.names if name in WORDS]
        """What stands in an answer, and where its value comes from."""

    def read_request(self, head: Head, payload: bytes) -> Asked:
        """As the protocol says."""
        values: dict[str, object] = dict(self.layout.request.read(payload))
        row = self._row(head.code, values)
        if row is None:
            raise DecodeError("record", 0, f"the record is not marked as a {head.code}")
        if values.get("till", head.till) != head.till:
            raise DecodeError("till", 0, "the till of the record is not the header's")
        values |= row.extras
        if head.code in _IN_ANOTHERS_PLACE:
            name, place = _IN_ANOTHERS_PLACE[head.code]
            values[name] = values.pop(place, None)
        if head.code == "BTCH":
            _fold_totals(values)
        if "partial" in values:
            values["partial"] = values["partial"] in {YES, int(YES)}
        if "points_max" in values:
            values["points_max"] = int(str(values["points_max"]))
        for name in self._beyond:
            values.pop(name, None)
        return converted(values, Asked)

    def read_key(self, payload: bytes) -> dict[str, object]:
        """As the protocol says."""
        return dict(self.layout.request.read_sound(payload))

    def write_request(self, head: Head, values: Mapping[str, object]) -> bytes:
        """As the protocol says."""
        flat = _flat(values)
        if values.get("partial"):
            flat["partial"] = YES
        if "points_max" in flat:
            flat["points_max"] = f"{flat['points_max']:0{_POINTS_DIGITS}d}"
        if head.code in _IN_ANOTHERS_PLACE:
            name, place = _IN_ANOTHERS_PLACE[head.code]
            flat[place] = flat.pop(name, "")
        unit = flat.pop("unit", "CNY")
        rows = self.layout.codes.get(head.code, ())
        for row in rows:
            if len(rows) == 1 or row.extras.get("unit", "CNY") == unit:
                return self.layout.request.write({**flat, **row.marks})
        raise EncodeError(
            "record", f"layout {self.layout.name!r} does not mark {head.code} in {unit}"
        )

    def read_answer(self, _head: Head, payload: bytes) -> dict[str, object]:
        """As the protocol says."""
        return dict(self.layout.answer.read(payload))

    def write_answer(self, _head: Head, told: Told, _asked: Asked | None) -> bytes:
        """As the protocol says."""
        answer = self.layout.answer
        values = {name: value for name, of in self._told if (value := of(told)) is not None}
        if "text" in answer.names:
            values["text"] = answer.longest("text", _text(told))
        return answer.write(values)

    def _row(self, code: str, values: Mapping[str, object]) -> CodeRow | None:
        for row in self.layout.codes.get(code, ()):
            if all(values.get(name, "") == text for name, text in row.marks.items()):
                return row
        return None


def fixed(layout: Layout) -> MisDialect:
    """The dialect of tills whose records a layout describes."""
    return MisDialect(FixedForm(layout))


def _flat(values: Mapping[str, object]) -> dict[str, Value]:
    """Totals spread to the fields of a record."""
    flat: dict[str, Value] = {}
    for name, value in values.items():
        if name in _TOTALS and value is not None:
            for part in _PARTS:
                amount = value[part] if isinstance(value, dict) else getattr(value, part)
                flat[_TOTALS[name] + part] = amount
        elif isinstance(value, str | int) and not isinstance(value, bool):
            flat[name] = value
    return flat


def _half(half: str, part: str) -> Word:
    def word(told: Told) -> Value | None:
        totals: TotalsWords | None = getattr(told, half)
        return None if totals is None else getattr(totals, part)

    return word


def _text(told: Told) -> str:
    """What people read; of a draw its prize, for which a record has no other place."""
    return told.text if told.prize is None else f"{told.prize} {told.prize_text or ''}"


def _sign(told: Told) -> Value | None:
    return None if told.balance is None else "D" if told.balance < 0 else "C"


_AGREES: Final[dict[bool | None, str | None]] = {None: None, True: "1", False: "2"}
_OF_THEIR_OWN: Final[dict[str, Word]] = {
    "balance": lambda told: None if told.balance is None else abs(told.balance),
    "balance_sign": _sign,
    "trace": lambda told: told.number[-6:],
    "month_day": lambda told: told.local_date[4:] if told.local_date else None,
    "time": lambda told: told.local_time,
    "settlement_date": lambda told: told.business_date[4:] if told.business_date else None,
    "points": lambda told: None if told.points is None else str(told.points),
    "agrees": lambda told: _AGREES[told.agrees],
    "points_agree": lambda told: _AGREES[told.points_agree],
    "voucher_free": lambda told: YES if told.voucher_free else None,
} | {prefix + part: _half(half, part) for half, prefix in _TOTALS.items() for part in _PARTS}
WORDS: Final[dict[str, Word]] = {
    name: attrgetter(name) for name in Told.__struct_fields__ if name not in {"text", *_TOTALS}
} | _OF_THEIR_OWN
"""What an answer record may hold, by the words its layout may use. The text is cut to its place."""


def _fold_totals(values: dict[str, object]) -> None:
    for name, prefix in _TOTALS.items():
        parts = {part: values[prefix + part] for part in _PARTS if prefix + part in values}
        if parts:
            values[name] = parts
