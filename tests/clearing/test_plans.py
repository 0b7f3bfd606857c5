"""Every named statement, planned for any values and without statistics, on tables full of history.

A growing table is read whole by nobody but the audit, whose work that is, and by the statements
that are listed here with a reason.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from clearing.checks import SQL
from clearing.night import OF_A_RANGE, RANGES
from clearing.night import SQL as NIGHTLY
from clearing.seals import EVER
from clearing.seals import SQL as SEALING
from clearing.verify import PARAMETERS, expect_many_rows, lay_out
from config.bench.years import evenly, fill_history
from config.run.database import Dsns
from host.model.numbers import DAY_ZERO, NUMBERS_PER_DAY
from host.model.recon import WEIGHTS
from host.office.recon_matching import SQL as RECONCILING
from host.shards import NIGHT_SHARD
from host.store.queries import load_queries
from tests.host.conftest import NOW

Connection = psycopg.Connection[Any]
ROWS = 20_000
TOLD = {**PARAMETERS, "first": EVER[0], "last": EVER[1]}
FILES = {
    "host.store": (
        "posting.sql", "counters.sql", "book.sql", "keys.sql", "cases.sql", "estates.sql",
        "settlement.sql", "settlement_view.sql", "names.sql", "estate_versions.sql", "life.sql",
        "earning.sql", "expiry.sql", "gifts.sql", "holds.sql", "lotteries.sql", "moves.sql",
        "pay_codes.sql", "rulebook.sql", "usage.sql", "vouchers.sql",
    ),
    "host.stock": ("making.sql", "batches.sql", "sales.sql", "lives.sql"),
    "host.office": ("usages.sql", "recon.sql", "reports.sql"),
    "clearing": (
        "queries.sql", "fees.sql", "alliances.sql", "statements.sql", "digests.sql",
        "findings.sql", "standing.sql",
    ),
}  # fmt: skip
OF_THE_WRITER = {
    "posting.sql", "counters.sql", "earning.sql", "gifts.sql", "holds.sql", "lotteries.sql",
    "usage.sql", "vouchers.sql",
}  # fmt: skip
SAID_FIRST = {
    "short_shards": ("enable_seqscan",),
    **{f"lay_out_{name}": tuple(OF_A_RANGE) for name in RANGES},
}
"""What the night turns off for a statement alone."""
WRITER = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
GROWS_WITH_TRADE = {
    "exchange", "journal", "entry", "undo", "lot", "lot_use", "seal", "advice", "checkpoint",
    "terminal_batch", "upload_record", "exception_case", "case_report",
    "change", "order_reference", "adjustment", "transit", "move", "gift", "hold", "hold_fact",
    "rule_told", "usage_counter", "draw", "earned_by", "conversion", "voucher_use", "earn_counted",
    "recon_line", "recon_match", "recon_item", "position_part", "declined_part",
    "port_payment", "port_payment_more",
}  # fmt: skip
GROWS_WITH_CARDS = {"card", "purse"}
MORE = """
INSERT INTO rule_told (
    shard, exchange_id, rule_id, rule_version, outcome, period, used_by, subject, period_from,
    times, amount_minor, had_times, had_minor, asked_minor, goods
) SELECT 0, n, 1, 1, 'counted', 'day', 'card', n, '2026-10-01', 1, 1, 0, 0, 1, ''
FROM generate_series(1, %(rows)s) AS n;
INSERT INTO hold (
    shard, id, code, card_id, issuer_id, account_id, unit, owner, amount_minor, held_minor,
    opened_at, expires_at
) SELECT 0, n, n, n, 1, n, 'CNY', 'preauth', 1, 1, now(), now() + n * interval '1 h'
FROM generate_series(1, %(rows)s) AS n;
INSERT INTO hold_fact (shard, hold_id, turn, journal_id, fact, amount_minor)
SELECT 0, n, 0, n, 'opened', 1 FROM generate_series(1, %(rows)s) AS n;
INSERT INTO draw (
    shard, journal_id, lottery_id, seq, act, of_seq, hit, place, card_id, member_id, link
) SELECT 0, n, n %% 5, n, 'draw', n, 1, 1, n, 0, '' FROM generate_series(1, %(rows)s) AS n;
INSERT INTO gift (
    shard, journal_id, card_id, issuer_id, sender_id, depth, sent_at, due_at, token_hash
) SELECT 0, n, n, 1, n, 1, now(), now() + interval '1 h', n::text::bytea
FROM generate_series(1, %(rows)s) AS n;
INSERT INTO move (shard, card_id, name, origin, made_by, asked_at, issuer_id)
SELECT 0, n, 'void', 'clock', 'x', now(), 1 FROM generate_series(1, %(rows)s) AS n;
INSERT INTO voucher_use (shard, journal_id, voucher_shard, voucher_id, given, bought)
SELECT 0, n, 0, n, 1, 0 FROM generate_series(1, %(rows)s) AS n;
INSERT INTO usage_counter (
    shard, counter, period, used_by, subject, period_from, times, amount_minor
) SELECT 0, 'rule/1', 'day', 'card', n, '2026-10-01', 1, 1 FROM generate_series(1, %(rows)s) AS n;
INSERT INTO merchant (id, merchant_id, name) VALUES (32000, repeat('7', 15), 'x')
ON CONFLICT DO NOTHING;
INSERT INTO recon_file (
    source, layout, merchant_id, business_date, unit, sha256, lines, sent_by, sent_at
) SELECT 'merchant_file', 'merchant_csv', 32000, d.business_date, 'CNY',
    sha256(d.business_date::text::bytea), 1, 'x', now() FROM business_day AS d;
