"""What payment applications on phones ask and are told: the JSON of SoftPOS, as strict structs.

A card number never comes in clear: `pan_block` is the PAN or track 2 under the data key of the
message's KSN, and a PIN block is under its PIN key; both are opened by the host. One message has
one KSN: what is under another may be an old block played again.
"""

from typing import Annotated, Final, Literal

import msgspec

from host.model.money import POINTS_PREFIX, Money
from host.model.requests import (
    KINDS,
    NAMES_HOLD,
    OF_PHONES,
    AccountTold,
    ExchangeKey,
    Family,
    Kind,
    Original,
    PinBlock,
    Request,
    Response,
    SealedPan,
    Totals,
)
from host.model.responses import RESPONSE_CODES, Reason
from host.model.secrets import Secret
from terminals.json_values import (
    AmountMinor,
    AuthText,
    DateText,
    GoodsText,
    MerchantText,
    ReferenceText,
    TerminalText,
)
from terminals.lotteries import drawn_in
from terminals.orders import ORDERED, OrderText, order_of
from terminals.parts import besides_of
from terminals.phones import besides_of as phone_besides
from terminals.vouchers import besides_of as voucher_besides
from terminals.vouchers import words_of as voucher_words_of

INSTITUTION: Final = "softpos"
PIN_FORMAT: Final = 4
BLOCK_BYTES: Final = 16
PAN_BLOCK_BYTES_MAX: Final = 64

MsgId = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_.:-]{1,32}\Z")]
InstanceText = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]{16}\Z")]
"""The initial key id of the app instance."""
KsnText = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]{24}\Z")]
BatchNumber = Annotated[int, msgspec.Meta(ge=0, le=999_999)]
SequenceNumber = Annotated[int, msgspec.Meta(ge=1, le=999_999)]
Count = Annotated[int, msgspec.Meta(ge=0, le=999_999)]
TokenText = Annotated[str, msgspec.Meta(max_length=2048)]
MacText = Annotated[str, msgspec.Meta(min_length=12, max_length=12)]
"""Eight bytes in base64."""
Entry = Literal["nfc", "qr", "keyed", "card"]

ENTRY_MODES: Final[dict[str, str]] = {"nfc": "072", "qr": "032", "keyed": "012", "card": "052"}
"""`entry` to F22."""


class Operation(msgspec.Struct, frozen=True):
    """One operation an app may ask."""

    means: Kind | Reason
    needs: frozenset[str] = frozenset()
    """Fields it must have beside those every message has."""
    in_points: bool = False
    needs_attestation: bool = True


_CARD: Final = frozenset({"pan_block", "entry"})
_TRADE: Final = _CARD | {"amount"}
_OFFERED_NOT: Final = Operation(Reason.FUNCTION_NOT_SUPPORTED)

OPERATIONS: Final[dict[str, Operation]] = {
    "purchase": Operation(Kind.PURCHASE, _TRADE),
    "combined": Operation(Kind.COMBINED_PURCHASE, _TRADE),
    "points_redeem": Operation(Kind.POINTS_REDEMPTION, _TRADE, in_points=True),
    "points_earn": Operation(Kind.POINTS_EARN, _TRADE),
    "top_up": Operation(Kind.CASH_LOAD, _TRADE),
    "balance": Operation(Kind.BALANCE_INQUIRY, _CARD),
    "account": Operation(Kind.ACCOUNT_INQUIRY, _CARD),
    "void": Operation(Kind.VOID, frozenset({"amount", "original"})),
    "refund": Operation(Kind.REFUND, _TRADE | {"original"}),
    "reverse": Operation(
        Kind.REVERSAL, frozenset({"amount", "original_op"}), needs_attestation=False
    ),
    "settle": Operation(Kind.SETTLEMENT, frozenset({"totals"}), needs_attestation=False),
    "echo": Operation(Kind.ECHO, needs_attestation=False),
    "activate": _OFFERED_NOT,
    "preauth": Operation(Kind.PREAUTH, _TRADE),
    "preauth_more": Operation(Kind.PREAUTH_INCREMENT, _TRADE | {"original"}),
    "preauth_void": Operation(Kind.PREAUTH_VOID, _TRADE | {"original"}),
    "complete": Operation(Kind.COMPLETION, _TRADE | {"original"}),
    "complete_void": Operation(Kind.COMPLETION_VOID, frozenset({"amount", "original"})),
    "voucher": Operation(Kind.VOUCHER_REDEMPTION, frozenset({"voucher_block", "amount"})),
    "load_code": Operation(Kind.LOAD_BY_CODE, _CARD | {"voucher_block"}),
    "voucher_void": Operation(Kind.VOUCHER_VOID, frozenset({"original"})),
    "load_phone": Operation(Kind.LOAD_BY_PHONE, frozenset({"phone_block", "amount"})),
    "load_phone_void": Operation(Kind.PHONE_LOAD_VOID, frozenset({"amount", "original"})),
    "lottery": Operation(Kind.LOTTERY_DRAW, _TRADE | {"goods"}, in_points=True),
}
"""A reversal has the batch and number of what it undoes and needs no attestation: an app that
has lost its standing must still be able to put money back. It moves what the app itself moved. No
completion is advised: an app decides nothing off-line, and one it was not told of it repeats."""


