"""Statements of a date: what it comes to between a merchant and an issuer."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.night import ClearingError
from clearing.run import run_clearing
from clearing.verify import audit
from tests.clearing.conftest import DAY, SmallLedger

Connection = psycopg.Connection[Any]
TOLD = "SELECT * FROM settlement_statement ORDER BY place"


@pytest.fixture
def traded(ledger: SmallLedger) -> SmallLedger:
    ledger.fee(1, "merchant", "1")
    ledger.fee(2, "issuer", "0.5")
    sale = ledger.purchase(1, 20_000, points=200)
    ledger.refund(sale, 5_000)
    ledger.redeem(1, 50, sale)
    ledger.load(3, 7_000)
    ledger.purchase(2, 900, merchant=2)
    return ledger


def test_a_statement_says_what_was_sold_came_back_was_earned_and_what_it_costs(
    traded: SmallLedger, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S3-21, S4-54, S4-79: of each merchant and issuer, as positions and files say it."""
    summary = run_clearing(night_login, tmp_path)
    assert traded.run(TOLD).fetchall() == [
        (DAY, 1, 1, 1, "CNY", 3, 20_000, -5_000, 0, 50, 200, 150, 75, 15_000, 0, 0, 0),
        (DAY, 2, 1, 2, "CNY", 1, 0, -7_000, 0, 0, 0, 0, 0, -7_000, 0, 0, 0),
        (DAY, 3, 2, 1, "CNY", 1, 900, 0, 0, 0, 0, 9, 4, 900, 0, 0, 0),
    ]
    nets = [one.net.amount_minor for one in summary.positions if one.unit == "CNY"]
    assert sorted(nets) == [-7_000, 900, 15_000]
    assert audit(audit_login) == []
    assert run_clearing(night_login, tmp_path, DAY).is_repeat


@pytest.mark.parametrize(
    "change",
    [
        "place = place + 9",
        "unit = 'USD'",
        "items = items + 1",
        "turnover_minor = turnover_minor + 1, payable_minor = payable_minor + 1",
        "points_taken = 7",
        "points_earned = 7",
        "merchant_fee_minor = 7",
        "issuer_fee_minor = 7",
        "turnover_minor = turnover_minor + 1, alliance_minor = alliance_minor - 1",
        "corrected_minor = corrected_minor + 1, alliance_minor = alliance_minor - 1",
        "reserved_minor = reserved_minor + 1, alliance_minor = alliance_minor - 1",
        "advertised_minor = advertised_minor + 1, alliance_minor = alliance_minor - 1",
        "returned_minor = returned_minor + 1, alliance_minor = alliance_minor - 1",
        "merchant_id = 2 WHERE place = 2",
    ],
)
def test_a_statement_that_was_edited_is_found_and_stops_a_repeat(
    traded: SmallLedger,
    night_login: Connection,
    audit_login: Connection,
    tmp_path: Path,
    change: str,
) -> None:
    run_clearing(night_login, tmp_path)
    traded.run(f"UPDATE settlement_statement SET {change}")
    assert {one.test for one in audit(audit_login)} == {"statement_not_its_parts"}
    with pytest.raises(ClearingError, match="not the sum of their parts"):
        run_clearing(night_login, tmp_path, DAY)
