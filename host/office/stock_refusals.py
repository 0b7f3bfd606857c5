"""What the office says where `host.stock` says no: each of its whys, in words."""

from collections.abc import Mapping, Sequence
from typing import Final

from host.model.money import HOUSE_CURRENCY, Money
from host.model.responses import RESPONSE_CODES, Reason
from host.model.word import Word
from host.office.advert_refusals import ADVERT_REFUSALS
from host.office.dispute_refusals import DISPUTE_REFUSALS
from host.office.enterprise_refusals import ENTERPRISE_REFUSALS
from host.office.lottery_refusals import LOTTERY_REFUSALS
from host.office.member_refusals import MEMBER_REFUSALS
from host.office.payout_refusals import PAYOUT_REFUSALS
from host.office.recon_refusals import RECON_REFUSALS
from host.office.refusals import (
    NOT_FOUND,
    REFUSALS,
    SAME_PERSON,
    STATE,
    Refusal,
    RefusalKind,
)
from host.office.rule_refusals import RULE_REFUSALS
from host.office.words import word_of
from host.stock.numbers import Fault, LineFault
from host.stock.refusals import StockRefusal, Why


def _row(why: Why, en: str, zh: str, next_: str) -> RefusalKind:
    return RefusalKind(
        code=why.value,
        en=f"{en}{{facts}}",
        zh=f"{zh}{{facts}}",
        why=en,
        next=next_,
    )


