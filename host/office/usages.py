"""What was paid: by card, holder or batch of cards, for an order, or at a merchant's on a date.

Nothing here costs a posting an index. A card is read along its trail, a holder along those of all
their cards, a batch along those of its cards, one after the other, but for those that nobody could
use yet; an order has a row of its own where a terminal said one; of a date the batches of each
terminal are read that lie around it, terminal by terminal, the newest first in each. Whatever else
was asked, and whose rows may be seen, is held against each row that was read.
"""

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from host.model.instruments import CardStatus
from host.model.numbers import rrn_of
from host.model.requests import Kind, Response, read_answer
from host.model.responses import IN_FORCE
from host.office import trails
from host.office.places import VIEW_COLUMNS, Scope
from host.office.refusals import FIELD, Refusal
from host.office.trails import READ_AT_A_TIME, READ_MAX, Place, Since
from host.office.view import Walk, Walked
from host.rules.checks import DAYS_BEHIND_MAX
from host.rules.state import Fact
from host.shards import home_of
from host.store.connecting import Connection
from host.store.life import facts_of
from host.store.queries import load_queries
from host.store.trace import shard_count_of
from host.store.trace_told import Name

SQL: Final = load_queries("host.office", "usages.sql")
PAYS: Final = frozenset(
    {Kind.PURCHASE, Kind.COMBINED_PURCHASE, Kind.POINTS_REDEMPTION, Kind.POINTS_EARN}
)
"""What a card is used by to pay: with what is on it, with points, or elsewhere while it earns."""
ENDED: Final = "-"
"""In a place: this terminal, or this card, has been read to its end."""
PART_COSTS: Final = 20
"""A part counts for so much at least: a terminal that sold nothing has to be looked at, too, and a
card that bought nothing."""
BATCHES_BACK_MAX: Final = 10_000
"""So far back a terminal's batches are walked for a date."""
DAYS_LATE_MAX: Final = DAYS_BEHIND_MAX
"""By so many days a batch may be out of order: a till says its own date."""


@enum.unique
class Tender(enum.StrEnum):
    """By what a part of a sale was paid."""

    CARD = "card"
    POINTS = "points"
    CASH = "cash"


Key = tuple[int, int]
"""A journal: shard and number."""


class _Read(NamedTuple):
    """One that a source came by; what is no payment has no key."""

    place: Place
    key: Key | None


class _Part(NamedTuple):
    """What a source read at once, and where that ended."""

    read: Sequence[_Read]
    end: Place


class _Used(msgspec.Struct, frozen=True):
    """A row of `used`."""

    shard: int
    number: int
    kind: str
    slot: str
    card: int
    pan_masked: str | None
    merchant: str | None
    store: int | None
    terminal: str | None
    at: dt.datetime
    business_date: dt.date
    answer: bytes
    order: str | None
    sub_order: str | None
    money_minor: int | None
    points: int | None
    batch: str | None
    issuer: str
    of_issuer: int
    of_merchant: int | None


def usages(connection: Connection, walk: Walk) -> Walked:
    """A page of what was paid, each by what it was paid with.

    Raises:
        CardUnknownError, ValueError: the place to go on from is none.
        Refusal: whose terminals is not said, or whose cards is not for who asks.
    """
    if "batch" in walk.asked and (walk.own.merchant_id or walk.own.store_id):
        raise Refusal(FIELD, field="batch", problem="which batch a card is of its issuer knows")
    rows: list[Mapping[str, Any]] = []
    last, read = walk.after, 0
    since = trails.since_of(connection, walk)
    for part in _source(connection, walk, since):
        found = _rows_at(connection, [one.key for one in part.read if one.key is not None])
        for one in part.read:
            row = found.get(one.key) if one.key is not None else None
            if row is not None and _is_asked(walk, row, since):
                if len(rows) == walk.rows_max:
                    return Walked(rows=rows, next=last)
                rows.append(row)
            last = one.place
        last, read = part.end, read + max(PART_COSTS, len(part.read))
        if read >= READ_MAX:
            return Walked(rows=rows, next=last)
    return Walked(rows=rows)


def _source(connection: Connection, walk: Walk, since: Since) -> Iterator[_Part]:
    if "order" in walk.asked:
        return _of_order(connection, walk)
    if walk.cards:
        return _of_cards(connection, walk, since)
    if "batch" in walk.asked and not _is_of_terminals(walk):
        return _of_batch(connection, walk)
    return _of_date(connection, walk)


