"""Approval of a part: which kinds a terminal may take a part of, and how it says that it does.

A POS terminal says so by F60.6 on a sale and on one for the union's points, and on nothing else;
tills and apps by a word of theirs on a sale for money or for points.
"""

from typing import Final

from host.model.requests import Besides, Kind

NOTHING: Final = Besides()
TAKES_PART: Final = Besides(takes_part=True)
YES: Final = "1"
"""F60.6, or the place of it in a record."""
PARTIAL: Final = frozenset({Kind.PURCHASE, Kind.COMBINED_PURCHASE, Kind.POINTS_REDEMPTION})


def besides_of(kind: Kind, *, partial: bool, points_max: int | None) -> Besides | None:
    """What a till or an app says in words: that it takes a part, how many points may be used."""
    most = points_max if kind is Kind.COMBINED_PURCHASE else None
    takes_part = partial and kind in PARTIAL
    if most is None:
        return TAKES_PART if takes_part else None
    return Besides(takes_part=takes_part, points_max=most)
