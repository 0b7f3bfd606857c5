"""A member's cards are emptied onto one: all of it arrives, or comes back where it was."""

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from clearing.verify import ask as ask_audit
from config.run.database import Dsns
from host.model.own import OwnRequest
from host.model.requests import Kind, Response
from host.model.responses import Reason
from tests.host.conftest import NOW, CardPool, Till, asking_of, audit_ledger, card_at, trading
from tests.host.test_gifts import RECEIVER, SENDER, bind, money
from tests.host.test_moves import Ask, KilledError, drive, killed_at, lots, posted, states, two


def merge(till: Till, giver: int, getter: int) -> None:
    """As the office says it."""
    shards = [card_at(till, card).shard for card in (giver, getter)]
    till.sql(
        "INSERT INTO move"
        " (shard, card_id, name, to_shard, to_card, origin, made_by, asked_at, issuer_id)"
        " SELECT c.shard, c.id, 'merge', %s, %s, 'office', 'li', %s, c.issuer_id"
        " FROM card AS c WHERE c.id = %s"
        " ON CONFLICT ON CONSTRAINT move_once DO UPDATE SET state = 'open', refused = '',"
        " ended_at = NULL, wanted = move.wanted + 1, to_shard = excluded.to_shard,"
        " to_card = excluded.to_card",
        shards[1], getter, NOW, giver,
    )  # fmt: skip


def own_cards(till: Till, take: Any, *, is_same_shard: bool = False) -> tuple[int, int]:
    """Two cards of one member."""
    giver, getter = two(till, take, is_same_shard=is_same_shard)
    return bind(till, giver, SENDER), bind(till, getter, SENDER)


@pytest.mark.parametrize("is_same_shard", [True, False], ids=["one shard", "two shards"])
async def test_money_and_points_of_a_card_are_on_the_other_and_both_stay_in_use(
    till: Till, pool: CardPool, is_same_shard: bool
) -> None:
    """S3-10: points with their last day."""
    giver, getter = own_cards(till, pool.with_points, is_same_shard=is_same_shard)
    [(_, day)] = lots(till, giver)
    merge(till, giver, getter)
    await drive(till)
    assert (till.balances(giver), till.balances(getter)) == ((0, 0), (200_000, 4_000))
    assert lots(till, getter) == [(4_000, day)]
    assert states(till) == ["done"]
    assert (await till.load(giver, 500)).is_approved
    assert (await till.buy(getter, 200_000)).is_approved
    merge(till, giver, getter)
    await drive(till)
    assert money(till, giver, getter) == [0, 500]


@pytest.mark.parametrize(
    ("change", "which", "reason"),
    [
        ("member_id = 72", "getter", Reason.NOT_PERMITTED_TO_CARD),
        ("status = 'frozen'", "getter", Reason.NOT_PERMITTED_TO_CARD),
        ("status = 'frozen'", "giver", Reason.CARD_FROZEN),
        ("expiry = '2001'", "giver", Reason.EXPIRED),
    ],
)
async def test_what_may_not_be_merged_says_why_and_nothing_moves(
    till: Till, pool: CardPool, change: str, which: str, reason: Reason
) -> None:
    giver, getter = own_cards(till, pool.city)
    card = getter if which == "getter" else giver
    bind(till, pool.city(), RECEIVER)
    till.sql(f"UPDATE card SET {change} WHERE id = %s", card)
    merge(till, giver, getter)
    await drive(till)
    assert till.sql("SELECT state, refused FROM move") == [("refused", reason.value)]
    assert money(till, giver, getter) == [100_000, 100_000]


async def test_a_merge_that_would_lift_a_card_above_its_limit_moves_nothing(
    till: Till, pool: CardPool
) -> None:
    giver, getter = own_cards(till, pool.city)
    for part in (400_000, 400_001):
        assert (await till.load(getter, part)).is_approved
    merge(till, giver, getter)
    await drive(till)
    assert till.sql("SELECT state, refused FROM move") == [("refused", "amount_limit")]
    assert money(till, giver, getter) == [100_000, 900_001]


