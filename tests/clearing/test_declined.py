"""What was refused of a date is counted by the night, by kind, store and reason."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.run import run_clearing
from clearing.verify import audit
from host.store.changes import note_what_differs
from tests.clearing.conftest import DAY, SmallLedger

Connection = psycopg.Connection[Any]
TOLD = (
    "SELECT merchant_id, store_id, kind, channel, reason, items FROM declined_part ORDER BY place"
)


@pytest.fixture
def refused(ledger: SmallLedger) -> SmallLedger:
    """A store's terminal was refused three times, and one that no store has once."""
    slot = ledger.decline(1)
    terminal = slot.split("/")[1]
    ledger.run("INSERT INTO store (id, merchant_id, name) VALUES (7, 1, 'By the bridge')")
    ledger.run(
        "INSERT INTO terminal (terminal_id, store_id, epoch, mac_algorithm)"
        " VALUES (%s, 7, '000012', 'x')",
        terminal,
    )
    note_what_differs(ledger.connection, ["store", "terminal"])
    ledger.decline(1)
    ledger.decline(2, "wrong_pin")
    ledger.decline(2, slot=ledger.next_slot().replace(terminal, "99999999"))
    ledger.decline(2, kind="balance_inquiry")
    ledger.decline(2, is_tombstone=True, fingerprint=b"")
    ledger.purchase(1, 20_000)
    return ledger


def test_what_was_refused_is_counted_by_store_kind_and_reason(
    refused: SmallLedger, night_login: Connection, audit_login: Connection, tmp_path: Path
) -> None:
    """S4-33: what asks for nothing of value, and places of originals, are no declines."""
    run_clearing(night_login, tmp_path)
    assert refused.run(TOLD).fetchall() == [
        (1, 7, "purchase", "pos", "insufficient_funds", 2),
        (1, 7, "purchase", "pos", "wrong_pin", 1),
        (None, None, "purchase", "pos", "insufficient_funds", 1),
    ]
    assert audit(audit_login) == []
    assert run_clearing(night_login, tmp_path, DAY).is_repeat


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("UPDATE declined_part SET items = items + 1", True),
        ("UPDATE declined_part SET reason = 'expired' WHERE reason = 'wrong_pin'", True),
        ("DELETE FROM declined_part WHERE merchant_id IS NULL", True),
        ("UPDATE declined_part SET store_id = NULL WHERE reason = 'wrong_pin'", False),
    ],
)
def test_a_count_that_was_changed_is_found(
    refused: SmallLedger,
    night_login: Connection,
    audit_login: Connection,
    tmp_path: Path,
    edit: str,
    *,
    found: bool,
) -> None:
    """By the digest of its step, and where it can be by what was asked."""
    run_clearing(night_login, tmp_path)
    refused.run(edit)
    tests = {one.test for one in audit(audit_login)}
    assert tests == {"parts_not_as_netted"} | ({"declined_not_as_asked"} if found else set())
