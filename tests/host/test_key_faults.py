"""A stored key that was altered is its terminal's trouble: the host serves all others."""

from collections.abc import Iterator

import prometheus_client
import psycopg
import pytest
from structlog.testing import capture_logs

from config.run.database import Dsns
from host.estate.demo import PHONES
from host.hsm.vault import Vault, VaultError
from host.key_faults import KeyFault, cure_of
from host.model.requests import Kind
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from host.store.book import read_book
from host.store.keys import Connection, key_faults, list_keys
from tests.host.conftest import FIRST, LMK, trading
from tests.host.desk.test_desk import ask_keys, sign_on
from tests.host.owner import owners_hand

HSM = Vault(LMK)
SECOND = "80010002"
MESSY = {
    "a character": "overlay(block placing 'Z' from 90)",
    "a digit": "overlay(block placing CASE substr(block, 90, 1) WHEN '0' THEN '1' ELSE '0' END"
    " from 90)",
    "the end": "left(block, -8)",
    "everything": "''",
    "the header": "overlay(block placing 'D9' from 6)",
}


@pytest.fixture
def owner(estate_database: Dsns) -> Iterator[Connection]:
    with owners_hand(estate_database) as connection:
        yield connection


def spoil(owner: Connection, how: str, usage: str, terminal_id: str = FIRST) -> None:
    where = f"terminal_id = '{terminal_id}' AND usage = '{usage}'"
    changed = owner.execute(f"UPDATE terminal_key SET block = {how} WHERE {where}")
    assert changed.rowcount == 1


@pytest.mark.parametrize("what", MESSY)
@pytest.mark.parametrize("usage", ["pik", "mak"])
async def test_a_host_starts_with_an_altered_key_and_names_it(
    estate_database: Dsns, owner: Connection, what: str, usage: str
) -> None:
    spoil(owner, MESSY[what], usage)
    with capture_logs() as lines:
        async with trading(estate_database) as till:
            profile = await till.poster.find_terminal(FIRST)
            assert profile is not None
            assert profile.mac_keys == ()
            assert (await till.poster.find_terminal(SECOND)).mac_keys
            sale = till.request(Kind.CASH_LOAD, 2, 100, terminal_id=SECOND)
            assert (await till.ask(sale)).is_approved
    [line] = [one for one in lines if one["log_level"] == "error"]
    assert (line["tid"], line["key"], line["generation"]) == (FIRST, usage, 1)
    counted = prometheus_client.REGISTRY.get_sample_value("posswitch_host_keys_unusable")
    assert counted == 1


async def test_a_sign_on_heals_a_terminal_whose_working_keys_were_altered(
    estate_database: Dsns, owner: Connection
) -> None:
    spoil(owner, MESSY["a digit"], "mak")
    async with trading(estate_database) as till:
        await sign_on(till, FIRST)
        profile = await till.poster.find_terminal(FIRST)
        assert profile is not None
        assert [key.generation for key in profile.mac_keys] == [2]
    assert key_faults(owner, HSM) == []


def test_a_missing_key_of_a_set_is_the_same_trouble(owner: Connection) -> None:
    owner.execute("DELETE FROM terminal_key WHERE usage = 'mak' AND terminal_id = %s", [FIRST])
    book = read_book(owner, HSM)
    assert [str(fault) for fault in book.key_faults] == [f"mak 1 of {FIRST}: it is missing"]
    assert book.terminals[FIRST].key_sets == ()


async def test_an_altered_initial_key_leaves_its_device_without_keys(
    estate_database: Dsns, owner: Connection
) -> None:
    spoil(owner, MESSY["a digit"], "ik", PHONES[0])
    async with trading(estate_database) as till:
        for terminal_id, count in ((PHONES[0], 0), (PHONES[1], 1)):
            profile = await till.poster.find_terminal(terminal_id)
            assert profile is not None
            assert len(profile.mac_keys) == count


async def test_an_altered_master_key_is_told_as_key_trouble(
    estate_database: Dsns, owner: Connection
) -> None:
    spoil(owner, MESSY["a digit"], "tmk")
    async with trading(estate_database) as till:
        assert (await till.ask(ask_keys(till, FIRST))).reason is Reason.KEYS_MISSING
        await sign_on(till, SECOND)


