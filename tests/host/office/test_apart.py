"""What people look at is asked of another process while there is one, and read here while not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import trio

from host.link.address import Address, listen
from host.model.office import NOBODY, Asked, Do, Page, Refused, Show, Told
from host.model.secrets import Secret
from host.office.apart import ReadsApart
from host.office.reception import Reception
from host.office.refusals import AWAY, FAULT, Refusal, told_of
from host.server import serve
from tests.host.office.conftest import Bureau

LOOK = Show(session=Secret(b"x"), view="people")
THERE = Page(columns=["there"], rows=[])


async def _nobody(*_words: Any) -> Any:
    return None


_none: Any = _nobody


@asynccontextmanager
async def served(address: Address, told: Told) -> AsyncIterator[None]:
    """Somebody who tells this, whatever is asked."""

    async def tell(_asked: Asked) -> Told:
        return told

    with closing(listen(address)) as listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, [listener], _none, _none, None, tell)
            yield
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def opened(bureau: Bureau, address: Address) -> AsyncIterator[Reception]:
    """A reception that asks there."""

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(bureau.dsns.office)

    reception = Reception(bureau.office, connect, {}, apart=ReadsApart(address))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reception.run)
        yield reception
        nursery.cancel_scope.cancel()
    reception.shut()


async def asked_until(reception: Reception, told: Told) -> None:
    with trio.fail_after(20):
        while await reception.ask(LOOK) != told:  # noqa: ASYNC110 - it comes by itself
            await trio.sleep(0.05)


async def test_it_is_asked_there_while_somebody_is_there_and_here_while_not(
    bureau: Bureau, tmp_path: Path
) -> None:
    address = Address(path=str(tmp_path / "reads.sock"))
    async with opened(bureau, address) as reception:
        here = await reception.ask(LOOK)
        assert isinstance(here, Refused)
        assert here.code == "E-SIGNED-OUT"
        async with served(address, THERE):
            await asked_until(reception, THERE)
            done = await reception.ask(
                Do(session=NOBODY, action="session.sign_in", values=Secret(b"{}"))
            )
            assert done != THERE
        await asked_until(reception, here)


async def test_what_was_being_read_there_when_that_ended_was_not_read(
    bureau: Bureau, tmp_path: Path
) -> None:
    address, told = Address(path=str(tmp_path / "reads.sock")), list[Told]()
    begun = trio.Event()

    async def never(_asked: Asked) -> Told:
        begun.set()
        await trio.sleep_forever()
        raise AssertionError

    async with opened(bureau, address) as reception:

        async def ask() -> None:
            while not begun.is_set():
                told.append(await reception.ask(LOOK))
                await trio.sleep(0.05)

        with closing(listen(address)) as listener:
            async with trio.open_nursery() as asking, trio.open_nursery() as serving:
                serving.start_soon(serve, [listener], _none, _none, None, never)
                asking.start_soon(ask)
                with trio.fail_after(20):
                    await begun.wait()
                serving.cancel_scope.cancel()
    assert told[-1] == told_of(Refusal(AWAY))


async def test_a_fault_there_is_the_offices(bureau: Bureau, tmp_path: Path) -> None:
    address = Address(path=str(tmp_path / "reads.sock"))
    fault = told_of(Refusal(FAULT))
    async with opened(bureau, address) as reception, served(address, fault):
        await asked_until(reception, fault)
