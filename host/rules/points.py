"""Points: how many a purchase earns, and which lots a debit takes from.

Points live in lots so that each expires on its own day. A debit takes the lot that expires
first; giving points back fills the very lots they came from. Invariant: the lots of an account
sum to its balance.
"""

import datetime as dt

from host.programmes import Programme
from host.rules.state import Lot, LotUse, Purse


def points_earned(programme: Programme, amount_minor: int) -> int:
    """Points for a purchase, whole points only, never rounded up."""
    return amount_minor * programme.earn_points // programme.earn_per_minor


def points_to_take_back(earned: int, amount_minor: int, before_minor: int, now_minor: int) -> int:
    """Earned points that go back when refunds grow from `before_minor` to `now_minor`.

    Computed on the running total so that several partial refunds take back exactly what one
    whole refund would.
    """
    return earned * now_minor // amount_minor - earned * before_minor // amount_minor


def spendable(purse: Purse, on: dt.date) -> int:
    """What may be spent: the purse without what has expired. Below zero is a debt.

    What had expired was added up when the card was loaded, so that its lots need not be here; of
    those that are, what this batch has changed counts. Points that have expired pay what other
    lots owe before they are lost. What is pending is not spendable.
    """
    available = purse.available
    return min(available, available - _lost(purse, on))


def _lost(purse: Purse, on: dt.date) -> int:
    """What has expired beyond what is owed; below zero, and nothing has."""
    gone = purse.expired
    for lot in purse.lots:
        if lot.expires_on < on:
            gone += max(lot.left, 0) - max(lot.remaining, 0)
    return gone - _owed(purse) if gone else 0


def _owed(purse: Purse) -> int:
    """What its lots are below zero. All that are stand among those that were loaded."""
    return sum(-lot.left for lot in purse.lots if lot.left < 0) if purse.lots else purse.owed


def told(purse: Purse, on: dt.date) -> int:
    """What people and terminals are told they have left: nothing, where there is a debt."""
    return max(spendable(purse, on), 0)


def spend(purse: Purse, points: int, on: dt.date) -> list[LotUse]:
    """Take `points` from the lots that expire first. The caller has checked `spendable`."""
    fresh = [lot for lot in purse.lots if lot.expires_on >= on and not lot.is_pending]
    return _take(purse, points, sorted(fresh, key=lambda lot: (lot.expires_on, lot.id)))


def write_off(purse: Purse, on: dt.date | None) -> tuple[int, list[LotUse]]:
    """Empty the lots that have expired, as many as are here: the points lost, and from where.

    Without a day, all of them, also what is pending.

    What other lots owe stays in those that expire last, and pays it there: no lot in debt is filled
    by another, so each has room for what is undone later, and what paid is lost then.
    """
    expired = [lot for lot in purse.lots if (on is None or lot.expires_on < on) and lot.left > 0]
    expired.sort(key=lambda lot: (lot.expires_on, lot.id))
    lost = _lost(purse, on) if on is not None else purse.kept
    rest = lost = max(min(lost, purse.kept, sum(lot.left for lot in expired)), 0)
    uses = []
    for lot in expired:
        part = min(lot.left, rest)
        if part:
            uses.append(LotUse(lot.account, lot.id, part))
            purse.fill(lot, -part)
            lot.written += part
            rest -= part
    return lost, uses


OfALot = tuple[int, Lot | None, list[LotUse]]
"""How many points, out of which lot, and what that is of it; none, where nothing is to be had."""


def empty_a_lot(purse: Purse, on: dt.date) -> OfALot:
    """Empty the lot that expires first of those that have not, pending or not: points, from where.

    What the purse owes stays in it: a lot in debt is filled by what comes back to it alone, so that
    nothing is too much for it then. Nothing is taken where there is nothing to spend, ever.
    """
    fresh = [lot for lot in purse.lots if lot.expires_on >= on and lot.left > 0]
    return _out_of_first(purse, fresh, spendable(purse, on) + purse.pending)


def take_of_a_lot(purse: Purse, most: int, on: dt.date) -> OfALot:
    """So many points at most of the lot that `spend` takes from first. What is pending stays."""
    fresh = [
        lot for lot in purse.lots if lot.expires_on >= on and lot.left > 0 and not lot.is_pending
    ]
    return _out_of_first(purse, fresh, min(spendable(purse, on), most))