def test_under_another_lmk_nothing_is_served(owner: Connection) -> None:
    with pytest.raises(VaultError, match="no stored key can be used"):
        read_book(owner, Vault(Secret(bytes(32))))


@pytest.mark.parametrize("usage", ["tmk", "pik", "mak"])
@pytest.mark.parametrize("what", MESSY)
def test_the_audit_and_the_list_name_an_altered_key(
    estate_database: Dsns, owner: Connection, what: str, usage: str
) -> None:
    with psycopg.connect(estate_database.audit, autocommit=True) as auditor:
        assert key_faults(auditor, HSM) == []
        spoil(owner, MESSY[what], usage)
        [found] = key_faults(auditor, HSM)
    assert (found.owner, found.purpose, found.why != "") == (FIRST, usage, True)
    listed = [one for one in list_keys(owner, FIRST, HSM) if one.fault]
    assert [(one.purpose, one.fault) for one in listed] == [(usage, found.why)]
    assert {one.fault for one in list_keys(owner, FIRST)} == {""}, "nobody tried"


def test_a_key_in_anothers_row_and_a_check_value_of_another_are_named(owner: Connection) -> None:
    owner.execute(
        "UPDATE terminal_key AS k SET block = o.block FROM terminal_key AS o"
        " WHERE (k.terminal_id, o.terminal_id) = (%s, %s) AND (k.usage, o.usage) = ('pik', 'pik')",
        [FIRST, SECOND],
    )
    owner.execute("UPDATE zone_key SET check_value = '00000000'")
    first, zone = key_faults(owner, HSM)
    assert "another's place" in first.why
    assert zone == KeyFault(
        owner="external", purpose="zpk", generation=0, why="its check value is another key's"
    )


@pytest.mark.parametrize("algorithm", ["aes-dukpt", "tdes-dukpt"])
def test_a_terminal_moved_to_dukpt_is_told_of_its_initial_key_and_of_no_sign_on(
    owner: Connection, algorithm: str
) -> None:
    owner.execute(
        "UPDATE terminal SET mac_algorithm = %s WHERE terminal_id = %s", [algorithm, FIRST]
    )
    faults = {(one.purpose, one.why) for one in key_faults(owner, HSM)}
    assert faults == {
        (
            purpose,
            f"no {purpose} serves a terminal that seals by {algorithm}; it has no initial key",
        )
        for purpose in ("pik", "mak")
    }
    assert {(one.purpose, one.why) for one in read_book(owner, HSM).key_faults} == faults
    for one in list_keys(owner, FIRST, HSM):
        if one.fault:
            told = cure_of(one.purpose, one.owner, one.mac_algorithm)
            assert told == f"posswitch keys import {FIRST} --key-id ID enters it anew"


def test_working_keys_left_behind_by_a_device_are_no_fault(owner: Connection) -> None:
    owner.execute(
        "UPDATE terminal_key SET terminal_id = %s"
        " WHERE terminal_id = %s AND usage IN ('pik', 'mak')",
        [PHONES[0], FIRST],
    )
    assert key_faults(owner, HSM) == []
    assert read_book(owner, HSM).terminals[PHONES[0]].device is not None


def test_an_initial_key_of_the_other_kind_is_named_with_both_algorithms(owner: Connection) -> None:
    owner.execute(
        "UPDATE terminal SET mac_algorithm = 'tdes-dukpt' WHERE terminal_id = %s", [PHONES[0]]
    )
    [fault] = key_faults(owner, HSM)
    assert (fault.owner, fault.purpose) == (PHONES[0], "ik")
    assert "algorithm A and not T, for the terminal seals by tdes-dukpt" in fault.why
    assert read_book(owner, HSM).key_faults == (fault,)


@pytest.mark.parametrize("purpose", ["tmk", "ik", "zpk", "transport", "pik", "mak", "tdk"])
def test_every_kind_of_key_has_its_cure(purpose: str) -> None:
    entered = purpose in {"tmk", "ik", "zpk", "transport"}
    for algorithm in ("", *MacAlgorithm):
        told = cure_of(purpose, "80010001", algorithm)
        is_dukpt = algorithm in {"aes-dukpt", "tdes-dukpt"}
        assert ("posswitch keys" in told) == (entered or is_dukpt)
        assert ("signs on" in told) == (not entered and not is_dukpt)
