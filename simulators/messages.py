"""What a UnionPay-style POS terminal sends: one function a transaction, fields by number.

Independent of the host's own tables on purpose: a row wrong there is found by the simulator.
The fields of each are those of the terminals whose behaviour the protocol notes record.
"""

from dataclasses import dataclass
from typing import Final

from host.estate.plan import CardPlan, VoucherPlan
from host.hsm.pin import make_pin_block
from host.hsm.track import TrackCipher
from host.model.money import NUMBER_BY_CURRENCY
from host.model.requests import Kind
from host.model.secrets import Pan, Secret
from terminals.fields import CONTROL
from terminals.vouchers import voucher_text

Fields = dict[str, str]

TPDU: Final = bytes.fromhex("6000030000")
HEADER: Final = bytes.fromhex("603100311000")
CAPABILITY: Final = "500"
"""F60.4 to F60.6: reads chip and stripe, nothing special, no partial approval."""
POINTS_ACCOUNT: Final = "048"
POINTS_REFUND_ACCOUNT: Final = "065"
PRODUCT_CODE: Final = "P0001"
OPERATOR: Final = "01 "
LOAD_CHECK: Final = "11"
"""F48 of a load verification."""
CHIP_DATA: Final = "9F2608A1B2C3D4E5F607089F2701809F360200019F3704DEADBEEF95050000000000"
"""F55: cryptogram, its kind, counter, the terminal's number, what the terminal found. Made up:
nobody here has an issuer's chip keys."""
CARD_SEQUENCE: Final = "001"
SERVICE_CODE: Final = "120"
TRACK_2_DIGITS: Final = 37
SCANNED: Final = "032"
"""F22 of a voucher: its code is scanned, and it has no PIN."""
KEYED: Final = "012"
"""F22 of what is typed."""
NO_CARD: Final = CardPlan(id=0, issuer_id=0, pan=Pan("0" * 16), pin=None, expiry="0000")
"""Where no card is presented."""


def by_code(code: Pan) -> CardPlan:
    """What stands in a card's place where a member shows a code to pay by."""
    return CardPlan(id=0, issuer_id=0, pan=code, pin=None, expiry="0000")


