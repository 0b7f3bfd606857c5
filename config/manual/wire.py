"""Tables of `docs/wire.md`: the packed dialect of POS terminals, byte by byte."""

from collections.abc import Iterator, Mapping
from typing import Final

from config.manual import macs
from config.manual.page import Blocks, codes, layout_table, table
from config.manual.samples import CARD, KEY_BLOCK, TERMINAL, WHO, worked_messages
from host.desk.parameters import PARAMETERS
from host.estate.demo import PIN
from host.hsm.keys import CHECK_VALUE_BYTES, LAYOUTS, MAK_BYTES, check_value
from host.hsm.pin import clear_block, make_pin_block
from host.hsm.track import TrackCipher, covered_from
from host.model.requests import KINDS, Family, Kind
from host.model.secrets import Secret
from host.model.totals import SIDES, TotalsSide
from terminals.describe.meanings import (
    CONDITIONS,
    CURRENCIES,
    ENTRY_MODES,
    PIN_ENTRIES,
    PROCESSING,
    REVERSAL_REASONS,
)
from terminals.dialects.pos import SPEC
from terminals.fields import (
    ACCOUNT,
    BALANCE,
    COMBINED,
    CONTROL,
    DRAWN,
    HEADER,
    INSTITUTIONS,
    LOAD_MAX,
    ORGANISATION_AND_TEXTS,
    ORIGINAL,
    POINTS_EARNED,
    POINTS_LOST,
    POINTS_USED,
    SECURITY,
    TOTALS,
    TPDU,
    UPLOAD_RECORD,
    layout,
)
from terminals.formats import TEXT, FieldSpec
from terminals.needs import NEEDS

TITLES: Final[Mapping[str, str]] = {
    "2": "主账号",
    "3": "交易处理码",
    "4": "交易金额",
    "11": "受卡方系统跟踪号",
    "12": "受卡方所在地时间",
    "13": "受卡方所在地日期",
    "14": "卡有效期",
    "15": "清算日期",
    "22": "服务点输入方式码",
    "23": "卡序列号",
    "24": "网络国际标识",
    "25": "服务点条件码",
    "26": "服务点 PIN 获取码",
    "32": "受理方标识码",
    "33": "发送机构标识码",
    "35": "2 磁道数据",
    "36": "3 磁道数据",
    "37": "检索参考号",
    "38": "授权标识应答码",
    "39": "应答码",
    "41": "受卡机终端标识码",
    "42": "受卡方标识码",
    "44": "附加响应数据",
    "48": "附加数据 - 私有",
    "49": "交易货币代码",
    "52": "个人标识码数据",
    "53": "安全控制信息",
    "54": "附加金额",
    "55": "IC 卡数据域",
    "58": "PBOC 电子钱包标准的交易信息",
    "59": "自定义域",
    "60": "自定义域",
    "61": "原始信息域",
    "62": "自定义域",
    "63": "自定义域",
    "64": "MAC",
}
"""What the terminal specification calls each field."""

_TDK: Final = "0123456789ABCDEFFEDCBA9876543210"
UNANSWERED: Final[Mapping[str, str]] = {
    "reverse": "0400 with the same trace and codes, until it is answered; then sell anew",
    "confirm": "the cash is in the drawer: 0220 with the same trace, until it is answered",
    "repeat": "the same message again, until it is answered",
    "leave": "nothing moved: ask again, or leave it",
}

_ODD: Final = (
    ("F22", "021", "0210", "left-justified, the pad nibble behind"),
    ("F23", "001", "0001", "right-justified, the pad nibble in front"),
    ("F24", "003", "0003", "right-justified"),
    ("F35", "9988000000000015D30121200000000000000", None, "37 nibbles, length 37, 19 bytes"),
    ("F60", "22000012000500", None, "14 digits, length 0014, 7 bytes"),
)


def _fields() -> Iterator[tuple[str, ...]]:
    for number in range(2, 65):
        spec = SPEC[str(number)]
        if spec["max_len"]:
            in_front = ("", "LL, 1 byte", "LLL, 2 bytes")[spec["len_type"]]
            size = f"up to {spec['max_len']}" if in_front else str(spec["max_len"])
            yield (
                f"F{number}", spec["desc"], TITLES[str(number)], _form(spec), size,
                in_front, _counts(spec), _pad(spec),
            )  # fmt: skip


