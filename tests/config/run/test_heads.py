"""Signed heads: a tail that is cut off shows, in whatever way it is cut off."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.heads import broken_heads
from clearing.verify import audit
from config.errors import SurroundingsError
from config.places import Places, places_of
from config.run.database import Dsns
from config.run.heads import open_key, read_heads, read_public_keys, sign_now
from tests.host.conftest import put_demo_estate

Connection = psycopg.Connection[Any]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    told = Places(data=tmp_path)
    told.make()
    return told


@pytest.fixture
def owner(database: Dsns, places: Places) -> Iterator[Connection]:
    """The owner's connection to a loaded estate of which one head is signed."""
    put_demo_estate(database)
    sign_now(database.host, places, open_key(places))
    with psycopg.connect(database.owner, autocommit=True) as connection:
        yield connection


def found(owner: Connection, places: Places) -> list[str]:
    with owner.transaction(force_rollback=True):
        keys = read_public_keys(places)
        return list(broken_heads(owner, keys, read_heads(places.heads)))


def test_what_stood_at_a_head_still_stands_after_more_of_them(
    database: Dsns, owner: Connection, places: Places
) -> None:
    assert sign_now(database.night, places, open_key(places)).number == 2
    assert [head.number for head in read_heads(places.heads)] == [1, 2]
    assert found(owner, places) == []
    assert audit(owner) == []


CUT = (
    "DELETE FROM exchange WHERE shard = 0; DELETE FROM entry WHERE shard = 0;"
    " DELETE FROM journal WHERE shard = 0; DELETE FROM lot WHERE shard = 0;"
    " DELETE FROM seal WHERE shard = 0;"
    " UPDATE purse SET posted_minor = 0, expires_from = NULL, last_journal = 0 WHERE shard = 0"
)


def test_a_sealed_batch_cut_off_with_its_balances_mended_is_named(
    owner: Connection, places: Places
) -> None:
    owner.execute(CUT)
    assert audit(owner) == [], "nothing but the head tells of it"
    [what] = found(owner, places)
    assert "shard 0: seal 1 is not what it was when head 1 was signed" in what


def test_a_tail_cut_off_with_its_heads_shows_in_the_file(owner: Connection, places: Places) -> None:
    owner.execute(CUT)
    owner.execute("DELETE FROM signed_head")
    assert any("head 1, of the file" in what for what in found(owner, places))


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE signed_head SET body = replace(body, 'seal 0 1', 'seal 0 2')",
        "UPDATE signed_head SET signature = decode(repeat('00', 64), 'hex')",
        "UPDATE signed_head SET number = 7",
        "INSERT INTO signed_head SELECT 2, body, signature FROM signed_head",
        "DELETE FROM signed_head",
    ],
)
def test_a_head_that_was_edited_is_named(owner: Connection, places: Places, edit: str) -> None:
    owner.execute(edit)
    assert found(owner, places)


def test_changes_cut_off_with_what_they_noted_are_named(owner: Connection, places: Places) -> None:
    owner.execute("DELETE FROM zone_key; DELETE FROM change WHERE relation = 'zone_key'")
    assert any("link" in finding.what for finding in audit(owner))
    owner.execute("DELETE FROM change_link; DELETE FROM change")
    assert any("link 1 of changes" in what for what in found(owner, places))


def test_a_lost_key_is_not_replaced(owner: Connection, places: Places) -> None:
    places.audit_key.unlink()
    with pytest.raises(SurroundingsError, match="put the file back"):
        open_key(places)
    assert places.audit_public_key.exists()
    assert found(owner, places) == []


def test_a_key_whose_public_half_cannot_be_written_is_made_anew(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    places.secrets.mkdir()
    places.audit_public_key.symlink_to(tmp_path / "none" / "there")
    with pytest.raises(SurroundingsError, match="cannot be used"):
        open_key(places)
    assert not places.audit_key.exists()
    open_key(places)
    assert len(read_public_keys(places)) == 1


def test_a_line_that_was_not_finished_is_written_again(
    database: Dsns, owner: Connection, places: Places
) -> None:
    whole = places.heads.read_bytes()
    places.heads.write_bytes(whole[:-9])
    assert list(read_heads(places.heads)) == []
    sign_now(database.host, places, open_key(places))
    assert [head.number for head in read_heads(places.heads)] == [1, 2]
    assert found(owner, places) == []


def test_the_key_is_ours_alone_and_not_in_the_database(owner: Connection, places: Places) -> None:
    assert places.audit_key.stat().st_mode & 0o077 == 0
    secret = places.audit_key.read_text().strip()
    rows = owner.execute("SELECT body || encode(signature, 'hex') FROM signed_head").fetchall()
    assert all(secret not in text for (text,) in rows)
