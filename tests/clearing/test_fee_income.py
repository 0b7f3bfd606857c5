"""What a report says the house has earned is what its account has, whatever it was for."""

from pathlib import Path
from typing import Any

import psycopg

from clearing.run import run_clearing
from host.office.reports import Period, Told, read_report
from tests.clearing.conftest import DAY, NOW, SmallLedger
from tests.clearing.test_adverts import PRICE, booked, earned
from tests.clearing.test_alliances import Circle

Connection = psycopg.Connection[Any]


def told(owner: Connection, report: str) -> list[dict[str, Any]]:
    """The rows of a report that has one section."""
    [section] = read_report(owner, report, Told(period=Period(first=DAY, last=DAY), now=NOW))
    return section.rows


def test_fees_advertising_and_what_is_kept_of_an_alliances_points_are_income(
    ledger: SmallLedger, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    """S3-29, S4-66, S4-70: by who pays and for what; of a fee's share the issuer has it."""
    ledger.fee(1, "merchant", "1")
    ledger.fee(2, "issuer", "0.5")
    circle = Circle(ledger)
    circle.terms(1, "at_issue", 1_000, 800, fee=10, share=25)
    lot = circle.sell(1, 1_000, merchant=1)
    circle.take(1, 500, lot, merchant=2)
    booked(ledger, days=1, merchant=2)
    run_clearing(night_login, tmp_path)
    rows = {(row["payer"], row["kind"]): row["fee_income"] for row in told(owner, "fee_income")}
    assert rows == {
        ("issuer", "alliance_settlement"): -10,
        ("issuer", "purchase"): 5,
        ("merchant", "advertising"): PRICE,
        ("merchant", "alliance_settlement"): 40,
        ("merchant", "purchase"): 10,
    }
    assert sum(rows.values()) == earned(ledger)
    [changed] = [row for row in told(owner, "changes") if row["report_figure"] == "fee_income"]
    assert (changed["today_minor"], changed["before_minor"]) == (earned(ledger), 0)
