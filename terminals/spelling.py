"""How a dialect spells what it asks: rows from message type and codes to a `Kind`.

A row names the message type, processing code (F3), condition code (F25) and message type code
(F60.1) that together mean one thing, and where these leave it open the network management
code (F60.3) or the account type (F60.7). What a row means is a `Kind`, or the `Reason` with
which a transaction is refused that the dialect knows and this host does not offer.
"""

from collections.abc import Iterable, Mapping

import msgspec

from host.model.requests import Kind
from host.model.responses import Reason


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
    original: Kind | None = None
    """In a reversal: what it undoes."""
    title: str = ""
    """The transaction's name in the terminal specification."""


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
    for row in table.get(key, ()):
        if (not row.function or row.function == control[8:11]) and (
            not row.account or row.account == control[14:17]
        ):
            return row
    return None


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
    )


def _is_general(row: Spelling) -> bool:
    return not (row.function or row.account)
