"""Loads what cards have earned by rules that cap that in a time; nothing where no rule does."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from host.book import Book
from host.model.requests import Kind
from host.programmes import Programme
from host.rules.dossier import Item, card_presented
from host.rules.earn_caps import earn_key
from host.rules.state import Card, State
from host.rules.usage import EarnCounted, UsageKey
from host.store import arrays
from host.store.earning import SQL
from host.store.rounds import Reading
from host.store.usage import load_usage

COUNTED: Final = (
    arrays.smallints, arrays.bigints, arrays.names, arrays.names, arrays.dates, arrays.names,
    arrays.dates, arrays.bigints, arrays.bigints, arrays.bigints,
)  # fmt: skip
EARNS: Final = frozenset(
    {
        Kind.PURCHASE,
        Kind.COMBINED_PURCHASE,
        Kind.COMPLETION,
        Kind.COMPLETION_ADVICE,
        Kind.POINTS_EARN,
    }
)
"""What gives points by what is paid."""
READS: Final = EARNS | {Kind.VOID, Kind.COMPLETION_VOID}
"""And what undoes that, of which reversals are asked by what they undo."""


def load_earned(items: Sequence[Item], state: State, book: Book) -> Reading:
    """Counters of caps that may hold, and those that an undoing may give back to."""
    if not book.caps_points:
        return
    wanted: dict[UsageKey, int] = {}
    for item in items:
        card = card_presented(item, state) if item.request.kind in EARNS else None
        if card is not None:
            wanted |= dict.fromkeys(_keys(item, card, state, book), card.shard)
    if state.originals:
        yield from _load_counted(state, wanted)
    if wanted:
        yield from load_usage(wanted, state)


def counted_row(shard: int, number: int, kept: EarnCounted) -> tuple[Any, ...]:
    """As it is stored beside its journal."""
    return (
        shard, number, kept.unit, kept.period, kept.since, kept.rule, kept.rule_since,
        kept.points, kept.had, kept.asked,
    )  # fmt: skip


def _keys(item: Item, card: Card, state: State, book: Book) -> Iterable[UsageKey]:
    merchant, today = item.terminal.merchant.id, state.business_date
    for programme in _earning(book, card, merchant, state):
        for rule in programme.rules_at(merchant, today) if programme.is_capped else ():
            for period, _most in rule.caps:
                yield earn_key(programme.unit, rule.code, period, card.id)


def _earning(book: Book, card: Card, merchant: int, state: State) -> tuple[Programme, ...]:
    issuer = book.issuers[card.issuer_id]
    own = () if issuer.programme is None else (issuer.programme,)
    return own + book.also_earns(issuer, merchant, state.business_date)


def _load_counted(state: State, wanted: dict[UsageKey, int]) -> Reading:
    originals = {one.number: one for one in state.originals.values()}
    shards = arrays.smallints([one.shard for one in originals.values()])
    [rows] = yield [(SQL["earn_counted_of"], (shards, arrays.bigints(originals)))]
    for number, unit, period, since, rule, rule_since, points, had, asked in rows:
        told = EarnCounted(
            unit=unit,
            period=period,
            since=since,
            rule=rule,
            rule_since=rule_since,
            points=points,
            had=had,
            asked=asked,
        )
        state.earn_counted.setdefault(number, []).append(told)
        card = originals[number].card
        wanted[earn_key(unit, rule, period, card.id)] = card.shard
