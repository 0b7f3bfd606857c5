"""By what a phone number is found: a keyed hash, whoever's it is."""

from typing import Final

from host.hsm.interface import Hsm
from host.model.secrets import Secret

PHONE_USE: Final = "phone"


def hash_of_phone(hsm: Hsm, phone: Secret) -> bytes:
    """Of its digits as they are kept."""
    return hsm.hash_secret(phone, PHONE_USE)
