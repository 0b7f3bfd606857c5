"""One request with all that was loaded for it, as the checks and rules read it."""

import datetime as dt
from typing import Any, Final, Protocol

import msgspec

from host.book import Book, Issuer, Terminal
from host.cases import CaseKind, NewCase
from host.house_rules.rule import HouseRule
from host.ksn import Used
from host.ledger import Leg
from host.model.instruments import Terms
from host.model.money import POINTS_PREFIX, Money
from host.model.own import Adjustment, CardAt, OwnRequest
from host.model.pay_codes import Pays
from host.model.requests import OF_VOUCHERS, Kind, Request, ToldBesides, read_answer
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.programmes import Programme
from host.rules.settlement import BatchName, Settled, settled_in
from host.rules.state import (
    NO_ACCOUNT,
    NO_CARD,
    Card,
    Known,
    LotUse,
    Original,
    Purse,
    State,
)

_LOAD_VERIFICATION: Final = Kind.LOAD_VERIFICATION


class VerifiesPin(Protocol):
    """What the checks need of the PIN verifier in `host.hsm.pvv`."""

    def matches(self, pan: Pan, pin: Secret, value: str) -> bool:
        """Whether this PIN gives this stored value; compared in constant time."""
        ...


class Item(msgspec.Struct, frozen=True, gc=False):
    """A request on its way to a writer, with what its key and card number amount to."""

    request: Request
    slot: str
    home: int
    shard: int
    pan_hash: bytes | None
    fingerprint: bytes
    original_slot: str | None
    terminal: Terminal
    issuer: Issuer | None
    used: Used | None = None
    """The DUKPT counters it used."""
    own: OwnRequest | None = None
    """What no terminal asks: all of it."""
    voucher: CardAt | None = None
    """A voucher that is sent beside a card, by where it lives."""
    phone: bytes | None = None
    """By what the member is found whose card is loaded; no card is named then."""
    pays: Pays | None = None
    """Who pays by a code: no card is named, and which one it is, is found before it is posted."""


class Numbers(msgspec.Struct):
    """The writer's stock of exchange numbers: `next` up to, not including, `end`."""

    next: int
    end: int

    def take(self) -> int:
        """The next number. The writer has made sure there are enough."""
        number = self.next
        assert number < self.end, "the writer's block of numbers is empty"
        self.next = number + 1
        return number


