"""What codes mean, in words for people who read messages: nothing here decides anything.

The codes are those of ISO 8583:1987 and of UnionPay POS terminals; an acquirer of your own may
read some otherwise, and then its specification is right.
"""

from collections.abc import Mapping
from typing import Final

from host.model.responses import RESPONSE_CODES

MTI_VERSIONS: Final[Mapping[str, str]] = {"0": "1987", "1": "1993", "2": "2003"}
MTI_CLASSES: Final[Mapping[str, str]] = {
    "1": "authorisation",
    "2": "financial",
    "3": "file action, batch upload",
    "4": "reversal",
    "5": "reconciliation, settlement",
    "6": "administrative",
    "7": "fee collection",
    "8": "network management",
}
MTI_FUNCTIONS: Final[Mapping[str, str]] = {
    "0": "request",
    "1": "response",
    "2": "advice",
    "3": "advice response",
    "4": "notification",
}
MTI_ORIGINS: Final[Mapping[str, str]] = {
    "0": "",
    "1": "repeat",
    "2": "from the issuer",
    "3": "from the issuer, repeat",
    "4": "from elsewhere",
    "5": "from elsewhere, repeat",
}

NEXT_STEPS: Final[Mapping[str, str]] = {
    "0": "nothing to do",
    "1": "then download the stripe parameters",
    "2": "then upload the terminal's status",
    "3": "then sign on again",
    "4": "then update the CA public keys",
    "5": "then download the chip parameters",
    "6": "then download parameters from the TMS",
    "7": "then download the card blacklist",
    "8": "then download currency rates",
}
"""The header's sixth digit in an answer: what the terminal does after this transaction."""
APPLICATION_CLASSES: Final[Mapping[str, str]] = {
    "60": "stripe payment",
    "61": "chip payment",
    "62": "chip payment",
    "63": "chip payment",
    "64": "points",
}
"""The header's first two digits."""
TERMINAL_STATUS: Final[Mapping[str, str]] = {"0": "normal", "1": "test, training"}
"""The header's fifth digit."""

ENTRY_MODES: Final[Mapping[str, str]] = {
    "00": "unspecified",
    "01": "keyed",
    "02": "stripe",
    "03": "scanned code",
    "05": "chip",
    "07": "contactless",
    "80": "stripe, the chip failed",
    "90": "stripe, read whole",
    "91": "contactless as stripe",
    "92": "card not present, reservation",
    "95": "stripe, the chip failed",
    "96": "phone or wearable",
    "98": "contactless, full",
}
"""F22, first two digits."""
PIN_ENTRIES: Final[Mapping[str, str]] = {
    "0": "PIN unspecified",
    "1": "with PIN",
    "2": "without PIN",
}
"""F22, third digit."""

CONDITIONS: Final[Mapping[str, str]] = {
    "00": "normal",
    "06": "pre-authorisation",
    "08": "mail or telephone order",
    "18": "mail or telephone pre-authorisation",
    "60": "incremental pre-authorisation",
    "64": "instalment",
    "65": "points",
    "66": "account load of a stripe card",
    "67": "reservation",
    "82": "cross-border settlement",
    "91": "e-purse, e-cash",
    "99": "scanned code",
}
"""F25."""

PROCESSING: Final[Mapping[str, str]] = {
    "00": "goods and services",
    "01": "cash",
    "02": "adjustment",
    "03": "pre-authorisation",
    "17": "cash load void",
    "20": "refund, void",
    "21": "deposit, points earned",
    "30": "available funds",
    "31": "balance",
    "33": "account verification",
    "40": "transfer",
    "60": "load from the linked account",
    "62": "load from another account",
    "63": "load with cash",
    "90": "gift card activation",
    "91": "gift card activation void",
    "92": "voucher redemption",
    "94": "lottery draw",
}
"""F3, first two digits."""

CURRENCIES: Final[Mapping[str, str]] = {
    "156": "CNY",
    "344": "HKD",
    "446": "MOP",
    "840": "USD",
    "978": "EUR",
}
"""F49 and the currency of F54."""

