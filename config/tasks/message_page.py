"""Descriptions as one HTML file that needs nothing else: no script, no address.

Pointing at a part lights up its bytes, and the other way round, by style alone.
"""

import html
from collections.abc import Iterator, Sequence
from typing import Final

from config.language import Language, speech
from config.tasks.message_lines import fault_words, label_of, meaning_of, title_of
from terminals.describe.description import Description, every_part

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin:2rem 0 .3rem}
.place{opacity:.65;font-weight:normal}
.hex{font:13px/1.7 ui-monospace,monospace;word-break:break-all;border:1px solid #8885;
padding:.6rem;border-radius:6px}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
td,th{text-align:left;padding:.15rem .6rem .15rem 0;border-bottom:1px solid #8883;
vertical-align:top}
td.n,td.v{font-family:ui-monospace,monospace}td.v{word-break:break-all}
td.o{opacity:.65;white-space:nowrap}
.bad{color:#c22;font-weight:600}
"""


def page_of(told: Sequence[tuple[str, Description]]) -> str:
    """The whole file."""
    language = "zh-CN" if speech.language is Language.CHINESE else "en"
    title = speech.of_message("Messages")
    parts = [
        "<!doctype html>",
        f'<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>',
    ]
    body: list[str] = []
    rules: list[str] = []
    for number, (place, description) in enumerate(told):
        body += _message(number, place, description)
        rules += _rules(number, description)
    style = _STYLE + "\n".join(rules)
    parts += [f"<style>{style}</style></head><body>", f"<h1>{title}</h1>", *body, "</body></html>"]
    return "\n".join(parts) + "\n"


def _message(number: int, place: str, told: Description) -> Iterator[str]:
    yield f'<section class="m{number}">'
    title = html.escape(title_of(told))
    said = f"{told.dialect or 'no dialect'}, {told.size} bytes, {told.verdict}"
    facts = f"{place} {speech.of_message(said)}".strip()
    yield f'<h2>{title} <span class="place">{html.escape(facts)}</span></h2>'
    for wrong in told.faults:
        yield f'<p class="bad">{html.escape(fault_words(wrong))}</p>'
    yield f'<div class="hex">{"".join(_bytes(told))}</div>'
    heads = (speech.of_message(each) for each in ("bytes", "field", "", "value", "meaning"))
    yield f"<table><tr>{''.join(f'<th>{each}</th>' for each in heads)}</tr>"
    for top, part in enumerate(told.parts):
        for depth, each in every_part((part,)):
            indent = f' style="padding-left:{depth}rem"' if depth else ""
            cells = [
                f'<td class="o">{each.start}-{each.end}</td>',
                f'<td class="n"{indent}>{html.escape(each.name.rpartition(".")[2])}</td>',
                f"<td>{html.escape(label_of(each))}</td>",
                f'<td class="v">{html.escape(each.value)}</td>',
                f"<td>{html.escape(meaning_of(each))}</td>",
            ]
            yield f'<tr class="p{top}">{"".join(cells)}</tr>'
    yield "</table></section>"


def _bytes(told: Description) -> Iterator[str]:
    position = 0
    for top, part in enumerate(told.parts):
        if part.start < position:
            continue
        yield html.escape(_spaced(told.hex, position, part.start))
        yield f'<span class="p{top}">{_spaced(told.hex, part.start, part.end)}</span>'
        position = part.end
    yield html.escape(_spaced(told.hex, position, told.size))


def _spaced(shown: str, start: int, end: int) -> str:
    return "".join(f"{shown[2 * at : 2 * at + 2]} " for at in range(start, end))


def _rules(number: int, told: Description) -> Iterator[str]:
    for top in range(len(told.parts)):
        within = f".m{number}:has(.p{top}:hover) .p{top}"
        yield f"{within}{{background:#fc06}}"
