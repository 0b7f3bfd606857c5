"""Statements of a date are seen and confirmed by the two whom they are about, nobody else."""

import datetime as dt
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from clearing.run import STEPS, run_clearing
from host.model.office import Done, Refused
from host.rules.statement_states import CONFIRM, STATEMENT_STATES, StatementState
from host.rules.states import NOTHING
from tests.host.conftest import MERCHANT_OF, CardPool, Till
from tests.host.office.conftest import Bureau, Person

DAY = dt.date(2026, 11, 22)
NUMBER = "20261122-1"
ASKED = {"date": DAY, "number": 1}
BOUGHT = 12_300


@pytest.fixture
async def cleared(till: Till, pool: CardPool, office: Bureau, tmp_path: Path) -> Bureau:
    """One sale, and its night."""
    await till.buy(pool.city(), BOUGHT)

    def clear() -> None:
        with psycopg.connect(till.dsns.night, autocommit=True) as night:
            run_clearing(night, tmp_path, DAY)

    await trio.to_thread.run_sync(clear)
    return office


def shop(till: Till, office: Bureau) -> Person:
    return office.person("merchant_owner", "merchant", MERCHANT_OF[till.terminal_id])


def statement(office: Bureau, who: Person) -> dict[str, Any]:
    [row] = office.rows(who, "settlements")
    return row


def refused(office: Bureau, who: Person, number: int = 1) -> str:
    told = office.do(who, CONFIRM, **ASKED | {"number": number})
    assert isinstance(told, Refused), told
    return told.code


async def test_a_statement_is_confirmed_by_each_side_once(cleared: Bureau, till: Till) -> None:
    """S3-28, S4-31: its merchant and its issuer see it, and each says that it is right."""
    owner, issuer = shop(till, cleared), cleared.person("issuer_manager")
    row = statement(cleared, owner)
    assert (row["settlement"], row["turnover_minor"], row["payable_minor"]) == (
        NUMBER,
        BOUGHT,
        BOUGHT,
    )
    assert row["statement_state"] == StatementState.CALCULATED
    assert isinstance(cleared.do(owner, CONFIRM, **ASKED), Done)
    assert refused(cleared, owner) == "E-STATE"
    assert statement(cleared, issuer)["statement_state"] == StatementState.HALF_CONFIRMED
    assert isinstance(cleared.do(issuer, CONFIRM, **ASKED), Done)
    row = statement(cleared, cleared.admin)
    assert row["statement_state"] == StatementState.CONFIRMED
    assert (row["merchant_confirmed_by"], row["issuer_confirmed_by"]) == (
        owner.login,
        issuer.login,
    )


async def test_nobody_else_sees_or_confirms_it(cleared: Bureau, till: Till) -> None:
    """S3-28."""
    others = {*MERCHANT_OF.values()} - {MERCHANT_OF[till.terminal_id]}
    stranger = cleared.person("merchant_owner", "merchant", min(others))
    assert cleared.rows(stranger, "settlements") == []
    assert refused(cleared, stranger) == "E-NOT-FOUND"
    assert refused(cleared, shop(till, cleared), 2) == "E-NOT-FOUND"


def test_every_state_of_a_statement_is_reached() -> None:
    reached = {NOTHING}
    for step in STATEMENT_STATES:
        assert step.before in reached
        reached.add(step.after)
    assert reached == {NOTHING, *StatementState}
    assert STATEMENT_STATES[0].action in {row.name for row in STEPS}
