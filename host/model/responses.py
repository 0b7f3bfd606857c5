"""Why a request was answered as it was.

`Reason` is the house's own neutral word; `RESPONSE_CODES` gives each its usual F39 spelling
with the texts people see. A dialect whose acquirer uses other codes overrides rows, never
meanings. Codes and their meaning follow the UnionPay POS response table.
"""

import enum
from typing import Final

import msgspec


@enum.unique
class Reason(enum.StrEnum):
    """The outcome of a request, in words that no acquirer's code table can change."""

    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    """Posted for what there was, at a terminal that asks for the rest otherwise."""
    POSTING_PENDING = "posting_pending"
    INVALID_MERCHANT = "invalid_merchant"
    INVALID_TRANSACTION = "invalid_transaction"
    INVALID_AMOUNT = "invalid_amount"
    CARD_NOT_FOUND = "card_not_found"
    ISSUER_UNKNOWN = "issuer_unknown"
    CARD_NOT_ACTIVE = "card_not_active"
    ORIGINAL_VOIDED = "original_voided"
    OUTSIDE_WINDOW = "outside_window"
    ORIGINAL_NOT_FOUND = "original_not_found"
    FORMAT_ERROR = "format_error"
    FUNCTION_NOT_SUPPORTED = "function_not_supported"
    CARD_LOST = "card_lost"
    CARD_STOLEN = "card_stolen"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED = "expired"
    WRONG_PIN = "wrong_pin"
    NOT_PERMITTED_TO_CARD = "not_permitted_to_card"
    NOT_PERMITTED_TO_TERMINAL = "not_permitted_to_terminal"
    AMOUNT_LIMIT = "amount_limit"
    FREQUENCY_LIMIT = "frequency_limit"
    CARD_FROZEN = "card_frozen"
    ORIGINAL_MISMATCH = "original_mismatch"
    PIN_TRIES_EXCEEDED = "pin_tries_exceeded"
    BATCH_MISMATCH = "batch_mismatch"
    CUT_OFF_IN_PROGRESS = "cut_off_in_progress"
    HOST_UNREACHABLE = "host_unreachable"
    IN_PROGRESS = "in_progress"
    DUPLICATE = "duplicate"
    MALFUNCTION = "malfunction"
    NOT_POSTABLE = "not_postable"
    """The ledger's rules refuse it, now and whenever it comes. A terminal is told a malfunction."""
    INVALID_TERMINAL = "invalid_terminal"
    PIN_FORMAT = "pin_format"
    MAC_WRONG = "mac_wrong"
    KEYS_MISSING = "keys_missing"
    TIMED_OUT = "timed_out"
    ROUTE_UNKNOWN = "route_unknown"
    ATTESTATION_REFUSED = "attestation_refused"
    KSN_REFUSED = "ksn_refused"
    CARD_BATCH_NOT_OPENED = "card_batch_not_opened"
    CARD_BATCH_SUSPENDED = "card_batch_suspended"
    CARD_VOIDED_SPEND = "card_voided_spend"
    CARD_VOIDED_BIND = "card_voided_bind"
    CARD_VOIDED_SELL = "card_voided_sell"
    CARD_VOIDED_LOAD = "card_voided_load"
    CARD_NOT_SOLD = "card_not_sold"
    CARD_ALREADY_SOLD = "card_already_sold"
    CARD_REPLACED = "card_replaced"
    CARD_NOT_YET_VALID = "card_not_yet_valid"
    CARD_ALREADY_BOUND = "card_already_bound"
    MEMBER_FROZEN = "member_frozen"
    GIFT_GONE = "gift_gone"
    GIFT_STOPPED = "gift_stopped"
    GIFT_NOT_AGAIN = "gift_not_again"
    VOUCHER_UNKNOWN = "voucher_unknown"
    VOUCHER_NOT_OPENED = "voucher_not_opened"
    VOUCHER_SUSPENDED = "voucher_suspended"
    VOUCHER_NOT_THIS_STORE = "voucher_not_this_store"
    VOUCHER_NOT_THESE_GOODS = "voucher_not_these_goods"
    VOUCHER_NOT_PERMITTED = "voucher_not_permitted"
    VOUCHER_NOT_THIS_HOLDER = "voucher_not_this_holder"
    VOUCHER_ALREADY_SOLD = "voucher_already_sold"
    VOUCHER_HELD = "voucher_held"
    VOUCHER_USED = "voucher_used"
    VOUCHER_VOIDED_SPEND = "voucher_voided_spend"
    VOUCHER_VOIDED_BIND = "voucher_voided_bind"
    VOUCHER_VOIDED_SELL = "voucher_voided_sell"
    VOUCHER_VOIDED_LOAD = "voucher_voided_load"
    CODE_TRIES_EXCEEDED = "code_tries_exceeded"
    VALUE_HELD = "value_held"
    """What the card has would do, and is kept for somebody else."""
    HOLD_COMPLETED = "hold_completed"
    LOTTERY_NOT_OPEN = "lottery_not_open"
    PHONE_NOT_LOADED = "phone_not_loaded"
    PAY_CODE_UNKNOWN = "pay_code_unknown"
    PAY_CODE_USED = "pay_code_used"
    PAY_CODE_LATE = "pay_code_late"
    """Nobody's, or of somebody whose card takes no such load: a till is not told which."""


