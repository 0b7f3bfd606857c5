"""Both ends of the link together: every request ends exactly once, whatever happens to it."""

from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import msgspec
import pytest
import trio

from host.echo import EchoHost, read_terminals
from host.link.address import Address, listen
from host.link.client import EAGER_SECONDS, EAGER_TRIES, HostLink, LinkLimits, pause_after
from host.link.frames import Answers, Hello, LinkReader, encode
from host.model.requests import ExchangeKey, Family, Kind, Request, Response
from host.model.responses import Reason
from host.model.terminal import MacAlgorithm, TerminalProfile
from host.server import serve

PATIENCE_SECONDS = 60
LIMITS = LinkLimits(window_max=4, sign_on_window_max=2, beat_seconds=0.05, silence_seconds_max=0.3)
PROFILE = TerminalProfile(
    terminal_id="80010001",
    merchant_id="888290054110001",
    epoch="000012",
    mac_algorithm=MacAlgorithm.UNIONPAY_ECB,
)


def request_of(stan: int) -> Request:
    key = ExchangeKey("pos", "80010001", "000012", f"{stan:06d}", Family.FINANCIAL)
    return Request(kind=Kind.PURCHASE, key=key, merchant_id="888290054110001")


class Asker:
    """Writes down what becomes of a request or a question."""

    def __init__(self, fates: list, stan: int) -> None:
        self._fates = fates
        self._stan = stan

    def answered(self, response: Response) -> None:
        self._fates.append((self._stan, response.rrn))

    def unsent(self) -> None:
        self._fates.append((self._stan, "unsent"))

    def in_doubt(self) -> None:
        self._fates.append((self._stan, "in doubt"))

    def found(self, profile: TerminalProfile | None) -> None:
        self._fates.append((self._stan, profile))

    def lost(self) -> None:
        self._fates.append((self._stan, "lost"))


class Ends:
    """A host whose answers the test gives, and a link to it."""

    def __init__(self, nursery: trio.Nursery, address: str) -> None:
        self._nursery = nursery
        self.address = Address.parse(address)
        self.fates: list = []
        self.late: list[Response] = []
        self.turns = 0
        self.held: dict[int, Any] = {}
        self._turned = trio.Event()
        self._scope = trio.CancelScope()
        self.link = HostLink(
            self.address, LIMITS, on_unmatched=self.late.append, on_turn=self._turn
        )

    async def start_host(self) -> None:
        await self._nursery.start(self._serve)

    async def stop_host(self) -> None:
        self._scope.cancel()
        await self._stopped.wait()

    def ask(self, stan: int) -> int | None:
        return self.link.ask(request_of(stan), Asker(self.fates, stan))

    def answer(self, stan: int) -> None:
        self.held.pop(stan)(Response(reason=Reason.APPROVED, rrn=f"rrn {stan}"))

    async def until(self, question) -> None:
        with trio.fail_after(PATIENCE_SECONDS):
            while not question():
                self._turned = trio.Event()
                await self._turned.wait()

    def _turn(self) -> None:
        self.turns += 1
        self._turned.set()

    async def _serve(self, task_status) -> None:
        self._stopped = trio.Event()
        with trio.CancelScope() as self._scope, closing(listen(self.address)) as listener:
            task_status.started()
            await serve([listener], self._submit, self._find)
        self._stopped.set()

    def _submit(self, request: Request, answer) -> None:
        self.held[int(request.key.stan)] = answer
        self._turned.set()

    async def _find(self, terminal_id: str) -> TerminalProfile | None:
        if terminal_id == "broken":
            raise OSError("the database is away")
        return PROFILE if terminal_id == PROFILE.terminal_id else None


@pytest.fixture
async def ends(nursery: trio.Nursery, tmp_path) -> AsyncIterator[Ends]:
    made = Ends(nursery, f"unix:{tmp_path / 'h.sock'}")
    await made.start_host()
    nursery.start_soon(made.link.run)
    with trio.fail_after(PATIENCE_SECONDS):
        await made.link.up.wait()
    yield made
    nursery.cancel_scope.cancel()


