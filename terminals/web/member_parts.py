"""What the pages of a member have in common."""

from collections.abc import Sequence
from typing import Final

from terminals.web.screen import Part
from terminals.web.shown import Row, Shown

ROLE: Final = "member"
MINE: Final = frozenset({ROLE})
ACTIVE: Final = "active"
TO_USE: Final = "claimed"
"""A voucher that is still good."""
LIVE_SECONDS: Final = 3.0
WALLET_PART: Final = Part(view="wallet")


def usable(wallet: Shown | None) -> Sequence[Row]:
    """Cards that pay, those that end first before the rest."""
    rows = wallet.rows if wallet is not None else ()
    return [row for row in rows if row.values.get("card_status") == ACTIVE]


def to_use(vouchers: Shown | None) -> Sequence[Row]:
    """Those that are still good."""
    rows = vouchers.rows if vouchers is not None else ()
    return [row for row in rows if row.values.get("voucher_status") == TO_USE]
