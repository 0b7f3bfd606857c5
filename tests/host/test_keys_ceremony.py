"""How keys come in and go out: under dual control, by check values, never in clear."""

from collections.abc import Iterator

import psec
import psycopg
import pytest

from config.run.database import Dsns
from host.estate.demo import EXTERNAL_ZONE
from host.hsm.components import split
from host.hsm.dukpt import checked_key_id
from host.hsm.key_blocks import ClearBlockKeys, open_key
from host.hsm.keys import aes_cmac_check_value, check_value
from host.hsm.purposes import check_value_of
from host.hsm.vault import Vault
from host.keys import (
    Entered,
    Entry,
    KeyCeremonyError,
    Target,
    checked_target,
    enter_component,
    export_key,
    generate_tmk,
    give_up_entry,
    rotate,
)
from host.model.secrets import Secret
from host.store.book import read_book, read_tmk
from host.store.keys import (
    Connection,
    list_components,
    list_keys,
    read_key,
    waiting_rotations,
)
from tests.host.conftest import LMK, NOW, TERMINALS

TID = "80010040"
TMK = Secret.from_hex("40A1B3C2D5E5F70719293B4A5D6D7F8F")
TRANSPORT = Secret(bytes(range(32)))
HSM = Vault(LMK)
MASTER = Target(purpose="tmk", owner=TID)


@pytest.fixture
def owner(estate_database: Dsns) -> Iterator[Connection]:
    with psycopg.connect(estate_database.owner, autocommit=True) as connection:
        yield connection


def enter(
    owner: Connection,
    part: Secret,
    number: int,
    by: str,
    *,
    count: int = 2,
    target: Target = MASTER,
    check: str | None = None,
    whole: str | None = None,
) -> Entered:
    entry = Entry(
        number=number,
        count=count,
        value=part,
        check_value=check or check_value_of(part, target.algorithm),
        entered_by=by,
    )
    return enter_component(owner, HSM, target, entry, whole=whole, now=NOW)


def enter_whole(owner: Connection, key: Secret, target: Target) -> str | None:
    whole = check_value_of(key, target.algorithm)
    for number, (part, by) in enumerate(zip(split(key, 2), ("alice", "bob"), strict=True), 1):
        entered = enter(owner, part, number, by, target=target, whole=whole)
    return entered.check_value


@pytest.mark.parametrize("count", [2, 3])
def test_a_key_is_stored_when_its_last_component_is_entered(owner: Connection, count: int) -> None:
    before = read_tmk(owner, HSM, TID)
    people = ["alice", "bob", "carol"][:count]
    for number, (part, by) in enumerate(zip(split(TMK, count), people, strict=True), 1):
        is_last = number == count
        entered = enter(owner, part, number, by, count=count, whole="67BF1C06" if is_last else None)
        if not is_last:
            assert entered == Entered(missing=tuple(range(number + 1, count + 1)))
            assert read_tmk(owner, HSM, TID) == before
    assert entered == Entered(check_value="67BF1C06")
    assert read_tmk(owner, HSM, TID) == TMK
    assert list_components(owner) == []
    [stored] = [one for one in list_keys(owner, TID) if one.purpose == "tmk"]
    assert (stored.check_value, stored.entered_by) == ("67BF1C06", ", ".join(people))


def test_components_come_in_any_order(owner: Connection) -> None:
    first, second = split(TMK, 2)
    assert enter(owner, second, 2, "bob") == Entered(missing=(1,))
    assert enter(owner, first, 1, "alice", whole="67BF1C").check_value == "67BF1C06"


def test_nobody_enters_two_components_of_one_key(owner: Connection) -> None:
    first, second = split(TMK, 2)
    before = read_tmk(owner, HSM, TID)
    enter(owner, first, 1, "alice")
    with pytest.raises(KeyCeremonyError, match="another person"):
        enter(owner, second, 2, "alice", whole="67BF1C06")
    assert read_tmk(owner, HSM, TID) == before
    assert enter(owner, second, 2, "bob", whole="67BF1C06").check_value


def test_the_database_holds_dual_control_too(owner: Connection) -> None:
    enter(owner, split(TMK, 2)[0], 1, "alice")
    with pytest.raises(psycopg.errors.UniqueViolation, match="one_component_an_operator"):
        owner.execute(
            "INSERT INTO key_component SELECT target, 2, count, block, check_value, entered_by,"
            " entered_at FROM key_component"
        )


def test_a_component_with_a_wrong_check_value_is_not_stored(owner: Connection) -> None:
    part = split(TMK, 2)[0]
    for told in ("00000000", "", check_value(part)[:4]):
        with pytest.raises(KeyCeremonyError, match="check value of component 1 is wrong"):
            enter(owner, part, 1, "alice", check=told or "-")
    assert list_components(owner) == []


def test_a_whole_with_a_wrong_check_value_is_not_stored(owner: Connection) -> None:
    first, second = split(TMK, 2)
    before = read_tmk(owner, HSM, TID)
    enter(owner, first, 1, "alice")
    for whole, why in ((None, "--check-value"), ("67BF1C07", "do not give a key")):
        with pytest.raises(KeyCeremonyError, match=why):
            enter(owner, second, 2, "bob", whole=whole)
    assert read_tmk(owner, HSM, TID) == before
    assert [one.number for one in list_components(owner)] == [1]


