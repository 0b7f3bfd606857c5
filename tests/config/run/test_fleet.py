"""Several switch processes: what each has of its own, and who inherits from those no longer run."""

from pathlib import Path

import msgspec
import pytest

from config.errors import SurroundingsError
from config.places import places_of
from config.run.applied import forget_applied, keep_applied, with_applied
from config.run.fleet import ports_in
from config.run.safs import adopt_files
from config.settings import Settings, resolved
from host.model.requests import ExchangeKey, Family, Kind, Original, Request
from switch.channels import ChannelSettings
from switch.memory.saf_file import SafError, SafFile
from switch.settings import SwitchSettings


@pytest.fixture
def several(tmp_path: Path):
    channels = (ChannelSettings(), ChannelSettings(name="out", connect_to="gateway:7000"))
    switch = SwitchSettings(processes=2, metrics_port=9100, channels=channels)
    return lambda number: resolved(Settings(switch=switch), places_of(tmp_path), number=number)


def test_each_process_has_its_own_file_and_metrics_port_and_shares_the_rest(several, tmp_path):
    first, second = several(1).switch, several(2).switch
    assert (first.saf, second.saf) == (
        str(tmp_path / "switch-saf.db"),
        str(tmp_path / "switch-saf-2.db"),
    )
    assert (first.metrics_port, second.metrics_port) == (9100, 9101)
    assert first.routes == second.routes
    assert first.link == second.link


def test_processes_share_ports_and_only_the_first_calls_gateways(several):
    assert [row.name for row in several(1).switch.channels] == ["pos", "out"]
    assert [row.name for row in several(2).switch.channels] == ["pos"]
    assert all(row.reuse_port for row in several(2).switch.channels)


def test_one_process_alone_notices_when_its_port_is_taken(tmp_path):
    [row] = resolved(Settings(), places_of(tmp_path)).switch.channels
    assert not row.reuse_port


def test_ready_lines_tell_the_ports():
    lines = ["pos on 127.0.0.1:8583", "six on ::1:9", "out on gateway:7000 (called)"]
    assert ports_in(lines) == {"pos": 8583, "six": 9}


def test_a_process_started_again_has_the_channels_that_were_reloaded(tmp_path):
    places = places_of(tmp_path)
    places.make()
    rows = (ChannelSettings(name="new"),)
    keep_applied(places, rows)
    assert with_applied(Settings(), places).switch.channels == rows
    forget_applied(places)
    assert with_applied(Settings(), places) == Settings()


def owed(stan: str) -> tuple[str, float, bytes, str]:
    key = ExchangeKey("pos", "80010001", "000012", stan, Family.REVERSAL)
    original = Original(key=key.of_family(Family.FINANCIAL), kind=Kind.PURCHASE)
    request = Request(kind=Kind.REVERSAL, key=key, merchant_id="m", original=original)
    return key.text, 1.0, msgspec.msgpack.encode(request), ""


def test_what_a_process_no_longer_run_still_owes_is_taken_over_once(tmp_path):
    first, routes = tmp_path / "switch-saf.db", tmp_path / "switch-routes.db"
    files = [SafFile(first), SafFile(tmp_path / "switch-saf-2.db")]
    files += [SafFile(tmp_path / "switch-saf-3.db")]
    for number, file in enumerate(files, 1):
        file.change([owed("000009"), owed(f"00000{number}")], [], [])
        file.close()
    said: list[str] = []
    adopt_files(first, routes, 2, said.append)
    assert said == ["took over what switch-saf-3.db still owed"]
    assert sorted(path.name for path in tmp_path.glob("*.db")) == [
        "switch-saf-2.db",
        "switch-saf.db",
    ]
    file = SafFile(first)
    assert {row[1].key.stan for row in file.owed()} == {"000001", "000003", "000009"}
    file.close()
    adopt_files(first, routes, 2, said.append)
    assert len(said) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "switch-saf-2.db").write_text("nonsense" * 1000)
    with pytest.raises((SafError, SurroundingsError), match=r"switch-saf-2.db"):
        adopt_files(tmp_path / "switch-saf.db", tmp_path / "routes.db", 1, print)
