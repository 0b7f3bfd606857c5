"""Reads a day that is over, message by message, and keeps a replay's notes on disk.

Nothing beyond that day is read, and nothing is held in memory but the message that is looked at:
rows come through a cursor of the server, and what has to be remembered is in a temporary file that
is gone when the replay ends. It holds numbers and amounts, and no card's number.
"""

import datetime as dt
import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from host.book import NOBODYS_TERMINAL, Book, Terminal
from host.house_rules.rule import FIRST_DAY, HouseRule, Period
from host.house_rules.rulebook import PackUse, RuleBook
from host.model.holds import EFFECTS
from host.model.instruments import NO_PART
from host.model.money import POINTS_PREFIX, Money
from host.model.requests import ExchangeKey, Family, Kind, Request, Response, read_answer
from host.model.responses import IN_FORCE, Reason
from host.rules.dossier import Item
from host.rules.preauths import HOLD_ENDS
from host.rules.replaying import Moved, Past, Replay, Replayed
from host.rules.ruling import LOADS, aim_of, facts_of, kind_of
from host.rules.state import NO_ACCOUNT, Card, Purse, State
from host.rules.transactions import NEEDS_ORIGINAL, TRANSACTIONS
from host.rules.usage import Outcome, ToldRule
from host.store.book import read_places
from host.store.connecting import Connection
from host.store.queries import load_queries
from host.store.rulebook import pack_uses, rule_of
from host.store.usage import ASKS, told_of_row

SQL: Final = load_queries("host.store", "replaying.sql")
ROWS_AT_ONCE: Final = 2_000
NOTEBOOK_KIB_MAX: Final = 16_384
"""Of the notebook, in memory; the rest is in its file."""
IN_POINTS: Final = frozenset({Kind.POINTS_REDEMPTION, Kind.POINTS_CONVERSION, Kind.LOTTERY_DRAW})
"""Kinds that ask for points. All others ask for money, whatever they post."""
UNDOES: Final = (NEEDS_ORIGINAL | HOLD_ENDS) - {Kind.CASH_LOAD_CONFIRM}


class DayUnknownError(Exception):
    """There was no such business date: says what to do."""


