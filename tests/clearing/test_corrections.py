"""What was upheld of disputed statements is given back by the next night, a leg for each row."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.night import ClearingError
from clearing.run import run_clearing
from clearing.verify import audit
from host.store.changes import note_what_differs
from tests.clearing.conftest import DAY, Posted, SmallLedger
from tests.clearing.test_adverts import PRICE, booked, earned

Connection = psycopg.Connection[Any]
NEXT = DAY + dt.timedelta(days=1)
SOLD, LOADED = 20_000, 7_000


def dispute(
    ledger: SmallLedger, place: int, side: str, *rows: tuple[Posted, int], verdict: bool | None,
    date: dt.date = DAY,
) -> None:  # fmt: skip
    """Of a date's statement: these rows, each with what it moved."""
    ledger.run("INSERT INTO statement_confirmed VALUES (%s, %s, %s, 'x', now())", date, place, side)
    ledger.run(
        "INSERT INTO statement_dispute SELECT business_date, place, %s, merchant_id, issuer_id, 'x'"
        " FROM settlement_statement WHERE business_date = %s AND place = %s",
        *(side, date, place),
    )
    for row, minor in rows:
        ledger.run(
            "INSERT INTO statement_held VALUES (%s, %s, %s, %s, %s, %s, %s)",
            *(date, place, side, row.shard, row.number, minor, max(minor, 0)),
        )
    if verdict is not None:
        ledger.run(
            "INSERT INTO statement_answer VALUES (%s, %s, %s, %s, 'x', 'wu', NULL, now(), %s)",
            *(date, place, side, verdict, date + dt.timedelta(days=1)),
        )
    note_what_differs(ledger.connection)


@dataclass
class Cleared(SmallLedger):
    """With what was sold on the first date."""

    sold: Sequence[Posted] = ()


@pytest.fixture
def cleared(ledger: SmallLedger, night_login: Connection, tmp_path: Path) -> Cleared:
    """A date of three statements: a sale, a load of cash, and two sales of which one is small."""
    sold = [
        ledger.purchase(1, SOLD),
        ledger.load(3, LOADED),
        ledger.purchase(2, 900, merchant=2),
        ledger.purchase(2, 100, merchant=2),
    ]
    run_clearing(night_login, tmp_path)
    ledger.turn()
    return Cleared(ledger.connection, date=ledger.date, sold=sold)


def due(ledger: SmallLedger, date: dt.date) -> list[tuple[int, int, int, int]]:
    """Of each statement: corrections, payable, held out, paid by itself."""
    return ledger.run(
        "SELECT s.corrected_minor, s.payable_minor, d.held_minor, d.due_minor"
        " FROM settlement_statement AS s JOIN statement_due AS d USING (business_date, place)"
        " WHERE s.business_date = %s ORDER BY place",
        date,
    ).fetchall()


