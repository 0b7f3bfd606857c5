"""The owner of the database sets a scene: what he writes is noted, so that no audit names it.

Most of what a test writes is noted by the statement itself, as one of our own is
(`host.store.noting`). One that says more than that can tell is looked through for afterwards, as a
migration is.
"""

import re
from typing import Any, Final

import psycopg

from config.run.database import Dsns
from host.store.changes import note_what_differs
from host.store.deciding import TABLES
from host.store.noting import noted

WRITTEN: Final = re.compile(r"\b(?:UPDATE|INSERT INTO|DELETE FROM) (\w+)")
"""The tables that a statement of a test names to be written."""
_VERBS: Final = ("UPDATE", "INSERT", "DELETE")
_PLAIN: Final = re.compile(
    r"(?:UPDATE \w+(?= SET )|INSERT INTO \w+(?= ?\()|DELETE FROM \w+(?= WHERE |$))"
)
_SAYS_MORE: Final = re.compile("RETURNING|DO UPDATE|;")
_KEY_COLUMN: Final = re.compile(r"\bt\.(\w+)")


class OwnersHand(psycopg.Connection[Any]):
    """The owner's connection, whose changes are no findings."""

    def execute(self, query: Any, *args: Any, **more: Any) -> Any:
        """As `psycopg.Connection.execute`."""
        if not isinstance(query, str) or not query.startswith(_VERBS):
            return super().execute(query, *args, **more)
        chained = {name for name in WRITTEN.findall(query) if name in TABLES}
        if len(chained) == 1 and _tells_its_rows(query, *chained):
            return super().execute(_with_note(query, *chained), *args, **more)
        done = super().execute(query, *args, **more)
        if chained:
            note_what_differs(self, chained)
        return done


def owners_hand(dsns: Dsns) -> OwnersHand:
    """For a test that sets a scene; close it, or use it as a context."""
    return OwnersHand.connect(dsns.owner, autocommit=True)


def _tells_its_rows(query: str, table: str) -> bool:
    """Whether it writes this table alone, returns nothing, and leaves each row its key."""
    set_to, _, _ = query.partition(" WHERE ")
    is_rekeyed = query.startswith("UPDATE") and any(
        re.search(rf"\b{column} =", set_to) for column in _KEY_COLUMN.findall(TABLES[table].key)
    )
    is_alone = len(WRITTEN.findall(query)) == 1 and not _SAYS_MORE.search(query)
    return is_alone and not is_rekeyed and f"{table}." not in query and bool(_PLAIN.match(query))


def _with_note(query: Any, table: str) -> str:
    named = _PLAIN.sub(r"\g<0> AS t", query, count=1)
    return noted(f"-- notes: {table}\n{named}")
