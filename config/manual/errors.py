"""Tables of `docs/errors.md`: what is printed where something is wrong, and what to do."""

from collections.abc import Mapping
from typing import Final

from config.error_kinds import ERROR_KINDS
from config.manual.page import Blocks, table
from host.model.responses import RESPONSE_CODES, Reason
from switch.whys import CLOSURES, HANDSHAKES, REFUSALS, SILENCES, Why
from terminals.remedies import REMEDIES


def _kinds() -> str:
    rows = ((f"`{kind.code}`", kind.what, kind.why, kind.next) for kind in ERROR_KINDS)
    return table(("code", "what", "why", "next"), rows)


def _remedies() -> str:
    rows = (
        (RESPONSE_CODES[reason].f39, f"`{reason}`", *REMEDIES[reason])
        for reason in sorted(Reason, key=lambda each: RESPONSE_CODES[each].f39)
    )
    return table(("F39", "reason", "at the terminal", "in the house"), rows)


def _whys(words: Mapping[str, Why]) -> str:
    return table(("why", "meaning", "next"), ((f"`{word}`", *why) for word, why in words.items()))


BLOCKS: Final[Blocks] = {
    "errors.kinds": _kinds,
    "errors.remedies": _remedies,
    "errors.silences": lambda: _whys(SILENCES),
    "errors.refusals": lambda: _whys(REFUSALS),
    "errors.handshakes": lambda: _whys(HANDSHAKES),
    "errors.closures": lambda: _whys(CLOSURES),
}
