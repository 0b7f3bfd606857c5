"""What becomes of an entry by its answer, by the answer of its reversal, or by none.

A reversal ends where the house says that nothing stands, or that all of it does. Whatever says
neither (91, 96, silence) leaves it in doubt, and it goes out again.
"""

from typing import Final

from msgspec.structs import replace

from host.model.claims import REVERSAL_ENDS, REVERSAL_REFUSED
from host.model.requests import Kind
from terminals.believed import Answer, Verdict
from terminals.fields import (
    ACCOUNT,
    BALANCE,
    COMBINED,
    POINTS_EARNED,
    POINTS_USED,
    Layout,
    parts_of,
)
from terminals.seat.entry import Entry, State
from terminals.seat.trades import CONFIRMED, REPEATED
from terminals.vouchers import told_in

PARTLY: Final = "10"
UNDECIDED: Final = frozenset({"09", "68", "90", "91", "92", "96", "97", "98", "99", "A0"})
"""Answers to a message sent again that say nothing of its earlier sending."""
LOAD_IN_DOUBT: Final = "98"
"""The house does not know itself what became of a load in cash."""
_TEXTS: Final[dict[Kind, Layout]] = {
    Kind.ACCOUNT_INQUIRY: ACCOUNT,
    Kind.COMBINED_PURCHASE: COMBINED,
    Kind.POINTS_EARN: POINTS_EARNED,
    Kind.POINTS_REDEMPTION: POINTS_USED,
}
"""F62 of an answer, where it is digits side by side."""
_VOUCHERS: Final = frozenset({Kind.VOUCHER_REDEMPTION, Kind.LOAD_BY_CODE})
CURRENCY: Final = "CNY"


def after(entry: Entry, answer: Answer) -> Entry:
    """An entry once its message was answered, or was not."""
    if answer.verdict is not Verdict.USABLE:
        if not entry.kind_moves:
            return replace(entry, state=State.DECLINED, f39=answer.verdict.value)
        return replace(entry, state=State.DOUBT, why=answer.verdict.value)
    f39 = answer.f39 or ""
    if entry.kind is REPEATED and entry.tries and f39 in UNDECIDED:
        return entry
    if entry.kind is CONFIRMED and f39 == LOAD_IN_DOUBT:
        return replace(entry, state=State.DOUBT, rrn=answer.fields.get("37", ""), why=f39)
    if not answer.is_approved:
        return replace(entry, state=State.DECLINED, f39=f39, rrn=answer.fields.get("37", ""))
    return _approved(entry, answer)


def after_reversal(entry: Entry, answer: Answer) -> Entry:
    """An entry in doubt once its reversal was answered, or was not."""
    f39 = answer.f39 or ""
    if f39 in REVERSAL_ENDS:
        return replace(entry, state=State.UNDONE, f39=f39, taken=0)
    if f39 in REVERSAL_REFUSED:
        return replace(entry, state=State.STANDS, f39=f39, taken=entry.amount_minor_asked)
    return entry


def after_confirmation(entry: Entry, answer: Answer) -> Entry:
    """A load in cash in doubt once its confirmation was answered, or was not."""
    f39 = answer.f39 or ""
    if answer.verdict is not Verdict.USABLE or f39 in UNDECIDED:
        return entry
    if not answer.is_approved:
        return replace(entry, state=State.DECLINED, f39=f39)
    return _approved(entry, answer)


def _approved(entry: Entry, answer: Answer) -> Entry:
    fields = answer.fields
    told = _told(entry.kind, fields)
    part = int(fields.get("4") or 0) if answer.f39 == PARTLY else 0
    return replace(
        entry,
        state=State.APPROVED,
        f39=answer.f39 or "",
        rrn=fields.get("37", ""),
        auth_code=fields.get("38", ""),
        date=fields.get("13", ""),
        taken=_taken(entry, told) or part or entry.taken or entry.amount_minor_asked,
        told=told,
    )


def _taken(entry: Entry, told: dict[str, str]) -> int:
    """What counts, where the answer says it in words of its own."""
    if entry.kind is Kind.POINTS_EARN:
        return int(told.get("earned") or 0)
    if entry.kind in _VOUCHERS:
        return int(told.get("voucher_taken") or 0)
    return 0


def _told(kind: Kind, fields: dict[str, str]) -> dict[str, str]:
    """What else stands in an answer, by our words; amounts in minor units."""
    found: dict[str, str] = {}
    if balance := fields.get("54"):
        found["left_minor"] = str(int(parts_of(BALANCE, balance).get("amount", "0")))
    text = bytes.fromhex(fields.get("62", "")).decode("ascii", "replace")
    if kind in _TEXTS and text:
        parts = parts_of(_TEXTS[kind], text).items()
        found |= {name: value for name, value in parts if value.isdigit()}
    if kind in _VOUCHERS and text:
        found |= _told_of_voucher(text)
    return found


def _told_of_voucher(text: str) -> dict[str, str]:
    try:
        told = told_in(text)
    except (ValueError, KeyError):
        return {}
    found = {"voucher_taken": str(told.taken), "voucher_unit": told.unit}
    if told.rest_minor:
        found["rest_minor"] = str(told.rest_minor)
    return found | ({"voucher_left": str(told.left)} if told.left else {})
