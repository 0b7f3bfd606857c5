"""What tills of merchant systems ask and are told, whatever form their payload has.

`Asked` and `Told` are the one set of words behind the three payload forms: the JSON form spells
them as they are, the record layouts and the ISO 8583 form name the same values by places and
field numbers. From here on a till is a terminal like any other: `request_of` gives the house's
`Request`, so a merchant system adds no rule of its own.

A message is the same message when till, request number and date are the same. The date is the
till's own and in the message: a date of ours would change under a repeat at midnight, and the
sale would be made twice. Sign-on and echo move nothing and need none.
"""

from collections.abc import Callable, Mapping
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
    Totals,
)
from host.model.responses import RESPONSE_CODES, Reason
from host.model.secrets import Pan, Secret
from terminals.json_values import (
    AmountMinor,
    AuthText,
    CodeSecret,
    DateText,
    EntryText,
    ExpiryText,
    GoodsText,
    HexSecret,
    MerchantText,
    NoteText,
    PhoneSecret,
    ReferenceText,
    TimeText,
    converted,
)
from terminals.lotteries import drawn_in
from terminals.orders import ORDERED, OrderText, order_of
from terminals.parts import besides_of
from terminals.phones import besides_of as phone_besides
from terminals.vouchers import besides_of as voucher_besides
from terminals.vouchers import words_of as voucher_words_of

INSTITUTION: Final = "mis"
UNDATED: Final = "00000000"
"""The date in the key of a message that needs none."""
SIGN_ON_AGAIN: Final = "3"
PIN_BLOCK_BYTES: Final = 8
REFERENCE_LENGTH: Final = 12
"""A sign-on or echo has a longer reference, made of its request number: it is no RRN."""

NumberText = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{12}\Z")]
EchoText = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=999_999)]


class Head(msgspec.Struct, frozen=True):
    """What stands before every payload: request number, till id, message code."""

    number: str
    till: str
    code: str


class Code(msgspec.Struct, frozen=True):
    """One message code of the header."""

    means: Kind | Reason
    """What it asks, or the reason with which a transaction is refused that is not offered."""
    title: str
    is_sealed: bool = True
    """Whether it is refused without a right authentication code."""


_NOT_OFFERED: Final = Reason.FUNCTION_NOT_SUPPORTED

CODES: Final[dict[str, Code]] = {
    "SALE": Code(Kind.PURCHASE, "消费"),
    "CMBN": Code(Kind.COMBINED_PURCHASE, "组合支付"),
    "VOID": Code(Kind.VOID, "消费撤销"),
    "REFD": Code(Kind.REFUND, "退货"),
    "BALQ": Code(Kind.BALANCE_INQUIRY, "余额查询"),
    "ACCQ": Code(Kind.ACCOUNT_INQUIRY, "账户综合查询"),
    "TOPU": Code(Kind.CASH_LOAD, "现金充值"),
    "PNTR": Code(Kind.POINTS_REDEMPTION, "积分消费"),
    "PNTE": Code(Kind.POINTS_EARN, "积分累计"),
    "REVS": Code(Kind.REVERSAL, "冲正"),
    "BTCH": Code(Kind.SETTLEMENT, "批结算"),
    "SIGN": Code(Kind.SIGN_ON, "签到", is_sealed=False),
    "ECHO": Code(Kind.ECHO, "回响测试", is_sealed=False),
    "ACTV": Code(_NOT_OFFERED, "卡激活"),
    "VOUC": Code(Kind.VOUCHER_REDEMPTION, "代金券核销"),
    "VOUL": Code(Kind.LOAD_BY_CODE, "兑换码充值"),
    "VOUV": Code(Kind.VOUCHER_VOID, "代金券撤销"),
    "PHOL": Code(Kind.LOAD_BY_PHONE, "手机号充值"),
    "PHOV": Code(Kind.PHONE_LOAD_VOID, "手机号充值撤销"),
    "LOTT": Code(Kind.LOTTERY_DRAW, "抽奖"),
    "UPLD": Code(_NOT_OFFERED, "批上送"),
    "PRAU": Code(Kind.PREAUTH, "预授权"),
    "PRAI": Code(Kind.PREAUTH_INCREMENT, "追加预授权"),
    "PRAV": Code(Kind.PREAUTH_VOID, "预授权撤销"),
    "CMPL": Code(Kind.COMPLETION, "预授权完成"),
    "CMPA": Code(Kind.COMPLETION_ADVICE, "完成通知"),
    "CMPV": Code(Kind.COMPLETION_VOID, "完成撤销"),
}
"""A reversal has the request number and date of what it undoes and says its code; a till that
only missed the answer may as well repeat the request: it gets the first answer again."""

