"""Checkpoints are shown with what they name, and what is not there as it was signed."""

import datetime as dt
from collections.abc import Iterator

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host.store.heads import sign_head
from tests.host.conftest import NOW, CardPool, Till
from tests.host.office.conftest import Bureau, opened_bureau


@pytest.fixture
def office(till: Till) -> Iterator[Bureau]:
    """On the database that the till trades with."""
    yield from opened_bureau(till.dsns)


def sign(till: Till, key: Ed25519PrivateKey, minutes: int) -> None:
    with psycopg.connect(till.dsns.owner, autocommit=True) as owner:
        sign_head(owner, key, NOW + dt.timedelta(minutes=minutes))


async def test_a_checkpoint_tells_which_seals_are_not_there_as_they_were_signed(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S2-37, S2-41: with its signature, and the digest of what is signed."""
    auditor, key = office.person("auditor"), Ed25519PrivateKey.generate()
    for minutes in (1, 2):
        await till.buy(pool.city(), 1_000)
        sign(till, key, minutes)
    newest, first = office.rows(auditor, "seals")
    assert (newest["checkpoint"], first["checkpoint"]) == (2, 1)
    assert {(one["proof"], one["broken_seals"]) for one in (newest, first)} == {("signed", "")}
    assert newest["business_date"] == "2026-11-22"
    assert newest["signed_at"] == (NOW + dt.timedelta(minutes=2)).isoformat()
    [(body,)] = office.sql("SELECT body FROM signed_head WHERE number = 2")
    key.public_key().verify(bytes.fromhex(newest["signature"]), body.encode())
    [(shard, seq)] = till.sql(
        "SELECT shard, seq FROM seal ORDER BY sealed_at DESC, seq DESC LIMIT 1"
    )
    [(digest,)] = till.sql("SELECT digest FROM seal WHERE shard = %s AND seq = %s", shard, seq)
    with psycopg.connect(till.dsns.owner, autocommit=True) as owner:
        place = (shard, seq)
        owner.execute("UPDATE seal SET digest = sha256('x') WHERE shard = %s AND seq = %s", place)
        told = office.rows(auditor, "seals", date="2026-11-22")
        owner.execute("UPDATE seal SET digest = %s WHERE shard = %s AND seq = %s", (digest, *place))
    assert told[0]["proof"] == "broken"
    assert f"{shard}/{seq}" in told[0]["broken_seals"].split()
    assert office.rows(auditor, "seals", date="2026-11-23") == []
