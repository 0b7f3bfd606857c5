"""How scenarios ended, as one HTML file that needs nothing else: no script, no address."""

import html
from collections.abc import Iterator, Sequence
from typing import Final

from config.screen import amount
from config.tasks.junit import Ended
from host.model.money import POINTS_PREFIX
from simulators.scenario import Step
from simulators.wanted import CURRENCY

IN_POINTS: Final = frozenset({"redeem", "redeem_part", "redeem_union", "draw"})
"""What is asked for by a number of points."""
_STYLE: Final = """
:root{color-scheme:light dark}
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin:2rem 0 .3rem}
.why{opacity:.75;margin:.2rem 0}
pre{font:13px/1.5 ui-monospace,monospace;border:1px solid #8885;border-radius:6px;padding:.6rem;
white-space:pre-wrap}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
td,th{text-align:left;padding:.15rem .6rem .15rem 0;border-bottom:1px solid #8883;
vertical-align:top}
.bad{color:#c22;font-weight:600}.good{color:#282;font-weight:600}
"""


def stories_page(stories: Sequence[Ended], *, with_ledger: bool) -> str:
    """The whole file: a table of all, then each with its steps and what was not as written."""
    failed = sum(bool(story.wrong) for story in stories)
    looked = "answers, legs and balances" if with_ledger else "answers only: no ledger was named"
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Scenarios</title>'
        f"<style>{_STYLE}</style></head><body><h1>Scenarios</h1>"
    )
    told = f"<p>{len(stories)} played, {failed} not as written. Looked at: {looked}.</p>"
    parts = [head, told, *_table(stories)]
    for number, story in enumerate(stories):
        parts += _story(number, story)
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _table(stories: Sequence[Ended]) -> Iterator[str]:
    yield "<table><tr><th>scenario</th><th>channel</th><th>seconds</th><th>ended</th></tr>"
    for number, story in enumerate(stories):
        name = f'<a href="#s{number}">{html.escape(story.scenario.title)}</a>'
        yield (
            f"<tr><td>{name}</td><td>{html.escape(story.scenario.channel)}</td>"
            f"<td>{story.seconds:.2f}</td><td>{_end(story)}</td></tr>"
        )
    yield "</table>"


def _story(number: int, story: Ended) -> Iterator[str]:
    scenario = story.scenario
    yield f'<h2 id="s{number}">{html.escape(scenario.title)} {_end(story)}</h2>'
    yield f'<p class="why">{html.escape(scenario.why)}</p>'
    for wrong in story.wrong:
        yield f'<pre class="bad">{html.escape(wrong)}</pre>'
    yield "<table><tr><th>step</th><th>does</th><th>expects</th></tr>"
    for place, step in enumerate(scenario.step, 1):
        does, expects = html.escape(_does(step)), "<br>".join(map(html.escape, _expects(step)))
        yield f"<tr><td>{place}</td><td>{does}</td><td>{expects}</td></tr>"
    yield "</table>"


def _end(story: Ended) -> str:
    kind, text = ("bad", "not as written") if story.wrong else ("good", "as written")
    return f'<span class="{kind}">{text}</span>'


def _does(step: Step) -> str:
    if step.send:
        return "sends a frame"
    faults = (step.fault,) if isinstance(step.fault, str) else step.fault
    if step.action:
        agreed = f", {step.agreed_by} agrees" if step.agreed_by else ""
        return f"at the office {step.by} does {step.action}{agreed}"
    words = [step.do.replace("_", " ")]
    words += [f"card {step.card}"] if step.card else []
    words += [f"voucher {step.voucher}"] if step.voucher else []
    unit = POINTS_PREFIX if step.do in IN_POINTS else CURRENCY
    words += [amount(step.amount, unit)] if step.amount else []
    words += [f"of {step.of}"] if step.of else []
    words += [f"{step.times} times"] if step.times > 1 else []
    words += [fault.value.replace("_", " ") for fault in faults if fault.value != "none"]
    return ", ".join(words)


def _expects(step: Step) -> Iterator[str]:
    if isinstance(step.expect, str):
        yield "no answer"
    else:
        yield from (f"{name} = {text}" for name, text in step.expect.items())
    if step.reason:
        yield f"because {step.reason}"
    if step.legs is not None:
        yield from map(str, step.legs)
        if not step.legs:
            yield "nothing posted"
    yield from map(str, step.balances)