POSTED: Final = (Reason.APPROVED, Reason.PARTLY_APPROVED, Reason.POSTING_PENDING)
"""Reasons under which a journal stands. Of the last the card has nothing yet."""
IN_FORCE: Final = frozenset({Reason.APPROVED, Reason.PARTLY_APPROVED})
"""Reasons under which a terminal may tell its customer that it happened: what is undone is one."""


class ResponseCode(msgspec.Struct, frozen=True):
    """One row of an F39 table: the code, its category and the texts."""

    f39: str
    category: str
    """A approved, B may retry, C stop, D operator acts, E fault or time-out."""
    chinese: str
    english: str


RESPONSE_CODES: Final[dict[Reason, ResponseCode]] = {
    Reason.APPROVED: ResponseCode("00", "A", "交易成功", "approved"),
    Reason.PARTLY_APPROVED: ResponseCode("10", "A", "部分承兑", "approved for a part"),
    Reason.POSTING_PENDING: ResponseCode("A6", "A", "交易成功,请确认", "accepted, posting pending"),
    Reason.INVALID_MERCHANT: ResponseCode("03", "C", "无效商户", "invalid merchant"),
    Reason.IN_PROGRESS: ResponseCode("09", "B", "处理中", "request in progress"),
    Reason.INVALID_TRANSACTION: ResponseCode("12", "C", "无效交易", "invalid transaction"),
    Reason.INVALID_AMOUNT: ResponseCode("13", "B", "无效金额", "invalid amount"),
    Reason.CARD_NOT_FOUND: ResponseCode("14", "B", "无效卡号", "invalid card number"),
    Reason.ISSUER_UNKNOWN: ResponseCode("15", "C", "无此发卡方", "no such issuer"),
    Reason.CARD_NOT_ACTIVE: ResponseCode("21", "C", "卡未初始化", "card not activated"),
    Reason.ORIGINAL_VOIDED: ResponseCode("22", "C", "原交易已撤销", "original already undone"),
    Reason.OUTSIDE_WINDOW: ResponseCode("22", "C", "超出天数", "outside the window"),
    Reason.ORIGINAL_NOT_FOUND: ResponseCode("25", "C", "无原始交易", "original not found"),
    Reason.FORMAT_ERROR: ResponseCode("30", "C", "报文格式错", "format error"),
    Reason.FUNCTION_NOT_SUPPORTED: ResponseCode("40", "C", "请求功能不支持", "not supported"),
    Reason.CARD_LOST: ResponseCode("41", "D", "挂失卡", "lost card"),
    Reason.CARD_STOLEN: ResponseCode("43", "D", "被窃卡", "stolen card"),
    Reason.INSUFFICIENT_FUNDS: ResponseCode("51", "C", "余额不足", "insufficient funds"),
    Reason.EXPIRED: ResponseCode("54", "C", "过期卡", "expired"),
    Reason.WRONG_PIN: ResponseCode("55", "C", "密码错", "wrong PIN"),
    Reason.NOT_PERMITTED_TO_CARD: ResponseCode("57", "C", "不允许持卡人进行", "not for this card"),
    Reason.NOT_PERMITTED_TO_TERMINAL: ResponseCode(
        "58", "C", "不允许终端进行", "not for this terminal"
    ),
    Reason.AMOUNT_LIMIT: ResponseCode("61", "C", "超出金额限制", "over the amount limit"),
    Reason.FREQUENCY_LIMIT: ResponseCode("65", "C", "超出交易次数限制", "too often"),
    Reason.CARD_FROZEN: ResponseCode("62", "C", "受限制卡", "card frozen"),
    Reason.MEMBER_FROZEN: ResponseCode("62", "C", "受限制卡", "its holder is frozen"),
    Reason.ORIGINAL_MISMATCH: ResponseCode("64", "C", "原始金额不正确", "original differs"),
    Reason.PIN_TRIES_EXCEEDED: ResponseCode("75", "C", "密码输入超限", "PIN tries exceeded"),
    Reason.BATCH_MISMATCH: ResponseCode("77", "D", "批次不一致", "batch mismatch: sign on again"),
    Reason.CUT_OFF_IN_PROGRESS: ResponseCode("90", "C", "日切", "cut-off in progress"),
    Reason.HOST_UNREACHABLE: ResponseCode("91", "C", "发卡方不能操作", "host unreachable"),
    Reason.DUPLICATE: ResponseCode("94", "C", "重复交易", "duplicate"),
    Reason.MALFUNCTION: ResponseCode("96", "C", "系统异常", "system malfunction"),
    Reason.NOT_POSTABLE: ResponseCode("96", "C", "系统异常", "system malfunction"),
    Reason.INVALID_TERMINAL: ResponseCode("97", "D", "终端未登记", "terminal not registered"),
    Reason.PIN_FORMAT: ResponseCode("99", "B", "PIN格式错", "PIN block error"),
    Reason.MAC_WRONG: ResponseCode("A0", "B", "MAC校验错", "MAC error: sign on again"),
    Reason.KEYS_MISSING: ResponseCode("A0", "B", "密钥失效", "no working keys: sign on"),
    Reason.TIMED_OUT: ResponseCode("98", "E", "发卡方超时", "issuer time-out"),
    Reason.ROUTE_UNKNOWN: ResponseCode("92", "C", "找不到路由", "no route"),
    Reason.ATTESTATION_REFUSED: ResponseCode("63", "C", "违反安全规定", "attestation refused"),
    Reason.KSN_REFUSED: ResponseCode("63", "C", "违反安全规定", "key serial number refused"),
    Reason.CARD_BATCH_NOT_OPENED: ResponseCode("21", "C", "卡批次未开启", "card batch not opened"),
    Reason.CARD_BATCH_SUSPENDED: ResponseCode("62", "C", "卡批次已暂停", "card batch suspended"),
    Reason.CARD_VOIDED_SPEND: ResponseCode("57", "C", "卡已废弃,不能消费", "card voided: no sale"),
    Reason.CARD_VOIDED_BIND: ResponseCode("57", "C", "卡已废弃,不能绑定", "card voided: not bound"),
    Reason.CARD_VOIDED_SELL: ResponseCode("57", "C", "卡已废弃,不能售卖", "card voided: not sold"),
    Reason.CARD_VOIDED_LOAD: ResponseCode("57", "C", "卡已废弃,不能充值", "card voided: no load"),
    Reason.CARD_NOT_SOLD: ResponseCode("57", "C", "卡未售出", "card not sold yet"),
    Reason.CARD_ALREADY_SOLD: ResponseCode("22", "C", "卡已售出", "card sold already"),
    Reason.CARD_REPLACED: ResponseCode("57", "C", "卡已更换", "card replaced by another"),
    Reason.CARD_NOT_YET_VALID: ResponseCode("57", "C", "卡未到生效日", "card not valid yet"),
    Reason.GIFT_GONE: ResponseCode("22", "C", "已被领取或已退回", "claimed or returned already"),
    Reason.GIFT_STOPPED: ResponseCode(
        "62", "C", "赠送人的卡已停用", "its sender's card is stopped"
    ),
    Reason.GIFT_NOT_AGAIN: ResponseCode("57", "C", "此卡不可再赠", "not to be given on"),
    Reason.CARD_ALREADY_BOUND: ResponseCode("22", "C", "卡已绑定他人", "card bound to another"),
    Reason.VOUCHER_UNKNOWN: ResponseCode("14", "B", "券码无效", "no such voucher"),
    Reason.VOUCHER_NOT_OPENED: ResponseCode("21", "C", "券批次未开启", "voucher not issued yet"),
    Reason.VOUCHER_SUSPENDED: ResponseCode("62", "C", "券批次已暂停", "vouchers suspended"),
    Reason.VOUCHER_NOT_THIS_STORE: ResponseCode("58", "C", "本店不可用", "not for this store"),
    Reason.VOUCHER_NOT_THESE_GOODS: ResponseCode(
        "57", "C", "不适用于该商品", "not for these goods"
    ),
    Reason.VOUCHER_NOT_PERMITTED: ResponseCode("57", "C", "此地不可用", "voucher not valid here"),
    Reason.VOUCHER_NOT_THIS_HOLDER: ResponseCode("57", "C", "持券人不可用", "not for this holder"),
    Reason.VOUCHER_ALREADY_SOLD: ResponseCode("22", "C", "券已售出", "voucher sold already"),
    Reason.VOUCHER_HELD: ResponseCode("62", "C", "券占用中", "voucher held elsewhere"),
    Reason.VOUCHER_USED: ResponseCode("22", "C", "券已使用", "voucher used already"),
    Reason.VOUCHER_VOIDED_SPEND: ResponseCode("57", "C", "券已废弃,不能核销", "voucher voided"),
    Reason.VOUCHER_VOIDED_BIND: ResponseCode("57", "C", "券已废弃,不能领取", "voided: not claimed"),
    Reason.VOUCHER_VOIDED_SELL: ResponseCode("57", "C", "券已废弃,不能售卖", "voided: not sold"),
    Reason.VOUCHER_VOIDED_LOAD: ResponseCode("57", "C", "券已废弃,不能充值", "voided: no load"),
    Reason.CODE_TRIES_EXCEEDED: ResponseCode("65", "C", "错误次数过多", "too many wrong codes"),
    Reason.VALUE_HELD: ResponseCode("51", "C", "余额被占用", "the value is held"),
    Reason.HOLD_COMPLETED: ResponseCode("22", "C", "预授权已完成", "completed already"),
    Reason.LOTTERY_NOT_OPEN: ResponseCode("40", "C", "抽奖未开放", "lottery not open"),
    Reason.PHONE_NOT_LOADED: ResponseCode("42", "C", "此手机号不能充值", "no load to this phone"),
    Reason.PAY_CODE_UNKNOWN: ResponseCode("14", "C", "付款码无效", "no such payment code"),
    Reason.PAY_CODE_USED: ResponseCode("22", "C", "付款码已使用", "payment code was used"),
    Reason.PAY_CODE_LATE: ResponseCode("54", "C", "付款码已过期", "payment code is too old"),
}
"""Every reason has a row; `tests/host/model/test_responses.py` names any that is missing."""