OriginalCode = Literal[
    "SALE",
    "CMBN",
    "VOID",
    "TOPU",
    "PNTR",
    "PNTE",
    "LOTT",
    "PRAU",
    "PRAI",
    "PRAV",
    "CMPL",
    "CMPV",
    "VOUC",
    "VOUL",
    "VOUV",
    "PHOL",
    "PHOV",
]
"""What a reversal may undo. A refund and a completion that was advised are repeated instead."""


class TotalsWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One half of a settlement: what a day of this till adds up to on each side."""

    debit_minor: AmountMinor = 0
    debit_count: Count = 0
    credit_minor: AmountMinor = 0
    credit_count: Count = 0


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A till's request. What its kind must have is a row of `NEEDS`."""

    merchant: MerchantText
    date: DateText | None = None
    """The till's own date: part of the key."""
    time: TimeText | None = None
    amount: AmountMinor | None = None
    unit: Literal["CNY", "P:"] = "CNY"
    """Of a void or refund: what the original was in. A redemption is in points anyway."""
    card: Pan | None = None
    expiry: ExpiryText | None = None
    pin: HexSecret | None = None
    """A PIN block of ISO 9564-1 format 0 under the till's PIN key."""
    entry: EntryText = "010"
    original_number: NumberText | None = None
    original_date: DateText | None = None
    """Without it the original is of this message's date."""
    original_reference: ReferenceText | None = None
    original_auth: AuthText | None = None
    original_code: OriginalCode | None = None
    goods: GoodsText | None = None
    """What is bought with points, or a voucher is handed in for; of a draw, the lottery's code."""
    voucher: CodeSecret | None = None
    """The voucher's code, in groups or not."""
    phone: PhoneSecret | None = None
    """Whose card is loaded: no card is named then."""
    partial: bool = False
    """The till takes an approval of a part, and asks for the rest otherwise."""
    points_max: AmountMinor | None = None
    """Of a combined purchase: how many points may be used; without it as many as there are."""
    order: OrderText | None = None
    """The order that is paid, or given back, in the merchant's own numbers."""
    sub_order: OrderText | None = None
    operator: NoteText | None = None
    memo: NoteText | None = None
    echo: EchoText | None = None
    """The till's own check ("LRC"): repeated in the answer."""
    keys: Literal["001", "003", "004"] = "003"
    serial: NoteText | None = None
    totals: TotalsWords | None = None
    points_totals: TotalsWords | None = None


class DrawnWords(msgspec.Struct, frozen=True, kw_only=True):
    """What one card has paid."""

    card: str
    """First six, last four."""
    amount: int


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a till. `number`, `date` and `till` say to what: they are the key."""

    code: str
    """00 approved, else the usual code of the reason."""
    text: str
    till: str
    number: str
    merchant: str | None = None
    date: str | None = None
    local_date: str | None = None
    """Our clock's, YYYYMMDD."""
    local_time: str | None = None
    business_date: str | None = None
    amount: int | None = None
    card: str | None = None
    """First six, last four."""
    reference: str | None = None
    auth: str | None = None
    batch: str | None = None
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
    key_block: str | None = None
    """Sign-on: keys under the till's master key with their check values, hexadecimal."""
    next: str | None = None
    """`3`: sign on before anything else."""
    echo: str | None = None
    totals: TotalsWords | None = None
    agrees: bool | None = None
    points_totals: TotalsWords | None = None
    points_agree: bool | None = None


