"""What a person may mean, as rows: for the completion of a command line."""

from typing import Final

from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "names.sql")
KINDS: Final = {"cases": "open_cases", "dates": "business_dates"}
"""Kind of name -> its statement."""
OFFICE_KINDS: Final = {
    "issuers": "issuers_begun",
    "merchants": "merchants_begun",
    "stores": "stores_begun",
    "products": "products_begun",
    "card-batches": "batches_begun",
    "card-parts": "parts_begun",
    "programmes": "programmes_begun",
    "alliances": "alliances_begun",
    "settings": "settings_begun",
}
"""The same of what people name at the office, and its login may read."""


def list_names(connection: Connection, kind: str, beginning: str = "") -> list[tuple[str, str]]:
    """Names of a kind, each with a few words; of the office's those that begin so."""
    statement = KINDS.get(kind) or OFFICE_KINDS[kind]
    rows = connection.execute(SQL[statement], {"beginning": beginning}).fetchall()
    return [(str(name), str(words)) for name, words in rows]
