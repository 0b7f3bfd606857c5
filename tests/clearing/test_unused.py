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

TO_ONE = {"Limit", "Sort", "Unique", "Subquery Scan", "Incremental Sort"}
"""Nodes of a plan that give nothing of nothing."""


def is_known_empty(plan: dict[str, Any]) -> bool:
    while plan["Node Type"] in TO_ONE and len(plan["Plans"]) == 1:
        [plan] = plan["Plans"]
    return plan["Node Type"] == "Result" and plan.get("One-Time Filter") == "false"


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
