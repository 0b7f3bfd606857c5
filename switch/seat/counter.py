"""What a cashier asks of a seat: sell, take back, give back, ask; and what is paid by several."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from host.model.requests import Kind
from switch.seat.till import NotNowError, Till
from terminals.orders import ORDERED
from terminals.seat import asked as messages
from terminals.seat.entry import IN_FORCE, Entry
from terminals.seat.order import Order
from terminals.seat.presented import Fields
from terminals.seat.trades import REPEATED, TRADES, holds, is_held, may_be_taken_back

AMOUNT_MINOR_MAX: Final = 10**12 - 1

Sending = Callable[[], Awaitable[Entry]]


class Begun:
    """Something that is written down, and not yet sent."""

    def __init__(self, till: Till, entry: Entry, asked: Fields) -> None:
        self._till = till
        self._asked = asked
        self.entry = entry

    async def send(self) -> Entry:
        """Send it, and know what came of it."""
        return await self._till.finish(self.entry, self._asked)


async def trade(till: Till, order: Order) -> Begun:
    """Something that is traded.

    Raises:
        NotNowError: it cannot be sent now, and nothing was.
    """
    row = TRADES[order.kind]

    def make(batch: str, trace: str) -> tuple[Entry, Fields]:
        asked = messages.traded(row, till.session.who, trace, order)
        presented = order.presented
        name = f"{batch}-{trace}"
        entry = Entry(
            kind=order.kind,
            spelled=row.spelled,
            in_points=row.counts_points,
            batch=batch,
            trace=trace,
            asked=messages.kept(asked, presented),
            pan_digits=presented.pan.reveal() if presented.pan is not None else "",
            shown=presented.masked,
            amount_minor_asked=order.amount_minor,
            bill=order.bill or name,
            order=order.order if order.kind in ORDERED else "",
            once_key=order.once_key,
            at=till.now,
            by=order.by,
        )
        return entry, asked

    return Begun(till, *await till.begin(make, order.once_key))


async def void(till: Till, entry: Entry, by: str, once_key: str) -> Begun:
    """Take back an entry of the open batch.

    Raises:
        NotNowError: it is not to be taken back, or nothing can be sent now.
    """
    if not entry.is_whole:
        raise NotNowError("undone_before", entry.name)
    if entry.batch != till.batch and not holds(entry):
        raise NotNowError("settled_before", entry.name)
    if not may_be_voided(till, entry):
        raise NotNowError("not_voided", entry.name)
    row = TRADES[entry.kind]
    kind, in_points = row.void_kind, entry.in_points
    return await _back(
        till,
        entry,
        (kind, row.voided, entry.taken, in_points),
        lambda trace: messages.void(till.session.who, trace, entry),
        by,
        once_key,
    )


async def refund(till: Till, entry: Entry, amount_minor: int, by: str, once_key: str) -> Begun:
    """Give back all or part of an entry.

    Raises:
        NotNowError: it is not to be given back, not so much, or nothing can be sent now.
    """
    if not may_be_refunded(entry):
        raise NotNowError("not_refunded", entry.name)
    row = TRADES[entry.kind]
    if not 0 < amount_minor <= entry.left_minor:
        raise NotNowError("over_left", entry.name)
    assert till.about is not None, "somebody sits there"
    limit = till.about.refund_minor_max
    if limit is not None and (row.in_points or amount_minor > limit):
        raise NotNowError("over_limit", entry.name)
    return await _back(
        till,
        entry,
        (REPEATED, row.refunded, amount_minor, row.in_points),
        lambda trace: messages.refund(till.session.who, trace, entry, amount_minor),
        by,
        once_key,
    )


async def complete(till: Till, entry: Entry, amount_minor: int, by: str, once_key: str) -> Begun:
    """Take what is paid out of what an entry holds; the rest of it is free.

    Raises:
        NotNowError: it holds nothing any more, or nothing can be sent now.
    """
    if not may_be_completed(entry):
        raise NotNowError("not_completed", entry.name)
    row = TRADES[entry.kind]
    return await _back(
        till,
        entry,
        (Kind.COMPLETION, row.completed, amount_minor, False),
        lambda trace: messages.completion(till.session.who, trace, entry, amount_minor),
        by,
        once_key,
    )


def may_be_voided(till: Till, entry: Entry) -> bool:
    """Whether a void of it may be asked for."""
    is_here = (entry.batch == till.batch or holds(entry)) and bool(entry.rrn)
    return may_be_taken_back(entry) and entry.state in IN_FORCE and is_here


def may_be_completed(entry: Entry) -> bool:
    """Whether something may be paid out of what it holds."""
    return is_held(entry) and bool(entry.auth_code)


def may_be_refunded(entry: Entry) -> bool:
    """Whether some of it may be given back."""
    row = TRADES.get(entry.kind)
    is_known = entry.state in IN_FORCE and bool(entry.rrn)
    return row is not None and row.is_refunded and is_known and entry.left_minor > 0


async def _back(
    till: Till,
    entry: Entry,
    what: tuple[Kind, str, int, bool],
    ask: Callable[[str], Fields],
    by: str,
    once_key: str,
) -> Begun:
    kind, spelled, amount_minor, in_points = what

    def make(batch: str, trace: str) -> tuple[Entry, Fields]:
        asked = ask(trace)
        made = Entry(
            kind=kind,
            spelled=spelled,
            in_points=in_points,
            batch=batch,
            trace=trace,
            asked=asked,
            pan_digits=entry.pan_digits,
            shown=entry.shown,
            amount_minor_asked=amount_minor,
            taken=amount_minor,
            of=entry.name,
            bill=f"{batch}-{trace}" if kind in TRADES else entry.bill,
            once_key=once_key,
            at=till.now,
            by=by,
        )
        return made, asked

    return Begun(till, *await till.begin(make, once_key))


# What is paid by several. -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What is sold, and how it stands."""

    first: Entry
    paid: tuple[Entry, ...]
    """What pays for it, in the order it came."""

    @property
    def total_minor(self) -> int:
        """What is sold for money."""
        return self.first.amount_minor_asked

    @property
    def rest_minor(self) -> int:
        """What is still to be paid; nothing where nothing was paid yet, for then it is no bill."""
        paid = sum(map(_paid_minor, self.paid))
        if not self.paid or not _is_money(self.first):
            return 0
        return max(self.total_minor - paid - self.first.cash_minor, 0)


