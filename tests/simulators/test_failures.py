"""One terminal, message, call or line of a simulation that fails troubles itself; it is told."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from host.estate.demo import demo_estate, external_cards
from host.estate.plan import EstatePlan, TerminalPlan
from simulators import failures as failing
from simulators import nac as gateways
from simulators.channels import CHANNELS, Channel, Counter, Place
from simulators.failures import Failures, TroubleError
from simulators.faults import NO_FAULTS, DrawsFaults, Fault
from simulators.issuer import Issuer, IssuerSettings
from simulators.nac import KEEP_ALIVE, Nac, NacSettings
from simulators.record import Record
from simulators.slow import SlowSenders, SlowSettings
from simulators.swarm import Swarm, SwarmSettings
from terminals.dialects.issuer_fields import FOREIGN
from terminals.framing import FrameReader, wrap
from tests.ports import free_port
from tests.simulators.test_issuer import PAN, sale
from tests.simulators.test_nac import PAYLOAD, answer_to, is_mine

HOST = "127.0.0.1"
PATIENCE_SECONDS = 60.0
UNHEARD_OF = "nobody foresaw it"


class Log:
    """What is told of failures, each with the error whose traceback stands there."""

    def __init__(self) -> None:
        self.tracebacks: list[BaseException] = []
        self.warnings: list[str] = []

    def critical(self, _event: str, *, exc_info: BaseException, **_about: Any) -> None:
        self.tracebacks.append(exc_info)

    def warning(self, _event: str, *, why: str, **_about: Any) -> None:
        self.warnings.append(why)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    found = Log()
    monkeypatch.setattr(failing, "_LOG", found)
    return found


def kinds(failures: Failures) -> list[tuple[str, str, int]]:
    return [(each.part, each.who, count) for each, count in failures.counts.items()]


async def broken() -> None:
    await trio.lowlevel.checkpoint()
    raise KeyError(UNHEARD_OF)


async def broken_in_a_nursery() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(broken)


async def test_a_fault_of_our_own_is_in_the_log_once_however_often_it_comes(log: Log) -> None:
    failures = Failures()
    for number in range(3):
        assert not await failures.alone("till", f"{number}", broken)
    assert not await failures.alone("till", "", broken_in_a_nursery)
    assert kinds(failures) == [("till", "0", 4)]
    assert [type(each) for each in log.tracebacks] == [KeyError]
    assert all(each.is_ours for each in failures.counts)


async def test_what_the_machine_refuses_has_its_reason_and_no_traceback(log: Log) -> None:
    failures = Failures()
    for error in (OSError(28, "No space left on device"), TroubleError("full. Next: wait")):
        failures.note("till", "1", error)
        failures.note("till", "2", error)
    assert kinds(failures) == [("till", "1", 2)] * 2
    assert not log.tracebacks
    assert log.warnings == ["[Errno 28] No space left on device", "full. Next: wait"]


async def test_who_is_stopped_has_not_failed() -> None:
    failures = Failures()
    with trio.CancelScope() as scope:
        scope.cancel()
        await failures.alone("till", "", trio.sleep_forever)
    assert not failures
    with pytest.raises(KeyboardInterrupt):
        await failures.alone("till", "", interrupted)


async def interrupted() -> None:
    await trio.lowlevel.checkpoint()
    raise KeyboardInterrupt


async def test_a_part_that_all_need_is_begun_again(autojump_clock: MockClock, log: Log) -> None:
    failures, left = Failures(), [1, 2, 3]

    async def part() -> None:
        await trio.lowlevel.checkpoint()
        if left:
            left.pop()
            raise ValueError(UNHEARD_OF)

    await failures.kept("gateway", "", part)
    assert kinds(failures) == [("gateway", "", 3)]
    assert len(log.tracebacks) == 1


async def test_slow_senders_that_are_refused_call_again_until_they_are_heard() -> None:
    port = free_port()
    senders = SlowSenders(SlowSettings(port=port, connections=3, pause_seconds=0.01), b"x" * 20)
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(senders.run)
            while senders.refused < 3:  # noqa: ASYNC110 - a count has no event
                await trio.sleep(0.01)
            assert senders.waiting == 3
            listeners = await trio.open_tcp_listeners(port, host=HOST)
            nursery.start_soon(trio.serve_listeners, swallow, listeners)
            await senders.connected.wait()
            nursery.cancel_scope.cancel()
    assert senders.waiting == 0
    assert isinstance(senders.refusal, OSError)
    assert not senders.failures


async def swallow(stream: trio.SocketStream) -> None:
    while await stream.receive_some():
        pass


async def test_a_slow_sender_that_fails_is_named_and_the_others_call(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    dribble, met = SlowSenders._dribble, list[int]()

    async def once_broken(self: SlowSenders, stream: trio.SocketStream) -> None:
        met.append(1)
        if len(met) == 1:
            raise KeyError(UNHEARD_OF)
        await dribble(self, stream)

    monkeypatch.setattr(SlowSenders, "_dribble", once_broken)
    [listener] = await trio.open_tcp_listeners(0, host=HOST)
    port = listener.socket.getsockname()[1]
    senders = SlowSenders(SlowSettings(port=port, connections=2, pause_seconds=0.01), b"x" * 20)
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, swallow, [listener])
            nursery.start_soon(senders.run)
            while len(met) < 3:  # noqa: ASYNC110 - a count has no event
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
    assert senders.connected.is_set()
    assert [(part, count) for part, _who, count in kinds(senders.failures)] == [("slow sender", 1)]
    assert len(log.tracebacks) == 1


@asynccontextmanager
async def standing(issuer: Issuer) -> AsyncIterator[trio.SocketStream]:
    """An issuer's host, and a line to it."""
    port = issuer.listen()
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(issuer.run)
            async with await trio.open_tcp_stream(HOST, port) as stream:
                yield stream
            nursery.cancel_scope.cancel()


