"""The host dies, its connections are cut: nothing is lost, nothing is posted twice."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio
from psycopg import errors

from config.run.database import Dsns
from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from host.store import writer
from host.store.safety import UnsafeDatabaseError
from host.store.saving import save
from host.store.writer import Writer
from tests.host.conftest import CardPool, Till, audit_ledger, opened, trading
from tests.host.mortal import let_it_die
from tests.host.mortal_host import ROUNDS, requests_of, trade

ROOT = Path(__file__).parents[2]
AWAY = Reason.HOST_UNREACHABLE
REFUSED_SECONDS = 0.05
"""How long a terminal waits that was told 91."""
WRITERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'posswitch-writer' AND datname = current_database()"
)


@pytest.mark.parametrize(
    "point",
    [
        "mid_batch:1",
        "before_commit:2",
        "after_commit_before_reply:1",
        "after_commit_before_reply:4",
    ],
)
async def test_a_host_killed_anywhere_keeps_what_it_told_and_posts_the_rest_once(
    estate_database: Dsns, point: str
) -> None:
    told = await trio.to_thread.run_sync(_let_it_die, estate_database, point)
    audit_ledger(estate_database)
    async with trading(estate_database) as till:
        asked = [request for round_ in range(ROUNDS) for request in requests_of(till, round_)]
        first = await till.ask_all(asked)
        again = await till.ask_all(asked)
        assert first == again
        for request, answer in zip(asked, first, strict=True):
            said = told.get(request.key.text)
            assert said is None or said == (answer.reason, answer.rrn)
            assert answer.reason in {Reason.APPROVED, Reason.WRONG_PIN, Reason.PIN_TRIES_EXCEEDED}
        both = zip(asked, first, strict=True)
        approved = [request.key.text for request, answer in both if answer.is_approved]
        posted = till.sql("SELECT slot FROM journal WHERE terminal_id IS NOT NULL ORDER BY slot")
        assert [slot for (slot,) in posted] == sorted(approved)
    audit_ledger(estate_database)


def _let_it_die(dsns: Dsns, point: str) -> dict[str, tuple[str, str]]:
    """What the host told before it was killed: key to reason and RRN."""
    died = let_it_die(dsns, point, trade)
    assert died.returncode == -signal.SIGKILL, died.stderr
    whole, _, _ = died.stdout.rpartition("\n")
    lines = [line.split(" ") for line in whole.splitlines() if line.startswith("told ")]
    return {key: (reason, rrn) for _, key, reason, rrn in lines}


async def test_writers_whose_connections_are_cut_under_load_answer_everything_right(
    shared: Till, pool: CardPool
) -> None:
    cards = [pool.city() for _ in range(8)]
    answered: dict[str, str] = {}
    asked: list[Request] = []
    cuts: list[int] = []

    async def trade(terminal_id: str, place: int) -> None:
        for _ in range(40):
            sale = shared.request(
                Kind.PURCHASE, cards[place % 8], 7, pin="123456", terminal_id=terminal_id
            )
            asked.append(sale)
            while (reason := (await shared.ask(sale)).reason) is AWAY:  # noqa: ASYNC110 - no event says
                # Nothing moved, so the terminal asks again.
                await trio.sleep(REFUSED_SECONDS)
            answered[sale.key.text] = reason
            if len(answered) % 100 == 0:
                await trio.to_thread.run_sync(owner.execute, WRITERS)
                cuts.append(len(answered))

    with psycopg.connect(shared.dsns.owner, autocommit=True) as owner:
        async with trio.open_nursery() as traders:
            for place in range(24):
                traders.start_soon(trade, f"{80_010_001 + place}", place)
    assert len(cuts) == len(asked) // 100
    assert set(answered.values()) == {Reason.APPROVED}
    assert len(answered) == len(asked)
    slots = "SELECT slot FROM journal WHERE kind = 'purchase' AND amount_minor = 7 ORDER BY slot"
    assert [slot for (slot,) in shared.sql(slots)] == sorted(answered)
    repeated = await shared.ask_all(asked[-24:])
    assert all(answer.is_approved for answer in repeated)


async def test_a_commit_whose_result_was_lost_is_looked_up_before_anything_is_said(
    shared: Till, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[int] = []

    def save_and_lose(*args: Any) -> Any:
        links = save(*args)
        if not lost:
            lost.append(1)
            raise psycopg.OperationalError("the connection was lost")
        return links

    monkeypatch.setattr(writer, "save", save_and_lose)
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 100)
    assert lost
    assert await shared.ask(sale) == answer
    assert shared.balances(card)[0] == 99_900


async def test_while_a_commit_is_in_doubt_nothing_is_said_of_it(
    shared: Till, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was posted, and no connection can be had to find that out: silence, then the answer."""
    card = pool.city()
    sale = shared.request(Kind.PURCHASE, card, 100, pin="123456")
    with monkeypatch.context() as broken:
        broken.setattr(writer, "save", _save_and_lose)
        broken.setattr(writer, "IN_DOUBT_SECONDS_MAX", 0.1)
        broken.setattr(Writer, "open", _cannot_open)
        said: list[Response] = []
        shared.poster.submit(sale, said.append)
        after = shared.request(Kind.CASH_LOAD, card, 1)
        assert (await shared.ask(after)).reason is Reason.HOST_UNREACHABLE
        assert said == []
    [answer] = await shared.ask_until_reached([sale])
    assert answer.is_approved
    assert said == []
    assert (shared.journals(sale), shared.balances(card)[0]) == (1, 99_900)


