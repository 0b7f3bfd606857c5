"""A dial-up gateway: many terminals on one connection, its signs of life, its caller lines."""

import contextlib
import socket

import pytest
import trio

from switch.program import run_switch
from switch.settings import ChannelSettings, SwitchSettings
from terminals.dialects import DialectError
from terminals.dialects.pos import POS
from terminals.framing import SelfFramedReader
from tests.peers.bcd import hear, say
from tests.ports import free_port
from tests.switch.conftest import (
    PATIENCE_SECONDS,
    PosTerminal,
    approval,
    framed,
    mac_of,
    profile_of,
    purchase,
    purchase_fields,
)

LINE = b"0215551234"
TERMINALS = [f"8001{number:04d}" for number in range(1, 301)]


def from_line(number: int, terminal_id: str) -> bytes:
    """A purchase as a gateway sends it on: its own address of the modem line is the source."""
    tpdu = bytes.fromhex("600003") + number.to_bytes(2)
    return say(purchase_fields(number, terminal_id), mac_of(), tpdu=tpdu)


@pytest.fixture
async def estate(world):
    """The world, with all these terminals in it."""
    world.host.profiles |= {name: profile_of(name) for name in TERMINALS}
    return world


async def test_one_stalled_answer_holds_up_none_of_300_terminals_on_one_connection(estate):
    world = estate
    await world.start_switch(channel_kind="nac")
    gateway = await world.connect()
    stalled = TERMINALS[0]
    world.host.decide = lambda request: None if request.key.terminal_id == stalled else approval()
    await gateway.send(*(from_line(n, name) for n, name in enumerate(TERMINALS, 1)))
    answers = [await gateway.receive() for _ in TERMINALS[1:]]
    assert {answer.terminal_id for answer in answers} == set(TERMINALS[1:])
    world.host.held[0][1](approval())
    answers.append(await gateway.receive())
    assert answers[-1].terminal_id == stalled
    for answer in answers:
        number = TERMINALS.index(answer.terminal_id) + 1
        assert answer.fields["39"] == "00"
        assert answer.tpdu == b"\x60" + number.to_bytes(2) + b"\x00\x03"
        assert int(answer.stan) == number


async def test_a_malformed_message_of_one_terminal_ends_no_exchange_of_the_others(estate):
    world = estate
    await world.start_switch(channel_kind="nac")
    gateway = await world.connect()
    world.host.decide = lambda _request: None
    await gateway.send(*(from_line(n, name) for n, name in enumerate(TERMINALS[:5], 1)))
    await world.host.has(5)
    broken = bytearray(from_line(6, TERMINALS[5]))
    broken[13] |= 0x80
    await gateway.send(bytes(broken), from_line(7, TERMINALS[6])[:-1])
    assert (await gateway.receive()).fields["39"] == "30"
    for _request, answer in world.host.held:
        answer(approval())
    told = {(await gateway.receive()).terminal_id for _ in range(5)}
    assert told == set(TERMINALS[:5])


@pytest.mark.parametrize("codec", ["be2", "be2-inclusive", "ascii4"])
async def test_signs_of_life_are_given_back_where_the_channel_says_so(world, codec):
    empty = {"be2": b"\0\0", "be2-inclusive": b"\0\2", "ascii4": b"0000"}[codec]
    await world.start_switch(
        channel_kind="nac", channel_keep_alive="answer", channel_length_codec=codec
    )
    gateway = await world.connect()
    await gateway.stream.send_all(empty * 3)
    answered = b""
    with trio.fail_after(PATIENCE_SECONDS):
        while len(answered) < 3 * len(empty):
            answered += await gateway.stream.receive_some()
    assert answered == empty * 3


async def test_signs_of_life_keep_a_quiet_connection_open(world):
    await world.start_switch(channel_kind="nac", channel_idle_seconds_max=0.5)
    lively, quiet = await world.connect(), await world.connect()
    for _ in range(8):
        await lively.stream.send_all(b"\0\0")
        await trio.sleep(0.1)
    assert await quiet.receive() is None
    assert (await lively.ask(purchase())).fields["39"] == "00"


@pytest.mark.parametrize("codec", ["be2-inclusive", "ascii4"])
async def test_another_length_codec_is_spoken_both_ways(world, codec):
    await world.start_switch(channel_length_codec=codec)
    terminal = await world.connect()
    payload = purchase()
    size = {
        "be2-inclusive": lambda n: (n + 2).to_bytes(2),
        "ascii4": lambda n: b"%04d" % n,
    }[codec]
    head = len(size(0))
    await terminal.stream.send_all(size(len(payload)) + payload)
    answer = b""
    with trio.fail_after(PATIENCE_SECONDS):
        while len(answer) < head or not answer.startswith(size(len(answer) - head)):
            answer += await terminal.stream.receive_some()
    assert hear(answer[head:]).fields["39"] == "00"