async def test_answers_find_their_requests_in_any_order(ends):
    for stan in (1, 2, 3):
        ends.ask(stan)
    await ends.until(lambda: len(ends.held) == 3)
    for stan in (3, 1, 2):
        ends.answer(stan)
    await ends.until(lambda: len(ends.fates) == 3)
    assert ends.fates == [(3, "rrn 3"), (1, "rrn 1"), (2, "rrn 2")]


async def test_answers_given_together_arrive_in_one_turn(ends):
    for stan in (1, 2, 3, 4):
        ends.ask(stan)
    await ends.until(lambda: len(ends.held) == 4)
    for stan in (1, 2, 3, 4):
        ends.answer(stan)
    await ends.until(lambda: ends.fates)
    assert len(ends.fates) == 4


async def test_what_is_held_goes_to_a_host_that_is_idle_and_waits_for_one_at_work(
    ends, monkeypatch
):
    monkeypatch.setattr("host.link.client.AT_WORK", 2)
    ends.link.hold()
    ends.ask(1)
    ends.ask(2)
    ends.link.release_to_idle()
    await ends.until(lambda: len(ends.held) == 2)
    ends.link.hold()
    ends.ask(3)
    ends.link.release_to_idle()
    await trio.sleep(2 * LIMITS.beat_seconds)
    assert 3 not in ends.held
    ends.link.release()
    await ends.until(lambda: 3 in ends.held)


async def test_a_full_window_takes_nothing_more_until_one_is_answered(ends):
    """S4-11."""
    for stan in (1, 2, 3, 4):
        assert ends.ask(stan) is not None
    assert ends.ask(5) is None
    await ends.until(lambda: len(ends.held) == 4)
    ends.answer(1)
    await ends.until(lambda: ends.fates)
    assert ends.ask(5) is not None


async def test_sign_ons_take_no_place_of_trades(ends):
    """Anybody can send them: their window is their own, and full by itself."""
    sign_ons = [msgspec.structs.replace(request_of(stan), kind=Kind.SIGN_ON) for stan in (6, 7, 8)]
    taken = [ends.link.ask(one, Asker(ends.fates, 6)) for one in sign_ons]
    assert [ticket is not None for ticket in taken] == [True, True, False]
    for stan in (1, 2, 3, 4):
        assert ends.ask(stan) is not None
    assert ends.ask(5) is None
    await ends.until(lambda: len(ends.held) == 6)
    ends.answer(6)
    await ends.until(lambda: ends.fates)
    assert ends.ask(5) is None
    assert ends.link.ask(sign_ons[2], Asker(ends.fates, 8)) is not None
    assert ends.link.unanswered == 6


async def test_the_answer_to_a_forgotten_request_is_counted_and_not_delivered(ends):
    ticket = ends.ask(1)
    await ends.until(lambda: ends.held)
    ends.link.forget(ticket)
    ends.answer(1)
    await ends.until(lambda: ends.late)
    assert ends.fates == []
    assert ends.late[0].rrn == "rrn 1"


async def test_a_lost_link_leaves_the_sent_in_doubt_and_the_unsent_unsent(ends):
    ends.ask(1)
    await ends.until(lambda: ends.held)
    ends.link._gather = bytes  # the writer never comes to the next one
    ends.link._pipe._gather = bytes
    ends.ask(2)
    await ends.stop_host()
    await ends.until(lambda: len(ends.fates) == 2)
    assert ends.fates == [(1, "in doubt"), (2, "unsent")]
    assert ends.ask(3) is None


async def test_tickets_die_with_their_connection(ends):
    ends.ask(1)
    await ends.until(lambda: ends.held)
    await ends.stop_host()
    await ends.until(lambda: ends.fates)
    await ends.start_host()
    await ends.until(lambda: ends.link.is_up)
    stale = ends.held.pop(1)
    stale(Response(reason=Reason.APPROVED, rrn="of the old connection"))
    ends.ask(2)
    await ends.until(lambda: 2 in ends.held)
    ends.answer(2)
    await ends.until(lambda: len(ends.fates) == 2)
    assert ends.fates == [(1, "in doubt"), (2, "rrn 2")]
    assert ends.late == []