PIN_BLOCK_KINDS: Final[Mapping[str, str]] = {
    "0": "no PIN",
    "1": "PIN block without the PAN",
    "2": "PIN block with the PAN",
}
PIN_ALGORITHMS: Final[Mapping[str, str]] = {"0": "single DES", "6": "two-key TDES"}
TRACK_PROTECTION: Final[Mapping[str, str]] = {"0": "clear track", "1": "encrypted track"}

READING: Final[Mapping[str, str]] = {
    "0": "unspecified",
    "2": "stripe",
    "5": "chip and stripe",
    "6": "contactless, chip and stripe",
}
CHIP_CONDITIONS: Final[Mapping[str, str]] = {
    "0": "no chip failure",
    "1": "the last was a chip",
    "2": "stripe after a failed chip",
}
ACCOUNTS: Final[Mapping[str, str]] = {"000": "", "048": "issuer points", "065": "union points"}
BALANCE_KINDS: Final[Mapping[str, str]] = {"01": "ledger balance", "02": "available balance"}
TOTALS_FLAGS: Final[Mapping[str, str]] = {
    "0": "asked",
    "1": "balanced",
    "2": "not balanced",
    "3": "not compared",
}
RECORD_CARDS: Final[Mapping[str, str]] = {"00": "domestic", "01": "foreign"}

SUBFIELDS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "tpdu.protocol": ("protocol: 60 a transaction", {}),
    "tpdu.destination": ("to whom: the network id (NII) of the host", {}),
    "tpdu.source": ("from whom: a gateway writes its line here", {}),
    "header.application": ("application class", APPLICATION_CLASSES),
    "header.version": ("version of the specification: 22, 31 and 32 are seen", {}),
    "header.status": ("status of the terminal", TERMINAL_STATUS),
    "header.next": ("in an answer: what to do next; in a request 0", NEXT_STEPS),
    "header.software": ("version of the terminal's software", {}),
    "60.type_code": ("message type code", {}),
    "60.batch": ("batch", {}),
    "60.function": ("network management code", {}),
    "60.reading": ("what the terminal can read", READING),
    "60.chip_condition": ("how the chip went", CHIP_CONDITIONS),
    "60.partial_approval": ("partial approval", {"0": "no", "1": "yes"}),
    "60.account": ("account type", ACCOUNTS),
    "61.batch": ("original batch", {}),
    "61.trace": ("original trace", {}),
    "61.date": ("original date MMDD", {}),
    "61.mode": ("original authorisation mode", {}),
    "61.institution": ("original authorising institution", {}),
    "90.mti": ("original message type", {}),
    "90.trace": ("original trace", {}),
    "90.sent": ("original F7", {}),
    "90.acquirer": ("original acquirer", {}),
    "90.forwarder": ("original forwarder", {}),
    "53.pin_block": ("PIN block", PIN_BLOCK_KINDS),
    "53.algorithm": ("algorithm", PIN_ALGORITHMS),
    "53.track": ("track", TRACK_PROTECTION),
    "53.reserved": ("reserved", {}),
    "54.account": ("account type", {}),
    "54.kind": ("kind", BALANCE_KINDS),
    "54.currency": ("currency", CURRENCIES),
    "54.sign": ("sign", {"C": "plus", "D": "minus"}),
    "54.amount": ("amount", {}),
    "44.issuer": ("issuer", {}),
    "44.acquirer": ("acquirer", {}),
    "48.count": ("records", {}),
    "48.card": ("card", RECORD_CARDS),
    "48.trace": ("trace", {}),
    "48.pan": ("PAN", {}),
    "48.amount": ("amount", {}),
    "48.debit_minor": ("debits", {}),
    "48.debit_count": ("how many", {}),
    "48.credit_minor": ("credits", {}),
    "48.credit_count": ("how many", {}),
    "48.flag": ("flag", TOTALS_FLAGS),
    "62.used": ("points used", {}),
    "62.self_pay_minor": ("paid besides", {}),
    "62.remaining": ("points left", {}),
    "62.earned": ("points earned", {}),
    "62.balance": ("points now", {}),
    "62.amount_minor": ("largest load", {}),
    "62.pin_key": ("PIN key under the master key", {}),
    "62.pin_check": ("its check value", {}),
    "62.mac_key": ("MAC key under the master key", {}),
    "62.mac_check": ("its check value", {}),
    "62.track_key": ("track key under the master key", {}),
    "62.track_check": ("its check value", {}),
}
"""Parts of fields: what each is called and what its codes mean."""

