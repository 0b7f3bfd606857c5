"""What `posswitch audit changes` and `accept` do: hold of the database, and what a person reads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from config.as_json import print_json
from config.screen import Column, Sheet, screen
from config.tasks.keys import opened_owner
from config.tasks.operators import person_name
from host.clock import utc_now
from host.store.connecting import LONG, connect
from host.store.deciding import CHAINED, ByHand
from host.store.takeovers import (
    HandMade,
    Outcome,
    TakeoverError,
    hand_made,
    take_over,
)

WHEN: Final = "%Y-%m-%d %H:%M:%S %Z"
COMMAND: Final = "posswitch audit accept"
ESTATE: Final = tuple(one.name for one in CHAINED if one.is_edited)
"""What operators may edit by hand."""
KEYS: Final = tuple(one.name for one in CHAINED if one.by_hand is ByHand.HEALED)
"""Of which an edit is taken over once a program has written the row again."""


@contextmanager
def opened_estate(data: Path, settings: Path | None) -> Iterator[psycopg.Connection[Any]]:
    """The database as its owner, who alone edits the estate.

    Raises:
        OperatorError: there is no such database, or the settings make no sense.
    """
    with (
        opened_owner(data, settings) as (_told, _places, dsn),
        connect(dsn, LONG, autocommit=True) as connection,
    ):
        yield connection


def print_hand_made(found: Sequence[HandMade], *, as_json: bool = False) -> None:
    """Each row with what differs in it, and what to do about it."""
    console = screen()
    if as_json:
        print_json({"changes": list(map(_by_name, found))})
        return
    for one in found:
        console.print(f"{one}: {one.how.value} by hand", markup=False)
        if one.edits:
            console.print(Sheet(tuple(map(Column, ("column", "was", "is"))), one.edits))
        console.print(f"  {_what_next(one)}", markup=False)
    console.print(f"{len(found)} rows changed by hand")


def accept_edits(
    connection: psycopg.Connection[Any], table: str | None, key: str | None, reason: str | None
) -> list[str]:
    """Ask for edits, or agree to what another person asked; says of each what came of it.

    Raises:
        TakeoverError, SurroundingsError: nothing was changed.
    """
    by = person_name()
    if table is not None and table not in {*ESTATE, *KEYS}:
        raise TakeoverError(
            f"{table} is never taken over: only the estate is ({', '.join(ESTATE)}), and that a "
            f"key was another until it was given anew ({', '.join(KEYS)}). "
            "Next: undo what was done to it in SQL, or restore"
        )
    wanted = [
        one
        for one in hand_made(connection, table)
        if key in {None, one.key} and (table is not None or one.may_be_taken_over)
    ]
    if not wanted:
        named = " ".join(filter(None, (table, key))) or "the estate"
        raise TakeoverError(
            f"nothing of {named} was changed by hand. Next: posswitch audit changes"
        )
    outcomes = take_over(connection, wanted, by=by, reason=reason, now=utc_now())
    return [_told(one, outcome, by) for one, outcome in outcomes]


def _told(one: HandMade, outcome: Outcome, by: str) -> str:
    told = f"{one}: {outcome.value}"
    if outcome is Outcome.TAKEN_OVER:
        return told
    joined = ", by" if outcome is Outcome.ASKED else " than"
    return f"{told}{joined} {by}. Next, by another person: {COMMAND} {one.table} {one.key}"


def _what_next(one: HandMade) -> str:
    if not one.may_be_taken_over:
        return _what_instead(one)
    command = f"{COMMAND} {one.table} {one.key}"
    if one.asked is not None:
        return (
            f"{one.asked.by} asked for it at {one.asked.at:{WHEN}}: {one.asked.reason}. "
            f"Next, as another person: {command}"
        )
    if one.table in KEYS:
        return (
            "it was another key until it was given anew: look at what was sealed meanwhile. "
            f'Next: {command} --reason "…"'
        )
    if one.change is None:
        return f'if that is meant: {command} --reason "…"; else undo it'
    return f'if that was meant: {command} --reason "…"'


def _what_instead(one: HandMade) -> str:
    if one.table in KEYS:
        return "no key of ours. Next: have it given anew (sign on; posswitch keys), then look again"
    if one.change is None:
        return "never taken over. Next: undo it in SQL, or restore"
    return (
        "never taken over. Next: restore what was backed up before change "
        f"{one.change}, or live with the finding"
    )


def _by_name(one: HandMade) -> dict[str, object]:
    asked = one.asked
    return {
        "table": one.table,
        "key": one.key,
        "change": one.change,
        "how": one.how.value,
        "edits": [edit._asdict() for edit in one.edits],
        "may_be_taken_over": one.may_be_taken_over,
        "asked_by": None if asked is None else asked.by,
        "reason": None if asked is None else asked.reason,
    }
