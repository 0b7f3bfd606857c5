"""A share of what a merchant is paid is held back, and let go by the night of its day."""

import datetime as dt
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.night import ClearingError
from clearing.run import Summary, run_clearing
from clearing.verify import ask, audit
from host.store.changes import note_what_differs
from tests.clearing.conftest import DAY, SmallLedger

Connection = psycopg.Connection[Any]


def say(ledger: SmallLedger, percent: int, days: int, since: dt.date = DAY) -> None:
    """Of the first merchant."""
    ledger.run(
        "INSERT INTO reserve_terms (merchant_id, since, millionths, held_days, said_by, agreed_by)"
        " VALUES (1, %s, %s, %s, 'wu', 'li')",
        *(since, percent * 10_000, days),
    )
    note_what_differs(ledger.connection, ["reserve_terms"])


def cleared(ledger: SmallLedger, night: Connection, files: Path) -> Summary:
    """The open date; what is posted from here on is of the next."""
    summary = run_clearing(night, files, ledger.date)
    ledger.turn()
    return summary


def statements(ledger: SmallLedger, date: dt.date) -> list[tuple[int, int, int]]:
    """Of each statement of the first merchant: sold, reserves, payable."""
    return ledger.run(
        "SELECT turnover_minor + returned_minor, reserved_minor, payable_minor"
        " FROM settlement_statement WHERE business_date = %s AND merchant_id = 1 ORDER BY place",
        date,
    ).fetchall()


def balance(ledger: SmallLedger, chart: str) -> int:
    """Of the first merchant, over all issuers."""
    [(minor,)] = ledger.run(
        "SELECT coalesce(sum(CASE WHEN a.id = e.credit_account THEN e.amount_minor"
        " ELSE -e.amount_minor END), 0)::bigint FROM entry AS e JOIN account AS a"
        " ON a.id IN (e.debit_account, e.credit_account)"
        " WHERE a.chart = %s AND a.merchant_id = 1 AND a.unit = 'CNY'",
        chart,
    ).fetchall()
    return int(minor)


def test_a_share_of_a_date_is_held_for_so_many_days_and_then_let_go(
    ledger: SmallLedger, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-79, S3-28: in the books, on the statement, in the file; a date without trade lets go."""
    say(ledger, percent=10, days=2)
    ledger.purchase(1, 12_345)
    ledger.purchase(2, 5_000, merchant=2)
    first = cleared(ledger, night_login, tmp_path)
    assert statements(ledger, DAY) == [(12_345, -1_234, 11_111)], "half to even"
    assert (balance(ledger, "merchant_payable"), balance(ledger, "merchant_reserve")) == (
        11_111, 1_234,
    )  # fmt: skip
    [text] = [file.read_text() for file in first.files_dir.glob("merchant-*0001.csv")]
    lines = [line.split(",") for line in text.splitlines() if "reserve_held" in line]
    assert [line[11:13] for line in lines] == [["CNY", "-12.34"]]
    ledger.purchase(1, 1_000)
    cleared(ledger, night_login, tmp_path)
    third = cleared(ledger, night_login, tmp_path)
    assert statements(ledger, DAY + dt.timedelta(days=1)) == [(1_000, -100, 900)]
    assert statements(ledger, DAY + dt.timedelta(days=2)) == [(0, 1_234, 1_234)]
    assert [one.net.amount_minor for one in third.positions] == [1_234]
    cleared(ledger, night_login, tmp_path)
    assert balance(ledger, "merchant_reserve") == 0
    assert balance(ledger, "merchant_payable") == 13_345
    assert audit(audit_login) == []
    for day in range(4):
        again = run_clearing(night_login, tmp_path, DAY + dt.timedelta(days=day))
        assert again.is_repeat


def test_what_is_said_later_counts_from_its_day_and_what_was_held_goes_as_it_was_said(
    ledger: SmallLedger, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-79: of a date that comes to less than nothing nothing is held."""
    say(ledger, percent=50, days=2)
    say(ledger, percent=0, days=1, since=DAY + dt.timedelta(days=1))
    sale = ledger.purchase(1, 100)
    cleared(ledger, night_login, tmp_path)
    ledger.refund(sale, 90)
    cleared(ledger, night_login, tmp_path)
    assert statements(ledger, DAY) == [(100, -50, 50)]
    assert statements(ledger, DAY + dt.timedelta(days=1)) == [(-90, 0, -90)]
    ledger.purchase(1, 7)
    cleared(ledger, night_login, tmp_path)
    assert statements(ledger, DAY + dt.timedelta(days=2)) == [(7, 50, 57)]
    assert audit(audit_login) == []


def test_a_night_that_was_killed_holds_once(
    ledger: SmallLedger, night_login: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4-79, FAULTS 23: what the step had posted is gone with it."""
    say(ledger, percent=10, days=1)
    ledger.purchase(1, 1_000)
    with monkeypatch.context() as patched:
        patched.setattr("clearing.reserves._told", lambda _night: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_clearing(night_login, tmp_path)
    assert balance(ledger, "merchant_reserve") == 0
    run_clearing(night_login, tmp_path)
    assert balance(ledger, "merchant_reserve") == 100


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("UPDATE reserve_held SET amount_minor = amount_minor + 1",
         {"reserve_not_its_terms", "reserve_not_its_journal"}),
        ("UPDATE reserve_held SET due_on = due_on + 9", {"reserve_not_its_terms"}),
        ("UPDATE reserve_terms SET millionths = 200000", {"reserve_not_its_terms"}),
        ("DELETE FROM reserve_released", {"reserve_not_its_journal", "reserve_not_in_time"}),
        ("UPDATE reserve_released SET released_on = released_on + 1",
         {"reserve_not_its_journal", "reserve_not_in_time"}),
    ],
)  # fmt: skip
def test_a_reserve_that_is_edited_is_named_by_the_audit_and_stops_the_night(
    ledger: SmallLedger,
    owner: Connection,
    night_login: Connection,
    tmp_path: Path,
    edit: str,
    found: set[str],
) -> None:
    """S4-79."""
    say(ledger, percent=10, days=1)
    ledger.purchase(1, 1_000)
    cleared(ledger, night_login, tmp_path)
    cleared(ledger, night_login, tmp_path)
    ledger.run(edit)
    with owner.transaction():
        assert found <= {finding.test for finding in ask(owner)}
    with pytest.raises(ClearingError, match="a closed date"):
        run_again(night_login, tmp_path)


def run_again(night: Connection, files: Path) -> None:
    """Both dates, which are compared with what they left."""
    for day in range(2):
        run_clearing(night, files, DAY + dt.timedelta(days=day))