class Meanwhile:
    """Asks, and once something has left its card does something else first."""

    def __init__(self, till: Till, do: Any) -> None:
        self._till, self._do = till, do

    async def ask(self, own: OwnRequest) -> Response:
        if own.kind is Kind.MERGE_IN:
            await self._do()
        return await asking_of(self._till).ask(own)


@dataclass
class Full:
    """The card is filled at a till while money is on its way to it."""

    till: Till
    card: int

    async def __call__(self) -> None:
        for _ in range(2):
            assert (await self.till.load(self.card, 450_000)).is_approved


async def test_what_a_card_may_not_have_any_more_when_it_comes_is_back_where_it_was(
    till: Till, pool: CardPool
) -> None:
    """A till fills it in between: its limit holds to the last unit."""
    giver, getter = own_cards(till, pool.with_points)
    merge(till, giver, getter)
    await drive(till, Meanwhile(till, Full(till, getter)).ask)
    assert till.balances(giver) == (100_000, 2_000)
    assert till.balances(getter)[0] == 1_000_000
    assert till.sql("SELECT state, refused FROM move") == [("refused", "amount_limit")]
    assert till.sql("SELECT count(*)::int FROM transit WHERE is_open") == [(0,)]


async def test_a_host_killed_at_any_step_of_a_merge_goes_on_there(
    estate_database: Dsns, pool: CardPool
) -> None:
    """Money out and in, points out and in, and that nothing is left: five requests."""
    ends = [(place, is_heard) for place in range(5) for is_heard in (False, True)]
    async with trading(estate_database) as till:
        for place, is_heard in ends:
            giver, getter = own_cards(till, pool.with_points)
            merge(till, giver, getter)
            with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
                await drive(till, killed_at(till, place, is_heard=is_heard))
            audit_ledger(estate_database)
            await drive(till)
            assert (till.balances(giver), till.balances(getter)) == ((0, 0), (200_000, 4_000))
        outs = 2 * len(ends)
        assert (posted(till, Kind.MERGE_OUT), posted(till, Kind.MERGE_IN)) == (outs, outs)
    audit_ledger(estate_database)


async def test_a_host_killed_while_it_gives_back_gives_back_once(
    estate_database: Dsns, pool: CardPool
) -> None:
    """Money out, refused there, and back."""
    async with trading(estate_database) as till:
        for place, is_heard in [(at, heard) for at in (1, 2) for heard in (False, True)]:
            giver, getter = own_cards(till, pool.city)
            merge(till, giver, getter)
            with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
                await drive(
                    till, _frozen_before(till, getter, killed_at(till, place, is_heard=is_heard))
                )
            audit_ledger(estate_database)
            await drive(till)
            assert money(till, giver, getter) == [100_000, 100_000]
        assert set(states(till)) == {"refused"}
    audit_ledger(estate_database)


def _frozen_before(till: Till, card: int, ask: Ask) -> Ask:
    """The other card is frozen before anything comes."""

    async def asking(own: OwnRequest) -> Response:
        if own.kind is Kind.MERGE_IN:
            till.sql("UPDATE card SET status = 'frozen' WHERE id = %s", card)
        return await ask(own)

    return asking


async def test_the_audit_names_what_came_back_and_is_not_what_had_left(
    till: Till, pool: CardPool
) -> None:
    giver, getter = own_cards(till, pool.city)
    merge(till, giver, getter)
    await drive(till, Meanwhile(till, Full(till, getter)).ask)
    back = "kind = 'move_in'"
    with psycopg.connect(till.dsns.owner) as connection:
        for spoilt in (
            f"UPDATE journal SET card_id = {getter} WHERE {back}",
            f"UPDATE journal SET amount_minor = 1 WHERE {back}",
            f"UPDATE journal SET slot = replace(slot, '.back', '.in') WHERE {back}",
            "UPDATE journal SET kind = 'move_out' WHERE kind = 'merge_out'",
        ):
            connection.execute(spoilt)
            found = {one.test for one in ask_audit(connection)}
            assert "arrival_not_its_departure" in found, spoilt
            connection.rollback()
