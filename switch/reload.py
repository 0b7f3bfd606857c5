"""What changes when a running switch is given other channels. Values in, values out.

Limits are changed in place and reach every connection at once. What the bytes themselves depend
on (dialect, framing, TLS, the place) makes a new channel: the old one drains beside it, and hands
over its listening socket where the place is the same, so that no caller is turned away meanwhile.
"""

import enum
from collections.abc import Sequence
from typing import Final

import msgspec

from switch.channels import ChannelSettings

IN_PLACE: Final = frozenset(
    {
        "connect_seconds_max",
        "reconnect_seconds_max",
        "frame_seconds_max",
        "idle_seconds_max",
        "drain_seconds_max",
        "networks",
        "ecb_networks",
        "connections_max",
        "per_source_max",
        "per_source_rate",
        "unanswered_max",
        "outbox_bytes_max",
        "terminal_seconds",
    }
)
"""Settings of a channel that a standing connection takes without noticing."""


class What(enum.Enum):
    """What becomes of a channel."""

    KEPT = "unchanged"
    ADJUSTED = "changed in place"
    REPLACED = "changed; its connections drain and come again"
    OPENED = "opened"
    DRAINED = "drains"


class ChannelChange(msgspec.Struct, frozen=True, kw_only=True):
    """One channel's lot; `settings` are the new ones, or those of the channel that drains."""

    what: What
    settings: ChannelSettings


class ReloadError(ValueError):
    """The new settings cannot be put to work, and nothing was changed; says what to do."""


def changes(
    before: Sequence[ChannelSettings], after: Sequence[ChannelSettings]
) -> tuple[ChannelChange, ...]:
    """What has to be done, in the order of the new rows, then what drains."""
    old = {row.name: row for row in before}
    new = {row.name for row in after}
    done = [ChannelChange(what=_fate(old.get(row.name), row), settings=row) for row in after]
    gone = [row for row in before if row.name not in new]
    return (*done, *(ChannelChange(what=What.DRAINED, settings=row) for row in gone))


def with_ports(
    after: Sequence[ChannelSettings], taken: dict[str, int]
) -> tuple[ChannelSettings, ...]:
    """The new rows, those that take any free port with the port that their channel has."""
    return tuple(
        msgspec.structs.replace(row, port=taken.get(row.name, 0)) if row.port == 0 else row
        for row in after
    )


def _fate(old: ChannelSettings | None, new: ChannelSettings) -> What:
    if old is None:
        return What.OPENED
    differing = {name for name in new.__struct_fields__ if getattr(old, name) != getattr(new, name)}
    if differing - IN_PLACE:
        return What.REPLACED
    # Certificate files may have changed under the same names.
    return What.ADJUSTED if differing or new.tls is not None else What.KEPT
