"""What a row refers to by numbers of the house's own, by the names that people give it.

History is read by people: `merchant_id: 7` says nothing to them, `merchant: 888290054110001` does.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from host.office.subjects import SQL
from host.store.connecting import Connection


class Reference(NamedTuple):
    """A column that holds another row's number: what it is called, and what gives its name."""

    word: str
    named_by: str | None = None
    """The statement; None: people name it by this number."""


REFERENCES: Final[Mapping[str, Reference]] = {
    "issuer_id": Reference("issuer", "issuer_named"),
    "merchant_id": Reference("merchant", "merchant_named"),
    "alliance_id": Reference("alliance", "alliance_named"),
    "enterprise_id": Reference("enterprise", "enterprise_named"),
    "batch_id": Reference("batch", "batch_named"),
    "store_id": Reference("store"),
    "product_id": Reference("product"),
    "vendor_id": Reference("vendor"),
    "member_id": Reference("member"),
    "file_id": Reference("file"),
    "person_id": Reference("person", "person_named"),
    "created_by": Reference("made_by", "person_named"),
    "granted_by": Reference("granted_by", "person_named"),
    "ended_by": Reference("ended_by", "person_named"),
    "asked_by": Reference("asked_by", "person_named"),
    "decided_by": Reference("decided_by", "person_named"),
}
"""By column. A column of the same name that holds a text is a name already."""


def in_names(connection: Connection, content: Mapping[str, Any]) -> dict[str, Any]:
    """A row's columns as people read them."""
    told: dict[str, Any] = {}
    for column, value in content.items():
        row = REFERENCES.get(column)
        if row is None or isinstance(value, str):
            told[column] = value
        else:
            told[row.word] = _name(connection, row, value)
    return told


def _name(connection: Connection, row: Reference, number: int | None) -> object:
    if number is None or row.named_by is None:
        return number
    found = connection.execute(SQL[row.named_by], (number,)).fetchone()
    return found[0] if found is not None else number
