"""The one canonical request and its response: what every channel is translated to and from.

Both are msgspec structs so that they cross the host link without a second definition; they
hold no bytes of any dialect. `Pan` and `Secret` inside them cross only through the link's own
hooks; any other encoder refuses them.
"""

import enum
from typing import Final

import msgspec

from host.model.money import Money
from host.model.origins import Origin
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.model.vouchers import VoucherTold


@enum.unique
class Family(enum.StrEnum):
    """Message families that may reuse one STAN: an original, its reversal, its confirmation."""

    FINANCIAL = "f"
    CONFIRM = "c"
    REVERSAL = "r"
    MANAGEMENT = "m"
    SETTLEMENT = "s"
    UPLOAD = "u"


@enum.unique
class Kind(enum.StrEnum):
    """What is asked, in the house's words. `KINDS` says how each behaves."""

    BALANCE_INQUIRY = "balance_inquiry"
    ACCOUNT_INQUIRY = "account_inquiry"
    PURCHASE = "purchase"
    CASH_LOAD = "cash_load"
    CASH_LOAD_CONFIRM = "cash_load_confirm"
    POINTS_REDEMPTION = "points_redemption"
    COMBINED_PURCHASE = "combined_purchase"
    VOID = "void"
    REFUND = "refund"
    REVERSAL = "reversal"
    SIGN_ON = "sign_on"
    SIGN_OFF = "sign_off"
    ECHO = "echo"
    POINTS_INQUIRY = "points_inquiry"
    POINTS_EARN = "points_earn"
    LOAD_VERIFICATION = "load_verification"
    SETTLEMENT = "settlement"
    BATCH_UPLOAD = "batch_upload"
    UPLOAD_END = "upload_end"
    PARAMETER_DOWNLOAD = "parameter_download"
    PARAMETER_END = "parameter_end"
    STATUS_UPLOAD = "status_upload"
    CASE_REPORT = "case_report"
    PIN_TRANSLATION = "pin_translation"
    POINTS_EXPIRY = "points_expiry"
    ADJUSTMENT = "adjustment"
    CARD_ACTIVATION = "card_activation"
    CARD_BOUND_ACTIVATION = "card_bound_activation"
    CARD_VOID = "card_void"
    BREAKAGE = "breakage"
    MOVE_OUT = "move_out"
    MOVE_IN = "move_in"
    CARD_OPENING = "card_opening"
    CARD_FEE = "card_fee"
    MERGE_OUT = "merge_out"
    MERGE_IN = "merge_in"
    GIFT_SEND = "gift_send"
    POINTS_CONVERSION = "points_conversion"
    POINTS_ADJUSTMENT = "points_adjustment"
    GIFT_CLAIM = "gift_claim"
    GIFT_RETURN = "gift_return"
    VOUCHER_REDEMPTION = "voucher_redemption"
    LOAD_BY_CODE = "load_by_code"
    VOUCHER_VOID = "voucher_void"
    PREAUTH = "preauth"
    PREAUTH_INCREMENT = "preauth_increment"
    PREAUTH_VOID = "preauth_void"
    COMPLETION = "completion"
    COMPLETION_ADVICE = "completion_advice"
    COMPLETION_VOID = "completion_void"
    HOLD_EXPIRY = "hold_expiry"
    HOLD_RELEASE = "hold_release"
    LOTTERY_DRAW = "lottery_draw"
    LOAD_BY_PHONE = "load_by_phone"
    PORT_LOAD = "port_load"
    CASH_TAKEN = "cash_taken"
    CASH_HANDED_IN = "cash_handed_in"
    PHONE_LOAD_VOID = "phone_load_void"
    GATHER_OUT = "gather_out"
    TRANSACTION_FEES = "transaction_fees"
    ALLIANCE_SETTLEMENT = "alliance_settlement"
    SETTLEMENT_CORRECTION = "settlement_correction"
    RESERVE_HELD = "reserve_held"
    RESERVE_RELEASED = "reserve_released"
    ADVERTISING = "advertising"


