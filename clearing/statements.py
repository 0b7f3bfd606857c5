"""Statements: what a date comes to between a merchant and an issuer, in what they both may read.

A statement is the sum of parts of positions, so it says what the books and the files do; nobody
edits one. Either side confirms it at the office (`host.office.rows.statements`).
"""

from typing import Any, Final

from clearing.night import ClearingError, Night

STEP: Final = "statements"
"""As the night's table has it."""


def draw_up(night: Night) -> str:
    """Keep the date's statements; on a repeat, prove that they are still what the parts are.

    Raises:
        ClearingError: a statement is not the sum of its parts.
    """
    if not night.is_repeat:
        night.run("insert_statements")
    elif changed := _changed(night):
        raise ClearingError(
            f"statements of {night.business_date} are not the sum of their parts ({len(changed)} "
            f"rows differ, first merchant {changed[0]['merchant_id']}, issuer "
            f"{changed[0]['issuer_id']}): a closed date was changed. Run `posswitch audit` to find "
            "the row; pay nothing before it is explained"
        )
    [told] = night.rows("count_statements")
    return f"{told['statements']} statements"


def _changed(night: Night) -> list[dict[str, Any]]:
    with night.planned():
        return night.rows("changed_statements")