OF_STOCK: Final[Mapping[Why, RefusalKind]] = {
    Why.STATE: STATE,
    Why.SAME_PERSON: SAME_PERSON,
    Why.NOT_FOUND: NOT_FOUND,
    Why.GENERATING: _row(
        Why.GENERATING, "its cards are still being made", "生成中", "wait: posswitch show jobs"
    ),
    Why.NUMBERS: _row(
        Why.NUMBERS,
        "these lines are no numbers that may be given",
        "卡号校验位错/已被使用",
        "mend the lines that are named; none was taken",
    ),
    Why.RANGE_FULL: _row(
        Why.RANGE_FULL,
        "the range has too few numbers for so many cards",
        "卡段余量不足",
        "make fewer, or give the issuer a shorter prefix",
    ),
    Why.VENDOR: _row(
        Why.VENDOR, "physical cards need a card maker", "实物卡须填制卡公司", "name the vendor"
    ),
    Why.FACE: _row(
        Why.FACE, "the product has no such face value", "产品无此面值", "name one that it has"
    ),
    Why.DAYS: _row(
        Why.DAYS, "the days are not within the product's", "有效期超出产品范围", "narrow them"
    ),
    Why.STOCK_OUT: _row(
        Why.STOCK_OUT, "there are fewer cards to be sold", "可售不足", "open a part, or sell fewer"
    ),
    Why.HELD: _row(Why.HELD, "value of it is held", "有占用", "wait until the hold has ended"),
    Why.SPENT: _row(Why.SPENT, "something of it was spent", "已消费, 不能整卡退售", "refund it"),
    Why.BOUND: _row(Why.BOUND, "it is another's", "已绑定他人", "rebind it instead"),
    Why.NOT_OPENED: _row(
        Why.NOT_OPENED,
        "the card batch is not opened",
        "批次未开启",
        "the rights owner opens it: posswitch card-batch open",
    ),
    Why.VOIDED_BIND: _row(
        Why.VOIDED_BIND,
        "the card is voided: it cannot be bound",
        "卡已废弃, 不能绑定",
        "take another card",
    ),
    Why.LIMIT_ANONYMOUS: _row(
        Why.LIMIT_ANONYMOUS,
        "the card is worth more than one may be that is registered to nobody",
        "超过不记名限额",
        "sell cards of a registered product for such a value",
    ),
    Why.NOT_YOURS: _row(
        Why.NOT_YOURS,
        "the card is not of an order of this member",
        "该卡不在本人订单中",
        "activate it by its number and activation password",
    ),
    Why.GIFT: _row(
        Why.GIFT, "a card that is registered to nobody is given away", "请改用赠送", "give it away"
    ),
    Why.NOBODYS: _row(
        Why.NOBODYS,
        "the card is bound to nobody",
        "此卡未绑定会员",
        "bind it first: posswitch card rebind",
    ),
    Why.RELEASED: _row(
        Why.RELEASED,
        "nothing of it is held any more",
        "占用已结束",
        "posswitch trace RRN says what became of it",
    ),
    Why.KEPT: _row(
        Why.KEPT,
        "an order or a gift holds it",
        "提货单进行中",
        "end the order or the gift: what it holds is free then",
    ),
    Why.GIFT_GONE: _row(
        Why.GIFT_GONE,
        "the gift was claimed, or has come back",
        "已被领取或已退回",
        "posswitch show gifts says when, and where it is",
    ),
    Why.REGIFT: _row(
        Why.REGIFT,
        "what is on this card came as a gift, and may not be given on",
        "此卡不可再赠",
        "spend it, or give from another card",
    ),
    Why.NOT_FOR: _row(
        Why.NOT_FOR,
        "the gift is for another phone",
        "此赠送不是给该会员的",
        "ask for whom it is: posswitch show gifts",
    ),
    Why.SHORT: _row(
        Why.SHORT,
        "the cards that are taken there have less",
        "余额不足, 差额请另付",
        "pay a smaller amount, and what is missing by other means",
    ),
    Why.PAY_CODE: _row(
        Why.PAY_CODE,
        "the store's code was paid, is too old, or was never made",
        "收款码已使用、已过期或不存在",
        "have the store make another: posswitch pay store-code",
    ),
    Why.CAP: _row(
        Why.CAP,
        "the card would hold more than it may",
        "超过合规限额",
        "load no more than it still takes",
    ),
    Why.NO_CARD: _row(
        Why.NO_CARD,
        "no card can be loaded by this phone",
        "这个手机号没有可充值的卡",
        "check the number, or ask whoever it is to add a card",
    ),
    Why.ROOM: _row(
        Why.ROOM,
        "the card would hold more than it may",
        "目标卡超过余额上限",
        "merge fewer cards, or onto another: nothing has moved",
    ),
    Why.SOONER: _row(
        Why.SOONER,
        "the card ends sooner than what is merged onto it",
        "目标卡到期更早",
        "tell the member; --may-end-sooner goes on",
    ),
    Why.CODE: _row(
        Why.CODE, "number or activation password is wrong", "卡号或密码不正确", "type it again"
    ),
    Why.TRIES: _row(
        Why.TRIES, "too many tries", "尝试次数过多, 请稍后再试", "wait so many minutes"
    ),
    Why.SOLD_IN_RANGE: _row(
        Why.SOLD_IN_RANGE,
        "cards of the range are sold or in use",
        "号段含已售卡",
        "send a range without them: posswitch show batch-cards says which they are",
    ),
    Why.FORM: _row(
        Why.FORM, "cards of this form are not sent", "此形式的卡不发货", "name a batch of plastic"
    ),
    Why.TAKEN: _row(
        Why.TAKEN, "there is one of that number", "单号已存在", "look at it, or take another number"
    ),
    Why.NEW: _row(
        Why.NEW,
        "the new card cannot have its place",
        "新卡不可用",
        "take an unsold card of the same product: posswitch show batch_cards",
    ),
    Why.FEE: _row(
        Why.FEE,
        "the product allows no such fee for a replacement",
        "产品不允许此补卡费",
        "take no more than it allows: posswitch show products",
    ),
    Why.FEE_NOT_COVERED: _row(
        Why.FEE_NOT_COVERED,
        "what the card has does not cover the fee",
        "卡余额不足以支付补卡费",
        "take a smaller fee, or none",
    ),
    Why.NO_VOUCHER: _row(
        Why.NO_VOUCHER,
        "no voucher has this code",
        "券码无效",
        "scan it again, or read it from the paper",
    ),
    Why.USED: _row(Why.USED, "the voucher was used before", "券已核销", "hand nothing out"),
    Why.PICKUP: _row(
        Why.PICKUP,
        "this pick-up code is over",
        "二维码已过期, 请顾客刷新",
        "have the customer show a new one: posswitch voucher show-pickup",
    ),
    Why.PICKED_UP: _row(Why.PICKED_UP, "it was picked up already", "已自提", "hand nothing out"),
    Why.VOUCHER: _row(
        Why.VOUCHER, "the voucher does not allow it", "券状态不允许", "posswitch show vouchers"
    ),
    Why.OTHER_STORE: _row(
        Why.OTHER_STORE, "the voucher is for other stores", "本店不可用", "the paper says for which"
    ),
    Why.CLAIMS: _row(
        Why.CLAIMS,
        "one member may claim no more of this batch",
        "每人限领张数已满",
        "leave the others to the others",
    ),
    Why.ALL_CLAIMED: _row(
        Why.ALL_CLAIMED, "so many are not left of the batch", "已领完", "claim of another batch"
    ),
    Why.POSITION: _row(
        Why.POSITION,
        "that would be more cash than one may owe",
        "未交现金已达上限",
        "hand in what you have taken: posswitch cash hand-in",
    ),
    Why.RECEIPT: _row(
        Why.RECEIPT,
        "that receipt was written for another load",
        "收据号已用于另一笔充值",
        "write a receipt with a number of its own",
    ),
    Why.DIFFERS: _row(
        Why.DIFFERS,
        "that is not what is owed",
        "交款金额与未交现金不符",
        "count again, and look: posswitch show cash-positions",
    ),
    Why.BREAKAGE: _row(
        Why.BREAKAGE,
        "what it had is its issuer's by now",
        "残值已确认",
        "give its holder another card",
    ),
    Why.EARLY: _row(
        Why.EARLY,
        "its product keeps what expired cards have for longer",
        "未到产品规定的残值确认日",
        "wait until that day: posswitch show expiries",
    ),
    Why.KEPT_FOR_EVER: _row(
        Why.KEPT_FOR_EVER,
        "its product keeps what expired cards have for ever",
        "产品未规定残值确认",
        "revise the product with its days: cards that are made from then on have them",
    ),
    Why.CARD: _row(Why.CARD, "the card does not allow it", "卡状态不允许", "look at the card"),
}


