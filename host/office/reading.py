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
    problem: Callable[[str], str]
    """What is wrong with a cell; nothing where it is good."""
    may_be_left_out: bool = False


class Fault(NamedTuple):
    """What is wrong, by its line, counted from 1 with the heads, and its column."""

    line: int
    column: str
    problem: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else ""
        return ": ".join(part for part in (", ".join(filter(None, (place, self.column))),
                                           self.problem) if part)  # fmt: skip


class Line(NamedTuple):
    """A row, by its line and its columns."""

    number: int
    cells: Mapping[str, str]


def number_problem(cell: str) -> str:
    """What is wrong with a card number; whose it is says who reads."""
    if not (cell.isascii() and cell.isdigit()):
        return "not a number"
    if not PAN_DIGITS_MIN <= len(cell) <= PAN_DIGITS_MAX:
        return "wrong length"
    return "" if luhn_digit(cell[:-1]) == cell[-1] else "wrong check digit"


def read_rows(content: Secret, columns: Sequence[Wanted], *, unique: str) -> list[Line]:
    """All rows of a file, where each is good and none is twice there by its column `unique`.

    Raises:
        Refusal: it is no such file, or the first faults of its lines.
    """
    text = _text_of(content.reveal())
    faults: list[Fault] = []
    lines: list[Line] = []
    seen: dict[str, int] = {}
    for line in _lines(text, columns, faults):
        faults += _faults_of(line, columns)
        value = line.cells.get(unique, "")
        if value in seen:
            faults.append(Fault(line.number, unique, f"twice: it stands in line {seen[value]}"))
        seen.setdefault(value, line.number)
        lines.append(line)
        if len(faults) >= FAULTS_TOLD_MAX:
            break
    refuse_faults(faults)
    if not lines:
        refuse_faults([Fault(0, "", "it has no rows behind its heads")])
    return lines


def refuse_faults(faults: Sequence[Fault]) -> None:
    """Return where there are none.

    Raises:
        Refusal: the first of them, by line and column; nothing of the file was taken.
    """
    if faults:
        told = "; ".join(map(str, faults[:FAULTS_TOLD_MAX]))
        more = " …" if len(faults) > FAULTS_TOLD_MAX else ""
        raise Refusal(FILE, field="file", faults=told + more)


def _text_of(content: bytes) -> str:
    if content.startswith(_WORKBOOK):
        refuse_faults([Fault(0, "", "it is a workbook: save it as CSV in UTF-8")])
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    if encoding != "utf-16" and b"\0" in content:
        _refuse_nul(content[: content.index(b"\0")].count(b"\n"))
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        is_gbk = encoding == "utf-8" and _is_gbk(content)
        what = "it is in GBK, as Excel saves it" if is_gbk else f"it is no text in {encoding}"
        refuse_faults([Fault(line, "", f"{what}: save it as CSV in UTF-8")])
        raise AssertionError from error
    if "\0" in text:
        _refuse_nul(text.count("\n", 0, text.index("\0")))
    return text


def _refuse_nul(lines_before: int) -> None:
    refuse_faults([Fault(lines_before + 1, "", "it has a NUL in it: it is no text")])


def _is_gbk(content: bytes) -> bool:
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: str, columns: Sequence[Wanted], faults: list[Fault]) -> Iterator[Line]:
    """Rows by their heads; what cannot be read is a fault, and the end."""
    _refuse_long(text)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = _names(next(rows, []), columns)
        for count, row in enumerate(rows, 1):
            if not any(row):
                continue
            if count > ROWS_MAX:
                faults.append(
                    Fault(rows.line_num, "", f"more than {ROWS_MAX} rows: send two files")
                )
                return
            if len(row) != len(names):
                problem = f"{len(row)} cells, and there are {len(names)} columns"
                faults.append(Fault(rows.line_num, "", problem))
                continue
            cells = zip(names, (cell.strip() for cell in row), strict=True)
            yield Line(rows.line_num, dict(cells))
    except csv.Error as error:
        faults.append(Fault(rows.line_num, "", f"it is no CSV: {error}"))


def _refuse_long(text: str) -> None:
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if len(line) > LINE_CHARACTERS_MAX:
            problem = f"it is longer than {LINE_CHARACTERS_MAX} characters"
            refuse_faults([Fault(number, "", problem)])


def _names(heads: Sequence[str], columns: Sequence[Wanted]) -> list[str]:
    known: dict[str, str] = {}
    for one in columns:
        word = word_of(one.name)
        known |= {one.name: one.name, word.en: one.name, word.zh: one.name}
    names = [known.get(head.strip(), "") for head in heads]
    wanted = [one.name for one in columns if not one.may_be_left_out]
    known_here = ", ".join(sorted(set(known.values())))
    faults = [  # what stands there is not told: without heads it would be a number of somebody's
        Fault(1, f"column {at}", f"its head is none of: {known_here}")
        for at, name in enumerate(names, 1)
        if not name
    ]
    faults += [Fault(1, name, "the column is missing") for name in wanted if name not in names]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    faults += [Fault(1, name, "the column is there twice") for name in twice]
    refuse_faults(faults)
    return names


def _faults_of(line: Line, columns: Sequence[Wanted]) -> Iterator[Fault]:
    for one in columns:
        if one.name in line.cells:
            problem = one.problem(line.cells[one.name])
            if problem:
                yield Fault(line.number, one.name, problem)
