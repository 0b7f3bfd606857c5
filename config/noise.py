"""What libraries and the interpreter say by themselves, as lines of the log like any other.

Warnings, loggers of the standard library, exceptions that nobody catches and what is printed would
stand between the lines of a program's log as plain text, or in the middle of one. What code that is
not Python writes to the file itself cannot be taken.
"""

import contextlib
import io
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Final, TextIO

import structlog

HELD_CHARACTERS_MAX: Final = 8192
"""Of a line that never ends."""

_LOG = structlog.get_logger(__name__)


class Printed(io.TextIOBase):
    """Where what is printed goes: each line of it is one of the log's."""

    def __init__(self, name: str, file: int) -> None:
        self._name = name
        self._file = file
        self._held = ""

    def write(self, text: str) -> int:
        """Take it; whole lines are logged."""
        *lines, self._held = f"{self._held}{text}".split("\n")
        for line in lines:
            self._say(line)
        if len(self._held) > HELD_CHARACTERS_MAX:
            self.end()
        return len(text)

    def end(self) -> None:
        """Log a line that was begun."""
        held, self._held = self._held, ""
        self._say(held)

    def fileno(self) -> int:
        """Of the file that lies below."""
        return self._file

    def writable(self) -> bool:
        """It is."""
        return True

    def _say(self, line: str) -> None:
        if line.strip():
            _LOG.warning("printed", on=self._name, text=line)


class _Records(logging.Handler):
    """Records of the standard library's loggers, as ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log it; a record that cannot be formatted is told by its format."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - whoever logs wrongly is still heard
            text = str(record.msg)
        say = _LOG.error if record.levelno >= logging.ERROR else _LOG.warning
        say(text, logger=record.name, exc_info=record.exc_info or False)


@contextlib.contextmanager
def noise_in_lines() -> Iterator[None]:
    """While this lasts, all that is said on standard error is a line of the log."""
    error, output = sys.stderr, sys.stdout
    printed = Printed("stderr", error.fileno())
    handler, root = _Records(level=logging.WARNING), logging.getLogger()
    thread, unraisable, complains = (
        threading.excepthook,
        sys.unraisablehook,
        logging.raiseExceptions,
    )
    shows = warnings.showwarning
    sys.stderr = printed
    root.addHandler(handler)
    logging.raiseExceptions = False
    warnings.showwarning = _show_warning
    threading.excepthook = _of_thread
    sys.unraisablehook = _unraisable
    try:
        yield
    finally:
        printed.end()
        sys.stderr, sys.stdout = error, output
        root.removeHandler(handler)
        logging.raiseExceptions = complains
        warnings.showwarning = shows
        threading.excepthook, sys.unraisablehook = thread, unraisable


def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """As `sys.excepthook`: what ends the program is a line as well."""
    if issubclass(kind, KeyboardInterrupt):
        return
    _LOG.error("the program ends", exc_info=(kind, error, trace))


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - as the interpreter calls it
    line: str | None = None,  # noqa: ARG001 - the same
) -> None:
    _LOG.warning("warned", warning=category.__name__, text=str(message), at=f"{filename}:{lineno}")


def _of_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        name = told.thread.name if told.thread is not None else ""
        _LOG.error(
            "a thread ended",
            thread=name,
            exc_info=(told.exc_type, told.exc_value, told.exc_traceback),
        )


def _unraisable(told: "sys.UnraisableHookArgs") -> None:
    what = told.err_msg or "Exception ignored"
    error = told.exc_value
    said = "".join(traceback.format_exception_only(error)).strip() if error is not None else ""
    _LOG.error("an exception had nowhere to go", what=what, text=said)
