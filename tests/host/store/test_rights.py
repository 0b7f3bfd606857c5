"""Each role may do what its programs' statements need, whatever columns there are."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from config.run.database import Dsns
from host.store.queries import load_queries
from host.store.right import WHOLE, Right
from host.store.rights import RIGHTS, SEQUENCES
from host.store.rights_reader import SEEN, UNSEEN
from tests.host.store.needs import Need, needs_of

ROOT = Path(__file__).parents[3]
ALL: frozenset[str] = frozenset()
LINKING = frozenset({"lock_timeout", "wait_for_changes", "add_link"})
AGE = "SELECT coalesce(max(number), 0) FROM schema_migration"
"""`host.store.safety` asks it in Python."""
SEALED = "SELECT EXISTS (SELECT FROM card) OR EXISTS (SELECT FROM terminal_key)"
"""`config.run.hsm` does, before it makes an LMK."""

SPOKEN: dict[str, dict[str, Collection[str]]] = {
    "posswitch_poster": {
        "host/store/posting.sql": ALL,
        "host/store/book.sql": ALL,
        "host/store/counters.sql": ALL,
        "host/store/rulebook.sql": ALL,
        "host/store/usage.sql": ALL,
        "host/store/settlement.sql": ALL,
        "host/store/cases.sql": {"open_case", "note_report", "settle_case", "count_cases"},
        "host/store/expiry.sql": ALL,
        "host/store/holds.sql": ALL,
        "host/store/moves.sql": ALL,
        "host/store/gifts.sql": ALL,
        "host/store/vouchers.sql": ALL,
        "host/store/phones.sql": ALL,
        "host/store/cash.sql": ALL,
        "host/store/port_payments.sql": ALL,
        "host/store/pay_codes.sql": ALL,
        "host/store/earning.sql": ALL,
        "host/store/lotteries.sql": ALL,
        "host/store/names.sql": {"open_cases", "business_dates"},
        "host/store/heads.sql": ALL,
        "host/store/changes.sql": LINKING,
        "host/store/keys.sql": {"rotations"},
        "host/store/estate_versions.sql": {"version", "changes_since"},
    },
    "posswitch_night": {
        "clearing/queries.sql": ALL,
        "clearing/fees.sql": ALL,
        "clearing/alliances.sql": ALL,
        "clearing/statements.sql": ALL,
        "clearing/corrections.sql": ALL,
        "clearing/digests.sql": ALL,
        "clearing/findings.sql": ALL,
        "clearing/standing.sql": ALL,
        "clearing/deliveries.sql": ALL,
        "clearing/adverts.sql": ALL,
        "clearing/reserves.sql": ALL,
        "host/store/heads.sql": ALL,
        "host/store/posting.sql": {
            "open_business_date", "last_seal", "take_numbers", "add_exchanges", "add_seals",
            "add_journals", "add_entries",
        },
        "host/store/changes.sql": LINKING,
        "host/store/settlement_view.sql": ALL,
        "host/store/book.sql": {"shard_count"},
        "host/store/settlement.sql": {"count_batch", "read_batch", "voided_at_office"},
        "host/store/cases.sql": {
            "open_cases", "all_cases", "all_cases_of_terminal", "resolve_case", "case_state",
        },
    },
    "posswitch_auditor": {
        "clearing/audit.sql": ALL,
        "clearing/audit_facts.sql": ALL,
        "clearing/audit_laid.sql": ALL,
        "clearing/audit_moves.sql": ALL,
        "clearing/audit_holds.sql": ALL,
        "clearing/audit_rules.sql": ALL,
        "clearing/audit_lotteries.sql": ALL,
        "clearing/audit_fees.sql": ALL,
        "clearing/audit_recon.sql": ALL,
        "clearing/audit_alliances.sql": ALL,
        "clearing/audit_statements.sql": ALL,
        "clearing/audit_payouts.sql": ALL,
        "clearing/audit_adverts.sql": ALL,
        "clearing/audit_reserves.sql": ALL,
        "clearing/audit_enterprises.sql": ALL,
        "clearing/audit_disputes.sql": ALL,
        "clearing/claims.sql": ALL,
        "clearing/changed.sql": ALL,
        "clearing/unused.sql": ALL,
        "clearing/seals.sql": ALL,
        "clearing/heads.sql": ALL,
        "clearing/export.sql": ALL,
        "host/store/changes.sql": {"gaps", "noted"},
        "host/store/keys.sql": {"served_keys"},
        "host/store/life.sql": ALL,
        "host/store/lottery_file.sql": ALL,
        "host/store/trial.sql": ALL,
        "host/store/replaying.sql": ALL,
        "host/store/settlement_view.sql": {"institutions"},
        "host/store/book.sql": {"shard_count"},
        "host/store/posting.sql": {"open_business_date", "facts"},
    },
    "posswitch_office": {
        "host/office/disclosures.sql": ALL,
        "host/office/days.sql": ALL,
        "host/office/estate.sql": ALL,
        "host/office/files.sql": ALL,
        "host/office/faces.sql": ALL,
        "host/office/sheets_designed.sql": ALL,
        "host/office/sheet_views.sql": ALL,
        "host/office/jobs.sql": ALL,
        "host/office/lotteries.sql": ALL,
        "host/office/mails.sql": ALL,
        "host/office/pickups.sql": ALL,
        "host/office/live_stores.sql": ALL,
        "host/office/members.sql": ALL,
        "host/office/people.sql": ALL,
        "host/office/phone_codes.sql": ALL,
        "host/office/alliances.sql": ALL,
        "host/office/statements.sql": ALL,
        "host/office/payouts.sql": ALL,
        "host/office/deliveries.sql": ALL,
        "host/office/timed_reports.sql": ALL,
        "host/office/report_views.sql": ALL,
        "host/office/adverts.sql": ALL,
        "host/office/advert_views.sql": ALL,
        "host/office/reserves.sql": ALL,
        "host/office/reserve_views.sql": ALL,
        "host/office/fees.sql": ALL,
        "host/office/programmes.sql": ALL,
        "host/office/recon.sql": ALL,
        "host/office/reports.sql": ALL,
        "host/office/rules.sql": ALL,
        "host/office/records.sql": ALL,
        "host/office/sessions.sql": ALL,
        "host/office/stock.sql": ALL,
        "host/office/subjects.sql": ALL,
        "host/office/timers.sql": ALL,
        "host/office/traced.sql": ALL,
        "host/office/views.sql": ALL,
        "host/office/member_views.sql": ALL,
        "host/office/night_views.sql": ALL,
        "host/office/clients.sql": ALL,
        "host/office/webhooks.sql": ALL,
        "host/office/client_views.sql": ALL,
        "host/office/enterprises.sql": ALL,
        "host/office/enterprise_views.sql": ALL,
        "host/office/staff_issues.sql": ALL,
        "host/office/profile_views.sql": ALL,
        "host/office/face_views.sql": ALL,
        "host/office/reminders.sql": ALL,
        "host/office/statistics.sql": ALL,
        "host/office/terminal_batches.sql": ALL,
        "host/office/counter_views.sql": ALL,
        "host/office/holds.sql": ALL,
        "host/office/transactions.sql": ALL,
        "host/store/settlement.sql": {"settled"},
        "host/office/vouchers.sql": ALL,
        "host/store/keys.sql": {"rotate"},
        "host/store/lottery_file.sql": ALL,
        "host/store/office_settings.sql": ALL,
        "host/store/names.sql": {
            "issuers_begun", "merchants_begun", "stores_begun", "products_begun", "batches_begun",
            "parts_begun", "programmes_begun", "alliances_begun", "settings_begun",
        },
        "host/store/book.sql": {"shard_count"},
        "host/store/posting.sql": {"open_business_date", "facts"},
        "host/stock/ageing.sql": ALL,
        "host/stock/breakage.sql": ALL,
        "host/stock/cash.sql": ALL,
        "host/stock/port_payments.sql": ALL,
        "host/stock/simulated_port.sql": ALL,
        "host/stock/vouchers.sql": ALL,
        "host/stock/paying.sql": ALL,
        "host/stock/making.sql": ALL,
        "host/stock/batches.sql": ALL,
        "host/stock/sales.sql": ALL,
        "host/stock/lives.sql": ALL,
        "host/stock/ends.sql": ALL,
        "host/stock/gifts.sql": ALL,
        "host/stock/shipping.sql": ALL,
        "host/office/cards_in.sql": ALL,
        "host/office/conversions.sql": ALL,
        "host/office/members_in.sql": ALL,
        "host/stock/binding.sql": ALL,
        "host/office/card_walks.sql": ALL,
        "host/office/usages.sql": ALL,
        "host/office/lives.sql": ALL,
        "host/store/life.sql": {
            "slot_of_number", "slots_of_trace", "exchanges_of_slot", "journal", "legs", "journals",
            "hold_told", "hold_steps", "lots", "earned_told", "earn_counted_told", "rate_told",
            "advice", "settled_batches", "seal", "day", "files", "place", "issuer",
            "cases_of_traces", "rules_told",
            "card_of", "purses", "trail", "before_trails", "unposted", "posted_exchanges",
            "unposted_exchanges", "journal_of_card", "last_cleared", "changes", "ends_of_day",
        },
        "host/store/estate_versions.sql": {"next_version", "add_change"},
        "host/store/settlement_view.sql": {"institutions"},
    },
    "the owner": {
        "host/store/estates.sql": ALL,
        "host/store/posting.sql": {"open_business_date", "last_seal"},
        "host/store/book.sql": {"shard_count"},
        "host/store/keys.sql": ALL,
        "host/store/awaited.sql": ALL,
        "host/store/changes.sql": {"tables", "columns", "gaps"},
        "host/store/takeovers.sql": ALL,
        "host/store/estate_versions.sql": {"next_version", "add_change"},
    },
}  # fmt: skip
"""Who says what: all of a file, or these of it. A new statement has a row here."""
ALSO = {
    "posswitch_poster": (AGE, SEALED),
    "posswitch_night": (AGE,),
    "posswitch_office": (AGE,),
}
LOOKS_SECRET = re.compile(
    r"(^|_)(pan|pin|key|block|secret|seed|password|hash|track|cvv)(_|$)|sealed$"
)
CHAIN_NUMBERS = {"exchange.seal", "journal.seal"}
PRIVILEGES = ("SELECT", "INSERT", "UPDATE")
EVERY_ROLE = (*RIGHTS, "posswitch_reader", "posswitch_auditor")
KEY = (
    "INSERT INTO terminal_key (terminal_id, usage, generation, block, check_value)"
    " VALUES ('80010001', %s, 1, 'x', '')"
)

Connection = psycopg.Connection[Any]


def statements_of(role: str) -> Iterator[str]:
    """Everything that programs say as a member of this role."""
    for path, names in SPOKEN[role].items():
        file = Path(path)
        for name, statement in load_queries(".".join(file.parent.parts), file.name).items():
            if names == ALL or name in names:
                yield statement
    yield from ALSO.get(role, ())


def every_statement() -> Iterator[tuple[str, str, str]]:
    """File, name and text of all that host and night may say."""
    for floor in ("host", "clearing"):
        for path in (ROOT / floor).rglob("*.sql"):
            file = path.relative_to(ROOT)
            if path.parent.name != "migrations":
                for name, text in load_queries(".".join(file.parent.parts), file.name).items():
                    yield str(file), name, text


@pytest.fixture(scope="module")
def columns(catalogue: Connection) -> dict[str, dict[str, str]]:
    """Of every table and view each column's type."""
    rows = catalogue.execute(
        "SELECT c.relname, json_object_agg(a.attname, format_type(a.atttypid, NULL))"
        " FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
        " AND NOT a.attisdropped WHERE c.relkind IN ('r', 'v', 'm', 'p')"
        " AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname"
    ).fetchall()
    return dict(rows)