FOR_GOODS: Final = frozenset(
    {Kind.POINTS_REDEMPTION, Kind.POINTS_EARN, Kind.VOUCHER_REDEMPTION, Kind.LOAD_BY_CODE}
)
"""Of which it is said what they are for."""
IN_POINTS: Final = frozenset({Kind.POINTS_REDEMPTION, Kind.LOTTERY_DRAW})
"""Whose amount counts points, whatever unit is named."""
_TRADE: Final = frozenset({"date", "card", "amount"})
NEEDS: Final[dict[Kind, frozenset[str]]] = {
    Kind.PURCHASE: _TRADE,
    Kind.COMBINED_PURCHASE: _TRADE,
    Kind.CASH_LOAD: _TRADE,
    Kind.POINTS_REDEMPTION: _TRADE,
    Kind.POINTS_EARN: _TRADE,
    Kind.LOTTERY_DRAW: _TRADE | {"goods"},
    Kind.REFUND: _TRADE,
    Kind.VOUCHER_REDEMPTION: frozenset({"date", "amount", "voucher"}),
    Kind.LOAD_BY_CODE: frozenset({"date", "card", "voucher"}),
    Kind.VOUCHER_VOID: frozenset({"date"}),
    Kind.LOAD_BY_PHONE: frozenset({"date", "amount", "phone"}),
    Kind.PHONE_LOAD_VOID: frozenset({"date", "amount"}),
    Kind.VOID: frozenset({"date", "amount"}),
    Kind.PREAUTH: _TRADE,
    **dict.fromkeys(NAMES_HOLD, _TRADE),
    Kind.COMPLETION_VOID: frozenset({"date", "amount"}),
    Kind.REVERSAL: frozenset({"date", "amount", "original_code"}),
    Kind.BALANCE_INQUIRY: frozenset({"date", "card"}),
    Kind.ACCOUNT_INQUIRY: frozenset({"date", "card"}),
    Kind.SETTLEMENT: frozenset({"date", "totals"}),
    Kind.SIGN_ON: frozenset(),
    Kind.ECHO: frozenset(),
}
"""What a request of each kind has to carry beside its merchant."""


def request_of(kind: Kind, head: Head, asked: Asked, generation: int) -> Request | None:
    """What a till asks, None where something that its kind needs is missing."""
    needs = NEEDS[kind]
    if any(getattr(asked, name) is None for name in needs):
        return None
    if asked.pin is not None and len(asked.pin) != PIN_BLOCK_BYTES:
        return None
    if asked.card is not None and kind in OF_PHONES:
        return None
    key = ExchangeKey(
        INSTITUTION, head.till, asked.date or UNDATED, head.number, KINDS[kind].family
    )
    original_of = _ORIGINALS.get(kind)
    original = original_of(asked, key) if original_of else None
    if original_of and original is None:
        return None
    try:
        order = order_of(asked.order, asked.sub_order, asked.card) if kind in ORDERED else None
        besides = drawn_in(kind, asked.goods) or voucher_besides(kind, asked.voucher)
        besides = besides or phone_besides(kind, asked.phone)
    except ValueError:
        return None
    return Request(
        kind=kind,
        key=key,
        merchant_id=asked.merchant,
        pan=asked.card,
        expiry=asked.expiry,
        amount=_amount(kind, asked) if "amount" in needs else None,
        pin=PinBlock(0, Secret(asked.pin.reveal())) if asked.pin is not None else None,
        entry_mode=asked.entry,
        original=original,
        goods=asked.goods if kind in FOR_GOODS else None,
        key_generation=generation,
        working_keys=asked.keys if kind is Kind.SIGN_ON else None,
        serial=asked.serial if kind is Kind.SIGN_ON else None,
        totals=(_totals(asked.totals), _totals(asked.points_totals))
        if kind is Kind.SETTLEMENT
        else None,
        order=order,
        besides=besides or besides_of(kind, partial=asked.partial, points_max=asked.points_max),
    )


KEY_WORDS: Final = ("date", "amount", "original_code", "unit")
"""What a reversal is found by, beside its header."""
_NO_MERCHANT: Final = "0" * 15


def reversal_by_key(head: Head, values: Mapping[str, object], generation: int) -> Request | None:
    """What undoes by its key alone, whoever the merchant is; None where that is not whole.

    Raises:
        DecodeError: a part of the key is none.
    """
    key = {name: values[name] for name in KEY_WORDS if name in values}
    asked = converted({"merchant": _NO_MERCHANT, **key}, Asked)
    request = request_of(Kind.REVERSAL, head, asked, generation)
    return msgspec.structs.replace(request, merchant_id="") if request is not None else None


def date_of(values: Mapping[str, object]) -> str:
    """The date among the words of a message that is sound so far; `UNDATED` where there is none.

    Raises:
        DecodeError: what stands in its place is no text of a date's shape.
    """
    date = converted({"merchant": _NO_MERCHANT, "date": values.get("date")}, Asked).date
    return date or UNDATED


