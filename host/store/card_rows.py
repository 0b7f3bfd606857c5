"""Cards with their purses, as a batch is decided over them: asked for, and put into its state."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from host.book import Issuer
from host.model.instruments import NO_PART
from host.rules.state import NO_ACCOUNT, Card, Purse, State
from host.store import arrays
from host.store.prepared import Statement
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "posting.sql")
Issuers = Mapping[int, Issuer]
"""By their ids."""


def cards_asked(cards: dict[bytes, int]) -> Statement:
    """For cards by the hashes of their numbers, with the shards where they are."""
    return SQL["cards"], (arrays.smallints(cards.values()), arrays.blobs(cards))


def add_cards(
    state: State, rows: Iterable[tuple[Any, ...]], shards: Mapping[bytes, int], issuers: Issuers
) -> list[tuple[int, Purse]]:
    """A row is a card and one of its purses; gives those that may have more now, or less."""
    cards, today = state.cards, state.business_date
    stale: list[tuple[int, Purse]] = []
    for (
        pan_hash, number, issuer, status, expiry, pin_value, pin_failures,
        account, unit, posted, held, expires_from, last_journal, part, sale, valid_from,
        valid_to, member, pending, pending_from,
    ) in rows:  # fmt: skip
        card = cards.get(pan_hash)
        if card is None:
            owner = issuers[issuer]
            card = cards[pan_hash] = Card(
                number, shards[pan_hash], issuer, status, expiry, pin_value, pin_failures,
                Purse(NO_ACCOUNT, owner.currency), Purse(NO_ACCOUNT, owner.points_unit),
                part=part or NO_PART, sale=sale or "", valid_from=valid_from, valid_to=valid_to,
                member=member or 0,
            )  # fmt: skip
        if account is None:
            continue
        purse = card.purse_in(unit)
        purse.account, purse.posted, purse.held = account, posted, held
        purse.last_journal = last_journal
        card.last_journal = max(card.last_journal, last_journal)
        purse.expires_from = purse.kept_from = expires_from
        if pending_from is not None:
            purse.pending = purse.was_pending = pending or 0
            purse.pending_from = purse.was_pending_from = pending_from
            if pending_from <= today:
                stale.append((card.shard, purse))
                continue
        if expires_from is not None and expires_from < today:
            stale.append((card.shard, purse))
    return stale
