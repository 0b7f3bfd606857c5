"""Bars of a report's section: what they are called, what they say, how long each is."""

from typing import Final

import msgspec

from host.model.money import HOUSE_CURRENCY
from host.office.reports import UNIT, Section, cell_text

BARS_MAX: Final = 12
"""Of a chart; more are read in the table."""
LABEL_CHARACTERS_MAX: Final = 28


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar."""

    label: str
    value: str
    share: float
    """Of the longest, from -1 to 1."""


def bars_of(section: Section, language: str) -> list[Bar]:
    """Of the first rows that have something, each of one unit; none where they say nothing."""
    drawn = section.row.drawn
    if not drawn:
        return []
    units = {row.get(UNIT) for row in section.rows}
    unit = HOUSE_CURRENCY if HOUSE_CURRENCY in units else next(iter(sorted(map(str, units))), "")
    rows = [row for row in section.rows if row.get(UNIT) == unit][:BARS_MAX]
    most = max((abs(row[drawn]) for row in rows), default=0)
    if not most:
        return []
    return [
        Bar(
            label=_short(
                " ".join(cell_text(row[name], name, row, language) for name in section.row.by)
            ),
            value=cell_text(row[drawn], drawn, row, language),
            share=row[drawn] / most,
        )
        for row in rows
    ]


def _short(label: str) -> str:
    if len(label) <= LABEL_CHARACTERS_MAX:
        return label
    return f"{label[: LABEL_CHARACTERS_MAX - 1]}…"
