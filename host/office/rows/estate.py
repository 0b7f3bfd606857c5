"""What actions about the estate have in common: what is said of a row, stays, and is missing.

What they write is in force from the next message on: each says which rows running hosts read
again.
"""

from typing import Any

import msgspec

from host.office.accounts import SQL
from host.office.action import Acting
from host.office.fields import (
    Values,
)
from host.office.refusals import (
    FIELD,
    STATE,
    Refusal,
)
from host.office.subjects import Found


def told_of_values(values: Values) -> dict[str, Any]:
    """By their names, as statements take them."""
    return msgspec.structs.asdict(values)


def merged(about: Found, values: Values) -> dict[str, Any]:
    """What a row says, and what is to be another; what was not said stays."""
    said = {name: value for name, value in told_of_values(values).items() if value is not None}
    return {**about.content, **said, "id": about.id}


def refuse_missing(told: dict[str, Any], problem: str) -> None:
    """Return where each has a value.

    Raises:
        Refusal: one has none.
    """
    for name, value in told.items():
        if value is None:
            raise Refusal(FIELD, field=name, problem=problem)


def refuse_same(found: Found, *, is_active: bool) -> None:
    """Return where it is open and is to become another.

    Raises:
        Refusal: it is closed, or is so already.
    """
    content = found.content
    if content.get("closed_on") is not None:
        raise Refusal(STATE, state="closed")
    if content["is_active"] == is_active:
        raise Refusal(STATE, state="active" if is_active else "suspended")


def next_number(acting: Acting, name: str) -> int:
    """What a new one is numbered, by the statement of this name."""
    row = acting.connection.execute(SQL[name]).fetchone()
    assert row is not None, "an aggregate is a row"
    number: int = row[0]
    return number
