"""Bills of payment ports: what each says was paid and given back over it on a day of its own.

That of WeChat Pay has four parts: heads, a row for each payment and for each refund, heads of the
sums, and the sums. Each cell of a row begins with a back quote, so that programs for tables leave
its digits alone; a name of goods may have commas. A bill without its sums was cut short.
Source: pay.weixin.qq.com, 交易账单详细说明.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from host.model.secrets import Secret
from host.model.word import Word
from host.office.reading import ROWS_MAX, Fault, Line, refuse_faults, text_of
from host.office.told_lines import Told

AT, STATE, UNIT = "交易时间", "交易状态", "货币种类"
PAYMENT, PAID = "微信订单号", "应结订单金额"
REFUND, REFUNDED = "商户退款单号", "退款金额"
HEADS: Final = (AT, PAYMENT, STATE, UNIT, PAID, REFUND, REFUNDED)
"""What is read; a bill has more."""
ROWS, PAID_SUM, REFUNDED_SUM = SUMS = ("总交易单数", "应结订单总金额", "退款总金额")
IN, OUT = "SUCCESS", frozenset({"REFUND", "REVOKED"})
MARK: Final = "`"
NUMBER_CHARACTERS_MAX: Final = 64
_AMOUNT: Final = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?")
_UNIT: Final = re.compile(r"[A-Z]{3}")
NO_SUMS: Final = Word(
    "the bill does not end in its sums: it was cut short", "账单末尾没有汇总: 文件不完整"
)


class _Parts(NamedTuple):
    """Of a bill: its rows by their heads, and its sums."""

    rows: list[Line]
    sums: Line


def read_wechat(content: Secret) -> list[Told]:
    """What was paid, and what was given back as less than nothing, under the port's numbers.

    A refund goes by the number that we have given it.

    Raises:
        Refusal: it is no such bill, or was cut short.
    """
    parts = _parts(text_of(content.reveal()))
    refuse_faults([fault for row in parts.rows for fault in _faults_of(row)])
    told = [_told(row) for row in parts.rows]
    refuse_faults([*_wrong_sums(parts.sums, told)])
    return told


def _parts(text: str) -> _Parts:
    lines = [(at, one) for at, one in enumerate(text.split("\n"), 1) if one.strip()]
    if len(lines) > ROWS_MAX:
        refuse_faults([Fault(0, "", Word(f"more than {ROWS_MAX} rows", f"超过 {ROWS_MAX} 行"))])
    if len(lines) < 3 or lines[-1][1].startswith(ROWS) or not lines[-2][1].startswith(ROWS):
        refuse_faults([Fault(lines[-1][0] if lines else 0, "", NO_SUMS)])
    heads, sum_heads = (_heads(*lines[at], wanted) for at, wanted in ((0, HEADS), (-2, SUMS)))
    faults: list[Fault] = []
    rows = [_row(at, one, heads, faults) for at, one in lines[1:-2]]
    sums = _row(*lines[-1], sum_heads, faults)
    refuse_faults(faults)
    return _Parts(rows, sums)


def _heads(at: int, line: str, wanted: Sequence[str]) -> list[str]:
    heads = [head.strip() for head in line.split(",")]
    missing = Word("the column is missing", "缺少此列")
    refuse_faults([Fault(at, Word(name, name), missing) for name in wanted if name not in heads])
    return heads


def _row(at: int, line: str, heads: Sequence[str], faults: list[Fault]) -> Line:
    cells = [cell.strip() for cell in line.strip().removeprefix(MARK).split(f",{MARK}")]
    if len(cells) != len(heads) or not line.startswith(MARK):
        problem = Word(
            f"{len(cells)} cells that begin with {MARK}, and there are {len(heads)} columns",
            f"有 {len(cells)} 格以 {MARK} 开头, 而表头是 {len(heads)} 列",
        )
        faults.append(Fault(at, "", problem))
        return Line(at, {})
    return Line(at, dict(zip(heads, cells, strict=True)))


def _faults_of(row: Line) -> Iterator[Fault]:
    state = row.cells[STATE]
    if state != IN and state not in OUT:
        yield _fault(
            row, STATE, Word("not SUCCESS, REFUND or REVOKED", "应为 SUCCESS、REFUND 或 REVOKED")
        )
        return
    if _time(row.cells[AT]) is None:
        problem = Word("no time as 2026-12-31 23:59:59", "不是 2026-12-31 23:59:59 这样的时间")
        yield _fault(row, AT, problem)
    if not _UNIT.fullmatch(row.cells[UNIT]):
        yield _fault(row, UNIT, Word("no currency", "不是币种"))
    amount = PAID if state == IN else REFUNDED
    if not _AMOUNT.fullmatch(row.cells[amount]):
        yield _fault(row, amount, Word("no amount in yuan", "不是以元计的金额"))
    number = PAYMENT if state == IN else REFUND
    if len(row.cells[number]) > NUMBER_CHARACTERS_MAX or "\0" in row.cells[number]:
        yield _fault(row, number, Word("it is too long", "过长"))


def _fault(row: Line, head: str, problem: Word) -> Fault:
    return Fault(row.number, Word(head, head), problem)


def _time(cell: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(cell, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - its day is wanted
    except ValueError:
        return None


def _minor(cell: str) -> int:
    found = _AMOUNT.fullmatch(cell)
    assert found is not None, "it was looked at before"
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _told(row: Line) -> Told:
    cells: Mapping[str, str] = row.cells
    is_paid, at = cells[STATE] == IN, _time(cells[AT])
    assert at is not None, "it was looked at before"
    return Told(
        line=row.number,
        rrn=cells[PAYMENT if is_paid else REFUND],
        traded_on=at.date(),
        unit=cells[UNIT],
        amount_minor=_minor(cells[PAID]) if is_paid else -_minor(cells[REFUNDED]),
    )


def _wrong_sums(sums: Line, told: Sequence[Told]) -> Iterator[Fault]:
    """What its last row says is what the others come to."""
    if sums.cells[ROWS] != str(len(told)):
        problem = Word(f"the bill has {len(told)} rows", f"账单中有 {len(told)} 笔")
        yield _fault(sums, ROWS, problem)
    amounts = [one.amount_minor for one in told]
    for head, there in (
        (PAID_SUM, sum(each for each in amounts if each > 0)),
        (REFUNDED_SUM, -sum(each for each in amounts if each < 0)),
    ):
        cell = sums.cells[head]
        if not _AMOUNT.fullmatch(cell) or _minor(cell) != there:
            yield _fault(sums, head, Word("it is not the sum of its rows", "与明细合计不符"))
