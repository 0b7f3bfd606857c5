"""The words for what can be presented and holds value: forms, states, and what is asked of one.

What each state allows is told by `host.rules.card_states` and `host.rules.batch_states`.
"""

import datetime as dt
import enum
from typing import Final

import msgspec

from host.model.vouchers import ProductKind

PLACE_BITS: Final = 32
"""The number of a card that was made in a batch is its part's and, in so many bits, its place."""


@enum.unique
class Form(enum.StrEnum):
    """What an instrument is made of."""

    PHYSICAL = "physical"
    VIRTUAL = "virtual"
    PAPER = "paper"
    TICKET = "ticket"


@enum.unique
class CardStatus(enum.StrEnum):
    """Where one card stands. A used-up card is an active one without balance: never stored."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    FROZEN = "frozen"
    LOST = "lost"
    STOLEN = "stolen"
    REPLACED = "replaced"
    VOIDED = "voided"
    EXPIRED = "expired"


@enum.unique
class SaleState(enum.StrEnum):
    """Whether a card was sold, beside its status. A card of an estate file has none."""

    UNSOLD = "unsold"
    ALLOCATED = "allocated"
    SOLD = "sold"
    RETURNED = "returned"


@enum.unique
class BatchState(enum.StrEnum):
    """Where a card batch stands, or a part of one."""

    DRAFT = "draft"
    GENERATING = "generating"
    GENERATED = "generated"
    OPENED = "opened"
    SUSPENDED = "suspended"
    VOIDED = "voided"
    EXPIRED = "expired"
    CLOSED = "closed"


@enum.unique
class PinPolicy(enum.StrEnum):
    """What a product says of its cards' PINs."""

    NEVER = "never"
    IF_SENT = "if_sent"
    REQUIRED = "required"


@enum.unique
class Activation(enum.StrEnum):
    """How a card of a product may become active: any of these that the product names."""

    TILL = "till"
    OFFICE = "office"
    HOLDER = "holder"


class Terms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A version of a product, as its cards are decided by. Amounts in minor units."""

    product_id: int
    version: int
    form: Form
    face_minor_min: int
    face_minor_max: int
    valid_from: dt.date | None
    valid_to: dt.date | None
    valid_days: int | None
    """From activation; then the dates are none."""
    is_reloadable: bool
    pin: PinPolicy
    activation: frozenset[Activation]
    amount_minor_max: int | None
    """Of one transaction, where it is less than the issuer's."""
    balance_minor_max: int | None
    regifts_max: int | None = None
    """How often what came onto its cards as a gift may be given on; None: as often as one likes."""
    kind: ProductKind = ProductKind.CARD
    entries: int = 1
    """Of a ticket; of goods how many at once; of what was bought so often, how many are free."""
    buys: int = 0
    """How many are to be bought before some are free."""
    may_load: bool = False
    """What it is worth may be put onto a card."""
    sale_minor_min: int = 0
    """What is sold must cost as much."""
    grace_days: int = 0
    """After its last day it is still taken at tills, so long."""
    goods: frozenset[str] = frozenset()
    """Articles that it is for; none: any."""
    regions: frozenset[str] = frozenset()
    """Of the stores that take it; none: any."""
    hold_days: int | None = None
    """How long a pre-authorisation lasts, and how much more its completion may take, where the
    product says so."""
    hold_over_percent: int | None = None


class CardBatch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A card batch as its cards are decided by."""

    id: int
    issuer_id: int
    state: BatchState
    terms: Terms
    face_minor: int
    """Of a points card: points."""
    merchants: frozenset[int] = frozenset()
    """Who takes its vouchers; none: whoever takes its issuer's cards."""
    stores: frozenset[int] = frozenset()
    """In which stores; none: in all of theirs."""


class CardPart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of a card batch, which is opened by itself."""

    id: int
    batch_id: int
    state: BatchState


NO_PART: Final = 0
"""Of cards that an estate file brought: nobody made them here, and they are in no batch."""