def told_of(head: Head, asked: Asked | None, response: Response) -> Told:
    """The answer in the till's words; of a request that was never read, little is repeated."""
    row = RESPONSE_CODES[response.reason]
    moved = response.is_approved and asked is not None
    balance = response.balance
    halves = response.totals or (None, None)
    agree = response.totals_agree or (None, None)
    draw = response.besides.draw if response.besides is not None else None
    return Told(
        code=row.f39,
        text=row.chinese,
        till=head.till,
        number=head.number,
        merchant=asked.merchant if asked else None,
        date=asked.date if asked else None,
        local_date=response.local_time[:8] or None,
        local_time=response.local_time[8:] or None,
        business_date=response.business_date or None,
        amount=(response.part_minor or asked.amount) if moved and asked else None,
        card=asked.card.masked if asked and asked.card else None,
        reference=response.rrn if len(response.rrn) == REFERENCE_LENGTH else None,
        auth=response.auth_code,
        batch=response.epoch,
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
        key_block=response.key_block.hex().upper() or None,
        next=SIGN_ON_AGAIN if response.sign_on_again else None,
        echo=asked.echo if asked else None,
        totals=_words(halves[0]),
        agrees=agree[0],
        points_totals=_words(halves[1]),
        points_agree=agree[1],
    )


def _amount(kind: Kind, asked: Asked) -> Money:
    assert asked.amount is not None
    in_points = kind in IN_POINTS or asked.original_code in {"PNTR", "LOTT"}
    return Money(asked.amount, POINTS_PREFIX if in_points else asked.unit)


def _original_named(asked: Asked, key: ExchangeKey) -> Original | None:
    """A void or refund: its original by request number and date, by reference, or by both."""
    date = asked.original_date or asked.date
    number = asked.original_number
    if number is None and asked.original_reference is None:
        return None
    named = ExchangeKey(key.institution, key.terminal_id, date or UNDATED, number or "", _MONEY)
    return Original(
        key=named if number is not None else None,
        rrn=asked.original_reference,
        auth_code=asked.original_auth,
        local_date=date[4:] if date else None,
    )


def _hold_named(asked: Asked, key: ExchangeKey) -> Original | None:
    """A pre-authorisation as its slip names it: also by its code and date, of whichever till.

    Without a date of its own it may be of any: a hold lasts for weeks.
    """
    number, date = asked.original_number, asked.original_date
    is_numbered = number is not None and bool(number.strip("0"))
    if not (is_numbered or asked.original_reference or (asked.original_auth and date)):
        return None
    named = ExchangeKey(
        key.institution, key.terminal_id, date or asked.date or UNDATED, number or "", _MONEY
    )
    return Original(
        key=named if is_numbered else None,
        rrn=asked.original_reference,
        auth_code=asked.original_auth,
        local_date=date[4:] if date else None,
    )


def _original_of_same_number(asked: Asked, key: ExchangeKey) -> Original | None:
    """A reversal keeps the number and date of what it undoes."""
    kind = CODES[asked.original_code or ""].means
    assert isinstance(kind, Kind)
    return Original(key=key.of_family(_MONEY), rrn=asked.original_reference, kind=kind)


def _drawn(response: Response) -> tuple[DrawnWords, ...]:
    drawn = response.besides.drawn if response.besides is not None else ()
    return tuple(DrawnWords(card=one.card, amount=one.amount_minor) for one in drawn)


def _totals(words: TotalsWords | None) -> Totals:
    if words is None:
        return Totals()
    return Totals(words.debit_minor, words.debit_count, words.credit_minor, words.credit_count)


def _words(totals: Totals | None) -> TotalsWords | None:
    if totals is None:
        return None
    return TotalsWords(
        debit_minor=totals.debit_minor,
        debit_count=totals.debit_count,
        credit_minor=totals.credit_minor,
        credit_count=totals.credit_count,
    )


_MONEY: Final = Family.FINANCIAL
_ORIGINALS: Final[dict[Kind, Callable[[Asked, ExchangeKey], Original | None]]] = {
    Kind.VOID: _original_named,
    Kind.VOUCHER_VOID: _original_named,
    Kind.PHONE_LOAD_VOID: _original_named,
    Kind.REFUND: _original_named,
    **dict.fromkeys(NAMES_HOLD, _hold_named),
    Kind.COMPLETION_VOID: _original_named,
    Kind.REVERSAL: _original_of_same_number,
}
