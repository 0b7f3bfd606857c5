"""What a message would be told now: loaded and decided as any other is, and then rolled back.

There is no second way to decide. The message has a key that no terminal can send, so it repeats
nothing; the transaction holds nothing that anybody waits for, writes nothing, and ends with
ROLLBACK. A PIN is not asked for: who wonders has none.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from host.book import Book, Terminal
from host.house_rules.rule import Facts, HouseRule, Says
from host.house_rules.sentence import sentence
from host.house_rules.verdict import NOTHING, Used
from host.model.money import Money
from host.model.numbers import COUNTER_MAX, first_number_of
from host.model.own import CardAt
from host.model.requests import KINDS, ExchangeKey, Kind, Request, Response
from host.model.terminal import FAMILIES
from host.rules.decision import Court, Outcome, decide
from host.rules.dossier import Item, Numbers
from host.rules.ruling import facts_of, rules_over, usage_key
from host.rules.state import Card, State
from host.rules.usage import Outcome as Told
from host.rules.usage import ToldRule
from host.store.book import read_terminals
from host.store.connecting import DeadlineConnection
from host.store.following import Following
from host.store.loading import load
from host.store.queries import load_queries
from host.store.trace_told import Decided

SQL: Final = load_queries("host.store", "trial.sql")
TRIED: Final = (
    Kind.PURCHASE,
    Kind.COMBINED_PURCHASE,
    Kind.POINTS_REDEMPTION,
    Kind.PREAUTH,
    Kind.CASH_LOAD,
    Kind.POINTS_EARN,
    Kind.CARD_ACTIVATION,
)
"""Kinds that say a card and an amount, and nothing else that has to be there."""
NO_STAN: Final = "trial"
"""No terminal's: those are digits."""
NUMBERS: Final = 1_000
"""Of the end of a date, which nothing that is posted ever reaches: nothing under them is kept."""
PASSED, NOT_DECIDED = "passed", "not_decided"
"""What a rule had to do with it that did not say no: it lets pass what is approved, and has not
decided what something else refuses."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What would be asked: by whom, of which card, how much."""

    kind: Kind
    card: int
    """By the ledger's number of it."""
    terminal: Terminal
    channel: str
    amount: Money
    goods: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The same as people say it. No channel: the first that such a terminal speaks on."""

    kind: Kind
    card: int
    terminal: str
    amount: Money
    channel: str | None = None
    goods: str | None = None


class NoSuchPlaceError(LookupError):
    """There is no such terminal, or it does not speak on that channel; it speaks on `channels`."""

    def __init__(self, channels: Sequence[str] = ()) -> None:
        super().__init__()
        self.channels = channels


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What it would be told, and which rules of the house had a say."""

    masked: str
    channel: str
    response: Response
    rules: tuple[Decided, ...]


def try_case(
    connection: DeadlineConnection, court: Court, estate: Following, case: Case, now: dt.datetime
) -> Tried:
    """As `try_out`, at the terminal of that name.

    Raises:
        NoSuchPlaceError: there is none, or it does not speak on that channel.
    """
    found = next(read_terminals(connection, [case.terminal], estate.book, estate.hsm), None)
    if found is None:
        raise NoSuchPlaceError
    spoken = [name for name, family in FAMILIES.items() if family is found.family]
    channel = case.channel or spoken[0]
    if channel not in spoken:
        raise NoSuchPlaceError(spoken)
    question = Question(
        kind=case.kind,
        card=case.card,
        terminal=found,
        channel=channel,
        amount=case.amount,
        goods=case.goods,
    )
    return try_out(connection, court, estate, question, now)


def try_out(
    connection: DeadlineConnection,
    court: Court,
    estate: Following,
    question: Question,
    now: dt.datetime,
) -> Tried:
    """Decide it over the database as it is, and leave that as it is.

    `now` is in the house's zone. The connection is in no transaction.

    Raises:
        LookupError: there is no such card.
        NoOpenDayError: there is no open business day.
    """
    row = connection.execute(SQL["card_at"], {"card": question.card}).fetchone()
    if row is None:
        raise LookupError(question.card)
    shard, pan_hash, issuer_id, masked = row
    item = _item(question, CardAt(shard, pan_hash), issuer_id, estate.book)
    try:
        state = load(connection, [item], estate, now, f"{now:%Y%m%d%H%M%S}", is_trial=True)
        asked = tuple(_asked(item, state, estate.book))
        outcome = decide(item, state, court, _numbers(state.business_date))
    finally:
        connection.execute("ROLLBACK")
    rules = tuple(_told(one, question, outcome) for one in asked)
    return Tried(masked=masked, channel=question.channel, response=outcome.response, rules=rules)


def _item(question: Question, at: CardAt, issuer_id: int, book: Book) -> Item:
    terminal, kind = question.terminal, question.kind
    name = terminal.terminal_id
    key = ExchangeKey(question.channel, name, terminal.epoch, NO_STAN, KINDS[kind].family)
    request = Request(
        kind=kind,
        key=key,
        merchant_id=terminal.merchant.merchant_id,
        amount=question.amount,
        goods=question.goods,
    )
    return Item(
        request=request,
        slot=key.text,
        home=terminal.home,
        shard=at.shard,
        pan_hash=at.pan_hash,
        fingerprint=b"",
        original_slot=None,
        terminal=terminal,
        issuer=book.issuers.get(issuer_id),
    )


def _numbers(today: dt.date) -> Numbers:
    end = first_number_of(today) + COUNTER_MAX
    return Numbers(end - NUMBERS, end)


class _Asked(msgspec.Struct, frozen=True):
    """A rule that has a say, and what was used of it before."""

    rule: HouseRule
    used: Used


def _asked(item: Item, state: State, book: Book) -> Iterator[_Asked]:
    card = state.cards.get(item.pan_hash) if item.pan_hash is not None else None
    if card is None:
        return
    facts = facts_of(item, card, state, book)
    for rule in rules_over(item, facts, state):
        yield _Asked(rule, _used(rule, facts, card, state))


def _used(rule: HouseRule, facts: Facts, card: Card, state: State) -> Used:
    """Of one that counts, what was counted; of a balance, what the card has."""
    if rule.says is Says.BALANCE_MAX:
        return Used(0, card.value.available)
    usage = state.usage.get(usage_key(rule, facts)) if rule.counts else None
    return Used(usage.times, usage.amount_minor) if usage is not None else NOTHING


def _told(asked: _Asked, question: Question, outcome: Outcome) -> Decided:
    rule, said = asked.rule, sentence(asked.rule)
    return Decided(
        rule=rule.id,
        version=rule.version,
        name=rule.name,
        outcome=_what_it_did(rule, outcome),
        en=said.en,
        zh=said.zh,
        says=rule.says,
        period=rule.period,
        counted_by=rule.by,
        had_times=asked.used.times,
        had_minor=asked.used.amount_minor,
        asked_minor=question.amount.amount_minor,
        amount_minor=rule.amount_minor,
        times=rule.times,
        unit=rule.unit,
    )


def _what_it_did(rule: HouseRule, outcome: Outcome) -> str:
    for one in outcome.beside or ():
        if isinstance(one, ToldRule) and one.outcome is Told.DENIED and one.rule == rule.id:
            return Told.DENIED
    return PASSED if outcome.response.is_approved else NOT_DECIDED
