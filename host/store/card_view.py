"""Everything of one card, for people: whence, what it has, what was asked of it, what came of it.

Read in one snapshot, page after page, the newest first. What moved the card is read along its
trail: each journal names the one before it, so that no posting keeps up an index for those who
look. What was declined or only asked has an index of its own. The balance behind each movement is
reckoned from what the card has now, or, on later pages, from what it had at the end of the last
cleared date before them: so a page costs the same however much came after it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, Final, NamedTuple

import msgspec

from host.estate.openings import opening_slot
from host.model.money import Money
from host.model.numbers import business_date_of, rrn_of
from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES, Reason
from host.rules.state import Fact
from host.store.card_finding import CardUnknownError
from host.store.card_told import CardBatch, CardView, Expiring, Holding, Movement, Moving, Purse
from host.store.card_trail import CardRow, Step, Trail
from host.store.connecting import Connection
from host.store.life import cases_of, facts_of
from host.store.queries import load_queries
from host.store.trace import open_date, possible_numbers
from host.store.trace_told import Name

SQL: Final = load_queries("host.store", "life.sql")
PAGE: Final = 20
LOTS_READ_MAX: Final = 400
EXPIRY_DAYS_SHOWN: Final = 3
RRN_LENGTH: Final = 12
LAST: Final = 2**62
"""Before this number everything came."""


class _Asked(msgspec.Struct, frozen=True):
    """A row of `card_exchanges`."""

    slot: str
    number: int
    shard: int
    kind: str
    reason: str
    is_tombstone: bool
    answer: bytes
    terminal_id: str | None
    business_date: dt.date
    at: dt.datetime
    amount_minor: int | None
    unit: str | None
    original: int | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which movements: so many, after one."""

    after: str | None = None
    """Where the page before ended, or the RRN or number it ended with; None: from the newest on."""
    count: int = PAGE


Units = Mapping[int, str]
"""Of the card's purses, by their accounts."""
Changes = Mapping[int, Mapping[int, int]]
"""By journal and purse."""