class NotesOnDisk:
    """A notebook in a temporary file. To be used as a context."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        for line in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            f"PRAGMA cache_size = -{NOTEBOOK_KIB_MAX}",
            "CREATE TABLE note (room, name, value, PRIMARY KEY (room, name)) WITHOUT ROWID",
            "BEGIN",
        ):
            self._file.execute(line)

    def get(self, room: str, name: str) -> bytes | None:
        """What stands there."""
        row = self._file.execute(
            "SELECT value FROM note WHERE room = ? AND name = ?", (room, name)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, room: str, name: str, value: bytes) -> None:
        """Put it there, in the place of what stands there."""
        self._file.execute("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", (room, name, value))

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Its file is gone."""
        self._file.close()


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of which day, and what came of it."""

    day: dt.date
    rules: tuple[HouseRule, ...]
    result: Replayed


def replay(
    connection: Connection,
    book: Book,
    day: dt.date,
    proposed: Collection[int] | None = (),
    *,
    is_told: Callable[[Past], bool] = lambda _past: True,
    named: Collection[int] = (),
) -> Tried:
    """Hold a day against the rules that are in force now; of `proposed` their newest version.

    None proposed: all of them. Told is of what `is_told` says, and one by one of what was `named`
    by its number. The connection is in no transaction.

    Raises:
        DayUnknownError: there was no such business date.
    """
    with connection.transaction(), NotesOnDisk() as notes:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rules, uses = _rules(connection, _today(connection, day), proposed)
        rulebook = RuleBook(rules, uses)
        replaying = Replay(rulebook, day, notes, is_told, named)
        for past in days_past(connection, book, day):
            replaying.take(past)
    return Tried(day=day, rules=rulebook.rules, result=replaying.result)


def days_past(connection: Connection, book: Book, day: dt.date) -> Iterator[Past]:
    """Its messages in the order in which they were decided."""
    places = read_places(connection, book)
    with connection.cursor(name="day_as_it_was") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(SQL["day_as_it_was"], _asked(day))
        for row in cursor:
            past = _past(row, book, places, day)
            if past is not None:
                yield past


def _asked(day: dt.date) -> dict[str, Any]:
    keeps = [fact.value for fact, effect in EFFECTS.items() if effect.held > 0]
    return {"day": day, "kinds": sorted(ASKS), "keeps": keeps}


def _today(connection: Connection, day: dt.date) -> dt.date:
    row = connection.execute(SQL["day_known"], {"day": day}).fetchone()
    assert row is not None, "it is an aggregate"
    is_known, today = row
    if not is_known:
        raise DayUnknownError(
            f"there was no business date {day}. Next: one that posswitch clearing preview or "
            "posswitch trace tells of"
        )
    return today or day


def _rules(
    connection: Connection, today: dt.date, proposed: Collection[int] | None
) -> tuple[list[HouseRule], list[PackUse]]:
    """Of each rule the version that is asked, as if it and its pack had been in force that day."""
    chosen: dict[int, HouseRule] = {}
    for row in connection.execute(SQL["rules_to_try"]):
        rule, is_draft = rule_of(row), row[-1] == "draft"
        is_proposed = proposed is None or rule.id in proposed
        is_over = rule.until is not None and rule.until < today
        if is_over or not (is_proposed or (not is_draft and rule.is_in_force(today))):
            continue
        chosen[rule.id] = replace(rule, since=FIRST_DAY, until=None)
    uses = [
        replace(use, since=FIRST_DAY, until=None)
        for use in pack_uses(connection)
        if use.since <= today and (use.until is None or today <= use.until)
    ]
    return list(chosen.values()), uses


def _past(
    row: tuple[Any, ...], book: Book, places: dict[str, Terminal], day: dt.date
) -> Past | None:
    number, slot, kind_word, reason_word, answer, terminal_id, *about = row
    card_id, issuer_id, part, member, posted, unit, original, told_rows, *held = about
    kind, reason = Kind(kind_word), Reason(reason_word)
    is_approved = reason in IN_FORCE
    undoes = original if kind in UNDOES and is_approved else None
    moved = _moved(*held)
    is_about = undoes is not None or moved is not None
    if not is_about and (kind in UNDOES or _posts_nothing(kind, posted)):
        return None
    told = tuple(map(_told, told_rows or ()))
    answered = read_answer(answer)
    currency = book.issuers[issuer_id].currency
    amount = _amount(kind, posted, unit, answered, told, currency)
    card = _card(card_id, issuer_id, part, member, currency, book)
    terminal = places.get(terminal_id or "", NOBODYS_TERMINAL)
    facts = facts_of(_item(slot, kind, amount, terminal, told), card, _state(day, answered), book)
    asked = kind if moved is not None else kind_of(kind)
    return Past(
        number=number,
        kind=asked,
        issuer=issuer_id,
        circles=book.circles(issuer_id, facts.merchants, day),
        facts=facts,
        is_approved=is_approved,
        reason=reason,
        amount=amount.amount_minor,
        unit=amount.unit,
        sign=_sign(asked, amount, currency),
        balance=_balance(answered, told, is_approved=is_approved),
        original=undoes or 0,
        moved=moved,
        told=told,
    )


def _moved(hold: int | None, change: int, returned: int, used: int) -> Moved | None:
    if hold is None:
        return None
    return Moved(hold=hold, change=change, returned=returned, is_paid=used > 0)


def _posts_nothing(kind: Kind, posted: int | None) -> bool:
    """A confirmation whose load was posted before it, or was not taken."""
    return kind is Kind.CASH_LOAD_CONFIRM and posted is None


def _told(row: list[Any]) -> ToldRule:
    row[6] = dt.date.fromisoformat(row[6])
    return told_of_row(row)


def _amount(
    kind: Kind,
    posted: int | None,
    unit: str | None,
    answered: Response,
    told: tuple[ToldRule, ...],
    currency: str,
) -> Money:
    """What was asked for, or the part that was approved; as it was told where a rule refused it."""
    if kind is Kind.POINTS_EARN and posted is not None:
        return Money(answered.self_pay_minor, currency)
    if posted is not None and unit is not None:
        return Money(posted, unit)
    refused = next((one.asked_minor for one in told if one.outcome is Outcome.DENIED), 0)
    return Money(refused, POINTS_PREFIX if kind in IN_POINTS else currency)


def _sign(kind: Kind, amount: Money, currency: str) -> int:
    if amount.unit != currency or kind is Kind.POINTS_EARN:
        return 0
    if kind in LOADS:
        return 1
    return -1 if aim_of(kind, TRANSACTIONS[kind].use).spends else 0


def _balance(answered: Response, told: tuple[ToldRule, ...], *, is_approved: bool) -> int | None:
    """After it; or, where a rule of the balance refused it, what would have been."""
    if is_approved:
        return answered.balance.amount_minor if answered.balance is not None else None
    refused = (one for one in told if one.outcome is Outcome.DENIED)
    told_of = (one for one in refused if one.key.period == Period.TRANSACTION and one.had_minor)
    return next((one.had_minor + one.asked_minor for one in told_of), None)


def _card(
    card_id: int, issuer: int, part: int | None, member: int | None, currency: str, book: Book
) -> Card:
    value, points = Purse(NO_ACCOUNT, currency), Purse(NO_ACCOUNT, book.issuers[issuer].points_unit)
    return Card(
        card_id, 0, issuer, "", "", None, 0, value, points, part=part or NO_PART, member=member or 0
    )


def _item(
    slot: str, kind: Kind, amount: Money, terminal: Terminal, told: tuple[ToldRule, ...]
) -> Item:
    institution, terminal_id, epoch, stan, family = slot.split("/")
    key = ExchangeKey(institution, terminal_id, epoch, stan, Family(family))
    goods = next((one.goods for one in told if one.goods), None)
    request = Request(kind=kind, key=key, merchant_id="", amount=amount, goods=goods)
    return Item(request, slot, 0, 0, None, b"", None, terminal, None)


def _state(day: dt.date, answered: Response) -> State:
    return State(day, dt.datetime.now(dt.UTC), answered.local_time)