def _form(spec: FieldSpec) -> str:
    if spec.get("len_count") == "nibbles":
        return "n" if spec.get("digits") else "z"
    return {"b": "b", "ascii": "an", TEXT: "ans"}[spec["data_enc"]]


def _counts(spec: FieldSpec) -> str:
    return "digits" if spec.get("len_count") == "nibbles" else "bytes"


def _pad(spec: FieldSpec) -> str:
    if spec.get("left_pad"):
        return f"{spec['left_pad']} in front"
    if not spec.get("right_pad"):
        return ""
    also = f" (or {spec['pad_also']})" if spec.get("pad_also") else ""
    return f"{spec['right_pad']} behind{also}"


def _odd() -> Iterator[tuple[str, ...]]:
    from terminals.dialects.pos import POS

    for name, value, told, why in _ODD:
        data = POS.codec.encode({"t": "0200", name[1:]: value})[POS.codec.head_bytes :]
        assert told in {None, data.hex()}, f"{name} is not packed as this page says"
        yield name, f"`{value}`", f"`{data.hex().upper()}`", why


def _needs() -> Iterator[tuple[str, str, str]]:
    for kind, needs in NEEDS.items():
        is_trade = KINDS[kind].moves_value or KINDS[kind].family is Family.FINANCIAL
        names = needs.fields | ({"3", "25"} if is_trade else set())
        yield f"`{kind}`", " ".join(sorted(names, key=int)), "yes" if needs.card else "no"


def _sides() -> Iterator[tuple[str, str, str]]:
    words = {TotalsSide.DEBIT: "debit (借)", TotalsSide.CREDIT: "credit (贷)", None: "not counted"}
    for kind, row in SIDES.items():
        yield f"`{kind}`", words[row.money], words[row.points]


def _layouts() -> Iterator[tuple[str, str, str]]:
    for name, slots in LAYOUTS.items():
        size = sum(slot.slot_bytes + CHECK_VALUE_BYTES for slot in slots)
        told = ", ".join(
            f"{slot.usage.upper()} in {slot.slot_bytes}, check value {CHECK_VALUE_BYTES}"
            for slot in slots
        )
        yield name, str(size), told


def _mac_keys() -> Iterator[tuple[str, str]]:
    for algorithm, sizes in MAK_BYTES.items():
        yield f"`{algorithm.value}`", " or ".join(map(str, sizes))


def _worked_keys() -> str:
    working = TERMINAL.working
    assert working is not None, "the demo's first terminal is signed on"
    parts = layout(pik=32, pik_check=8, mak=16, zeros=16, mak_check=8)
    block = KEY_BLOCK.hex().upper()
    rows = [
        ("TMK", TERMINAL.tmk.reveal().hex().upper()),
        ("F62", block),
        *((name.replace("_", " "), block[place]) for name, place in parts.items()),
        ("PIK, clear", working.pik.reveal().hex().upper()),
        ("MAK, clear", working.mak.reveal().hex().upper()),
    ]
    assert block[parts["mak_check"]] == check_value(working.mak)
    return table(("what", "value"), ((a, f"`{b}`") for a, b in rows))


def _worked_pin() -> str:
    pik = WHO.pik
    assert pik is not None, "the demo's first terminal is signed on"
    digits = PIN.reveal().decode()
    typed = f"0{len(digits)}{digits}".ljust(16, "F")
    rows = [
        ("PIN", digits),
        ("card", CARD.pan.reveal()),
        ("PIN field", typed),
        ("card field", f"0000{CARD.pan.reveal()[-13:-1]}"),
        ("XOR", clear_block(PIN, CARD.pan, 0).reveal().hex().upper()),
        ("PIK", pik.reveal().hex().upper()),
        ("F52", make_pin_block(pik, PIN, CARD.pan, 0).reveal().hex().upper()),
    ]
    return table(("what", "value"), ((a, f"`{b}`") for a, b in rows))