def _is_of_terminals(walk: Walk) -> bool:
    return "business_date" in walk.asked and bool({"store", "merchant"} & walk.asked.keys())


def _is_asked(walk: Walk, row: Mapping[str, Any], since: Since) -> bool:
    """Whether it may be seen, and is what was asked for."""
    if not walk.is_seen(row) or (walk.cards and row["card"] not in walk.cards):
        return False
    if row["card"] in since and row["at"] < since[row["card"]]:
        return False
    return all(_is_in(row[name], value) for name, value in walk.asked.items())


def _is_in(told: Any, value: Any) -> bool:
    """Whether a row says a value, alone or among others."""
    return value in told if isinstance(told, frozenset) else told == value


# By order. -----------------------------------------------------------------------------------


def _of_order(connection: Connection, walk: Walk) -> Iterator[_Part]:
    before, number = walk.after or ("infinity", "0")
    while True:
        told = {"order": walk.asked["order"], "before": before, "number": int(number)}
        kept = connection.execute(
            SQL["journals_of_order"], {**told, "limit": READ_AT_A_TIME}
        ).fetchall()
        if not kept:
            return
        read = [_Read((at, f"{journal}"), (shard, journal)) for shard, journal, at in kept]
        yield _Part(read, read[-1].place)
        before, number = read[-1].place


# By card, or by all cards of a holder. -------------------------------------------------------


def _of_cards(connection: Connection, walk: Walk, since: Since) -> Iterator[_Part]:
    for part in trails.of_cards(connection, walk, since):
        yield _Part([_Read(place, _key_of(one)) for place, one in part.read], part.end)


def _key_of(one: trails.Moved) -> Key | None:
    """Of what was paid."""
    is_paid = one.movement.kind in PAYS and one.movement.reason in IN_FORCE
    return (one.shard, one.number) if is_paid else None


# By card batch. ------------------------------------------------------------------------------


def _of_batch(connection: Connection, walk: Walk) -> Iterator[_Part]:
    """Card by card, the newest first in each."""
    first, after = walk.after or ("0", "")
    if first == "0":
        after = ""
    for card, is_waiting in _cards(connection, walk, int(first)):
        if is_waiting or (f"{card}" == first and after == ENDED):
            yield _Part([_Read((f"{card}", ENDED), None)], (f"{card}", ENDED))
            continue
        begun = after if f"{card}" == first else ""
        trail = trails.trail(connection, card, begun, READ_AT_A_TIME)
        while part := list(islice(trail, READ_AT_A_TIME)):
            read = [_Read((f"{card}", one.place), _key_of(one)) for one in part]
            yield _Part(read, read[-1].place)
        yield _Part([], (f"{card}", ENDED))


def _cards(connection: Connection, walk: Walk, first: int) -> Iterator[tuple[int, bool]]:
    """This one of a batch, and those that come after it; whether nothing was ever paid with it."""
    told = {"batch": walk.asked["batch"], "own_issuer": walk.own.issuer_id}
    while True:
        asked = {**told, "first": first, "limit": READ_AT_A_TIME}
        found = connection.execute(SQL["cards_of_batch"], asked).fetchall()
        yield from ((card, status == CardStatus.INACTIVE) for card, status in found)
        if len(found) < READ_AT_A_TIME:
            return
        first = found[-1][0] + 1


# By date, at a merchant's or a store's. ------------------------------------------------------


def _of_date(connection: Connection, walk: Walk) -> Iterator[_Part]:
    """Terminal by terminal; where little was sold, more of them at once.

    Raises:
        Refusal: whose terminals is not said.
    """
    first, _ = walk.after or ("", "")
    terminals = _terminals(connection, walk, first)
    shards = shard_count_of(connection)
    count = 1
    while asked := list(islice(terminals, count)):
        paid: dict[str, list[_Read]] = {terminal: [] for terminal in asked}
        told = {
            "terminals": asked,
            "homes": [home_of(terminal, shards) for terminal in asked],
            "date": walk.asked["business_date"],
            "days": DAYS_LATE_MAX,
            "batches_max": BATCHES_BACK_MAX,
            "kinds": [kind.value for kind in PAYS],
        }
        for terminal, shard, number, *_ in connection.execute(SQL["paid_at"], told):
            paid[terminal].append(_Read((terminal, f"{number}"), (shard, number)))
        for terminal, found in paid.items():
            read = _beyond(found, walk.after) if terminal == first else found
            for start in range(0, len(read), READ_AT_A_TIME):
                part = read[start : start + READ_AT_A_TIME]
                yield _Part(part, part[-1].place)
            yield _Part([], (terminal, ENDED))
        is_little = sum(map(len, paid.values())) < READ_AT_A_TIME
        count = min(2 * count, READ_AT_A_TIME) if is_little else 1


