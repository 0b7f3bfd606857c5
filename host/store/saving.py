"""Store: what a batch decided, as sets, in one round trip that ends with COMMIT.

Each table gets one statement over arrays. The rows' text for the hash chain is made here too,
from the very values that are stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, LiteralString

import msgspec
import psycopg

from host.case import Posting
from host.decision import Outcome
from host.faultpoints import reach
from host.ledger import entry_row, exchange_row, journal_row, seal_digest
from host.metrics import CASES_OPENED
from host.model.requests import Kind
from host.model.responses import Reason
from host.state import Card, State
from host.store import arrays
from host.store.cases import SQL as CASE_SQL
from host.store.cases import row_of
from host.store.counters import raised_counters
from host.store.loading import SQL

Connection = psycopg.Connection[Any]
Statement = tuple[LiteralString, Sequence[Any] | Mapping[str, Any]]


@dataclass(slots=True, frozen=True)
class Link:
    """Where a shard's hash chain stands."""

    seq: int
    digest: bytes


class Row(msgspec.Struct, frozen=True, gc=False):
    """One exchange row to be: an answer, or a tombstone in an original's place."""

    slot: str
    number: int
    shard: int
    kind: Kind
    fingerprint: bytes
    reason: Reason
    is_tombstone: bool
    answer: bytes
    outcome: Outcome


NO_FINGERPRINT: Final = b""
OPEN_CASE: Final = CASE_SQL["open_case"]


def save(
    connection: Connection, outcomes: Sequence[Outcome], state: State, chain_of: dict[int, Link]
) -> dict[int, Link]:
    """Send every statement and COMMIT; return the new ends of the chains once it is known.

    Raises:
        psycopg.Error: nothing was stored, or it is not known (see `host.store.writer`).
    """
    rows = list(chain.from_iterable(map(_rows_of, outcomes)))
    links = _links(rows, state, chain_of) if rows else {}
    with connection.pipeline():
        for statement, values in _statements(rows, outcomes, state, chain_of, links):
            connection.execute(statement, values, prepare=True)
        reach("before_commit")
        connection.execute("COMMIT")
    for outcome in outcomes:
        for case in outcome.opened:
            CASES_OPENED[case.kind].inc()
    return links


def _rows_of(outcome: Outcome) -> Iterable[Row]:
    if not outcome.number:
        return
    item = outcome.item
    yield Row(
        item.slot, outcome.number, _shard_of(outcome), item.request.kind, item.fingerprint,
        outcome.response.reason, False, outcome.answer, outcome,  # noqa: FBT003 - is_tombstone
    )  # fmt: skip
    if outcome.tombstone and item.original_slot is not None:
        yield Row(
            item.original_slot, outcome.tombstone, _shard_of(outcome), item.request.kind,
            NO_FINGERPRINT, Reason.DUPLICATE, True, outcome.tombstone_answer, outcome,  # noqa: FBT003 - is_tombstone
        )  # fmt: skip


def _shard_of(outcome: Outcome) -> int:
    return outcome.card.shard if outcome.card is not None else outcome.item.shard


def _links(rows: list[Row], state: State, chain_of: dict[int, Link]) -> dict[int, Link]:
    """The next link of each shard that has rows in this batch."""
    texts: dict[int, list[str]] = {}
    for row in rows:
        texts.setdefault(row.shard, []).extend(_canonical(row, state))
    return {
        shard: Link(chain_of[shard].seq + 1, seal_digest(chain_of[shard].digest, lines))
        for shard, lines in texts.items()
    }


def _canonical(row: Row, state: State) -> Iterable[str]:
    yield exchange_row(
        row.slot, row.number, row.kind, row.fingerprint.hex(), row.reason,
        row.answer.hex(),
    )  # fmt: skip
    posting = row.outcome.posting
    if posting is None or row.is_tombstone:
        return
    undoes = posting.undoes.number if posting.undoes is not None else 0
    date = state.business_date.isoformat()
    yield journal_row(row.number, row.kind, undoes, posting.card.id, date)
    for place, leg in enumerate(posting.legs):
        yield entry_row(row.number, place, leg.debit, leg.credit, leg.amount_minor, leg.unit)


