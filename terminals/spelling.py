"""How a dialect spells what it asks: rows from message type and codes to a `Kind`.

A row names the message type, processing code (F3), condition code (F25) and message type code
(F60.1) that together mean one thing, and where these leave it open the network management
code (F60.3, or F70 where a message has that) or the account type (F60.7). What a row means is a
`Kind`, or the `Reason` with which a transaction is refused that the dialect knows and this host
does not offer. A repeat (0201, 0421) is spelled as the message it repeats.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from host.model.requests import Kind
from host.model.responses import Reason
from terminals.fields import CONTROL

_FUNCTION: Final = CONTROL["function"]
_ACCOUNT: Final = CONTROL["account"]
_MANAGEMENT_CODE: Final = "00"
"""F60.1 of every network management message."""
_FIRST_OF_REPEAT: Final = {"1": "0", "3": "2", "5": "4"}
"""Fourth digit of a message type: a repeat's, and that of what it repeats (ISO 8583 4.1.4)."""


class Spelling(msgspec.Struct, frozen=True, kw_only=True):
    """One row. Empty codes are absent in the message, empty `function` and `account` match any."""

    mti: str
    processing_code: str = ""
    condition: str = ""
    type_code: str
    function: str = ""
    account: str = ""
    means: Kind | Reason
    in_points: bool = False
    """The amount, F4, counts points."""
    may_be_part: bool = False
    """A terminal whose F60.6 is 1 takes an approval of a part of it."""
    original: Kind | None = None
    """In a reversal: what it undoes. In a batch upload of one transaction: what that was."""
    title: str = ""
    """The transaction's name in the terminal specification."""
    english: str = ""
    """The same in English."""


SpellingTable = Mapping[str, tuple[Spelling, ...]]
"""Rows by the four codes written together; within one entry the most particular row is first."""


def table_of(rows: Iterable[Spelling]) -> SpellingTable:
    """The rows, ready to be asked by `find_spelling`."""
    table: dict[str, tuple[Spelling, ...]] = {}
    for row in rows:
        key = row.mti + row.processing_code + row.condition + row.type_code
        table[key] = (*table.get(key, ()), row)
    return {key: tuple(sorted(rows, key=_is_general)) for key, rows in table.items()}


def find_spelling(table: SpellingTable, fields: Mapping[str, str]) -> Spelling | None:
    """The row a message is spelled by, None when there is none."""
    control = fields.get("60", "")
    key = fields["t"] + fields.get("3", "") + fields.get("25", "") + control[:2]
    rows = table.get(key) or table.get(_key_of_first(fields), ())
    function = fields.get("70") or control[_FUNCTION]
    for row in rows:
        if (not row.function or row.function == function) and (
            not row.account or row.account == control[_ACCOUNT]
        ):
            return row
    return None


def first_of(mti: str) -> str:
    """The message type itself, or of a repeat that of what it repeats."""
    return mti[:3] + _FIRST_OF_REPEAT.get(mti[3], mti[3])


def _key_of_first(fields: Mapping[str, str]) -> str:
    """As a repeat is looked up, and a management message that has F70 and no F60."""
    type_code = fields.get("60", _MANAGEMENT_CODE if "70" in fields else "")[:2]
    return first_of(fields["t"]) + fields.get("3", "") + fields.get("25", "") + type_code


def reversals_of(rows: Iterable[Spelling], mti: str) -> list[Spelling]:
    """A reversal row for every transaction: a reversal keeps the codes of what it undoes.

    Where two message types share their codes the first row is the one that is undone. What was
    never offered was never posted, so its reversal is refused as invalid, which ends it.
    """
    undone: dict[tuple[str, ...], Spelling] = {}
    for row in rows:
        codes = (row.processing_code, row.condition, row.type_code, row.account)
        undone.setdefault(codes, row)
    return [_reversal_of(row, mti) for row in undone.values()]


def _reversal_of(row: Spelling, mti: str) -> Spelling:
    is_offered = isinstance(row.means, Kind)
    return msgspec.structs.replace(
        row,
        mti=mti,
        means=Kind.REVERSAL if is_offered else Reason.INVALID_TRANSACTION,
        original=row.means if isinstance(row.means, Kind) else None,
        title=f"{row.title} 冲正",
        english=f"reversal: {row.english}",
    )


def uploads_of(rows: Iterable[Spelling], mti: str, kind: Kind) -> list[Spelling]:
    """An upload row for every transaction that a terminal sends again whole, codes and all."""
    whole: dict[tuple[str, ...], Spelling] = {}
    for row in rows:
        whole.setdefault((row.processing_code, row.condition, row.type_code), row)
    return [
        msgspec.structs.replace(
            row,
            mti=mti,
            account="",
            means=kind,
            original=row.means if isinstance(row.means, Kind) else None,
            title=f"{row.title} 上送",
            english=f"batch upload: {row.english}",
        )
        for row in whole.values()
    ]


def _is_general(row: Spelling) -> bool:
    return not (row.function or row.account)
