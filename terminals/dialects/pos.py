"""UnionPay-style POS terminals: fields, transactions, answers.

The specification itself is not public; these tables are what independent terminals and hosts
agree on. One bitmap, packed digits, text in GBK. F60 is the control field: type code n2, batch
n6, network management code n3, then single digits (reading capability, chip condition, partial
approval) and the account type n3.
"""

from typing import Final

import msgspec

from host.model.requests import Kind
from host.model.responses import Reason
from terminals.answers import AnswerPlans, AnswerRow, plans_of
from terminals.codec import compile_spec
from terminals.formats import an, b, llans, lllans, lllb, llln, lllz, lln, llz, n, specification
from terminals.isodialect import IsoDialect
from terminals.profiles import UNIONPAY, Profile
from terminals.spelling import Spelling, reversals_of, table_of, uploads_of

INSTITUTION: Final = "pos"

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
    english: str,
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
        english=english,
        account=account,
        in_points=in_points,
    )


def _by_part(row: Spelling) -> Spelling:
    """What a terminal may take an approval of a part of."""
    return msgspec.structs.replace(row, may_be_part=True)


def _points_row(
    codes: str, means: Kind | Reason, title: str, english: str, *, account: str = ""
) -> Spelling:
    row = _row(codes, means, title, english, account=account)
    return msgspec.structs.replace(row, in_points=True)


def _management_row(codes: str, means: Kind | Reason, title: str, english: str) -> Spelling:
    mti, function = codes.split()
    return Spelling(
        mti=mti, type_code="00", function=function, means=means, title=title, english=english
    )


