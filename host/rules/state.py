"""What a batch is decided over: loaded before it, changed while deciding, dropped after it.

Nothing here is shared between two batches: what was decided is in the database by then.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from host.house_rules.rule import HouseRule
from host.ksn import NONE_SEEN, Used
from host.ledger import Leg
from host.model.instruments import NO_PART
from host.model.money import POINTS_PREFIX, Money
from host.model.numbers import rrn_of
from host.model.requests import Kind, read_answer
from host.model.responses import Reason
from host.rules.gift_states import Gift
from host.rules.hold import Hold
from host.rules.lottery_list import Line, Lottery
from host.rules.settlement import BatchName, Settled
from host.rules.usage import EarnCounted, ToldRule, Usage, UsageKey

NO_ACCOUNT: Final = 0


class Lot(msgspec.Struct, gc=False):
    """Points earned together. `change` is what this batch took (negative) or gave back."""

    account: int
    id: int
    expires_on: dt.date
    remaining: int
    written_off: int = 0
    """Points of it that stand in the breakage account."""
    available_from: dt.date | None = None
    """The first day on which it may be spent, where that is still to come."""
    change: int = 0
    written: int = 0
    """What this batch wrote off (positive) or took back from there."""

    @property
    def left(self) -> int:
        """Points left in it now."""
        return self.remaining + self.change

    @property
    def is_pending(self) -> bool:
        """Whether it may not be spent yet."""
        return self.available_from is not None


class Purse(msgspec.Struct, gc=False):
    """What a card has in one unit. `change` is what this batch has done to it so far.

    `lots` is loaded only where a request may touch points lots.
    """

    account: int
    """NO_ACCOUNT until something is posted in it."""
    unit: str
    posted: int = 0
    held: int = 0
    change: int = 0
    lots: list[Lot] = []
    expired: int = 0
    """Points of lots that had expired and were not written off, as it was loaded."""
    owed: int = 0
    """What lots of it were below zero then; looked at where some points have expired."""
    expires_from: dt.date | None = None
    """No unspent lot of it expires before; None where none expires."""
    kept_from: dt.date | None = None
    """The same, as it is stored."""
    floor: int = 0
    """Of one that is new: how far below zero it may go."""
    is_new: bool = False
    """Its account is of this batch."""
    last_journal: int = 0
    """The last that moved it; 0: none did."""
    is_moved: bool = False
    """In this batch, were it there and back."""
    pending: int = 0
    """Of what was posted, points that may not be spent yet."""
    pending_from: dt.date | None = None
    """The first day on which some of them may; None where nothing was pending."""
    was_pending: int = 0
    was_pending_from: dt.date | None = None
    """The same, as they are stored."""
    held_change: int = 0
    """By how much this batch has changed what is held; `held` has it in it."""

    @property
    def available(self) -> int:
        """What may be spent: posted less held and pending, with this batch's changes counted."""
        return self.posted + self.change - self.held - self.pending

    @property
    def kept(self) -> int:
        """What is nobody else's: what is available, and what will be."""
        return self.available + self.pending

    def hold(self, amount: int) -> None:
        """So much more of it is kept for somebody; less, where that is below zero."""
        self.held += amount
        self.held_change += amount

    @property
    def is_points(self) -> bool:
        """Whether it holds a programme's points, not money."""
        return self.unit.startswith(POINTS_PREFIX)

    @property
    def days(self) -> tuple[dt.date | None, dt.date | None]:
        """Before which nothing of it expires, and becomes spendable."""
        return self.expires_from, self.pending_from

    @property
    def days_kept(self) -> tuple[dt.date | None, dt.date | None]:
        """The same, as they are stored."""
        return self.kept_from, self.was_pending_from

    def holds_until(self, expires_on: dt.date) -> None:
        """Points that expire on this day are in it from now on."""
        if self.expires_from is None or expires_on < self.expires_from:
            self.expires_from = expires_on

    def pends(self, points: int, available_from: dt.date) -> None:
        """So many points more may be spent from that day on."""
        self.pending += points
        if self.pending_from is None or available_from < self.pending_from:
            self.pending_from = available_from

    def fill(self, lot: Lot, points: int) -> None:
        """Put points into a lot of it, or take them where they are below zero."""
        before, lot.change = lot.left, lot.change + points
        if lot.available_from is not None:
            self.pends(max(lot.left, 0) - max(before, 0), lot.available_from)