def _statements(
    rows: list[Row],
    outcomes: Sequence[Outcome],
    state: State,
    chain_of: dict[int, Link],
    links: dict[int, Link],
) -> Iterable[Statement]:
    posted = [(outcome, outcome.posting) for outcome in outcomes if outcome.posting is not None]
    cards = {outcome.card.id: outcome.card for outcome in outcomes if outcome.card is not None}
    if rows:
        yield _exchanges(rows, state, links)
        yield _seals(rows, state, chain_of, links)
    if posted:
        yield _journals(posted, state, links)
        yield _entries(posted, state)
        yield from _balances(cards.values())
        yield from _lots(posted, cards.values(), state)
        yield from _facts(posted)
    yield from _pin_failures(cards.values(), outcomes)
    yield from raised_counters(state)
    yield from _cases(outcomes, state)


def _exchanges(rows: list[Row], state: State, links: dict[int, Link]) -> Statement:
    return SQL["add_exchanges"], (
        state.business_date,
        state.decided_at,
        arrays.numbers([row.outcome.item.home for row in rows]),
        arrays.words([row.slot for row in rows]),
        arrays.numbers([row.number for row in rows]),
        arrays.numbers([row.shard for row in rows]),
        arrays.numbers([links[row.shard].seq for row in rows]),
        arrays.words([row.kind for row in rows]),
        arrays.blobs([row.fingerprint for row in rows]),
        arrays.words([row.reason for row in rows]),
        arrays.flags([row.is_tombstone for row in rows]),
        arrays.blobs([row.answer for row in rows]),
        arrays.numbers_or_null([row.outcome.card.id if row.outcome.card else None for row in rows]),
        arrays.words([row.outcome.item.request.key.terminal_id for row in rows]),
    )


def _seals(
    rows: list[Row], state: State, chain_of: dict[int, Link], links: dict[int, Link]
) -> Statement:
    counts = dict.fromkeys(links, 0)
    for row in rows:
        counts[row.shard] += 1
    return SQL["add_seals"], (
        state.business_date,
        state.decided_at,
        arrays.numbers(links),
        arrays.numbers([link.seq for link in links.values()]),
        arrays.blobs([chain_of[shard].digest for shard in links]),
        arrays.blobs([link.digest for link in links.values()]),
        arrays.numbers(counts.values()),
    )


def _journals(
    posted: list[tuple[Outcome, Posting]], state: State, links: dict[int, Link]
) -> Statement:
    items = [outcome.item for outcome, _ in posted]
    cards = [posting.card for _, posting in posted]
    undone = [posting.undoes for _, posting in posted]
    return SQL["add_journals"], (
        state.business_date,
        arrays.numbers([card.shard for card in cards]),
        arrays.numbers([outcome.number for outcome, _ in posted]),
        arrays.numbers([links[card.shard].seq for card in cards]),
        arrays.numbers([item.home for item in items]),
        arrays.words([item.slot for item in items]),
        arrays.words([item.request.kind for item in items]),
        arrays.numbers_or_null([original.number if original else None for original in undone]),
        arrays.numbers([card.id for card in cards]),
        arrays.numbers([card.issuer_id for card in cards]),
        arrays.numbers([posting.merchant for _, posting in posted]),
        arrays.words([item.request.key.terminal_id for item in items]),
        arrays.numbers([posting.amount_minor for _, posting in posted]),
        arrays.words([posting.unit for _, posting in posted]),
    )


