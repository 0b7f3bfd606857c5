"""The LMK beside the database: a lost one is not made anew, and no other is put to use."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.errors import SurroundingsError
from config.places import Places, places_of
from config.run.database import dsn_of, opened_database
from config.run.hsm import SQL, open_hsm
from config.settings import DatabaseSettings
from host.hsm.interface import Hsm
from host.hsm.purposes import KeyName
from host.hsm.vault import create_lmk
from host.model.secrets import Pan, Secret
from host.settings import HsmSettings

EMBEDDED = DatabaseSettings()
NO_DEVICE = HsmSettings()


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """A house with nothing in it, its database up."""
    places = places_of(tmp_path / "data")
    with opened_database(EMBEDDED, places, say=lambda _text: None):
        yield places


def dsn(places: Places, login: str = "owner") -> str:
    return dsn_of(login, EMBEDDED, places.cluster)


def put(places: Places, statement: str, *values: object) -> None:
    """A row, whatever it belongs to."""
    with psycopg.connect(dsn(places)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement, values)


def block_of(hsm: Hsm, owner: str) -> str:
    return hsm.wrap(Secret(bytes(range(16))), KeyName(purpose="zpk", owner=owner, generation=0))


def put_zone(places: Places, hsm: Hsm, owner: str) -> None:
    put(places, "INSERT INTO zone_key (name, block, check_value) VALUES (%s, %s, 'A')",
        owner, block_of(hsm, owner))  # fmt: skip


def put_component(places: Places, hsm: Hsm) -> None:
    put(places, "INSERT INTO key_component VALUES ('zpk/far', 1, 2, %s, 'A', 'alice', now())",
        block_of(hsm, "far"))  # fmt: skip


def put_person(places: Places, hsm: Hsm) -> None:
    sealed = hsm.seal_secret(Secret(b"seed"), "totp/alice")
    put(places, "INSERT INTO person (login, name, totp_sealed, created_at)"
        " VALUES ('alice', 'Alice', %s, now())",
        sealed)  # fmt: skip


@pytest.mark.parametrize("login", ["owner", "host"])
@pytest.mark.parametrize("what", ["zone", "component", "person"])
def test_a_lost_lmk_is_not_replaced_whatever_is_sealed_under_it(
    places: Places, login: str, what: str
) -> None:
    hsm = open_hsm(NO_DEVICE, places, dsn(places))
    puts = {
        "zone": lambda: put_zone(places, hsm, "far"),
        "component": lambda: put_component(places, hsm),
        "person": lambda: put_person(places, hsm),
    }
    puts[what]()
    places.lmk.unlink()
    with pytest.raises(SurroundingsError, match=r"is missing.*Next: put the file back"):
        open_hsm(NO_DEVICE, places, dsn(places, login))
    assert not places.lmk.exists()


@pytest.mark.parametrize("login", ["owner", "host"])
def test_an_empty_house_gets_its_lmk_from_whoever_is_first(places: Places, login: str) -> None:
    assert open_hsm(NO_DEVICE, places, dsn(places, login)).check_value


@pytest.mark.parametrize("login", ["owner", "host"])
def test_another_lmk_is_refused_and_the_right_one_is_taken_again(
    places: Places, login: str
) -> None:
    hsm = open_hsm(NO_DEVICE, places, dsn(places))
    for owner in ("far", "near"):
        put_zone(places, hsm, owner)
    aside = places.lmk.rename(places.lmk.with_name("aside"))
    create_lmk(places.lmk)
    with pytest.raises(SurroundingsError, match=r"opens nothing of what is stored.*Next: put that"):
        open_hsm(NO_DEVICE, places, dsn(places, login))
    aside.replace(places.lmk)
    assert open_hsm(NO_DEVICE, places, dsn(places, login)).check_value == hsm.check_value


def test_one_altered_key_is_not_another_lmk(places: Places) -> None:
    hsm = open_hsm(NO_DEVICE, places, dsn(places))
    for owner in ("far", "near"):
        put_zone(places, hsm, owner)
    put(places, "UPDATE zone_key SET block = left(block, -8) WHERE name = 'far'")
    assert open_hsm(NO_DEVICE, places, dsn(places)).check_value == hsm.check_value
    put(places, "UPDATE zone_key SET block = left(block, -8) WHERE name = 'near'")
    with pytest.raises(SurroundingsError, match="opens nothing"):
        open_hsm(NO_DEVICE, places, dsn(places))


def test_what_is_sealed_is_found_by_its_name(places: Places) -> None:
    """A new table of sealed values is looked at because its column is called so."""
    with psycopg.connect(dsn(places)) as connection:
        found = {
            f"{table}.{column}" for table, column, *_ in connection.execute(SQL["sealed_columns"])
        }
    keys = {"terminal_key.block", "transport_key.block", "zone_key.block", "key_component.block"}
    assert keys | {"card.pan_sealed", "person.totp_sealed", "webhook.secret_sealed"} <= found
    assert all(name.endswith(("sealed", ".block")) for name in found)


def test_a_card_number_is_a_witness_where_there_is_no_key(places: Places) -> None:
    hsm = open_hsm(NO_DEVICE, places, dsn(places))
    with psycopg.connect(dsn(places)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO card (shard, pan_hash, id, issuer_id, status, expiry, pan_masked,"
            " pan_sealed) VALUES (0, %s, 1, 1, 'active', '3012', '9988', %s)",
            (bytes(16), hsm.seal_pan(Pan("9988000000000015"))),
        )
    assert open_hsm(NO_DEVICE, places, dsn(places)).check_value == hsm.check_value
    places.lmk.unlink()
    create_lmk(places.lmk)
    with pytest.raises(SurroundingsError, match="opens nothing"):
        open_hsm(NO_DEVICE, places, dsn(places))
