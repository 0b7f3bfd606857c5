"""Bank statements: ISO 20022 camt.053 (BankToCustomerStatement), read as a stream of elements.

What is read of it: the opening and the closing balance, and of each booked entry its amount, its
side, its date and the end-to-end ids of what it is made of. Payments are numbered as they come. The
opening balance and all booked entries come to the closing one, or something is missing and the
statement is refused. A document type is refused before anything of it is read: entities are not
ours to expand. Encodings that the parser does not read by itself are refused as well.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from host.model.secrets import Secret
from host.model.word import Word
from host.office.reading import ROWS_MAX, Fault, refuse_faults
from host.office.told_lines import Told

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
ENCODINGS: Final = frozenset({"UTF-8", "UTF-16", "US-ASCII", "ISO-8859-1"})
"""Those that expat knows; of any other it would ask Python, which raises what is no refusal."""
DEPTH_MAX: Final = 40
TEXT_CHARACTERS_MAX: Final = 1_000
"""Of one element that is read; a longer one is cut, and then is no amount or date."""
REFERENCE_CHARACTERS_MAX: Final = 35
"""Max35Text."""
OPENING: Final = frozenset({"OPBD", "PRCD"})
CLOSING: Final = "CLBD"
IS_ALL: Final = True
"""Nothing comes after it."""
BOOKED: Final = "BOOK"
PAID_OUT: Final = "DBIT"
NOT_PROVIDED: Final = "NOTPROVIDED"
RETURNED: Final = "RRTN"
"""Of a transaction that brings a payment back."""
_CURRENCY: Final = re.compile("[A-Z]{3}")
_MONEY: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2})0*)?")
_STATEMENT: Final = ("Document", "BkToCstmrStmt", "Stmt")
_ENTRY: Final = (*_STATEMENT, "Ntry")
_DETAIL: Final = (*_ENTRY, "NtryDtls", "TxDtls")
_BALANCE: Final = (*_STATEMENT, "Bal")


@dataclass(slots=True)
class _Part:
    """A balance, an entry or what an entry is made of, as far as it was read."""

    told: dict[str, str] = field(default_factory=dict)


_READ: Final[Mapping[tuple[str, ...], str]] = {
    (*_BALANCE, "Tp", "CdOrPrtry", "Cd"): "kind",
    (*_BALANCE, "Amt"): "amount",
    (*_BALANCE, "CdtDbtInd"): "side",
    (*_ENTRY, "Amt"): "amount",
    (*_ENTRY, "CdtDbtInd"): "side",
    (*_ENTRY, "Sts"): "state",
    (*_ENTRY, "Sts", "Cd"): "state",
    (*_ENTRY, "BookgDt", "Dt"): "date",
    (*_ENTRY, "BookgDt", "DtTm"): "date",
    (*_ENTRY, "AcctSvcrRef"): "reference",
    (*_DETAIL, "Refs", "EndToEndId"): "reference",
    (*_DETAIL, "Amt"): "amount",
    (*_DETAIL, "AmtDtls", "TxAmt", "Amt"): "amount",
    (*_DETAIL, "RtrInf", "Rsn", "Cd"): "reason",
    (*_DETAIL, "RtrInf", "Rsn", "Prtry"): "reason",
    (*_DETAIL, "BkTxCd", "Domn", "Fmly", "SubFmlyCd"): "family",
    (*_ENTRY, "BkTxCd", "Domn", "Fmly", "SubFmlyCd"): "family",
}
"""What is read, by where it stands, and what it is called here."""
_TEXTS: Final = frozenset(_READ) - {path[:-1] for path in _READ}
"""Of these, what has text and no elements in it."""


class _RefusedError(Exception):
    """It goes on no further: where, and why."""

    def __init__(self, problem: Word) -> None:
        super().__init__(problem.en)
        self.problem = problem


def read_statement(content: Secret) -> tuple[list[Told], str]:
    """The booked payments of a statement, and the currency of its account.

    Raises:
        Refusal: it is no such statement, was cut short, or does not come to its closing balance.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(content.reveal(), IS_ALL)
        return reader.finished()
    except expat.ExpatError as error:
        why = expat.errors.messages[error.code]
        problem = Word(f"it is no whole XML: {why}", "不是完整的 XML")
        line, column = error.lineno, error.offset
    except _RefusedError as error:
        problem = error.problem
        line, column = reader.parser.CurrentLineNumber, reader.parser.CurrentColumnNumber
    refuse_faults([Fault(line, Word(f"column {column + 1}", f"第 {column + 1} 列"), problem)])
    raise AssertionError("a fault was told")


