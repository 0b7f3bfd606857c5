"""A phone number as it is kept: found by a keyed hash, sealed under the LMK, shown masked."""

from typing import NamedTuple

from host.hsm.interface import Hsm
from host.hsm.phones import hash_of_phone
from host.model.secrets import Secret

SHOWN_FIRST, SHOWN_LAST = 3, 4


class KeptPhone(NamedTuple):
    """Three columns."""

    hash: bytes
    sealed: bytes
    masked: str


def keep_phone(hsm: Hsm, phone: str, place: str) -> KeptPhone:
    """`place` says whose it is, such as `person/li`: it opens nowhere else."""
    secret = Secret(phone.encode())
    return KeptPhone(
        phone_hash(hsm, phone), hsm.seal_secret(secret, f"{place}/phone"), mask_phone(phone)
    )


def phone_hash(hsm: Hsm, phone: str) -> bytes:
    """What a number is found by, whoever's it is."""
    return hash_of_phone(hsm, Secret(phone.encode()))


def mask_phone(phone: str) -> str:
    """138****1234."""
    hidden = "*" * max(len(phone) - SHOWN_FIRST - SHOWN_LAST, 1)
    return f"{phone[:SHOWN_FIRST]}{hidden}{phone[-SHOWN_LAST:]}"
