"""A day of a slot that a merchant booked is charged by the night of that day, once."""

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
PRICE = 700
ONE = dt.timedelta(days=1)


def booked(
    ledger: SmallLedger, *, days: int, merchant: int = 1, slot: int = 1, first: dt.date = DAY
) -> int:
    """So many days of a slot, which is put in with its first; gives the number."""
    ledger.run(
        "INSERT INTO ad_slot (id, code, shown_at, name, price_minor, unit, state, set_by, set_at)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'stores', 'Top', %s, 'CNY', 'open', 'wu', now())"
        " ON CONFLICT DO NOTHING",
        *(slot, f"SLOT-{slot}", PRICE),
    )
    [(number,)] = ledger.run(
        "INSERT INTO ad_booking (slot_id, merchant_id, issuer_id, first_on, last_on, title,"
        " advert_text, price_minor, unit, made_by, agreed_by, made_at)"
        " VALUES (%s, %s, 1, %s, %s, 'Tea', 'Tea for two', %s, 'CNY', 'li', 'wu', now())"
        " RETURNING id",
        *(slot, merchant, first, first + (days - 1) * ONE, PRICE),
    ).fetchall()
    ledger.run(
        "INSERT INTO ad_day SELECT %s, %s::date + n, %s FROM generate_series(0, %s) AS n",
        *(slot, first, number, days - 1),
    )
    note_what_differs(ledger.connection)
    return int(number)


def ended(ledger: SmallLedger, booking: int, on: dt.date) -> None:
    ledger.run("INSERT INTO ad_end VALUES (%s, %s, 'li', now())", booking, on)
    note_what_differs(ledger.connection, ["ad_end"])


def cleared(ledger: SmallLedger, night: Connection, files: Path) -> Summary:
    """The open date; what is posted from here on is of the next."""
    summary = run_clearing(night, files, ledger.date)
    ledger.turn()
    return summary


def charges(ledger: SmallLedger) -> list[tuple[int, dt.date, int]]:
    return ledger.run(
        "SELECT booking_id, business_date, amount_minor FROM ad_charge ORDER BY 2, 1"
    ).fetchall()


def statements(ledger: SmallLedger, date: dt.date) -> list[tuple[int, int, int, int]]:
    """Of each statement: whose, sold, for advertising, payable."""
    return ledger.run(
        "SELECT merchant_id, turnover_minor, advertised_minor, payable_minor"
        " FROM settlement_statement WHERE business_date = %s ORDER BY place",
        date,
    ).fetchall()


def earned(ledger: SmallLedger) -> int:
    """By the house."""
    [(minor,)] = ledger.run(
        "SELECT coalesce(sum(CASE WHEN a.id = e.credit_account THEN e.amount_minor"
        " ELSE -e.amount_minor END), 0)::bigint FROM entry AS e JOIN account AS a"
        " ON a.id IN (e.debit_account, e.credit_account) WHERE a.chart = 'house_fees'"
    ).fetchall()
    return int(minor)


def test_each_day_is_charged_once_and_is_a_line_of_its_date(
    ledger: SmallLedger, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-66: in the books, on the statement, in the file; of a date without trade, too."""
    first, other = booked(ledger, days=2), booked(ledger, days=1, merchant=2, slot=2)
    ledger.purchase(1, 12_345)
    one = cleared(ledger, night_login, tmp_path)
    assert statements(ledger, DAY) == [(1, 12_345, -PRICE, 12_345 - PRICE), (2, 0, -PRICE, -PRICE)]
    [text] = [file.read_text() for file in one.files_dir.glob("merchant-*0001.csv")]
    lines = [line.split(",") for line in text.splitlines() if "advertising" in line]
    assert [line[11:13] for line in lines] == [["CNY", "-7.00"]]
    cleared(ledger, night_login, tmp_path)
    cleared(ledger, night_login, tmp_path)
    assert charges(ledger) == [(first, DAY, PRICE), (other, DAY, PRICE), (first, DAY + ONE, PRICE)]
    assert statements(ledger, DAY + ONE) == [(1, 0, -PRICE, -PRICE)]
    assert earned(ledger) == 3 * PRICE
    assert audit(audit_login) == []
    for day in range(3):
        assert run_clearing(night_login, tmp_path, DAY + day * ONE).is_repeat
    assert earned(ledger) == 3 * PRICE


def test_what_ended_before_a_day_is_not_charged_and_the_next_has_it(
    ledger: SmallLedger, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-66: nothing of what was charged comes back."""
    first = booked(ledger, days=3)
    cleared(ledger, night_login, tmp_path)
    ended(ledger, first, DAY + 2 * ONE)
    ledger.run("DELETE FROM ad_day WHERE day = %s", DAY + 2 * ONE)
    other = booked(ledger, days=1, merchant=2, first=DAY + 2 * ONE)
    for _ in range(3):
        cleared(ledger, night_login, tmp_path)
    assert charges(ledger) == [
        (first, DAY, PRICE), (first, DAY + ONE, PRICE), (other, DAY + 2 * ONE, PRICE),
    ]  # fmt: skip
    assert audit(audit_login) == []


def test_a_night_that_was_killed_charges_once(
    ledger: SmallLedger,
    night_login: Connection,
    audit_login: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """S4-66, FAULTS 23: what the step had posted is gone with it."""
    booked(ledger, days=1)
    with monkeypatch.context() as patched:
        patched.setattr("clearing.adverts._told", lambda _night: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_clearing(night_login, tmp_path)
    assert earned(ledger) == 0
    run_clearing(night_login, tmp_path)
    assert earned(ledger) == PRICE
    assert audit(audit_login) == []


def test_a_merchant_without_an_account_there_is_told_and_nothing_is_charged(
    ledger: SmallLedger, night_login: Connection, tmp_path: Path
) -> None:
    booked(ledger, days=1)
    ledger.run("UPDATE account SET unit = 'EUR' WHERE chart = 'house_fees'")
    with pytest.raises(ClearingError, match="Load the estate again"):
        run_clearing(night_login, tmp_path)
    assert charges(ledger) == []


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("UPDATE ad_booking SET price_minor = price_minor + 1", {"advert_not_its_day"}),
        ("UPDATE ad_charge SET amount_minor = amount_minor - 1",
         {"advert_not_its_day", "advert_not_its_journal"}),
        ("DELETE FROM ad_charge", {"advert_not_its_day", "advert_not_its_journal"}),
        ("DELETE FROM ad_day", {"advert_not_its_day", "advert_day_not_booked"}),
        ("UPDATE ad_booking SET merchant_id = 2", {"advert_not_its_journal"}),
        ("INSERT INTO ad_end SELECT id, first_on, 'x', now() FROM ad_booking",
         {"advert_not_its_day"}),
    ],
)  # fmt: skip
def test_a_booking_or_charge_that_is_edited_is_named_by_the_audit_and_stops_the_night(
    ledger: SmallLedger,
    owner: Connection,
    night_login: Connection,
    tmp_path: Path,
    edit: str,
    found: set[str],
) -> None:
    """S4-66."""
    booked(ledger, days=1)
    ledger.purchase(1, 1_000)
    cleared(ledger, night_login, tmp_path)
    ledger.run(edit)
    with owner.transaction():
        assert found <= {finding.test for finding in ask(owner)}
    with pytest.raises(ClearingError, match="a closed date"):
        run_clearing(night_login, tmp_path, DAY)
