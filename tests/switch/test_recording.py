"""A recorder hears what the desk answers, and why it does not; nobody notices that it is there."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import pytest
import trio

from host.model.requests import Kind
from host.model.secrets import Secret
from switch.recording import ENDED, Recorder
from terminals.recorded import Heard
from tests.switch.conftest import approval, purchase
from tests.switch.test_front import SETTINGS, Bench

KEY = Secret(b"k" * 32)


@pytest.fixture
async def bench(mock_clock) -> Bench:
    return Bench()


@pytest.fixture
def heard(bench) -> list[Heard]:
    lines: list[Heard] = []
    bench.front.recorder = Recorder(lines.append, trio.current_time, KEY)
    return lines


async def test_a_message_and_its_answer_are_one_line(bench, heard):
    bench.take_known(purchase())
    assert heard == []
    [(_request, waiter)] = bench.line.asked.values()
    waiter.answered(approval())
    [line] = heard
    assert bench.paper.codes == ["00"]
    assert (line.kind, line.channel, line.asked["11"]) == (Kind.PURCHASE, "pos", "000002")
    assert (line.told["39"], line.told["37"], line.silence) == ("00", "112200000001", "")


async def test_a_silence_is_a_line_that_says_why(bench, heard):
    bench.take_known(purchase())
    bench.front.sweep(trio.current_time() + SETTINGS.host_seconds_max + 1)
    [line] = heard
    assert bench.paper.silences == 1
    assert (line.told, line.silence) == (None, "no answer in time")


async def test_what_cannot_be_read_is_a_line_that_says_so(bench, heard):
    bench.take(b"\x60" * 30)
    [line] = heard
    assert line.unreadable
    assert line.silence == "unreadable"


async def test_what_is_open_when_a_recording_ends_is_told_once(bench, heard):
    bench.take_known(purchase())
    recorder, bench.front.recorder = bench.front.recorder, None
    recorder.stop()
    [(_request, waiter)] = bench.line.asked.values()
    waiter.answered(approval())
    assert [line.silence for line in heard] == [ENDED]
    assert bench.paper.codes == ["00"]


async def test_other_channels_are_not_heard(bench):
    lines: list[Heard] = []
    bench.front.recorder = Recorder(lines.append, trio.current_time, KEY, "nac")
    bench.take(b"\x60" * 30)
    assert lines == []
    assert bench.paper.silences == 1


async def test_a_recorder_that_fails_costs_no_answer(bench):
    def fail(_line: Heard) -> None:
        raise RuntimeError("the recorder has a bug")

    bench.front.recorder = Recorder(fail, trio.current_time, KEY)
    bench.take_known(purchase())
    [(_request, waiter)] = bench.line.asked.values()
    waiter.answered(approval())
    assert bench.paper.codes == ["00"]