@pytest.mark.parametrize(
    ("part", "number", "count", "why"),
    [
        (Secret(bytes(15)), 2, 2, "32 or 48 hexadecimal"),
        (Secret(bytes(range(24))), 2, 2, "as long as"),
        (Secret(bytes(range(16))), 1, 2, "entered already"),
        (Secret(bytes(range(16))), 2, 3, "entered already"),
        (Secret(bytes(range(16))), 3, 2, "no component 3 of 2"),
    ],
)
def test_a_component_that_does_not_fit_the_others_is_refused(
    owner: Connection, part: Secret, number: int, count: int, why: str
) -> None:
    enter(owner, split(TMK, 2)[0], 1, "alice")
    check = "0" * 8 if len(part) == 15 else None
    with pytest.raises(KeyCeremonyError, match=why):
        enter(owner, part, number, "bob", count=count, check=check, whole="00000000")
    assert [one.number for one in list_components(owner)] == [1]


def test_components_that_give_a_weak_key_are_refused(owner: Connection) -> None:
    half = bytes.fromhex("40A1B3C2D5E5F707")
    for weak in (Secret(half * 2), Secret(bytes(8) + half)):
        first, second = split(weak, 2)
        enter(owner, first, 1, "alice")
        with pytest.raises(KeyCeremonyError, match="weak"):
            enter(owner, second, 2, "bob", whole=check_value(weak))
        assert give_up_entry(owner, MASTER) == 1


def test_an_entry_that_was_given_up_begins_again(owner: Connection) -> None:
    enter(owner, split(TMK, 3)[0], 1, "alice", count=3)
    assert give_up_entry(owner, MASTER) == 1
    assert enter_whole(owner, TMK, MASTER) == "67BF1C06"


def test_a_component_is_not_stored_in_clear(owner: Connection) -> None:
    part = split(TMK, 2)[0]
    enter(owner, part, 1, "alice")
    [(block,)] = owner.execute("SELECT block FROM key_component").fetchall()
    assert part.reveal().hex().upper() not in block


def test_a_terminal_that_is_not_there_gets_no_key(owner: Connection) -> None:
    nobody = Target(purpose="tmk", owner="99999999")
    with pytest.raises(KeyCeremonyError, match="no terminal '99999999'"):
        enter(owner, split(TMK, 2)[0], 1, "alice", target=nobody)


def test_an_initial_dukpt_key_makes_its_terminal_a_device(owner: Connection) -> None:
    key = Secret.from_hex("1273671EA26AC29AFA4D1084127652A1")
    target = Target(purpose="ik", owner=TID, key_id="1234567890123456")
    assert enter_whole(owner, key, target) == aes_cmac_check_value(key)
    terminal = read_book(owner, HSM).terminals[TID]
    assert terminal.device is not None
    assert terminal.device.key_id == checked_key_id("1234567890123456")
    assert terminal.device_key is not None
    assert terminal.device_key.key == key


def test_a_key_id_that_is_none_is_refused(owner: Connection) -> None:
    target = Target(purpose="ik", owner=TID, key_id="12345678")
    with pytest.raises(KeyCeremonyError, match="key id"):
        enter(owner, Secret(bytes(range(16))), 1, "alice", target=target)


def test_a_generated_key_is_its_components(owner: Connection) -> None:
    before, seen = read_tmk(owner, HSM, TID), list[tuple[list[Secret], str]]()

    def hand_out(parts: list[Secret], check: str) -> None:
        assert read_tmk(owner, HSM, TID) == before, "it is stored before anybody has it"
        seen.append((parts, check))

    told = generate_tmk(owner, HSM, TID, hand_out, count=3, by="alice", now=NOW)
    [(parts, check)] = seen
    assert check == told
    key = read_tmk(owner, HSM, TID)
    assert key is not None
    assert check_value(key) == told
    assert Secret(
        bytes(a ^ b ^ c for a, b, c in zip(*(p.reveal() for p in parts), strict=True))
    ) == (key)


@pytest.mark.filterwarnings(
    "ignore:.*TripleDES.*:cryptography.utils.CryptographyDeprecationWarning"
)
def test_a_master_key_leaves_under_a_transport_key_that_others_can_read(owner: Connection) -> None:
    enter_whole(owner, TMK, MASTER)
    enter_whole(owner, TRANSPORT, Target(purpose="transport", owner="vendor"))
    block = export_key(owner, HSM, "tmk", TID, "vendor")
    header, key = psec.tr31.unwrap(TRANSPORT.reveal(), block)
    assert (key, header.key_usage, header.mode_of_use) == (TMK.reveal(), "K0", "B")
    assert open_key(ClearBlockKeys(TRANSPORT), block)[0].option("KC") == "0067BF1C06"