#       MTI  F3     F25 F60.1
TRADES: Final = (
    _row("0200 310000 00 01", Kind.BALANCE_INQUIRY, "余额查询", "balance inquiry"),
    _row("0200 310000 00 91", Kind.ACCOUNT_INQUIRY, "账户综合查询", "value and points inquiry"),
    _by_part(_row("0200 000000 00 22", Kind.PURCHASE, "消费", "purchase")),
    _row("0200 200000 00 23", Kind.VOID, "消费撤销", "purchase void"),
    _by_part(_row("0200 950000 00 89", Kind.COMBINED_PURCHASE, "组合支付", "combined purchase")),
    _row("0200 200000 00 90", Kind.VOID, "组合支付撤销", "combined purchase void"),
    _points_row(
        "0220 200000 00 25", Kind.REFUND, "联盟积分退货", "union points refund", account="065"
    ),
    _row("0220 200000 00 25", Kind.REFUND, "退货", "refund"),
    _by_part(
        _points_row(
            "0200 000000 65 22",
            Kind.POINTS_REDEMPTION,
            "联盟积分消费",
            "union points purchase",
            account="065",
        )
    ),
    _points_row("0200 000000 65 22", Kind.POINTS_REDEMPTION, "积分消费", "points purchase"),
    _points_row("0200 200000 65 23", Kind.VOID, "积分消费撤销", "points purchase void"),
    _row(
        "0200 310000 65 03",
        Kind.POINTS_INQUIRY,
        "联盟积分查询",
        "union points inquiry",
        account="065",
    ),
    _row("0200 210000 65 61", Kind.POINTS_EARN, "积分累积", "points earn"),
    _row("0200 200000 65 62", Kind.VOID, "积分累积撤销", "points earn void"),
    _row("0100 330000 00 01", Kind.LOAD_VERIFICATION, "磁条卡账户验证", "load verification"),
    _row("0200 630000 00 48", Kind.CASH_LOAD, "磁条卡现金充值", "cash top-up"),
    _row("0220 630000 00 48", Kind.CASH_LOAD_CONFIRM, "现金充值确认", "cash top-up confirm"),
    _row("0100 030000 06 10", Kind.PREAUTH, "预授权", "pre-authorisation"),
    _row("0100 200000 06 11", Kind.PREAUTH_VOID, "预授权撤销", "pre-authorisation void"),
    _row("0200 000000 06 20", Kind.COMPLETION, "预授权完成", "completion request"),
    _row("0220 000000 06 24", Kind.COMPLETION_ADVICE, "完成通知", "completion advice"),
    _row("0200 200000 06 21", Kind.COMPLETION_VOID, "完成撤销", "completion void"),
    _row(
        "0100 030000 60 10", Kind.PREAUTH_INCREMENT, "追加预授权", "incremental pre-authorisation"
    ),
    _row("0220 000000 00 30", _NOT_OFFERED, "离线结算", "off-line sale"),
    _row("0220 000000 00 32", _NOT_OFFERED, "结算调整", "adjustment"),
    _row("0220 000000 00 34", _NOT_OFFERED, "小费", "tip adjustment"),
    _row("0200 000000 00 36", _NOT_OFFERED, "脱机消费", "chip off-line sale"),
    _row("0220 200000 00 27", _NOT_OFFERED, "脱机退货", "off-line refund"),
    _row("0200 400000 66 49", _NOT_OFFERED, "账户充值", "account top-up"),
    _row("0200 600000 91 45", _NOT_OFFERED, "指定账户圈存", "e-cash load, linked account"),
    _row("0200 630000 91 46", _NOT_OFFERED, "现金圈存", "e-cash load, cash"),
    _row("0200 620000 91 47", _NOT_OFFERED, "非指定账户圈存", "e-cash load, other account"),
    _row("0200 170000 91 51", _NOT_OFFERED, "现金圈存撤销", "e-cash cash load void"),
    _row("0200 600000 91 40", _NOT_OFFERED, "电子钱包指定账户圈存", "e-purse load, linked"),
    _row("0200 630000 91 41", _NOT_OFFERED, "电子钱包现金圈存", "e-purse load, cash"),
    _row("0200 620000 91 42", _NOT_OFFERED, "电子钱包非指定账户圈存", "e-purse load, other"),
    _row("0200 000000 91 22", _NOT_OFFERED, "电子钱包消费", "e-purse purchase"),
    _row("0200 000000 64 22", _NOT_OFFERED, "分期付款", "instalment"),
    _row("0200 200000 64 23", _NOT_OFFERED, "分期付款撤销", "instalment void"),
    _row("0200 000000 67 54", _NOT_OFFERED, "预约消费", "reservation"),
    _row("0200 200000 67 53", _NOT_OFFERED, "预约消费撤销", "reservation void"),
    _row("0200 000000 08 22", _NOT_OFFERED, "订购消费", "mail order sale"),
    _row("0200 200000 08 23", _NOT_OFFERED, "订购消费撤销", "mail order void"),
    _row("0220 200000 08 25", _NOT_OFFERED, "订购退货", "mail order refund"),
    _row("0100 030000 18 10", _NOT_OFFERED, "订购预授权", "mail order pre-authorisation"),
    _row("0100 200000 18 11", _NOT_OFFERED, "订购预授权撤销", "mail order pre-auth. void"),
    _row("0200 000000 18 20", _NOT_OFFERED, "订购预授权完成", "mail order completion"),
    _row("0200 200000 18 21", _NOT_OFFERED, "订购完成撤销", "mail order completion void"),
    _row("0220 000000 18 24", _NOT_OFFERED, "订购完成通知", "mail order completion advice"),
    _row("0200 000000 99 26", _NOT_OFFERED, "扫码消费", "scanned code sale"),
    _row("0200 900000 00 81", Kind.CARD_ACTIVATION, "礼品卡激活", "gift card activation"),
    _row("0200 910000 00 82", Kind.VOID, "礼品卡激活撤销", "gift card activation void"),
    _row("0200 920000 00 83", Kind.VOUCHER_REDEMPTION, "纸券核销", "voucher redemption"),
    _row("0200 200000 00 84", Kind.VOUCHER_VOID, "纸券核销撤销", "voucher redemption void"),
    _row("0200 930000 00 87", Kind.LOAD_BY_CODE, "兑换码充值", "load by code"),
    _row("0200 200000 00 88", Kind.VOUCHER_VOID, "兑换码充值撤销", "load by code void"),
    _row("0200 960000 00 92", Kind.LOAD_BY_PHONE, "手机号充值", "load by phone number"),
    _row("0200 200000 00 93", Kind.PHONE_LOAD_VOID, "手机号充值撤销", "load by phone number void"),
    _points_row("0200 940000 65 85", Kind.LOTTERY_DRAW, "积分抽奖", "points lottery draw"),
    _points_row("0200 200000 65 86", Kind.VOID, "抽奖撤销", "lottery draw void"),
)
"""The cash top-up stands before its confirmation: that is what a reversal of both undoes. The
last ten, and points earned, have no code of the specification: theirs are private use values."""