ECHO = wrap(FOREIGN.encode({"t": "0800", "7": "1122013000", "11": "000001", "70": "301"}))


async def echoed(stream: trio.SocketStream) -> bool:
    await stream.send_all(ECHO)
    [frame] = FrameReader(bytes_min=12).feed(bytes(await stream.receive_some()))
    return FOREIGN.decode(frame)["39"] == "00"


async def test_a_message_whose_decision_fails_has_no_answer_and_the_issuer_goes_on(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer(IssuerSettings(), external_cards())

    def decide(*_words: object) -> None:
        raise KeyError(UNHEARD_OF)

    monkeypatch.setattr(type(issuer.book), "_decide", decide)
    async with standing(issuer) as stream:
        for trace in ("000007", "000008"):
            await stream.send_all(wrap(FOREIGN.encode(sale(trace=trace))))
        assert await echoed(stream)
    assert kinds(issuer.failures) == [("message to the issuer", "", 2)]
    assert [type(each) for each in log.tracebacks] == [KeyError]


async def test_an_answer_that_cannot_be_written_ends_no_line(log: Log) -> None:
    """The greatest amount there is, and an issuer that approves one more."""
    issuer = Issuer(IssuerSettings(wrong=1.0), external_cards())
    issuer.book.balances[PAN] = 10**12
    async with standing(issuer) as stream:
        await stream.send_all(wrap(FOREIGN.encode(sale(10**12 - 1))))
        assert await echoed(stream)
    assert kinds(issuer.failures) == [("message to the issuer", "", 1)]
    assert len(log.tracebacks) == 1


async def test_an_issuer_whose_line_fails_takes_other_calls(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer(IssuerSettings(), external_cards())
    feed, met = FrameReader.feed, list[int]()

    def once_broken(self: FrameReader, data: bytes) -> list[bytes]:
        met.append(1)
        if len(met) == 1:
            raise KeyError(UNHEARD_OF)
        return feed(self, data)

    monkeypatch.setattr(FrameReader, "feed", once_broken)
    async with standing(issuer) as stream:
        await stream.send_all(ECHO)
        while not issuer.failures:  # noqa: ASYNC110 - a count has no event
            await trio.sleep(0.01)
        port = stream.socket.getpeername()[1]
        async with await trio.open_tcp_stream(HOST, port) as other:
            assert await echoed(other)
    assert kinds(issuer.failures) == [("issuer's line", "", 1)]
    assert len(log.tracebacks) == 1


async def test_an_issuer_whose_port_falls_listens_there_again(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, accept, met = Issuer(IssuerSettings(), external_cards()), trio.SocketListener.accept, []

    async def once_broken(self: trio.SocketListener) -> trio.SocketStream:
        met.append(1)
        if len(met) == 1:
            raise OSError(5, "Input/output error")
        return await accept(self)

    monkeypatch.setattr(trio.SocketListener, "accept", once_broken)
    port = issuer.listen()
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(issuer.run)
            while len(met) < 2:  # noqa: ASYNC110 - a count has no event
                await trio.sleep(0.01)
            async with await trio.open_tcp_stream(HOST, port) as stream:
                assert await echoed(stream)
            nursery.cancel_scope.cancel()
    assert kinds(issuer.failures) == [("issuer's host", "", 1)]
    assert log.warnings == ["[Errno 5] Input/output error"]


async def answer_all(stream: trio.SocketStream) -> None:
    """A switch that takes what a gateway brings."""
    reader = FrameReader(takes_keep_alive=True)
    while data := await stream.receive_some():
        for frame in reader.feed(bytes(data)):
            await stream.send_all(wrap(answer_to(frame)))


async def test_a_gateway_whose_port_is_taken_when_it_restarts_waits_for_it(log: Log) -> None:
    nac = Nac(NacSettings(port=0, listens=True))
    with trio.fail_after(PATIENCE_SECONDS):
        async with nac.running():
            assert nac.bound_port is not None
            nac.restart()
            with socket.create_server((HOST, 0)) as other:
                nac.bound_port = port = other.getsockname()[1]
                while not nac.failures:  # noqa: ASYNC110 - a count has no event
                    await trio.sleep(0.01)
            async with await called(port) as stream, trio.open_nursery() as nursery:
                nursery.start_soon(answer_all, stream)
                assert await nac.line("1").ask(PAYLOAD, is_mine) is not None
                nursery.cancel_scope.cancel()
    assert kinds(nac.failures) == [("gateway", f"at port {port}", 1)]
    assert "Address already in use" in log.warnings[0]


async def called(port: int) -> trio.SocketStream:
    while True:
        try:
            return await trio.open_tcp_stream(HOST, port)
        except OSError:
            await trio.sleep(0.01)


async def test_a_gateway_whose_first_port_is_taken_says_so_to_who_starts_it() -> None:
    with socket.create_server((HOST, 0)) as other:
        nac = Nac(NacSettings(port=other.getsockname()[1], listens=True))
        with pytest.RaisesGroup(OSError, allow_unwrapped=True, flatten_subgroups=True):
            async with nac.running():
                raise AssertionError("it listens")


async def test_a_call_for_which_no_port_is_free_hears_nothing_and_is_told_of(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "PORTS", 3)
    nac, heard = Nac(NacSettings(port=free_port(), answer_seconds_max=0.05)), list[bytes | None]()

    async def ask() -> None:
        heard.append(await nac.carry(PAYLOAD, "", is_mine, Fault.NONE))

    async with nac.running(), trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(ask)
    assert heard == [None] * 4
    assert kinds(nac.failures) == [("gateway", "", 2)]
    assert "Next: simulate fewer terminals" in log.warnings[0]


async def test_a_connection_that_takes_no_sign_of_life_is_over_and_another_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send_all, calls = trio.SocketStream.send_all, list[int]()

    async def refused(self: trio.SocketStream, data: bytes) -> None:
        if data == KEEP_ALIVE and len(calls) == 1:
            raise trio.BrokenResourceError
        await send_all(self, data)

    async def serve(stream: trio.SocketStream) -> None:
        calls.append(1)
        await answer_all(stream)

    monkeypatch.setattr(trio.SocketStream, "send_all", refused)
    [listener] = await trio.open_tcp_listeners(0, host=HOST)
    port = listener.socket.getsockname()[1]
    nac = Nac(NacSettings(port=port, keep_alive_seconds=0.01))
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery, nac.running():
            nursery.start_soon(trio.serve_listeners, serve, [listener])
            while len(calls) < 2:  # noqa: ASYNC110 - a count has no event
                await trio.sleep(0.01)
            assert await nac.line("1").ask(PAYLOAD, is_mine) is not None
            nursery.cancel_scope.cancel()
    assert not nac.failures


SPOILT = ("80010001", "80010003")


def swarm_with(error: Exception, terminals: int = 4) -> Swarm:
    """One on a line where nobody answers; some of its terminals break."""
    row = CHANNELS["pos"]

    class Breaking:
        def __init__(self, channel: Channel) -> None:
            self._channel = channel

        def counter(
            self, plan: TerminalPlan, estate: EstatePlan, record: Record, faults: DrawsFaults
        ) -> Counter:
            if plan.terminal_id in SPOILT:
                raise error
            return self._channel.counter(plan, estate, record, faults)

    @asynccontextmanager
    async def opens(place: Place) -> AsyncIterator[Channel]:
        async with row.opens(place) as channel:
            yield Breaking(channel)

    settings = SwarmSettings(
        host=HOST,
        port=free_port(),
        terminals=terminals,
        seconds=0.05,
        pause_seconds=0.02,
        faults=NO_FAULTS,
        opens=opens,
    )
    return Swarm(settings, demo_estate())


async def test_a_terminal_that_fails_is_named_and_the_others_trade_on(log: Log) -> None:
    swarm = swarm_with(KeyError(UNHEARD_OF))
    tally = await swarm.run()
    assert tally.sign_ons.total() == 2
    [(part, who, count)] = kinds(tally.failures)
    assert (part, count) == ("terminal", 2)
    assert who in SPOILT
    assert len(log.tracebacks) == 1


async def test_the_gateway_of_a_swarm_tells_what_failed_in_the_swarms_tally() -> None:
    failures = Failures()
    async with CHANNELS["nac"].opens(Place(port=free_port(), failures=failures)) as channel:
        assert channel.nac.failures is failures  # type: ignore[attr-defined]
