"""A till on the screen: lines from a person or a pipe, and the event loop beside them.

The terminal's messages run in a thread with an event loop of its own, lines are read in the main
one: there Ctrl-C ends reading and waiting alike, and readline may be used as it is meant to be.
"""

import contextlib
import queue
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self, TextIO

import trio
from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.theme import Theme

from config.errors import INTERRUPTED, SETTINGS_WRONG, SurroundingsError, alone
from config.language import Language, speech
from config.tasks.failed import failed_lines, failed_status
from config.tasks.reach import nobody_answers
from simulators.record import Record
from simulators.tally import SILENCE
from simulators.till.prompt import Prompt, TillPlace, standing_till
from simulators.till.words import tongue

PROMPT: Final = "till> "
UNSEEN_SECONDS_MAX: Final = 0.5
"""How long a Ctrl-C at the prompt may go unseen."""


class TillLoop:
    """The event loop in a thread, with the till it keeps standing."""

    def __init__(self, place: TillPlace, record: Record) -> None:
        self._told = (place, record)
        self.channel = place.channel
        self.failures = place.place.failures
        """What failed behind the till: its gateway."""
        self.where = f"{place.place.host}:{place.place.port}"
        self._scope = trio.CancelScope()
        self._standing: queue.SimpleQueue[tuple[trio.lowlevel.TrioToken, Prompt] | None] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self._run, name="till")
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        standing = self._standing.get()
        if standing is None:
            self._thread.join()
            assert self._error is not None
            raise self._error
        self._token, self.prompt = standing
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._scope.cancel)
        self._thread.join()

    def take(self, line: str) -> str:
        """What comes of a line."""
        try:
            return trio.from_thread.run(self.prompt.take, line, trio_token=self._token)
        except trio.RunFinishedError:
            self._thread.join()
            raise self._error or SurroundingsError(
                "the till has ended. Next: begin again"
            ) from None

    def open(self) -> str:
        """The first thing to be read."""
        return trio.from_thread.run(self.prompt.open, trio_token=self._token)

    def _run(self) -> None:
        try:
            trio.run(self._stand)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is asked for
            self._error = alone(error)
        self._standing.put(None)

    async def _stand(self) -> None:
        async with standing_till(*self._told) as prompt:
            self._standing.put((trio.lowlevel.current_trio_token(), prompt))
            with self._scope:
                await trio.sleep_forever()


STANDS_OUT: Final = {
    "good": ("APPROVED", "AGREED"),
    "bad": ("DECLINED", "DIFFERS"),
    "odd": ("NO ANSWER", "reversing", "reversed", "given up", "pending"),
}
"""Labels of a receipt, by their style."""


class _Verdicts(RegexHighlighter):
    """What stands out on a screen with colours, in the language that is spoken."""

    base_style = "till."

    def __init__(self) -> None:
        labels = {
            style: "|".join(re.escape(speech.said(one)) for one in words)
            for style, words in STANDS_OUT.items()
        }
        self.highlights = [  # type: ignore[misc] # by the language of the process, as labels are
            *(rf"(?m)^ +(?P<{style}>{words})(?=\s|$)" for style, words in labels.items()),
            r"(?m)^(?P<title>#\d+  \S.*)$",
        ]


_THEME: Final = Theme(
    {"till.good": "bold green", "till.bad": "bold red", "till.odd": "yellow", "till.title": "bold"}
)


def serve_till(loop: TillLoop) -> int:
    """Lines until there are no more. Gives the exit status.

    2 where a line of a script was no command; 130 where it was interrupted.

    Raises:
        SurroundingsError: there is nothing to read lines from, or nobody answers.
    """
    stream = sys.stdin
    if stream is None:
        raise SurroundingsError(
            "there is no standard input. Next: type at it, or pipe lines in", "E-COMMAND-LINE"
        )
    is_chinese = speech.language is Language.CHINESE
    tongue.speak(speech.said, speech.of_message, is_chinese=is_chinese)
    console = Console(highlighter=_Verdicts(), theme=_THEME, soft_wrap=True)
    with loop:
        try:
            _serve(console, loop, stream)
        except KeyboardInterrupt:
            console.print()
            _show(console, loop.prompt.summary())
            return INTERRUPTED
        _show(console, loop.prompt.summary())
    for line in failed_lines(loop.failures):
        _show(console, speech.said(line))
    is_script = not stream.isatty()
    is_mistyped = is_script and loop.prompt.mistyped
    return failed_status(loop.failures) or (SETTINGS_WRONG if is_mistyped else 0)


def _serve(console: Console, loop: TillLoop, stream: TextIO) -> None:
    said = loop.open()
    if not loop.prompt.was_answered:
        raise nobody_answers(loop.channel, loop.where, SILENCE)
    _show(console, said)
    for line in _lines(stream, loop.prompt.completions):
        if loop.prompt.is_end(line):
            break
        _show(console, loop.take(line))
    if loop.prompt.desk.till.terminal.has_pending:
        _show(console, loop.take("mend"))


def _show(console: Console, text: str) -> None:
    if text:
        console.print(text, markup=False)


def _lines(stream: TextIO, completions: Callable[[str], list[str]]) -> Iterator[str]:
    if not (stream.isatty() and sys.stdout.isatty()):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
        yield from iter(stream.readline, "")
        return
    _with_readline(completions)
    while True:
        try:
            line = _line()
        except EOFError:
            sys.stdout.write("\n")
            return
        yield line


def _line() -> str:
    """A line that is typed; waiting for it is cut short now and then, so that Ctrl-C is seen.

    readline waits where a signal wakes it only once it waits: a Ctrl-C of the moment between its
    prompt and that would be seen at the next key.
    """
    before = signal.signal(signal.SIGALRM, lambda _number, _frame: None)
    signal.setitimer(signal.ITIMER_REAL, UNSEEN_SECONDS_MAX, UNSEEN_SECONDS_MAX)
    try:
        return input(PROMPT)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _with_readline(completions: Callable[[str], list[str]]) -> None:
    """Arrows, history and Tab, where this Python has them."""
    try:
        import readline
    except ImportError:
        return

    def complete(begun: str, number: int) -> str | None:
        found = completions(readline.get_line_buffer().lstrip())
        skip = len(readline.get_line_buffer().lstrip()) - len(begun)
        return f"{found[number][skip:]} " if number < len(found) else None

    readline.set_completer(complete)
    readline.set_auto_history(True)
    readline.parse_and_bind("tab: complete")
