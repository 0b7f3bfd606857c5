from typing import Any

import psycopg
import pytest

from clearing.checks import CHECKS, LAID_OUT, SQL
from clearing.run import run_clearing
from clearing.verify import ask, audit
from host.model.claims import Claim
from host.model.requests import Kind

Connection = psycopg.Connection[Any]
WHAT_DECIDES = 12
"""The check of what is noted, in tests/clearing/test_insider_edits.py; 11 is of keys."""


def found(connection: Connection, claims: list[Claim] | None = None) -> set[str]:
    return {f"{one.check} {one.test}" for one in audit(connection, claims or [])}


@pytest.fixture(scope="module")
def cleared(
    module_day: Any, module_database: Any, tmp_path_factory: pytest.TempPathFactory
) -> Connection:
    """The owner's connection to a traded and cleared day that the tests here share."""
    with psycopg.connect(module_database.night, autocommit=True) as night:
        run_clearing(night, tmp_path_factory.mktemp("files"))
    connection: Connection = module_day.connection
    return connection


def test_every_statement_belongs_to_a_check() -> None:
    assert [check.number for check in CHECKS] == [*range(1, 11), WHAT_DECIDES]
    helpers = {"create_claim", "copy_claims", "create_claim_effect", "copy_claim_effects"}
    helpers |= {"create_claim_state", "seals", "sealed_rows", "read_to_the_end"}
    helpers |= {name for statements in LAID_OUT.values() for name in statements}
    assert {test.name for check in CHECKS for test in check.tests} == SQL.keys() - helpers


@pytest.mark.usefixtures("cleared")
def test_an_honest_ledger_has_no_violation(module_database: Any) -> None:
    with psycopg.connect(module_database.audit) as auditor:
        assert audit(auditor) == []


@pytest.mark.usefixtures("database")
def test_an_empty_database_has_no_violation(audit_login: Connection) -> None:
    assert audit(audit_login) == []


def test_two_connections_find_what_one_finds(cleared: Connection, module_database: Any) -> None:
    edit = "UPDATE entry SET amount_minor = amount_minor {} 1 WHERE journal_id % 1000 = 8"
    with (
        psycopg.connect(module_database.audit) as auditor,
        psycopg.connect(module_database.audit) as beside,
    ):
        assert audit(auditor, beside=beside) == []
        cleared.execute(edit.format("+"))
        try:
            found = audit(auditor, beside=beside)
            assert found == audit(auditor)
        finally:
            cleared.execute(edit.format("-"))
        assert {"journal_not_its_entries", "balance_not_its_entries", "chain"} <= {
            one.test for one in found
        }


def test_what_one_of_two_connections_cannot_be_asked_is_raised(module_database: Any) -> None:
    with (
        psycopg.connect(module_database.audit) as auditor,
        psycopg.connect(module_database.audit) as beside,
    ):
        beside.execute("SET statement_timeout = 1")
        beside.commit()
        with pytest.raises(psycopg.errors.QueryCanceled):
            audit(auditor, beside=beside)