KEPT_IN_REVERSAL: Final = frozenset(
    {"2", "3", "4", "11", "14", "22", "23", "25", "41", "42", "49", "55", "60", "61"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The codes that say which transaction it is."""

    mti: str
    processing_code: str
    condition: str = "00"
    type_code: str
    account: str = ""


WORDS: Final[dict[Kind, Words]] = {
    Kind.BALANCE_INQUIRY: Words(mti="0200", processing_code="310000", type_code="01"),
    Kind.ACCOUNT_INQUIRY: Words(mti="0200", processing_code="310000", type_code="91"),
    Kind.PURCHASE: Words(mti="0200", processing_code="000000", type_code="22"),
    Kind.COMBINED_PURCHASE: Words(mti="0200", processing_code="950000", type_code="89"),
    Kind.VOID: Words(mti="0200", processing_code="200000", type_code="23"),
    Kind.REFUND: Words(mti="0220", processing_code="200000", type_code="25"),
    Kind.CASH_LOAD: Words(mti="0200", processing_code="630000", type_code="48"),
    Kind.CASH_LOAD_CONFIRM: Words(mti="0220", processing_code="630000", type_code="48"),
    Kind.POINTS_INQUIRY: Words(
        mti="0200",
        processing_code="310000",
        condition="65",
        type_code="03",
        account="065",
    ),
    Kind.POINTS_EARN: Words(mti="0200", processing_code="210000", condition="65", type_code="61"),
    Kind.CARD_ACTIVATION: Words(mti="0200", processing_code="900000", type_code="81"),
    Kind.PREAUTH: Words(mti="0100", processing_code="030000", condition="06", type_code="10"),
    Kind.PREAUTH_INCREMENT: Words(
        mti="0100", processing_code="030000", condition="60", type_code="10"
    ),
    Kind.COMPLETION: Words(mti="0200", processing_code="000000", condition="06", type_code="20"),
    Kind.COMPLETION_ADVICE: Words(
        mti="0220", processing_code="000000", condition="06", type_code="24"
    ),
    Kind.LOAD_VERIFICATION: Words(mti="0100", processing_code="330000", type_code="01"),
    Kind.VOUCHER_REDEMPTION: Words(mti="0200", processing_code="920000", type_code="83"),
    Kind.LOAD_BY_CODE: Words(mti="0200", processing_code="930000", type_code="87"),
    Kind.LOTTERY_DRAW: Words(mti="0200", processing_code="940000", condition="65", type_code="85"),
    Kind.LOAD_BY_PHONE: Words(mti="0200", processing_code="960000", type_code="92"),
    Kind.POINTS_REDEMPTION: Words(
        mti="0200",
        processing_code="000000",
        condition="65",
        type_code="22",
        account=POINTS_ACCOUNT,
    ),
}
POINTS_VOID: Final = Words(
    mti="0200",
    processing_code="200000",
    condition="65",
    type_code="23",
    account=POINTS_ACCOUNT,
)
POINTS_REFUND: Final = Words(
    mti="0220", processing_code="200000", type_code="25", account=POINTS_REFUND_ACCOUNT
)


EARN_VOID: Final = Words(mti="0200", processing_code="200000", condition="65", type_code="62")
ACTIVATION_VOID: Final = Words(mti="0200", processing_code="910000", type_code="82")
COMBINED_VOID: Final = Words(mti="0200", processing_code="200000", type_code="90")
PREAUTH_VOID: Final = Words(mti="0100", processing_code="200000", condition="06", type_code="11")
COMPLETION_VOID: Final = Words(mti="0200", processing_code="200000", condition="06", type_code="21")
REDEMPTION_VOID: Final = Words(mti="0200", processing_code="200000", type_code="84")
LOAD_BY_CODE_VOID: Final = Words(mti="0200", processing_code="200000", type_code="88")
PHONE_LOAD_VOID: Final = Words(mti="0200", processing_code="200000", type_code="93")
DRAW_VOID: Final = Words(mti="0200", processing_code="200000", condition="65", type_code="86")
VOIDS: Final = {
    Kind.VOUCHER_REDEMPTION: REDEMPTION_VOID,
    Kind.LOAD_BY_CODE: LOAD_BY_CODE_VOID,
    Kind.LOTTERY_DRAW: DRAW_VOID,
    Kind.LOAD_BY_PHONE: PHONE_LOAD_VOID,
    Kind.COMBINED_PURCHASE: COMBINED_VOID,
    Kind.POINTS_REDEMPTION: POINTS_VOID,
    Kind.POINTS_EARN: EARN_VOID,
    Kind.CARD_ACTIVATION: ACTIVATION_VOID,
    Kind.PREAUTH: PREAUTH_VOID,
    Kind.COMPLETION: COMPLETION_VOID,
    Kind.COMPLETION_ADVICE: COMPLETION_VOID,
}
"""Where a void is spelled otherwise than that of a sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The terminal as every message names it."""

    terminal_id: str
    merchant_id: str
    batch: str
    pik: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """An approved purchase or redemption, as a void or refund has to name it."""

    kind: Kind
    card: CardPlan
    amount_minor: int
    batch: str
    trace: str
    rrn: str
    auth_code: str
    date: str
    """MMDD, F13 of its answer."""
    slot: str
    points: int = 0
    """Points that were earned by it, where that is all it is."""
    points_worth_minor: int = 0
    """What of it points have paid."""
    voucher: VoucherPlan | None = None
    """What was used, where it was a voucher."""

    @property
    def is_in_points(self) -> bool:
        """Whether its amount counts points."""
        return self.kind in {Kind.POINTS_REDEMPTION, Kind.LOTTERY_DRAW}


def sign_on(who: Who, trace: str, layout: str, serial: str) -> Fields:
    """0800: asks for working keys in one of the layouts 001, 003, 004."""
    return {
        **named("0800", who, trace),
        "60": f"00{who.batch}{layout}",
        "62": f"Sequence No12{serial}".encode().hex().upper(),
        "63": OPERATOR,
    }


def sign_off(who: Who, trace: str) -> Fields:
    """0820/002: the operator goes home."""
    return {**named("0820", who, trace), "60": f"00{who.batch}002"}


def echo(who: Who) -> Fields:
    """0820/301: are you there. It has no trace."""
    fields = {**named("0820", who, ""), "60": f"00{who.batch}301"}
    del fields["11"]
    return fields


def parameters(who: Who, trace: str) -> Fields:
    """0800/360: asks for the terminal's parameters."""
    return {**named("0800", who, trace), "60": f"00{who.batch}360"}


def parameters_end(who: Who, trace: str) -> Fields:
    """0820/361: they were taken."""
    return {**named("0820", who, trace), "60": f"00{who.batch}361"}


def status(who: Who, trace: str, text: str) -> Fields:
    """0820/362: what the terminal says of itself."""
    return {
        **named("0820", who, trace),
        "60": f"00{who.batch}362",
        "62": text.encode().hex().upper(),
    }


def named(mti: str, who: Who, trace: str) -> Fields:
    """What every message of a terminal begins with."""
    return {"t": mti, "11": trace, "41": who.terminal_id, "42": who.merchant_id}


def swiped(
    kind: Kind,
    who: Who,
    trace: str,
    card: CardPlan,
    *,
    amount_minor: int | None = None,
    pin: Secret | None = None,
) -> Fields:
    """A transaction with the card's stripe: balance, purchase, load, redemption."""
    words = WORDS[kind]
    fields = {**_worded(words, who, trace), **_stripe(card), **_pin(who, card, pin)}
    if card.pan.is_code:
        del fields["35"]
        fields |= _keyed(card)
    if amount_minor is not None:
        fields["4"] = f"{amount_minor:012d}"
    if kind is Kind.LOAD_VERIFICATION:
        fields["48"] = LOAD_CHECK
    if kind is Kind.POINTS_REDEMPTION:
        fields["62"] = f"{PRODUCT_CODE:<30}".encode().hex().upper()
    return fields


def handed_in(who: Who, trace: str, amount_minor: int) -> Fields:
    """A voucher is taken for what is sold, its code to come; no card is presented."""
    fields = _worded(WORDS[Kind.VOUCHER_REDEMPTION], who, trace)
    return {**fields, "4": f"{amount_minor:012d}", "22": SCANNED}


def to_phone(who: Who, trace: str, phone: str, amount_minor: int) -> Fields:
    """Cash is taken for the card of who has a phone number; no card is presented."""
    fields = _worded(WORDS[Kind.LOAD_BY_PHONE], who, trace)
    number = phone.encode().hex().upper()
    return {**fields, "4": f"{amount_minor:012d}", "22": KEYED, "62": number}


def with_code(swiped: Fields, voucher: VoucherPlan, goods: str = "") -> Fields:
    """The same with a voucher's code and the article that it is for, F62."""
    return {**swiped, "62": voucher_text(voucher.code.reveal(), goods).encode().hex().upper()}


def in_lottery(swiped: Fields, lottery: str) -> Fields:
    """The same with the code of what is drawn in, F62."""
    return {**swiped, "62": lottery.encode().hex().upper()}


def dipped(swiped: Fields, _card: CardPlan) -> Fields:
    """The same, read by the chip: F22 says so, F55 is what the chip said."""
    entry = "05" + swiped["22"][2]
    return {**swiped, "22": entry, "23": CARD_SEQUENCE, "55": CHIP_DATA}


def of_account(swiped: Fields, account: str) -> Fields:
    """The same of another account of the card, F60.7."""
    control = swiped["60"][: CONTROL["account"].start]
    return {**swiped, "60": control + account}


def taking_part(swiped: Fields) -> Fields:
    """The same of a terminal that takes an approval of a part, F60.6."""
    control, place = swiped["60"], CONTROL["partial_approval"]
    return {**swiped, "60": f"{control[: place.start]}1{control[place.stop :]}"}


def with_points(swiped: Fields, points: int) -> Fields:
    """The same with how many points may be used, F62."""
    return {**swiped, "62": f"{points:010d}".encode().hex().upper()}


def covered(swiped: Fields, tdk: Secret) -> Fields:
    """The same with its track encrypted under the key that a sign-on 004 brings."""
    track = TrackCipher(tdk).encrypt(Secret(swiped["35"].encode())).reveal().decode()
    digits = swiped["53"]
    return {**swiped, "35": track, "53": digits[:2] + "1" + digits[3:]}


def void(who: Who, trace: str, sale: Sale) -> Fields:
    """Takes back a sale of the current batch, whole. The card number is keyed from the log."""
    words = VOIDS.get(sale.kind, WORDS[Kind.VOID])
    return {
        **_worded(words, who, trace),
        **_keyed(sale.card),
        "4": f"{sale.amount_minor:012d}",
        "37": sale.rrn,
        "38": sale.auth_code,
        "61": sale.batch + sale.trace + (sale.date if sale.kind is Kind.PREAUTH else ""),
    }


def of_hold(kind: Kind, who: Who, trace: str, held: Sale, amount_minor: int) -> Fields:
    """More is held, or what was held is completed, by what the slip says: its code and date."""
    return {
        **_worded(WORDS[kind], who, trace),
        **_keyed(held.card),
        "4": f"{amount_minor:012d}",
        "38": held.auth_code,
        "61": held.batch + held.trace + held.date,
    }


def refund(who: Who, trace: str, sale: Sale, amount_minor: int) -> Fields:
    """Gives back all or part of a sale of any batch."""
    words = POINTS_REFUND if sale.is_in_points else WORDS[Kind.REFUND]
    return {
        **_worded(words, who, trace),
        **_stripe(sale.card),
        **_pin(who, sale.card, None),
        "4": f"{amount_minor:012d}",
        "37": sale.rrn,
        "61": f"000000000000{sale.date}",
        "63": "000",
    }


def confirm(load: Fields, card: CardPlan, rrn: str | None) -> Fields:
    """Tells the host that a cash load without a clear answer did happen. Same trace."""
    batch = load["60"][2:8]
    kept = {name: load[name] for name in ("3", "4", "11", "22", "25", "41", "42", "49", "60")}
    fields = {"t": "0220", **_keyed(card), **kept, "61": batch + load["11"]}
    if rrn is not None:
        fields["37"] = rrn
    return fields


def reversal(original: Fields, reason: str) -> Fields:
    """0400: undoes a message of the same trace. `reason` is F39: 98 silence, A0 MAC, 06 other."""
    kept = {name: text for name, text in original.items() if name in KEPT_IN_REVERSAL}
    return {"t": "0400", **kept, "39": reason}


def _worded(words: Words, who: Who, trace: str) -> Fields:
    return {
        **named(words.mti, who, trace),
        "3": words.processing_code,
        "25": words.condition,
        "49": NUMBER_BY_CURRENCY["CNY"],
        "60": f"{words.type_code}{who.batch}000{CAPABILITY}{words.account}",
    }


def _stripe(card: CardPlan) -> Fields:
    track = f"{card.pan.reveal()}D{card.expiry}{SERVICE_CODE}"
    return {"35": track.ljust(TRACK_2_DIGITS, "0")}


def _keyed(card: CardPlan) -> Fields:
    if card is NO_CARD:
        return {"22": SCANNED}
    if card.pan.is_code:
        return {"2": card.pan.reveal(), "22": SCANNED}
    return {"2": card.pan.reveal(), "14": card.expiry, "22": "012"}


def _pin(who: Who, card: CardPlan, pin: Secret | None) -> Fields:
    if pin is None or who.pik is None:
        return {"22": "022", "53": "0600000000000000"}
    block = make_pin_block(who.pik, pin, card.pan, 0)
    return {
        "22": "021",
        "26": "12",
        "52": block.reveal().hex().upper(),
        "53": "2600000000000000",
    }
