"""The gate: what changes of the estate holds from the very next message."""

from typing import Any

import psycopg
import pytest
import trio

from host.hsm.vault import Vault
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.poster import ESTATE_SECONDS
from host.store import following
from host.store.book import read_book
from host.store.estate_versions import Followed, note_estate_change
from host.store.noting import noted
from tests.host.batched import put_batch, set_state, tell
from tests.host.conftest import FIRST, LMK, CardPool, Till

SUSPEND = "-- notes: card_batch\nUPDATE card_batch AS t SET state = 'suspended' WHERE t.id = 1"


@pytest.fixture
def card(pool: CardPool) -> int:
    return pool.city()


def suspend(connection: psycopg.Connection[Any]) -> None:

    connection.execute(noted(SUSPEND))
    note_estate_change(connection, Followed.CARD_BATCH, 1)


async def test_a_batch_that_is_suspended_refuses_the_very_next_message(
    till: Till, card: int
) -> None:
    """S1-13."""
    put_batch(till, 1, [card])
    assert (await till.buy(card, 100)).is_approved
    with psycopg.connect(till.dsns.owner) as other:
        suspend(other)
        assert (await till.buy(card, 100)).is_approved, "it is not committed yet"
        other.commit()
        assert (await till.buy(card, 100)).reason is Reason.CARD_BATCH_SUSPENDED
    set_state(till, 1, "opened")
    assert (await till.buy(card, 100)).is_approved


async def test_no_sale_that_is_asked_after_it_was_suspended_is_approved_under_trade(
    till: Till, pool: CardPool
) -> None:
    """S1-13."""
    cards = [pool.city() for _ in range(8)]
    put_batch(till, 1, cards)
    is_suspended, warm = False, trio.Event()
    early: list[Response] = []
    late: list[Response] = []

    async def trade(card: int) -> None:
        while len(late) < 40:
            (late if is_suspended else early).append(await till.buy(card, 1))
            if len(early) > 40:
                warm.set()

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for card in cards:
                nursery.start_soon(trade, card)
            await warm.wait()
            await trio.to_thread.run_sync(_suspend_and_commit, till)
            is_suspended = True
    assert {answer.reason for answer in early} >= {Reason.APPROVED}
    assert {answer.reason for answer in late} == {Reason.CARD_BATCH_SUSPENDED}


def _suspend_and_commit(till: Till) -> None:
    with psycopg.connect(till.dsns.owner) as other:
        suspend(other)