REVERSAL_REASONS: Final[Mapping[str, str]] = {
    "06": "other, or changed after a failed attempt",
    "98": "no answer in time",
    "A0": "the answer's MAC was wrong",
}
"""F39 of a reversal request."""

OTHER_CODES: Final[Mapping[str, tuple[str, str]]] = {
    "01": ("查询发卡行", "refer to issuer"),
    "02": ("查询发卡行(特殊)", "refer to issuer, special"),
    "04": ("没收卡", "pick up the card"),
    "05": ("不予承兑", "do not honour"),
    "06": ("出错", "error"),
    "07": ("特殊条件没收", "pick up the card, special"),
    "08": ("凭身份证承兑", "honour with identification"),
    "10": ("部分承兑", "approved for a part of the amount"),
    "11": ("重要人物批准", "approved, VIP"),
    "16": ("更新三磁道", "approved, update track 3"),
    "19": ("重新送入交易", "enter again"),
    "20": ("无效应答", "invalid response"),
    "23": ("交易费不可接受", "fee not acceptable"),
    "31": ("不能受理此卡", "card not routed"),
    "33": ("过期卡没收", "expired, pick up"),
    "34": ("有作弊嫌疑", "suspected fraud, pick up"),
    "35": ("与安全部门联系", "contact the acquirer, pick up"),
    "36": ("受限制卡没收", "restricted, pick up"),
    "37": ("呼叫安全部门", "call security, pick up"),
    "38": ("密码次数超", "PIN tries exceeded, pick up"),
    "39": ("无此信用账户", "no credit account"),
    "42": ("无此账户", "no universal account"),
    "44": ("无此投资账户", "no investment account"),
    "52": ("无支票账户", "no cheque account"),
    "53": ("无储蓄账户", "no savings account"),
    "56": ("无此卡记录", "no card record"),
    "59": ("卡校验错", "suspected fraud, check value wrong"),
    "60": ("与安保部门联系", "contact the acquirer"),
    "65": ("超出次数限制", "over the frequency limit"),
    "66": ("联系收单行", "call the acquirer"),
    "67": ("捕捉", "hard capture"),
    "68": ("回复过期", "the response came too late"),
    "79": ("脱机对账不平", "off-line reconciliation wrong"),
    "93": ("违法", "against the law"),
    "95": ("调节控制错", "reconciliation error"),
    "A1": ("转账货币不一致", "currencies differ"),
    "A2": ("交易成功,请确认", "approved, confirm with the issuer"),
    "A3": ("账户不正确", "account incorrect"),
    "A4": ("交易成功,请确认", "approved, confirm with the issuer"),
    "A5": ("交易成功,请确认", "approved, confirm with the issuer"),
    "A6": ("交易成功,请确认", "approved, posting follows"),
    "A7": ("安全处理失败", "security processing failed"),
}
"""Codes of the UnionPay table that this house reads from others and never gives."""

CATEGORIES: Final[Mapping[str, str]] = {
    "A": "approved",
    "B": "may be tried again once the cause is removed",
    "C": "stop",
    "D": "the operator acts",
    "E": "fault or time-out",
}

