"""One poisoned item, one strange peer: it troubles itself alone, and costs the others little."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import contextlib
import functools
import itertools
import socket
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import trio
from prometheus_client import REGISTRY
from trio.testing import MockClock

from config.run.database import Dsns
from host.link.address import Address, listen
from host.link.client import HostLink
from host.model.requests import IssuerDecision, Kind, Request, Response
from host.model.responses import Reason
from host.model.terminal import TerminalProfile
from host.server import serve
from host.steady import kept_going
from host.store import writer
from host.store.saving import save
from host.store.writer import Writer
from tests.host.conftest import CardPool, Till, opened

ADVICES = 2_000
"""Of one terminal: more than Python would nest calls."""


def faults(where: str) -> float:
    return REGISTRY.get_sample_value("posswitch_host_faults_total", {"where": where}) or 0.0


async def test_thousands_of_advices_that_wait_for_one_terminal_are_all_told_when_the_database_goes(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits in a line ends one after the other, not one inside the other."""
    decision = IssuerDecision(issuer_id="48882955", rrn="112200000001", card="995500******0001")
    advices = [till.request(Kind.PURCHASE, None, 1, decision=decision) for _ in range(ADVICES)]
    told: list[Reason] = []
    every = trio.Event()

    def deliver(answer: Response) -> None:
        told.append(answer.reason)
        if len(told) == ADVICES:
            every.set()

    def away(_writer: Writer) -> None:
        raise psycopg.OperationalError("nobody is there")

    with monkeypatch.context() as broken:
        broken.setattr(Writer, "open", away)
        broken.setattr(writer, "save", _lose_connection)
        broken.setattr(writer, "IN_DOUBT_SECONDS_MAX", 0.0)
        for advice in advices:
            till.poster.submit(advice, deliver)
        with trio.move_on_after(5):
            await every.wait()
    assert len(told) >= ADVICES - 1, "the one in doubt alone hears nothing"
    assert set(told) == {Reason.HOST_UNREACHABLE}
    assert till.poster._lines.waiting.total() == 0
    assert not till.poster._lines
    [answer] = await till.ask_until_reached([till.request(Kind.PURCHASE, 3, 1, pin="123456")])
    assert answer.is_approved


def _lose_connection(*_args: Any) -> Any:
    raise psycopg.OperationalError("the connection was lost")