ALL_REFUSALS: Final[Mapping[str, RefusalKind]] = {
    **REFUSALS,
    **{row.code: row for row in OF_STOCK.values()},
    **RULE_REFUSALS,
    **LOTTERY_REFUSALS,
    **MEMBER_REFUSALS,
    **ENTERPRISE_REFUSALS,
    **RECON_REFUSALS,
    **PAYOUT_REFUSALS,
    **DISPUTE_REFUSALS,
    **ADVERT_REFUSALS,
}
"""Everything the office says no with, by code."""


FAULTS: Final[Mapping[Fault, Word]] = {
    Fault.NOT_A_NUMBER: Word("it is not a number", "不是号码"),
    Fault.WRONG_LENGTH: Word("its length is wrong", "长度错误"),
    Fault.WRONG_CHECK_DIGIT: Word("its check digit is wrong", "校验位错"),
    Fault.ANOTHERS_RANGE: Word("it stands in another issuer's range", "属于其他发卡方的卡段"),
    Fault.TWICE: Word("it stands there twice", "重复"),
    Fault.IN_USE: Word("it is in use", "已被使用"),
}
REASONS: Final = frozenset(reason.value for reason in Reason)
STANDING: Final[Mapping[str, str]] = {"card": "卡", "card batch": "卡批次"}
"""Of what it is told how it stands."""
IN_THE_WAY: Final[Mapping[str, str]] = {
    "not of the stock": "不是库存卡",
    "of another issuer": "属其他发卡方",
    "of another product": "属其他产品",
    "has no PIN": "没有密码",
}
"""Why a card cannot have another's place, where that is no state."""
FAULTS_TOLD_MAX: Final = 20
"""How many lines of numbers are named at a time."""


def refusal_of(refusal: StockRefusal) -> Refusal:
    """The same in words."""
    told = refusal.facts
    faults = told.get("faults")
    return Refusal(
        OF_STOCK[refusal.why],
        facts=_facts(told) if faults is None else _lines(faults),  # type: ignore[arg-type]
        state=told.get("state", ""),
        what=next(iter(told), ""),
        did="made",
    )


def _facts(told: Mapping[str, object]) -> Word:
    """Each by its name, in brackets; nothing, where there are none."""
    if not told:
        return Word("", "")
    en = ", ".join(f"{word_of(name).en} {_fact(name, value).en}" for name, value in told.items())
    zh = ", ".join(f"{word_of(name).zh} {_fact(name, value).zh}" for name, value in told.items())
    return Word(f" ({en})", f" ({zh})")


def _fact(name: str, value: object) -> Word:
    if isinstance(value, int) and "_minor" in name:
        figures = Money(value, HOUSE_CURRENCY).figures
        return Word(figures, figures)
    return _reason(str(value)) if name == "reason" else _spaced(word_of(str(value)))


def _reason(value: str) -> Word:
    """Of a message's answer its own words; else how something stands, or what is in the way."""
    if value in REASONS:
        return _spaced(Word(value, RESPONSE_CODES[Reason(value)].chinese))
    what, _, state = value.rpartition(" ")
    if what in STANDING:
        return Word(value, f"{STANDING[what]}{word_of(state).zh}")
    return Word(value, IN_THE_WAY.get(value) or word_of(value).zh)


def _spaced(word: Word) -> Word:
    return Word(word.en.replace("_", " "), word.zh)


def _lines(faults: Sequence[LineFault]) -> Word:
    """Lines of numbers, each with what is wrong with it."""
    if not faults:
        return Word("", "")
    some, more = faults[:FAULTS_TOLD_MAX], len(faults) - FAULTS_TOLD_MAX
    en = [f"line {one.line}: {FAULTS[one.fault].en}" for one in some]
    zh = [f"第 {one.line} 行: {FAULTS[one.fault].zh}" for one in some]
    if more > 0:
        en.append(f"and {more} more")
        zh.append(f"另有 {more} 行")
    return Word(": " + "; ".join(en), ": " + "; ".join(zh))
