"""The end of the switch's logs: which stations were heard last, and what was declined.

The log has a line a message where `switch.log_messages` is on, as it is; so no message costs more.
Under systemd the journal keeps the lines, and there is no file to read.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from config.places import Places
from host.model.responses import POSTED, RESPONSE_CODES

TAIL_BYTES: Final = 256 * 1024
"""Of each log: about a thousand messages."""
ANSWERED: Final = "message answered"
SILENT: Final = "message not answered"
APPROVALS: Final = frozenset(reason.value for reason in POSTED)
DECLINES_MAX: Final = 8
_CODES: Final = {reason.value: row.f39 for reason, row in RESPONSE_CODES.items()}


class Line(msgspec.Struct, frozen=True):
    """What is read of a log line."""

    event: str = ""
    timestamp: str = ""
    channel: str = ""
    tid: str = ""
    stan: str = ""
    kind: str | None = None
    reason: str = ""
    rrn: str = ""
    why: str = ""


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal, by its last message in the log's end."""

    terminal_id: str
    channel: str
    at: str
    """UTC."""
    messages: int
    """Of the lines that were read."""
    kind: str
    reason: str


class Decline(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was not approved, or left in silence."""

    at: str
    channel: str
    terminal_id: str
    trace: str
    kind: str
    code: str
    """F39; empty: silence."""
    reason: str


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, the newest first."""

    stations: tuple[Station, ...] = ()
    declines: tuple[Decline, ...] = ()
    has_log: bool = False
    """Whether there is a log to read at all."""


def heard(places: Places) -> Heard:
    """The ends of the switches' logs. What cannot be read tells nothing."""
    files = sorted(places.log.glob("switch*.log"))
    lines = sorted(
        (line for file in files for line in _lines(file)), key=lambda line: line.timestamp
    )
    lines.reverse()
    return Heard(stations=_stations(lines), declines=tuple(_declines(lines)), has_log=bool(files))


def _lines(file: Path) -> Iterator[Line]:
    try:
        with file.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - TAIL_BYTES))
            data = log.read(TAIL_BYTES)
    except OSError:
        return
    decoder = msgspec.json.Decoder(Line)
    for text in data.splitlines():
        if text.startswith(b"{") and b"answered" in text:
            try:
                line = decoder.decode(text)
            except msgspec.DecodeError:
                continue
            if line.event in {ANSWERED, SILENT}:
                yield line


def _stations(lines: Iterable[Line]) -> tuple[Station, ...]:
    first: dict[str, Line] = {}
    counts: dict[str, int] = {}
    for line in lines:
        if line.tid:
            first.setdefault(line.tid, line)
            counts[line.tid] = counts.get(line.tid, 0) + 1
    return tuple(
        Station(
            terminal_id=tid,
            channel=line.channel,
            at=line.timestamp,
            messages=counts[tid],
            kind=line.kind or "unknown",
            reason=line.reason,
        )
        for tid, line in first.items()
    )


def _declines(lines: Sequence[Line]) -> Iterator[Decline]:
    others = (line for line in lines if line.reason not in APPROVALS)
    for _, line in zip(range(DECLINES_MAX), others, strict=False):
        yield Decline(
            at=line.timestamp,
            channel=line.channel,
            terminal_id=line.tid,
            trace=line.stan,
            kind=line.kind or "unknown",
            code=_CODES.get(line.reason, ""),
            reason=line.reason if line.event == ANSWERED else f"silence: {line.why}",
        )
