"""How a moment of the house looks on a terminal of 80 columns or more."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from config.screen import Column, Line, Sheet, number, prose
from config.top.figures import ChannelFigures, Figures, Latency
from config.top.heard import Decline, Heard, Station

ROWS_MIN: Final = 3
FRAME_ROWS: Final = 19
"""Rows of the screen that are none of stations, with one channel."""
CHANNELS: Final = (
    Column("channel"),
    *map(number, ("conn", "msg/s", "approved", "silent", "bad MAC", "p50 ms", "p99 ms")),
)
STATIONS: Final = (
    Column("station"),
    Column("channel"),
    *map(number, ("heard s ago", "messages")),
    prose("last"),
)
DECLINES: Final = (*map(Column, ("declined", "station", "trace", "F39")), prose("what and why"))
NONE: Final = "-"
LISTED_MAX: Final = 6
"""Codes or kinds on a line; all of them are in the JSON."""


def shown(data: str, figures: Figures, said: Heard, rows_max: int) -> RenderableType:
    """The whole screen, in so many rows."""
    room = max(ROWS_MIN, rows_max - FRAME_ROWS - len(figures.channels))
    parts: list[RenderableType] = [Line(text) for text in _head(data, figures)]
    parts += [Text(), Sheet(CHANNELS, map(_channel, figures.channels))]
    parts += [Line(text) for text in _counts(figures)]
    if said.stations:
        stations = said.stations[: max(ROWS_MIN, room - len(said.declines))]
        rows = [_station(each, figures.at) for each in stations]
        parts += [Text(), Sheet(STATIONS, rows)]
    if said.declines:
        parts += [Text(), Sheet(DECLINES, map(_decline, said.declines[: max(ROWS_MIN, room)]))]
    if not said.has_log:
        parts += [Text(), Line("stations and declines: no log of a switch here; see the journal")]
    return Group(*parts)


def _head(data: str, figures: Figures) -> Iterator[str]:
    yield f"posswitch top  {data}  {_local(figures.at):%H:%M:%S}"
    host = "down" if not figures.host_is_up else "posting" if figures.is_posting else "not posting"
    link = "linked" if figures.link_is_up else "not linked"
    switches = f"{figures.switches} switch {link}" if figures.switches else "no switch"
    yield (
        f"host {host}, {switches}  {figures.host_waiting:,} waiting, "
        f"{figures.in_flight:,} in flight, {_owed(figures)}"
    )
    programs = "   ".join(
        f"{program} {percent:.0f} % {figures.memory_bytes.get(program, 0) / 1e6:,.0f} MB"
        for program, percent in figures.cpu_percent.items()
    )
    rate = f"{figures.messages_per_second:,.1f} msg/s"
    latency = figures.latency
    yield "   ".join((rate, _named("p50", latency.p50_ms), _named("p99", latency.p99_ms)))
    yield f"CPU and memory: {programs or NONE}"


def _owed(figures: Figures) -> str:
    if not figures.owed:
        return "0 owed"
    return f"{figures.owed:,} owed ({figures.owed_oldest_seconds:,.0f} s)"


def _counts(figures: Figures) -> Iterator[str]:
    seconds = f"in {figures.seconds:.0f} s"
    yield f"answers {seconds}: {_listed(figures.codes)}"
    yield f"kinds {seconds}: {_listed(figures.kinds)}"


def _listed(counts: Mapping[str, int]) -> str:
    shown_first = list(counts.items())[:LISTED_MAX]
    more = f", {len(counts) - LISTED_MAX} more" if len(counts) > LISTED_MAX else ""
    return (", ".join(f"{name} {count:,}" for name, count in shown_first) or "none") + more


def _channel(row: ChannelFigures) -> tuple[str, ...]:
    part = f"{100 * row.approved / row.answered:.0f} %" if row.answered else NONE
    return (
        row.name,
        f"{row.connections:,}",
        f"{row.messages_per_second:,.1f}",
        part,
        f"{row.silent:,}",
        f"{row.wrong_macs:,}",
        *_latency(row.latency),
    )


def _latency(latency: Latency) -> tuple[str, str]:
    return _ms(latency.p50_ms), _ms(latency.p99_ms)


def _named(name: str, value: float | None) -> str:
    return f"{name} {NONE}" if value is None else f"{name} {value:,.1f} ms"


def _ms(value: float | None) -> str:
    return NONE if value is None else f"{value:,.1f}"


def _station(row: Station, now: float) -> tuple[str, ...]:
    age = max(0.0, now - _moment(row.at).timestamp())
    about = f"{row.kind} {row.reason}"
    return row.terminal_id, row.channel, f"{age:,.0f}", f"{row.messages:,}", about


def _decline(row: Decline) -> tuple[str, ...]:
    when = f"{_moment(row.at).astimezone():%H:%M:%S}"
    about = f"{row.kind} {row.reason}"
    return when, row.terminal_id or NONE, row.trace or NONE, row.code or NONE, about


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _local(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC).astimezone()
