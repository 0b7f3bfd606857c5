"""What is told of one transaction, from its message to its clearing line: values for people."""

import datetime as dt

import msgspec

from host.model.holds import HoldFact
from host.model.money import Money
from host.model.origins import Origin
from host.model.requests import Family, OrderReference, Response
from host.model.responses import Reason
from host.store.cases import StoredCase


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """How the terminal's side calls a message: its key, without the family."""

    institution: str
    terminal_id: str
    epoch: str
    stan: str

    @classmethod
    def of_slot(cls, slot: str) -> "Name":
        """From the key as it is stored."""
        institution, terminal_id, epoch, stan, _ = slot.split("/")
        return cls(institution=institution, terminal_id=terminal_id, epoch=epoch, stan=stan)

    @property
    def prefix(self) -> str:
        """What the slots of its message, confirmation and reversal begin with."""
        return f"{self.institution}/{self.terminal_id}/{self.epoch}/{self.stan}/"

    def __str__(self) -> str:
        return f"{self.stan}@{self.terminal_id}/{self.epoch}"


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Another message that is about this one, or that this one is about."""

    rrn: str
    kind: str
    name: str
    """STAN@TERMINAL/BATCH."""
    amount: Money | None = None
    reason: str = Reason.APPROVED.value
    stands: bool = True
    """False: it was itself reversed since."""
    is_moot: bool = False
    """It found nothing left to undo, and posted nothing."""


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One leg: which accounts, and whose they are: a mask, a merchant's or an issuer's number."""

    amount: Money
    debit: str
    debit_of: str
    credit: str
    credit_of: str


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Points that it gave (a lot of its own), took from a lot (negative) or gave back to one."""

    points: int
    remaining: int
    """Of that lot, now."""
    expires_on: dt.date
    """9999-12-31 where it never does."""
    is_new: bool
    available_from: dt.date | None
    """Of one of its own, from when on it may be spent where that was not at once."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """How the terminal settled the batch that it was counted in."""

    epoch: str
    state: str
    business_date: dt.date
    settled_at: dt.datetime
    closed_at: dt.datetime | None
    agrees: bool | None
    """Whether terminal and host had the same totals; None: it uploaded without settling."""
    is_counted: bool
    """False: it came after that settlement."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The link of the hash chain that covers it."""

    shard: int
    seq: int
    digest: bytes
    items: int
    sealed_at: dt.datetime


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A clearing file of its date in which a party of it is told."""

    name: str
    side: str


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Its business date."""

    business_date: dt.date
    state: str
    cleared_at: dt.datetime | None
    files: tuple[File, ...]
    """None before it was cleared, and of what moved nothing between parties."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was asked."""

    terminal_id: str
    store: str
    merchant_id: str
    merchant: str


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """The card, masked, and who issued it. No number: an external issuer's card."""

    card: int | None
    masked: str
    status: str
    issuer_id: str
    issuer: str


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """How an external issuer knows what it decided."""

    reference: str
    auth_code: str | None


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the house that decided it, or counted it."""

    rule: int
    version: int
    name: str
    outcome: str
    en: str
    zh: str
    """The rule as a sentence, as that version says it."""
    says: str
    period: str
    counted_by: str
    had_times: int
    had_minor: int
    """What was used before; of a rule of the balance, what the card had, where that is known."""
    asked_minor: int
    """What was asked for, or put on the card."""
    amount_minor: int
    times: int
    """What the rule lets pass."""
    unit: str


class EarnedByRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a sale earned otherwise than all do, and the rule of the programme that says so."""

    points: Money
    rule: str
    since: dt.date
    """The day from which the rule is so."""
    name: str
    times: int
    per: int
    """What all earn, times this fraction."""
    bonus: int
    points_max: int | None
    """Of one sale."""


class CountedPoints(msgspec.Struct, frozen=True, kw_only=True):
    """What a transaction counted of what a card may earn by a rule in a time, or gave back."""

    points: Money
    """Below zero: given back."""
    rule: str
    period: str
    since: dt.date
    """The first business date of that time."""
    had: int
    """What was counted before it."""
    asked: int
    """What it would have earned without caps of a time."""
    points_max: int | None
    """As that row of the rule says it now; None: no longer."""


class RateOf(msgspec.Struct, frozen=True, kw_only=True):
    """At which rate points were converted: so many of the one for so many of the other."""

    rate: int
    gives: Money
    takes: Money
    since: dt.datetime


class HoldStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one message did to a hold."""

    rrn: str
    kind: str
    fact: HoldFact
    amount: Money


class HoldOf(msgspec.Struct, frozen=True, kw_only=True):
    """The hold that it opened, changed or ended, with all that became of it."""

    rrn: str
    """Of what opened it."""
    amount: Money
    """For which it is in all."""
    held: Money
    """What it still keeps."""
    opened_at: dt.datetime
    expires_at: dt.datetime
    """From when on the clock lets it go."""
    ended_by: str
    """By a message of which kind; empty while something is left."""
    steps: tuple[HoldStep, ...]


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction, from its message to its clearing line. No card number is in it."""

    rrn: str
    number: int
    name: Name
    origin: Origin
    made_by: str
    """The terminal's id, or who at the office, which timer, which step."""
    family: Family
    kind: str
    is_tombstone: bool
    """It holds the place of a message that its reversal overtook."""
    decided_at: dt.datetime
    reason: str
    f39: str
    answer: Response | None
    """As it was told; None where nothing of it is kept."""
    place: Place | None
    whose: Whose | None
    amount: Money | None
    """None: nothing was posted, and what was asked for is not kept."""
    order: OrderReference | None
    """What it paid for or gave back, where its terminal said so."""
    advice: Advice | None
    original: Related | None
    """What it undoes or confirms."""
    facts: tuple[Related, ...]
    """What undid it since."""
    same_trace: tuple[Related, ...]
    """Its reversal or confirmation under the same trace, or its original."""
    also: tuple[str, ...]
    """The same trace in other batches of the terminal, by name."""
    legs: tuple[Leg, ...]
    lots: tuple[Lot, ...]
    batch: Batch | None
    seal: Seal | None
    day: Day
    cases: tuple[StoredCase, ...]
    rules: tuple[Decided, ...] = ()
    """Of the house's own, those that denied or counted it."""
    earned: tuple[EarnedByRule, ...] = ()
    earn_counted: tuple[CountedPoints, ...] = ()
    """By rules of programmes; what all sales earn alike has none."""
    rate: RateOf | None = None
    hold: HoldOf | None = None