OriginalOperation = Literal[
    "purchase",
    "combined",
    "points_redeem",
    "points_earn",
    "top_up",
    "void",
    "lottery",
    "preauth",
    "preauth_more",
    "preauth_void",
    "complete",
    "complete_void",
    "voucher",
    "load_code",
    "voucher_void",
    "load_phone",
    "load_phone_void",
]
"""What a reversal may undo."""


class PinWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A PIN block of ISO 9564-1 format 4."""

    ksn: KsnText
    block: Secret


class OriginalWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a void or refund is about: by batch and number, by reference, or by both."""

    batch: BatchNumber | None = None
    seq: SequenceNumber | None = None
    rrn: ReferenceText | None = None
    date: DateText | None = None
    auth: AuthText | None = None
    unit: Literal["CNY", "P:"] = "CNY"


class TotalsWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One half of a settlement."""

    debit_minor: AmountMinor = 0
    debit_count: Count = 0
    credit_minor: AmountMinor = 0
    credit_count: Count = 0


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An app's request. What its operation must have is a row of `OPERATIONS`."""

    msgid: MsgId
    """Unique in the app instance: what the attestation is bound to; a repeat has the same."""
    instance: InstanceText
    tid: TerminalText
    mid: MerchantText
    batch: BatchNumber
    seq: SequenceNumber
    op: str
    ksn: KsnText
    mac: MacText
    amount: AmountMinor | None = None
    entry: Entry | None = None
    pan_block: Secret | None = None
    pin: PinWords | None = None
    original: OriginalWords | None = None
    original_op: OriginalOperation | None = None
    goods: GoodsText | None = None
    """What is bought with points, or a voucher is handed in for; of a draw, the lottery's code."""
    voucher_block: Secret | None = None
    """A voucher's code, sealed as a card number is."""
    phone_block: Secret | None = None
    """Whose card is loaded, a phone number, sealed likewise: no card is named then."""
    partial: bool = False
    """The app takes an approval of a part, and asks for the rest otherwise."""
    points_max: AmountMinor | None = None
    """Of a combined purchase: how many points may be used; without it as many as there are."""
    order: OrderText | None = None
    """The order that is paid, or given back, in the merchant's own numbers."""
    sub_order: OrderText | None = None
    attestation: TokenText | None = None
    totals: TotalsWords | None = None
    points_totals: TotalsWords | None = None


NAMES_ORIGINAL: Final = NAMES_HOLD | {
    Kind.VOID,
    Kind.REFUND,
    Kind.REVERSAL,
    Kind.COMPLETION_VOID,
    Kind.VOUCHER_VOID,
    Kind.PHONE_LOAD_VOID,
}
KEY_WORDS: Final = frozenset(
    {
        *("msgid", "instance", "tid", "mid", "batch", "seq", "op", "ksn", "mac"),
        *("amount", "original_op"),
    }
)
"""What a message is known and proved by, and a reversal finds its original by."""


