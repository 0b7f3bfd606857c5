"""A phone number as tills write it: F62, or a word of theirs.

Digits, as they are typed: eleven of a mobile phone of the mainland, or `+` and a country's.
"""

import re
from typing import Final

from host.model.requests import Besides, Kind, SealedPan
from host.model.secrets import Secret

LOADED: Final = Kind.LOAD_BY_PHONE
_PHONE: Final = re.compile(r"1[0-9]{10}|\+[1-9][0-9]{6,14}")


def read_phone(text: str) -> Secret:
    """A number as it was typed; blanks behind it fill its place.

    Raises:
        ValueError: no phone has such a number. It is not quoted.
    """
    phone = text.rstrip(" ")
    if not _PHONE.fullmatch(phone):
        raise ValueError("a phone number is 11 digits, a 1 first, or + and 7 to 15 digits")
    return Secret(phone.encode())


def besides_of(kind: Kind, phone: Secret | None, sealed: SealedPan | None = None) -> Besides | None:
    """What a till or an app says beside the amount of such a load; None of any other kind."""
    if kind is not LOADED:
        return None
    clear = Secret(phone.reveal()) if phone is not None else None
    return Besides(phone=clear, sealed_phone=sealed)
