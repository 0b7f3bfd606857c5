"""What positions are made of: by store, kind, channel and unit, with what it cost either side."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.night import ClearingError
from clearing.run import run_clearing
from clearing.verify import audit
from host.store.changes import note_what_differs
from tests.clearing.conftest import DAY, SmallLedger

Connection = psycopg.Connection[Any]
TOLD = (
    "SELECT merchant_id, store_id, issuer_id, kind, channel, unit, items, amount_minor,"
    " points_earned, merchant_fee_minor, issuer_fee_minor FROM position_part ORDER BY 1, 3, 4, 6"
)


@pytest.fixture
def traded(ledger: SmallLedger) -> SmallLedger:
    """Two merchants; the first has a store, whose terminal all is sold at."""
    ledger.run("INSERT INTO store (id, merchant_id, name) VALUES (7, 1, 'By the bridge')")
    ledger.run(
        "INSERT INTO terminal (terminal_id, store_id, epoch, mac_algorithm)"
        " VALUES ('80010001', 7, '000012', 'x')"
    )
    ledger.fee(1, "merchant", "1")
    ledger.fee(2, "issuer", "0.5")
    note_what_differs(ledger.connection, ["store", "terminal"])
    sale = ledger.purchase(1, 20_000, points=200)
    ledger.purchase(1, 10_000)
    ledger.refund(sale, 5_000)
    ledger.redeem(1, 50, sale)
    ledger.load(3, 7_000)
    return ledger


def test_positions_are_told_by_store_kind_channel_and_unit(
    traded: SmallLedger, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-79: what an issuer owes a merchant, in the parts that people ask for."""
    run_clearing(night_login, tmp_path)
    assert traded.run(TOLD).fetchall() == [
        (1, 7, 1, "points_redemption", "pos", "P:RED", 1, 50, 0, 0, 0),
        (1, 7, 1, "purchase", "pos", "CNY", 2, 30_000, 200, 300, 150),
        (1, 7, 1, "refund", "pos", "CNY", 1, -5_000, 0, -50, -25),
        (1, 7, 2, "cash_load", "pos", "CNY", 1, -7_000, 0, 0, 0),
    ]
    assert audit(audit_login) == []


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("store_id = NULL", {"parts_not_as_netted"}),
        ("product_id = NULL, items = 9", {"parts_not_as_netted", "statement_not_its_parts"}),
    ],
)
def test_a_part_that_was_edited_is_found(
    traded: SmallLedger,
    night_login: Connection,
    audit_login: Connection,
    tmp_path: Path,
    edit: str,
    found: set[str],
) -> None:
    run_clearing(night_login, tmp_path)
    traded.run(f"UPDATE position_part SET {edit} WHERE kind = 'refund'")
    assert {one.test for one in audit(audit_login)} == found


def test_parts_that_are_not_the_whole_stop_a_repeat(
    traded: SmallLedger, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    traded.run("UPDATE position_part SET amount_minor = 1 WHERE kind = 'refund'")
    with pytest.raises(ClearingError, match="not the sum of their parts"):
        run_clearing(night_login, tmp_path, DAY)


def test_dates_from_before_there_were_parts_are_shown_again(
    traded: SmallLedger, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    traded.run("DELETE FROM settlement_statement")
    traded.run("DELETE FROM clearing_step WHERE step = 'statements'")
    traded.run("DELETE FROM position_part")
    traded.run("UPDATE clearing_step SET read_digest = NULL, left_digest = NULL")
    assert run_clearing(night_login, tmp_path, DAY).is_repeat


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("position SET merchant_id = 9", {"position_not_the_journal", "parts_not_as_netted"}),
        ("position_part SET store_id = 9", {"parts_not_as_netted"}),
        ("settlement_statement SET merchant_id = 9", {"statement_not_its_parts"}),
        ("fee_charge SET fee_id = fee_id + 9", {"fee_out_of_its_time"}),
        ("checkpoint SET business_date = business_date + 1", {"checkpoint_not_its_entries"}),
    ],
)
def test_what_is_of_nobody_is_found(
    traded: SmallLedger,
    night_login: Connection,
    audit_login: Connection,
    tmp_path: Path,
    edit: str,
    found: set[str],
) -> None:
    """What the night reckoned may be made to name nobody by hand, and the audit says so."""
    run_clearing(night_login, tmp_path)
    traded.run(f"UPDATE {edit}")
    assert {one.test for one in audit(audit_login)} >= found
