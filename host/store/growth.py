"""Where a table's rows live once there are more machines than one, and so what its keys may be.

What a posting batch writes is PLACED by shard: the place is first in every key and every join, so
that a shard can be moved whole. Such a table points at no other, has no number of its own that all
shards would share, and no unique index of some rows. What is not placed is BESIDE, with its reason:
it is small, and copied everywhere. A test reads the catalogue and holds both tables to it.
"""

from collections.abc import Mapping
from typing import Final

SHARD, HOME = "shard", "home"

PLACED: Final[Mapping[str, str]] = {
    "exchange": HOME,
    "journal": SHARD,
    "entry": SHARD,
    "undo": SHARD,
    "lot": SHARD,
    "lot_use": SHARD,
    "seal": SHARD,
    "purse": SHARD,
    "card": SHARD,
    "advice": SHARD,
    "adjustment": SHARD,
    "order_reference": SHARD,
    "transit": SHARD,
    "move": SHARD,
    "gift": SHARD,
    "hold": SHARD,
    "hold_fact": SHARD,
    "rule_told": SHARD,
    "usage_counter": SHARD,
    "draw": SHARD,
    "earned_by": SHARD,
    "earn_counted": SHARD,
    "conversion": SHARD,
    "breakage": SHARD,
    "voucher_use": SHARD,
}
"""Table to its place: the card's shard, or the home of who asked."""

BESIDE: Final[Mapping[str, str]] = {
    "number_block": "one row a date, of which a writer takes ten thousand numbers at a time",
    "terminal_counter": "a terminal's own, kept with it: only what is sealed under DUKPT has one",
    "exception_case": "for people: no message writes one where nothing is strange",
    "case_report": "for people, too",
    "cash_load": "what people take at counters: its posting moves on the row that they wrote",
    "change": "notes of what decides; no sale writes one",
    "lottery_list": "one row a lottery: all who draw from it wait for one another",
    "prize_stock": "a row for each prize of a lottery, written by whoever holds its list",
    "pay_code": "a code that was shown and scanned, found by itself, whosever cards pay",
    "code_try": "wrong codes of vouchers, by where they were typed, whichever card they meant",
    "lottery_entrant": "who has drawn in a lottery and how often, by whichever card, likewise",
}
"""What else a posting batch may write, and why it need not be placed."""