def granted(catalogue: Connection, role: str) -> set[Need]:
    """What the catalogue gives a role: each column, and what is given of whole tables alone."""
    rows = catalogue.execute(
        "SELECT c.relname, p.privilege, a.attname FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p (privilege)"
        " WHERE c.relkind IN ('r', 'v', 'm', 'p') AND c.relnamespace = 'public'::regnamespace"
        " AND has_column_privilege(%(role)s, c.oid, a.attnum, p.privilege)"
        " UNION ALL SELECT c.relname, p.privilege, '*' FROM pg_class AS c"
        " CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER', 'MAINTAIN']) AS p (privilege)"
        " WHERE c.relkind IN ('r', 'v', 'm', 'p') AND c.relnamespace = 'public'::regnamespace"
        " AND has_table_privilege(%(role)s, c.oid, p.privilege)",
        {"role": role},
    )
    return {Need(*row) for row in rows}


def told(columns: dict[str, dict[str, str]], role: str) -> set[Need]:
    """What RIGHTS say of it."""
    return {
        need
        for relation, right in RIGHTS[role].items()
        for need in _each(relation, right, columns[relation])
    }


def _each(relation: str, right: Right, there: dict[str, str]) -> Iterator[Need]:
    for privilege, named in zip(
        PRIVILEGES, (right.reads, right.inserts, right.updates), strict=True
    ):
        for column in there if named == WHOLE else named:
            yield Need(relation, privilege, column)
    if right.deletes:
        yield Need(relation, "DELETE", "*")


