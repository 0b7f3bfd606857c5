"""Our own host with `remember_in_flight`: on disk both ways, and undone after a kill."""

import contextlib

import pytest
import trio

from host.model.requests import Kind, Request
from switch.hostlink import UNDER_WAY
from switch.lane import Lane
from switch.memory.in_flight import RememberingHost
from switch.memory.route_file import RouteFile
from switch.memory.route_words import HOST, State
from switch.memory.routes import RouteMemory
from switch.recovery import ORPHAN_MARGIN_SECONDS, Recovery
from switch.undoing import reversal_of
from tests.switch.conftest import approval
from tests.switch.memory.test_routes import NOW, Clock, purchase_of

KEY = purchase_of(1).key.text


class Link:
    """A host link that looks at the file when it is asked."""

    def __init__(self, path) -> None:
        self._path = path
        self.is_down = False
        self.asked: list[tuple[Request, object]] = []
        self.states: list[State | None] = []
        self.forgotten: list[int] = []
        self._asked = trio.Event()

    def ask(self, request, waiter):
        if self.is_down:
            return None
        self.asked.append((request, waiter))
        self.states.append(state_in(self._path, request.key.text))
        self._asked.set()
        return len(self.asked)

    def forget(self, ticket):
        self.forgotten.append(ticket)

    def find(self, _terminal_id, _finder):
        return False

    async def has(self, count: int):
        with trio.fail_after(10):
            while len(self.asked) < count:
                self._asked = trio.Event()
                await self._asked.wait()
        return self.asked[count - 1][1]


class Waiter:
    def __init__(self, path) -> None:
        self._path = path
        self.told: list = []
        self.state: State | None = None
        self._done = trio.Event()

    def answered(self, response):
        self._tell(response)

    def unsent(self):
        self._tell("unsent")

    def in_doubt(self):
        self._tell("in doubt")

    def _tell(self, what) -> None:
        self.told.append(what)
        self.state = state_in(self._path, KEY)
        self._done.set()

    async def done(self):
        with trio.fail_after(10):
            await self._done.wait()
        return self.told[0]


def state_in(path, key_text: str) -> State | None:
    file = RouteFile(path, "looker")
    noted = file.find(key_text)
    file.close()
    return noted.state if noted is not None else None


class Owed:
    def __init__(self) -> None:
        self.owed: list[tuple[Request, str]] = []

    def owe(self, request, route, stored=None):
        assert stored is None
        self.owed.append((request, route))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "routes.db"


@contextlib.asynccontextmanager
async def at_work(path, owner="one"):
    memory = RouteMemory(RouteFile(path, owner), Clock(), days_max=30.0)
    link = Link(path)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory.run)
        yield RememberingHost(link, memory), link, memory
        nursery.cancel_scope.cancel()
    memory.close()


async def test_it_is_on_disk_before_it_is_sent_and_its_answer_before_it_is_told(path):
    async with at_work(path) as (host, link, _):
        waiter = Waiter(path)
        host.ask(purchase_of(1), waiter)
        sent = await link.has(1)
        assert link.states == [State.OPEN]
        sent.answered(approval())
        assert await waiter.done() == approval()
        assert waiter.state is State.ANSWERED


async def test_what_the_switch_would_not_undo_goes_straight_on(path):
    async with at_work(path) as (host, link, _):
        request = Request(kind=Kind.BALANCE_INQUIRY, key=purchase_of(1).key, merchant_id="m")
        waiter = Waiter(path)
        ticket = host.ask(request, waiter)
        assert link.asked == [(request, waiter)]
        host.forget(ticket)
        assert link.forgotten == [1]


async def test_a_repeat_goes_straight_on_for_the_host_knows_it(path):
    async with at_work(path) as (host, link, _):
        waiter = Waiter(path)
        host.ask(purchase_of(1), waiter)
        (await link.has(1)).answered(approval())
        await waiter.done()
        host.ask(purchase_of(1), Waiter(path))
        assert len(link.asked) == 2, "in the same turn"


async def test_a_repeat_of_what_another_process_has_in_flight_is_told_or_undone_there(path):
    async with at_work(path) as (host, link, _), at_work(path, "two") as (other, other_link, _):
        waiter, again = Waiter(path), Waiter(path)
        host.ask(purchase_of(1), waiter)
        sent = await link.has(1)
        assert other.ask(purchase_of(1), again) is UNDER_WAY
        sent.answered(approval())
        await waiter.done()
        other.ask(purchase_of(1), again)
        assert [request for request, _ in other_link.asked] == [purchase_of(1)], "the host repeats"
        assert again.told == []


