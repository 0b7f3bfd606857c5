"""A switch on another machine than its host: two data directories with TLS between them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from host.estate.demo import demo_estate
from host.link.frames import Hello, LinkReader, encode
from tests.host.link.ends import End, client_context, heard_by
from tests.ports import free_port
from tests.whole.day import wait_until_it_trades
from tests.whole.house import House, Part, command, standing
from tests.whole.relay import Relay, Trouble, relayed

ESTATE = demo_estate()
BAD_LINK_SECONDS = 0.5
PINS = {"host": "host", "switch": "shop-switch"}
"""What each end is called."""


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Where the switch has its own."""
    return places_of(tmp_path_factory.mktemp("far") / "data")


@pytest.fixture(scope="module")
def line() -> Iterator[Relay]:
    """What lies between them."""
    with relayed(free_port()) as relay:
        yield relay


@pytest.fixture(scope="module")
def house(far: Places, line: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    near = places_of(tmp_path_factory.mktemp("near") / "data")
    told = {}
    for places, name in ((near, PINS["host"]), (far, PINS["switch"])):
        told[name] = command("link", "certificate", name, data=places.data).stdout
    _trust(near, PINS["switch"], told[PINS["switch"]])
    _trust(far, PINS["host"], told[PINS["host"]])
    house = House(
        near.data,
        ESTATE,
        host=f'link = "tls:127.0.0.1:{line.target}"\n{_link_tls(told[PINS["host"]])}',
    )
    far.settings.write_text(
        f'[switch]\nmetrics_port = {house.switch_metrics}\nlink = "tls:127.0.0.1:{line.port}"\n'
        f"{_link_tls(told[PINS['switch']])}\n[[channels]]\nport = {house.port}\n"
    )
    house.switch = Part("switch", far.data, far.log / "switch.log")
    with standing(house):
        yield house


def test_terminals_trade_over_the_network_and_it_is_read_by_nobody(house: House, line: Relay):
    """A sale crosses two machines; what is between them sees neither terminals nor cards."""
    wait_until_it_trades(house, first_trace=1)
    seen = b"".join(bytes(wire.said + wire.told) for wire in line.wires)
    assert seen
    for clear in ("80010037", "unionpay", *(card.pan.reveal() for card in ESTATE.cards[:20])):
        assert clear.encode() not in seen
    assert '"a switch connected"' in house.host._log.read_text()
    assert f'"switch": "{PINS["switch"]}"' in house.host._log.read_text().replace('":"', '": "')


def test_trade_goes_on_after_the_network_failed(house: House, line: Relay):
    """S4-15."""
    for trouble in (Trouble.DROP, Trouble.HALF_OPEN, Trouble.NO_ANSWERS):
        line.trouble = trouble
        time.sleep(BAD_LINK_SECONDS)
        line.heal()
        wait_until_it_trades(house, first_trace=100 + 100 * list(Trouble).index(trouble))


def test_a_reload_takes_a_new_pin_and_a_local_user_without_it_gets_nothing(
    house: House, line: Relay, tmp_path: Path
):
    assert isinstance(line.target, int)
    heir = End(tmp_path, "heir")
    said = encode(Hello())
    refused = heard_by(line.target, client_context(heir), said)
    assert refused == b"TLSV1_ALERT_UNKNOWN_CA"
    assert b"REQUIRED" in heard_by(line.target, client_context(None), said)
    assert not LinkReader().feed(heard_by(line.target, None, said)[7:])
    assert command("link", "trust", "heir", heir.pin, data=house.places.data).returncode == 0
    reloaded = command("reload", data=house.places.data)
    assert "host: 2 pins on the tls: link" in reloaded.stdout, reloaded.stderr
    nonsense = encode(Hello()) + b"\xff\xff\xff\xff"  # ends it, for there is no other end
    heard = heard_by(line.target, client_context(heir), nonsense)
    assert LinkReader().feed(heard) == [Hello()]
    wait_until_it_trades(house, first_trace=900)
    audited = command("audit", data=house.places.data)
    assert audited.stdout.endswith("audit: 0 violations\n"), audited.stdout + audited.stderr


def test_a_switch_reads_its_pins_again_whole_or_not_at_all(
    house: House, far: Places, tmp_path: Path
):
    """A host that is to move is known by its next key before; a spoilt file changes nothing."""
    _trust(far, "next-host", f"there: posswitch link trust next-host {End(tmp_path, 'next').pin}")
    assert "switch: 2 pins on the tls: link" in command("reload", data=far.data).stdout
    pins = far.secrets / "link-pins"
    before = pins.read_text()
    pins.write_text("spoilt\n")
    refused = command("reload", data=far.data)
    pins.write_text(before)
    assert refused.returncode == 2
    assert "line 1 is not NAME PIN. Next: mend that line" in refused.stderr
    wait_until_it_trades(house, first_trace=1300)


def _trust(places: Places, name: str, told: str) -> None:
    [pin] = [row.split()[-1] for row in told.splitlines() if "link trust" in row]
    done = command("link", "trust", name, pin, data=places.data)
    assert done.returncode == 0, done.stderr


def _link_tls(told: str) -> str:
    """The row that the command has printed."""
    [row] = [row for row in told.splitlines() if row.startswith("here, ")]
    return f"link_tls = {{ {row.partition(': ')[2]} }}"
