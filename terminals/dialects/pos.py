"""UnionPay-style POS terminals: fields, transactions, answers.

The specification itself is not public; these tables are what independent terminals and hosts
agree on. One bitmap, packed digits, text in GBK. F60 is the control field: type code n2, batch
n6, network management code n3, then single digits (reading capability, chip condition, partial
approval) and the account type n3.
"""

from typing import Final

from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES, Reason
from terminals.answers import AnswerRow, plans_of
from terminals.codec import compile_spec
from terminals.dialect import Dialect
from terminals.formats import an, b, llans, lllans, lllb, llln, lllz, lln, llz, n, specification
from terminals.spelling import Spelling, reversals_of, table_of

INSTITUTION: Final = "pos"
NETWORK: Final = "CUP"
"""F63.1 of answers: card organisation."""

SPEC: Final = specification(
    {
        "2": lln(19, "PAN"),
        "3": n(6, "processing code"),
        "4": n(12, "amount"),
        "11": n(6, "trace (STAN)"),
        "12": n(6, "local time hhmmss"),
        "13": n(4, "local date MMDD"),
        "14": n(4, "expiry YYMM"),
        "15": n(4, "settlement date MMDD"),
        "22": n(3, "entry mode", pad="right"),
        "23": n(3, "card sequence number", pad="left"),
        "24": n(3, "network international id", pad="left"),
        "25": n(2, "condition code"),
        "26": n(2, "PIN capture code"),
        "32": lln(11, "acquirer id"),
        "33": lln(11, "forwarding id"),
        "35": llz(37, "track 2"),
        "36": lllz(104, "track 3"),
        "37": an(12, "retrieval reference (RRN)"),
        "38": an(6, "authorisation code"),
        "39": an(2, "response code; in a reversal its reason"),
        "41": an(8, "terminal id"),
        "42": an(15, "merchant id"),
        "44": llans(25, "issuer and acquirer"),
        "48": llln(322, "totals, batch records, tip"),
        "49": an(3, "currency"),
        "52": b(8, "PIN block"),
        "53": n(16, "security control"),
        "54": lllans(20, "balance"),
        "55": lllb(255, "chip data"),
        "58": lllb(100, "e-purse data"),
        "59": lllans(600, "customer data"),
        "60": llln(30, "control"),
        "61": llln(29, "original message"),
        "62": lllb(512, "each transaction's own"),
        "63": lllans(163, "operator, card organisation, text"),
        "64": b(8, "MAC"),
    }
)
"""F60 is 17 digits in the field dictionaries; live terminals send 19 and 8, so 30 are taken."""

_NOT_OFFERED: Final = Reason.FUNCTION_NOT_SUPPORTED


def _row(
    codes: str,
    means: Kind | Reason,
    title: str,
    *,
    account: str = "",
    in_points: bool = False,
) -> Spelling:
    mti, processing_code, condition, type_code = codes.split()
    return Spelling(
        mti=mti,
        processing_code=processing_code,
        condition=condition,
        type_code=type_code,
        means=means,
        title=title,
        account=account,
        in_points=in_points,
    )


def _management_row(codes: str, means: Kind | Reason, title: str) -> Spelling:
    mti, function = codes.split()
    return Spelling(mti=mti, type_code="00", function=function, means=means, title=title)


