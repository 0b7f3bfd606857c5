"""What a person sees while a swarm trades: a live table on a terminal, a line now and then else."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import trio
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from config.screen import Column, Sheet, number, prose
from host.model.claims import APPROVALS
from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES
from simulators.record import Event, What
from simulators.tally import SILENCE, Tally

REFRESH_SECONDS: Final = 0.25
PLAIN_SECONDS: Final = 5.0
DECLINES_SHOWN_MAX: Final = 10
MEANINGS: Final = {row.f39: row.english for row in reversed(RESPONSE_CODES.values())}
"""F39 to its text; where two reasons share a code, the first of the table speaks."""

BOARD: Final = (
    Column("transaction"),
    *map(number, ("approved", "declined", "lost")),
    prose("declined because"),
)


async def show_progress(tally: Tally, seconds: float, console: Console) -> None:
    """Show the tally until cancelled; it stays on the screen as it was last."""
    began = trio.current_time()
    if not console.is_terminal:
        while True:
            await trio.sleep(PLAIN_SECONDS)
            console.print(headline(tally, trio.current_time() - began, seconds))
    with Live(console=console, auto_refresh=False) as live:
        try:
            while True:
                live.update(
                    Group(headline(tally, trio.current_time() - began, seconds), board(tally)),
                    refresh=True,
                )
                await trio.sleep(REFRESH_SECONDS)
        finally:
            live.update(board(tally), refresh=True)


def headline(tally: Tally, passed: float, seconds: float) -> Text:
    """One line: how far, how many, how fast."""
    rate = tally.trades / passed if passed else 0.0
    p50, p99, p999 = (f"{1000 * each:.0f} ms" for each in tally.latency(0.50, 0.99, 0.999))
    return Text(
        f"{min(passed, seconds):.0f} of {seconds:.0f} s   {tally.trades:,} trades   {rate:.0f}/s"
        f"   p50 {p50}   p99 {p99}   p99.9 {p999}   {tally.count(SILENCE)} lost"
    )


def board(tally: Tally) -> Sheet:
    """How each kind of transaction was answered."""
    rows = []
    for kind in Kind:
        answers = Counter(
            {f39: times for (asked, f39), times in tally.answers.items() if asked is kind}
        )
        if answers:
            rows.append((kind.value.replace("_", " "), *_counts(answers), _declines(answers)))
    return Sheet(BOARD, rows, title="trades")


def mended(events: Iterable[Event]) -> str:
    """What became of the answers that were lost, as the terminals recorded it."""
    happened = Counter(event.what for event in events)
    return (
        f"of {happened[What.NOT_TOLD]} lost answers {happened[What.REVERSAL_TOLD]} were reversed, "
        f"{happened[What.CONFIRM_TOLD]} confirmed, {happened[What.GIVEN_UP]} given up; "
        "the rest asked again or moved nothing"
    )


def settled(tally: Tally) -> str:
    """How the batches were closed."""
    ended = tally.settled
    return (
        f"of {ended.total()} batches {ended['agreed']} agreed, {ended['uploaded']} did not and "
        f"went to the exception list, {ended['lost']} had no answer"
    )


def issuer_line(counts: Counter[str]) -> str:
    """What the external issuer did."""
    return (
        f"the external issuer approved {counts['00']}, was slow {counts['slow']}, silent "
        f"{counts['silent']} and wrong {counts['wrong']} times; {counts['reversed']} were reversed"
    )


def _counts(answers: Counter[str]) -> tuple[str, str, str]:
    approved = sum(times for f39, times in answers.items() if f39 in APPROVALS)
    lost = answers[SILENCE]
    return f"{approved:,}", f"{answers.total() - approved - lost:,}", f"{lost:,}"


def _declines(answers: Counter[str]) -> str:
    declines = [
        f"{MEANINGS.get(f39, f39)} {times}"
        for f39, times in answers.most_common()
        if f39 not in APPROVALS and f39 != SILENCE
    ]
    return ", ".join(declines[:DECLINES_SHOWN_MAX])
