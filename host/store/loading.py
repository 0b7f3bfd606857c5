"""Load: everything a batch will be decided over, in one round trip, two more where it undoes.

Another one for all that only some kinds are decided over, with the lots of points that are spent;
one before these where points may have expired and are not written off yet, which a purse's row
tells, or have become spendable since it was written.

The caller has opened the transaction and its pipeline is not entered yet.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from host.book import Book
from host.ledger import Leg
from host.model.money import Money
from host.model.numbers import number_of_rrn
from host.model.requests import ExchangeKey, Kind
from host.model.responses import IN_FORCE, Reason
from host.rules.dossier import Item
from host.rules.settlement import DATED, BatchName
from host.rules.state import (
    NO_ACCOUNT,
    Card,
    Fact,
    Known,
    Lot,
    LotUse,
    Original,
    Purse,
    State,
    card_of_nobody,
)
from host.rules.tenders import points_wanted
from host.rules.transactions import TRANSACTIONS
from host.store import arrays
from host.store.beside import LOADS
from host.store.card_rows import add_cards, cards_asked
from host.store.connecting import DeadlineConnection
from host.store.counters import load_counters
from host.store.following import Following
from host.store.locks import CUT_OFF_LOCK
from host.store.queries import load_queries
from host.store.rounds import Reading, read_together
from host.store.settlement import ask_settled, settled_batches

SQL: Final = load_queries("host.store", "posting.sql")
ALL_THERE_IS: Final = 2**63 - 1
"""Points that are asked for where none are to be left."""
NO_LOT: Final = 0
"""What is spent is out of any."""
LOTS_READ_FIRST: Final = 64
"""Of a card, in the order in which they expire: few redemptions take from more."""
ABOUT_ORIGINALS: Final = ("originals", "legs", "lot_uses", "facts")
_COMBINED_PURCHASE: Final = Kind.COMBINED_PURCHASE
T = TypeVar("T")
UNDOES_OR_CONFIRMS: Final = frozenset(
    {
        Kind.VOID,
        Kind.COMPLETION_VOID,
        Kind.VOUCHER_VOID,
        Kind.PHONE_LOAD_VOID,
        Kind.REVERSAL,
        Kind.CASH_LOAD_CONFIRM,
    }
)


class PointsAsked(NamedTuple):
    """A purse whose lots may change: how many points may be taken, and which lot brought them."""

    shard: int
    purse: Purse
    wanted: list[tuple[int, int]]


class NoOpenDayError(Exception):
    """No business day is open: nothing can be posted until an operator opens one."""


def load(
    connection: DeadlineConnection,
    items: Sequence[Item],
    estate: Following,
    decided_at: dt.datetime,
    local_time: str,
    *,
    is_trial: bool = False,
) -> State:
    """Begin the batch's transaction and read its state; the book is as new as that.

    Of a trial nothing will be kept: it holds nothing that somebody else waits for.

    Raises:
        NoOpenDayError: there is no open business day.
    """
    homes, slots = _slots_of(items)
    cards = {item.pan_hash: item.shard for item in items if item.pan_hash is not None}
    cards |= {to.pan_hash: to.shard for item in items if item.own and (to := item.own.to)}
    _, _, day, known, found = connection.prepared.ask(
        [
            ("BEGIN", ()),
            (SQL["hold_business_day"], CUT_OFF_LOCK),
            (SQL["open_business_day"], ()),
            (SQL["known"], (arrays.smallints(homes), arrays.words(slots))),
            cards_asked(cards),
        ]
    )
    if not day:
        msg = "no business day is open: run `posswitch clearing open-day`"
        raise NoOpenDayError(msg)
    [(today, version)] = day
    estate.follow(connection, version)
    book = estate.book
    state = State(today, decided_at, local_time, is_trial=is_trial)
    state.known = {one.slot: one for one in map(_known, known)}
    stale = add_cards(state, found, cards, book.issuers)
    read_together(connection, [_load_originals(items, state, book, stale)])
    kinds = {item.request.kind for item in items}
    kinds |= {original.kind for original in state.originals.values()}
    first, *others = (
        [row.read(items, state, book) for row in turn if not row.kinds.isdisjoint(kinds)]
        for turn in LOADS
    )
    first += [_load_points(items, state, book, stale), _load_settled(items, state)]
    first.append(load_counters(items, state))
    for turn in (first, *others):
        read_together(connection, turn)
    return state


def _slots_of(items: Sequence[Item]) -> tuple[list[int], list[str]]:
    homes = [item.home for item in items]
    slots = [item.slot for item in items]
    for item in items:
        if item.original_slot is not None:
            homes.append(item.home)
            slots.append(item.original_slot)
    return homes, slots


def _known(row: tuple[Any, ...]) -> Known:
    slot, number, shard, kind, fingerprint, reason, is_tombstone, answer = row
    return Known(slot, number, shard, kind, fingerprint, Reason(reason), is_tombstone, answer)


def _load_points(
    items: Sequence[Item], state: State, book: Book, stale: Sequence[tuple[int, Purse]]
) -> Reading:
    """What is spendable of the purses, then the lots of those that may be spent from."""
    yield from _load_stale(stale, state)
    yield from _load_lots(items, state, book)


def _load_stale(stale: Sequence[tuple[int, Purse]], state: State) -> Reading:
    """Points that have expired, and when others will: soon they are written off, and none is.

    And those that were pending and may be spent by now: each is counted once, with the next day.
    """
    if not stale:
        return
    today = state.business_date
    over = [one for one in stale if one[1].expires_from and one[1].expires_from < today]
    ripe = [one for one in stale if one[1].pending_from and one[1].pending_from <= today]
    (of_over, over_asked), (of_ripe, ripe_asked) = (
        _purses_asked(purses, today) for purses in (over, ripe)
    )
    expired, ripened = yield [(SQL["expired"], over_asked), (SQL["ripe"], ripe_asked)]
    for account, *about in expired:
        purse = of_over[account]
        purse.expired, purse.expires_from, purse.owed = about
    for account, points, *day in ripened:
        purse = of_ripe[account]
        purse.pending -= points
        [purse.pending_from] = day


def _purses_asked(
    purses: Sequence[tuple[int, Purse]], today: dt.date
) -> tuple[dict[int, Purse], Mapping[str, Any]]:
    """By account, and as a statement asks for them."""
    by_account = {purse.account: purse for _, purse in purses}
    return by_account, {
        "shards": arrays.smallints([shard for shard, _ in purses]),
        "accounts": arrays.bigints(by_account),
        "since": arrays.dates([purse.pending_from or today for _, purse in purses]),
        "today": today,
    }


def _load_originals(
    items: Sequence[Item], state: State, book: Book, stale: list[tuple[int, Purse]]
) -> Reading:
    """Journals named by the batch: undone, confirmed, or asked about a second time.

    One that is named by its reference, without a card, may be of any shard. What its card has and
    may have expired is put to what is stale.
    """
    wanted = {
        (known.shard, known.number) for known in state.known.values() if known.reason in IN_FORCE
    }
    for item in items:
        named = item.request.original
        if named is not None and named.rrn is not None and item.original_slot is None:
            number = number_of_rrn(named.rrn, state.business_date)
            if number is not None:
                is_of_any = item.pan_hash is None
                shards = range(book.shard_count) if is_of_any else (item.shard,)
                wanted |= {(shard, number) for shard in shards}
    if not wanted:
        return
    keys = (
        arrays.smallints([shard for shard, _ in wanted]),
        arrays.bigints([number for _, number in wanted]),
    )
    rows, legs, uses, facts = yield [(SQL[name], keys) for name in ABOUT_ORIGINALS]
    missing = {row[4]: row[2] for row in rows if row[4] and row[4] not in state.cards}
    if missing:
        [found] = yield [cards_asked(missing)]
        stale += add_cards(state, found, missing, book.issuers)
    legs_of = _grouped((row[0], Leg(*row[1:])) for row in legs)
    uses_of = _grouped((row[0], LotUse(*row[1:])) for row in uses)
    facts_of = facts_by_original(facts)
    for slot, number, shard, kind, pan_hash, *about, undoes, issuer, seal, is_final in rows:
        merchant, terminal_id, amount_minor, unit = about
        state.add_original(
            Original(
                slot,
                number,
                shard,
                Kind(kind),
                state.cards[pan_hash] if pan_hash else card_of_nobody(shard, issuer, unit),
                merchant,
                terminal_id,
                amount_minor,
                unit,
                tuple(legs_of.get(number, ())),
                tuple(uses_of.get(number, ())),
                facts_of.get(number, []),
                undoes,
                seal,
                is_final,
            )
        )


def _load_lots(items: Sequence[Item], state: State, book: Book) -> Reading:
    """Points lots of the cards that redeem in this batch or whose originals are undone.

    The first of them hold what is asked for, or all are loaded: a batch never sees a part of a
    card's lots that would decide otherwise than the whole.
    """
    asked = _points_asked(items, state, book)
    if not asked:
        return
    touched = {original.number for original in state.originals.values()}
    touched |= {use.lot for original in state.originals.values() for use in original.lot_uses}
    touched |= {original.undoes or 0 for original in state.originals.values()}
    purses = [(one.shard, one.purse) for one in asked.values()]
    yield from _read_lots(purses, state, touched, LOTS_READ_FIRST)
    short = [(one.shard, one.purse) for one in asked.values() if not _hold_enough(one, state)]
    if short:
        yield from _read_lots(short, state, touched, None)


def _read_lots(
    purses: Sequence[tuple[int, Purse]],
    state: State,
    touched: Collection[int],
    limit: int | None,
) -> Reading:
    by_account = {purse.account: purse for _, purse in purses}
    wanted = {
        "shards": arrays.smallints([shard for shard, _ in purses]),
        "accounts": arrays.bigints(by_account),
        "touched": arrays.bigints(touched),
        "today": state.business_date,
        "limit": limit,
    }
    for _, purse in purses:
        purse.lots = []
    [rows] = yield [(SQL["lots"], wanted)]
    for account, *about in rows:
        by_account[account].lots.append(Lot(account, *about))


def _hold_enough(asked: PointsAsked, state: State) -> bool:
    """Whether all lots are here, or the first of them hold as much as may be taken, and debts.

    Twice: what is spent comes out of those that have not expired, what is taken back out of any.
    What is pending is taken by the undoing of what earned it alone, and pays that first.
    """
    unspent = [lot for lot in asked.purse.lots if lot.remaining]
    fresh = [lot for lot in unspent if lot.expires_on >= state.business_date]
    pending = {lot.id: lot.remaining for lot in unspent if lot.is_pending}
    needed = sum(max(points - pending.get(lot, 0), 0) for points, lot in asked.wanted)
    needed += sum(-lot.remaining for lot in unspent if lot.remaining < 0)
    return all(
        len(lots) < LOTS_READ_FIRST or _free_in(lots[:LOTS_READ_FIRST]) >= needed
        for lots in (unspent, fresh)
    )


def _free_in(lots: Iterable[Lot]) -> int:
    return sum(max(lot.remaining, 0) for lot in lots if not lot.is_pending)


def _load_settled(items: Sequence[Item], state: State) -> Reading:
    """How the batches were settled that are behind those who speak of them."""
    named = {
        BatchName(key.institution, key.terminal_id, key.epoch)
        for item in items
        if (key := _late_key(item)) is not None
    }
    if named:
        [rows] = yield [ask_settled(named)]
        state.settled = settled_batches(rows)


def _late_key(item: Item) -> ExchangeKey | None:
    """The key of an original whose batch may be settled, and which is undone or confirmed now."""
    request = item.request
    if request.kind not in UNDOES_OR_CONFIRMS or request.original is None:
        return None
    key = request.original.key
    if key is None or item.own is not None or key.institution in DATED:
        return key
    return key if item.terminal.has_left(key.epoch) else None


def _points_asked(items: Sequence[Item], state: State, book: Book) -> dict[int, PointsAsked]:
    """By points account: the purses whose lots may change."""
    asked: dict[int, PointsAsked] = {}
    for item in items:
        rule = TRANSACTIONS[item.request.kind]
        if item.pan_hash is not None and rule.reads_lots:
            card, amount = state.cards.get(item.pan_hash), item.request.amount
            if card is not None and not (rule.takes_named and _is_of_money(amount)):
                takes_all = rule.takes_all
                wanted = amount.amount_minor if amount is not None else 0
                if item.request.kind is _COMBINED_PURCHASE:
                    wanted = points_wanted(book, card, wanted, state.business_date)
                wanted = ALL_THERE_IS if takes_all else wanted
                named = (card.points_named(amount),) if rule.takes_named else card.purses[1:]
                for purse in named:
                    is_of_all = takes_all and purse.pending
                    there = ALL_THERE_IS if is_of_all else max(purse.available, 0)
                    _ask_more(asked, card, purse, (min(wanted, there), NO_LOT))
    for original in state.originals.values():
        for purse in original.card.purses[1:]:
            earned = original.points_moved(purse.account)
            _ask_more(asked, original.card, purse, (earned, original.number))
    return asked


def _is_of_money(amount: Money | None) -> bool:
    """What might name a purse of points, and names none."""
    return amount is None or not amount.is_points


def _ask_more(
    asked: dict[int, PointsAsked], card: Card, purse: Purse, points: tuple[int, int]
) -> None:
    if purse.account != NO_ACCOUNT and purse.is_points:
        one = asked.setdefault(purse.account, PointsAsked(card.shard, purse, []))
        one.wanted.append(points)


def facts_by_original(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[Fact]]:
    """The rows of the statement `facts`, under the numbers of what they are about."""
    return _grouped((row[0], Fact(row[1], Kind(row[2]), *row[3:])) for row in rows)


def _grouped(rows: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    groups: dict[int, list[T]] = {}
    for number, value in rows:
        groups.setdefault(number, []).append(value)
    return groups
