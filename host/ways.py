"""How each kind of request goes through the poster, and who may send it so."""

from typing import Final

import msgspec

from host.book import Terminal
from host.desk.desk import ROOMS, Room
from host.model.requests import ASKED_BY_NO_TERMINAL, KINDS, Kind, Request, Traffic
from host.model.terminal import FAMILIES, TerminalFamily
from host.store.arrays import PLAIN_WORD


class Way(msgspec.Struct, frozen=True, gc=False):
    """How a kind goes through the poster."""

    traffic: Traffic | None
    """What it is counted with; None where that is for the request itself to say."""
    room: Room | None
    """Whose it is at the desk; None for what a writer posts."""
    is_reversal: bool
    is_the_houses: bool
    """Nobody else may send it."""
    line: str
    """Its terminal's line: what is added to the terminal's id.

    Sign-ons have one of their own, for anybody can send them: nobody fills a terminal's line who
    does not have its keys."""


WAYS: Final[dict[Kind, Way]] = {
    kind: Way(
        traffic=None if row.traffic is Traffic.DESK else row.traffic,
        room=ROOMS.get(kind),
        is_reversal=kind is Kind.REVERSAL,
        is_the_houses=kind in ASKED_BY_NO_TERMINAL,
        line=" signs on" if kind is Kind.SIGN_ON else "",
    )
    for kind, row in KINDS.items()
}
"""Looked up once for a message on its way in, and once on its way out."""
_is_plain_word: Final = PLAIN_WORD.fullmatch
_POS: Final = TerminalFamily.POS


def is_of(request: Request, way: Way, terminal: Terminal) -> bool:
    """Whether it is one to speak so, for the merchant whose terminal it is.

    Who has no batch but dates, or a counter, is held to its family here as at the switch: that is
    what a terminal of another would gain by. A reversal names what it undoes by its terminal's own
    key: whatever merchant stands beside it, any refusal would end it with the original standing.
    """
    family = FAMILIES.get(request.key.institution)
    is_its_family = family is _POS or family is terminal.family
    if way.is_reversal:
        return is_its_family
    return is_its_family and terminal.merchant.merchant_id == request.merchant_id


def keys_can_be_stored(request: Request, slot: str) -> bool:
    """Whether its keys are plain words, and the original it names is of the same terminal."""
    key, named = request.key, request.original
    if not _is_plain_word(slot):
        return False
    if named is None or named.key is None:
        return True
    is_its_own = (named.key.institution, named.key.terminal_id) == (
        key.institution,
        key.terminal_id,
    )
    return is_its_own and _is_plain_word(named.key.text) is not None