INSERT INTO recon_line (file_id, line, rrn, terminal_id, batch, trace, unit, amount_minor)
SELECT f.id, n, '', '', '', '', 'CNY', 1
FROM generate_series(1, %(rows)s) AS n CROSS JOIN (SELECT min(id) AS id FROM recon_file) AS f;
INSERT INTO recon_item (
    business_date, source, difference, file_id, merchant_id, rrn, terminal_id, batch, trace, unit,
    ours_minor, theirs_minor, opened_at, answer, answered_by, answered_at, with_item
) SELECT '2026-01-01'::date + n %% 300, 'merchant_file', 'they_lack', f.id, f.merchant_id, n::text,
    '', '', '', 'CNY', 1, 0, now(),
    CASE WHEN n %% 100 > 0 THEN 'write_off' END, CASE WHEN n %% 100 > 0 THEN 'x' END,
    CASE WHEN n %% 100 > 0 THEN now() END, CASE WHEN n %% 100 > 0 THEN n END
FROM generate_series(1, %(rows)s) AS n
CROSS JOIN (SELECT id, merchant_id FROM recon_file ORDER BY id LIMIT 1) AS f;
INSERT INTO member (phone_hash, phone_sealed, phone_masked, name, merchant_id, made_by, made_at)
VALUES (sha256('plans'), '', '1', 'x', 32000, 'x', now());
INSERT INTO person (login, name, created_at, merchant_id) VALUES ('plans', 'x', now(), 32000);
INSERT INTO issuer VALUES (32000, '48880000', 'x', '8888', 'CNY', 1, 1, 3);
INSERT INTO port_payment (
    id, port, order_number, member_id, asked_by, issuer_id, shard, card_id, amount_minor, plan,
    asked_at, expires_at, state, reference, paid_at, refusal, refunded_at
) SELECT n, 'wechat', 'plans' || n, m.id, p.id, 32000, 0, n, 1, '{}', now(), now(), 'refunded',
    n::text, now() + n * interval '1 h', 'late', now() + n * interval '1 h'
