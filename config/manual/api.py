"""Tables of `docs/api.md`: what programs hear of, from the table of events."""

from typing import Final

from config.manual.page import Blocks
from host.office.events import EVENTS
from terminals.manual import table


def _events() -> str:
    rows = [
        (f"`{one.id}`", one.en, ", ".join(f"`{each}`" for each in sorted(one.actions)))
        for one in EVENTS.values()
    ]
    return table(("event", "what happened", "actions"), rows)


BLOCKS: Final[Blocks] = {"api.events": _events}
