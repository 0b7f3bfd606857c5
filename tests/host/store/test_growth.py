"""The rules by which the ledger can grow past one machine, read from the catalogue."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from host.store.deciding import TABLES
from host.store.growth import BESIDE, HOME, PLACED, SHARD
from host.store.queries import load_queries

Connection = psycopg.Connection[Any]
WRITES = re.compile(r"^(?:INSERT INTO|UPDATE) ([a-z_]+)", re.MULTILINE)
JOINS = re.compile(
    r"\bJOIN ([a-z_]+)(?: AS ([a-z]+))?\s+ON ([^;]*?)(?=\n\s*(?:LEFT|INNER|WHERE|ORDER|GROUP|\))|;)"
)
OF_A_BATCH = (
    "posting.sql", "cash.sql", "counters.sql", "earning.sql", "gifts.sql", "holds.sql",
    "lotteries.sql", "usage.sql", "vouchers.sql",
)  # fmt: skip
PEOPLES = {"open_case"}
ROOT = Path(__file__).parents[3]
OF_NO_SHARD = {
    "batch_figures": "counts all cards of a batch, which are in every shard",
    "card_of_phone": "a member's cards, of whatever shard, by whose they are",
    "cards_by_last_four": "an issuer's cards, of whatever shard, by what people read out",
    "draws": "a lottery's list, whose draws are in every shard",
    "left_of_batch": "vouchers of a batch that nobody has, which are in every shard",
    "staff_issues": "an enterprise's vouchers, of whatever shard, by the number of each",
    "queue_by_hand": "the same",
    "queue_due": "the same",
    "due_reminders": "the same",
    "linked_voucher": "the same",
    "staff_report": "the same",
    "staff_vouchers": "the same",
    "unclaimed": "vouchers of a batch that nobody has, which are in every shard",
    "voucher_batches": "counts all vouchers of a batch, which are in every shard",
}
RECKONED = {"checkpoint", "fee_charge", "position", "position_part", "settlement_statement"}
"""What the night puts in for each merchant and issuer, or account, and proves whole."""
NUMBERS = "SELECT c.relname FROM pg_attrdef AS d JOIN pg_class AS c ON c.oid = d.adrelid"


@pytest.fixture(scope="module")
def catalogue(module_database: Any) -> Any:
    with psycopg.connect(module_database.owner) as owner:
        yield owner


def of_a_batch() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in OF_A_BATCH:
        queries = load_queries("host.store", file)
        found |= {f"{file}: {name}": sql for name, sql in queries.items()}
    cases = load_queries("host.store", "cases.sql")
    return found | {name: cases[name] for name in PEOPLES}


def test_every_table_that_a_batch_writes_is_placed_or_says_why_not() -> None:
    written = {table for sql in of_a_batch().values() for table in WRITES.findall(sql)}
    assert written <= PLACED.keys() | BESIDE.keys()
    assert not PLACED.keys() & BESIDE.keys()
    assert set(PLACED.values()) == {SHARD, HOME}


def test_the_place_is_first_in_every_key(catalogue: Connection) -> None:
    keys = catalogue.execute(
        "SELECT c.relname, i.indexrelid::regclass::text, a.attname FROM pg_index AS i"
        " JOIN pg_class AS c ON c.oid = i.indrelid"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE i.indisunique AND c.relname = ANY(%s)",
        [list(PLACED)],
    ).fetchall()
    assert {table for table, _, _ in keys} == PLACED.keys()
    assert [key for table, key, first in keys if first != PLACED[table]] == []


def test_no_key_is_of_some_rows_alone(catalogue: Connection) -> None:
    partial = catalogue.execute(
        "SELECT i.indexrelid::regclass::text FROM pg_index AS i"
        " JOIN pg_class AS c ON c.oid = i.indrelid"
        " WHERE i.indisunique AND i.indpred IS NOT NULL AND c.relname = ANY(%s)",
        [list(PLACED)],
    ).fetchall()
    assert partial == []


def test_what_is_placed_points_at_no_other_table_and_none_at_it(catalogue: Connection) -> None:
    pointing = catalogue.execute(
        "SELECT conname FROM pg_constraint AS k"
        " JOIN pg_class AS c ON c.oid IN (k.conrelid, k.confrelid)"
        " WHERE k.contype = 'f' AND c.relname = ANY(%s)",
        [list(PLACED)],
    ).fetchall()
    assert pointing == []


def test_what_the_night_reckons_is_not_looked_up_row_by_row(catalogue: Connection) -> None:
    """Whom it names is noted in the chain instead, so that one is gone shows."""
    names = catalogue.execute(
        "SELECT c.relname, named.relname, conenforced FROM pg_constraint AS k"
        " JOIN pg_class AS c ON c.oid = k.conrelid"
        " JOIN pg_class AS named ON named.oid = k.confrelid"
        " WHERE contype = 'f' AND (NOT conenforced OR c.relname = ANY(%s))",
        [sorted(RECKONED)],
    ).fetchall()
    assert {table for table, _, _ in names} == RECKONED
    assert [table for table, _, is_looked_up in names if is_looked_up] == []
    assert {named for _, named, _ in names} <= TABLES.keys()


def test_no_number_is_shared_by_all_shards(catalogue: Connection) -> None:
    shared = catalogue.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = ANY(%s)"
        " AND (is_identity = 'YES' OR column_default LIKE 'nextval%%')",
        [list(PLACED)],
    ).fetchall()
    assert shared == []


@pytest.mark.parametrize("name", sorted(of_a_batch()))
def test_what_is_placed_is_joined_by_its_place(name: str) -> None:
    for table, _, condition in JOINS.findall(of_a_batch()[name]):
        if table in PLACED:
            assert re.search(rf"\.{PLACED[table]}\b", condition), f"{name} joins {table} without it"


@pytest.mark.parametrize(
    "file",
    [path for path in sorted((ROOT / "host").rglob("*.sql")) if path.parent.name != "migrations"],
    ids=lambda path: path.name,
)
def test_who_looks_joins_what_is_placed_by_its_place(file: Path) -> None:
    """Of the host's statements none asks every shard for a row of one."""
    package = ".".join(file.parent.relative_to(ROOT).parts)
    for name, sql in load_queries(package, file.name).items():
        for table, _, condition in JOINS.findall(f"{sql};"):
            if table in PLACED and name not in OF_NO_SHARD:
                by = rf"\.{PLACED[table]}\b"
                assert re.search(by, condition), f"{name} joins {table} without it"
