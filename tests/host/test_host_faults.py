"""The host dies, its connections are cut: nothing is lost, nothing is posted twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import trio
from psycopg import errors

from config.database import Dsns
from host.faultpoints import VARIABLE
from host.model.requests import Kind, Request
from host.model.responses import Reason
from host.store.safety import UnsafeDatabaseError
from tests.host.conftest import CardPool, Till, audit_ledger, opened, trading
from tests.host.mortal_host import ROUNDS, requests_of

ROOT = Path(__file__).parents[2]
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
        posted = till.sql("SELECT slot FROM journal WHERE merchant_id <> 0 ORDER BY slot")
        assert [slot for (slot,) in posted] == sorted(approved)
    audit_ledger(estate_database)


def _let_it_die(dsns: Dsns, point: str) -> dict[str, tuple[str, str]]:
    """What the host told before it was killed: key to reason and RRN."""
    died = subprocess.run(
        [sys.executable, "-m", "tests.host.mortal_host", dsns.owner, dsns.host],
        cwd=ROOT,
        env={**os.environ, VARIABLE: point},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
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
        for _ in range(25):
            sale = shared.request(
                Kind.PURCHASE, cards[place % 8], 7, pin="123456", terminal_id=terminal_id
            )
            asked.append(sale)
            answered[sale.key.text] = (await shared.ask(sale)).reason

    async def cut() -> None:
        with psycopg.connect(shared.dsns.owner, autocommit=True) as owner:
            while True:
                await trio.sleep(0.03)
                cuts.append(owner.execute(WRITERS).rowcount)

    async with trio.open_nursery() as cutting:
        cutting.start_soon(cut)
        async with trio.open_nursery() as trading_:
            for place in range(24):
                trading_.start_soon(trade, f"{80_010_001 + place}", place)
        cutting.cancel_scope.cancel()
    assert sum(cuts) > 2
    assert set(answered.values()) == {Reason.APPROVED}
    assert [shared.balances(card)[0] for card in cards] == [100_000 - 3 * 25 * 7] * 8
    repeated = await shared.ask_all(asked[-24:])
    assert all(answer.is_approved for answer in repeated)


async def test_a_writer_that_meets_a_lock_tries_again_and_never_says_that_money_is_short(
    module_estate: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(module_estate, lock_seconds_max=0.05) as till:
        with psycopg.connect(module_estate.owner) as owner:
            owner.execute(
                "SELECT 1 FROM balance WHERE account_id ="
                " (SELECT value_account FROM card WHERE id = %s) FOR UPDATE",
                [card],
            )
            sale = till.request(Kind.PURCHASE, card, 1, pin="123456")
            assert (await till.ask(sale)).reason is Reason.MALFUNCTION
        assert (await till.ask(sale)).is_approved
        assert till.balances(card)[0] == 99_999
    audit_ledger(module_estate)


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
        "UPDATE balance SET floor_minor = -1",
        "INSERT INTO balance VALUES (0, 999999)",
        "DELETE FROM lot",
        "UPDATE lot SET points = points + 1",
        "UPDATE card SET status = 'active'",
        "UPDATE card SET pin_value = NULL",
        "UPDATE issuer SET amount_minor_max = 1",
        "INSERT INTO account VALUES (999999, 0, 'card_value', 'CNY')",
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


def test_a_host_does_not_start_on_another_schema(estate_database: Dsns) -> None:
    with psycopg.connect(estate_database.owner, autocommit=True) as owner:
        owner.execute("INSERT INTO schema_migration (number, name, checksum) VALUES (999, 'x', '')")
    with pytest.raises(UnsafeDatabaseError, match="schema is version 999"), opened(estate_database):
        pass
