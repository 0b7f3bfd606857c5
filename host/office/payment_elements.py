"""PAYMENT_ELEMENTS: what stands in a payment file, in which order, how often and of what form.

The part of the schema pain.001.001.09 (ISO 20022 message catalogue) that we write. Every element
of a file is held against its row before the file leaves: what is not here is not written.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from host.model.word import Word

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
PAYMENTS_MAX: Final = 5_000
"""Of one file."""
_LETTER: Final = "[^\\x00-\\x1f\\x7f\\ufffe\\uffff]"
"""What XML has, and a bank prints."""
_MAX_35: Final = f"{_LETTER}{{1,35}}"
_MAX_140: Final = f"{_LETTER}{{1,140}}"
_AMOUNT: Final = r"(?!0\.00$)[0-9]{1,13}\.[0-9]{2}"
_COUNT: Final = "[1-9][0-9]{0,14}"
_BIC: Final = "[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?"
_IBAN: Final = "[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}"
_ACCOUNT: Final = f"{_LETTER}{{1,34}}"


class PaymentFault(ValueError):  # noqa: N818 - it is what is wrong with the file
    """The file is none that a bank takes: which element, and why."""

    def __init__(self, problem: Word) -> None:
        super().__init__(problem.en)
        self.problem = problem


class Element(NamedTuple):
    """One row."""

    path: str
    form: str = ""
    """Of its text; none: it has elements in it."""
    at_least: int = 1
    at_most: int = 1
    of: str = ""
    """The one attribute that it has, and needs: Ccy."""
    one_of: bool = False
    """Whether one alone stands of it and those beside it that say so, too."""


_START: Final = "CstmrCdtTrfInitn"
_HEADER: Final = f"{_START}/GrpHdr"
_INFO: Final = f"{_START}/PmtInf"
_PAYMENT: Final = f"{_INFO}/CdtTrfTxInf"


def _account(path: str) -> tuple[Element, ...]:
    return (
        Element(path),
        Element(f"{path}/Id"),
        Element(f"{path}/Id/IBAN", _IBAN, at_least=0, one_of=True),
        Element(f"{path}/Id/Othr", at_least=0, one_of=True),
        Element(f"{path}/Id/Othr/Id", _ACCOUNT),
    )


def _bank(path: str) -> tuple[Element, ...]:
    bank = f"{path}/FinInstnId"
    return (
        Element(path),
        Element(bank),
        Element(f"{bank}/BICFI", _BIC, at_least=0, one_of=True),
        Element(f"{bank}/ClrSysMmbId", at_least=0, one_of=True),
        Element(f"{bank}/ClrSysMmbId/ClrSysId"),
        Element(f"{bank}/ClrSysMmbId/ClrSysId/Cd", "[A-Z0-9]{1,5}"),
        Element(f"{bank}/ClrSysMmbId/MmbId", _MAX_35),
    )


PAYMENT_ELEMENTS: Final = (
    Element(_START),
    Element(_HEADER),
    Element(f"{_HEADER}/MsgId", _MAX_35),
    Element(f"{_HEADER}/CreDtTm", r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"),
    Element(f"{_HEADER}/NbOfTxs", _COUNT),
    Element(f"{_HEADER}/CtrlSum", _AMOUNT),
    Element(f"{_HEADER}/InitgPty"),
    Element(f"{_HEADER}/InitgPty/Nm", _MAX_140),
    Element(_INFO),
    Element(f"{_INFO}/PmtInfId", _MAX_35),
    Element(f"{_INFO}/PmtMtd", "TRF"),
    Element(f"{_INFO}/NbOfTxs", _COUNT),
    Element(f"{_INFO}/CtrlSum", _AMOUNT),
    Element(f"{_INFO}/ReqdExctnDt"),
    Element(f"{_INFO}/ReqdExctnDt/Dt", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    Element(f"{_INFO}/Dbtr"),
    Element(f"{_INFO}/Dbtr/Nm", _MAX_140),
    *_account(f"{_INFO}/DbtrAcct"),
    *_bank(f"{_INFO}/DbtrAgt"),
    Element(_PAYMENT, at_most=PAYMENTS_MAX),
    Element(f"{_PAYMENT}/PmtId"),
    Element(f"{_PAYMENT}/PmtId/EndToEndId", _MAX_35),
    Element(f"{_PAYMENT}/Amt"),
    Element(f"{_PAYMENT}/Amt/InstdAmt", _AMOUNT, of="Ccy"),
    *_bank(f"{_PAYMENT}/CdtrAgt"),
    Element(f"{_PAYMENT}/Cdtr"),
    Element(f"{_PAYMENT}/Cdtr/Nm", _MAX_140),
    *_account(f"{_PAYMENT}/CdtrAcct"),
)
_CURRENCY: Final = re.compile("[A-Z]{3}")


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


_FORMS: Final = {row.path: re.compile(row.form) for row in PAYMENT_ELEMENTS if row.form}
_INSIDE: Final[Mapping[str, tuple[Element, ...]]] = {
    above: tuple(row for row in PAYMENT_ELEMENTS if _parent(row.path) == above)
    for above in {_parent(row.path) for row in PAYMENT_ELEMENTS}
}


def faults_of(element: ET.Element, path: str = "") -> Iterator[Word]:
    """What is not as its row says, of the element and all in it: its path, and why.

    `element` is the Document at first, and `path` what leads to it from there.
    """
    rows = _INSIDE.get(path)
    if rows is None:
        if len(element) or not _FORMS[path].fullmatch(element.text or ""):
            yield Word(f"{path}: its text is not of its form", f"{path}: 文本格式不符")
        return
    yield from _order(rows, element, path)
    yield from _choice(rows, element, path)
    known = {row.path: row for row in rows}
    for child in element:
        inside = f"{path}/{child.tag}".removeprefix("/")
        if inside in known:
            yield from _attributes(known[inside], child)
            yield from faults_of(child, inside)


def _order(rows: tuple[Element, ...], element: ET.Element, path: str) -> Iterator[Word]:
    """Each in its place, so often."""
    there = [(tag, len(list(found))) for tag, found in groupby(child.tag for child in element)]
    names = [row.path.rpartition("/")[2] for row in rows]
    tags = [tag for tag, _ in there]
    if tags != [name for name in names if name in tags]:
        yield Word(f"{path}: {' '.join(tags)} is not its order", f"{path}: 元素顺序不符")
    often = dict(there)
    for row, name in zip(rows, names, strict=True):
        times = often.get(name, 0)
        if not row.at_least <= times <= row.at_most:
            yield Word(f"{row.path}: it stands {times} times", f"{row.path}: 出现 {times} 次")


def _choice(rows: tuple[Element, ...], element: ET.Element, path: str) -> Iterator[Word]:
    if any(row.one_of for row in rows) and len(element) != 1:
        yield Word(f"{path}: one of its elements has to stand, alone", f"{path}: 须有且仅有一项")


def _attributes(row: Element, element: ET.Element) -> Iterator[Word]:
    if list(element.attrib) != ([row.of] if row.of else []):
        yield Word(f"{row.path}: its attributes are not its own", f"{row.path}: 属性不符")
    elif row.of and not _CURRENCY.fullmatch(element.attrib[row.of]):
        yield Word(f"{row.path}: {row.of} is no currency", f"{row.path}: {row.of} 不是币种")
