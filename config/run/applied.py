"""The channels that were put to work since a start, kept beside the sockets.

A process which is started again after a crash stands where the others stand, whatever the settings
file says by then.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from config.places import Places
from config.settings import Settings
from switch.settings import ChannelSettings


def keep_applied(places: Places, channels: Sequence[ChannelSettings]) -> None:
    """Write down which channels are at work, whole or not at all."""
    path = _applied_path(places)
    new = path.with_suffix(f".{os.getpid()}")
    new.touch(mode=0o600)
    new.write_bytes(msgspec.json.encode(channels))
    new.replace(path)


def forget_applied(places: Places) -> None:
    """A new run stands where its settings say."""
    _applied_path(places).unlink(missing_ok=True)


def with_applied(settings: Settings, places: Places) -> Settings:
    """These settings, with the channels that were put to work since."""
    try:
        text = _applied_path(places).read_bytes()
        channels = msgspec.json.decode(text, type=tuple[ChannelSettings, ...])
    except (FileNotFoundError, msgspec.DecodeError):
        return settings
    switch = msgspec.structs.replace(settings.switch, channels=channels)
    return msgspec.structs.replace(settings, switch=switch)


def _applied_path(places: Places) -> Path:
    return places.run / "applied.json"