BREAKAGES = [
    (
        "2 pending_on_a_card",
        "UPDATE exchange SET reason = 'posting_pending' WHERE id % 1000 = 8",
        {"7 chain"},
    ),
    (
        "1 approved_without_journal",
        "UPDATE exchange SET reason = 'approved' WHERE reason = 'insufficient_funds'",
        {"7 chain", "10 declined_not_as_asked"},
    ),
    (
        "2 journal_without_request",
        "UPDATE journal SET terminal_id = '80010002' WHERE id % 1000 = 8",
        set(),
    ),
    (
        "2 journal_without_request",
        "DELETE FROM exchange WHERE id % 1000 = 8",
        {"7 chain"},
    ),
    (
        "2 journal_without_request",
        "UPDATE exchange SET card_id = 5 WHERE id % 1000 = 8",
        {"7 chain"},
    ),
    (
        "2 journal_not_its_entries",
        "UPDATE journal SET amount_minor = 1 WHERE id % 1000 = 8",
        set(),
    ),
    (
        "2 journal_without_card",
        "INSERT INTO advice SELECT shard, id, 'A1', NULL, '' FROM journal WHERE id % 1000 = 8",
        {"2 advice_not_its_answer"},
    ),
    (
        "2 journal_without_card",
        "INSERT INTO advice VALUES (0, 999, 'A1', NULL, '')",
        set(),
    ),
    (
        "2 journal_without_card",
        (
            "UPDATE journal SET card_id = 0 WHERE id % 1000 = 8;"
            " UPDATE exchange SET card_id = 0 WHERE id % 1000 = 8"
        ),
        {"5 journal_not_its_trail", "7 chain", "10 journal_of_other_parties"},
    ),
    (
        "2 order_without_journal",
        "INSERT INTO order_reference VALUES (0, 999, 'A1', '', now())",
        set(),
    ),
    (
        "7 chain",
        (
            "INSERT INTO order_reference SELECT j.shard, j.id, 'A1', '', e.decided_at FROM journal"
            " AS j JOIN exchange AS e USING (home, slot) WHERE j.id % 1000 = 8"
        ),
        set(),
    ),
    (
        "2 entry_without_journal",
        (
            "INSERT INTO entry SELECT shard, 999, leg, debit_account, credit_account, amount_minor,"
            " unit, '2026-10-01' FROM entry WHERE unit = 'CNY' AND journal_id % 1000 = 1"
        ),
        {"5 balance_not_its_entries", "5 journal_not_its_trail"},
    ),
    (
        "2 exchange_out_of_place",
        "UPDATE exchange SET business_date = '2026-10-01' WHERE reason = 'duplicate'",
        {"7 seal_of_another_date"},
    ),
    (
        "2 exchange_out_of_place",
        "UPDATE exchange SET terminal_id = '80010002' WHERE reason = 'duplicate'",
        set(),
    ),
    (
        "2 exchange_out_of_place",
        "UPDATE exchange SET terminal_id = '80010002' WHERE kind = 'opening'",
        {"2 journal_without_request"},
    ),
    (
        "2 kind_of_another_origin",
        "UPDATE exchange SET kind = 'points_expiry' WHERE reason = 'duplicate'",
        {"7 chain"},
    ),
    (
        "3 own_key_away_from_home",
        (
            "INSERT INTO exchange SELECT 1 - mod(crc32('clock/points_expiry/20260930/1/f'), 2),"
            " 'clock/points_expiry/20260930/1/f', 2464000009999, shard, seal, 'points_expiry',"
            " fingerprint, reason, is_tombstone, answer, card_id, NULL, business_date, decided_at"
            " FROM exchange WHERE reason = 'insufficient_funds'"
        ),
        {"7 chain"},
    ),
    (
        "2 own_journal_by_other_accounts",
        "UPDATE journal SET kind = 'card_void' WHERE kind = 'opening' AND card_id = 1",
        {"2 journal_without_request", "7 chain"},
    ),
    (
        "2 part_of_another_kind",
        "UPDATE exchange SET reason = 'partly_approved' WHERE kind = 'cash_load'",
        {"7 chain"},
    ),
    (
        "2 adjustment_not_its_journal",
        "INSERT INTO adjustment VALUES (0, 999, 'error', NULL)",
        set(),
    ),
    (
        "2 transit_not_its_journal",
        "INSERT INTO transit VALUES (0, 999, 1, 1, NULL, true)",
        set(),
    ),
    (
        "2 transit_not_its_journal",
        "INSERT INTO transit SELECT shard, id, 1, 1 FROM journal WHERE id % 1000 = 8",
        {"5 in_transit_not_on_its_way", "5 on_its_way_without_a_move"},
    ),
    (
        "2 arrival_not_its_departure",
        (
            "INSERT INTO transit SELECT shard, id, 1, 1, NULL, false FROM journal"
            " WHERE id % 1000 = 8"
        ),
        {
            "2 transit_not_its_journal",
            "5 in_transit_not_on_its_way",
            "5 on_its_way_without_a_move",
        },
    ),
    (
        "2 arrival_not_its_departure",
        "UPDATE journal SET kind = 'move_in' WHERE id % 1000 = 9",
        {"2 journal_without_request", "2 own_journal_by_other_accounts", "7 chain"},
    ),
    (
        "5 ended_card_with_value",
        (
            "INSERT INTO move"
            " (shard, card_id, name, origin, made_by, asked_at, state, ended_at, issuer_id)"
            " VALUES (0, 2, 'void', 'clock', 'moves', now(), 'done', now(), 1)"
        ),
        set(),
    ),
    (
        "10 journal_of_other_parties",
        "UPDATE journal SET merchant_id = 1 WHERE kind = 'opening'",
        set(),
    ),
    (
        "3 slot_posted_twice",
        (
            "UPDATE journal SET slot = (SELECT slot FROM journal WHERE id % 1000 = 9)"
            " WHERE id % 1000 = 8"
        ),
        {"2 journal_without_request"},
    ),
    (
        "3 slot_answered_twice",
        (
            "INSERT INTO exchange SELECT 7, slot, 2464000009999, shard, seal, kind, fingerprint,"
            " reason, is_tombstone, answer, card_id, terminal_id, business_date, decided_at"
            " FROM exchange WHERE reason = 'duplicate'"
        ),
        {"3 terminal_with_two_homes", "7 chain"},
    ),
    (
        "3 number_taken_twice",
        (
            "UPDATE exchange SET id = (SELECT id FROM exchange WHERE reason = 'insufficient_funds')"
            " WHERE reason = 'duplicate'"
        ),
        {"7 chain"},
    ),
    (
        "4 entry_between_units",
        "UPDATE entry SET unit = 'P:RED' WHERE journal_id % 1000 = 8 AND unit = 'CNY'",
        {"2 journal_not_its_entries", "7 chain"},
    ),
    (
        "4 unit_out_of_balance",
        (
            "DELETE FROM account WHERE chart = 'suspense';"
            " DELETE FROM account WHERE chart = 'issuer_funds' AND issuer_id = 1"
        ),
        {"4 entry_between_units", "10 turnover_not_the_journal"},
    ),
    (
        "5 balance_not_its_entries",
        (
            "UPDATE purse SET posted_minor = posted_minor + 1 WHERE account_id ="
            " (SELECT min(account_id) FROM purse WHERE card_id = 2)"
        ),
        set(),
    ),
    (
        "4 entry_between_units",
        "DELETE FROM purse WHERE card_id = 2 AND unit = 'CNY'",
        {"4 unit_out_of_balance", "10 turnover_not_the_journal", "5 journal_not_its_trail"},
    ),
    (
        "5 purse_not_its_trail",
        "UPDATE purse SET last_journal = last_journal - 1 WHERE card_id = 2 AND unit = 'CNY'",
        set(),
    ),
    (
        "5 journal_not_its_trail",
        "UPDATE journal SET previous_id = 0 WHERE id % 1000 = 7",
        set(),
    ),
    (
        "5 journal_not_its_trail",
        "UPDATE journal SET previous_id = NULL WHERE id % 1000 = 7",
        set(),
    ),
    (
        "5 balance_not_its_entries",
        "INSERT INTO purse VALUES (2, 999, 5, 0, 0, NULL, 0, 'EUR')",
        set(),
    ),
    (
        "5 held_not_its_holds",
        (
            "UPDATE purse SET held_minor = 1 WHERE account_id ="
            " (SELECT min(account_id) FROM purse WHERE card_id = 2)"
        ),
        set(),
    ),
    (
        "5 checkpoint_not_its_entries",
        (
            "UPDATE checkpoint SET balance_minor = balance_minor + 1 WHERE account_id ="
            " (SELECT min(account_id) FROM purse WHERE card_id = 2)"
        ),
        set(),
    ),
    (
        "5 checkpoint_not_its_entries",
        (
            "DELETE FROM checkpoint WHERE account_id ="
            " (SELECT min(account_id) FROM purse WHERE card_id = 2)"
        ),
        set(),
    ),
    (
        "6 account_below_limit",
        (
            "ALTER TABLE purse DROP CONSTRAINT purse_not_overdrawn;"
            " UPDATE purse SET floor_minor = posted_minor + 1 WHERE account_id ="
            " (SELECT min(account_id) FROM purse WHERE card_id = 2)"
        ),
        set(),
    ),
    ("7 chain", "UPDATE exchange SET answer = 'x' WHERE reason = 'duplicate'", set()),
    (
        "7 chain",
        "UPDATE exchange SET fingerprint = 'x' WHERE reason = 'insufficient_funds'",
        set(),
    ),
    ("7 chain", "DELETE FROM exchange WHERE reason = 'duplicate'", set()),
    ("7 chain", "DELETE FROM seal WHERE seq = 2 AND shard = 0", set()),
    ("7 chain", "UPDATE seal SET previous = 'x' WHERE seq = 3 AND shard = 1", set()),
    ("7 chain", "UPDATE seal SET items = 2 WHERE seq = 3 AND shard = 1", set()),
    (
        "7 chain",
        "UPDATE exchange SET seal = 1000 WHERE reason = 'duplicate'",
        set(),
    ),
    ("7 seal_of_another_date", "UPDATE seal SET business_date = '2026-10-01' WHERE seq = 2", set()),
    (
        "7 checkpoint_seal_missing",
        "UPDATE checkpoint_seal SET digest = 'x' WHERE shard = 0",
        set(),
    ),
    (
        "8 undo_without_journals",
        "UPDATE undo SET amount_minor = amount_minor - 1 WHERE kind = 'refund'",
        set(),
    ),
    (
        "8 undoing_journal_without_fact",
        "DELETE FROM undo WHERE kind = 'reversal'",
        {"8 reversal_not_noted"},
    ),
    (
        "8 moot_reversal_of_what_stands",
        "UPDATE undo SET is_moot = true WHERE kind = 'reversal'",
        set(),
    ),
    (
        "8 undone_too_often",
        (
            "INSERT INTO undo SELECT shard, original_id, 1, journal_id, kind, amount_minor"
            " FROM undo WHERE kind = 'void'"
        ),
        set(),
    ),
    (
        "8 undone_too_often",
        (
            "INSERT INTO undo SELECT shard, original_id, a, journal_id, kind, amount_minor"
            " FROM undo, generate_series(1, 3) AS a WHERE kind = 'refund'"
        ),
        set(),
    ),
    (
        "8 undo_leaves_a_rest",
        (
            "UPDATE entry SET amount_minor = amount_minor - 1 WHERE unit = 'CNY' AND journal_id ="
            " (SELECT journal_id FROM undo WHERE kind = 'void')"
        ),
        {
            "2 journal_not_its_entries",
            "5 balance_not_its_entries",
            "5 checkpoint_not_its_entries",
            "7 chain",
            "10 position_not_the_journal",
            "10 turnover_not_the_journal",
        },
    ),
    (
        "8 undo_by_other_accounts",
        (
            "UPDATE undo SET original_id = (SELECT id FROM journal WHERE kind = 'cash_load')"
            " WHERE kind = 'refund'"
        ),
        {"8 undo_without_journals"},
    ),
    (
        "9 lots_not_the_balance",
        "UPDATE lot SET remaining = 0 WHERE remaining > 0",
        {"9 lot_not_its_uses"},
    ),
    (
        "9 lot_not_its_uses",
        "UPDATE lot_use SET points = points + 1 WHERE points = 100",
        {"9 points_not_their_lots"},
    ),
    (
        "9 expiry_not_its_lots",
        "UPDATE purse SET expires_from = '2028-10-01' WHERE card_id = 1 AND unit <> 'CNY'",
        set(),
    ),
    (
        "9 expiry_not_its_lots",
        "UPDATE purse SET expires_from = '2028-09-29' WHERE card_id = 1 AND unit <> 'CNY'",
        set(),
    ),
    (
        "9 expiry_not_its_lots",
        "UPDATE purse SET expires_from = NULL WHERE card_id = 1",
        set(),
    ),
    (
        "9 expiry_not_its_lots",
        "UPDATE purse SET expires_from = '2028-09-30' WHERE card_id = 1 AND unit = 'CNY'",
        set(),
    ),
    (
        "9 points_not_their_lots",
        "UPDATE lot_use SET journal_id = 1 WHERE points = 100",
        set(),
    ),
    (
        "10 position_not_the_journal",
        "UPDATE position SET credit_minor = credit_minor + 1 WHERE chart = 'merchant_points'",
        {"10 parts_not_as_netted"},
    ),
    (
        "10 position_not_the_journal",
        "DELETE FROM position WHERE chart = 'merchant_points'",
        {"10 parts_not_as_netted"},
    ),
    *(
        ("10 parts_not_as_netted", f"UPDATE position_part SET {change}", set[str]())
        for change in ("place = place + 100", "kind = kind || 'x'", "channel = 'web'")
    ),
    *(
        ("10 parts_not_as_netted", change, {"10 statement_not_its_parts"})
        for change in (
            "UPDATE position_part SET business_date = business_date + 1",
            "UPDATE position_part SET merchant_id = 3 - merchant_id WHERE kind = 'refund'",
            "UPDATE position_part SET issuer_id = 3 - issuer_id WHERE kind = 'refund'",
            "UPDATE position_part SET unit = 'P:NONE'",
            "UPDATE position_part SET items = items + 1",
            "UPDATE position_part SET amount_minor = amount_minor + 1",
            "UPDATE position_part SET points_earned = points_earned + 1",
            "UPDATE position_part SET merchant_fee_minor = 1",
            "UPDATE position_part SET issuer_fee_minor = 1",
            "DELETE FROM position_part WHERE kind = 'refund'",
        )
    ),
    (
        "10 turnover_not_the_journal",
        "UPDATE trial_balance SET debit_minor = 1 WHERE chart = 'issuer_funds'",
        set(),
    ),
    (
        "10 journal_of_other_parties",
        (
            "ALTER TABLE purse DROP CONSTRAINT purse_once;"
            " UPDATE purse SET card_id = 6 - card_id WHERE card_id IN (2, 4) AND unit = 'CNY'"
        ),
        {"5 journal_not_its_trail"},
    ),
    (
        "10 journal_of_other_parties",
        "UPDATE journal SET merchant_id = 2 WHERE id % 1000 = 7",
        set(),
    ),
]


