"""A report as people read it: lines for a terminal, or one HTML file that needs nothing else.

The file has its style and its charts in it, as SVG: no script, no link, no picture from elsewhere.
"""

import datetime as dt
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

import msgspec

from host.office.report_bars import Bar, bars_of
from host.office.reports import Section, is_number

EN: Final = "en"
BAR_WIDTH, BAR_HEIGHT, BAR_GAP, LABEL_WIDTH, VALUE_WIDTH = 300, 20, 8, 190, 130
_WIDE: Final = frozenset("WF")
_NOTHING: Final = {"en": "nothing", "zh": "无"}
_MADE: Final = {"en": "made", "zh": "生成于"}
STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #64748b; --line: #e2e8f0;
  --paper: #f6f8fb; --card: #ffffff; --bar: #2f6fde; --down: #d9534f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #93a1b3; --line: #2b3644;
  --paper: #0f151c; --card: #18212b; --bar: #6ea2ff; --down: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 56px; }
h1 { font-size: 26px; margin: 0; }
header p { margin: 4px 0 24px; color: var(--soft); }
.grid { display: grid; gap: 20px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 18px 20px; overflow-x: auto; }
section.wide { grid-column: 1 / -1; }
h2 { font-size: 16px; margin: 0 0 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { white-space: normal; vertical-align: bottom; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; }
.none { color: var(--soft); margin: 0; }
svg { width: 100%; max-width: 640px; height: auto; margin-bottom: 12px; display: block; }
svg text { fill: var(--ink); font-size: 13px; } svg .value { fill: var(--soft); }
.bar { fill: var(--bar); } .down { fill: var(--down); }
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""


def text_page(title: str, sections: Sequence[Section], language: str) -> str:
    """For a terminal: each section under its title, columns by the cells that they take."""
    lines = [title, ""]
    for section in sections:
        lines += [section.title(language), *_text_table(section, language), ""]
    return "\n".join(lines)


def _text_table(section: Section, language: str) -> Iterator[str]:
    if not section.rows:
        yield f"  {_NOTHING[language]}"
        return
    rows = [section.heads(language), *section.cells(language)]
    columns = section.row.columns
    widths = [max(_cells(row[at]) for row in rows) for at in range(len(columns))]
    right = [is_number(column, section.rows) for column in columns]
    for row in rows:
        cells = (
            _padded(cell, width, is_right=is_right)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        )
        yield f"  {'  '.join(cells)}".rstrip()


def _cells(text: str) -> int:
    """How many cells of a terminal it takes."""
    return sum(2 if unicodedata.east_asian_width(one) in _WIDE else 1 for one in text)


def _padded(text: str, width: int, *, is_right: bool) -> str:
    blanks = " " * (width - _cells(text))
    return blanks + text if is_right else text + blanks


def json_page(
    sections: Sequence[Section], date: dt.date, language: str, statement: str = ""
) -> str:
    """For programs: the figures as they are, and each cell as people see it.

    Where it is of a statement, its number is told beside the date.
    """
    heads = {"business_date": date, **({"settlement": statement} if statement else {})}
    told = {
        section.row.name: {
            "columns": section.row.columns,
            "rows": section.rows,
            "shown": section.cells(language),
        }
        for section in sections
    }
    return msgspec.json.encode({**heads, "sections": told}).decode() + "\n"


def html_page(title: str, sections: Sequence[Section], now: dt.datetime, language: str) -> str:
    """One file, for a browser or for paper."""
    made = f"{_MADE[language]} {now.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
    code = "zh-CN" if language != EN else EN
    body = "\n".join(_section(section, language) for section in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{escape(title)}</h1><p>{escape(made)}</p></header>\n"
        f'<div class="grid">\n{body}\n</div>\n</main>\n</body>\n</html>\n'
    )


def _section(section: Section, language: str) -> str:
    wide = ' class="wide"' if section.row.is_wide else ""
    title = escape(section.title(language))
    inside = (
        _chart(section, language) + _table(section, language)
        if section.rows
        else f'<p class="none">{_NOTHING[language]}</p>'
    )
    return f'<section id="{section.row.name}"{wide}><h2>{title}</h2>{inside}</section>'


def _table(section: Section, language: str) -> str:
    marks = [
        ' class="number"' if is_number(column, section.rows) else ""
        for column in section.row.columns
    ]
    heads = _row("th", section.heads(language), marks)
    rows = "".join(_row("td", cells, marks) for cells in section.cells(language))
    return f"<table><thead>{heads}</thead><tbody>{rows}</tbody></table>"


def _row(tag: str, cells: Sequence[str], marks: Sequence[str]) -> str:
    inside = (
        f"<{tag}{mark}>{escape(cell)}</{tag}>" for cell, mark in zip(cells, marks, strict=True)
    )
    return f"<tr>{''.join(inside)}</tr>"


def _chart(section: Section, language: str) -> str:
    """As an SVG; nothing where it would say nothing."""
    told = bars_of(section, language)
    if not told:
        return ""
    bars = "".join(_bar(place, bar) for place, bar in enumerate(told))
    width = LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH
    height = len(told) * (BAR_HEIGHT + BAR_GAP)
    title = escape(section.title(language))
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{bars}</svg>'


def _bar(place: int, bar: Bar) -> str:
    top = place * (BAR_HEIGHT + BAR_GAP)
    long = max(2, round(abs(bar.share) * BAR_WIDTH)) if bar.share else 0
    middle = top + BAR_HEIGHT - 5
    kind = "bar" if bar.share >= 0 else "bar down"
    return (
        f'<text x="0" y="{middle}">{escape(bar.label)}</text>'
        f'<rect class="{kind}" x="{LABEL_WIDTH}" y="{top}" width="{long}" height="{BAR_HEIGHT}"'
        ' rx="4"/>'
        f'<text class="value" x="{LABEL_WIDTH + long + 8}" y="{middle}">{escape(bar.value)}</text>'
    )
