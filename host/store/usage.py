"""Loads what rules ask of a batch, and keeps what it used: nothing where no rule is about it.

A counter of a card is on the card's shard, which has one writer. All others are on the shard that
their name gives, and are held from here to COMMIT: two writers that sell for one store go one after
the other, where a rule counts by stores, and nowhere else.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, LiteralString

from host.book import Book
from host.house_rules.rule import By, HouseRule, Period, period_from
from host.house_rules.rulebook import NO_CIRCLES, RuleBook, applying
from host.model.requests import Kind
from host.rules.dossier import Item, card_presented
from host.rules.preauths import HOLD_ENDS
from host.rules.ruling import LOADS, aim_of, facts_of, kind_asked, usage_key
from host.rules.state import Card, State
from host.rules.transactions import ASKED_NO_RULES, NEEDS_ORIGINAL, TRANSACTIONS
from host.rules.usage import Outcome, ToldRule, Usage, UsageKey
from host.shards import home_of
from host.store import arrays
from host.store.prepared import Statement
from host.store.queries import load_queries
from host.store.rounds import Reading

SQL: Final = load_queries("host.store", "usage.sql")
Rows = Iterable[tuple[Any, ...]]

RULED: Final = frozenset(
    kind for kind, row in TRANSACTIONS.items() if row.use is not None and kind not in NEEDS_ORIGINAL
) | (LOADS.keys() | {Kind.CASH_LOAD_CONFIRM})
"""What rules may be about."""
ASKS: Final = RULED | NEEDS_ORIGINAL | HOLD_ENDS | {Kind.GIFT_RETURN}
_ASKED: Final = RULED | (NEEDS_ORIGINAL - ASKED_NO_RULES)
KEY: Final = (arrays.smallints, arrays.words, arrays.names, arrays.names, arrays.texts)
COUNTED: Final = (*KEY, arrays.dates, arrays.bigints, arrays.bigints)
TOLD: Final = (
    arrays.smallints, arrays.bigints, arrays.integers, arrays.smallints, arrays.names,
    arrays.names, arrays.names, arrays.texts, arrays.dates, arrays.bigints, arrays.bigints,
    arrays.bigints, arrays.bigints, arrays.bigints, arrays.texts,
)  # fmt: skip


def load_rules(items: Sequence[Item], state: State, book: Book) -> Reading:
    """Which rules may have a say over each item, and what was used of what they count."""
    rules = book.rules
    if rules is None:
        return
    state.is_ruled = True
    wanted: dict[UsageKey, int] = {}
    for item in items:
        card = card_presented(item, state)
        if card is not None and item.request.kind in _ASKED:
            _ask(item, card, state, book, rules, wanted)
    if rules.has_counted:
        yield from _load_counted(state, book, wanted)
    yield from load_usage(wanted, state)


def shard_of_usage(key: UsageKey, shard_of_card: int, shard_count: int) -> int:
    """The card's own, or the one that the counter's name gives."""
    if key.by == By.CARD:
        return shard_of_card
    return home_of(f"{key.by}/{key.subject}", shard_count)


def load_usage(wanted: dict[UsageKey, int], state: State) -> Reading:
    """Counters, each on its shard, into the state; those of several writers are held."""
    today = state.business_date
    asking = [
        Usage(key, shard, period_from(Period(key.period), today)) for key, shard in wanted.items()
    ]
    state.usage |= {usage.key: usage for usage in asking}
    own = [usage for usage in asking if usage.key.by == By.CARD]
    shared = [usage for usage in asking if usage.key.by != By.CARD]
    asked: list[Statement] = []
    if own:
        asked.append((SQL["usage_of_cards"], _keys(own)))
    if shared and not state.is_trial:
        begun = (*_keys(shared), arrays.dates([usage.since for usage in shared]))
        asked += [(SQL["begin_usage"], begun), (SQL["hold_usage"], _keys(shared))]
    elif shared:
        asked.append((SQL["usage_of_cards"], _keys(shared)))
    if asked:
        for rows in (yield asked):
            _put(rows, state)


def used(state: State) -> Iterable[tuple[LiteralString, Sequence[Any]]]:
    """The statement that stores what this batch has used, where it has."""
    changed = [usage for usage in state.usage.values() if usage.is_changed]
    if changed:
        rows = [
            (usage.shard, *usage.key, usage.since, usage.times, usage.amount_minor)
            for usage in changed
        ]
        yield SQL["count_usage"], arrays.columns(COUNTED, rows)


def told_row(shard: int, number: int, told: ToldRule) -> tuple[Any, ...]:
    """As it is stored beside its exchange."""
    return (
        shard, number, told.rule, told.version, told.outcome, told.key.period, told.key.by,
        told.key.subject, told.since, told.times, told.amount_minor, told.had_times,
        told.had_minor, told.asked_minor, told.goods,
    )  # fmt: skip


def told_of_row(row: Sequence[Any]) -> ToldRule:
    """From its columns, behind the exchange."""
    rule, version, outcome, period, by, subject, since, *figures, goods = row
    times, amount, had_times, had_minor, asked = figures
    return ToldRule(
        rule=rule,
        version=version,
        outcome=Outcome(outcome),
        key=UsageKey(f"rule/{rule}", period, by, subject),
        since=since,
        times=times,
        amount_minor=amount,
        had_times=had_times,
        had_minor=had_minor,
        asked_minor=asked,
        goods=goods,
    )


def _ask(
    item: Item,
    card: Card,
    state: State,
    book: Book,
    rules: RuleBook,
    wanted: dict[UsageKey, int],
) -> None:
    kind = kind_asked(item)
    aim = aim_of(kind, TRANSACTIONS[kind].use)
    issuer, merchant = card.issuer_id, item.terminal.merchant.id
    circles = (
        book.circles(issuer, merchant, state.business_date) if rules.is_of_alliances else NO_CIRCLES
    )
    found = rules.asked(issuer, merchant, kind, aim, circles)
    if not found:
        return
    state.applying[item.slot] = found
    if any(rule.counts for rule in found):
        facts = facts_of(item, card, state, book)
        counting = _counting(applying(found, facts, state.business_date))
        for key in (usage_key(rule, facts) for rule in counting):
            wanted[key] = shard_of_usage(key, card.shard, book.shard_count)


def _counting(rules: Collection[HouseRule]) -> Iterable[HouseRule]:
    return (rule for rule in rules if rule.counts)


def _load_counted(state: State, book: Book, wanted: dict[UsageKey, int]) -> Reading:
    """What originals, holds and gifts have counted, and where.

    A counter that was last used in an older period comes into the one that runs, so that it is
    never more than what is told of its own.
    """
    shards = {original.number: original.shard for original in state.originals.values()}
    for hold in state.holds.values():
        shards[hold.id] = hold.shard
        shards |= {fact.journal: hold.shard for fact in hold.facts}
    shards |= {number: shard for shard, number in state.gifts}
    if not shards:
        return
    keys = (arrays.smallints(shards.values()), arrays.bigints(shards))
    [rows] = yield [(SQL["told_of"], keys)]
    for number, *row in rows:
        told = told_of_row(row)
        state.counted.setdefault(number, []).append(told)
        wanted[told.key] = shard_of_usage(told.key, shards[number], book.shard_count)


def _keys(usages: Sequence[Usage]) -> Sequence[bytes]:
    return arrays.columns(KEY, [(usage.shard, *usage.key) for usage in usages])


def _put(rows: Rows, state: State) -> None:
    for counter, period, by, subject, since, times, amount in rows:
        usage = state.usage[UsageKey(counter, period, by, subject)]
        if usage.since == since:
            usage.times, usage.amount_minor = times, amount