@pytest.mark.parametrize(("test", "breakage", "also"), BREAKAGES)
def test_one_broken_row_is_named_by_its_check(
    cleared: Connection, test: str, breakage: str, also: set[str]
) -> None:
    with cleared.transaction(force_rollback=True):
        cleared.execute(breakage)
        named = {f"{one.check} {one.test}" for one in ask(cleared) if one.check < WHAT_DECIDES}
        assert named == {test, *also}


OF_PURSES = [
    ("card_numbered_twice", "UPDATE card SET id = 1 WHERE id = 2"),
    ("card_of_no_issuer", "UPDATE card SET issuer_id = 99 WHERE id = 1"),
    ("purse_not_its_cards", "UPDATE purse SET unit = 'EUR' WHERE card_id = 2 AND unit = 'CNY'"),
    ("purse_not_its_cards", "UPDATE purse SET unit = 'P:BLUE' WHERE card_id = 1 AND unit <> 'CNY'"),
    ("purse_not_its_cards", "UPDATE purse SET shard = 1 WHERE card_id = 2"),
    ("purse_not_its_cards", "UPDATE purse SET card_id = 99 WHERE card_id = 2"),
    ("purse_not_its_cards", "UPDATE purse SET floor_minor = -1 WHERE card_id = 2"),
    (
        "purse_twice",
        "INSERT INTO purse (shard, card_id, account_id, unit) VALUES (0, 2, 99, 'CNY')",
    ),
    ("purse_twice", "UPDATE purse SET account_id = 1 WHERE card_id = 2 AND unit <> 'CNY'"),
]


