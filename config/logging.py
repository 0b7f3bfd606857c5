"""Logs: one JSON object a line. Secrets mask themselves; tracebacks carry no local values.

A line that cannot be written (the disk is full, the reader of a pipe is gone) is lost and nothing
more: no message of a terminal may end because of what was to be said about it.
"""

import contextlib
import sys
from typing import BinaryIO, Final, Literal, cast

import msgspec
import structlog

Level = Literal["debug", "info", "warning", "error"]

LEVELS: Final[dict[Level, int]] = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_ENCODER: Final = msgspec.json.Encoder(enc_hook=repr)
"""What JSON does not know is written as its repr, which for Pan and Secret is masked."""


def configure_logging(level: Level, stream: BinaryIO | None = None) -> None:
    """Write from this level up to a stream, standard error unless one is given."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            _to_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        # Both write and flush are what structlog asks of it.
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _Lossy(stream))),
        cache_logger_on_first_use=True,
    )


class _Lossy:
    """A stream for log lines; standard error where none is given."""

    def __init__(self, stream: BinaryIO | None) -> None:
        self._stream = stream or sys.stderr.buffer

    def write(self, line: bytes) -> None:
        """Write it if that can be done. A stream that was closed says so by a ValueError."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line)

    def flush(self) -> None:
        """The same."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _to_json(_logger: object, _method: str, event: structlog.typing.EventDict) -> bytes:
    """A line; what cannot be spelled in it (a lone surrogate, a repr that fails) is told apart."""
    try:
        return _ENCODER.encode(event)
    except Exception:  # noqa: BLE001 - no message may end because of what was to be said of it
        return _ENCODER.encode({_plain(name): _plain(value) for name, value in event.items()})


def _plain(value: object) -> str:
    try:
        text = value if isinstance(value, str) else repr(value)
    except Exception:  # noqa: BLE001 - as above
        text = f"a {type(value).__name__} without a repr"
    return text.encode(errors="backslashreplace").decode()