FROM generate_series(1, %(rows)s) AS n, member AS m, person AS p
WHERE m.phone_hash = sha256('plans') AND p.login = 'plans';
INSERT INTO port_payment_more (
    payment_id, reference, amount_minor, paid_at, seen_at, refunded_at
) SELECT id, reference, 1, paid_at, paid_at, paid_at FROM port_payment;
"""
"""What is kept beside postings of some kinds."""
LAID_OUT = (
    "lay_out_accounts",
    "lay_out_parties",
    "lay_out_items",
    "lay_out_moved",
    "lay_out_given",
    "lay_out_places",
    "lay_out_asked",
    "lay_out_cards",
    "lay_out_lines",
    "lay_out_fee_bases",
    "lay_out_fee_choices",
    "lay_out_priced",
    "lay_out_sums",
    "lay_out_charges",
    "lay_out_seals",
)
"""Tables of one step that later statements read."""
READ_WHOLE = {
    (name, "purse"): "joined with all that a date moved: a good part of all accounts"
    for name in ("insert_trial_balance", "changed_turnover")
} | {
    ("open_moves", "move"): "along the index of the open ones alone, as many as are asked for",
}
"""(statement, table): why it may be."""


SHARDS = {"shard", "home"}
SAYS_NO_PLAN = (
    r"^(ANALYZE|DROP|LOCK|SELECT (set_config|pg_|nextval)|CREATE TEMPORARY TABLE \w+ \($)"
)
RECONCILED = (
    "lay_out_moved", "lay_out_ours", "lay_out_theirs", "lay_out_pairs", "lay_out_near",
    "lay_out_late",
)  # fmt: skip
"""What is laid out where files are reconciled."""


def statements() -> Iterator[tuple[str, str, str]]:
    for package, files in FILES.items():
        for file in files:
            for name, sql in load_queries(package, file).items():
                if not sql.lstrip("-").startswith("COPY") and "\nCOPY " not in sql:
                    yield file, name, sql


@pytest.fixture(scope="module")
def filled(module_database: Dsns) -> Iterator[Connection]:
    """A database with history that was never analysed, and what a step of the night lays out."""
    with psycopg.connect(module_database.owner, autocommit=True) as connection:
        for table in sorted(GROWS_WITH_TRADE | GROWS_WITH_CARDS):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        fill_history(connection, evenly(ROWS), say=lambda _: None)
        psycopg.ClientCursor(connection).execute(MORE, {"rows": ROWS})
        for name in LAID_OUT:
            told: dict[str, Any] = {
                "shards": [0, 1, 2, 3],
                "first_number": 0,
                "end_number": 2**62,
                "has_fees": True,
                "night_shard": NIGHT_SHARD,
                "day_zero": DAY_ZERO,
                "numbers_per_day": NUMBERS_PER_DAY,
            }
            day = connection.execute("SELECT max(business_date) FROM entry").fetchone()
            assert day is not None
            sql = NIGHTLY[name].replace(" ON COMMIT DROP", "")
            told["business_date"] = day[0]
            connection.execute(sql, told)
        for name in RECONCILED:
            clues = {
                **{weight.name: weight.score for weight in WEIGHTS},
                "alike_max": 1,
                "port_since": NOW,
                "port_until": NOW,
            }
            told |= {"files": [0], **clues}
            connection.execute(RECONCILING[name].replace(" ON COMMIT DROP", ""), told)
        yield connection


@pytest.mark.parametrize(
    ("file", "name", "sql"), list(statements()), ids=lambda part: str(part)[:40]
)
def test_no_statement_reads_a_growing_table_whole(
    file: str, name: str, sql: str, filled: Connection
) -> None:
    if re.search(SAYS_NO_PLAN, sql, re.MULTILINE):
        return
    with filled.transaction(force_rollback=True):
        for setting in WRITER if file in OF_THE_WRITER else SAID_FIRST.get(name, ()):
            filled.execute(f"SET LOCAL {setting} = off")
        asked = numbered(re.sub("CREATE TEMPORARY TABLE .* AS\n", "", sql))
        row = filled.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT json) {asked}").fetchone()
    assert row is not None
    read = set(whole_reads(row[0] if isinstance(row[0], list) else json.loads(row[0])))
    growing = read & (GROWS_WITH_TRADE | GROWS_WITH_CARDS)
    assert {table for table in growing if (name, table) not in READ_WHOLE} == set()


@pytest.mark.parametrize("name", ["lots", "expired"])
def test_lots_are_sorted_day_by_day_not_all_of_a_card(name: str, filled: Connection) -> None:
    file = "posting.sql" if name == "lots" else "expiry.sql"
    sql = numbered(load_queries("host.store", file)[name])
    with filled.transaction(force_rollback=True):
        for setting in WRITER if name == "lots" else ():
            filled.execute(f"SET LOCAL {setting} = off")
        plan = "\n".join(row[0] for row in filled.execute(f"EXPLAIN (GENERIC_PLAN) {sql}"))
    sorted_whole = re.findall(r"Limit[^\n]*\n[ ->]*Sort ", plan)
    assert sorted_whole == []
    assert re.search(r"Presorted Key: .*expires_on", plan)


def numbered(sql: str) -> str:
    """The statement as PostgreSQL numbers its parameters."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        word = found[1] or f"place {len(names)}"
        return f"${names.setdefault(word, len(names) + 1)}"

    return re.sub(r"%(?:%|\((\w+)\)s|s)", number, sql)


