"""A whole posswitch with an altered key: it starts, serves the others, and says whose it is."""

import os
import signal
from collections.abc import Iterator

import pytest

from host.estate.demo import demo_estate
from host.model.requests import Kind
from simulators import messages
from tests.commands import run_command
from tests.whole.house import House, command, metric, standing, wait_until
from tests.whole.till import SIGN_ON_DIGIT, Till, Voice, fields_in, header_digit

SPOILT, OTHER, CLOSED = "80010003", "80010004", "80010005"
ALICE, BOB = 60_001, 60_002
"""Two users, whom no machine needs to have."""
ESTATE = demo_estate()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("trouble") / "data", ESTATE)
    with standing(house):
        house.host.stop()
        house.rows(
            "UPDATE terminal_key SET block = left(block, -8)"
            f" WHERE usage = 'mak' AND terminal_id = '{SPOILT}'"
        )
        house.host.start()
        with Till(house.port) as till:
            voice = Voice(ESTATE, OTHER)
            wait_until(lambda: fields_in(till.ask(voice.echo()))["39"] == "00", "no host link")
        yield house


def sale(voice: Voice) -> bytes:
    card = ESTATE.cards[1]
    fields = messages.swiped(
        Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=100, pin=card.pin
    )
    return voice.sealed(fields)


def shut(house: House, terminal_id: str, is_active: str) -> None:
    """Edit a terminal as an owner of the house does: by hand, and taken over by two people."""
    where = f"WHERE terminal_id = '{terminal_id}'"
    house.rows(f"UPDATE terminal SET is_active = {is_active} {where}")
    accept = ("audit", "accept", "terminal", terminal_id, "--data", house.places.data)
    asked = run_command(*accept, "--reason", "it moves", login=ALICE)
    assert asked.returncode == 0, asked.stderr
    agreed = run_command(*accept, login=BOB)
    assert agreed.stdout == f"terminal {terminal_id}: taken over\n", agreed.stderr


def only_the_damage_is_named(house: House) -> None:
    """The edit by hand stays named after a sign-on has written over it, and nothing else is."""
    audited = command("audit", data=house.places.data).stdout
    named = f"12. terminal_key {SPOILT}/mak/1 is not what this program last made it, before change"
    assert named in audited
    assert "audit: 1 violations" in audited


def test_audit_list_and_metric_name_the_key(house: House) -> None:
    data = house.places.data
    audited = command("audit", data=data)
    assert audited.returncode == 1
    assert f"11. key mak 1 of {SPOILT}: " in audited.stdout
    assert (
        f"12. terminal_key {SPOILT}/mak/1 is not what this program last made it" in audited.stdout
    )
    assert "audit: 2 violations" in audited.stdout
    assert f"{SPOILT}: its mak 1 cannot be used" in command("keys", "list", data=data).stdout
    assert metric(house.host_metrics, "posswitch_host_keys_unusable") == 1


def test_its_terminal_is_told_to_sign_on_and_that_heals_it(house: House) -> None:
    with Till(house.port) as till:
        voice = Voice(ESTATE, SPOILT)
        refused = till.ask(sale(voice))
        assert (fields_in(refused)["39"], header_digit(refused)) == ("A0", SIGN_ON_DIGIT)
        assert fields_in(till.ask(sale(Voice(ESTATE, OTHER))))["39"] == "00"
        voice.use(voice.new_keys(till.ask(voice.sign_on())))
        assert fields_in(till.ask(sale(voice)))["39"] == "00"
    only_the_damage_is_named(house)


def test_a_reload_by_command_and_by_signal_reaches_the_host(house: House) -> None:
    with Till(house.port) as till:
        voice = Voice(ESTATE, CLOSED)
        assert fields_in(till.ask(sale(voice)))["39"] == "00"
        shut(house, CLOSED, "false")
        said = command("reload", data=house.places.data)
        assert said.returncode == 0
        assert said.stdout.splitlines()[0] == "host: 3 merchants, 76 terminals"
        assert fields_in(till.ask(sale(voice)))["39"] == "97"
        shut(house, CLOSED, "true")
        os.kill(house.host.program.process.pid, signal.SIGHUP)
        wait_until(
            lambda: fields_in(till.ask(sale(voice)))["39"] == "00", "the signal was not heard"
        )
    only_the_damage_is_named(house)


def test_two_people_end_the_finding_of_a_key_that_was_given_anew(house: House) -> None:
    accept = ("audit", "accept", "terminal_key", f"{SPOILT}/mak/1", "--data", house.places.data)
    asked = run_command(*accept, "--reason", "a torn block", login=ALICE)
    assert f"terminal_key {SPOILT}/mak/1 (change " in asked.stdout, asked.stderr
    only_the_damage_is_named(house)
    agreed = run_command(*accept, login=BOB)
    assert agreed.stdout.endswith("): taken over\n"), agreed.stderr
    assert "audit: 0 violations" in command("audit", data=house.places.data).stdout