#       MTI  F3     F25 F60.1
TRADES: Final = (
    _row("0200 310000 00 01", Kind.BALANCE_INQUIRY, "余额查询"),
    _row("0200 000000 00 22", Kind.PURCHASE, "消费"),
    _row("0200 200000 00 23", Kind.VOID, "消费撤销"),
    _row("0220 200000 00 25", Kind.REFUND, "联盟积分退货", account="065", in_points=True),
    _row("0220 200000 00 25", Kind.REFUND, "退货"),
    _row("0200 000000 65 22", Kind.POINTS_REDEMPTION, "积分消费", in_points=True),
    _row("0200 200000 65 23", Kind.VOID, "积分消费撤销", in_points=True),
    _row("0200 630000 00 48", Kind.CASH_LOAD, "磁条卡现金充值"),
    _row("0220 630000 00 48", Kind.CASH_LOAD_CONFIRM, "现金充值确认"),
    _row("0100 030000 06 10", _NOT_OFFERED, "预授权"),
    _row("0100 200000 06 11", _NOT_OFFERED, "预授权撤销"),
    _row("0200 000000 06 20", _NOT_OFFERED, "预授权完成"),
    _row("0220 000000 06 24", _NOT_OFFERED, "完成通知"),
    _row("0200 200000 06 21", _NOT_OFFERED, "完成撤销"),
    _row("0100 030000 60 10", _NOT_OFFERED, "追加预授权"),
    _row("0220 000000 00 30", _NOT_OFFERED, "离线结算"),
    _row("0220 000000 00 32", _NOT_OFFERED, "结算调整"),
    _row("0220 000000 00 34", _NOT_OFFERED, "小费"),
    _row("0200 000000 00 36", _NOT_OFFERED, "脱机消费"),
    _row("0220 200000 00 27", _NOT_OFFERED, "脱机退货"),
    _row("0200 310000 65 03", _NOT_OFFERED, "联盟积分查询"),
    _row("0100 330000 00 01", _NOT_OFFERED, "磁条卡账户验证"),
    _row("0200 400000 66 49", _NOT_OFFERED, "账户充值"),
    _row("0200 600000 91 45", _NOT_OFFERED, "指定账户圈存"),
    _row("0200 630000 91 46", _NOT_OFFERED, "现金圈存"),
    _row("0200 620000 91 47", _NOT_OFFERED, "非指定账户圈存"),
    _row("0200 170000 91 51", _NOT_OFFERED, "现金圈存撤销"),
    _row("0200 600000 91 40", _NOT_OFFERED, "电子钱包指定账户圈存"),
    _row("0200 630000 91 41", _NOT_OFFERED, "电子钱包现金圈存"),
    _row("0200 620000 91 42", _NOT_OFFERED, "电子钱包非指定账户圈存"),
    _row("0200 000000 91 22", _NOT_OFFERED, "电子钱包消费"),
    _row("0200 000000 64 22", _NOT_OFFERED, "分期付款"),
    _row("0200 200000 64 23", _NOT_OFFERED, "分期付款撤销"),
    _row("0200 000000 67 54", _NOT_OFFERED, "预约消费"),
    _row("0200 200000 67 53", _NOT_OFFERED, "预约消费撤销"),
    _row("0200 000000 08 22", _NOT_OFFERED, "订购消费"),
    _row("0200 200000 08 23", _NOT_OFFERED, "订购消费撤销"),
    _row("0220 200000 08 25", _NOT_OFFERED, "订购退货"),
    _row("0100 030000 18 10", _NOT_OFFERED, "订购预授权"),
    _row("0100 200000 18 11", _NOT_OFFERED, "订购预授权撤销"),
    _row("0200 000000 18 20", _NOT_OFFERED, "订购预授权完成"),
    _row("0200 200000 18 21", _NOT_OFFERED, "订购完成撤销"),
    _row("0220 000000 18 24", _NOT_OFFERED, "订购完成通知"),
    _row("0200 000000 99 26", _NOT_OFFERED, "扫码消费"),
)
"""The cash top-up stands before its confirmation: that is what a reversal of both undoes."""

