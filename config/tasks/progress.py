"""What a person sees while a swarm trades: a live table on a terminal, a line now and then else."""

import enum
from collections import Counter
from collections.abc import Iterable
from typing import Final

import trio
from rich.console import Console, Group
from rich.live import Live

from config.language import speech
from config.screen import Line, Sheet, number, prose, words
from host.model.claims import APPROVALS, CARD_SIGN
from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES
from simulators.record import Event, What
from simulators.tally import SILENCE, Tally

REFRESH_SECONDS: Final = 0.25
PLAIN_SECONDS: Final = 5.0
DECLINES_SHOWN_MAX: Final = 10


@enum.unique
class Fate(enum.StrEnum):
    """How a message ended whose answer did not arrive."""

    REVERSED = "reversed"
    CONFIRMED = "confirmed"
    ASKED_AGAIN = "asked again"
    INQUIRY = "moved nothing"
    """It only asked."""
    GIVEN_UP = "given up"
    """The cashier phones."""
    WAITING = "waiting still"


ALWAYS_TOLD: Final = (Fate.REVERSED, Fate.CONFIRMED, Fate.ASKED_AGAIN)
FATES: Final = {
    What.REVERSAL_TOLD: Fate.REVERSED,
    What.CONFIRM_TOLD: Fate.CONFIRMED,
    What.TOLD: Fate.ASKED_AGAIN,
    What.GIVEN_UP: Fate.GIVEN_UP,
}
"""What a later line of the record makes of it."""
MEANINGS: Final = {row.f39: row.english for row in reversed(RESPONSE_CODES.values())}
"""F39 to its text; where two reasons share a code, the first of the table speaks."""

BOARD: Final = (
    words("transaction"),
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


def headline(tally: Tally, passed: float, seconds: float) -> Line:
    """One line: how far, how many, how fast."""
    rate = tally.trades / passed if passed else 0.0
    p50, p99, p999 = (f"{1000 * each:.0f} ms" for each in tally.latency(0.50, 0.99, 0.999))
    return Line(
        f"{min(passed, seconds):.0f} of {seconds:.0f} s  {tally.trades:,} trades  {rate:.0f}/s"
        f"  p50 {p50}  p99 {p99}  p99.9 {p999}  {tally.count(SILENCE)} lost"
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
    """What became of the answers that were lost, as the terminals recorded it: it adds up."""
    fates = Counter(fates_of(events).values())
    parts = [f"{fates[fate]} {fate}" for fate in Fate if fates[fate] or fate in ALWAYS_TOLD]
    return f"{fates.total()} lost = {' + '.join(parts)}"


def fates_of(events: Iterable[Event]) -> dict[str, Fate]:
    """What became of each message whose answer was lost, by its slot."""
    fates: dict[str, Fate] = {}
    kinds: dict[str, Kind | None] = {}
    for event in events:
        if event.what is What.SENT:
            kinds[event.slot] = event.kind
        elif event.what is What.NOT_TOLD:
            moves = kinds.get(event.slot) in CARD_SIGN
            fates[event.slot] = Fate.WAITING if moves else Fate.INQUIRY
        elif event.slot in fates and event.what in FATES:
            fates[event.slot] = FATES[event.what]
    return fates


def settled(tally: Tally) -> str:
    """How the batches were closed."""
    ended = tally.settled
    return (
        f"of {ended.total()} batches {ended['agreed']} agreed, {ended['uploaded']} went to the "
        f"exception list, {ended['lost']} had no answer"
    )


def issuer_line(counts: Counter[str]) -> str:
    """What the external issuer did."""
    return (
        f"the issuer's own host approved {counts['00']}, was slow {counts['slow']}, silent "
        f"{counts['silent']}, wrong {counts['wrong']} times"
    )


def _counts(answers: Counter[str]) -> tuple[str, str, str]:
    approved = sum(times for f39, times in answers.items() if f39 in APPROVALS)
    lost = answers[SILENCE]
    return f"{approved:,}", f"{answers.total() - approved - lost:,}", f"{lost:,}"


def _declines(answers: Counter[str]) -> str:
    declines = [
        f"{speech.said(MEANINGS.get(f39, f39))} {times}"
        for f39, times in answers.most_common()
        if f39 not in APPROVALS and f39 != SILENCE
    ]
    return ", ".join(declines[:DECLINES_SHOWN_MAX])
