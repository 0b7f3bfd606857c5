"""Files of rows that people send: CSV in UTF-8, whole or not at all, each fault by line and column.

What programs for tables make of a CSV is told apart: a mark at its beginning and lines that end in
CR LF are taken, UTF-16 with its mark too; a workbook, GBK and what is no text are sentences. The
first line names the columns, by their code or by their word in either language.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from host.model.secrets import PAN_DIGITS_MAX, PAN_DIGITS_MIN, Secret, luhn_digit
from host.model.word import Word
from host.office.refusals import FILE, Refusal
from host.office.words import word_of

ROWS_MAX: Final = 100_000
LINE_CHARACTERS_MAX: Final = 4_096
FAULTS_TOLD_MAX: Final = 10
_WORKBOOK: Final = (b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"))
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A column of a file: what its cells must be, in words, and how that is known."""

    name: str
    problem: Callable[[str], Word | None]
    """What is wrong with a cell; None where it is good."""
    may_be_left_out: bool = False


class Fault(NamedTuple):
    """What is wrong, by its line, counted from 1 with the heads, and its column."""

    line: int
    column: str | Word
    """By its name; one that has none by its place."""
    problem: Word

    @property
    def said(self) -> Word:
        """In a sentence."""
        column = self.column
        if isinstance(column, str):
            column = Word(column, word_of(column).zh)
        line = Word(f"line {self.line}", f"第 {self.line} 行") if self.line else Word("", "")
        return Word(
            _sentence(line.en, column.en, self.problem.en),
            _sentence(line.zh, column.zh, self.problem.zh),
        )


def _sentence(line: str, column: str, problem: str) -> str:
    place = ", ".join(filter(None, (line, column)))
    return f"{place}: {problem}" if place else problem


class Line(NamedTuple):
    """A row, by its line and its columns."""

    number: int
    cells: Mapping[str, str]


class Looked(NamedTuple):
    """What is in a file: rows that are good, in their order, and what is wrong with others."""

    good: list[Line]
    faults: list[Fault]


def number_problem(cell: str) -> Word | None:
    """What is wrong with a card number; whose it is says who reads."""
    if not (cell.isascii() and cell.isdigit()):
        return Word("not a number", "不是号码")
    if not PAN_DIGITS_MIN <= len(cell) <= PAN_DIGITS_MAX:
        return Word("wrong length", "长度错误")
    is_right = luhn_digit(cell[:-1]) == cell[-1]
    return None if is_right else Word("wrong check digit", "校验位错")


def read_rows(content: Secret, columns: Sequence[Wanted], *, unique: str = "") -> list[Line]:
    """All rows of a file, where each is good and none is twice there by its column `unique`.

    Raises:
        Refusal: it is no such file, or the first faults of its lines.
    """
    read = _read(content, columns, (unique,) if unique else (), FAULTS_TOLD_MAX)
    refuse_faults(read.faults)
    return read.good


def look_at_rows(content: Secret, columns: Sequence[Wanted], *, unique: Sequence[str]) -> Looked:
    """Every row of a file, told apart; by a column of `unique` it is good the first time alone.

    Raises:
        Refusal: it is no such file, or cannot be read to its end.
    """
    return _read(content, columns, unique, ROWS_MAX)


def _read(
    content: Secret, columns: Sequence[Wanted], unique: Sequence[str], faults_max: int
) -> Looked:
    text = text_of(content.reveal())
    faults: list[Fault] = []
    good: list[Line] = []
    seen: dict[tuple[str, str], int] = {}
    is_empty = True
    for line in _lines(text, columns, faults):
        is_empty = False
        found = [*_faults_of(line, columns), *_twice(line, unique, seen)]
        faults += found
        if not found:
            good.append(line)
        if len(faults) >= faults_max:
            break
    if is_empty:
        no_rows = Word("it has no rows behind its heads", "表头之后没有数据行")
        refuse_faults(faults or [Fault(0, "", no_rows)])
    return Looked(good, faults)


def _twice(line: Line, unique: Sequence[str], seen: dict[tuple[str, str], int]) -> Iterator[Fault]:
    for column in unique:
        first = seen.setdefault((column, line.cells.get(column, "")), line.number)
        if first != line.number:
            problem = Word(f"twice: it stands in line {first}", f"重复: 第 {first} 行已有")
            yield Fault(line.number, column, problem)