#                  MTI  F60.3
MANAGEMENT: Final = (
    _management_row("0800 001", Kind.SIGN_ON, "签到", "sign-on, 8-byte keys"),
    _management_row("0800 003", Kind.SIGN_ON, "签到", "sign-on, 16-byte keys"),
    _management_row("0800 004", Kind.SIGN_ON, "签到", "sign-on, 16-byte keys and a track key"),
    _management_row("0820 002", Kind.SIGN_OFF, "签退", "sign-off"),
    _management_row("0820 301", Kind.ECHO, "回响测试", "echo"),
    _management_row("0800 360", Kind.PARAMETER_DOWNLOAD, "参数下载", "parameter download"),
    _management_row("0820 361", Kind.PARAMETER_END, "参数下载结束", "parameter download end"),
    _management_row("0800 361", Kind.PARAMETER_END, "参数下载结束", "parameter download end"),
    _management_row("0820 362", Kind.STATUS_UPLOAD, "状态上送", "status upload"),
    _management_row("0800 364", _NOT_OFFERED, "TMS 参数下载", "TMS parameter download"),
    _management_row("0800 370", _NOT_OFFERED, "公钥下载", "CA key download"),
    _management_row("0800 371", _NOT_OFFERED, "公钥下载结束", "CA key download end"),
    _management_row("0820 372", _NOT_OFFERED, "公钥查询", "CA key query"),
    _management_row("0800 380", _NOT_OFFERED, "IC 卡参数下载", "chip parameter download"),
    _management_row("0800 381", _NOT_OFFERED, "IC 卡参数下载结束", "chip parameter download end"),
    _management_row("0820 382", _NOT_OFFERED, "IC 卡参数查询", "chip parameter query"),
    _management_row("0800 390", _NOT_OFFERED, "黑名单下载", "blacklist download"),
    _management_row("0800 391", _NOT_OFFERED, "黑名单下载结束", "blacklist download end"),
    _management_row("0800 401", _NOT_OFFERED, "积分收银员签到", "points cashier sign-on"),
    _management_row("0500 201", Kind.SETTLEMENT, "批结算", "settlement"),
    _management_row("0320 201", Kind.BATCH_UPLOAD, "批上送", "batch upload, compact records"),
    _management_row("0320 202", Kind.UPLOAD_END, "批上送结束, 不平", "upload end, unbalanced"),
    _management_row("0320 203", Kind.BATCH_UPLOAD, "IC 通知上送, 平", "chip notices, balanced"),
    _management_row("0320 204", Kind.BATCH_UPLOAD, "IC 失败上送, 平", "failed chip, balanced"),
    _management_row("0320 205", Kind.BATCH_UPLOAD, "IC 通知上送, 不平", "chip notices, unbalanced"),
    _management_row("0320 206", Kind.BATCH_UPLOAD, "IC 失败上送, 不平", "failed chip, unbalanced"),
    _management_row("0320 207", Kind.UPLOAD_END, "批上送结束, 平", "upload end, balanced"),
)

REVERSALS: Final = (*reversals_of(TRADES, "0400"), *reversals_of(TRADES, "0420"))
"""Networks use 0400 and 0420 for one thing: 04xx undoes, whatever its last digits."""
UPLOADS: Final = tuple(uploads_of(TRADES, "0320", Kind.BATCH_UPLOAD))
"""Refunds and advices are uploaded whole, in their own fields and codes."""
SPELLINGS: Final = (*TRADES, *REVERSALS, *MANAGEMENT, *UPLOADS)

_REFUSED: Final = (3, 4, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 60)
_TRADED: Final = (2, 3, 4, 11, 12, 13, 14, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 54, 60, 63)
_UNSEEN: Final = (3, 4, 11, 12, 13, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 60)
"""Of a card that no terminal has seen: neither its number nor what it has."""
_NOTICED: Final = (11, 12, 13, 32, 37, 39, 41, 42, 60)
_SETTLED: Final = (11, 12, 13, 15, 32, 37, 41, 42, 48, 49, 60)
_IN_POINTS: Final = (2, 3, 4, 11, 12, 13, 25, 32, 37, 38, 39, 41, 42, 49, 60, 62)

