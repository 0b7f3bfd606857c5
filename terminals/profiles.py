"""What one acquirer's terminals read in an answer: codes, card organisation, texts.

The house decides with a `Reason`; a profile says how it is spelled. Codes that mean something
else to a private acquirer's terminals are overridden row by row, never the meaning.
"""

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from host.model.responses import RESPONSE_CODES, Reason


@enum.unique
class TextIn(enum.StrEnum):
    """Where an answer says in words what came of it."""

    NOWHERE = ""
    FIELD_59 = "59"
    """The whole field."""
    FIELD_63 = "63"
    """The third text of F63, the acquirer's: 20 bytes, behind card organisation and two others."""


@enum.unique
class Language(enum.StrEnum):
    """In which words."""

    CHINESE = "chinese"
    ENGLISH = "english"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One acquirer's way with answers."""

    name: str
    codes: Mapping[Reason, str]
    """F39 by reason, all of them."""
    organisation: str = "CUP"
    """F63.1: the card organisation."""
    text_in: TextIn = TextIn.NOWHERE
    language: Language = Language.CHINESE

    def text_of(self, reason: Reason) -> str:
        """What a terminal may show or print."""
        row = RESPONSE_CODES[reason]
        return row.chinese if self.language is Language.CHINESE else row.english


def codes_with(overrides: Mapping[Reason, str]) -> dict[Reason, str]:
    """The usual codes, but for these."""
    return {reason: row.f39 for reason, row in RESPONSE_CODES.items()} | dict(overrides)


UNIONPAY: Final = Profile(name="unionpay", codes=codes_with({}))

PRIVATE: Final = Profile(
    name="private",
    codes=codes_with(
        {
            Reason.INVALID_TRANSACTION: "40",
            Reason.CARD_NOT_ACTIVE: "57",
            Reason.CARD_BATCH_NOT_OPENED: "57",
            Reason.VOUCHER_NOT_OPENED: "57",
            Reason.FORMAT_ERROR: "20",
            Reason.ORIGINAL_VOIDED: "BA",
            Reason.BATCH_MISMATCH: "A8",
            Reason.KEYS_MISSING: "A8",
            Reason.MAC_WRONG: "63",
            Reason.ROUTE_UNKNOWN: "91",
            Reason.TIMED_OUT: "68",
            Reason.PIN_FORMAT: "55",
        }
    ),
)
"""An acquirer whose terminals read 12, 21, 30, 77, 92, 98, 99 and A0 otherwise (99: chip data
wrong), A8 as not signed on and BA as already undone."""

PROFILES: Final[Mapping[str, Profile]] = {row.name: row for row in (UNIONPAY, PRIVATE)}
