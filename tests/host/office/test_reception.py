"""The office over the link: asked by who has no database, beside trade, within limits."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import trio
from trio.testing import MockClock

from host.link.address import Address, listen
from host.link.frames import LinkError
from host.link.office import OfficeLink, opened_office
from host.model.office import NOBODY, Do, Done, Page, Refused, Show
from host.model.secrets import Secret
from host.office.jobs import AtWork, wake
from host.office.reception import (
    ASKS_A_SECOND_MAX,
    PLACE_ASKS_A_SECOND_MAX,
    SESSION_ASKS_A_SECOND_MAX,
    WAITING_MAX,
    Reception,
)
from host.server import serve
from tests.host.office.conftest import Bureau


async def _none(*_words: Any) -> Any:
    return None


_nobody: Any = _none
"""In the place of tills."""


@asynccontextmanager
async def open_to(
    bureau: Bureau, tmp_path: Path, connect: Any = None
) -> AsyncIterator[tuple[OfficeLink, Reception]]:
    """A host that serves people alone, and a front at its link."""

    def opened() -> psycopg.Connection[Any]:
        return psycopg.connect(bureau.dsns.office, autocommit=True)

    reception = Reception(bureau.office, connect or opened)
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    with closing(listen(address)) as listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, [listener], _nobody, _nobody, None, reception.ask)
            async with opened_office(address) as link:
                yield link, reception
            nursery.cancel_scope.cancel()
    reception.shut()


def sign_in(bureau: Bureau, **more: Any) -> Do:
    told = {"login": "root", "password": bureau.admin.password}
    told["code"] = bureau.code(bureau.admin)
    return Do(action="session.sign_in", values=Secret(json.dumps(told).encode()), **more)


async def test_a_front_without_a_database_signs_somebody_in_and_shows_a_view(
    empty_bureau: Bureau, tmp_path: Path
) -> None:
    async with open_to(empty_bureau, tmp_path) as (link, _):
        told = await link.ask(sign_in(empty_bureau))
        assert isinstance(told, Done)
        session = Secret(told.shown_once["session"].encode())
        page = await link.ask(Show(session=session, view="people", is_counted=True))
        assert isinstance(page, Page)
        assert page.count == 1
        done = await link.ask(Do(session=session, action="session.sign_out", values=Secret(b"{}")))
        assert isinstance(done, Done)
        gone = await link.ask(Show(session=session, view="people"))
        assert isinstance(gone, Refused)
        assert gone.code == "E-SIGNED-OUT"


async def test_many_at_once_are_answered_each_or_told_that_it_is_too_much(
    bureau: Bureau, tmp_path: Path
) -> None:
    codes: list[str] = []
    async with open_to(bureau, tmp_path) as (link, _):

        async def ask(place: int) -> None:
            told = await link.ask(
                Show(session=Secret(b"%d" % place), view="people", source=f"{place}")
            )
            codes.append(told.code if isinstance(told, Refused) else "")

        async with trio.open_nursery() as nursery:
            for place in range(2 * WAITING_MAX):
                nursery.start_soon(ask, place)
    assert set(codes) == {"E-SIGNED-OUT", "E-TOO-MANY"}
    assert codes.count("E-SIGNED-OUT") >= WAITING_MAX


async def test_strangers_of_a_place_and_whoever_is_signed_in_ask_so_often_a_second(
    autojump_clock: MockClock, bureau: Bureau
) -> None:
    reception = Reception(bureau.office, lambda: psycopg.connect(bureau.dsns.office))
    stranger = Show(session=NOBODY, view="nothing", source="10.0.0.7")
    clerk = msgspec.structs.replace(stranger, session=Secret(b"one of them"))
    for _ in range(ASKS_A_SECOND_MAX):
        assert not reception._asks_too_often(stranger)
    assert reception._asks_too_often(stranger)
    assert not reception._asks_too_often(msgspec.structs.replace(stranger, source="10.0.0.8"))
    for _ in range(SESSION_ASKS_A_SECOND_MAX):
        assert not reception._asks_too_often(clerk)
    assert reception._asks_too_often(clerk)
    assert reception._asks_too_often(msgspec.structs.replace(clerk, source="10.0.0.8"))
    await trio.sleep(1)
    assert not reception._asks_too_often(stranger)
    assert not reception._asks_too_often(clerk)


async def test_sessions_that_are_made_up_get_a_place_no_more(
    autojump_clock: MockClock, bureau: Bureau
) -> None:
    reception = Reception(bureau.office, lambda: psycopg.connect(bureau.dsns.office))
    asked = [
        Show(session=Secret(b"%d" % number), view="nothing", source="10.0.0.7")
        for number in range(PLACE_ASKS_A_SECOND_MAX + 1)
    ]
    *first, last = map(reception._asks_too_often, asked)
    assert (set(first), last) == ({False}, True)


async def test_without_its_database_the_office_says_so_and_nothing_was_done(
    bureau: Bureau, tmp_path: Path
) -> None:
    def away() -> Any:
        raise psycopg.OperationalError("away")

    async with open_to(bureau, tmp_path, away) as (link, _):
        told = await link.ask(sign_in(bureau))
        assert isinstance(told, Refused)
        assert told.code == "E-HOST-AWAY"


async def test_a_connection_lost_in_the_middle_leaves_it_in_doubt_and_the_form_finds_out(
    bureau: Bureau, tmp_path: Path
) -> None:
    class Lost:
        """It commits, and the answer never comes."""

        def __init__(self) -> None:
            self.connection = psycopg.connect(bureau.dsns.office, autocommit=True)
            self.is_lost = False

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

    lost = Lost()
    values = {"merchant_id": "888200000000001", "name": "Books"}
    asked = Do(
        session=bureau.admin.session,
        action="merchant.save",
        values=Secret(json.dumps(values).encode()),
        once_key="form 1",
    )
    first = Reception(bureau.office, lambda: lost)  # type: ignore[arg-type,return-value]
    answer = first._answer

    def commit_and_break(connection: Any, asked: Any) -> Any:
        answer(connection, asked)
        raise psycopg.OperationalError("lost")

    first._answer = commit_and_break  # type: ignore[method-assign]
    told = await first.ask(asked)
    assert isinstance(told, Refused)
    assert told.code == "E-IN-DOUBT"
    async with open_to(bureau, tmp_path) as (link, _):
        again = await link.ask(asked)
    assert isinstance(again, Done)
    assert bureau.sql("SELECT count(*) FROM merchant WHERE name = 'Books'") == [(1,)]


@pytest.mark.parametrize(
    ("action", "code"),
    [("merchant.save", "E-OFFICE-FAULT"), ("card.activate", "E-IN-DOUBT")],
)
async def test_what_the_database_forbids_is_undone_and_no_doubt_where_nothing_was_posted(
    bureau: Bureau, action: str, code: str
) -> None:
    reception = Reception(bureau.office, lambda: psycopg.connect(bureau.dsns.office))

    def forbidden(connection: Any, _asked: Any) -> Any:
        connection.execute("SELECT * FROM key_store_of_nobody")

    reception._answer = forbidden  # type: ignore[assignment,method-assign]
    asked = Do(session=bureau.admin.session, action=action, values=Secret(b"{}"))
    told = await reception.ask(asked)
    assert isinstance(told, Refused)
    assert told.code == code
    reception.shut()


async def test_who_waits_hears_that_the_host_has_gone(bureau: Bureau, tmp_path: Path) -> None:
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    entered = trio.Event()

    async def never(_asked: Any) -> Any:
        entered.set()
        await trio.sleep_forever()

    with closing(listen(address)) as listener:
        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()

            async def host() -> None:
                with scope:
                    await serve([listener], _nobody, _nobody, None, never)

            nursery.start_soon(host)
            async with opened_office(address) as link:

                async def ask() -> None:
                    with pytest.raises(LinkError, match="in doubt"):
                        await link.ask(sign_in(bureau))

                async with trio.open_nursery() as asking:
                    asking.start_soon(ask)
                    await entered.wait()
                    scope.cancel()
            nursery.cancel_scope.cancel()


async def test_who_begins_a_job_has_it_begun_at_once(bureau: Bureau) -> None:
    """Whoever does jobs is told of it, and looks by itself only now and then."""
    done = trio.Event()

    def opened() -> psycopg.Connection[Any]:
        return psycopg.connect(bureau.dsns.office, autocommit=True)

    def begin() -> None:
        with opened() as other, other.transaction():
            other.execute("INSERT INTO job (action, subject_kind, subject_key, plan, total,"
                          " asked_by, asked_at) SELECT 'x', 'platform', '', '{}', 1, p.id, now()"
                          " FROM person AS p")  # fmt: skip
            wake(other)

    def step(at_work: AtWork) -> int:
        trio.from_thread.run_sync(done.set)
        return at_work.job.total

    reception = Reception(bureau.office, opened, {"x": step}, look_seconds=3600)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reception.run)
            while not reception.hears:  # noqa: ASYNC110 - it is a thread that listens
                await trio.sleep(0.01)
            await trio.to_thread.run_sync(begin)
            await done.wait()
            nursery.cancel_scope.cancel()
    reception.shut()