class Card(msgspec.Struct, gc=False):
    """A card with its purses: in its issuer's currency, in its issuer's points, and all others.

    The first two are there for every card; what nothing was ever posted in is empty, and no row.
    """

    id: int
    shard: int
    issuer_id: int
    status: str
    expiry: str
    pin_value: str | None
    pin_failures: int
    value: Purse
    points: Purse
    others: tuple[Purse, ...] = ()
    pin_failures_changed: bool = False
    part: int = NO_PART
    """Of its card batch."""
    sale: str = ""
    """A `SaleState`, or empty where nobody keeps track of that."""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    """Its last day; of an estate file's card the last of its month, which `expiry` says."""
    last_journal: int = 0
    """The last that moved a purse of it: the newest of its trail."""
    member: int = 0
    """Whom it is bound to."""
    is_changed: bool = False
    """Its standing is another since it was loaded: status, sale, days, whose it is."""
    was: tuple[str, str] = ("", "")
    """Status and sale as they were loaded, where it is changed: whoever has written others since
    goes first, and the batch is decided again."""
    keeps_code: bool = True
    """What it is activated by is kept; it is not once that was used, or the card has ended."""

    def begin_change(self) -> None:
        """Its standing is about to be another."""
        if not self.is_changed:
            self.is_changed, self.was = True, (self.status, self.sale)

    @property
    def purses(self) -> tuple[Purse, ...]:
        """All of them."""
        return (self.value, self.points, *self.others)

    def purse_in(self, unit: str) -> Purse:
        """The purse of a unit; an empty one where nothing was ever posted in that."""
        if self.value.unit == unit:
            return self.value
        if self.points.unit == unit:
            return self.points
        for purse in self.others:
            if purse.unit == unit:
                return purse
        purse = Purse(NO_ACCOUNT, unit)
        self.others += (purse,)
        return purse

    def points_named(self, money: Money | None) -> Purse:
        """The purse of points that an amount names: the issuer's own where it names none."""
        is_named = money is not None and money.is_points and money.unit != POINTS_PREFIX
        return self.purse_in(money.unit) if money is not None and is_named else self.points

    def purse_of(self, account: int) -> Purse | None:
        """The purse with this account id, if it is this card's."""
        if account == self.value.account:
            return self.value
        if account == self.points.account:
            return self.points
        for purse in self.others:
            if account == purse.account:
                return purse
        return None


NO_CARD: Final = 0
"""The card of what an external issuer decided: its cards are in no book of ours."""


def card_of_nobody(shard: int, issuer_id: int, currency: str) -> Card:
    """Stands for an external issuer's card: no purse of it is ever debited or credited here."""
    purse = Purse(NO_ACCOUNT, currency)
    return Card(NO_CARD, shard, issuer_id, "", "", None, 0, purse, purse)


class Known(msgspec.Struct, frozen=True, gc=False):
    """An exchange that was answered before. `answer` is the Response as it was stored."""

    slot: str
    number: int
    shard: int
    kind: str
    fingerprint: bytes
    reason: Reason
    is_tombstone: bool
    answer: bytes


class Taken(NamedTuple):
    """What was used of a voucher: entries or goods that were given, and ones that were bought."""

    given: int
    bought: int


class Voucher(msgspec.Struct, gc=False):
    """A voucher that this batch uses, held until it is stored; `card` may be of any shard."""

    card: Card
    was: str
    """Its status as it was loaded."""
    masked: str
    given: int = 0
    """Entries or goods, in what stands of its uses."""
    bought: int = 0
    is_permitted: bool = True
    """Whether whom an enterprise has given it to may redeem what it gives."""
    is_changed: bool = False


class WrongCodes(msgspec.Struct, gc=False):
    """Codes of no voucher that a terminal has sent, and since when they are counted."""

    tries: int
    began_at: dt.datetime
    is_changed: bool = False


