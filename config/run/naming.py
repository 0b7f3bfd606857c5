"""The names that a switch process knows, for the completion of a command line."""

from typing import Final

from config.run.asking import Names
from switch.program import Switch

CHANNELS: Final = "channels"


def names_of_switch(switch: Switch, kind: str, beginning: str) -> Names:
    """Channels, by what they speak."""
    if kind != CHANNELS:
        return []
    rows = (each.settings for each in switch.channels)
    return [(row.name, row.dialect) for row in rows if row.name.startswith(beginning)]
