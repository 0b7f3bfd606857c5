"""What only some kinds load and keep, as two tables: a batch in which none of them is pays nothing.

A kind that is decided over more than cards, purses and originals has a row in LOADS: its function
reads that into the batch's state, in one statement for all who ask, and waits for its answers
together with all others of its turn. A kind that leaves more than
legs has a type in KEPT: whoever decides keeps values of it (`Dossier.keep`), and all of a batch are
put in by one statement, in the order in which they were decided; type after type as KEPT has them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, LiteralString

import msgspec

from host.book import Book
from host.ledger import kept_row
from host.model.requests import OF_VOUCHERS, Kind
from host.rules import lottery_list
from host.rules.cash import CashHandedIn, CashTaken
from host.rules.conversions import Converted
from host.rules.decision import Outcome
from host.rules.dossier import Item
from host.rules.earning import EarnedBy
from host.rules.gift_states import EndedGift, NewGift
from host.rules.hold import HoldChange, HoldNote, NewHold
from host.rules.own_postings import Broken
from host.rules.port_loads import PortLoaded
from host.rules.state import State, UsedCode
from host.rules.usage import EarnCounted, ToldRule
from host.rules.voucher_lives import VoucherUse
from host.store import (
    arrays,
    cash,
    earn_caps,
    earning,
    gifts,
    holds,
    lotteries,
    pay_codes,
    phones,
    port_payments,
    usage,
)
from host.store.rounds import Reading
from host.store.vouchers import SQL as VOUCHERS
from host.store.vouchers import USE, load_vouchers, row_of_use


class Load(msgspec.Struct, frozen=True):
    """What is read for a batch in which one of these kinds is, or is undone."""

    kinds: frozenset[Kind]
    read: Callable[[Sequence[Item], State, Book], Reading]


class Kept(msgspec.Struct, frozen=True):
    """How values of one type become rows: noted, or under the seal of their batch."""

    statement: LiteralString
    """Takes its columns as arrays."""
    columns: tuple[arrays.Column, ...]
    row: Callable[[int, int, Any], tuple[Any, ...]]
    """From the shard, the exchange's number and the value: the columns, those two first."""
    sealed_as: str = ""
    """The table's name, where its rows are under the seal and not noted: `clearing/audit.sql` has
    their lines."""


LOADS: Final[tuple[tuple[Load, ...], ...]] = (
    (
        Load(gifts.READS, gifts.load_gifts),
        Load(gifts.SPENDS, gifts.load_waiting),
        Load(OF_VOUCHERS, load_vouchers),
        Load(phones.READS, phones.load_by_phone),
        Load(pay_codes.READS, pay_codes.load_pay_codes),
        Load(holds.READS, holds.read_holds),
    ),
    (
        Load(usage.ASKS, usage.load_rules),
        Load(earn_caps.READS, earn_caps.load_earned),
        Load(frozenset({Kind.LOTTERY_DRAW, Kind.VOID}), lotteries.load_lotteries),
    ),
)
"""Turn by turn: what is read in the second asks for what was found in the first. Whatever is held
for the batch is held in this order."""
KEPT: Final[Mapping[type[msgspec.Struct], Kept]] = {
    Converted: Kept(earning.SQL["add_conversions"], earning.CONVERTED, earning.converted_row),
    EarnedBy: Kept(earning.SQL["add_earned_by"], earning.COLUMNS, earning.row_of),
    EarnCounted: Kept(earning.SQL["add_earn_counted"], earn_caps.COUNTED, earn_caps.counted_row),
    Broken: Kept(earning.SQL["add_breakage"], earning.BROKEN, earning.broken_row),
    CashTaken: Kept(cash.SQL["take_cash"], cash.COLUMNS, cash.row_of),
    CashHandedIn: Kept(cash.SQL["hand_in_cash"], cash.COLUMNS, cash.row_of),
    PortLoaded: Kept(port_payments.SQL["load_paid"], port_payments.COLUMNS, port_payments.row_of),
    NewGift: Kept(gifts.SQL["add_gifts"], gifts.NEW, gifts.new_row),
    EndedGift: Kept(gifts.SQL["end_gifts"], gifts.ENDED, gifts.ended_row),
    UsedCode: Kept(pay_codes.SQL["use_pay_codes"], pay_codes.USED, pay_codes.used_row),
    VoucherUse: Kept(VOUCHERS["add_voucher_uses"], USE, row_of_use),
    NewHold: Kept(holds.SQL["add_holds"], holds.NEW_HOLD, holds.row_of_hold),
    HoldNote: Kept(holds.SQL["add_hold_facts"], holds.NOTE, holds.row_of_note),
    HoldChange: Kept(holds.SQL["change_holds"], holds.CHANGE, holds.row_of_change),
    ToldRule: Kept(usage.SQL["tell_rules"], usage.TOLD, usage.told_row, "rule_told"),
    lottery_list.Line: Kept(lotteries.SQL["add_draws"], lotteries.LINE, lotteries.line_row),
    lottery_list.Taken: Kept(lotteries.SQL["take_prizes"], lotteries.TAKEN, lotteries.taken_row),
    lottery_list.ListEnd: Kept(lotteries.SQL["end_lists"], lotteries.LIST_END, lotteries.end_row),
    lottery_list.Entered: Kept(
        lotteries.SQL["count_entrants"], lotteries.ENTERED, lotteries.entered_row
    ),
}


def canonical_beside(number: int, beside: Iterable[msgspec.Struct]) -> list[str]:
    """What the seal covers of it, as `clearing.seals` reads it out of the tables again."""
    rows = ((KEPT[type(value)], value) for value in beside)
    return sorted(
        kept_row(kept.sealed_as, number, kept.row(0, number, one)[2:])
        for kept, one in rows
        if kept.sealed_as
    )


def rows_beside(
    outcomes: Sequence[Outcome],
) -> Iterable[tuple[LiteralString, Sequence[Any]]]:
    """A statement for each type of which there is something to keep."""
    rows: dict[type[msgspec.Struct], list[tuple[Any, ...]]] = {}
    for outcome in outcomes:
        for value in outcome.beside or ():
            shard = outcome.card.shard if outcome.card is not None else outcome.item.shard
            of_type = rows.setdefault(type(value), [])
            of_type.append(KEPT[type(value)].row(shard, outcome.number, value))
    for kind, kept in KEPT.items() if rows else ():
        if (stored := rows.get(kind)) is not None:
            yield kept.statement, arrays.columns(kept.columns, stored)
