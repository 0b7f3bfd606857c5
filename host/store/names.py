"""What a person may mean, as rows: for the completion of a command line."""

from typing import Final

from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "names.sql")
KINDS: Final = {"cases": "open_cases", "dates": "business_dates"}
"""Kind of name -> its statement."""


def list_names(connection: Connection, kind: str) -> list[tuple[str, str]]:
    """Names of a kind of KINDS, each with a few words."""
    rows = connection.execute(SQL[KINDS[kind]]).fetchall()
    return [(str(name), str(words)) for name, words in rows]