def view_card(connection: Connection, card: int, page: Page) -> CardView:
    """Everything of a card, and a page of what was asked of it.

    Raises:
        CardUnknownError: there is no such card, or no such movement to go on after.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows = connection.execute(SQL["card_of"], {"card": card}).fetchall()
        if not rows:
            raise CardUnknownError(f"no card has id {card}. Next: check the id")
        return _Reader(connection, CardRow(*rows[0])).view(page)


class Moved(NamedTuple):
    """A page of what was asked of a card, and where it ended; None: there is no more."""

    shard: int
    movements: tuple[Movement, ...]
    next: str | None


def movements_of(connection: Connection, card: int, page: Page) -> Moved:
    """What was asked of a card, the newest first, in the transaction that is open.

    Raises:
        CardUnknownError: there is no such card, or no such movement to go on after.
    """
    rows = connection.execute(SQL["card_of"], {"card": card}).fetchall()
    if not rows:
        raise CardUnknownError(f"no card has id {card}. Next: check the id")
    found = CardRow(*rows[0])
    movements, next_ = _Reader(connection, found).moved(page)
    return Moved(found.shard, tuple(movements), next_)


class _Page(NamedTuple):
    """What a page shows, and where it ended."""

    asked: list[_Asked]
    next: str | None


class _Reader:
    """Reads one card."""

    def __init__(self, connection: Connection, card: CardRow) -> None:
        self._connection = connection
        self._card = card
        self._trail = Trail(connection, card)

    def moved(self, page: Page) -> tuple[list[Movement], str | None]:
        """A page of movements, and where it ended."""
        card = self._card
        purses = self._ask("purses", shard=card.shard, card=card.id)
        units: Units = {account: unit for account, unit, *_ in purses}
        newest = max((row[4] for row in purses), default=0)
        shown = self._page(page, newest)
        now = {account: posted for account, _, posted, *_ in purses}
        return self._movements(shown.asked, units, None if page.after else now), shown.next

    def view(self, page: Page) -> CardView:
        card = self._card
        purses = self._ask("purses", shard=card.shard, card=card.id)
        units: Units = {account: unit for account, unit, *_ in purses}
        newest = max((row[4] for row in purses), default=0)
        shown = self._page(page, newest)
        now = {account: posted for account, _, posted, *_ in purses}
        movements = self._movements(shown.asked, units, None if page.after else now)
        began = self._ask("moment", home=card.shard, slot=opening_slot(card.id))
        return CardView(
            id=card.id,
            masked=card.masked,
            status=card.status,
            expiry=card.expiry,
            issuer_id=card.institution,
            issuer=card.issuer_name,
            has_pin=card.has_pin,
            pin_tries_left=max(card.pin_tries_max - card.pin_failures, 0),
            batch=next(
                map(_batch, self._ask("batch_of_card", shard=card.shard, card=card.id)), None
            ),
            began_with=began[0][0] if began else None,
            began_at=began[0][1] if began else None,
            purses=tuple(
                Purse(
                    posted=Money(posted, unit),
                    held=Money(held, unit),
                    pending=Money(pending, unit),
                    available=Money(spendable, unit),
                )
                for _, unit, posted, held, _, pending, spendable in purses
            ),
            expiring=tuple(
                each for account, unit in units.items() for each in self._expiring(account, unit)
            ),
            moving=tuple(
                Moving(*row) for row in self._ask("moves_of_card", shard=card.shard, card=card.id)
            ),
            holding=tuple(
                map(_holding, self._ask("holds_of_card", shard=card.shard, card=card.id))
            ),
            movements=tuple(movements),
            next=shown.next,
            cases=cases_of(self._connection, [Name.of_slot(one.slot) for one in shown.asked]),
        )

    def _ask(self, statement: str, **told: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(SQL[statement], told).fetchall()

    def _page(self, page: Page, newest: int) -> _Page:
        """What was posted and what was not, each read along its own order, then merged."""
        before, start = (LAST, newest) if page.after is None else self._place(page.after, newest)
        wanted = page.count + 1
        steps = self._trail.back_from(start, wanted)
        unposted = self._ask("unposted", card=self._card.id, before=before, limit=wanted)
        posted = [step.number for step in steps]
        numbers = sorted([*posted, *(number for (number,) in unposted)], reverse=True)
        shown = numbers[: page.count]
        rows = self._ask(
            "posted_exchanges",
            shard=self._card.shard,
            numbers=[number for number in shown if number in posted],
        ) + self._ask(
            "unposted_exchanges",
            card=self._card.id,
            numbers=[number for number in shown if number not in posted],
        )
        asked = sorted((_Asked(*row) for row in rows), key=lambda one: -one.number)
        if len(numbers) <= page.count:
            return _Page(asked, None)
        older = next((number for number in posted if number < shown[-1]), 0)
        return _Page(asked, f"{shown[-1]}.{older}")

    def _place(self, after: str, newest: int) -> tuple[int, int]:
        """Where a page ended: the number before which the next begins, and the next journal."""
        last, dot, older = after.partition(".")
        if dot and last.isdigit() and older.isdigit():
            self._must_be_ours(int(older), after)
            return int(last), int(older)
        is_number = last.isdigit() and len(last) > RRN_LENGTH
        numbers = [int(last)] if is_number else possible_numbers(last, open_date(self._connection))
        for number in numbers:
            told = {"shard": self._card.shard, "number": number, "card": self._card.id}
            for (previous,) in self._ask("journal_of_card", **told):
                return number, self._trail.after(Step(number, previous))
        for row in self._ask("unposted_exchanges", card=self._card.id, numbers=numbers):
            steps = self._trail.all_from(newest)
            return row[1], next((each.number for each in steps if each.number < row[1]), 0)
        raise _unknown_place(after)

    def _must_be_ours(self, number: int, after: str) -> None:
        told = {"shard": self._card.shard, "number": number, "card": self._card.id}
        if number and not self._ask("journal_of_card", **told):
            raise _unknown_place(after)

    def _movements(
        self, asked: Sequence[_Asked], units: Units, now: Mapping[int, int] | None
    ) -> list[Movement]:
        """Each with what it changed and what was there behind it.

        `now` is what is there behind the first of them; None: it is to be reckoned.
        """
        changes = self._changes([one.number for one in asked], units)
        facts = self._facts(asked)
        behind = dict(self._behind(asked, changes, units) if now is None else now)
        movements: list[Movement] = []
        for one in asked:
            changed = changes.get(one.number, {})
            movements.append(
                _movement(
                    one,
                    tuple(Money(minor, units[account]) for account, minor in changed.items()),
                    tuple(Money(behind[account], units[account]) for account in changed),
                    facts.get(one.number, []),
                )
            )
            for account, minor in changed.items():
                behind[account] -= minor
        return movements

    def _behind(self, asked: Sequence[_Asked], changes: Changes, units: Units) -> dict[int, int]:
        """What the card had behind the first of these.

        From the end of the last cleared date before them on: by what came since, and by themselves.
        """
        posted = [one for one in asked if one.number in changes]
        if not posted:
            return dict.fromkeys(units, 0)
        first = posted[-1]
        [(cleared,)] = self._ask("last_cleared", business_date=first.business_date)
        known = dict.fromkeys(units, 0)
        if cleared is not None:
            known.update(self._ask("ends_of_day", accounts=list(units), business_date=cleared))
        since = takewhile(
            lambda step: cleared is None or business_date_of(step.number) > cleared,
            self._trail.all_from(first.number),
        )
        numbers = [step.number for step in since if step.number != first.number]
        for changed in (*self._changes(numbers, units).values(), *changes.values()):
            for account, minor in changed.items():
                known[account] += minor
        return known

    def _changes(self, numbers: Sequence[int], units: Units) -> Changes:
        changes: defaultdict[int, dict[int, int]] = defaultdict(dict)
        told = {"shard": self._card.shard, "numbers": list(numbers), "accounts": list(units)}
        for number, account, minor in self._ask("changes", **told):
            changes[number][account] = minor
        return changes

    def _facts(self, asked: Sequence[_Asked]) -> dict[int, list[Fact]]:
        posted = [(one.shard, one.number) for one in asked if one.amount_minor is not None]
        return facts_of(self._connection, posted)

    def _expiring(self, account: int, unit: str) -> list[Expiring]:
        """The first days; the last that was read may not be whole."""
        rows = self._ask("expiring", shard=self._card.shard, account=account, limit=LOTS_READ_MAX)
        lots = sum(row[2] for row in rows)
        whole = rows[:-1] if lots == LOTS_READ_MAX and len(rows) > 1 else rows
        return [
            Expiring(expires_on=day, points=Money(points, unit))
            for day, points, _ in whole[:EXPIRY_DAYS_SHOWN]
        ]


def _holding(row: tuple[Any, ...]) -> Holding:
    number, owner, held, unit, *rest = row
    return Holding(number, rrn_of(number), owner, Money(held, unit), *rest)


def _batch(row: tuple[Any, ...]) -> CardBatch:
    return CardBatch(**dict(zip(CardBatch.__struct_fields__, row, strict=True)))


def _unknown_place(after: str) -> CardUnknownError:
    return CardUnknownError(
        f"this card was never asked anything under {after!r}. Next: leave --after out, or "
        "copy it from the end of a page"
    )


def _movement(
    one: _Asked,
    changes: tuple[Money, ...],
    balances: tuple[Money, ...],
    facts: Sequence[Fact],
) -> Movement:
    standing = [fact for fact in facts if fact.stands]
    refunded = sum(fact.amount_minor for fact in standing if fact.kind is Kind.REFUND)
    return Movement(
        number=one.number,
        rrn=rrn_of(one.number),
        name=str(Name.of_slot(one.slot)),
        kind=one.kind,
        reason=one.reason,
        f39=RESPONSE_CODES[Reason(one.reason)].f39,
        at=one.at,
        business_date=one.business_date,
        changes=changes,
        balances=balances,
        undone_by=next((fact.kind for fact in standing if fact.kind is not Kind.REFUND), None),
        refunded=Money(refunded, one.unit or "") if refunded else None,
        original=None if one.original is None else rrn_of(one.original),
    )