@pytest.mark.parametrize("place", [0, 77, 127])
def test_one_request_that_the_ledger_refuses_costs_its_neighbours_few_commits(
    module_estate: Dsns, pool: CardPool, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Halves, not one by one; and it is said which constraint refused it."""
    cards = [pool.city() for _ in range(128)]
    saved: list[int] = []

    def counted(*args: Any) -> Any:
        links = save(*args)
        saved.append(len(args[1]))
        return links

    monkeypatch.setattr(writer, "save", counted)
    with opened(module_estate, writers=1) as poster:
        till = Till(poster, module_estate)
        till.sql(
            "UPDATE purse SET floor_minor = posted_minor WHERE account_id ="
            " (SELECT account_id FROM purse WHERE card_id = %s AND unit = 'CNY')",
            cards[place],
        )
        refused = _refused_by("purse_not_overdrawn")
        sales = [till.request(Kind.PURCHASE, card, 100, pin="123456") for card in cards]
        admitted = [poster._admitted(sale, lambda _answer: None) for sale in sales]
        items = [each.item for each in admitted if not isinstance(each, Reason)]
        results = poster._batches._writers[0].post(items)
    reasons = [each.reason for each in results if isinstance(each, Response)]
    assert reasons == [
        Reason.NOT_POSTABLE if at == place else Reason.APPROVED for at in range(len(cards))
    ]
    assert len(saved) == 7, "as often as 128 can be halved"
    assert _refused_by("purse_not_overdrawn") == refused + 1


def _refused_by(why: str) -> float:
    return REGISTRY.get_sample_value("posswitch_host_items_refused_total", {"why": why}) or 0.0


async def test_a_request_that_cannot_be_admitted_is_96_and_the_next_is_served(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = faults("admission")
    with monkeypatch.context() as broken:
        broken.setattr("host.poster.fingerprint_of", _fail)
        assert (await till.buy(2, 1)).reason is Reason.MALFUNCTION
    assert faults("admission") == before + 1
    assert (await till.buy(2, 1)).is_approved


def _fail(*_args: Any, **_more: Any) -> Any:
    raise RuntimeError("a bug of ours")


async def test_a_writer_that_fails_leaves_its_batch_in_doubt_and_goes_on(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = till.request(Kind.PURCHASE, 2, 100, pin="123456")
    said: list[Response] = []
    before = faults("writer")
    with monkeypatch.context() as broken:
        broken.setattr(Writer, "post", _fail)
        till.poster.submit(sale, said.append)
        with trio.fail_after(10):
            while till.poster._lines:  # noqa: ASYNC110 - silence has no event
                await trio.sleep(0.01)
    assert faults("writer") == before + 1
    assert said == []
    [answer] = await till.ask_until_reached([sale])
    assert answer.is_approved
    assert till.journals(sale) == 1


async def test_an_answer_that_cannot_be_delivered_keeps_no_other_back(till: Till) -> None:
    before = faults("delivery")
    till.poster.submit(till.request(Kind.PURCHASE, 2, 1, pin="123456"), _fail)
    assert (await till.buy(2, 1)).is_approved
    assert faults("delivery") == before + 1


class Asker:
    def __init__(self) -> None:
        self.fate: list[object] = []
        self.told = trio.Event()

    def answered(self, response: Response) -> None:
        self.fate.append(response.reason)
        self.told.set()

    def unsent(self) -> None:
        self.fate.append("unsent")
        self.told.set()

    def in_doubt(self) -> None:
        self.fate.append("in doubt")
        self.told.set()


async def test_a_request_that_cannot_be_taken_is_not_answered_and_its_neighbours_are(
    nursery: trio.Nursery, tmp_path: Path, till: Till
) -> None:
    """Whatever taking it breaks, neither the switch's connection nor the host ends."""
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    bad = till.request(Kind.PURCHASE, 2, 13)
    good = till.request(Kind.PURCHASE, 2, 14)

    def submit(request: Request, deliver: Any) -> None:
        if request.key == bad.key:
            raise RuntimeError("a bug of ours")
        deliver(Response(reason=Reason.APPROVED))

    async def find(_terminal_id: str) -> TerminalProfile | None:
        return None

    listener = listen(address)
    with contextlib.closing(listener):
        nursery.start_soon(serve, [listener], submit, find)
        link = HostLink(address)
        nursery.start_soon(link.run)
        with trio.fail_after(10):
            await link.up.wait()
            first, second = Asker(), Asker()
            link.ask(bad, first)
            link.ask(good, second)
            await second.told.wait()
        assert (first.fate, second.fate) == ([], [Reason.APPROVED])
        assert link.connections_made == 1
        nursery.cancel_scope.cancel()


async def test_what_one_waiter_breaks_keeps_no_other_from_its_answer(
    nursery: trio.Nursery, tmp_path: Path, till: Till
) -> None:
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    listener = listen(address)

    async def find(_terminal_id: str) -> TerminalProfile | None:
        return None

    class Broken(Asker):
        answered = _fail
        unsent = _fail
        in_doubt = _fail

    held: list[Any] = []
    with contextlib.closing(listener):
        nursery.start_soon(serve, [listener], lambda _request, deliver: held.append(deliver), find)
        link = HostLink(address)
        nursery.start_soon(link.run)
        with trio.fail_after(10):
            await link.up.wait()
            good, lost = Asker(), Asker()
            link.ask(till.request(Kind.PURCHASE, 2, 1), Broken())
            link.ask(till.request(Kind.PURCHASE, 2, 2), good)
            while len(held) < 2:  # noqa: ASYNC110 - a list has no event
                await trio.sleep(0.01)
            for deliver in held:
                deliver(Response(reason=Reason.APPROVED))
            await good.told.wait()
            link.ask(till.request(Kind.PURCHASE, 2, 3), Broken())
            link.ask(till.request(Kind.PURCHASE, 2, 4), lost)
            while len(held) < 4:  # noqa: ASYNC110 - as above
                await trio.sleep(0.01)
            assert link._pipe is not None
            link._pipe._sock.shutdown(socket.SHUT_RDWR)
            await lost.told.wait()
        assert (good.fate, lost.fate) == ([Reason.APPROVED], ["in doubt"])
        nursery.cancel_scope.cancel()


async def test_a_request_that_cannot_be_encoded_never_left_and_its_neighbours_do(
    nursery: trio.Nursery, tmp_path: Path, till: Till
) -> None:
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    listener = listen(address)

    async def find(_terminal_id: str) -> TerminalProfile | None:
        return None

    with contextlib.closing(listener):
        nursery.start_soon(
            serve,
            [listener],
            lambda _request, deliver: deliver(Response(reason=Reason.APPROVED)),
            find,
        )
        link = HostLink(address)
        nursery.start_soon(link.run)
        with trio.fail_after(10):
            await link.up.wait()
            bad, good = Asker(), Asker()
            poisoned = msgspec.structs.replace(till.request(Kind.PURCHASE, 2, 1), detail="\ud800")
            link.ask(poisoned, bad)
            link.ask(till.request(Kind.PURCHASE, 2, 2), good)
            await good.told.wait()
        assert (bad.fate, good.fate) == (["unsent"], [Reason.APPROVED])
        assert link.connections_made == 1
        nursery.cancel_scope.cancel()


async def test_a_part_that_fails_is_counted_and_begun_again_until_it_ends_by_itself(
    autojump_clock: MockClock,
) -> None:
    tries: list[float] = []
    failed: list[str] = []

    async def part(fails: int) -> None:
        await trio.lowlevel.checkpoint()
        tries.append(trio.current_time())
        if len(tries) <= fails:
            raise OSError("the disk is gone")

    await kept_going("part", functools.partial(part, 5), failed.append)
    assert failed == ["part"] * 5
    pauses = [after - before for before, after in itertools.pairwise(tries)]
    assert pauses == sorted(pauses)
    assert all(pause > 0 for pause in pauses), "it never spins"


async def test_what_the_desk_cannot_answer_is_96_and_its_line_goes_on(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = faults("desk answer")
    with monkeypatch.context() as broken:
        broken.setattr("host.desk.desk.Desk.answer", _fail)
        settled = await till.ask(till.request(Kind.UPLOAD_END))
    assert settled.reason is Reason.MALFUNCTION
    assert faults("desk answer") == before + 1
    assert (await till.buy(2, 1)).is_approved


async def test_strangers_at_the_link_never_take_the_hosts_last_file(
    nursery: trio.Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host.server.SWITCHES_MAX", 3)
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")

    async def find(_terminal_id: str) -> TerminalProfile | None:
        return None

    listener = listen(address)
    with contextlib.closing(listener), contextlib.ExitStack() as strangers:
        nursery.start_soon(serve, [listener], _fail, find)
        streams = [await trio.open_unix_socket(str(tmp_path / "h.sock")) for _ in range(4)]
        for stream in streams:
            strangers.callback(stream.socket.close)
        with trio.fail_after(10):
            said = [await stream.receive_some(4) for stream in streams]
        assert [bool(each) for each in said] == [True] * 3 + [False]
        nursery.cancel_scope.cancel()
