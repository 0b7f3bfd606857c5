"""The value types of an estate: everything that must exist before the first message.

A plan is pure: it holds clear test keys and PANs inside their types, and knows no database.
`host.store.estates` loads one, wrapping every key and posting every opening balance.
"""

import datetime as dt
from typing import Final

import msgspec

from host.model.instruments import BatchState, Form, SaleState
from host.model.lottery import Content
from host.model.money import Money
from host.model.secrets import Pan, Secret
from host.model.terminal import MacAlgorithm, TerminalFamily
from host.model.voucher_codes import VoucherCode
from host.model.vouchers import ProductKind
from host.programmes import Life, LotLife

LONG_AGO: Final = dt.date(2000, 1, 1)
"""Before all that is ever earned under a plan."""


class IssuerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Whose cards they are, and what one transaction and one card may come to."""

    id: int
    institution_id: str
    name: str
    pan_prefix: str
    currency: str = "CNY"
    amount_minor_max: int
    balance_minor_max: int
    pin_tries_max: int = 3


class ProgrammePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How an issuer's cards earn points: `earn_points` for every `earn_per_minor`, rounded down."""

    code: str
    issuer_id: int | None
    """Whose it is; None where it is an alliance's."""
    name: str
    earn_points: int
    earn_per_minor: int
    redemption_points_min: int
    lot_months: int
    debt_is_allowed: bool
    """Whether points may go below zero when a refund takes back points already spent."""
    alliance_id: int | None = None
    merchant_id: int | None = None
    """Whose own it is, at whose stores alone it is good where an issuer keeps it."""
    is_primary: bool = True
    """Whether it is meant where a message names none: one of an issuer is, an alliance's never."""
    lot_life: Life | None = None
    """How long points are good for, where it is no number of months or they are pending first."""
    price_points: int = 0
    """What so many points pay, in whole steps; 0: they pay nothing beside money."""
    price_minor: int = 0

    @property
    def life(self) -> Life:
        """How long its points are good for, from its first day on."""
        return self.lot_life or Life(LONG_AGO, LotLife.MONTHS, self.lot_months)

    @property
    def unit(self) -> str:
        """The ledger's unit for its points."""
        return Money.points(self.code, 0).unit


class AlliancePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Issuers and merchants who share programmes."""

    id: int
    code: str
    name: str


class AllianceMemberPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One of them, an issuer or a merchant, for a time."""

    alliance_id: int
    issuer_id: int | None = None
    merchant_id: int | None = None
    member_from: dt.date
    member_until: dt.date | None = None
    """Its last day."""
    earns: bool = True
    redeems: bool = True


class MerchantPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Who sells, and whose cards it takes."""

    id: int
    merchant_id: str
    name: str
    issuer_ids: tuple[int, ...]


class StorePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where a merchant sells."""

    id: int
    merchant_id: int
    name: str
    region: str = ""
    """Where vouchers may be handed in, where that is said by region."""


class WorkingKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a signed-on terminal: for PIN blocks and for MACs."""

    pik: Secret
    mak: Secret
    tdk: Secret | None = None
    """Of terminals that encrypt tracks."""


class DevicePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a DUKPT device was loaded with: an app instance, or a PIN pad."""

    key_id: str
    """Hexadecimal, upper case: 16 characters for AES, 20 for TDES (its counter zero)."""
    initial_key: Secret


class TerminalPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal with its master key; with working keys it is as if signed on already."""

    terminal_id: str
    store_id: int
    epoch: str
    tmk: Secret
    working: WorkingKeys | None = None
    device: DevicePlan | None = None
    """App instances (`MacAlgorithm.AES_DUKPT`), and PIN pads under DUKPT."""
    mac_algorithm: MacAlgorithm = MacAlgorithm.X9_19
    """An order-blind one is asked for by name."""
    family: TerminalFamily = TerminalFamily.POS
    """What it is: it is heard in the dialects of its family only."""


class CardPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A card, its PIN in clear (until it is loaded), and what it opens with."""

    id: int
    issuer_id: int
    pan: Pan
    pin: Secret | None
    expiry: str
    """YYMM."""
    status: str = "active"
    balance_minor: int = 0
    points: int = 0
    part: int = 0
    """Of the card batch that it is of, as its number in the book; 0 for none."""
    sale: SaleState = SaleState.UNSOLD
    """Of a card of a batch; others are not tracked."""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    """Of a card of a batch whose days are told by themselves."""


class VoucherPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher of a batch that nobody has used."""

    id: int
    """As a card's: they are numbered together."""
    code: VoucherCode
    face_minor: int
    part: int
    pieces: int = 0
    """Goods or entries that one use of it hands over, where it is worth no money."""


class UsePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What vouchers of a batch give, how often, where and for what."""

    entries: int = 1
    """Pieces at once, entries one by one, or how many are free."""
    buys: int = 0
    """How many are to be bought before one is free."""
    goods: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    stores: tuple[int, ...] = ()
    merchants: tuple[int, ...] = ()
    """Each: all of them, where none is named. What one merchant alone takes is theirs, too."""


class BatchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A card batch of one part, under a product of its own, with cards that nobody has sold."""

    id: int
    """Of its product and its part, too."""
    code: str
    name: str
    state: BatchState
    part: BatchState = BatchState.OPENED
    """Where its one part stands: a part that was added later waits for an opening of its own."""
    form: Form = Form.PHYSICAL
    face_minor: int
    issuer_id: int
    kind: ProductKind = ProductKind.CARD
    use: UsePlan = UsePlan()
    """Of a batch of vouchers."""
    cards: tuple[CardPlan, ...] = ()
    vouchers: tuple[VoucherPlan, ...] = ()
    """In place of cards, of a batch of vouchers. Those of money may be put onto a card, too."""

    @property
    def count(self) -> int:
        """How many there are of it."""
        return len(self.cards) + len(self.vouchers)


class LotteryPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A lottery of an issuer that was frozen and is open, and the three parts of its seed."""

    issuer_id: int
    content: Content
    house: Secret
    author_words: str
    freezer_words: str


class ZoneKeyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Under what PIN blocks go to an external issuer's own host."""

    name: str
    key: Secret


class EstatePlan(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. A database holds one estate, known by its name."""

    name: str
    issuers: tuple[IssuerPlan, ...]
    programmes: tuple[ProgrammePlan, ...]
    merchants: tuple[MerchantPlan, ...]
    stores: tuple[StorePlan, ...]
    terminals: tuple[TerminalPlan, ...]
    cards: tuple[CardPlan, ...]
    zone_keys: tuple[ZoneKeyPlan, ...] = ()
    alliances: tuple[AlliancePlan, ...] = ()
    alliance_members: tuple[AllianceMemberPlan, ...] = ()
    batches: tuple[BatchPlan, ...] = ()
    lotteries: tuple[LotteryPlan, ...] = ()
    settings: tuple[tuple[str, int], ...] = ()
    """Settings of the office that are not as they normally are."""

    @property
    def all_vouchers(self) -> tuple[VoucherPlan, ...]:
        """Those of all batches."""
        return tuple(one for batch in self.batches for one in batch.vouchers)

    @property
    def vouchers(self) -> tuple[VoucherPlan, ...]:
        """Those of them that are worth money."""
        return tuple(one for one in self.all_vouchers if not one.pieces)

    @property
    def all_cards(self) -> tuple[CardPlan, ...]:
        """Those in batches, too."""
        return (*self.cards, *(card for batch in self.batches for card in batch.cards))

    def merchant_of(self, terminal: TerminalPlan) -> MerchantPlan:
        """Whose terminal it is."""
        [store] = [store for store in self.stores if store.id == terminal.store_id]
        [merchant] = [one for one in self.merchants if one.id == store.merchant_id]
        return merchant

    def programme_of(self, issuer_id: int) -> ProgrammePlan:
        """The issuer's primary programme. An issuer that gives no points has one earning none."""
        own = [one for one in self.programmes if one.issuer_id == issuer_id]
        [programme] = [one for one in own if one.is_primary]
        return programme

    def programmes_of(self, issuer_id: int) -> list[ProgrammePlan]:
        """Those in which its cards may have points: its own, and of alliances it is in."""
        shared = {one.alliance_id for one in self.alliance_members if one.issuer_id == issuer_id}
        return [
            one
            for one in self.programmes
            if one.issuer_id == issuer_id or one.alliance_id in shared
        ]