TAGS: Final[Mapping[str, str]] = {
    "42": "issuer identification number",
    "4F": "application id",
    "50": "application label",
    "56": "track 1 equivalent",
    "57": "track 2 equivalent",
    "5A": "PAN",
    "5F20": "cardholder name",
    "5F24": "expiry YYMMDD",
    "5F25": "effective from YYMMDD",
    "5F28": "issuer country",
    "5F2A": "currency",
    "5F2D": "languages preferred",
    "5F30": "service code",
    "5F34": "PAN sequence number",
    "5F36": "currency exponent",
    "6F": "file control information",
    "70": "record",
    "71": "issuer script 1",
    "72": "issuer script 2",
    "77": "response message",
    "82": "application interchange profile",
    "84": "dedicated file name",
    "86": "issuer script command",
    "87": "application priority",
    "8A": "authorisation response code",
    "8E": "cardholder verification methods",
    "8F": "CA public key index, card",
    "91": "issuer authentication data",
    "94": "application file locator",
    "95": "terminal verification results",
    "99": "PIN data",
    "9A": "date YYMMDD",
    "9B": "transaction status information",
    "9C": "transaction type",
    "9F01": "acquirer id",
    "9F02": "amount",
    "9F03": "other amount",
    "9F04": "other amount, binary",
    "9F06": "application id, terminal",
    "9F07": "application usage control",
    "9F08": "application version, card",
    "9F09": "application version",
    "9F0D": "issuer action code, default",
    "9F0E": "issuer action code, denial",
    "9F0F": "issuer action code, on-line",
    "9F10": "issuer application data",
    "9F12": "application label preferred",
    "9F15": "merchant type",
    "9F16": "merchant id",
    "9F1A": "terminal country",
    "9F1C": "terminal id",
    "9F1E": "device serial number",
    "9F1F": "track 1 discretionary data",
    "9F20": "track 2 discretionary data",
    "9F21": "time hhmmss",
    "9F22": "CA public key index",
    "9F26": "application cryptogram",
    "9F27": "cryptogram information",
    "9F33": "terminal capabilities",
    "9F34": "cardholder verification result",
    "9F35": "terminal type",
    "9F36": "application transaction counter",
    "9F37": "unpredictable number",
    "9F39": "entry mode",
    "9F40": "additional terminal capabilities",
    "9F41": "transaction counter",
    "9F42": "application currency",
    "9F4E": "merchant name and place",
    "9F53": "transaction category",
    "9F58": "merchant type indicator",
    "9F5A": "terminal transaction type",
    "9F5B": "issuer script results",
    "9F5D": "e-cash balance",
    "9F63": "card product",
    "9F66": "terminal transaction qualifiers",
    "9F6B": "track 2 data",
    "9F6C": "card transaction qualifiers",
    "9F6D": "contactless reader capabilities",
    "9F6E": "form factor, third party data",
    "9F74": "e-cash authorisation code",
    "9F7C": "customer exclusive data",
    "DF31": "issuer script result",
}
"""Data objects of EMV and PBOC."""


def mti_words(mti: str) -> str:
    """A message type in words; empty for what is none."""
    if len(mti) != 4:
        return ""
    version, of, function, origin = (mti[at] for at in range(4))
    words = (MTI_CLASSES.get(of), MTI_FUNCTIONS.get(function), MTI_ORIGINS.get(origin))
    if version not in MTI_VERSIONS or None in words:
        return ""
    named = [each for each in words if each]
    return " ".join(named) + f" (ISO 8583:{MTI_VERSIONS[version]})"


def code_words(code: str) -> str:
    """A response code in both languages; empty for one nobody gives."""
    rows = [row for row in RESPONSE_CODES.values() if row.f39 == code]
    if rows:
        return "; ".join(dict.fromkeys(f"{row.english} {row.chinese}" for row in rows))
    chinese, english = OTHER_CODES.get(code, ("", ""))
    return f"{english} {chinese}".strip()


def processing_words(code: str) -> str:
    """F3 in words."""
    return PROCESSING.get(code[:2], "")


def entry_words(code: str) -> str:
    """F22 in words."""
    mode, pin = ENTRY_MODES.get(code[:2], ""), PIN_ENTRIES.get(code[2:], "")
    return ", ".join(each for each in (mode, pin) if each)


def amount_words(digits: str, currency: str = "") -> str:
    """A number of minor units as an amount: the fen of 000000012345 are 123.45."""
    if not digits.isdecimal():
        return ""
    minor = int(digits)
    return f"{minor // 100:,}.{minor % 100:02d} {currency}".strip()