@dataclass(slots=True, kw_only=True)
class Vouchers:
    """What is loaded where a batch has to do with vouchers."""

    by_hash: dict[bytes, Voucher] = field(default_factory=dict)
    by_card: dict[int, Voucher] = field(default_factory=dict)
    uses: dict[int, tuple[int, Taken]] = field(default_factory=dict)
    """By journal: which card, and what of it."""
    wrong: dict[str, WrongCodes] = field(default_factory=dict)
    """By terminal."""

    def wrong_of(self, terminal_id: str) -> WrongCodes:
        """What is counted of a terminal."""
        return self.wrong.setdefault(
            terminal_id, WrongCodes(0, dt.datetime.min.replace(tzinfo=dt.UTC))
        )


NO_VOUCHERS: Final = Vouchers()
"""Of a batch that has to do with none."""


class LotUse(msgspec.Struct, frozen=True, gc=False):
    """Points a journal took from a lot (positive) or gave back to it (negative)."""

    account: int
    lot: int
    points: int


class Fact(msgspec.Struct, frozen=True, gc=False):
    """Something that happened to an original."""

    journal: int
    """The exchange's number, where it is moot."""
    kind: Kind
    amount_minor: int
    is_moot: bool = False
    """A reversal that found nothing left to undo: nothing was posted, and nothing stands again."""
    undone_by: int = 0
    """The journal of the reversal that undid it; 0: none, so it stands."""

    @property
    def stands(self) -> bool:
        """Whether it was not itself reversed."""
        return not self.undone_by


@dataclass(slots=True)
class Original:
    """A posted journal that a void, refund, confirmation or reversal is about."""

    slot: str
    number: int
    shard: int
    kind: Kind
    card: Card
    merchant: int
    terminal_id: str
    amount_minor: int
    unit: str
    legs: tuple[Leg, ...]
    lot_uses: tuple[LotUse, ...]
    facts: list[Fact]
    undoes: int | None = None
    """The number of its own original, where it is a void or refund."""
    seal: int = 0
    """Of its shard's hash chain; 0 for what this batch has decided."""
    is_final: bool = False
    """What it undoes was reversed since, so that it is never undone itself."""

    @property
    def is_undone(self) -> bool:
        """Whether a standing void or reversal took it back whole."""
        return any(fact.stands and fact.kind is not Kind.REFUND for fact in self.facts)

    @property
    def is_reversed(self) -> bool:
        """Whether a reversal was told that it is undone: by itself, or by a void before it."""
        return any(fact.kind is Kind.REVERSAL for fact in self.facts)

    @property
    def refunded_minor(self) -> int:
        """What refunds have given back so far."""
        refunds = (fact for fact in self.facts if fact.stands and fact.kind is Kind.REFUND)
        return sum(fact.amount_minor for fact in refunds)

    @property
    def standing_by(self) -> int:
        """The journal by which it stands: its own, or the last reversal of a void of it."""
        return max((fact.undone_by for fact in self.facts), default=0) or self.number

    def attempt_of(self, journal: int) -> int:
        """Which fact about this original a journal is, counted from 0."""
        return next(place for place, fact in enumerate(self.facts) if fact.journal == journal)

    def uses_of(self, account: int) -> list[LotUse]:
        """What it took from lots of that account, or gave back to them."""
        return [use for use in self.lot_uses if use.account == account]

    def lots_taken(self, account: int) -> frozenset[int]:
        """The lots that it took from, and that an undoing fills again."""
        return frozenset(use.lot for use in self.uses_of(account) if use.points > 0)

    def points_moved(self, points_account: int) -> int:
        """Points its legs credited to the card: what it earned."""
        return sum(leg.amount_minor for leg in self.legs if leg.credit == points_account)


class PayCode(msgspec.Struct, gc=False):
    """A code that pays once, as it stands."""

    hash: bytes
    member: int
    """Whose it is; 0: a store's."""
    store: int
    amount_minor: int
    """What a store asks for; 0 of a member's."""
    expires_at: dt.datetime
    used_by: str
    """The key of what it has paid; empty: nothing yet."""
    is_over: bool
    """Another was given in its place."""


class UsedCode(msgspec.Struct, frozen=True, gc=False):
    """By which exchange a code was used."""

    hash: bytes
    slot: str