@pytest.mark.parametrize(("test", "breakage"), OF_PURSES)
def test_a_purse_that_is_not_its_cards_is_named(
    cleared: Connection, test: str, breakage: str
) -> None:
    with cleared.transaction(force_rollback=True):
        cleared.execute("ALTER TABLE purse DROP CONSTRAINT purse_once")
        cleared.execute(breakage)
        assert test in {one.test for one in ask(cleared)}


def claim(posted: Any, kind: Kind, **told: Any) -> Claim:
    answer = {"told": "00", "rrn": posted.rrn} | told
    return Claim(
        slot=posted.slot,
        kind=kind,
        card_id=posted.card,
        amount_minor=posted.amount,
        unit="P:" if posted.unit.startswith("P:") else posted.unit,
        **answer,
    )


@pytest.fixture
def told(ledger: Any) -> dict[str, Claim]:
    """Claims that are all true, by what they are of."""
    with ledger.connection.transaction():
        sale = ledger.purchase(1, 12_345, points=123)
        spent = ledger.redeem(1, 100, sale)
        load = ledger.load(3, 20_000)
        voided = ledger.purchase(4, 7_000, merchant=2)
        void = ledger.undo(voided)
        lost = ledger.purchase(5, 100)
        ledger.undo(lost, "reversal", slot=lost.slot[:-1] + "r")
        declined = ledger.decline(2)
    never = ledger.next_slot()
    return {
        "sale": claim(sale, Kind.PURCHASE),
        "spent": claim(spent, Kind.POINTS_REDEMPTION),
        "load": claim(load, Kind.CASH_LOAD),
        "voided": claim(voided, Kind.PURCHASE),
        "void": claim(void, Kind.VOID),
        "lost": claim(lost, Kind.PURCHASE, told=None, rrn=None, reversal_sent=True),
        "declined": Claim(
            slot=declined, kind=Kind.PURCHASE, card_id=2, amount_minor=1, unit="CNY", told="51"
        ),
        "never": Claim(
            slot=never,
            kind=Kind.PURCHASE,
            card_id=6,
            amount_minor=1,
            unit="CNY",
            reversal_sent=True,
            reversal_told="25",
        ),
    }


