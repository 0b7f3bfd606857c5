"""Store: what a batch decided, as sets, in one round trip that ends with COMMIT.

Each table gets one statement over arrays. The rows' text for the hash chain is made here too,
from the very values that are stored.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

import msgspec

from host.faultpoints import reach
from host.ledger import (
    SEAL_FORM,
    ChainEnd,
    batch_row,
    entry_row,
    exchange_row,
    journal_row,
    lot_row,
    order_row,
    seal_digest,
)
from host.metrics import CASES_OPENED
from host.model.instruments import CardStatus
from host.model.requests import Kind
from host.model.responses import Reason
from host.rules.decision import Outcome
from host.rules.dossier import NewLot, Posting
from host.rules.endings import is_replaced
from host.rules.state import Card, Purse, State
from host.store import arrays
from host.store.beside import canonical_beside, rows_beside
from host.store.cases import SQL as CASE_SQL
from host.store.cases import row_of
from host.store.connecting import DeadlineConnection
from host.store.counters import raised_counters
from host.store.loading import SQL
from host.store.prepared import Statement
from host.store.usage import used
from host.store.vouchers import changed_vouchers


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


FREED, KEPT = -1, +1
"""What is freed may be what is paid, and what is kept what has just come: in this order no purse is
ever short on the way."""
NO_FINGERPRINT: Final = b""
ACTIVATES: Final = frozenset({Kind.CARD_ACTIVATION, Kind.CARD_BOUND_ACTIVATION})

SHARD, SMALL, INTEGER, NUMBER = (
    arrays.smallints, arrays.smallints, arrays.integers, arrays.bigints,
)  # fmt: skip
NUMBER_OR_NULL, WORD, NAME, BLOB, FLAG, DATE = (
    arrays.bigints_or_null, arrays.words, arrays.names, arrays.blobs, arrays.flags, arrays.dates,
)  # fmt: skip
DATE_OR_NULL: Final = arrays.dates_or_null
EXCHANGE: Final = (
    SHARD, WORD, NUMBER, SHARD, NUMBER, NAME, BLOB, NAME, FLAG, BLOB, NUMBER_OR_NULL, WORD,
)  # fmt: skip
SEAL: Final = (SHARD, NUMBER, BLOB, BLOB, INTEGER)
JOURNAL: Final = (
    SHARD, NUMBER, NUMBER, SHARD, WORD, NAME, NUMBER_OR_NULL, NUMBER, SMALL, INTEGER, WORD,
    NUMBER, NAME, NUMBER,
)  # fmt: skip
ENTRY: Final = (SHARD, NUMBER, SMALL, NUMBER, NUMBER, NUMBER, NAME)
PURSE_CHANGE: Final = (SHARD, NUMBER, NUMBER, NUMBER, DATE_OR_NULL)
PENDING_PURSE_CHANGE: Final = (*PURSE_CHANGE, NUMBER, DATE_OR_NULL)
NEW_PURSE: Final = (
    SHARD, NUMBER, NUMBER, NAME, NUMBER, NUMBER, DATE_OR_NULL, NUMBER, NUMBER, DATE_OR_NULL,
)  # fmt: skip
HELD_CHANGE: Final = (SHARD, NUMBER, NUMBER)
LOT: Final = (SHARD, NUMBER, NUMBER, NUMBER, DATE)
PENDING_LOT: Final = (*LOT, DATE)
LOT_CHANGE: Final = (SHARD, NUMBER, NUMBER, NUMBER, NUMBER)
LOT_USE: Final = (SHARD, NUMBER, NUMBER, NUMBER, NUMBER)
FACT: Final = (SHARD, NUMBER, SMALL, NUMBER, NAME, NUMBER, FLAG)
ORDER: Final = (SHARD, NUMBER, WORD, WORD)
PIN_FAILURES: Final = (SHARD, BLOB, SMALL)
STANDING: Final = (
    SHARD, NUMBER, NAME, arrays.words_or_null, arrays.dates_or_null, arrays.dates_or_null,
    NUMBER_OR_NULL, NUMBER_OR_NULL, FLAG, NAME, WORD,
)  # fmt: skip
"""Columns of the rows that the statements of `posting.sql` take, each in its statement's order."""
OPEN_CASE: Final = CASE_SQL["open_case"]


def save(
    connection: DeadlineConnection,
    outcomes: Sequence[Outcome],
    state: State,
    chain_of: dict[int, ChainEnd],
) -> dict[int, ChainEnd]:
    """Send every statement and COMMIT; return the new ends of the chains once it is known.

    Raises:
        psycopg.Error: nothing was stored, or it is not known (see `host.store.writer`).
    """
    rows = list(chain.from_iterable(map(_rows_of, outcomes)))
    links = _links(rows, state, chain_of) if rows else {}
    statements = list(_statements(rows, outcomes, state, chain_of, links))
    reach("before_commit")
    connection.prepared.ask([*statements, ("COMMIT", ())])
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