@enum.unique
class Traffic(enum.StrEnum):
    """What may wait beside what: each has a count of its own, on the link and in the host."""

    TRADE = enum.auto()
    """What a customer stands and waits for."""
    SIGN_ONS = enum.auto()
    """Anybody on the wire can send them, for any terminal."""
    DESK = enum.auto()
    """Everything else that no customer waits for."""
    ANYBODYS = enum.auto()
    """Of that, what no key has proved: settlements and uploads that anybody may have sent."""


class KindRow(msgspec.Struct, frozen=True):
    """How a kind behaves on its way through the switch."""

    family: Family
    moves_value: bool
    """In doubt after a lost answer, something may have been posted."""
    undone_by_switch: bool
    """When its deadline passes the switch reverses it; the terminal will not confirm it."""
    only_host_may_end: bool = False
    """Any answer ends the terminal's retries, so it gets the host's decision or silence."""
    traffic: Traffic = Traffic.TRADE
    asked_by: frozenset[Origin] = frozenset({Origin.TERMINAL})
    """Who may ask for it: see `host.model.origins`."""


KINDS: Final[dict[Kind, KindRow]] = {
    Kind.BALANCE_INQUIRY: KindRow(Family.FINANCIAL, moves_value=False, undone_by_switch=False),
    Kind.ACCOUNT_INQUIRY: KindRow(Family.FINANCIAL, moves_value=False, undone_by_switch=False),
    Kind.PURCHASE: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=True,
        asked_by=frozenset({Origin.TERMINAL, Origin.MEMBER}),
    ),
    Kind.CASH_LOAD: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=False),
    Kind.CASH_LOAD_CONFIRM: KindRow(
        Family.CONFIRM, moves_value=True, undone_by_switch=False, only_host_may_end=True
    ),
    Kind.POINTS_REDEMPTION: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.COMBINED_PURCHASE: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.VOID: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=True,
        asked_by=frozenset({Origin.TERMINAL, Origin.OFFICE}),
    ),
    Kind.REFUND: KindRow(
        Family.FINANCIAL, moves_value=True, undone_by_switch=False, only_host_may_end=True
    ),
    Kind.REVERSAL: KindRow(
        Family.REVERSAL, moves_value=True, undone_by_switch=False, only_host_may_end=True
    ),
    Kind.SIGN_ON: KindRow(
        Family.MANAGEMENT, moves_value=False, undone_by_switch=False, traffic=Traffic.SIGN_ONS
    ),
    Kind.SIGN_OFF: KindRow(
        Family.MANAGEMENT, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.ECHO: KindRow(
        Family.MANAGEMENT, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.POINTS_INQUIRY: KindRow(Family.FINANCIAL, moves_value=False, undone_by_switch=False),
    Kind.POINTS_EARN: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.LOAD_VERIFICATION: KindRow(Family.FINANCIAL, moves_value=False, undone_by_switch=False),
    Kind.SETTLEMENT: KindRow(
        Family.SETTLEMENT, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.BATCH_UPLOAD: KindRow(
        Family.UPLOAD, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.UPLOAD_END: KindRow(
        Family.UPLOAD, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.PARAMETER_DOWNLOAD: KindRow(
        Family.MANAGEMENT, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.PARAMETER_END: KindRow(
        Family.MANAGEMENT, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.STATUS_UPLOAD: KindRow(
        Family.MANAGEMENT, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.CASE_REPORT: KindRow(
        Family.MANAGEMENT, moves_value=False, undone_by_switch=False, traffic=Traffic.DESK
    ),
    Kind.CARD_ACTIVATION: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.LOTTERY_DRAW: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=True,
        asked_by=frozenset({Origin.TERMINAL, Origin.MEMBER}),
    ),
    Kind.LOAD_BY_PHONE: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.PHONE_LOAD_VOID: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.PIN_TRANSLATION: KindRow(Family.MANAGEMENT, moves_value=False, undone_by_switch=False),
    Kind.CARD_BOUND_ACTIVATION: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE, Origin.MEMBER}),
    ),
    Kind.POINTS_EXPIRY: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.CLOCK}),
    ),
    Kind.ADJUSTMENT: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.CARD_VOID: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE, Origin.CLOCK}),
    ),
    Kind.PORT_LOAD: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.MEMBER}),
    ),
    Kind.CASH_TAKEN: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.CASH_HANDED_IN: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.BREAKAGE: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE, Origin.CLOCK}),
    ),
    Kind.MOVE_OUT: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE, Origin.CLOCK}),
    ),
    Kind.MOVE_IN: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE, Origin.CLOCK, Origin.MEMBER}),
    ),
    Kind.CARD_OPENING: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.CARD_FEE: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.MERGE_OUT: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.MERGE_IN: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.GATHER_OUT: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.MEMBER}),
    ),
    Kind.POINTS_CONVERSION: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.MEMBER, Origin.OFFICE}),
    ),
    Kind.POINTS_ADJUSTMENT: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.GIFT_SEND: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.MEMBER}),
    ),
    Kind.GIFT_CLAIM: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.MEMBER}),
    ),
    Kind.GIFT_RETURN: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.MEMBER, Origin.CLOCK}),
    ),
    Kind.VOUCHER_REDEMPTION: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=True,
        asked_by=frozenset({Origin.TERMINAL, Origin.OFFICE}),
    ),
    Kind.LOAD_BY_CODE: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=True,
        asked_by=frozenset({Origin.TERMINAL, Origin.MEMBER}),
    ),
    Kind.VOUCHER_VOID: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=True,
        asked_by=frozenset({Origin.TERMINAL, Origin.OFFICE}),
    ),
    Kind.PREAUTH: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.PREAUTH_INCREMENT: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.PREAUTH_VOID: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.COMPLETION: KindRow(Family.FINANCIAL, moves_value=True, undone_by_switch=True),
    Kind.COMPLETION_ADVICE: KindRow(
        Family.FINANCIAL, moves_value=True, undone_by_switch=False, only_host_may_end=True
    ),
    Kind.COMPLETION_VOID: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=True,
        asked_by=frozenset({Origin.TERMINAL, Origin.OFFICE}),
    ),
    Kind.HOLD_EXPIRY: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.CLOCK}),
    ),
    Kind.HOLD_RELEASE: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.OFFICE}),
    ),
    Kind.TRANSACTION_FEES: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.NIGHT}),
    ),
    Kind.ALLIANCE_SETTLEMENT: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.NIGHT}),
    ),
    Kind.SETTLEMENT_CORRECTION: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.NIGHT}),
    ),
    Kind.RESERVE_HELD: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.NIGHT}),
    ),
    Kind.RESERVE_RELEASED: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.NIGHT}),
    ),
    Kind.ADVERTISING: KindRow(
        Family.FINANCIAL,
        moves_value=True,
        undone_by_switch=False,
        asked_by=frozenset({Origin.NIGHT}),
    ),
}
"""A refund (0220), as a completion that was advised, is not reversed: the terminal repeats it until
it is answered. Nor is a cash load: the terminal confirms it (0220 with the same STAN), and the
confirmation settles it. For what no terminal asks no channel has a word."""