async def test_a_repeat_of_what_a_killed_process_left_in_flight_is_not_told_before_it_is_undone(
    path,
):
    async with at_work(path) as (host, link, _):
        host.ask(purchase_of(1), Waiter(path))
        await link.has(1)
    async with at_work(path, "two") as (other, other_link, memory):
        assert other.ask(purchase_of(1), Waiter(path)) is UNDER_WAY
        memory.undo(KEY, HOST)
        with trio.fail_after(10):
            while memory.waiting:  # noqa: ASYNC110
                await trio.sleep(0.01)
        other.ask(purchase_of(1), Waiter(path))
        assert len(other_link.asked) == 1, "the host says that it was undone"


async def test_of_two_processes_that_are_asked_at_once_one_asks_and_the_other_says_nothing(path):
    async with at_work(path) as (host, link, _), at_work(path, "two") as (other, other_link, _):
        waiters = [Waiter(path), Waiter(path)]
        for each, waiter in zip((host, other), waiters, strict=True):
            assert each.ask(purchase_of(1), waiter) is not UNDER_WAY, "neither knows of the other"
        with trio.fail_after(10):
            while not (link.asked or other_link.asked) or not any(each.told for each in waiters):  # noqa: ASYNC110
                await trio.sleep(0.01)
        assert len(link.asked) + len(other_link.asked) == 1
        assert [each.told for each in waiters if each.told] == [[UNDER_WAY]]


async def test_a_link_that_is_down_moves_nothing(path):
    async with at_work(path) as (host, link, _):
        link.is_down = True
        waiter = Waiter(path)
        host.ask(purchase_of(1), waiter)
        assert await waiter.done() == "unsent"


async def test_what_nobody_waits_for_any_more_is_not_sent(path):
    async with at_work(path) as (host, link, memory):
        waiter = Waiter(path)
        host.forget(host.ask(purchase_of(1), waiter))
        with trio.fail_after(10):
            # In a thread: the writer may hold the file's lock until the loop goes on.
            while await trio.to_thread.run_sync(state_in, path, KEY) is not State.UNSENT:  # noqa: ASYNC110
                await trio.sleep(0.01)
        assert (link.asked, waiter.told, memory.waiting) == ([], [], 0)


async def test_an_answer_to_what_was_undone_meanwhile_is_not_told(path):
    async with at_work(path) as (host, link, memory):
        waiter = Waiter(path)
        host.ask(purchase_of(1), waiter)
        sent = await link.has(1)
        memory.undo(KEY, HOST)
        sent.answered(approval())
        assert await waiter.done() == "in doubt"


async def test_after_a_kill_what_was_in_flight_is_undone_and_what_was_answered_is_not(path):
    async with at_work(path) as (host, link, _):
        waiter = Waiter(path)
        host.ask(purchase_of(1), Waiter(path))
        await link.has(1)
        host.ask(purchase_of(2), waiter)
        (await link.has(2)).answered(approval())
        await waiter.done()
    owed = Owed()
    memory = RouteMemory(RouteFile(path, "one"), Clock(), days_max=30.0)
    recovery = Recovery(memory, owed, "one", [Lane(HOST, link, 30.0)])  # type: ignore[arg-type]
    assert recovery.begin(NOW) == 1
    assert [request.key.stan for request, _ in owed.owed] == ["000001"]
    assert owed.owed[0] == (reversal_of(without_card(purchase_of(1))), HOST)
    assert recovery.begin(NOW) == 0, "once"
    memory.close()


async def test_orphans_of_another_process_are_undone_once_nobody_can_be_at_them(path):
    async with at_work(path) as (host, link, _):
        host.ask(purchase_of(1), Waiter(path))
        await link.has(1)
    owed = Owed()
    memory = RouteMemory(RouteFile(path, "two"), Clock(), days_max=30.0)
    recovery = Recovery(memory, owed, "two", [Lane(HOST, link, 30.0)])  # type: ignore[arg-type]
    assert recovery.begin(NOW) == 0
    assert recovery.look(NOW + 30.0) == 0
    assert recovery.look(NOW + 30.0 + ORPHAN_MARGIN_SECONDS) == 1
    memory.close()


def without_card(request: Request) -> Request:
    return Request(
        kind=request.kind, key=request.key, merchant_id=request.merchant_id, amount=request.amount
    )