@pytest.mark.parametrize(
    ("terminal_id", "told"), [("80010001", PROFILE), ("80019999", None), ("broken", "lost")]
)
async def test_a_terminal_is_found_or_not_or_cannot_be_said(ends, terminal_id, told):
    assert ends.link.find(terminal_id, Asker(ends.fates, 0))
    await ends.until(lambda: ends.fates)
    assert ends.fates == [(0, told)]


async def test_an_idle_link_stays_up(ends):
    await trio.sleep(LIMITS.silence_seconds_max * 2)
    assert ends.link.is_up
    assert ends.link.connections_made == 1


async def test_a_host_that_goes_silent_is_let_go(nursery, tmp_path):
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    accepted = []
    turned = trio.Event()

    def turn() -> None:
        turned.set()

    link = HostLink(address, LIMITS, on_turn=turn)
    with closing(listen(address)) as listener:

        async def accept() -> None:
            while True:
                await trio.lowlevel.wait_readable(listener)
                sock, _ = listener.accept()
                accepted.append(sock)
                sock.send(encode(Hello()))

        nursery.start_soon(accept)
        nursery.start_soon(link.run)
        fates: list = []
        with trio.fail_after(PATIENCE_SECONDS):
            await link.up.wait()
            link.ask(request_of(1), Asker(fates, 1))
            while not fates:
                turned = trio.Event()
                await turned.wait()
        assert fates == [(1, "in doubt")]
        nursery.cancel_scope.cancel()
    for sock in accepted:
        sock.close()


async def test_another_release_never_comes_up(nursery, tmp_path):
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    link = HostLink(address, LIMITS)
    with closing(listen(address)) as listener:
        nursery.start_soon(link.run)
        await trio.lowlevel.wait_readable(listener)
        sock, _ = listener.accept()
        with closing(sock):
            sock.send(encode(Hello(99)))
            with trio.fail_after(PATIENCE_SECONDS):
                await trio.lowlevel.wait_readable(listener)  # it tries again
        assert not link.up.is_set()
        nursery.cancel_scope.cancel()


async def test_the_host_cuts_off_a_switch_that_talks_nonsense(ends):
    stream = await _raw_stream(ends.address)
    async with stream:
        await stream.send_all(encode(Hello()) + encode(Answers([])))
        reader = LinkReader()
        heard = []
        with trio.fail_after(PATIENCE_SECONDS):
            async for data in stream:
                heard += reader.feed(bytes(data))
    assert heard == [Hello()]
    assert ends.link.is_up


async def _raw_stream(address: Address) -> trio.SocketStream:
    return await trio.open_unix_socket(address.path)


def test_the_echo_host_approves_and_knows_its_file(tmp_path):
    path = tmp_path / "terminals.json"
    path.write_text(
        '[{"terminal_id": "80010001", "merchant_id": "888290054110001",'
        ' "mac_key": "2568ADE013579BDF"}]'
    )
    host = EchoHost(read_terminals(path))
    answers: list[Response] = []
    host.submit(request_of(1), answers.append)
    assert answers[0].is_approved
    assert len(answers[0].rrn) == 12


def test_a_first_connection_is_tried_often_for_a_while_and_a_lost_one_ever_more_seldom() -> None:
    """So that a switch is linked as soon as the host that began with it stands."""
    limits = LinkLimits()
    first = [pause_after(failed, limits, is_first=True) for failed in range(EAGER_TRIES + 2)]
    assert first[0] == limits.retry_seconds_min
    assert max(first[:EAGER_TRIES]) == EAGER_SECONDS
    assert first[-1] == limits.retry_seconds_max
    lost = [pause_after(failed, limits, is_first=False) for failed in range(100)]
    assert lost == sorted(lost)
    assert (lost[0], lost[-1]) == (limits.retry_seconds_min, limits.retry_seconds_max)
