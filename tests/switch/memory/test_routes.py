"""What is remembered of exchanges: on disk before anybody is told, once, and not for ever."""

import contextlib
import stat

import pytest
import trio

from host.model.money import Money
from host.model.requests import ExchangeKey, Family, Kind, PinBlock, Request
from host.model.secrets import Pan, Secret
from switch.memory.route_file import RouteError, RouteFile
from switch.memory.route_words import HOST, Noted, State
from switch.memory.routes import DAY_SECONDS, RouteMemory
from tests.switch.conftest import approval

NOW = 1_000_000_000.0
PAN = "9988000000000015"


def purchase_of(stan: int) -> Request:
    return Request(
        kind=Kind.PURCHASE,
        key=ExchangeKey("pos", "80010001", "000012", f"{stan:06d}", Family.FINANCIAL),
        merchant_id="888290054110001",
        pan=Pan(PAN),
        expiry="3012",
        amount=Money(12345, "CNY"),
        pin=PinBlock(0, Secret(b"12345678")),
    )


KEY = purchase_of(1).key.text


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Book:
    """A memory at work, whose call-backs can be waited for."""

    def __init__(self, memory: RouteMemory) -> None:
        self.memory = memory

    async def told(self, begin) -> Noted | None:
        """What the call-back of a change is given."""
        done, told = trio.Event(), []

        def take(noted: Noted | None) -> None:
            told.append(noted)
            done.set()

        begin(take)
        with trio.fail_after(10):
            await done.wait()
        return told[0]

    async def note(self, stan: int = 1, route: str = "far") -> Noted | None:
        return await self.told(lambda done: self.memory.note(route, purchase_of(stan), done))

    async def answer(self, noted: Noted) -> Noted | None:
        return await self.told(lambda done: self.memory.answer(noted, approval(), done))

    async def undo(self, stan: int = 1, route: str = "far") -> Noted | None:
        key_text = purchase_of(stan).key.text
        return await self.told(lambda done: self.memory.undo(key_text, route, done))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "routes.db"


@contextlib.asynccontextmanager
async def at_work(path, clock, owner: str = "one"):
    memory = RouteMemory(RouteFile(path, owner), clock, days_max=30.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory.run)
        yield Book(memory)
        nursery.cancel_scope.cancel()
    memory.close()


async def test_a_note_is_on_disk_when_its_call_back_comes(path, clock):
    async with at_work(path, clock) as book:
        noted = await book.note()
        assert noted is not None
        other = RouteFile(path, "two")
        assert other.find(KEY) == noted
        other.close()
        assert (noted.route, noted.state, noted.owner) == ("far", State.OPEN, "one")
        assert (noted.noted_at, noted.card) == (NOW, "998800******0015")


async def test_a_key_is_noted_once(path, clock):
    async with at_work(path, clock) as book:
        await book.note()
        assert await book.note() is None


async def test_what_was_never_sent_may_be_noted_again(path, clock):
    async with at_work(path, clock) as book:
        first = await book.note()
        book.memory.drop(KEY, "far")
        again = await book.note()
        assert first is not None
        assert again is not None
        assert again.state is State.OPEN
        assert again.trace == first.trace + 1


async def test_an_answer_counts_only_while_nobody_has_undone_it(path, clock):
    async with at_work(path, clock) as book:
        noted = await book.note()
        kept = await book.answer(noted)
        assert (kept.state, kept.answer) == (State.ANSWERED, approval())
        assert (await book.undo()).state is State.UNDONE
        second = await book.note(2)
        await book.undo(2)
        assert await book.answer(second) is None


async def test_a_tombstone_stops_what_comes_later(path, clock):
    async with at_work(path, clock) as book:
        assert (await book.undo(route=HOST)).request is None
        assert await book.note() is None


async def test_a_route_is_known_from_the_moment_it_is_asked_for(path, clock):
    async with at_work(path, clock) as book:
        memory = book.memory
        assert memory.route_of(KEY) is None
        noting = await _begun(lambda done: memory.note("far", purchase_of(1), done))
        assert memory.route_of(KEY) == "far"
        assert memory.is_changing(KEY)
        await noting.wait()
        assert not memory.is_changing(KEY)
        assert memory.route_of(KEY) == "far"


async def _begun(begin) -> trio.Event:
    done = trio.Event()
    begin(lambda _noted: done.set())
    return done


async def test_traces_go_on_over_restarts_and_processes_and_wrap(path, clock, monkeypatch):
    traces = []
    for owner, stan in (("one", 1), ("two", 2), ("one", 3)):
        async with at_work(path, clock, owner) as book:
            traces.append((await book.note(stan)).trace)
    assert traces == [1, 2, 3]
    monkeypatch.setattr("switch.memory.route_file.TRACE_MAX", 3)
    async with at_work(path, clock) as book:
        assert (await book.note(4)).trace == 1
        assert (await book.note(5, route="near")).trace == 1, "each issuer has its own"


async def test_what_is_open_is_found_by_its_age(path, clock):
    async with at_work(path, clock) as book:
        await book.note(1)
        noted = await book.note(2)
        await book.answer(noted)
        clock.now += 60
        await book.note(3)
        found = [each.request.key.stan for each in book.memory.open_before(NOW)]
        assert found == ["000001"]


async def test_it_is_forgotten_when_its_batch_is_over(path, clock):
    async with at_work(path, clock) as book:
        await book.note(1)
        clock.now += 31 * DAY_SECONDS
        await book.note(2)
        assert book.memory.find(KEY) is None
        assert book.memory.find(purchase_of(2).key.text) is not None


async def test_a_disk_that_refuses_lets_nothing_be_sent_and_loses_no_answer(
    path, clock, monkeypatch
):
    monkeypatch.setattr("switch.memory.routes.RETRY_SECONDS", 0.01)

    class FullDisk(RouteFile):
        refusals = 0

        def writing(self, changes):
            if self.refusals:
                self.refusals -= 1
                raise RouteError("no space left on device")
            return super().writing(changes)

    file = FullDisk(path, "one")
    memory = RouteMemory(file, clock, days_max=30.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory.run)
        book = Book(memory)
        file.refusals = 1
        assert await book.note(1) is None
        noted = await book.note(2)
        assert noted is not None
        file.refusals = 3
        assert (await book.answer(noted)).state is State.ANSWERED
        nursery.cancel_scope.cancel()
    memory.close()


async def test_what_comes_last_is_written_at_the_end(path, clock):
    memory = RouteMemory(RouteFile(path, "one"), clock, days_max=30.0)
    memory.undo(KEY, HOST)
    memory.close()
    file = RouteFile(path, "one")
    assert file.find(KEY).state is State.UNDONE
    file.close()


async def test_the_file_is_its_users_alone_and_holds_no_secret(path, clock):
    async with at_work(path, clock) as book:
        await book.note()
    files = list(path.parent.iterdir())
    assert {file.name for file in files} >= {"routes.db", "routes.db-log", "routes.db-log-mark"}
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    data = b"".join(file.read_bytes() for file in files)
    assert b"80010001" in data
    for secret in (PAN.encode(), bytes.fromhex(PAN), b"12345678", b"3012"):
        assert secret not in data


def test_a_file_that_cannot_be_opened_says_what_to_do(tmp_path):
    with pytest.raises(RouteError, match="give the switch a writable `routes` path"):
        RouteFile(tmp_path / "missing" / "routes.db", "one")
