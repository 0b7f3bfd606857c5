"""`posswitch top`: look again and again, until a person has seen enough; or once."""

import json
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from config.errors import SurroundingsError, told
from config.places import Places
from config.run.look import Look, looks
from config.screen import Line, screen
from config.top.figures import Figures, figures_between
from config.top.heard import Heard, heard
from config.top.screen import shown

QUIT: Final = frozenset("qQ\x04")
"""Keys that end it; and Ctrl-D."""
ROWS_ELSEWHERE: Final = 50
"""Of a snapshot that no terminal limits."""


def print_once(places: Places, seconds: float, *, as_json: bool) -> None:
    """One moment, and the seconds before it.

    Raises:
        SurroundingsError: nothing runs here.
    """
    before = _some(places)
    time.sleep(seconds)
    figures, said = figures_between(before, _some(places)), heard(places)
    if as_json:
        sys.stdout.write(json.dumps(as_builtins(places, figures, said), ensure_ascii=False) + "\n")
        return
    screen().print(shown(str(places.data), figures, said, ROWS_ELSEWHERE))


def watch(places: Places, seconds: float) -> None:
    """A live screen until q is pressed. What goes down or hangs meanwhile is told, and waited for.

    Raises:
        SurroundingsError: nothing runs here at the beginning.
        KeyboardInterrupt: Ctrl-C.
    """
    before, console = _some(places), Console(highlight=False)
    with keys_one_by_one(), Live(console=console, screen=True, auto_refresh=False) as live:
        wait = min(seconds, 1.0)  # the first figures come soon
        while not pressed(QUIT, wait):
            wait = seconds
            try:
                after = looks(places)
            except SurroundingsError as error:
                live.update(Group(Line(told(error)), Text(), Line("looking again")), refresh=True)
                continue
            figures, said = figures_between(before, after), heard(places)
            live.update(shown(str(places.data), figures, said, console.size.height), refresh=True)
            before = after


def as_builtins(places: Places, figures: Figures, said: Heard) -> dict[str, Any]:
    """All that is shown, for programs."""
    rates: dict[str, Any] = msgspec.to_builtins(figures)
    return {"data": str(places.data), **rates, **msgspec.to_builtins(said)}


@contextmanager
def keys_one_by_one() -> Iterator[None]:
    """A terminal gives each key at once and shows none; what is no terminal stays as it is."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin, termios.TCSANOW)  # a key pressed before this counts, too
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def pressed(keys: frozenset[str], seconds: float) -> bool:
    """Wait so long for one of these keys; without a terminal only wait."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if not sys.stdin.isatty():
            time.sleep(left)
        elif select.select([sys.stdin], [], [], left)[0] and sys.stdin.read(1) in keys:
            return True
    return False


def _some(places: Places) -> Sequence[Look]:
    """What runs, if anything does."""
    found = looks(places)
    if not found:
        raise SurroundingsError(
            f"no host and no switch runs on {places.data}. Next: posswitch up --data {places.data}",
            "E-NOTHING-RUNS",
        )
    return found