def _worked_track() -> str:
    track = f"{CARD.pan.reveal()}D{CARD.expiry}120".ljust(37, "0")
    key = Secret.from_hex(_TDK)
    sealed = TrackCipher(key).encrypt(Secret(track.encode())).reveal().decode()
    start = covered_from(len(track))
    covered = slice(start, start + 16)
    rows = [
        ("TDK", _TDK),
        ("track 2", track),
        (f"its digits {start + 1} to {start + 16}", track[covered]),
        ("encrypted", sealed[covered]),
        ("F35", sealed),
    ]
    return table(("what", "value"), ((a, f"`{b}`") for a, b in rows))


def _unanswered() -> Iterator[tuple[str, str]]:
    for kind, row in KINDS.items():
        if kind not in NEEDS:
            continue
        what = "leave"
        if row.undone_by_switch:
            what = "reverse"
        elif kind is Kind.CASH_LOAD:
            what = "confirm"
        elif row.only_host_may_end or row.family in {Family.SETTLEMENT, Family.UPLOAD}:
            what = "repeat"
        yield f"`{kind}`", UNANSWERED[what]


BLOCKS: Final[Blocks] = {
    "wire.tpdu": lambda: layout_table("tpdu", TPDU),
    "wire.header": lambda: layout_table("header", HEADER),
    "wire.fields": lambda: table(
        ("field", "name", "its name", "form", "size", "length", "counts", "pad"), _fields()
    ),
    "wire.odd": lambda: table(("field", "value", "bytes", "why"), _odd()),
    "wire.needs": lambda: table(("asked", "fields", "a card, F2 or F35"), _needs()),
    "wire.f22": lambda: codes(ENTRY_MODES) + "\nThird digit:\n\n" + codes(PIN_ENTRIES),
    "wire.f25": lambda: codes(CONDITIONS),
    "wire.f3": lambda: codes(PROCESSING),
    "wire.f49": lambda: codes(CURRENCIES),
    "wire.f39": lambda: codes(REVERSAL_REASONS),
    "wire.f60": lambda: layout_table("60", CONTROL),
    "wire.f61": lambda: layout_table("61", ORIGINAL),
    "wire.f53": lambda: layout_table("53", SECURITY),
    "wire.f48.totals": lambda: layout_table("48", {**TOTALS, "flag": slice(30, 31)}),
    "wire.f48.record": lambda: layout_table("48", UPLOAD_RECORD),
    "wire.f54": lambda: layout_table("54", BALANCE),
    "wire.f44": lambda: layout_table("44", INSTITUTIONS),
    "wire.f63": lambda: layout_table("63", ORGANISATION_AND_TEXTS),
    "wire.f62.points": lambda: layout_table("62", POINTS_USED),
    "wire.f62.lost": lambda: layout_table("62", POINTS_LOST),
    "wire.f62.account": lambda: layout_table("62", ACCOUNT),
    "wire.f62.combined": lambda: layout_table("62", COMBINED),
    "wire.f62.drawn": lambda: layout_table("62", DRAWN),
    "wire.f62.earned": lambda: layout_table("62", POINTS_EARNED),
    "wire.f62.load": lambda: layout_table("62", LOAD_MAX),
    "wire.sides": lambda: table(("asked", "money", "points"), _sides()),
    "wire.layouts": lambda: table(("F60.3", "F62 bytes", "slots"), _layouts()),
    "wire.mac_keys": lambda: table(("`mac_algorithm`", "bytes of its MAC key"), _mac_keys()),
    "wire.keys": _worked_keys,
    "wire.pin": _worked_pin,
    "wire.track": _worked_track,
    "wire.unanswered": lambda: table(("asked", "no answer"), _unanswered()),
    "wire.parameters": lambda: table(
        ("tag", "meaning"), ((row.tag, row.meaning) for row in PARAMETERS)
    ),
    "wire.messages": lambda: "\n\n".join(
        f"### {title}\n\n{text}" for title, text in worked_messages()
    ),
    **macs.BLOCKS,
}
