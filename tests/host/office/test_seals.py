"""Checkpoints are shown with what they name, and what is not there as it was signed."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.places import places_of
from config.run.apart import prover_apart
from host.store.heads import sign_head
from tests.host.conftest import NOW, CardPool, Till
from tests.host.office.conftest import Bureau


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


async def test_the_ledger_is_held_against_its_seals_and_the_first_bad_row_is_named(
    till: Till, pool: CardPool, office: Bureau, tmp_path: Path
) -> None:
    """S2-37, S2-41: by who audits, from one date to another."""
    places, key = places_of(tmp_path), Ed25519PrivateKey.generate()
    office.office = replace(office.office, proves=prover_apart(till.dsns.audit, places))
    auditor, finance = office.person("auditor"), office.person("finance")

    def verified(**dates: str) -> tuple[str, str]:
        job = office.done(auditor, "ledger.verify", **dates).told["job"]
        office.do_jobs()
        [(state, error)] = office.sql("SELECT state, error FROM job WHERE id = %s", job)
        return state, error

    await till.buy(pool.city(), 1_000)
    sign(till, key, 1)
    assert verified() == ("failed", "E-FIELD: since: no checkpoint was signed since then")
    places.audit_public_key.write_text(key.public_key().public_bytes_raw().hex())
    assert verified(since="2026-11-22", until="2026-11-22") == ("done", "")
    [(told,)] = office.sql(
        "SELECT after FROM history WHERE action = 'ledger.verify' AND outcome = 'done'"
        " AND source LIKE 'job/%%'"
    )
    assert (told["upto"], told["checkpoints"]) == (1, 1)
    assert told["rows"] > 0
    state, error = edited(till, verified)
    assert (state, error.partition(" line ")[0]) == ("failed", "E-BAD:")
    assert verified()[0] == "done", "it was put back"
    until = {"since": "2026-11-22", "until": "2026-11-21"}
    assert office.refused(finance, "ledger.verify", **until) == "E-FIELD"
    clerk = office.person("platform_ops")
    assert office.refused(clerk, "ledger.verify") == "E-NOT-YOUR-ROLE"


def edited(till: Till, verified: Any) -> tuple[str, str]:
    """What is told while an amount that was posted is another."""
    newest = "WHERE journal_id = (SELECT max(journal_id) FROM entry)"
    with psycopg.connect(till.dsns.owner, autocommit=True) as owner:
        owner.execute(f"UPDATE entry SET amount_minor = amount_minor + 1 {newest}")
        told: tuple[str, str] = verified()
        owner.execute(f"UPDATE entry SET amount_minor = amount_minor - 1 {newest}")
    return told