OF_VOUCHERS: Final = frozenset({Kind.VOUCHER_REDEMPTION, Kind.LOAD_BY_CODE, Kind.VOUCHER_VOID})
"""What changes a voucher with what it posts."""
OF_PHONES: Final = frozenset({Kind.LOAD_BY_PHONE, Kind.PHONE_LOAD_VOID})
"""What is about a card that no till has seen, and is told nothing of."""
REPEATED: Final = frozenset(
    kind for kind, row in KINDS.items() if row.family is Family.FINANCIAL and row.only_host_may_end
)
"""What terminals send again until it is answered, and never reverse."""
VOIDED_AT_OFFICE: Final[dict[Kind, Kind]] = {
    Kind.PURCHASE: Kind.VOID,
    Kind.COMBINED_PURCHASE: Kind.VOID,
    Kind.POINTS_REDEMPTION: Kind.VOID,
    Kind.COMPLETION: Kind.COMPLETION_VOID,
    Kind.COMPLETION_ADVICE: Kind.COMPLETION_VOID,
    Kind.VOUCHER_REDEMPTION: Kind.VOUCHER_VOID,
}
"""What people of a merchant void without its till, and by which kind a till would."""
NAMES_HOLD: Final = frozenset(
    {Kind.PREAUTH_INCREMENT, Kind.PREAUTH_VOID, Kind.COMPLETION, Kind.COMPLETION_ADVICE}
)
"""What says which hold it is about, as its slip does."""
ASKED_BY_NO_TERMINAL: Final = frozenset(
    kind for kind, row in KINDS.items() if Origin.TERMINAL not in row.asked_by
)
"""What people, members, the clock and the night ask for."""


