"""What a right is: what one role of the database may do with one table or view."""

from dataclasses import dataclass
from typing import Final

Columns = tuple[str, ...]
WHOLE: Final[Columns] = ("*",)
"""Every column there is, as the digest of a row that is noted needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What one role may do with one table or view."""

    reads: Columns = ()
    inserts: Columns = ()
    updates: Columns = ()
    deletes: bool = False


def columns(names: str) -> Columns:
    """By their names, with blanks between."""
    return tuple(names.split())
