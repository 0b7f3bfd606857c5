"""Approval of a part: which kinds a terminal may take a part of, and how it says that it does.

A POS terminal says so by F60.6 on a sale and on one for the union's points, and on nothing else;
tills and apps by a word of theirs on a sale for money or for points.
"""

from typing import Final

from host.model.requests import Besides, Kind

TAKES_PART: Final = Besides(takes_part=True)
YES: Final = "1"
"""F60.6, or the place of it in a record."""
PARTIAL: Final = frozenset({Kind.PURCHASE, Kind.POINTS_REDEMPTION})