class ExchangeKey(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What makes a message the same message when it comes again.

    `institution` is the channel's (`pos`), `epoch` is what makes a STAN unique for a terminal:
    its batch number in a POS dialect, a local date elsewhere. The dialect says which.
    """

    institution: str
    terminal_id: str
    epoch: str
    stan: str
    family: Family

    @property
    def text(self) -> str:
        """The key as it is stored: readable, sorted by terminal, batch and trace."""
        return f"{self.institution}/{self.terminal_id}/{self.epoch}/{self.stan}/{self.family}"

    def of_family(self, family: Family) -> "ExchangeKey":
        """The key of the original, reversal or confirmation that shares this STAN."""
        return ExchangeKey(self.institution, self.terminal_id, self.epoch, self.stan, family)


class Original(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a void, refund, confirmation or reversal names what it is about."""

    key: ExchangeKey | None = None
    rrn: str | None = None
    auth_code: str | None = None
    local_date: str | None = None
    """MMDD, as F61.3 carries it."""
    kind: Kind | None = None
    """In a reversal: what kind the original was, read from its processing code."""


_APPROVED: Final = Reason.APPROVED
_PARTLY_APPROVED: Final = Reason.PARTLY_APPROVED
"""What every message is held against is bound once, here as in other modules on its path: Python
3.11 looks a member up in its enum for ten times the price of a name."""
X9_8_WITHOUT_PAN: Final = 99
"""ANSI X9.8 without the PAN: format 0 before the PAN is XORed in, no format of ISO 9564-1."""


class PinBlock(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An encrypted PIN block and the format to read it by."""

    iso_format: int
    """Of ISO 9564-1 (0 stands for 3 as well: the block itself says which), or the one above."""
    block: Secret
    ksn: str | None = None
    """DUKPT: which key of the instance it is under, hexadecimal. None: the session's PIK."""


class SealedPan(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A PAN or track 2 that only the host can open: AES-DUKPT data encryption, AES-CBC, zero IV."""

    block: Secret
    ksn: str


class OrderReference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The order that a payment is for, in its merchant's own numbers."""

    order: str
    sub_order: str = ""
    """The part of it that was paid; empty: the whole, or it has no parts."""


class Totals(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One half of F48 of a settlement: what a batch adds up to on each side, minor units."""

    debit_minor: int = 0
    debit_count: int = 0
    credit_minor: int = 0
    credit_count: int = 0


class UploadRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One transaction as the terminal has it, compact (F48) or whole (its own fields)."""

    stan: str
    amount_minor: int
    pan: Pan | None = None
    is_foreign: bool = False
    kind: Kind | None = None
    """None in a compact record, which does not say."""


class IssuerDecision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an external issuer approved, in the words its terminal is told."""

    issuer_id: str
    """The institution that decided, as the estate names it."""
    rrn: str
    """F37: the issuer knows the transaction by it."""
    auth_code: str | None = None
    card: str = ""
    """Masked; empty where the message named none."""


class Besides(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What few messages say: on the link only where one does, so that others pay nothing.

    Whatever stands here is part of what makes a message the same message (`host.fingerprint`).
    """

    takes_part: bool = False
    """The terminal can be told that a part was approved, and asks for the rest otherwise."""
    voucher: Secret | None = None
    """The code of a voucher, as it was scanned or typed: whether it is one, the host finds."""
    sealed_voucher: SealedPan | None = None
    """The same as an app seals it, as a card's number: it is opened before anything is asked."""
    points_max: int | None = None
    """Of a combined purchase: how many points may be used; None: as many as there are."""
    lottery: str = ""
    """Which one is drawn, by its code."""
    phone: Secret | None = None
    """Of a member, whose card is loaded: which, the host finds, and tells nobody."""
    sealed_phone: SealedPan | None = None
    """The same as an app seals it."""


class Drawn(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one card has paid in money."""

    card: str
    """Masked."""
    amount_minor: int


class AccountTold(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a card has: what is posted, what of it is held for somebody, what may be spent."""

    value_minor: int = 0
    held_minor: int = 0
    spendable_minor: int = 0
    valid_to: str = ""
    """Its last day, YYYYMMDD."""
    points: int = 0
    """Of its issuer's primary programme."""
    points_held: int = 0
    points_spendable: int = 0
    points_next: str = ""
    """The first day after which some of them are lost, YYYYMMDD; empty: none ever are."""
    points_lost_next: int = 0
    """How many then: what is left of that day's today."""


class DrawTold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a draw has given."""

    draw: str
    """What it is called: the lottery's code, its place in the list, the beginning of its link."""
    prize: str
    """The prize's code."""
    text: str
    """What it is, for people."""


class ToldBesides(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What few answers say, in the same way."""

    approved_minor: int = 0
    """Of an approval of a part: what was posted, in the unit of what was asked."""
    asked_minor: int = 0
    """And what was asked: by that its reversal may name it, whose answer was lost."""
    voucher: VoucherTold | None = None
    points_worth_minor: int = 0
    """Of a combined purchase: what the points that were used have paid of it."""
    drawn: tuple[Drawn, ...] = ()
    """And what was paid with money, card by card."""
    account: AccountTold | None = None
    held_minor: int = 0
    """Of the card's money, what is kept for somebody: beside the balance, which is without it."""
    draw: DrawTold | None = None
    """Of a lottery: what was drawn."""
    points_next: str = ""
    """Of an inquiry of points: the last day of those that are lost next, YYYYMMDD; empty: none
    ever are."""
    points_lost_next: int = 0
    """How many then: what is left of that day's today."""


class Request(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One message from a terminal, whatever it was spelled in."""

    kind: Kind
    key: ExchangeKey
    merchant_id: str
    """F42, 15 characters."""
    pan: Pan | None = None
    expiry: str | None = None
    """YYMM, from F14 or the track."""
    amount: Money | None = None
    """In a points kind the unit is `P:` alone: the card's issuer says which programme."""
    pin: PinBlock | None = None
    entry_mode: str = "000"
    original: Original | None = None
    goods: str | None = None
    key_generation: int = 0
    """Which delivered key set authenticated this message; 0 where no MAC is used."""
    working_keys: str | None = None
    """Sign-on: which key layout is asked, F60.3 (`001`, `003`, `004`)."""
    serial: str | None = None
    """Sign-on: what the terminal says of its hardware."""
    issued_by_switch: bool = False
    """A reversal the switch itself sends because it could not deliver an answer."""
    totals: tuple[Totals, Totals] | None = None
    """Settlement: money (first half of F48) and points (second half)."""
    records: tuple[UploadRecord, ...] = ()
    """Batch upload."""
    upload_count: int = 0
    """Upload end: how many records the terminal says it sent."""
    upload_is_balanced: bool = False
    """Upload end by F60.3 207: the terminal had been told that its totals agree."""
    status: bytes = b""
    """Status upload: F62 as it came."""
    sealed_pan: SealedPan | None = None
    """SoftPOS: in place of `pan`, opened at the host."""
    ksn: str | None = None
    """DUKPT: the key serial number this message was sealed under, hexadecimal."""
    detail: str = ""
    """Case report: what happened, for people."""
    sealed_track: Secret | None = None
    """F53 digit 3 = 1: track 2 as ASCII (`D` for its separator) with one block under the TDK of
    `key_generation`. In place of `pan` and `expiry`, opened at the host."""
    zone: str = ""
    """PIN translation: the zone key under which an issuer reads `pin`, by its name."""
    decision: IssuerDecision | None = None
    """An advice: an external issuer has approved this, and the host posts what it did."""
    is_proved: bool = False
    """Settlement and upload: that the terminal itself sent it was proved by its keys, by a MAC of
    this message or by one it sent before on the same connection. Not proved until it is said."""
    case: str = ""
    """Case report: which kind of case, a word of `host.cases`; empty: a delivery given up."""
    track: Secret | None = None
    """Track 2 as it was swiped, `=` for its separator: for an external issuer alone, which reads
    more of it than the card number. Never sent to our own host and never written down."""
    only_as_repeat: bool = False
    """Proved, under a DUKPT counter that is not new: it gets the answer that its key has, and where
    it has none nothing is posted or stored."""
    order: OrderReference | None = None
    """Which order is paid or given back, where the till says so. Kept beside what was posted."""
    besides: Besides | None = None


ANYBODYS_PART: Final = 4
"""What no key has proved may take one in so many of the desk's places, and of its turns."""


def traffic_of(request: Request) -> Traffic:
    """What it waits beside, and is counted with. A case report is the switch's own."""
    traffic = KINDS[request.kind].traffic
    if traffic is not Traffic.DESK or request.kind is Kind.CASE_REPORT:
        return traffic
    is_proved = request.is_proved or request.key_generation or request.ksn
    return traffic if is_proved else Traffic.ANYBODYS


class Response(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What the host decided. Stored as it is, so a repeat gets the very same answer."""

    reason: Reason
    rrn: str = ""
    """F37: 12 characters, MMDD of the business date and a counter."""
    auth_code: str | None = None
    """F38: 6 characters, approvals only."""
    local_time: str = ""
    """The host's clock in the acquirer's zone, YYYYMMDDhhmmss."""
    business_date: str = ""
    """YYYYMMDD."""
    balance: Money | None = None
    """The card's available value after this, where the kind shows it."""
    points_balance: int | None = None
    points_earned: int = 0
    points_used: int = 0
    self_pay_minor: int = 0
    issuer_id: str = ""
    """F44: the institution that decided, up to 11 digits."""
    acquirer_id: str = ""
    """F32 and F44: up to 11 digits."""
    epoch: str | None = None
    """Sign-on: the batch number the terminal is to use."""
    key_block: bytes = b""
    """Sign-on F62: working keys under the TMK with check values; never a clear key."""
    sign_on_again: bool = False
    """Ask the terminal to sign on (header processing digit 3)."""
    totals: tuple[Totals, Totals] | None = None
    """Settlement: the host's own, money and points."""
    totals_agree: tuple[bool, bool] | None = None
    """Settlement: whether each half agrees with the terminal's."""
    parameters: bytes = b""
    """Parameter download: F62."""
    load_max_minor: int | None = None
    """Load verification: the largest amount the card can take."""
    pin: PinBlock | None = None
    """PIN translation: under the zone key."""
    besides: ToldBesides | None = None

    @property
    def is_approved(self) -> bool:
        """Whether the terminal may tell its customer that it happened."""
        return self.reason is _APPROVED or self.reason is _PARTLY_APPROVED

    @property
    def part_minor(self) -> int:
        """What was approved, where that is less than was asked; else 0."""
        return self.besides.approved_minor if self.besides is not None else 0


read_answer: Final = msgspec.msgpack.Decoder(Response).decode
"""A `Response` out of what is stored of it."""