def _beyond(read: list[_Read], place: Place) -> list[_Read]:
    """What came after the place where a page ended."""
    places = [one.place for one in read]
    return read[places.index(place) + 1 :] if place in places else []


def _terminals(connection: Connection, walk: Walk, first: str) -> Iterator[str]:
    """This one, and those that come after it."""
    asked = walk.asked
    own = {"own_merchant": walk.own.merchant_id, "own_store": walk.own.store_id}
    if "store" in asked:
        statement = "terminals_of_store"
    elif "merchant" in asked:
        statement = "terminals_of_merchant"
    elif any(own.values()):
        statement = "terminals_of_own"
    else:
        raise Refusal(
            FIELD, field="merchant", problem="a date is asked for with a merchant or store"
        )
    told = {**own, "store": asked.get("store"), "merchant": asked.get("merchant")}
    while True:
        told |= {"first": first, "limit": READ_AT_A_TIME + 1}
        names = [name for (name,) in connection.execute(SQL[statement], told)]
        yield from names[:READ_AT_A_TIME]
        if len(names) <= READ_AT_A_TIME:
            return
        first = names[-1]


# As rows. ------------------------------------------------------------------------------------


def _rows_at(connection: Connection, keys: Sequence[Key]) -> dict[Key, Mapping[str, Any]]:
    if not keys:
        return {}
    told = {"shards": [shard for shard, _ in keys], "numbers": [number for _, number in keys]}
    used = [_Used(*row) for row in connection.execute(SQL["used"], told)]
    used = [one for one in used if one.kind in PAYS]
    facts = facts_of(connection, [(one.shard, one.number) for one in used])
    return {(one.shard, one.number): _row(one, facts.get(one.number, [])) for one in used}


def _row(one: _Used, facts: Iterable[Fact]) -> Mapping[str, Any]:
    """Split into what was on the card, points, and what was paid elsewhere."""
    told = read_answer(one.answer)
    standing = [fact for fact in facts if fact.stands]
    refunded = sum(fact.amount_minor for fact in standing if fact.kind is Kind.REFUND)
    is_undone = any(fact.kind is not Kind.REFUND for fact in standing)
    paid = abs(one.money_minor or 0)
    if one.kind == Kind.POINTS_REDEMPTION:
        paid += abs(one.points or 0)
    if told.besides is not None:
        paid += told.besides.points_worth_minor
    return {
        "id": one.number,
        "rrn": rrn_of(one.number),
        "at": one.at,
        "business_date": one.business_date,
        "event": one.kind,
        "card": one.card or None,
        "pan_masked": one.pan_masked,
        "batch": one.batch,
        "order": one.order,
        "sub_order": one.sub_order or None,
        "gift_card_minor": max(-(one.money_minor or 0), 0),
        "points": told.points_used,
        "cash_minor": told.self_pay_minor,
        "tenders": _tenders(one, told),
        "refunded_minor": refunded,
        "merchant": one.merchant,
        "issuer": one.issuer,
        "store": one.store,
        "terminal": one.terminal,
        "source": str(Name.of_slot(one.slot)),
        "is_valid": not is_undone and not refunded >= paid > 0,
        VIEW_COLUMNS[Scope.ISSUER]: one.of_issuer,
        VIEW_COLUMNS[Scope.MERCHANT]: one.of_merchant,
        VIEW_COLUMNS[Scope.STORE]: one.store,
    }


def _tenders(one: _Used, told: Response) -> frozenset[Tender]:
    """By what it was paid: a sale may be split."""
    paid = {
        Tender.CARD: (one.money_minor or 0) < 0,
        Tender.POINTS: told.points_used > 0,
        Tender.CASH: told.self_pay_minor > 0,
    }
    return frozenset(tender for tender, is_by_it in paid.items() if is_by_it)
