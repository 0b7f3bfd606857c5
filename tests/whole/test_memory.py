"""How much the two programs hold with two thousand connected terminals that say nothing."""

import contextlib
import resource
from pathlib import Path

import pytest

from config.places import places_of
from config.run.estates import loader
from config.run.supervisor import running_posswitch
from config.settings import Settings
from host.estate.demo import demo_estate
from tests.whole.house import ZONE, resident_bytes
from tests.whole.till import Till, Voice, fields_in

CONNECTIONS = 2_000
MIB = 1024 * 1024
RESIDENT_BYTES_MAX = {"switch": 100 * MIB, "host": 150 * MIB}


@pytest.fixture
def descriptors_for_all() -> None:
    """Our own end of these connections needs as many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


@pytest.mark.usefixtures("descriptors_for_all")
def test_two_thousand_idle_connections_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places, load = places_of(tmp_path / "data"), loader(demo_estate(), ZONE)
    with (
        running_posswitch(
            Settings(), places, port=0, load_estate=load, say=lambda _text: None
        ) as running,
        contextlib.ExitStack() as stack,
    ):
        port = int(running.listeners[0].rpartition(":")[2])
        tills = [stack.enter_context(Till(port)) for _ in range(CONNECTIONS)]
        voice = Voice(demo_estate(), "80010002")
        for till in tills:
            assert fields_in(till.ask(voice.echo()))["39"] == "00"
        held = {
            program.name: resident_bytes(program.process.pid)
            for program in (running.switch, running.host)
        }
    for name, held_bytes in held.items():
        with capsys.disabled():
            print(f" {name} {held_bytes / MIB:.0f} MiB ", end="")  # noqa: T201 - a figure asked for
        assert held_bytes < RESIDENT_BYTES_MAX[name]
