"""Detail files of merchants and issuers: CSV with the columns of the files that the night writes.

Each has DETAIL rows, a TOTAL row of a unit if it likes, and one END row that says how many DETAIL
rows there are: a file without it was cut short.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from host.model.money import UNIT_MARK
from host.model.secrets import Secret
from host.model.word import Word
from host.office.reading import Fault, Line, Wanted, read_rows, refuse_faults
from host.office.told_lines import Told

DETAIL, TOTAL, END = RECORDS = ("DETAIL", "TOTAL", "END")
AMOUNT_DIGITS_MAX: Final = 12
"""As the field of a message has them; so all that a file may have comes to a whole number yet."""
_AMOUNT: Final = re.compile(
    rf"(-?)(?:([0-9]{{1,{AMOUNT_DIGITS_MAX - 2}}})\.([0-9]{{2}})|([0-9]{{1,{AMOUNT_DIGITS_MAX}}}))"
)
_EMPTY: Final = Word("it is empty", "为空")
NO_END: Final = Word(
    "the file has no END row at its end: it was cut short", "文件末尾没有 END 行: 文件不完整"
)


def _matching(pattern: str, problem: Word) -> Callable[[str], Word | None]:
    form = re.compile(pattern)
    return lambda cell: None if form.fullmatch(cell) else problem


def _date_problem(cell: str) -> Word | None:
    if not cell:
        return None
    try:
        dt.date.fromisoformat(cell)
    except ValueError:
        return Word("no day as 2026-12-31", "不是 2026-12-31 这样的日期")
    return None


def _anything(_cell: str) -> Word | None:
    return None


DETAIL_COLUMNS: Final = (
    Wanted(
        name="record",
        problem=_matching(
            "|".join(RECORDS), Word("not DETAIL, TOTAL or END", "应为 DETAIL、TOTAL 或 END")
        ),
    ),
    Wanted(name="business_date", problem=_date_problem, may_be_left_out=True),
    Wanted(
        name="rrn",
        problem=_matching(
            r"[0-9A-Za-z]{0,12}", Word("not up to 12 letters or digits", "不是至多 12 位字母或数字")
        ),
    ),
    Wanted(
        name="terminal_id",
        problem=_matching(
            r"[0-9A-Za-z]{0,16}", Word("not up to 16 letters or digits", "不是至多 16 位字母或数字")
        ),
    ),
    Wanted(
        name="batch",
        problem=_matching(
            r"[0-9A-Za-z]{0,12}", Word("not up to 12 letters or digits", "不是至多 12 位字母或数字")
        ),
        may_be_left_out=True,
    ),
    Wanted(
        name="trace",
        problem=_matching(r"[0-9]{0,12}", Word("not up to 12 digits", "不是至多 12 位数字")),
    ),
    Wanted(
        name="unit",
        problem=_matching(
            r"([A-Z]{3}|P:[0-9A-Za-z._-]{1,32})?",
            Word("no currency, nor P: and a programme", "不是币种, 也不是 P: 加积分计划"),
        ),
    ),
    Wanted(
        name="amount",
        problem=_matching(
            rf"({_AMOUNT.pattern})?",
            Word("no amount: digits, and two behind a point", "不是金额: 数字, 小数点后两位"),
        ),
    ),
    Wanted(name="rows", problem=_matching(r"[0-9]{0,7}", Word("no count", "不是笔数"))),
    Wanted(name="merchant_id", problem=_anything, may_be_left_out=True),
    Wanted(name="issuer_id", problem=_anything, may_be_left_out=True),
    *(
        Wanted(name=name, problem=_anything, may_be_left_out=True)
        for name in ("kind", "card", "original_rrn", "points_earned", "fee", "fee_unit")
    ),
)
"""In any order. What is not looked at is not kept: a card number stands there at times."""


def read_detail(content: Secret, whose: str, party: str) -> list[Told]:
    """The DETAIL rows of a file, which is of `party` by its column `whose`.

    Raises:
        Refusal: it is no such file, was cut short, or names what is another's.
    """
    rows = read_rows(content, DETAIL_COLUMNS)
    details = [row for row in rows if row.cells["record"] == DETAIL]
    faults = [fault for row in details for fault in _faults_of(row, whose, party)]
    refuse_faults(faults)
    told = [_told(row) for row in details]
    refuse_faults([*_wrong_order(rows), *_wrong_counts(rows, told)])
    return told


def _faults_of(row: Line, whose: str, party: str) -> Iterator[Fault]:
    cells = row.cells
    for name in ("unit", "amount"):
        if not cells[name]:
            yield Fault(row.number, name, _EMPTY)
    if cells.get(whose, "") not in {"", party}:
        yield Fault(row.number, whose, Word("it is of another", "不属于本机构"))
    if (
        cells["unit"]
        and cells["amount"]
        and _is_money(cells["unit"]) is not ("." in cells["amount"])
    ):
        problem = Word(
            "money has two digits behind a point, points have none", "金额须两位小数, 积分须为整数"
        )
        yield Fault(row.number, "amount", problem)


def _is_money(unit: str) -> bool:
    return UNIT_MARK not in unit


def minor_of(amount: str) -> int:
    """An amount as it is written, in minor units; of points, points."""
    found = _AMOUNT.fullmatch(amount)
    assert found is not None, "it was looked at before"
    sign, whole, part, points = found.groups()
    minor = int(points) if points is not None else int(whole) * 100 + int(part)
    return -minor if sign else minor


def _told(row: Line) -> Told:
    cells = row.cells
    day = cells.get("business_date", "")
    return Told(
        line=row.number,
        rrn=cells["rrn"],
        terminal_id=cells["terminal_id"],
        batch=cells.get("batch", ""),
        trace=cells["trace"],
        traded_on=dt.date.fromisoformat(day) if day else None,
        unit=cells["unit"],
        amount_minor=minor_of(cells["amount"]),
    )


def _wrong_order(rows: Sequence[Line]) -> Iterator[Fault]:
    """One END, and it is the last row."""
    ends = [row for row in rows if row.cells["record"] == END]
    if not ends or rows[-1].cells["record"] != END:
        yield Fault(rows[-1].number, "record", NO_END)
    for row in ends[1:]:
        yield Fault(row.number, "record", Word("a second END row", "END 行重复"))


def _wrong_counts(rows: Sequence[Line], told: Sequence[Told]) -> Iterator[Fault]:
    """What TOTAL and END rows say is what the others come to."""
    counts: Counter[str] = Counter(one.unit for one in told)
    sums: Counter[str] = Counter()
    for one in told:
        sums[one.unit] += one.amount_minor
    for row in rows:
        record, unit = row.cells["record"], row.cells["unit"]
        if record == DETAIL:
            continue
        there = len(told) if record == END else counts[unit]
        if row.cells["rows"] != str(there):
            problem = Word(f"the file has {there} such rows", f"文件中有 {there} 笔")
            yield Fault(row.number, "rows", problem)
        amount = row.cells["amount"]
        if record == TOTAL and (not amount or minor_of(amount) != sums[unit]):
            yield Fault(
                row.number, "amount", Word("it is not the sum of its rows", "与明细合计不符")
            )