ANSWERS: Final[dict[Kind, AnswerRow]] = {
    Kind.BALANCE_INQUIRY: AnswerRow(
        (2, 3, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 54, 60), _REFUSED
    ),
    Kind.ACCOUNT_INQUIRY: AnswerRow(
        (2, 3, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 54, 60, 62), _REFUSED
    ),
    Kind.PURCHASE: AnswerRow(_TRADED, _REFUSED),
    Kind.COMBINED_PURCHASE: AnswerRow(
        (2, 3, 4, 11, 12, 13, 14, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 54, 60, 62, 63), _REFUSED
    ),
    Kind.VOID: AnswerRow(_TRADED, _REFUSED),
    Kind.REFUND: AnswerRow(_TRADED, _REFUSED),
    Kind.CASH_LOAD: AnswerRow(_TRADED, (2, *_REFUSED)),
    Kind.CASH_LOAD_CONFIRM: AnswerRow((2, *_REFUSED), (2, *_REFUSED)),
    Kind.LOAD_VERIFICATION: AnswerRow(
        (2, 3, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 60, 62), _REFUSED
    ),
    Kind.POINTS_REDEMPTION: AnswerRow(_IN_POINTS, _REFUSED),
    Kind.POINTS_EARN: AnswerRow(_IN_POINTS, _REFUSED),
    Kind.CARD_ACTIVATION: AnswerRow(_TRADED, _REFUSED),
    Kind.PREAUTH: AnswerRow(_TRADED, _REFUSED),
    Kind.PREAUTH_INCREMENT: AnswerRow(_TRADED, _REFUSED),
    Kind.PREAUTH_VOID: AnswerRow(_TRADED, _REFUSED),
    Kind.COMPLETION: AnswerRow(_TRADED, _REFUSED),
    Kind.COMPLETION_ADVICE: AnswerRow(_TRADED, _REFUSED),
    Kind.COMPLETION_VOID: AnswerRow(_TRADED, _REFUSED),
    Kind.VOUCHER_REDEMPTION: AnswerRow(
        (3, 4, 11, 12, 13, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 60, 62), _REFUSED
    ),
    Kind.LOAD_BY_CODE: AnswerRow(
        (2, 3, 11, 12, 13, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 54, 60, 62), _REFUSED
    ),
    Kind.VOUCHER_VOID: AnswerRow(
        (2, 3, 4, 11, 12, 13, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 60), _REFUSED
    ),
    Kind.LOAD_BY_PHONE: AnswerRow(_UNSEEN, _REFUSED),
    Kind.PHONE_LOAD_VOID: AnswerRow(_UNSEEN, _REFUSED),
    Kind.LOTTERY_DRAW: AnswerRow(_IN_POINTS, _REFUSED),
    Kind.POINTS_INQUIRY: AnswerRow(
        (2, 3, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 60, 62), _REFUSED
    ),
    Kind.REVERSAL: AnswerRow(_REFUSED, _REFUSED),
    Kind.SIGN_ON: AnswerRow((*_NOTICED, 62), _NOTICED),
    Kind.SIGN_OFF: AnswerRow(_NOTICED, _NOTICED),
    Kind.ECHO: AnswerRow(_NOTICED, _NOTICED),
    Kind.PARAMETER_DOWNLOAD: AnswerRow((*_NOTICED, 62), _NOTICED),
    Kind.PARAMETER_END: AnswerRow(_NOTICED, _NOTICED),
    Kind.STATUS_UPLOAD: AnswerRow(_NOTICED, _NOTICED),
    Kind.SETTLEMENT: AnswerRow(_SETTLED, _SETTLED),
    Kind.BATCH_UPLOAD: AnswerRow(_NOTICED, _NOTICED),
    Kind.UPLOAD_END: AnswerRow(
        (11, 12, 13, 32, 37, 39, 41, 42, 48, 60), (11, 12, 13, 32, 37, 39, 41, 42, 48, 60)
    ),
}
"""F64 follows where the request was sealed and must be. Fields without a value are left out. A
settlement's answer has no F39: its flags in F48 say what came of it."""
REFUSALS: Final[dict[str, AnswerRow]] = {
    "": AnswerRow(_REFUSED, _REFUSED),
    "05": AnswerRow(_SETTLED, _SETTLED),
}
SEALED_CLASSES: Final = frozenset({"01", "02", "04"})
"""Authorisations, trades and reversals; settlement, upload and management carry no code."""

_CODEC: Final = compile_spec(SPEC)
_TABLE: Final = table_of(SPELLINGS)


def pos_dialect(profile: Profile) -> IsoDialect:
    """This dialect with the answers of one acquirer."""
    return IsoDialect(
        institution=INSTITUTION,
        codec=_CODEC,
        spellings=_TABLE,
        answers={kind: plans_of(row, profile, kind=kind) for kind, row in ANSWERS.items()},
        refusals={name: refusal_plans(name, row, profile) for name, row in REFUSALS.items()},
        sealed_classes=SEALED_CLASSES,
    )


def refusal_plans(name: str, row: AnswerRow, profile: Profile) -> AnswerPlans:
    """The answers of messages of one class whose kind is not known."""
    return plans_of(row, profile, kind=Kind.SETTLEMENT if name == "05" else None)


POS: Final = pos_dialect(UNIONPAY)