async def test_a_line_without_lengths_is_cut_by_the_messages_themselves(world):
    await world.start_switch(channel_length_codec="none", channel_preamble_bytes=4)
    terminal = await world.connect()
    stream = b"".join(b"%04d" % stan + purchase(stan) for stan in (1, 2, 3))
    await terminal.stream.send_all(stream[:200])
    await terminal.stream.send_all(stream[200:])
    cut = SelfFramedReader(POS.measure_after(4))
    answers: list[bytes] = []
    with trio.fail_after(PATIENCE_SECONDS):
        while len(answers) < 3:
            answers += cut.feed(bytes(await terminal.stream.receive_some()))
    told = {answer[:4]: hear(answer[4:]) for answer in answers}
    assert {int(line): int(answer.stan) for line, answer in told.items()} == {1: 1, 2: 2, 3: 3}
    assert {answer.fields["39"] for answer in told.values()} == {"00"}


async def test_noise_on_a_line_without_lengths_closes_it(world):
    await world.start_switch(channel_length_codec="none")
    terminal = await world.connect()
    await terminal.stream.send_all(b"\xff" * 100)
    assert await terminal.receive() is None


async def test_a_dialect_that_does_not_say_where_it_ends_needs_a_length(world):
    row = ChannelSettings(port=0, kind="softpos", length_codec="none")
    settings = SwitchSettings(
        channels=(row,),
        link=world.host.address,
        saf=str(world.saf_path),
        attestations=str(world.home / "attestations.db"),
    )
    with pytest.raises(DialectError, match=r"softpos do not say where they end. Next: "):
        await run_switch(settings, on_ready=print)


async def receive_raw(terminal: PosTerminal) -> bytes:
    """The next frame without its length, whatever it holds."""
    said = b""
    with trio.fail_after(PATIENCE_SECONDS):
        while len(said) < 2 or len(said) < 2 + int.from_bytes(said[:2]):
            said += await terminal.stream.receive_some()
    return said[2:]


@pytest.mark.parametrize(("preamble", "returned"), [("return", LINE), ("drop", b"")])
async def test_the_callers_line_is_taken_off_and_returned_or_dropped(world, preamble, returned):
    await world.start_switch(
        channel_kind="nac", channel_preamble_bytes=len(LINE), channel_preamble=preamble
    )
    gateway = await world.connect()
    await gateway.stream.send_all(framed(LINE + purchase()))
    answer = await receive_raw(gateway)
    assert answer.startswith(returned)
    assert hear(answer[len(returned) :]).fields["39"] == "00"


async def test_answers_out_of_order_keep_their_own_callers_lines(world):
    await world.start_switch(channel_kind="nac", channel_preamble_bytes=4)
    gateway = await world.connect()
    world.host.decide = lambda _request: None
    await gateway.stream.send_all(b"".join(framed(b"%04d" % n + purchase(n)) for n in (1, 2, 3)))
    await world.host.has(3)
    for _request, answer in reversed(world.host.held):
        answer(approval())
    answers: list[bytes] = []
    said = b""
    with trio.fail_after(PATIENCE_SECONDS):
        while len(answers) < 3:
            said += await gateway.stream.receive_some()
            while len(said) >= 2 and len(said) >= (end := 2 + int.from_bytes(said[:2])):
                answers.append(said[2:end])
                said = said[end:]
    lines = [int(answer[:4]) for answer in answers]
    assert lines == [int(hear(answer[4:]).stan) for answer in answers] == [3, 2, 1]


class Gateway:
    """One that waits to be called."""

    def __init__(self, world, port: int = 0) -> None:
        self._world = world
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]

    async def answer_the_call(self) -> PosTerminal:
        with trio.fail_after(PATIENCE_SECONDS):
            accepted = await trio.to_thread.run_sync(self._listener.accept)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(accepted[0]))
        self._world.keep(stream)
        return PosTerminal(stream)

    def close(self) -> None:
        self._listener.close()


async def test_a_gateway_that_waits_is_called_and_called_again_when_it_hangs_up(world):
    with contextlib.closing(Gateway(world)) as waiting:
        await world.start_switch(
            channel_kind="nac",
            channel_connect_to=f"127.0.0.1:{waiting.port}",
            channel_reconnect_seconds_max=0.1,
        )
        assert world.ports == {}
        for stan in (1, 2):
            gateway = await waiting.answer_the_call()
            assert (await gateway.ask(purchase(stan))).fields["39"] == "00"
            await gateway.stream.aclose()


async def test_a_gateway_that_is_away_is_reached_when_it_comes(world):
    port = free_port()
    await world.start_switch(
        channel_connect_to=f"127.0.0.1:{port}", channel_reconnect_seconds_max=0.1
    )
    with contextlib.closing(Gateway(world, port)) as waiting:
        gateway = await waiting.answer_the_call()
        assert (await gateway.ask(purchase())).fields["39"] == "00"


async def test_a_gateway_lost_with_messages_under_way_leaves_them_undelivered(world):
    with contextlib.closing(Gateway(world)) as waiting:
        await world.start_switch(
            channel_connect_to=f"127.0.0.1:{waiting.port}", channel_reconnect_seconds_max=0.1
        )
        gateway = await waiting.answer_the_call()
        world.host.decide = lambda _request: None
        await gateway.send(purchase(1))
        await world.host.has(1)
        await gateway.stream.aclose()
        again = await waiting.answer_the_call()
        world.host.held[0][1](approval())
        world.host.decide = lambda _request: approval()
        answer = await again.ask(purchase(2))
        assert answer.stan == "000002", "an answer belongs to the connection that asked"
