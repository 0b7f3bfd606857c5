"""A member's pay PIN: six digits that only they know, given when value leaves them.

It is kept as a hash under a key of the HSM, with whose it is, so nobody finds it out of the
database by trying a million of them.
"""

import hmac
import re
from itertools import pairwise
from typing import Final

from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.office.refusals import FIELD, Refusal

PIN_USE: Final = "pay pin"
FORM: Final = re.compile(rb"[0-9]{6}")
DIFFERENT_MIN: Final = 3


def pin_hash(hsm: Hsm, member: int, pin: Secret) -> bytes:
    """What is kept of it."""
    return hsm.hash_secret(Secret(b"%d/%s" % (member, pin.reveal())), PIN_USE)


def is_pin(hsm: Hsm, member: int, pin: Secret, kept: bytes | None) -> bool:
    """Whether it is the one that was hashed."""
    return kept is not None and hmac.compare_digest(pin_hash(hsm, member, pin), bytes(kept))


def refuse_easy_pin(pin: Secret) -> None:
    """Return where it is one that nobody tries first.

    Raises:
        Refusal: it is not six digits, of one or two only, or a row of them.
    """
    digits = pin.reveal()
    if FORM.fullmatch(digits) is None:
        raise Refusal(FIELD, field="new", problem="it is 6 digits")
    steps = {after - before for before, after in pairwise(digits)}
    if len(set(digits)) < DIFFERENT_MIN or steps in ({1}, {-1}):
        raise Refusal(FIELD, field="new", problem="it is one of those that are tried first")