@pytest.mark.parametrize("role", RIGHTS)
def test_the_catalogue_gives_a_role_what_its_table_of_rights_says(
    catalogue: Connection, columns: dict[str, dict[str, str]], role: str
) -> None:
    """Every table, every column, every role."""
    given, written = granted(catalogue, role), told(columns, role)
    assert sorted(given - written) == [], "REVOKE it in a migration, or write it into RIGHTS"
    assert sorted(written - given) == [], "GRANT it in a migration, or take it out of RIGHTS"


@pytest.mark.parametrize("role", RIGHTS)
def test_a_role_has_the_rights_that_its_statements_need_and_no_other(
    catalogue: Connection, columns: dict[str, dict[str, str]], role: str
) -> None:
    needs, written = needs_of(catalogue, statements_of(role)), told(columns, role)
    anything = {need for need in needs if need.column == "*" and need.privilege != "DELETE"}
    assert sorted(needs - anything - written) == [], "a statement needs it: write it into RIGHTS"
    for need in anything:
        assert any(need[:2] == right[:2] for right in written), f"{need}: any column will do"
    idle = {
        right
        for right in written - needs
        if Need(right.relation, right.privilege, "*") not in anything
        or any(right[:2] == need[:2] for need in needs - anything)
    }
    assert sorted(idle) == [], "no statement needs it: take it out of RIGHTS"