def whole_reads(plan: Any) -> Iterator[str]:
    """The tables that a plan reads from end to end, or by a whole index or all of a shard."""
    if isinstance(plan, list):
        for each in plan:
            yield from whole_reads(each)
    elif isinstance(plan, dict):
        kind = plan.get("Node Type", "")
        by = set(re.findall(r"(\w+) (?:=|<|>)", plan.get("Index Cond", ""))) - SHARDS
        is_bounded = bool(by) or plan.get("Parent Relationship") == "limited"
        if kind == "Seq Scan" or (kind.startswith("Index") and not is_bounded):
            yield plan.get("Relation Name", "")
        for key in ("Plan", "Plans"):
            below = plan.get(key, [])
            limits = kind == "Limit" and key == "Plans"
            yield from whole_reads(
                [
                    {**each, "Parent Relationship": "limited"} if limits else each
                    for each in ([below] if isinstance(below, dict) else below)
                ]
            )


QUESTIONS = {
    name: sql
    for name, sql in {**SQL, **SEALING}.items()
    if not re.search("^(CREATE|COPY) ", sql, re.MULTILINE)
}
"""What the audit asks, but for what it lays beside the ledger first."""


@pytest.fixture(scope="module")
def analysed(filled: Connection, module_database: Dsns) -> Iterator[Connection]:
    """The same history in a transaction that has read statistics of it, as the audit asks it.

    They say that hardly anything was ever undone.
    """
    assert filled.info.transaction_status is TransactionStatus.IDLE
    where = psycopg.connect(module_database.owner, autocommit=True)
    with where as connection, connection.transaction(force_rollback=True):
        expect_many_rows(connection)
        lay_out(connection)
        for laid in ("create_claim", "create_claim_effect", "create_claim_state"):
            connection.execute(SQL[laid], TOLD)
        connection.execute("ANALYZE")
        connection.execute("DELETE FROM undo")
        connection.execute("ANALYZE undo")
        yield connection


@pytest.mark.parametrize("sql", QUESTIONS.values(), ids=QUESTIONS)
def test_no_question_of_the_audit_looks_through_a_table_for_each_row_of_another(
    sql: str, analysed: Connection
) -> None:
    """Whatever the statistics say."""
    with analysed.transaction():
        row = analysed.execute(f"EXPLAIN (FORMAT json) {sql}", TOLD).fetchone()
    assert row is not None
    again = set(reads_again(row[0][0]["Plan"]))
    assert again & (GROWS_WITH_TRADE | GROWS_WITH_CARDS) == set()


def reads_again(plan: Any, *, is_again: bool = False) -> Iterator[str]:
    """The tables that are read from end to end, or all of a shard, for each row of another."""
    if is_again:
        yield from whole_reads({**plan, "Plans": []})
    for place, each in enumerate(plan.get("Plans", [])):
        is_inner = plan["Node Type"] == "Nested Loop" and place > 0
        is_asked_each_time = each[
            "Parent Relationship"
        ] == "SubPlan" and "hashed SubPlan" not in json.dumps(plan)
        yield from reads_again(each, is_again=is_again or is_inner or is_asked_each_time)