@pytest.mark.filterwarnings(
    "ignore:.*TripleDES.*:cryptography.utils.CryptographyDeprecationWarning"
)
def test_an_initial_key_leaves_with_its_id(owner: Connection) -> None:
    key = Secret.from_hex("1273671EA26AC29AFA4D1084127652A1")
    enter_whole(owner, key, Target(purpose="ik", owner=TID, key_id="1234567890123456"))
    enter_whole(owner, TRANSPORT, Target(purpose="transport", owner="vendor"))
    block = export_key(owner, HSM, "ik", TID, "vendor")
    header, found = psec.tr31.unwrap(TRANSPORT.reveal(), block)
    assert (found, header.key_usage, header.mode_of_use) == (key.reveal(), "B1", "X")
    assert header.blocks["IK"] == "1234567890123456"


def test_a_working_key_does_not_leave(owner: Connection) -> None:
    enter_whole(owner, TRANSPORT, Target(purpose="transport", owner="vendor"))
    with pytest.raises(KeyCeremonyError, match="not exportable"):
        export_key(owner, HSM, "pik", "80010001", "vendor")


def test_what_is_not_there_does_not_leave(owner: Connection) -> None:
    with pytest.raises(KeyCeremonyError, match="no transport key 'vendor'"):
        export_key(owner, HSM, "tmk", TID, "vendor")
    with pytest.raises(KeyCeremonyError, match="has no ik"):
        export_key(owner, HSM, "ik", TID, "vendor")


def test_the_list_tells_everything_but_the_keys(owner: Connection) -> None:
    listed = list_keys(owner, "80010001")
    told = {(one.purpose, one.generation, one.check_value, one.usage) for one in listed}
    assert told == {
        ("mak", 1, "A5906092", "10"),
        ("pik", 1, "622C2001", "P0"),
        ("tmk", 0, "67BF1C06", "K0"),
    }
    assert {(one.purpose, one.exportability) for one in listed} == {
        ("mak", "N"),
        ("pik", "N"),
        ("tmk", "E"),
    }
    assert {one.owner for one in list_keys(owner)} == {*TERMINALS, EXTERNAL_ZONE.name}


def test_terminals_are_asked_to_sign_on_by_name_or_all(owner: Connection) -> None:
    assert rotate(owner, ["80010001"], by="alice", now=NOW) == 1
    assert waiting_rotations(owner) == {"80010001"}
    signed_on = sum(one.working is not None for one in TERMINALS.values())
    assert rotate(owner, None, by="alice", now=NOW) == signed_on
    for named, why in ((["99999999"], "no terminal"), ([TID], "no working keys")):
        with pytest.raises(KeyCeremonyError, match=why):
            rotate(owner, named, by="alice", now=NOW)


def test_a_zone_key_comes_in_by_two_people_and_goes_nowhere(owner: Connection) -> None:
    zone = Target(purpose="zpk", owner="far")
    assert enter_whole(owner, TMK, zone) == check_value(TMK)
    [listed] = list_keys(owner, "far")
    assert (listed.purpose, listed.usage, listed.mode, listed.exportability) == (
        "zpk",
        "P0",
        "E",
        "N",
    )
    stored = read_key(owner, HSM, "zpk", "far")
    assert stored is not None
    assert stored[1] == TMK


def test_the_host_may_not_look_at_components_or_transport_keys(estate_database: Dsns) -> None:
    with psycopg.connect(estate_database.host, autocommit=True) as host:
        for table in ("key_component", "transport_key"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                host.execute(f"SELECT * FROM {table}")


@pytest.mark.parametrize(
    ("algorithm", "key_id"),
    [
        ("tdes-dukpt", "FFFF75A2DA0000200000"),
        ("aes-dukpt", "75A2DA0000200000"),
        ("up-ecb", "FFFF75A2DA0000200000"),
    ],
)
def test_an_id_of_8_bytes_is_of_the_kind_its_terminal_seals_by(
    owner: Connection, algorithm: str, key_id: str
) -> None:
    """A TDES id may have lost its F's; where a pad has keys of its own, a counter of zero tells."""
    owner.execute("UPDATE terminal SET mac_algorithm = %s WHERE terminal_id = %s", [algorithm, TID])
    key = Secret.from_hex("75A2DA799E4361FBA7C479FE5225FB1F")
    target = Target(purpose="ik", owner=TID, key_id="75A2DA0000200000")
    entered = checked_target(owner, target)
    assert entered.key_id == key_id
    check = aes_cmac_check_value(key) if algorithm == "aes-dukpt" else check_value(key)
    assert enter_whole(owner, key, entered) == check
    device = read_book(owner, HSM).terminals[TID].device
    assert device is not None
    assert device.key_id == key_id


def test_an_id_of_the_other_kind_is_refused_with_the_terminals_own(owner: Connection) -> None:
    owner.execute("UPDATE terminal SET mac_algorithm = 'aes-dukpt' WHERE terminal_id = %s", [TID])
    target = Target(purpose="ik", owner=TID, key_id="FFFF9876543210E00000")
    with pytest.raises(KeyCeremonyError, match="seals by aes-dukpt"):
        checked_target(owner, target)
