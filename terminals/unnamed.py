"""Messages whose codes are no row's, and that no answer of ours may end all the same.

A reversal is one by its type, whatever its codes say: any answer ends it at the terminal. Where
F3 is among what it undoes, and a code beside it is missing, it is still one of few; the host
finds by batch and trace which. An advice tells of what has happened at its terminal: without its
codes, or with those of no row, it is a refund, a confirmation, or what people must look at.
"""

from typing import Final

import msgspec

from host.model.requests import Kind
from terminals.message import Damage, Message, Place
from terminals.spelling import Spelling, SpellingTable, first_of

REVERSAL_CLASS: Final = "04"
ADVICE: Final = "0220"
_NAMELESS: Final = Damage(
    "field 3, with 25 and 60, is of no transaction", is_cut=True, place=Place("3")
)
_REVERSAL: Final = Spelling(
    mti="0400", type_code="", means=Kind.REVERSAL, title="冲正", english="reversal"
)
NOTHING_NAMED: Final = msgspec.structs.replace(_REVERSAL, english="reversal of nothing we know")
"""What F3 says it undoes is no transaction, or cannot be read: nothing is undone by it."""
_ADVICE: Final = Spelling(
    mti=ADVICE, type_code="", means=Kind.REFUND, title="通知", english="advice"
)


def name_what_only_the_host_ends(message: Message, table: SpellingTable) -> None:
    """Give such a message a row, so that it is treated as what it is; others stay without one."""
    fields = message.fields
    if message.mti[:2] == REVERSAL_CLASS:
        message.spelling = _one_of([row for row in _reversals(table) if _may_be(row, fields)])
    elif first_of(message.mti) == ADVICE:
        message.spelling = _ADVICE
    else:
        return
    message.damage = message.damage or _NAMELESS


def _reversals(table: SpellingTable) -> list[Spelling]:
    return [row for rows in table.values() for row in rows if row.mti == _REVERSAL.mti]


def _may_be(row: Spelling, fields: dict[str, str]) -> bool:
    """Whether the codes that can be read are this row's; F3 has to be."""
    type_code = fields.get("60", "")[:2]
    return (
        fields.get("3") == row.processing_code
        and fields.get("25", row.condition) == row.condition
        and (type_code or row.type_code) == row.type_code
    )


def _one_of(rows: list[Spelling]) -> Spelling:
    """The row, where it can be only one; else a reversal of what the host finds by its key."""
    offered = [row for row in rows if row.original is not None]
    if rows and not offered:
        return rows[0]
    kinds = {(row.original, row.in_points) for row in offered}
    if len(kinds) == 1:
        return offered[0]
    return _REVERSAL if rows else NOTHING_NAMED
