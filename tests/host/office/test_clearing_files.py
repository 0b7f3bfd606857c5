"""Files of a night are seen by who gets them and by the house, with when they were handed out."""

import hashlib
from pathlib import Path
from typing import Any

import psycopg
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearing.handout import MANIFEST, RELEASED, hand_out
from host.model.office import Done
from tests.host.conftest import MERCHANT_OF, CardPool, Till
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_clearing import DAY, clear, release

VIEW = "clearing_files"


def files(office: Bureau, who: Person, **filters: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in office.rows(who, VIEW, **filters)}


async def test_each_sees_its_own_files_and_when_they_were_handed_out(
    till: Till, pool: CardPool, office: Bureau, tmp_path: Path
) -> None:
    """S3-28, S4-31: by the digest one finds the file that one has."""
    runner, other = office.person("finance"), office.person("finance")
    shop = MERCHANT_OF[till.terminal_id]
    owner = office.person("merchant_owner", "merchant", shop)
    stranger = office.person("merchant_owner", "merchant", min({*MERCHANT_OF.values()} - {shop}))
    issuer = office.person("issuer_manager")
    await till.buy(pool.city(), 12_300)
    assert files(office, other) == {}
    await trio.to_thread.run_sync(clear, till, tmp_path, runner.login)

    told = files(office, other)
    on_disk = {path.name: path.read_bytes() for path in (tmp_path / f"{DAY:%Y%m%d}").iterdir()}
    assert {name: row["sha256"] for name, row in told.items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in on_disk.items()
    }
    assert all(row["handed_out_at"] is None for row in told.values())
    [own] = files(office, owner).values()
    assert (own["party"], own["side"], own["lines"]) == (shop, "merchant", 1)
    [theirs] = files(office, stranger).values()
    assert theirs["party"] != shop
    [of_issuer] = files(office, issuer).values()
    assert of_issuer["side"] == "issuer"
    assert own | {"last_error": None} == files(office, other, party=shop)[own["name"]]
    assert files(office, stranger, party=shop) == {}
    assert files(office, other, date="2020-01-01") == {}

    def out() -> None:
        with psycopg.connect(till.dsns.night, autocommit=True) as night:
            hand_out(night, tmp_path, Ed25519PrivateKey.generate())

    assert isinstance(release(office, other), Done)
    await trio.to_thread.run_sync(out)
    told = files(office, other)
    assert all(row["handed_out_at"] is not None for row in told.values())
    out_there = {path.name for path in (tmp_path / RELEASED / f"{DAY:%Y%m%d}").iterdir()}
    assert out_there >= {*told, MANIFEST}