def _links(rows: list[Row], state: State, chain_of: dict[int, ChainEnd]) -> dict[int, ChainEnd]:
    """The next link of each shard that has rows in this batch."""
    texts: dict[int, list[str]] = {}
    date, first = state.business_date.isoformat(), batch_row(state.decided_at)
    for row in rows:
        lines = texts.get(row.shard)
        if lines is None:
            lines = texts[row.shard] = [first]
        _add_canonical(lines, row, date)
    return {
        shard: ChainEnd(chain_of[shard].seq + 1, seal_digest(chain_of[shard].digest, lines))
        for shard, lines in texts.items()
    }


def _add_canonical(lines: list[str], row: Row, date: str) -> None:
    number, kind, card = row.number, row.kind, row.outcome.card
    words = (row.slot, number, kind, row.fingerprint.hex(), row.reason, row.answer.hex())
    lines.append(exchange_row(words, card.id if card is not None else None))
    if row.is_tombstone:
        return
    if row.outcome.beside is not None:
        lines += canonical_beside(number, row.outcome.beside)
    posting = row.outcome.posting
    if posting is None:
        return
    undoes = posting.undoes.number if posting.undoes is not None else 0
    lines.append(journal_row(number, kind, undoes, posting.card.id, date))
    for place, leg in enumerate(posting.legs):
        lines.append(entry_row(number, place, leg.debit, leg.credit, leg.amount_minor, leg.unit))
    lines += [
        lot_row(number, lot.account, lot.points, lot.expires_on.isoformat())
        if lot.available_from is None
        else _pending_lot_row(number, lot)
        for lot in posting.new_lots
    ]
    if (order := row.outcome.item.request.order) is not None:
        lines.append(order_row(number, order.order, order.sub_order))


def _pending_lot_row(number: int, lot: NewLot) -> str:
    days = (lot.expires_on, lot.available_from)
    return lot_row(number, lot.account, lot.points, *map(str, days))


def _statements(
    rows: list[Row],
    outcomes: Sequence[Outcome],
    state: State,
    chain_of: dict[int, ChainEnd],
    links: dict[int, ChainEnd],
) -> Iterable[Statement]:
    posted = [(outcome, outcome.posting) for outcome in outcomes if outcome.posting is not None]
    cards = {outcome.card.id: outcome.card for outcome in outcomes if outcome.card is not None}
    if rows:
        yield _exchanges(rows, state, links)
        yield _seals(rows, state, chain_of, links)
    if posted:
        yield _journals(posted, state, links)
        yield from _entries(posted, state)
        yield from _lots(posted, cards.values(), state)
        yield from _advices(posted)
        yield from _orders(posted, state)
        yield from _of_own(posted)
    yield from rows_beside(outcomes)
    yield from _held(outcomes, FREED)
    yield from _purses(cards.values())
    yield from _held(outcomes, KEPT)
    yield from _facts(outcomes)
    yield from _pin_failures(cards.values(), outcomes)
    yield from _standings(cards.values(), outcomes, state)
    yield from raised_counters(state)
    yield from used(state)
    yield from _cases(outcomes, state)
    yield from _late(state)
    yield from changed_vouchers(state)


def _exchanges(rows: list[Row], state: State, links: dict[int, ChainEnd]) -> Statement:
    stored = []
    for row in rows:
        outcome, shard = row.outcome, row.shard
        card, item = outcome.card, outcome.item
        stored.append((
            item.home, row.slot, row.number, shard, links[shard].seq, row.kind, row.fingerprint,
            row.reason, row.is_tombstone, row.answer, card.id if card is not None else None,
            item.terminal.terminal_id,
        ))  # fmt: skip
    return SQL["add_exchanges"], (
        state.business_date,
        state.decided_at,
        *arrays.columns(EXCHANGE, stored),
    )


def _seals(
    rows: list[Row], state: State, chain_of: dict[int, ChainEnd], links: dict[int, ChainEnd]
) -> Statement:
    counts = Counter([row.shard for row in rows])
    stored = [
        (shard, link.seq, chain_of[shard].digest, link.digest, counts[shard])
        for shard, link in links.items()
    ]
    return SQL["add_seals"], (
        SEAL_FORM,
        state.business_date,
        state.decided_at,
        *arrays.columns(SEAL, stored),
    )


