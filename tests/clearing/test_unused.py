"""Questions that are not asked where nobody has used what they are about."""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from clearing.checks import CHECKS, LAID_OUT, SQL
from clearing.unused import NOTHING_TO_ASK, has_nothing_to_ask, without_a_byte
from clearing.verify import PARAMETERS, lay_out
from config.run.database import Dsns
from tests.clearing.conftest import SmallLedger

TO_ONE = {
    "Hash", "Incremental Sort", "Limit", "Materialize", "Sort", "Subquery Scan", "Unique",
    "WindowAgg",
}  # fmt: skip
"""Nodes of a plan that give nothing of nothing."""
OF_BOTH = {"Append", "Merge Append"}
NEEDS = {
    "Inner": {"Outer", "Inner"},
    "Semi": {"Outer", "Inner"},
    "Left": {"Outer"},
    "Anti": {"Outer"},
    "Right": {"Inner"},
    "Right Anti": {"Inner"},
}
"""Joins, and the sides either of which gives nothing if the join is to. A full one needs both."""
JOINS = {"Hash Join", "Merge Join", "Nested Loop"}
READ = {"Outer", "Inner", "Member", "Subquery"}
"""Where the rows of a node come from: what stands beside them is but asked for values."""


def is_known_empty(plan: dict[str, Any], named: dict[str, bool] | None = None) -> bool:
    """Whether the planner knows that it gives no row; `named` are its parts that have a name."""
    named = {} if named is None else named
    parts = plan.get("Plans", [])
    for part in parts:
        if part.get("Subplan Name", "").startswith("CTE "):
            named[part["Subplan Name"].removeprefix("CTE ")] = is_known_empty(part, named)
    sides = {
        (part["Parent Relationship"], place): is_known_empty(part, named)
        for place, part in enumerate(parts)
        if part["Parent Relationship"] in READ
    }
    node, empty = plan["Node Type"], [one for one, is_empty in sides.items() if is_empty]
    if node == "Result":
        return plan.get("One-Time Filter") == "false" or (bool(sides) and len(empty) == len(sides))
    if node == "CTE Scan":
        return named[plan["CTE Name"]]
    if node in JOINS and plan["Join Type"] != "Full":
        return bool(NEEDS[plan["Join Type"]] & {side for side, _ in empty})
    if node == "Aggregate" and ("Group Key" not in plan or "Grouping Sets" in plan):
        return False  # of nothing it makes a row
    is_of_all = node in TO_ONE | OF_BOTH | JOINS | {"Aggregate"}
    return is_of_all and bool(sides) and len(empty) == len(sides)


NOTHING = "(SELECT * FROM lottery WHERE false) AS n"


@pytest.mark.parametrize(
    ("asked", "is_empty"),
    [
        (f"SELECT * FROM {NOTHING}", True),
        (f"SELECT n.id, count(*) FROM {NOTHING} GROUP BY n.id", True),
        (f"SELECT count(*) FROM {NOTHING}", False),
        (f"SELECT * FROM card JOIN {NOTHING} ON n.id = card.id", True),
        (f"SELECT * FROM {NOTHING} LEFT JOIN card ON n.id = card.id", True),
        (f"SELECT * FROM card LEFT JOIN {NOTHING} ON n.id = card.id", False),
        (f"SELECT * FROM card FULL JOIN {NOTHING} ON n.id = card.id", False),
        (f"SELECT id FROM {NOTHING} UNION ALL SELECT n.id FROM {NOTHING}", True),
        (f"SELECT id FROM {NOTHING} UNION ALL SELECT id FROM card", False),
        (f"WITH a AS MATERIALIZED (SELECT * FROM {NOTHING}) SELECT * FROM a, card", True),
        ("WITH a AS MATERIALIZED (SELECT * FROM card) SELECT * FROM a", False),
        (f"SELECT * FROM card WHERE id IN (SELECT id FROM {NOTHING}) OR id > 7", False),
        (f"SELECT n.id, count(*) FROM {NOTHING} GROUP BY GROUPING SETS ((n.id), ())", False),
    ],
)  # fmt: skip
def test_what_gives_nothing_is_told_from_what_may_give_a_row(
    module_database: Dsns, asked: str, is_empty: bool
) -> None:
    with psycopg.connect(module_database.owner) as connection:
        told = connection.execute(f"EXPLAIN (FORMAT JSON) {asked}").fetchone()
        assert told is not None
        assert is_known_empty(told[0][0]["Plan"]) is is_empty


@pytest.mark.parametrize("test", NOTHING_TO_ASK)
def test_the_planner_knows_that_a_question_of_no_rows_has_no_answer(
    module_database: Dsns, test: str
) -> None:
    """Whatever is in the other tables."""
    with psycopg.connect(module_database.owner) as connection:
        lay_out(connection)
        explain = f"EXPLAIN (FORMAT JSON) {SQL[test]}"
        asked = connection.execute(explain, PARAMETERS).fetchone()
        assert asked is not None
        assert not is_known_empty(asked[0][0]["Plan"]), "of rows there may be one"
        for table in NOTHING_TO_ASK[test]:
            connection.execute(
                sql.SQL("CREATE TEMPORARY VIEW {} AS SELECT * FROM {} WHERE false").format(
                    sql.Identifier(table), _there(connection, table)
                )
            )
        told = connection.execute(explain, PARAMETERS).fetchone()
        assert told is not None
        assert is_known_empty(told[0][0]["Plan"])
        connection.rollback()


def _there(connection: psycopg.Connection[Any], table: str) -> sql.Identifier:
    """What a view of this name is to stand before: what is laid out makes room for it."""
    if table not in LAID_OUT:
        return sql.Identifier("public", table)
    aside = f"laid_{table}"
    connection.execute(
        sql.SQL("ALTER TABLE pg_temp.{} RENAME TO {}").format(
            sql.Identifier(table), sql.Identifier(aside)
        )
    )
    return sql.Identifier("pg_temp", aside)


def test_every_such_question_is_one_of_the_audits() -> None:
    assert NOTHING_TO_ASK.keys() <= {test.name for check in CHECKS for test in check.tests}


def test_a_table_is_without_a_byte_until_its_first_row_and_again_for_nobody(
    day: SmallLedger, database: Dsns
) -> None:
    """Who has taken a row away has not made the table one that nobody ever used."""
    with psycopg.connect(database.audit, autocommit=True) as auditor:
        empty = without_a_byte(auditor)
        assert "lottery" in empty
        assert not {"journal", "undo"} & empty
        assert has_nothing_to_ask("prize_not_its_draws", empty)
        assert not has_nothing_to_ask("prize_not_its_draws", empty - {"prize_stock"})
        assert not has_nothing_to_ask("undo_without_journals", empty)
        assert not has_nothing_to_ask("balance_not_its_entries", empty)
        day.run("DELETE FROM undo")
        assert "undo" not in without_a_byte(auditor)


def test_what_is_laid_out_is_without_a_byte_until_something_breaks_a_rule(
    day: SmallLedger, database: Dsns
) -> None:
    assert day.counter > 0, "something has been traded"
    with psycopg.connect(database.owner) as auditor:
        lay_out(auditor)
        empty = without_a_byte(auditor)
        assert empty & LAID_OUT.keys() == {"strange_entry", "strange_exchange"}
        auditor.execute("UPDATE entry SET unit = 'USD'")
        auditor.execute("UPDATE exchange SET kind = 'activation'")
        lay_out(auditor)
        assert not without_a_byte(auditor) & LAID_OUT.keys()
        auditor.rollback()