def _out_of_first(purse: Purse, fresh: list[Lot], free: int) -> OfALot:
    if not fresh or free <= 0:
        return 0, None, []
    lot = min(fresh, key=lambda one: (one.expires_on, one.id))
    points = min(lot.left, free)
    purse.fill(lot, -points)
    return points, lot, [LotUse(lot.account, lot.id, points)]


def debt_of(purse: Purse, on: dt.date) -> tuple[int, dt.date]:
    """What the purse owes in all, and the last day of what it is owed for: today, or later."""
    days = [lot.expires_on for lot in purse.lots if lot.left < 0]
    return max(-purse.kept, 0), max([on, *days])


def within_reach(purse: Purse, source: int) -> int:
    """What may be taken back of what lot `source` brought: its own pending points as well."""
    pending = sum(max(lot.left, 0) for lot in purse.lots if lot.is_pending and lot.id == source)
    return purse.available + pending


def written_off_of(purse: Purse, lot_id: int, points: int) -> int:
    """How much of what lot `lot_id` is to give back was written off."""
    lots = (lot for lot in purse.lots if lot.id == lot_id)
    return sum(max(min(points, lot.written_off + lot.written), 0) for lot in lots)


def take_from_written_off(purse: Purse, lot_id: int, points: int) -> int:
    """As `written_off_of`, and it is written off no longer."""
    part = written_off_of(purse, lot_id, points)
    put_back_written_off(purse, lot_id, -part)
    return part


def put_back_written_off(purse: Purse, lot_id: int, points: int) -> None:
    """Undo `take_from_written_off`."""
    for lot in purse.lots:
        if lot.id == lot_id:
            lot.written += points


def take_back(
    purse: Purse, source: int, points: int, *, may_owe: bool, filled: frozenset[int] = frozenset()
) -> list[LotUse]:
    """Take back points that lot `source` brought: from it, then from others, then as a debt.

    The caller has checked that the card has them, or that its programme allows a debt. What is
    pending of others is not the card's to pay with yet. Lots that the same posting fills again
    (`filled`) pay none of it, for a posting uses a lot once: `source` goes below zero instead,
    as a lot does in `take_again`.
    """
    there = [
        lot for lot in purse.lots if lot.id == source or not (lot.is_pending or lot.id in filled)
    ]
    lots = sorted(there, key=lambda lot: (lot.id != source, lot.expires_on, lot.id))
    owed = max(points - sum(max(lot.left, 0) for lot in lots), 0)
    assert may_owe or filled or not owed, "taking back points the card no longer has"
    uses = _take(purse, points - owed, lots)
    return _add_debt(purse, lots[0], owed, uses) if owed else uses


def give_back(purse: Purse, uses: tuple[LotUse, ...]) -> list[LotUse]:
    """Undo earlier uses: fill each lot with what was taken from it."""
    by_id = {lot.id: lot for lot in purse.lots}
    for use in uses:
        lot = by_id[use.lot]
        purse.fill(lot, use.points)
        purse.holds_until(lot.expires_on)
    return [LotUse(use.account, use.lot, -use.points) for use in uses]


def take_again(purse: Purse, filled: tuple[LotUse, ...], points: int) -> list[LotUse]:
    """Undo a giving back: take `points` from the very lots it filled.

    A lot whose points were spent since goes below zero, though others may still hold some:
    whatever is undone later then finds its own lots as it left them, and none is overfilled.
    """
    by_id = {lot.id: lot for lot in purse.lots}
    uses: list[LotUse] = []
    for use in filled:
        part = min(points, -use.points)
        if part > 0:
            purse.fill(by_id[use.lot], -part)
            points -= part
            uses.append(LotUse(use.account, use.lot, part))
    assert points == 0, "an undo was given back fewer points than it now takes"
    return uses


def _take(purse: Purse, points: int, lots: list[Lot]) -> list[LotUse]:
    uses: list[LotUse] = []
    for lot in lots:
        part = min(points, lot.left)
        if part > 0:
            purse.fill(lot, -part)
            points -= part
            uses.append(LotUse(purse.account, lot.id, part))
    assert points == 0, "lots hold fewer points than their balance"
    return uses


def _add_debt(purse: Purse, lot: Lot, owed: int, uses: list[LotUse]) -> list[LotUse]:
    purse.fill(lot, -owed)
    already = sum(use.points for use in uses if use.lot == lot.id)
    others = [use for use in uses if use.lot != lot.id]
    return [*others, LotUse(lot.account, lot.id, already + owed)]