def test_claims_that_are_true_find_nothing(told: dict[str, Claim], audit_login: Connection) -> None:
    assert audit(audit_login, told.values()) == []


def changed(claims: dict[str, Claim], name: str, **changes: Any) -> list[Claim]:
    fields = {key: getattr(claims[name], key) for key in Claim.__struct_fields__}
    return list({**claims, name: Claim(**(fields | changes))}.values())


UNTRUE = [
    ("never", {"told": "00", "reversal_sent": False}, {"1 claim_not_in_force", "1 card"}),
    (
        "lost",
        {"told": "00", "reversal_sent": False},
        {"1 claim_not_in_force", "1 claim_told_otherwise", "1 card"},
    ),
    ("sale", {"told": "51"}, {"1 claim_still_in_force", "1 claim_told_otherwise", "1 card"}),
    ("sale", {"told": None}, {"8 claim_in_doubt"}),
    ("load", {"told": None, "confirm_sent": True}, {"8 claim_in_doubt"}),
    ("sale", {"amount_minor": 12_344}, {"1 claim_says_otherwise", "1 card"}),
    ("sale", {"kind": Kind.POINTS_REDEMPTION}, {"1 claim_says_otherwise"}),
    ("spent", {"card_id": 5}, {"1 claim_says_otherwise"}),
    ("spent", {"unit": "CNY"}, {"1 claim_says_otherwise", "1 card"}),
    ("sale", {"rrn": "093000000999"}, {"1 claim_told_otherwise"}),
    ("declined", {"told": "05", "rrn": None}, set()),
    ("sale", {"kind": Kind.CASH_LOAD}, {"1 claim_says_otherwise", "1 card"}),
]