#                  MTI  F60.3
MANAGEMENT: Final = (
    _management_row("0800 001", Kind.SIGN_ON, "签到, 8-byte keys"),
    _management_row("0800 003", Kind.SIGN_ON, "签到, 16-byte keys"),
    _management_row("0800 004", Kind.SIGN_ON, "签到, 16-byte keys and a track key"),
    _management_row("0820 002", Kind.SIGN_OFF, "签退"),
    _management_row("0820 301", Kind.ECHO, "回响测试"),
    _management_row("0800 360", _NOT_OFFERED, "参数下载"),
    _management_row("0820 361", _NOT_OFFERED, "参数下载结束"),
    _management_row("0820 362", _NOT_OFFERED, "状态上送"),
    _management_row("0800 364", _NOT_OFFERED, "TMS 参数下载"),
    _management_row("0800 370", _NOT_OFFERED, "公钥下载"),
    _management_row("0800 371", _NOT_OFFERED, "公钥下载结束"),
    _management_row("0820 372", _NOT_OFFERED, "公钥查询"),
    _management_row("0800 380", _NOT_OFFERED, "IC 卡参数下载"),
    _management_row("0800 381", _NOT_OFFERED, "IC 卡参数下载结束"),
    _management_row("0820 382", _NOT_OFFERED, "IC 卡参数查询"),
    _management_row("0800 390", _NOT_OFFERED, "黑名单下载"),
    _management_row("0800 391", _NOT_OFFERED, "黑名单下载结束"),
    _management_row("0800 401", _NOT_OFFERED, "积分收银员签到"),
    _management_row("0500 201", _NOT_OFFERED, "批结算"),
    _management_row("0320 201", _NOT_OFFERED, "批上送"),
    _management_row("0320 202", _NOT_OFFERED, "批上送结束, 不平"),
    _management_row("0320 203", _NOT_OFFERED, "IC 通知上送, 平"),
    _management_row("0320 204", _NOT_OFFERED, "IC 失败交易上送, 不平"),
    _management_row("0320 205", _NOT_OFFERED, "IC 通知上送, 不平"),
    _management_row("0320 206", _NOT_OFFERED, "IC 失败交易上送, 平"),
    _management_row("0320 207", _NOT_OFFERED, "批上送结束, 平"),
)

SPELLINGS: Final = (*TRADES, *reversals_of(TRADES, "0400"), *MANAGEMENT)

_REFUSED: Final = (3, 4, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 60)
_TRADED: Final = (2, 3, 4, 11, 12, 13, 14, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 54, 60, 63)
_NOTICED: Final = (11, 12, 13, 32, 37, 39, 41, 42, 60)

ANSWERS: Final[dict[Kind, AnswerRow]] = {
    Kind.BALANCE_INQUIRY: AnswerRow(
        (2, 3, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 54, 60), _REFUSED
    ),
    Kind.PURCHASE: AnswerRow(_TRADED, _REFUSED),
    Kind.VOID: AnswerRow(_TRADED, _REFUSED),
    Kind.REFUND: AnswerRow(_TRADED, _REFUSED),
    Kind.CASH_LOAD: AnswerRow(_TRADED, (2, *_REFUSED)),
    Kind.CASH_LOAD_CONFIRM: AnswerRow((2, *_REFUSED), (2, *_REFUSED)),
    Kind.POINTS_REDEMPTION: AnswerRow(
        (2, 3, 4, 11, 12, 13, 25, 32, 37, 38, 39, 41, 42, 49, 60, 62), _REFUSED
    ),
    Kind.REVERSAL: AnswerRow(_REFUSED, _REFUSED),
    Kind.SIGN_ON: AnswerRow((*_NOTICED, 62), _NOTICED),
    Kind.SIGN_OFF: AnswerRow(_NOTICED, _NOTICED),
    Kind.ECHO: AnswerRow(_NOTICED, _NOTICED),
}
"""F64 follows where the request was sealed. Fields without a value are left out."""

CODE_OVERRIDES: Final[dict[Reason, str]] = {}
"""F39 where this acquirer's terminals read another code than the usual one."""
CODES: Final = {reason: row.f39 for reason, row in RESPONSE_CODES.items()} | CODE_OVERRIDES

POS: Final = Dialect(
    institution=INSTITUTION,
    codec=compile_spec(SPEC),
    spellings=table_of(SPELLINGS),
    answers={kind: plans_of(row, CODES, NETWORK, kind=kind) for kind, row in ANSWERS.items()},
    refusals=plans_of(AnswerRow(_REFUSED, _REFUSED), CODES, NETWORK),
    sealed_classes=frozenset({"01", "02", "04"}),
)