def _journals(
    posted: list[tuple[Outcome, Posting]], state: State, links: dict[int, ChainEnd]
) -> Statement:
    stored = []
    for outcome, posting in posted:
        item, card, original = outcome.item, posting.card, posting.undoes
        stored.append((
            card.shard, outcome.number, links[card.shard].seq, item.home, item.slot,
            item.request.kind, original.number if original is not None else None, card.id,
            card.issuer_id, posting.merchant, item.terminal.terminal_id, posting.amount_minor,
            posting.unit, outcome.previous,
        ))  # fmt: skip
    return SQL["add_journals"], (state.business_date, *arrays.columns(JOURNAL, stored))


def _entries(posted: list[tuple[Outcome, Posting]], state: State) -> Iterable[Statement]:
    """None of what only holds or releases something."""
    stored = [
        (posting.card.shard, outcome.number, place, leg.debit, leg.credit, leg.amount_minor,
         leg.unit)
        for outcome, posting in posted
        for place, leg in enumerate(posting.legs)
    ]  # fmt: skip
    if stored:
        yield SQL["add_entries"], (state.business_date, *arrays.columns(ENTRY, stored))


def _purses(cards: Iterable[Card]) -> Iterable[Statement]:
    """What changed in them: what they hold, or only until when."""
    changed, new, pending = [], [], []
    for card in cards:
        for purse in card.purses:
            if purse.is_new:
                new.append((
                    card.shard, card.id, purse.account, purse.unit, purse.change, purse.floor,
                    purse.expires_from, purse.last_journal, purse.pending, purse.pending_from,
                ))  # fmt: skip
            elif purse.pending_from is not None or purse.was_pending_from is not None:
                pending.append((card.shard, purse))
            elif purse.is_moved or purse.expires_from != purse.kept_from:
                changed.append((
                    card.shard, purse.account, purse.change, purse.last_journal,
                    purse.expires_from,
                ))  # fmt: skip
    if new:
        yield SQL["add_purses"], arrays.columns(NEW_PURSE, new)
    if changed:
        yield SQL["change_purses"], arrays.columns(PURSE_CHANGE, changed)
    yield from _pending_purses(pending)


def _pending_purses(purses: Sequence[tuple[int, Purse]]) -> Iterable[Statement]:
    """The same of those in which something is, or was, not to be spent yet."""
    changed = [
        (
            shard, purse.account, purse.change, purse.last_journal, purse.expires_from,
            purse.pending - purse.was_pending, purse.pending_from,
        )
        for shard, purse in purses
        if purse.is_moved or purse.days != purse.days_kept
    ]  # fmt: skip
    if changed:
        yield SQL["change_pending_purses"], arrays.columns(PENDING_PURSE_CHANGE, changed)


def _held(outcomes: Sequence[Outcome], direction: int) -> Iterable[Statement]:
    """How much more, or less, is held of purses. What keeps or frees something says so beside."""
    changed = {
        purse.account: (outcome.card.shard, purse.account, purse.held_change)
        for outcome in outcomes
        if outcome.beside is not None and outcome.card is not None
        for purse in outcome.card.purses
        if purse.held_change * direction > 0
    }
    if changed:
        yield SQL["change_held"], arrays.columns(HELD_CHANGE, list(changed.values()))


def _lots(
    posted: list[tuple[Outcome, Posting]], cards: Iterable[Card], state: State
) -> Iterable[Statement]:
    new = [
        (posting.card.shard, lot.account, outcome.number, lot.points, lot.expires_on)
        for outcome, posting in posted
        for lot in posting.new_lots
        if lot.available_from is None
    ]
    if new:
        yield SQL["add_lots"], (state.business_date, *arrays.columns(LOT, new))
    pending = [
        (
            posting.card.shard, lot.account, outcome.number, lot.points, lot.expires_on,
            lot.available_from,
        )
        for outcome, posting in posted
        for lot in posting.new_lots
        if lot.available_from is not None
    ]  # fmt: skip
    if pending:
        yield SQL["add_pending_lots"], (state.business_date, *arrays.columns(PENDING_LOT, pending))
    changed = [
        (card.shard, lot.account, lot.id, lot.change, lot.written)
        for card in cards
        for purse in card.purses
        for lot in purse.lots
        if lot.change or lot.written
    ]
    if changed:
        yield SQL["change_lots"], arrays.columns(LOT_CHANGE, changed)
    uses = [
        (posting.card.shard, outcome.number, use.account, use.lot, use.points)
        for outcome, posting in posted
        for use in posting.lot_uses
    ]
    if uses:
        yield SQL["add_lot_uses"], arrays.columns(LOT_USE, uses)