@pytest.mark.parametrize(("name", "changes", "tests"), UNTRUE)
def test_a_claim_that_differs_from_the_ledger_is_named(
    told: dict[str, Claim],
    audit_login: Connection,
    name: str,
    changes: dict[str, Any],
    tests: set[str],
) -> None:
    full = {"1 card_effect_not_its_claims" if one == "1 card" else one for one in tests}
    assert found(audit_login, changed(told, name, **changes)) == full


def test_a_posting_in_a_recorded_batch_that_no_client_made_is_named(
    told: dict[str, Claim], audit_login: Connection
) -> None:
    rest = [one for name, one in told.items() if name != "sale"]
    assert found(audit_login, rest) == {"2 journal_nobody_claims"}


def test_a_load_that_was_lost_may_stand_by_its_confirmation(
    ledger: Any, audit_login: Connection
) -> None:
    load = ledger.load(3, 20_000)
    lost = claim(load, Kind.CASH_LOAD, told=None, rrn=None, confirm_sent=True, confirm_told="00")
    assert audit(audit_login, [lost]) == []


def test_a_violation_never_holds_a_card_number(cleared: Connection) -> None:
    with cleared.transaction(force_rollback=True):
        cleared.execute("UPDATE purse SET posted_minor = posted_minor + 1")
        texts = " ".join(str(one) for one in ask(cleared))
    assert "card 2" in texts
    assert "******" not in texts


def test_the_audit_leaves_nothing_behind(told: dict[str, Claim], audit_login: Connection) -> None:
    audit(audit_login, told.values())
    assert audit_login.execute("SELECT to_regclass('claim')").fetchone() == (None,)
