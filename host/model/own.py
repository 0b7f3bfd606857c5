"""A request that no terminal makes: its key, the card it is about, and what is to be done."""

import datetime as dt
import enum

import msgspec

from host.model.gifts import GiftNamed, GiftSent
from host.model.money import Money
from host.model.origins import Origin
from host.model.requests import Kind, Original


@enum.unique
class Direction(enum.StrEnum):
    """Which way an adjustment goes, as the card holder sees it."""

    CREDIT = "credit"
    DEBIT = "debit"


@enum.unique
class AdjustmentClass(enum.StrEnum):
    """Why a person adjusts what a card has."""

    GOODWILL = "goodwill"
    ERROR = "error"
    CHARGEBACK = "chargeback"
    TEST = "test"


@enum.unique
class Against(enum.StrEnum):
    """Who bears an adjustment: a row of the chart of accounts."""

    ISSUER_FUNDS = "issuer_funds"
    SUSPENSE = "suspense"


class Adjustment(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """How what a card has is adjusted by hand."""

    direction: Direction
    why: AdjustmentClass
    against: Against
    about_rrn: str | None = None
    """The transaction that it mends, where it mends one."""


class AtRate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Into which programme's points others are converted, and the rate that was shown for it."""

    rate: int
    """Its row."""
    unit: str
    times: int
    per: int


class Counter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """At whose counter a person of a merchant does it: where a terminal's place is for others."""

    merchant: int
    store: int
    region: str = ""


class OwnKey(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What makes a request the same when it comes again. `name` is unique in its scope."""

    origin: Origin
    made_by: str
    """The person's login, the member's id, the name of a timer or of a step of the night."""
    scope: str
    """What the name is of: a date, an action."""
    name: str


def at_store(name: str, store: int) -> str:
    """The name of what is done at a store's counter by hand: the night finds its store in it."""
    return f"{name}:{store}"


class CardAt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A card by where it lives."""

    shard: int
    pan_hash: bytes


class OwnRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something to be posted that no terminal asks for."""

    kind: Kind
    key: OwnKey
    card: CardAt
    amount: Money | None = None
    adjustment: Adjustment | None = None
    member: int = 0
    """Whom the card is bound to by it; of a gift, whose the card has to be."""
    to: CardAt | None = None
    """Which card gets what leaves this one; of a gift that is claimed, which card it left."""
    expires_on: dt.date | None = None
    """Of points that came from another card: their last day."""
    is_debt: bool = False
    """What came from another card is owed."""
    available_from: dt.date | None = None
    """Of points that came from another card and could not be spent yet: from when on."""
    hold: int = 0
    """Which hold of the card ends: the number of the exchange that opened it."""
    points: int = 0
    """Of the issuer's primary programme, beside the amount: what a card of elsewhere brings."""
    at_rate: AtRate | None = None
    """How points are converted."""
    gift: GiftSent | None = None
    """What is said of a gift that is sent."""
    ended_gift: GiftNamed | None = None
    """Which gift comes onto the card, and why."""
    counter: Counter | None = None
    """Where it is done, of what is done at a counter."""
    goods: str | None = None
    """And for which article."""
    original: Original | None = None
    """What is voided by it."""
    till: str = ""
    """The terminal that has sold what is voided: it is decided in the order of its messages."""
    cash: int = 0
    """Which load of cash is taken, or handed in: its number."""
    payer: int = 0
    """The member who pays by having scanned a store: out of which cards, the host finds."""
    lottery: str = ""
    """Which one is drawn, by its code."""
    payment: int = 0
    """Which payment a port has taken for what is put onto the card: its number."""
    voucher: CardAt | None = None
    """Which one is put onto the card."""
    pay_code: bytes | None = None
    """What was scanned, where it is for one payment: its keyed hash."""