def _facts(outcomes: Sequence[Outcome]) -> Iterable[Statement]:
    """What became of originals, each with its fact as the state has it."""
    stored = []
    for outcome in outcomes:
        posting = outcome.posting
        original = posting.undoes if posting is not None else outcome.moot
        if original is None:
            continue
        attempt = original.attempt_of(outcome.number)
        fact = original.facts[attempt]
        stored.append((
            original.shard, original.number, attempt, outcome.number, fact.kind,
            fact.amount_minor, fact.is_moot,
        ))  # fmt: skip
    if stored:
        yield SQL["add_facts"], arrays.columns(FACT, stored)


def _advices(posted: list[tuple[Outcome, Posting]]) -> Iterable[Statement]:
    """An issuer's words may hold anything, so these go in as lists."""
    told = [
        (posting.card.shard, outcome.number, decision)
        for outcome, posting in posted
        if (decision := outcome.item.request.decision) is not None
    ]
    if told:
        yield (
            SQL["add_advices"],
            (
                [shard for shard, _, _ in told],
                [number for _, number, _ in told],
                [decision.rrn for _, _, decision in told],
                [decision.auth_code for _, _, decision in told],
                [decision.card for _, _, decision in told],
            ),
        )


def _orders(posted: list[tuple[Outcome, Posting]], state: State) -> Iterable[Statement]:
    """Which orders were paid or given back, of those that say so."""
    told = [
        (posting.card.shard, outcome.number, order.order, order.sub_order)
        for outcome, posting in posted
        if (order := outcome.item.request.order) is not None
    ]
    if told:
        yield SQL["add_orders"], (state.decided_at, *arrays.columns(ORDER, told))


def _of_own(posted: list[tuple[Outcome, Posting]]) -> Iterable[Statement]:
    """What belongs to a posting that no terminal asked. Few and far between: a statement each."""
    for outcome, posting in posted:
        own = outcome.item.own
        if own is None:
            continue
        if (told := own.adjustment) is not None:
            adjusted = (posting.card.shard, outcome.number, told.why.value, told.about_rrn)
            yield SQL["add_adjustment"], adjusted
        if (to := posting.transit) is not None:
            whither = (to.to_shard, to.to_card, to.expires_on, to.is_debt, to.available_from)
            yield SQL["add_transit"], (posting.card.shard, outcome.number, *whither)


def _late(state: State) -> Iterable[Statement]:
    """Cards that had ended, and have something again: it moves on."""
    for card in state.late.values():
        told = {
            "shard": card.shard,
            "card": card.id,
            "issuer": card.issuer_id,
            "now": state.decided_at,
        }
        yield SQL["move_again"] if is_replaced(card) else SQL["write_back"], told


def _standings(
    cards: Iterable[Card], outcomes: Sequence[Outcome], state: State
) -> Iterable[Statement]:
    """Cards that were activated, or have ended. One statement notes each row once."""
    changed = [card for card in cards if card.is_changed]
    if not changed:
        return
    activated = _activated(outcomes)
    stored = [
        (
            card.shard, card.id, card.status, card.sale or None, card.valid_from, card.valid_to,
            card.member or None, activated.get(card.id), card.keeps_code, *card.was,
        )
        for card in changed
    ]  # fmt: skip
    at = state.decided_at
    yield SQL["change_cards"], (at, at, *arrays.columns(STANDING, stored))


def _activated(outcomes: Sequence[Outcome]) -> dict[int, int]:
    """By which exchanges cards were activated that were not before.

    One that a till sold and that is bound later stays activated by its sale.
    """
    return {
        outcome.card.id: outcome.number
        for outcome in reversed(outcomes)
        if outcome.card is not None
        and outcome.item.request.kind in ACTIVATES
        and outcome.response.reason is Reason.APPROVED
        and outcome.card.was[0] == CardStatus.INACTIVE
    }


def _pin_failures(cards: Iterable[Card], outcomes: Sequence[Outcome]) -> Iterable[Statement]:
    changed = [card for card in cards if card.pin_failures_changed]
    if not changed:
        return
    hashes = {
        outcome.card.id: outcome.item.pan_hash
        for outcome in outcomes
        if outcome.card is not None and outcome.item.pan_hash is not None
    }
    stored = [(card.shard, hashes[card.id], card.pin_failures) for card in changed]
    yield SQL["count_pin_failures"], arrays.columns(PIN_FAILURES, stored)


def _cases(outcomes: Sequence[Outcome], state: State) -> Iterable[Statement]:
    """Few and far between, so one statement each."""
    for outcome in outcomes:
        for case in outcome.opened:
            yield OPEN_CASE, row_of(case, state.decided_at)