class DrawnWords(msgspec.Struct, frozen=True, kw_only=True):
    """What one card has paid."""

    card: str
    """First six, last four."""
    amount: int


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to an app. `msgid`, `instance`, `batch` and `seq` say to what."""

    msgid: str
    tid: str
    op: str
    code: str
    """00 approved, else the usual code of the reason."""
    text: str
    instance: str | None = None
    mid: str | None = None
    batch: int | None = None
    seq: int | None = None
    ksn: str | None = None
    """The request's: the answer's code is under the verifying key of the same KSN."""
    amount: int | None = None
    rrn: str | None = None
    auth: str | None = None
    date: str | None = None
    """The business date."""
    time: str | None = None
    """Our clock, YYYYMMDDhhmmss."""
    balance: int | None = None
    points: int | None = None
    points_earned: int = 0
    points_used: int = 0
    self_pay_minor: int = 0
    points_worth: int = 0
    """Of a combined purchase: what the points that were used have paid of it."""
    drawn: tuple[DrawnWords, ...] = ()
    """And what was paid with money, card by card."""
    account: AccountTold | None = None
    """What a card has, as it was asked for."""
    draw: str | None = None
    """Of a lottery: what the draw is called, by which it is found in the list."""
    prize: str | None = None
    """The prize's code."""
    prize_text: str | None = None
    voucher: str | None = None
    """What was used, masked, and what of it: `terminals.vouchers.words_of`."""
    voucher_taken: int = 0
    voucher_unit: str | None = None
    voucher_rest: int = 0
    voucher_left: int = 0
    voucher_free: bool = False
    next_batch: int | None = None
    totals: TotalsWords | None = None
    agrees: bool | None = None
    points_totals: TotalsWords | None = None
    points_agree: bool | None = None


FOR_GOODS: Final = frozenset(
    {Kind.POINTS_REDEMPTION, Kind.POINTS_EARN, Kind.VOUCHER_REDEMPTION, Kind.LOAD_BY_CODE}
)
"""Of which it is said what they are for."""


def request_of(asked: Asked, row: Operation, kind: Kind, generation: int) -> Request | None:
    """What an app asks, None where something that its operation needs is missing or misshapen."""
    if any(getattr(asked, name) is None for name in row.needs) or not _blocks_fit(asked):
        return None
    key = ExchangeKey(
        INSTITUTION, asked.tid, f"{asked.batch:06d}", f"{asked.seq:06d}", KINDS[kind].family
    )
    if asked.pan_block is not None and kind in OF_PHONES:
        return None
    original = _original(asked, kind, key)
    if original is None and kind in NAMES_ORIGINAL:
        return None
    try:
        order = order_of(asked.order, asked.sub_order, None) if kind in ORDERED else None
        code, phone = (_sealed(asked, one) for one in (asked.voucher_block, asked.phone_block))
        besides = drawn_in(kind, asked.goods) or voucher_besides(kind, None, code)
        besides = besides or phone_besides(kind, None, phone)
    except ValueError:
        return None
    block, pin = asked.pan_block, asked.pin
    return Request(
        kind=kind,
        key=key,
        merchant_id=asked.mid,
        amount=_amount(asked, row) if "amount" in row.needs else None,
        pin=PinBlock(PIN_FORMAT, pin.block, pin.ksn) if pin is not None else None,
        entry_mode=ENTRY_MODES[asked.entry] if asked.entry is not None else "000",
        original=original,
        goods=asked.goods if kind in FOR_GOODS else None,
        key_generation=generation,
        totals=_totals(asked) if kind is Kind.SETTLEMENT else None,
        sealed_pan=SealedPan(block, asked.ksn) if block is not None else None,
        ksn=asked.ksn,
        order=order,
        besides=besides or besides_of(kind, partial=asked.partial, points_max=asked.points_max),
    )