def _entries(posted: list[tuple[Outcome, Posting]], state: State) -> Statement:
    legs = [
        (posting.card.shard, outcome.number, place, leg)
        for outcome, posting in posted
        for place, leg in enumerate(posting.legs)
    ]
    return SQL["add_entries"], (
        state.business_date,
        arrays.numbers([shard for shard, _, _, _ in legs]),
        arrays.numbers([number for _, number, _, _ in legs]),
        arrays.numbers([place for _, _, place, _ in legs]),
        arrays.numbers([leg.debit for _, _, _, leg in legs]),
        arrays.numbers([leg.credit for _, _, _, leg in legs]),
        arrays.numbers([leg.amount_minor for _, _, _, leg in legs]),
        arrays.words([leg.unit for _, _, _, leg in legs]),
    )


def _balances(cards: Iterable[Card]) -> Iterable[Statement]:
    changed = [
        (card.shard, purse.account, purse.change)
        for card in cards
        for purse in (card.value, card.points)
        if purse.change
    ]
    if changed:
        yield SQL["change_balances"], _columns(changed)


def _lots(
    posted: list[tuple[Outcome, Posting]], cards: Iterable[Card], state: State
) -> Iterable[Statement]:
    new = [
        (posting.card.shard, outcome.number, posting.new_lot)
        for outcome, posting in posted
        if posting.new_lot is not None
    ]
    if new:
        yield (
            SQL["add_lots"],
            (
                state.business_date,
                arrays.numbers([shard for shard, _, _ in new]),
                arrays.numbers([lot.account for _, _, lot in new]),
                arrays.numbers([number for _, number, _ in new]),
                arrays.numbers([lot.points for _, _, lot in new]),
                arrays.words([lot.expires_on.isoformat() for _, _, lot in new]),
            ),
        )
    changed = [
        (card.shard, lot.account, lot.id, lot.change)
        for card in cards
        for lot in card.lots
        if lot.change
    ]
    if changed:
        yield SQL["change_lots"], _columns(changed)
    uses = [
        (posting.card.shard, outcome.number, use.account, use.lot, use.points)
        for outcome, posting in posted
        for use in posting.lot_uses
    ]
    if uses:
        yield SQL["add_lot_uses"], _columns(uses)


def _facts(posted: list[tuple[Outcome, Posting]]) -> Iterable[Statement]:
    facts = [
        (posting.card.shard, posting.undoes, outcome.number, posting.undo_kind, posting)
        for outcome, posting in posted
        if posting.undoes is not None and posting.undo_kind is not None
    ]
    if not facts:
        return
    yield (
        SQL["add_facts"],
        (
            arrays.numbers([shard for shard, _, _, _, _ in facts]),
            arrays.numbers([original.number for _, original, _, _, _ in facts]),
            arrays.numbers([original.attempt_of(number) for _, original, number, _, _ in facts]),
            arrays.numbers([number for _, _, number, _, _ in facts]),
            arrays.words([kind for _, _, _, kind, _ in facts]),
            arrays.numbers([posting.amount_minor for _, _, _, _, posting in facts]),
        ),
    )


def _pin_failures(cards: Iterable[Card], outcomes: Sequence[Outcome]) -> Iterable[Statement]:
    hashes = {
        outcome.card.id: outcome.item.pan_hash
        for outcome in outcomes
        if outcome.card is not None and outcome.item.pan_hash is not None
    }
    changed = [card for card in cards if card.pin_failures_changed]
    if changed:
        yield (
            SQL["count_pin_failures"],
            (
                arrays.numbers([card.shard for card in changed]),
                arrays.blobs([hashes[card.id] or b"" for card in changed]),
                arrays.numbers([card.pin_failures for card in changed]),
            ),
        )


def _cases(outcomes: Sequence[Outcome], state: State) -> Iterable[Statement]:
    """Few and far between, so one statement each."""
    for outcome in outcomes:
        for case in outcome.opened:
            yield OPEN_CASE, row_of(case, state.decided_at)


def _columns(rows: Sequence[tuple[int, ...]]) -> list[str]:
    return [arrays.numbers(column) for column in zip(*rows, strict=True)]
