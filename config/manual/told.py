"""Words that an answer tells a till or an app alike: of what few kinds move."""

from collections.abc import Mapping
from typing import Final

TOLD_OF_KINDS: Final[Mapping[str, str]] = {
    "points_worth": "of a combined purchase: what the points that were used have paid",
    "account": "of an inquiry of value and points: an object of the numbers of wire.md, F62",
    "drawn": "and what money has paid: objects of `card`, first six and last four, and `amount`",
    "draw": "of a draw: what it is called; keep it, it is found in the list by it",
    "prize": "of a draw: the prize's code",
    "prize_text": "of a draw: the prize, for people",
    "voucher": "the voucher that was used, masked",
    "voucher_taken": "what of it was taken: minor units, goods, entries, or points",
    "voucher_unit": "of that: CNY, `G:` goods or entries, `S:` bought ones, `P:` points",
    "voucher_rest": "what of the sale is to be paid by other means",
    "voucher_left": "entries that are left, or how many are to be bought before one is free",
    "voucher_free": "true: this one was free, for enough were bought",
}
