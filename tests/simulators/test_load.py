"""The load generator sends what it prepared, counts what it was told, and checks every MAC."""

import json
import socketserver
import threading
from collections.abc import Iterator

import msgspec
import pytest

from host.estate.demo import bench_estate
from host.hsm.mac import Mac, mac_for
from host.model.requests import Response
from host.model.responses import Reason
from simulators.load import LoadSettings, main, prepare, run_load
from terminals.dialects.pos import POS
from terminals.framing import FrameReader, wrap
from tests.simulators.scripted import APPROVED

TERMINALS = 5
SMALL = LoadSettings(messages=60, terminals=TERMINALS, connections=2, cards=10)


class Switch(socketserver.ThreadingTCPServer):
    """Answers every purchase of the bench estate, at once, on real sockets."""

    allow_reuse_address = True
    daemon_threads = True
    response: Response = APPROVED
    flips_a_bit = False
    hangs_up = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard: list[dict[str, str]] = []
        self.macs: dict[str, Mac] = {
            one.terminal_id: mac_for(one.mac_algorithm, one.working.mak)
            for one in bench_estate(TERMINALS + 3, 1).terminals
            if one.working is not None
        }

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def answer(self, payload: bytes) -> bytes:
        message = POS.read(payload)
        mac = self.macs[message.terminal_id]
        assert POS.mac_is_right(message, mac)
        self.heard.append(message.fields)
        said = POS.answer(message, self.response, mac)
        return said[:-1] + bytes([said[-1] ^ self.flips_a_bit])


class Handler(socketserver.BaseRequestHandler):
    server: Switch

    def handle(self) -> None:
        reader = FrameReader()
        while data := self.request.recv(65_536):
            if self.server.hangs_up:
                return
            answers = [wrap(self.server.answer(frame)) for frame in reader.feed(data)]
            self.request.sendall(b"".join(answers))


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Switch() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def at(switch: Switch, settings: LoadSettings = SMALL, **changes: object) -> LoadSettings:
    return msgspec.structs.replace(settings, port=switch.port, **changes)


@pytest.mark.parametrize("rate", [0.0, 2_000.0], ids=["closed loop", "open loop"])
def test_every_message_is_sent_once_and_answered(switch: Switch, rate: float) -> None:
    settings = at(switch, rate=rate)
    report = run_load(settings, prepare(settings))
    assert report.is_clean
    assert (report.sent, report.answered, report.codes) == (60, 60, {"00": 60})
    assert len({(fields["41"], fields["11"]) for fields in switch.heard}) == 60
    assert report.p50_ms <= report.p99_ms <= report.max_ms


def test_traces_go_on_where_the_last_load_ended(switch: Switch) -> None:
    settings = at(switch, first_trace=100)
    run_load(settings, prepare(settings))
    assert {fields["11"] for fields in switch.heard} == {
        f"{trace:06d}" for trace in range(100, 112)
    }


def test_other_terminals_can_trade_beside(switch: Switch) -> None:
    settings = at(switch, first_terminal=2)
    run_load(settings, prepare(settings))
    assert {fields["41"] for fields in switch.heard} == {f"{70_000_003 + n}" for n in range(5)}


def test_declines_are_counted_by_code(switch: Switch) -> None:
    switch.response = Response(reason=Reason.INSUFFICIENT_FUNDS)
    report = run_load(at(switch), prepare(at(switch)))
    assert not report.is_clean
    assert report.codes == {"51": 60}
    assert report.macs_wrong == 0


def test_a_wrong_mac_is_found(switch: Switch) -> None:
    switch.flips_a_bit = True
    report = run_load(at(switch), prepare(at(switch)))
    assert not report.is_clean
    assert report.macs_wrong == 60


def test_a_switch_that_hangs_up_ends_the_load(switch: Switch) -> None:
    switch.hangs_up = True
    with pytest.raises(ConnectionError):
        run_load(at(switch), prepare(at(switch)))


def test_the_command_prints_its_report(switch: Switch, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--messages", "8", "--terminals", "2", "--connections", "1", "--cards", "3"]
    assert main(["--port", str(switch.port), *options, "--no-with-pin"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["approved"] == 8
    assert all("52" not in fields for fields in switch.heard)