class Dossier(msgspec.Struct, gc=False):
    """What a rule decides over. `card` is the one presented, else the original's."""

    item: Item
    request: Request
    state: State
    book: Book
    pins: VerifiesPin
    numbers: Numbers
    card: Card | None
    original: Original | None
    original_known: Known | None
    """How the original was answered, approved or not, where it is named by its key."""
    issuer_of_card: Issuer | None
    """The issuer of `card`, looked up once."""
    amount: int
    """Minor units or points asked for; 0 where the kind has none. Of what is approved for a part,
    that part."""
    is_part: bool = False
    """Less is approved than was asked."""
    opened: list[NewCase] = []
    """What people are to look at because of this request."""
    beside: list[msgspec.Struct] | None = None
    """Rows of tables of their own that go with it: each of a type of `host.store.beside.KEPT`."""
    ruled: tuple[HouseRule, ...] = ()
    """The house's own rules that were asked, and let it pass."""

    told: ToldBesides | None = None
    """What few answers say."""
    hides_card: bool = False
    """Whoever asks has named a phone, and is to learn nothing of the card that was found by it."""

    def tell(self, **facts: Any) -> None:
        """Let its answer say this, too: fields of `ToldBesides`."""
        self.told = msgspec.structs.replace(self.told or ToldBesides(), **facts)

    def keep(self, row: msgspec.Struct) -> None:
        """Let a row stand beside the exchange. Whoever posts keeps it once nothing can refuse."""
        if self.beside is None:
            self.beside = []
        self.beside.append(row)

    def open_case(
        self, kind: CaseKind, detail: str, amount_minor: int = 0, unit: str = "", *, stan: str = ""
    ) -> None:
        """Note a case about this terminal's batch; it is stored with the answer or not at all."""
        key = self.request.key
        new = NewCase(
            kind=kind,
            terminal_id=key.terminal_id,
            epoch=key.epoch,
            stan=stan,
            detail=detail,
            amount_minor=amount_minor,
            unit=unit,
        )
        self.opened.append(new)

    def account_of(self, purse: Purse) -> int:
        """The account of a purse that is credited: one of its own where it had none before.

        It is a number of the writer's stock, so that no sequence is shared by all shards.
        """
        if purse.account == NO_ACCOUNT:
            programme = self.programme_in(purse.unit)
            purse.account, purse.is_new = self.numbers.take(), True
            purse.floor = programme.floor if programme is not None else 0
        return purse.account

    @property
    def settled(self) -> Settled | None:
        """The settlement that has counted the original, or has left its batch behind."""
        key = self.request.original.key if self.request.original is not None else None
        if key is None:
            return None
        batch, original = BatchName(key.institution, key.terminal_id, key.epoch), self.original
        at = (original.shard, original.seal) if original is not None else None
        return settled_in(self.state.settled, batch, at)

    @property
    def amount_to_name(self) -> int:
        """By which amount a void or reversal names its original, in the unit it is named in.

        Points that were earned, and the void of them, are named by the points, or by what was
        paid for them: a terminal has sent that amount and knows it even where the answer was lost.
        What a voucher is worth no till knows before it is told, so there any amount names it.
        """
        original, money = self.present_original, self.request.amount
        if original.kind in OF_VOUCHERS:
            return self.amount
        if money is None or money.is_points or not original.unit.startswith(POINTS_PREFIX):
            return original.amount_minor
        return self.state.paid_minor(original.slot) or original.amount_minor

    @property
    def asked_minor(self) -> int:
        """What was asked where the original was approved for a part; else 0.

        It is in its answer: a terminal that has not heard that can name no other amount.
        """
        known = self.original_known
        if known is None or known.reason is not Reason.PARTLY_APPROVED:
            return 0
        besides = read_answer(known.answer).besides
        return besides.asked_minor if besides is not None else 0

    @property
    def present_card(self) -> Card:
        """The card, where a check before has made sure of it."""
        assert self.card is not None
        return self.card

    @property
    def member(self) -> int:
        """Whom the card is to be bound to; 0 for nobody."""
        return self.item.own.member if self.item.own is not None else 0

    @property
    def other_card(self) -> Card | None:
        """The one that gets what leaves this one, or had what comes; None where it is not there."""
        to = self.item.own.to if self.item.own is not None else None
        return self.state.cards.get(to.pan_hash) if to is not None else None

    @property
    def points_brought(self) -> int:
        """Points that a card of another system brings."""
        return self.item.own.points if self.item.own is not None else 0

    @property
    def adjustment(self) -> Adjustment:
        """How a person adjusts what the card has."""
        own = self.item.own
        assert own is not None
        assert own.adjustment is not None
        return own.adjustment

    @property
    def present_original(self) -> Original:
        """The original, where a check before has made sure of it."""
        assert self.original is not None
        return self.original

    @property
    def issuer(self) -> Issuer:
        """The issuer of the card, where a check before has made sure of it."""
        assert self.issuer_of_card is not None
        return self.issuer_of_card

    @property
    def is_at_no_counter(self) -> bool:
        """Whether no terminal asks for it, and no store is where it is done."""
        return self.item.own is not None and self.item.own.counter is None

    @property
    def issuer_named(self) -> Issuer | None:
        """Whose the card number is, or, where none was sent, the original's card."""
        if self.item.pan_hash is not None and not self.is_at_no_counter:
            named = self.item.issuer
            return self.book.issuers.get(named.id) if named is not None else None
        return self.issuer_of_card

    def balance(self) -> Money | None:
        """The card's value as it is now, for the answer; an external issuer's is not known here."""
        if self.card is None or self.card.id == NO_CARD:
            return None
        return Money(self.card.value.available, self.card.value.unit)

    def load_max_minor(self) -> int | None:
        """Load verification: the largest amount the card can take, at once and in all."""
        if self.request.kind is not _LOAD_VERIFICATION:
            return None
        room = self.balance_minor_max - self.present_card.value.available
        return max(min(self.amount_minor_max, room), 0)

    @property
    def terms(self) -> Terms | None:
        """The product version that its card was made under; None for an estate file's."""
        part = self.present_card.part
        return self.book.terms_of(part) if part else None

    @property
    def face_minor(self) -> int:
        """What a card of its batch is worth; 0 where that is for who activates it to say."""
        part = self.book.parts.get(self.present_card.part)
        return self.book.batches[part.batch_id].face_minor if part is not None else 0

    @property
    def amount_minor_max(self) -> int:
        """Of one transaction: the issuer's, or less where the card's product says so."""
        terms, limit = self.terms, self.issuer.amount_minor_max
        if terms is None or terms.amount_minor_max is None:
            return limit
        return min(limit, terms.amount_minor_max)

    @property
    def balance_minor_max(self) -> int:
        """Of one card: the issuer's, or less where its product says so."""
        terms, limit = self.terms, self.issuer.balance_minor_max
        if terms is None or terms.balance_minor_max is None:
            return limit
        return min(limit, terms.balance_minor_max)

    @property
    def hold_days(self) -> int:
        """How long a pre-authorisation lasts: as its product says, else its issuer."""
        terms = self.terms
        days = terms.hold_days if terms is not None else None
        return self.issuer.hold_days if days is None else days

    @property
    def hold_over_percent(self) -> int:
        """How much more than a pre-authorisation its completion may take, as who says its days."""
        terms = self.terms
        percent = terms.hold_over_percent if terms is not None else None
        return self.issuer.hold_over_percent if percent is None else percent

    @property
    def programme(self) -> Programme | None:
        """The points programme of the card's issuer."""
        return self.issuer.programme

    @property
    def redeemed(self) -> Programme | None:
        """The programme whose points are asked for: the one that is named, else the primary."""
        money = self.request.amount
        if money is None or money.unit == POINTS_PREFIX:
            return self.programme
        return self.book.redeemed(self.issuer, money.unit, self.merchant_id, self.today)

    @property
    def points(self) -> Purse:
        """The purse of points that this is about, and that its answer tells of."""
        return self.present_card.points_named(self.request.amount)

    def programme_in(self, unit: str) -> Programme | None:
        """The programme whose points a purse of this unit holds; None where it holds money."""
        programme = self.programme
        if programme is not None and programme.unit == unit:
            return programme
        return self.book.programme_in(self.issuer, unit) if self.card is not None else None

    @property
    def merchant_id(self) -> int:
        """The merchant whose terminal asks."""
        return self.item.terminal.merchant.id

    @property
    def today(self) -> dt.date:
        """The open business date."""
        return self.state.business_date


