"""Payment codes: what a member shows in place of a card, once and for a minute.

Eighteen digits: a prefix that no card number of the house has, random ones, and a check digit, so
that a till reads it wherever it reads a card number. Which cards pay, the host finds. A store shows
codes, too: one that stays, for whatever a customer types, or one for an amount, which is paid once.
"""

import secrets
from typing import Final

import msgspec

from host.model.requests import Drawn, Kind
from host.model.secrets import CODE_DIGITS, CODE_PREFIX, Pan, Secret, luhn_digit

OPEN_SECONDS: Final = 60
"""How long a member's code is taken."""
BILL_MINUTES: Final = 15
"""How long a store's code for an amount is."""
CODE_USE: Final = "pay code"
"""What its keyed hash is for."""
PAID_BY_CODE: Final = frozenset({Kind.PURCHASE, Kind.COMBINED_PURCHASE})
"""Kinds in which a code may stand in place of a card."""
UNDOES_BY_CODE: Final = frozenset({Kind.VOID, Kind.REFUND, Kind.REVERSAL})
"""Kinds that may name the code which paid what they undo."""
_RANDOM_DIGITS: Final = CODE_DIGITS - len(CODE_PREFIX) - 1
_STORE_TOKEN_BYTES: Final = 16


class Pays(msgspec.Struct, frozen=True, gc=False):
    """Who pays without a card being named: the member of a code, or one who has scanned a store."""

    code: bytes | None = None
    """The keyed hash of the code; None where a store's lasting one was scanned."""
    member: int = 0
    """Who has scanned it; 0: whose code it is."""
    is_ready: bool = False
    """The card is found, and what others are to pay is on it."""
    gathered: tuple[Drawn, ...] = ()
    """What came from other cards for this payment, card by card."""
    masked: str = ""
    """The card that pays."""


def is_of_codes(prefix: str) -> bool:
    """Whether a card number of this prefix could be taken for a code: no issuer has such a one."""
    return prefix.startswith(CODE_PREFIX) or CODE_PREFIX.startswith(prefix)


def new_code() -> Pan:
    """A code that nobody can guess."""
    digits = "".join(str(secrets.randbelow(10)) for _ in range(_RANDOM_DIGITS))
    payload = CODE_PREFIX + digits
    return Pan(payload + luhn_digit(payload))


def new_store_code() -> Secret:
    """What a store shows: as long as nobody invents one."""
    return Secret(secrets.token_urlsafe(_STORE_TOKEN_BYTES).encode())