def test_no_two_statements_ask_a_table_the_same() -> None:
    """One that two modules need stands in one file, or one of them is changed without the other."""
    seen: dict[str, str] = {}
    for path, name, statement in every_statement():
        plain = re.sub(r"--.*|%\(\w+\)s|%s|\s", "", statement).lower()
        assert "from" not in plain or seen.setdefault(plain, f"{path}: {name}") == f"{path}: {name}"


def test_every_statement_is_said_by_somebody() -> None:
    for file, name, _text in every_statement():
        spoken = [said[file] for said in SPOKEN.values() if file in said]
        is_said = ALL in spoken or any(name in one for one in spoken)
        assert is_said, f"{file}: {name}: write into SPOKEN which role says it"


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_a_role_takes_the_numbers_that_it_needs(catalogue: Connection, role: str) -> None:
    rows = catalogue.execute(
        "SELECT c.relname, p.privilege FROM pg_class AS c"
        " CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p (privilege)"
        " WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace"
        " AND has_sequence_privilege(%s, c.oid, p.privilege)",
        [role],
    ).fetchall()
    assert set(rows) == {which for which, roles in SEQUENCES.items() if role in roles}


def test_who_looks_sees_every_column_but_those_that_say_why_not(
    catalogue: Connection, columns: dict[str, dict[str, str]]
) -> None:
    """A new column is granted to the reader by its name, or it is in UNSEEN."""
    expected = {
        Need(relation, "SELECT", column)
        for relation, there in columns.items()
        for column in there
        if not {column, "*"} & UNSEEN.get(relation, {}).keys()
    }
    given = granted(catalogue, "posswitch_reader")
    assert sorted(given - expected) == [], "REVOKE it from posswitch_reader"
    assert sorted(expected - given) == [], "GRANT it to posswitch_reader by name, or put in UNSEEN"


