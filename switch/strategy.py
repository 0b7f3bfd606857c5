"""What a terminal is told when the host does not answer in time, and how waits must nest.

Silence is the safe word: the terminal times out, keeps its reversal record and undoes the
exchange itself. 98 is quicker for the cashier, but terminals drop their reversal record on any
well-formed answer, so it is said only when our own reversal is on disk. A message that its
terminal repeats until it is answered (a refund, a reversal) is never told 98: that would end
the repeating. A cash load may be told at once, because 98 is what makes a terminal confirm it.
"""

import enum
from collections.abc import Mapping
from typing import Final

from host.model.requests import KINDS, Kind
from switch.settings import SwitchSettings

TERMINAL_MARGIN_SECONDS: Final = 5.0
"""An answer must have this long to travel before its terminal's patience ends."""


class DeadlineError(ValueError):
    """Waits that do not nest; names the settings and how to order them."""


@enum.unique
class Ending(enum.Enum):
    """How an exchange in doubt ends for its terminal."""

    SILENT = enum.auto()
    TOLD = enum.auto()
    """98 at once: nothing can have moved, or the terminal itself settles it."""
    TOLD_WHEN_UNDONE = enum.auto()
    """98 as soon as our reversal is on disk; should it never get there, silence."""


Endings = Mapping[Kind, Ending]

SILENT: Final[Endings] = dict.fromkeys(Kind, Ending.SILENT)


def _told(kind: Kind) -> Ending:
    if KINDS[kind].only_host_may_end:
        return Ending.SILENT
    return Ending.TOLD_WHEN_UNDONE if KINDS[kind].undone_by_switch else Ending.TOLD


STRATEGIES: Final[dict[str, Endings]] = {
    "silent": SILENT,
    "timeout_98": {kind: _told(kind) for kind in Kind},
}
"""What `strategy` of a channel may be."""


def check_deadlines(host_seconds: float, switch: SwitchSettings) -> None:
    """Waits nest: the host gives up before the switch does, the switch before the terminal.

    `host_seconds` is the host's own `statement_seconds_max`.

    Raises:
        DeadlineError: they do not; the text has both settings and their values.
    """
    longest = switch.host_seconds_max
    if not host_seconds < longest:
        raise DeadlineError(
            f"host.statement_seconds_max ({host_seconds:g}) must be shorter than"
            f" switch.host_seconds_max ({longest:g}), or every slow answer is a late one."
            " Next: raise the second or lower the first"
        )
    waits = {"switch.host_seconds_max": longest}
    waits |= {f"issuers.{issuer.name}.seconds_max": issuer.seconds_max for issuer in switch.issuers}
    for channel in switch.channels:
        patience = channel.terminal_seconds
        for name, seconds in waits.items():
            if seconds + TERMINAL_MARGIN_SECONDS > patience:
                raise DeadlineError(
                    f"{name} ({seconds:g}) and {TERMINAL_MARGIN_SECONDS:g} seconds of travel must"
                    f" fit into channels.{channel.name}.terminal_seconds ({patience:g})."
                    " Next: lower the first or raise the second"
                )