class _Reader:
    """Gathers what is read while expat goes through the document."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True  # or each line end and each reference is a call of its own
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _refuse_document_type
        self.parser.XmlDeclHandler = _refuse_encoding
        self._path: tuple[str, ...] = ()
        self._words: list[str] = []
        self._statements = 0
        self._currencies: set[str] = set()
        self._parts: dict[tuple[str, ...], _Part] = {}
        self._details: list[_Part] = []
        self._balances: list[_Part] = []
        self._booked_minor = 0
        self._lines: list[Told] = []

    def finished(self) -> tuple[list[Told], str]:
        """All of it, once the document has ended."""
        if self._statements != 1:
            raise _RefusedError(
                Word("it is not one camt.053 statement", "不是单个 camt.053 对账单")
            )
        opening = self._balance(OPENING)
        closing = self._balance({CLOSING})
        if opening + self._booked_minor != closing:
            raise _RefusedError(
                Word(
                    "opening balance and booked entries do not come to the closing balance",
                    "期初余额加入账分录不等于期末余额",
                )
            )
        return self._lines, self._currencies.pop()

    def _balance(self, kinds: frozenset[str] | set[str]) -> int:
        found = [one for one in self._balances if one.told.get("kind") in kinds]
        if len(found) != 1:
            raise _RefusedError(Word("it has not one such balance", "余额缺失或重复"))
        return _signed(found[0].told)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self._path and not (local == "Document" and space.startswith(NAMESPACE)):
            raise _RefusedError(Word("it is no camt.053", "不是 camt.053"))
        if self._path in _TEXTS:
            raise _RefusedError(Word("an element stands within a text", "文本中夹有元素"))
        self._path = (*self._path, local)
        if len(self._path) > DEPTH_MAX:
            raise _RefusedError(Word("its elements lie too deep", "元素嵌套过深"))
        self._words = []
        if self._path == _STATEMENT:
            self._statements += 1
        if self._path in {_BALANCE, _ENTRY, _DETAIL}:
            self._parts[self._path] = _Part()
        if _READ.get(self._path) == "amount":
            currency = attributes.get("Ccy", "")
            if not _CURRENCY.fullmatch(currency):
                raise _RefusedError(Word("its amount is of no currency", "金额没有币种"))
            self._currencies.add(currency)
            if len(self._currencies) > 1:
                raise _RefusedError(Word("its amounts are not of one currency", "金额币种不一致"))

    def _text(self, text: str) -> None:
        if sum(map(len, self._words)) < TEXT_CHARACTERS_MAX:
            self._words.append(text)

    def _end(self, _name: str) -> None:
        path, text = self._path, "".join(self._words).strip()
        name = _READ.get(path)
        if name is not None:
            around = [part for whole, part in self._parts.items() if path[: len(whole)] == whole]
            if around and text:
                around[-1].told[name] = text
        done = self._parts.pop(path, None)
        if done is not None and path == _BALANCE:
            self._balances.append(done)
        elif done is not None and path == _DETAIL:
            self._details.append(done)
        elif done is not None:
            self._end_entry(done)
        self._path, self._words = path[:-1], []

    def _end_entry(self, entry: _Part) -> None:
        details, self._details = self._details or [entry], []
        if entry.told.get("state", BOOKED) != BOOKED:
            return
        amount = _signed(entry.told)
        self._booked_minor += amount
        sign = -1 if entry.told["side"] == PAID_OUT else 1
        parts = [
            _minor(one.told["amount"]) if "amount" in one.told else abs(amount) for one in details
        ]
        if sum(parts) != abs(amount):
            raise _RefusedError(
                Word("what the entry is made of does not come to it", "分录明细合计与分录不符")
            )
        day = _date(entry.told.get("date", ""))
        for part, minor in zip(details, parts, strict=True):
            part.told.setdefault("family", entry.told.get("family", ""))
            self._add(part, day, -sign * minor)

    def _add(self, part: _Part, day: dt.date, amount_minor: int) -> None:
        if len(self._lines) >= ROWS_MAX:
            raise _RefusedError(Word(f"more than {ROWS_MAX} payments", f"超过 {ROWS_MAX} 笔"))
        named = part.told.get("reference", "")
        reference = named if named not in {"", NOT_PROVIDED} else ""
        if len(reference) > REFERENCE_CHARACTERS_MAX or "\0" in reference:
            raise _RefusedError(Word("a reference is too long", "参考号过长"))
        why = _why_returned(part.told) if amount_minor < 0 else ""
        if len(why) > REFERENCE_CHARACTERS_MAX or "\0" in why:
            raise _RefusedError(Word("a reason is too long", "原因过长"))
        (currency,) = self._currencies
        self._lines.append(
            Told(
                line=len(self._lines) + 1,
                rrn=reference,
                traded_on=day,
                unit=currency,
                amount_minor=amount_minor,
                returned_for=why,
            )
        )


def _why_returned(told: Mapping[str, str]) -> str:
    """Of what was paid in, where it brings a payment back; else nothing."""
    return told.get("reason", "") or (RETURNED if told.get("family") == RETURNED else "")


def _refuse_document_type(*_told: object) -> None:
    raise _RefusedError(Word("it declares a document type", "含有文档类型声明"))


def _refuse_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.upper() not in ENCODINGS:
        raise _RefusedError(
            Word(
                "its encoding is not read: save it in UTF-8, and have its first line say so",
                "不支持其编码: 请另存为 UTF-8, 并在首行注明",
            )
        )


def _signed(told: Mapping[str, str]) -> int:
    if told.get("side") not in {PAID_OUT, "CRDT"}:
        raise _RefusedError(Word("it says neither CRDT nor DBIT", "缺少 CRDT 或 DBIT"))
    minor = _minor(told.get("amount", ""))
    return -minor if told["side"] == PAID_OUT else minor


def _minor(text: str) -> int:
    found = _MONEY.fullmatch(text)
    if found is None:
        raise _RefusedError(Word("no amount with two decimals", "不是两位小数的金额"))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise _RefusedError(Word("an entry has no booking date", "分录缺少入账日期")) from None