class NewLot(msgspec.Struct, frozen=True, gc=False):
    """Points to put in a lot of their own, numbered as the journal that earned them.

    Below zero it is what a card owes whose place another has.
    """

    account: int
    points: int
    expires_on: dt.date
    available_from: dt.date | None = None
    """From when on they may be spent; None: at once."""


class Transit(msgspec.Struct, frozen=True, gc=False):
    """To which card something is on its way; of points, their last day."""

    to_shard: int
    to_card: int
    expires_on: dt.date | None = None
    is_debt: bool = False
    """It is what the card owes, so the in-transit account paid it."""
    available_from: dt.date | None = None
    """Of points that may not be spent yet: from when on."""


def card_presented(item: Item, state: State) -> Card | None:
    """The one that was named, or found for it."""
    if item.pan_hash is not None:
        return state.cards.get(item.pan_hash)
    return state.by_phone.get(item.slot)


class Posting(msgspec.Struct, gc=False):
    """What an approval writes into the ledger."""

    card: Card
    merchant: int
    amount_minor: int
    unit: str
    legs: list[Leg]
    lot_uses: list[LotUse] = []
    new_lots: list[NewLot] = []
    """In the order of their legs."""
    undoes: Original | None = None
    undo_kind: Kind | None = None
    points_earned: int = 0
    points_used: int = 0
    paid_minor: int = 0
    """Points earned, or voided: what was paid elsewhere for them."""
    reason: Reason = Reason.APPROVED
    """What is answered: a row of `POSTED`."""
    transit: Transit | None = None
    """Whither it is on its way, where it leaves for another card."""


class Moot(msgspec.Struct, frozen=True, gc=False):
    """A reversal that is approved and has nothing left to undo: its original never stands again."""

    original: Original