@dataclass(slots=True)
class State:
    """All that was loaded for a batch, and grows as its requests are decided."""

    business_date: dt.date
    decided_at: dt.datetime
    local_time: str
    date_text: str = ""
    """The business date as an answer carries it, YYYYMMDD."""
    month: str = ""
    """And its YYMM, to hold against a card's."""
    known: dict[str, Known] = field(default_factory=dict)
    cards: dict[bytes, Card] = field(default_factory=dict)
    originals: dict[str, Original] = field(default_factory=dict)
    """By slot."""
    by_rrn: dict[str, Original] = field(default_factory=dict)
    settled: dict[BatchName, list[Settled]] = field(default_factory=dict)
    """Batches that were settled and that this batch's late messages name."""
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    """Terminal and key id to the highest DUKPT counter seen; `raised` names those that rose."""
    raised: set[tuple[str, str]] = field(default_factory=set)
    by_phone: dict[str, Card] = field(default_factory=dict)
    """By slot: the card that was found by its member's phone number."""
    pay_codes: dict[bytes, PayCode] = field(default_factory=dict)
    """By their hashes: those that are presented in place of cards."""
    vouchers: Vouchers | None = None
    """Where one of the batch has to do with vouchers."""
    holds: dict[int, Hold] = field(default_factory=dict)
    """Holds that this batch's requests name, or undo something of, by their numbers."""
    lotteries: dict[int, Lottery] = field(default_factory=dict)
    """Those that are drawn, or whose draws are undone, in this batch: held until its end."""
    lotteries_named: dict[str, Lottery] = field(default_factory=dict)
    """The same by their codes."""
    drawn: dict[int, Line] = field(default_factory=dict)
    """By the number of its journal: the line of an original that is one of a lottery's list."""
    handed_out: set[int] = field(default_factory=set)
    """Journals of draws whose prizes were handed out."""
    late: dict[int, Card] = field(default_factory=dict)
    """Cards that have ended, by id, onto which something came back: it goes on from there."""
    gifts: dict[tuple[int, int], Gift] = field(default_factory=dict)
    """Those that are to end, by shard and number: nobody else ends them meanwhile."""
    waiting: dict[int, int] = field(default_factory=dict)
    """By card that is asked for more than it has: money of gifts that have left it and wait."""
    given: dict[int, int] = field(default_factory=dict)
    """By card that gives or gets: how often what came onto it as a gift had been given before."""
    is_ruled: bool = False
    """Whether there is a rule of the house at all, or was one that counted."""
    applying: dict[str, tuple[HouseRule, ...]] = field(default_factory=dict)
    """By slot, the house's own rules that may have a say."""
    usage: dict[UsageKey, Usage] = field(default_factory=dict)
    """Counters that those rules ask, and those to which something may be given back."""
    counted: dict[int, list[ToldRule]] = field(default_factory=dict)
    """What originals have counted, by their numbers."""
    earn_counted: dict[int, list[EarnCounted]] = field(default_factory=dict)
    """The same of caps on what cards earn."""
    is_trial: bool = False
    """Nothing of it will be kept, so nothing is held for it, and nobody is there to type a PIN."""

    def __post_init__(self) -> None:
        self.date_text = f"{self.business_date:%Y%m%d}"
        self.month = self.date_text[2:6]

    def use_keys(self, terminal_id: str, used: Used) -> bool:
        """Count a device's keys as used, for ever; False where one of them was used before."""
        if used.lowest <= self.counters.get((terminal_id, used.key_id), NONE_SEEN):
            return False
        self.counters[terminal_id, used.key_id] = used.highest
        self.raised.add((terminal_id, used.key_id))
        return True

    def paid_minor(self, slot: str) -> int:
        """What was paid for points that an exchange earned or voided; 0 where it is not loaded."""
        known = self.known.get(slot)
        return read_answer(known.answer).self_pay_minor if known is not None and known.answer else 0

    def add_original(self, original: Original) -> None:
        """Let it be found by its slot and by its RRN: the same object either way."""
        self.originals[original.slot] = original
        self.by_rrn[rrn_of(original.number)] = original