def told_of(asked: Asked, response: Response) -> Told:
    """The answer in the app's words."""
    row = RESPONSE_CODES[response.reason]
    balance = response.balance
    halves = response.totals or (None, None)
    agree = response.totals_agree or (None, None)
    draw = response.besides.draw if response.besides is not None else None
    return Told(
        msgid=asked.msgid,
        instance=asked.instance,
        tid=asked.tid,
        mid=asked.mid,
        batch=asked.batch,
        seq=asked.seq,
        op=asked.op if asked.op in OPERATIONS else "",
        ksn=asked.ksn,
        code=row.f39,
        text=row.chinese,
        amount=(response.part_minor or asked.amount) if response.is_approved else None,
        rrn=response.rrn or None,
        auth=response.auth_code,
        date=response.business_date or None,
        time=response.local_time or None,
        balance=balance.amount_minor if balance is not None else None,
        points=response.points_balance,
        points_earned=response.points_earned,
        points_used=response.points_used,
        self_pay_minor=response.self_pay_minor,
        points_worth=response.besides.points_worth_minor if response.besides is not None else 0,
        drawn=_drawn(response),
        account=response.besides.account if response.besides is not None else None,
        draw=draw.draw if draw is not None else None,
        prize=draw.prize if draw is not None else None,
        prize_text=draw.text if draw is not None else None,
        **voucher_words_of(response),
        next_batch=int(response.epoch) if response.epoch and response.epoch.isdigit() else None,
        totals=_words(halves[0]),
        agrees=agree[0],
        points_totals=_words(halves[1]),
        points_agree=agree[1],
    )


def ksn_is_the_instances(asked: Asked) -> bool:
    """Whether the KSNs are those of one message of this instance."""
    pin_is_of_it = asked.pin is None or asked.pin.ksn == asked.ksn
    return asked.ksn.startswith(asked.instance) and pin_is_of_it


def _blocks_fit(asked: Asked) -> bool:
    """Ciphertext comes in whole AES blocks: one for a PIN, up to four for a track."""
    pin = asked.pin
    if pin is not None and len(pin.block) != BLOCK_BYTES:
        return False
    return all(
        len(block) % BLOCK_BYTES == 0 and BLOCK_BYTES <= len(block) <= PAN_BLOCK_BYTES_MAX
        for block in (asked.pan_block, asked.voucher_block, asked.phone_block)
        if block is not None
    )


def _sealed(asked: Asked, block: Secret | None) -> SealedPan | None:
    return SealedPan(block, asked.ksn) if block is not None else None


def _amount(asked: Asked, row: Operation) -> Money:
    assert asked.amount is not None
    original = asked.original
    in_points = row.in_points or asked.original_op in {"points_redeem", "lottery"}
    if original is not None and original.unit == POINTS_PREFIX:
        in_points = True
    return Money(asked.amount, POINTS_PREFIX if in_points else "CNY")


def _original(asked: Asked, kind: Kind, key: ExchangeKey) -> Original | None:
    if kind is Kind.REVERSAL:
        undone = OPERATIONS[asked.original_op or ""].means
        assert isinstance(undone, Kind)
        rrn = asked.original.rrn if asked.original is not None else None
        return Original(key=key.of_family(Family.FINANCIAL), rrn=rrn, kind=undone)
    words = asked.original
    if words is None or (words.seq is None and words.rrn is None and not _is_slip(words, kind)):
        return None
    batch = asked.batch if words.batch is None else words.batch
    named = ExchangeKey(
        key.institution, key.terminal_id, f"{batch:06d}", f"{words.seq or 0:06d}", Family.FINANCIAL
    )
    return Original(
        key=named if words.seq is not None else None,
        rrn=words.rrn,
        auth_code=words.auth,
        local_date=words.date[4:] if words.date else None,
    )


def _is_slip(words: OriginalWords, kind: Kind) -> bool:
    """Whether it names a pre-authorisation by its code and date, of whichever terminal."""
    return kind in NAMES_HOLD and words.auth is not None and words.date is not None


def _drawn(response: Response) -> tuple[DrawnWords, ...]:
    drawn = response.besides.drawn if response.besides is not None else ()
    return tuple(DrawnWords(card=one.card, amount=one.amount_minor) for one in drawn)


def _totals(asked: Asked) -> tuple[Totals, Totals]:
    money, points = (
        Totals(half.debit_minor, half.debit_count, half.credit_minor, half.credit_count)
        for half in (asked.totals or TotalsWords(), asked.points_totals or TotalsWords())
    )
    return money, points


def _words(totals: Totals | None) -> TotalsWords | None:
    if totals is None:
        return None
    return TotalsWords(
        debit_minor=totals.debit_minor,
        debit_count=totals.debit_count,
        credit_minor=totals.credit_minor,
        credit_count=totals.credit_count,
    )