def test_no_new_column_is_seen_before_somebody_says_so(catalogue: Connection) -> None:
    """Nothing is granted to the reader by whole tables."""
    whole = catalogue.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'v') AND has_table_privilege('posswitch_reader', oid, 'SELECT')"
    ).fetchall()
    assert whole == []


def test_what_looks_like_a_secret_is_unseen_or_says_why_it_is_none(
    columns: dict[str, dict[str, str]],
) -> None:
    for relation, there in columns.items():
        unseen = UNSEEN.get(relation, {})
        for column, kind in there.items():
            if {column, "*"} & unseen.keys() or f"{relation}.{column}" in CHAIN_NUMBERS:
                continue
            if kind == "bytea" or LOOKS_SECRET.search(column):
                name = f"{relation}.{column}"
                assert name in SEEN, f"{name} is seen by who looks: put it in UNSEEN, or in SEEN"
    known = {f"{relation}.{column}" for relation, there in columns.items() for column in there}
    assert SEEN.keys() <= known
    assert {
        f"{relation}.{column}"
        for relation, unseen in UNSEEN.items()
        for column in unseen
        if column != "*"
    } <= known


@pytest.fixture
def owner(database: Dsns) -> Any:
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO merchant (id, merchant_id, name) VALUES (1, repeat('1', 15), '')"
        )
        connection.execute("INSERT INTO store (id, merchant_id, name) VALUES (1, 1, '')")
        connection.execute(
            "INSERT INTO terminal (terminal_id, store_id, epoch, mac_algorithm)"
            " VALUES ('80010001', 1, '000001', 'x9.19')"
        )
        connection.execute(KEY, ["tmk"])
        yield connection


@pytest.mark.parametrize(
    "column",
    [
        f"{table}.{column}"
        for table, unseen in UNSEEN.items()
        for column in sorted(unseen)
    ],
)  # fmt: skip
def test_who_looks_sees_no_secret(owner: Any, column: str) -> None:
    table, name = column.split(".")
    asked = sql.SQL("*") if name == "*" else sql.Identifier(name)
    with owner.transaction(force_rollback=True):
        owner.execute("SET LOCAL ROLE posswitch_reader")
        with pytest.raises(errors.InsufficientPrivilege), owner.transaction():
            owner.execute(sql.SQL("SELECT {} FROM {}").format(asked, sql.Identifier(table)))


def test_who_posts_drops_working_keys_and_no_master_key(database: Dsns, owner: Any) -> None:
    with psycopg.connect(database.host, autocommit=True) as host:
        host.execute(KEY, ["pik"])
        assert host.execute("DELETE FROM terminal_key").rowcount == 1
        with pytest.raises(errors.InsufficientPrivilege):
            host.execute(KEY, ["ik"])
    assert owner.execute("SELECT usage FROM terminal_key").fetchall() == [("tmk",)]


def test_who_clears_reads_no_key_and_nothing_that_a_card_is_known_by(database: Dsns) -> None:
    with psycopg.connect(database.night, autocommit=True) as night:
        for asked in ("block FROM terminal_key", "block FROM zone_key", "pin_value FROM card"):
            with pytest.raises(errors.InsufficientPrivilege):
                night.execute(f"SELECT {asked}")


def test_who_audits_reads_every_table_and_writes_none(
    catalogue: Connection, columns: dict[str, dict[str, str]]
) -> None:
    given = granted(catalogue, "posswitch_auditor")
    assert given == {
        Need(relation, "SELECT", column) for relation, there in columns.items() for column in there
    }