def bill_of(till: Till, entry: Entry) -> Bill:
    """The bill that an entry pays for."""
    first = till.entries.get(entry.bill, entry)
    paid = [
        one
        for one in till.entries.values()
        if one.bill == first.name and one.kind in TRADES and one.state in IN_FORCE
    ]
    return Bill(first=first, paid=tuple(one for one in paid if not one.undone_by))


async def take_cash(till: Till, entry: Entry) -> None:
    """The rest of its bill was paid in cash."""
    bill = bill_of(till, entry)
    if bill.rest_minor:
        cash = bill.first.cash_minor + bill.rest_minor
        await till.note(replace(bill.first, cash_minor=cash))


async def give_cash_back(till: Till, entry: Entry) -> None:
    """Its bill is taken back, and what was paid of it in cash."""
    first = bill_of(till, entry).first
    if first.cash_minor:
        await till.note(replace(first, cash_minor=0))


def _paid_minor(entry: Entry) -> int:
    """What it has paid of its bill: a voucher all but the rest that its answer told."""
    if entry.kind is Kind.VOUCHER_REDEMPTION:
        return entry.amount_minor_asked - int(entry.told.get("rest_minor", "0"))
    return entry.taken if _is_money(entry) else 0


def _is_money(entry: Entry) -> bool:
    return entry.kind in {Kind.PURCHASE, Kind.COMBINED_PURCHASE, Kind.VOUCHER_REDEMPTION}
