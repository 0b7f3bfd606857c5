"""Logs: one JSON object a line. Secrets mask themselves; tracebacks carry no local values."""

import sys
from typing import BinaryIO, Final, Literal

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
        logger_factory=structlog.BytesLoggerFactory(stream or sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _to_json(_logger: object, _method: str, event: structlog.typing.EventDict) -> bytes:
    return _ENCODER.encode(event)