def test_what_was_upheld_is_given_back_whichever_way_it_went(
    cleared: Cleared, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-54, S3-21: what went to the merchant is held out and given back, what took from it comes
    back; and what was rejected, or is not answered, moves nothing."""
    sale, load, small, other = cleared.sold
    dispute(cleared, 1, "issuer", (sale, SOLD), verdict=True)
    dispute(cleared, 2, "merchant", (load, -LOADED), verdict=True)
    dispute(cleared, 3, "issuer", (small, 900), verdict=False)
    dispute(cleared, 3, "merchant", (other, 100), verdict=None)
    assert due(cleared, DAY) == [
        (0, SOLD, SOLD, 0),
        (0, -LOADED, 0, -LOADED),
        (0, 1_000, 1_000, 0),
    ]
    summary = run_clearing(night_login, tmp_path, NEXT)
    assert due(cleared, NEXT) == [(-SOLD, -SOLD, 0, 0), (LOADED, LOADED, 0, LOADED)]
    nets = {(one.merchant[-1], one.issuer): one.net.amount_minor for one in summary.positions}
    assert sorted(nets.values()) == [-SOLD, LOADED]
    [text] = [file.read_text() for file in summary.files_dir.glob("merchant-*0001*.csv")]
    lines = [line.split(",") for line in text.splitlines() if "settlement_correction" in line]
    assert sorted(line[11:13] for line in lines) == [["CNY", "-200.00"], ["CNY", "70.00"]]
    assert audit(audit_login) == []
    assert run_clearing(night_login, tmp_path, NEXT).is_repeat


def test_what_was_paid_for_advertising_the_house_gives_back(
    ledger: SmallLedger, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-54, S4-66: beside a sale of the same statement, which stands in suspense as ever."""
    booked(ledger, days=1)
    sale = ledger.purchase(1, SOLD)
    run_clearing(night_login, tmp_path)
    ledger.turn()
    [(shard, number)] = ledger.run(
        "SELECT shard, id FROM journal WHERE kind = 'advertising'"
    ).fetchall()
    advert = replace(sale, shard=shard, number=number)
    dispute(ledger, 1, "merchant", (sale, SOLD), (advert, -PRICE), verdict=True)
    assert earned(ledger) == PRICE
    run_clearing(night_login, tmp_path, NEXT)
    assert earned(ledger) == 0
    [(kept,)] = ledger.run(
        "SELECT sum(e.amount_minor)::bigint FROM entry AS e JOIN account AS a"
        " ON a.id = e.credit_account WHERE a.chart = 'suspense'"
    ).fetchall()
    assert kept == SOLD
    assert audit(audit_login) == []
    ledger.run(
        "UPDATE entry AS e SET debit_account = suspense.id FROM account AS suspense, account AS"
        " house WHERE suspense.chart = 'suspense' AND suspense.issuer_id = 1"
        " AND suspense.unit = 'CNY' AND suspense.merchant_id IS NULL"
        " AND house.chart = 'house_fees' AND e.debit_account = house.id"
    )
    assert "correction_not_its_answer" in {one.test for one in audit(audit_login)}


def test_it_is_given_back_once(
    cleared: Cleared, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-54: nights that follow find nothing to give back; what is answered later they do."""
    sale, load, *_ = cleared.sold
    dispute(cleared, 1, "issuer", (sale, SOLD), verdict=True)
    run_clearing(night_login, tmp_path, NEXT)
    dispute(cleared, 2, "merchant", (load, -LOADED), verdict=True)
    for days in (1, 2):
        run_clearing(night_login, tmp_path, NEXT + dt.timedelta(days=days))
    given = cleared.run("SELECT place, corrected_on FROM statement_correction ORDER BY 1")
    assert given.fetchall() == [(1, NEXT), (2, NEXT + dt.timedelta(days=1))]
    assert audit(audit_login) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE statement_answer SET is_upheld = false",
        "UPDATE statement_held SET amount_minor = 1, held_minor = 1",
        "UPDATE statement_correction SET journal_id = 1",
    ],
)
def test_what_was_given_back_otherwise_stops_a_repeat(
    cleared: Cleared, night_login: Connection, audit_login: Connection, tmp_path: Path,
    change: str,
) -> None:  # fmt: skip
    sale, *_ = cleared.sold
    dispute(cleared, 1, "issuer", (sale, SOLD), verdict=True)
    run_clearing(night_login, tmp_path, NEXT)
    cleared.run(change)
    with pytest.raises(ClearingError, match="is not what was upheld"):
        run_clearing(night_login, tmp_path, NEXT)
    assert "correction_not_its_answer" in {one.test for one in audit(audit_login)}


def test_without_an_account_nothing_is_given_back(
    cleared: Cleared, night_login: Connection, tmp_path: Path
) -> None:
    sale, *_ = cleared.sold
    dispute(cleared, 1, "issuer", (sale, SOLD), verdict=True)
    cleared.run("DELETE FROM account WHERE chart = 'suspense'")
    with pytest.raises(ClearingError, match="has no account"):
        run_clearing(night_login, tmp_path, NEXT)
    assert cleared.run("SELECT count(*) FROM statement_correction").fetchone() == (0,)
