"""A new database has 64 shards, one made with fewer keeps them; a seal's key fences each."""

import psycopg
import pytest

from config.run.database import Dsns
from host.hsm.vault import Vault
from host.model.requests import Kind
from host.model.responses import Reason
from host.program import _shards_of_writers
from host.shards import shard_of as home_of_hash
from host.store.estates import SHARD_COUNT
from host.store.writer import SEAL_KEY
from tests.host.conftest import (
    CARDS,
    LMK,
    WIDE_PLAN,
    CardPool,
    audit_ledger,
    put_estate,
    trading,
)


def shard_count(dsns: Dsns) -> tuple[str, int, int]:
    with psycopg.connect(dsns.owner) as owner:
        row = owner.execute(
            "SELECT (SELECT value FROM setting WHERE name = 'shard_count'),"
            " (SELECT count(DISTINCT shard) FROM card), (SELECT max(home) FROM exchange)"
        ).fetchone()
    assert row is not None
    return row


def test_a_new_database_has_64_shards(estate_database: Dsns) -> None:
    told, used, last_home = shard_count(estate_database)
    assert (told, SHARD_COUNT) == ("64", 64)
    assert used > 32
    assert last_home < 64


async def test_a_database_that_was_made_with_4_keeps_4(database: Dsns, pool: CardPool) -> None:
    with psycopg.connect(database.owner) as owner:
        owner.execute("INSERT INTO setting (name, value) VALUES ('shard_count', '4')")
    put_estate(database, WIDE_PLAN)
    async with trading(database) as till:
        assert till.poster.shard_count == 4
        for card in (pool.city() for _ in range(12)):
            sale, _ = await till.sell(Kind.PURCHASE, card, 500)
            assert (await till.ask(till.reversal(sale))).is_approved
    told, used, last_home = shard_count(database)
    assert (told, used) == ("4", 4)
    assert last_home < 4
    audit_ledger(database)


@pytest.mark.parametrize("count", [1, 2, 4, 64])
@pytest.mark.parametrize("writers", [1, 2, 3, 5])
def test_each_shard_has_the_one_writer_that_its_requests_go_to(count: int, writers: int) -> None:
    owned = _shards_of_writers(count, writers)
    assert sorted(shard for shards in owned for shard in shards) == list(range(count))
    for place, shards in enumerate(owned):
        assert {shard % len(owned) for shard in shards} == {place}


SEALED_BY_ANOTHER = (
    "INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)"
    " SELECT DISTINCT ON (shard) shard, seq + 1, digest, '\\x01', 1, form, business_date,"
    " sealed_at FROM seal ORDER BY shard, seq DESC"
)


async def test_who_writes_a_shard_after_another_did_collides_and_looks_again(
    estate_database: Dsns, pool: CardPool
) -> None:
    """Of one request, and of many at once: what is stored stands on what the other has sealed."""
    cards = [pool.city() for _ in range(6)]
    async with trading(estate_database) as till:
        for asked in (cards[:1], cards):
            till.sql(SEALED_BY_ANOTHER)
            sales = [
                till.request(
                    Kind.PURCHASE, card, 100, pin="123456", terminal_id=f"{80_010_001 + n}"
                )
                for n, card in enumerate(asked)
            ]
            assert {one.reason for one in await till.ask_all(sales)} == {Reason.APPROVED}
        behind = till.sql(
            "SELECT count(*) FROM seal AS s JOIN seal AS forged ON forged.shard = s.shard"
            " AND forged.seq + 1 = s.seq AND s.previous = forged.digest"
            " WHERE forged.digest = '\\x01' AND s.digest <> '\\x01'"
        )
        assert behind[0][0] >= len({shard_of(one) for one in cards})
        assert till.balances(cards[0])[0] == 99_800


def shard_of(card: int) -> int:
    """Of a card of the plan, in a database with 64 shards."""
    return home_of_hash(Vault(LMK).pan_hash(CARDS[card].pan), SHARD_COUNT)


def test_the_fence_is_the_key_of_the_seals(estate_database: Dsns) -> None:
    with psycopg.connect(estate_database.owner) as owner:
        row = owner.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [SEAL_KEY]
        ).fetchone()
    assert row == ("PRIMARY KEY (shard, seq)",)
