"""A phone number as tills write it: F62, or a word of theirs.

Digits, as they are typed: eleven of a mobile phone of the mainland, or `+` and a country's.
"""

import re
from typing import Final

from host.model.requests import Besides, Kind
from host.model.secrets import Secret

LOADED: Final = Kind.LOAD_BY_PHONE
_PHONE: Final = re.compile(r"1[0-9]{10}|\+[1-9][0-9]{6,14}")


def besides_of_phone(phone: str) -> Besides:
    """What such a load says beside its amount.

    Raises:
        ValueError: no phone has such a number. It is not quoted.
    """
    phone = phone.rstrip(" ")
    if not _PHONE.fullmatch(phone):
        raise ValueError("a phone number is 11 digits, a 1 first, or + and 7 to 15 digits")
    return Besides(phone=Secret(phone.encode()))
