"""What an answer tells a customer, whatever the channel calls it."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from host.model.money import CURRENCY_BY_NUMBER, Money
from host.model.requests import Kind
from simulators.till.amounts import amount_text
from terminals.fields import (
    ACCOUNT,
    BALANCE,
    COMBINED,
    DRAWN,
    LOAD_MAX,
    POINTS_EARNED,
    POINTS_LEFT,
    POINTS_USED,
    Layout,
    parts_of,
    size_of,
)

Fields = Mapping[str, str]
Lines = tuple[tuple[str, str], ...]
"""Labels and values of a receipt."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an answer that stand on a receipt, as texts."""

    lines: Lines = ()
    """Balances and points."""
    reference: str = ""
    auth_code: str = ""
    moment: str = ""


def told_of(kind: Kind | None, fields: Fields) -> Told:
    """What a POS terminal's answer tells by number, or a till's or phone's by word."""
    return _of_numbers(kind, fields) if "t" in fields else _of_words(fields)


def _of_numbers(kind: Kind | None, fields: Fields) -> Told:
    date, time = fields.get("13", ""), fields.get("12", "")
    return Told(
        lines=(*_balance(fields.get("54", "")), *_own(kind, fields.get("62", ""))),
        reference=fields.get("37", ""),
        auth_code=fields.get("38", ""),
        moment=_moment(date, time),
    )


def _of_words(fields: Fields) -> Told:
    lines = []
    for name, label, in_points in _WORDS:
        text = fields.get(name, "")
        if text.isdigit() and (int(text) or name in _ALWAYS):
            lines.append((label, amount_text(int(text), in_points=in_points)))
    date = fields.get("local_date", fields.get("date", ""))
    return Told(
        lines=tuple(lines),
        reference=fields.get("37", ""),
        auth_code=fields.get("auth", ""),
        moment=_moment(date[-4:], fields.get("local_time", fields.get("time", ""))),
    )


_ALWAYS: Final = frozenset({"balance", "points"})
"""What a customer wants to know even where it is nothing."""
_WORDS: Final = (
    ("balance", "balance", False),
    ("points_earned", "earned", True),
    ("points_used", "used", True),
    ("points_worth", "worth", False),
    ("self_pay_minor", "to pay", False),
    ("points", "points", True),
)
"""Words of tills and phones, a receipt's labels, and whether they count points."""


def _balance(text: str) -> Lines:
    """F54: one balance, or several behind one another."""
    size = size_of(BALANCE)
    told = [text[at : at + size] for at in range(0, len(text) - size + 1, size)]
    return tuple(("balance", _one_balance(one)) for one in told if one[BALANCE["amount"]].isdigit())


def _one_balance(text: str) -> str:
    parts = parts_of(BALANCE, text)
    unit = CURRENCY_BY_NUMBER.get(parts["currency"], parts["currency"])
    sign = -1 if parts["sign"] == "D" else 1
    return str(Money(sign * int(parts["amount"]), unit))


def _own(kind: Kind | None, text: str) -> Lines:
    """F62, which is each kind's own: digits behind one another."""
    reader = _OWN.get(kind) if kind is not None else None
    if reader is None or not text:
        return ()
    try:
        digits = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return ()
    return reader(digits)


def _laid_out(layout: Layout, *labels: tuple[str, str, bool]) -> Callable[[str], Lines]:
    def read(digits: str) -> Lines:
        if len(digits) < size_of(layout) or not digits.isdigit():
            return ()
        return tuple(
            (label, amount_text(int(digits[layout[part]]), in_points=in_points))
            for part, label, in_points in labels
        )

    return read


def _combined(text: str) -> Lines:
    size, card, each = size_of(COMBINED), DRAWN["card"], size_of(DRAWN)
    drawn = [text[at : at + each] for at in range(size, len(text), each)]
    return (
        *_OF_COMBINED(text[:size]),
        *(
            (one[card].strip(), amount_text(int(one[DRAWN["amount_minor"]]), in_points=False))
            for one in drawn
            if one[DRAWN["amount_minor"]].isdigit()
        ),
    )


_OF_COMBINED: Final = _laid_out(
    COMBINED,
    ("used", "used", True),
    ("worth_minor", "worth", False),
    ("self_pay_minor", "to pay", False),
    ("remaining", "points", True),
)
_USED: Final = _laid_out(
    POINTS_USED,
    ("used", "used", True),
    ("self_pay_minor", "to pay", False),
    ("remaining", "points", True),
)
_OWN: Final[dict[Kind, Callable[[str], Lines]]] = {
    Kind.POINTS_REDEMPTION: _USED,
    Kind.POINTS_INQUIRY: _laid_out(
        POINTS_LEFT, ("remaining", "points", True), ("points_lost_next", "lost next", True)
    ),
    Kind.ACCOUNT_INQUIRY: _laid_out(
        ACCOUNT,
        ("held_minor", "held", False),
        ("spendable_minor", "to spend", False),
        ("points", "points", True),
        ("points_spendable", "to spend", True),
        ("points_lost_next", "lost next", True),
    ),
    Kind.COMBINED_PURCHASE: _combined,
    Kind.POINTS_EARN: _laid_out(
        POINTS_EARNED, ("earned", "earned", True), ("balance", "points", True)
    ),
    Kind.LOAD_VERIFICATION: _laid_out(LOAD_MAX, ("amount_minor", "may load", False)),
}


def _moment(date: str, time: str) -> str:
    """MMDD and hhmmss as people read them; empty where the answer has none."""
    if len(date) != 4 or len(time) != 6:
        return ""
    return f"{date[:2]}-{date[2:]} {time[:2]}:{time[2:4]}:{time[4:]}"