async def test_nothing_is_read_again_but_what_changed(
    till: Till, card: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1-13: a suspended batch costs one row, however many terminals there are."""
    put_batch(till, 1, [card])
    await till.buy(card, 100)
    read: list[tuple[Followed, list[str]]] = []

    def watched(what: Followed, reread: following.Reread) -> following.Reread:
        def again(self: Any, connection: Any, keys: Any) -> None:
            read.append((what, list(keys)))
            reread(self, connection, keys)

        return again

    rereads = {what: watched(what, reread) for what, reread in following.REREADS.items()}
    monkeypatch.setattr(following, "REREADS", rereads)
    await till.buy(card, 100)
    assert read == []
    set_state(till, 1, "suspended")
    await till.buy(card, 100)
    await till.buy(card, 100)
    assert read == [(Followed.CARD_BATCH, ["1"])]


async def test_a_batch_is_opened_part_by_part(till: Till, pool: CardPool) -> None:
    """S1-12, S1-17: a part that is added later is opened by itself; the others go on meanwhile."""
    opened, added = pool.city(), pool.city()
    put_batch(till, 1, [opened])
    till.sql(
        "INSERT INTO card_batch_part (id, batch_id, number, cards, made, state, added_by, added_at)"
        " VALUES (2, 1, 2, 1, 1, 'generated', 'bai', now())"
    )
    till.sql("UPDATE card SET part_id = 2 WHERE id = %s", added)
    tell(till, "card_batch_part", 2)
    assert (await till.buy(added, 100)).reason is Reason.CARD_BATCH_NOT_OPENED
    assert (await till.buy(opened, 100)).is_approved
    till.sql(
        "UPDATE card_batch_part SET state = 'opened', opened_by = 'bo', opened_at = now()"
        " WHERE id = 2"
    )
    tell(till, "card_batch_part", 2)
    assert (await till.buy(added, 100)).is_approved


async def test_cards_of_a_part_that_nobody_told_of_are_not_known_yet(till: Till, card: int) -> None:
    till.sql("UPDATE card SET part_id = 99, sale = 'unsold' WHERE id = %s", card)
    assert (await till.buy(card, 100)).reason is Reason.CARD_NOT_FOUND
    till.sql("UPDATE card SET part_id = NULL, sale = NULL WHERE id = %s", card)


@pytest.mark.parametrize(
    ("relation", "key", "statement", "reason"),
    [
        ("merchant", "1", "UPDATE merchant SET is_active = false WHERE id = 1",
         Reason.INVALID_MERCHANT),
        ("terminal", FIRST,
         f"UPDATE terminal SET is_active = false WHERE terminal_id = '{FIRST}'",
         Reason.INVALID_TERMINAL),
        ("issuer", "1", "UPDATE issuer SET is_active = false WHERE id = 1",
         Reason.ISSUER_UNKNOWN),
    ],
)  # fmt: skip
async def test_whoever_is_closed_is_refused_from_the_next_message_but_for_reversals(
    till: Till, card: int, relation: str, key: str, statement: str, reason: Reason
) -> None:
    sale, _ = await till.sell(Kind.PURCHASE, card, 100)
    till.sql(statement)
    tell(till, relation, key)
    assert (await till.buy(card, 100)).reason is reason
    assert (await till.ask(till.reversal(sale))).is_approved


async def test_who_is_opened_again_is_heard_soon_though_nobody_trades(
    till: Till, card: int
) -> None:
    till.sql("UPDATE merchant SET is_active = false WHERE id = 1")
    tell(till, "merchant", 1)
    await till.buy(card, 100)
    till.sql("UPDATE merchant SET is_active = true WHERE id = 1")
    tell(till, "merchant", 1)
    assert (await till.buy(card, 100)).reason is Reason.INVALID_MERCHANT
    await trio.sleep(3 * ESTATE_SECONDS)
    assert (await till.buy(card, 100)).is_approved


async def test_a_reload_beside_it_takes_nothing_back(till: Till, card: int) -> None:
    put_batch(till, 1, [card])
    fresh = till.poster._desk.read_estate()
    set_state(till, 1, "suspended")
    assert (await till.buy(card, 100)).reason is Reason.CARD_BATCH_SUSPENDED
    book = till.poster._book
    assert not book.take_over(fresh), "it is older than what the host has read meanwhile"
    assert till.poster._desk.follow(fresh)
    assert book.take_over(fresh)
    assert (await till.buy(card, 100)).reason is Reason.CARD_BATCH_SUSPENDED


async def test_a_member_who_is_frozen_has_no_card_to_use_from_the_very_next_message(
    till: Till, pool: CardPool
) -> None:
    """S3-18: their cards are spent and loaded again once they are let go."""
    mine, anothers = pool.city(), pool.city()
    put_batch(till, 1, [mine])
    for card, member in ((mine, 11), (anothers, 12)):
        till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, card)
        till.sql(
            "INSERT INTO member (id, phone_hash, phone_sealed, phone_masked, made_by, made_at)"
            " VALUES (%s, %s, 'x', 'x', 'li', now())",
            member, str(member).encode(),
        )  # fmt: skip
    assert (await till.buy(mine, 100)).is_approved
    for member in (11, 12):
        till.sql("UPDATE member SET state = 'frozen' WHERE id = %s", member)
        tell(till, "member", member)
    for card in (mine, anothers):
        for kind in (Kind.PURCHASE, Kind.CASH_LOAD):
            answer = await till.ask(till.request(kind, card, 100))
            assert answer.reason is Reason.MEMBER_FROZEN, kind
    till.sql("UPDATE member SET state = 'active' WHERE id = 11")
    tell(till, "member", 11)
    assert (await till.buy(mine, 100)).is_approved
    assert (await till.buy(anothers, 100)).reason is Reason.MEMBER_FROZEN
    with psycopg.connect(till.dsns.owner) as owner:
        assert read_book(owner, Vault(LMK)).stopped_members == {12}, "also when it starts"