def refuse_faults(faults: Sequence[Fault]) -> None:
    """Return where there are none.

    Raises:
        Refusal: the first of them, by line and column; nothing of the file was taken.
    """
    if faults:
        told = [one.said for one in faults[:FAULTS_TOLD_MAX]]
        more = " …" if len(faults) > FAULTS_TOLD_MAX else ""
        en = "; ".join(one.en for one in told) + more
        raise Refusal(FILE, field="file", faults=Word(en, "; ".join(one.zh for one in told) + more))


def text_of(content: bytes) -> str:
    """The text of a file, whichever of the encodings that are read it is in.

    Raises:
        Refusal: it is none, and what to save it as.
    """
    if content.startswith(_WORKBOOK):
        refuse_faults([Fault(0, "", _to_be_saved("it is a workbook", "是工作簿"))])
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    if encoding != "utf-16" and b"\0" in content:
        _refuse_nul(content[: content.index(b"\0")].count(b"\n"))
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        is_gbk = encoding == "utf-8" and _is_gbk(content)
        if is_gbk:
            problem = _to_be_saved("it is in GBK, as Excel saves it", "是 GBK 编码(Excel 如此保存)")
        else:
            problem = _to_be_saved(f"it is no text in {encoding}", f"不是 {encoding} 文本")
        refuse_faults([Fault(line, "", problem)])
        raise AssertionError from error
    if "\0" in text:
        _refuse_nul(text.count("\n", 0, text.index("\0")))
    return text


def _to_be_saved(en: str, zh: str) -> Word:
    return Word(f"{en}: save it as CSV in UTF-8", f"{zh}: 请另存为 UTF-8 的 CSV")


def _refuse_nul(lines_before: int) -> None:
    problem = Word("it has a NUL in it: it is no text", "含有 NUL 字符, 不是文本")
    refuse_faults([Fault(lines_before + 1, "", problem)])


def _is_gbk(content: bytes) -> bool:
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: str, columns: Sequence[Wanted], faults: list[Fault]) -> Iterator[Line]:
    """Rows by their heads.

    Raises:
        Refusal: they end where no more can be read.
    """
    _refuse_long(text)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = _names(next(rows, []), columns)
        for count, row in enumerate(rows, 1):
            if not any(row):
                continue
            if count > ROWS_MAX:
                problem = Word(
                    f"more than {ROWS_MAX} rows: send two files",
                    f"超过 {ROWS_MAX} 行: 请分成两个文件",
                )
                refuse_faults([*faults, Fault(rows.line_num, "", problem)])
            if len(row) != len(names):
                problem = Word(
                    f"{len(row)} cells, and there are {len(names)} columns",
                    f"有 {len(row)} 格, 而表头是 {len(names)} 列",
                )
                faults.append(Fault(rows.line_num, "", problem))
                continue
            cells = zip(names, (cell.strip() for cell in row), strict=True)
            yield Line(rows.line_num, dict(cells))
    except csv.Error as error:
        problem = Word(f"it is no CSV: {error}", "不是合格的 CSV")
        refuse_faults([*faults, Fault(rows.line_num, "", problem)])


def _refuse_long(text: str) -> None:
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if len(line) > LINE_CHARACTERS_MAX:
            problem = Word(
                f"it is longer than {LINE_CHARACTERS_MAX} characters",
                f"超过 {LINE_CHARACTERS_MAX} 个字符",
            )
            refuse_faults([Fault(number, "", problem)])


def _names(heads: Sequence[str], columns: Sequence[Wanted]) -> list[str]:
    known: dict[str, str] = {}
    for one in columns:
        word = word_of(one.name)
        known |= {one.name: one.name, word.en: one.name, word.zh: one.name}
    names = [known.get(head.strip(), "") for head in heads]
    wanted = [one.name for one in columns if not one.may_be_left_out]
    known_here = ", ".join(sorted(set(known.values())))
    is_none = Word(f"its head is none of: {known_here}", f"表头应为其中之一: {known_here}")
    faults = [  # what stands there is not told: without heads it would be a number of somebody's
        Fault(1, Word(f"column {at}", f"第 {at} 列"), is_none)
        for at, name in enumerate(names, 1)
        if not name
    ]
    missing = Word("the column is missing", "缺少此列")
    faults += [Fault(1, name, missing) for name in wanted if name not in names]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    is_twice = Word("the column is there twice", "此列重复")
    faults += [Fault(1, name, is_twice) for name in twice]
    refuse_faults(faults)
    return names


def _faults_of(line: Line, columns: Sequence[Wanted]) -> Iterator[Fault]:
    for one in columns:
        if one.name in line.cells:
            problem = one.problem(line.cells[one.name])
            if problem:
                yield Fault(line.number, one.name, problem)