def _save_and_lose(*args: Any) -> Any:
    save(*args)
    raise psycopg.OperationalError("the connection was lost")


def _cannot_open(_writer: Writer) -> None:
    raise psycopg.OperationalError("nobody is there")


async def test_a_writer_that_meets_a_lock_tries_again_and_never_says_that_money_is_short(
    audited_estate: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(audited_estate, lock_seconds_max=0.05) as till:
        with psycopg.connect(audited_estate.owner) as owner:
            owner.execute(
                "SELECT 1 FROM purse WHERE account_id ="
                " (SELECT account_id FROM purse WHERE card_id = %s AND unit = 'CNY') FOR UPDATE",
                [card],
            )
            sale = till.request(Kind.PURCHASE, card, 1, pin="123456")
            assert (await till.ask(sale)).reason is Reason.MALFUNCTION
        assert (await till.ask(sale)).is_approved
        assert till.balances(card)[0] == 99_999


@pytest.fixture
def host_login(module_estate: Dsns) -> Iterator[psycopg.Connection]:
    with psycopg.connect(module_estate.host, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("table", ["journal", "entry", "exchange", "undo", "lot_use", "seal"])
def test_the_hosts_own_login_cannot_change_what_was_posted(
    host_login: psycopg.Connection, table: str
) -> None:
    for statement in (
        f"UPDATE {table} SET shard = shard",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            host_login.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE purse SET floor_minor = -1",
        "INSERT INTO purse (card_id, account_id, held_minor) VALUES (1, 9, 1)",
        "DELETE FROM purse",
        "DELETE FROM lot",
        "UPDATE lot SET points = points + 1",
        "UPDATE card SET issuer_id = 1",
        "UPDATE card SET expiry = '9912'",
        "UPDATE card SET pin_value = NULL",
        "UPDATE issuer SET amount_minor_max = 1",
        "INSERT INTO account VALUES (999999, 'suspense', 'CNY')",
        "UPDATE business_day SET state = 'closed'",
        "UPDATE setting SET value = '8'",
        "UPDATE terminal SET is_active = true",
        "CREATE TABLE mine (a int)",
    ],
)
def test_the_hosts_own_login_cannot_change_the_rules(
    host_login: psycopg.Connection, statement: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        host_login.execute(statement)


@pytest.mark.parametrize(
    "setting",
    [
        "synchronous_commit = off",
        "default_transaction_isolation = 'repeatable read'",
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
    ],
)
def test_a_host_does_not_start_on_unsafe_settings(estate_database: Dsns, setting: str) -> None:
    with psycopg.connect(estate_database.owner, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f"ALTER DATABASE {name} SET {setting}")
    with pytest.raises(UnsafeDatabaseError, match="Next: "), opened(estate_database):
        pass


async def test_a_database_that_became_unsafe_gets_no_more_money_until_it_is_mended(
    till: Till,
) -> None:
    with psycopg.connect(till.dsns.owner, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        owner.execute(WRITERS)
        sale = till.request(Kind.PURCHASE, 2, 100, pin="123456")
        assert (await till.ask(sale)).reason is Reason.HOST_UNREACHABLE
        owner.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    [answer] = await till.ask_until_reached([sale])
    assert answer.is_approved


def test_a_host_does_not_start_on_another_schema(estate_database: Dsns) -> None:
    with psycopg.connect(estate_database.owner, autocommit=True) as owner:
        owner.execute("INSERT INTO schema_migration (number, name, checksum) VALUES (999, 'x', '')")
    with pytest.raises(UnsafeDatabaseError, match="schema is version 999"), opened(estate_database):
        pass
