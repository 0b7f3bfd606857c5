"""Working keys: making them, checking them, and carrying them to a terminal in a sign-on answer.

The hierarchy is LMK > TMK (one per terminal) > working keys (PIK for PINs, MAK for MACs, TDK
for tracks), delivered in F62 of the 0810, each TDES-ECB encrypted under the TMK and followed by
its check value: the left 4 bytes of the encryption of 8 zero bytes under the key.

F60.3 of the sign-on names the layout. `LAYOUTS` spells them as rows of slots; a slot may be
longer than its key (an 8-byte MAK stands in 16 bytes), filled with zeros that are not encrypted.
Which MAK a terminal group needs follows from its MAC algorithm (`MAK_BYTES`); a 16-byte one fills
its slot. Where an algorithm takes keys of two lengths, the check value says which was delivered.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from host.hsm.ciphers import (
    AES_BLOCK_BYTES,
    DES_BLOCK_BYTES,
    DES_KEY_SIZES,
    Blocks,
    aes_encryptor,
    checked_size,
    des_decryptor,
    des_encryptor,
)
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm

CHECK_VALUE_BYTES: Final = 4
TMK_SIZES: Final = (16, 24)


class KeyBlockError(Exception):
    """A block of delivered keys is not what its layout says, or a check value is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredKeys:
    """The working keys of one sign-on, clear."""

    pik: Secret
    mak: Secret
    tdk: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One key's place in F62: the encrypted key, zeros up to `slot_bytes`, the check value."""

    usage: Literal["pik", "mak", "tdk"]
    key_bytes: int
    slot_bytes: int


LAYOUTS: Final[dict[str, tuple[Slot, ...]]] = {
    "001": (
        Slot(usage="pik", key_bytes=8, slot_bytes=8),
        Slot(usage="mak", key_bytes=8, slot_bytes=8),
    ),
    "003": (
        Slot(usage="pik", key_bytes=16, slot_bytes=16),
        Slot(usage="mak", key_bytes=8, slot_bytes=16),
    ),
    "004": (
        Slot(usage="pik", key_bytes=16, slot_bytes=16),
        Slot(usage="mak", key_bytes=8, slot_bytes=16),
        Slot(usage="tdk", key_bytes=16, slot_bytes=16),
    ),
}
"""F60.3 to the layout of F62: 24, 40 and 60 bytes."""

MAK_BYTES: Final[dict[MacAlgorithm, tuple[int, ...]]] = {
    MacAlgorithm.UNIONPAY_ECB: (8, 16),
    MacAlgorithm.UNIONPAY_ECB_TDES: (16,),
    MacAlgorithm.X9_9: (8,),
    MacAlgorithm.X9_19: (16,),
    MacAlgorithm.TDES_CBC: (16,),
    MacAlgorithm.AES_CMAC: (16,),
}
"""How long a delivered MAC key may be; the first is what we make. Groups that are not here get
their keys by no sign-on."""


def new_key(size: int) -> Secret:
    """A random DES key of 8, 16 or 24 bytes: odd parity, no weak part, no two parts alike.

    Raises:
        ValueError: another size.
    """
    if size not in DES_KEY_SIZES:
        msg = f"a DES key is 8, 16 or 24 bytes, {size} were asked"
        raise ValueError(msg)
    parts: list[bytes] = []
    while len(parts) * 8 < size:
        part = with_odd_parity(secrets.token_bytes(8))
        if part not in WEAK_PARTS and part not in parts:
            parts.append(part)
    return Secret(b"".join(parts))


def new_working_keys(
    layout: str, algorithm: MacAlgorithm = MacAlgorithm.UNIONPAY_ECB
) -> DeliveredKeys:
    """Fresh keys of the lengths a layout carries for a terminal group.

    Raises:
        KeyBlockError: no such layout, or it has no room for the group's MAC key.
    """
    made = {slot.usage: new_key(_sizes(slot, layout, algorithm)[0]) for slot in _slots(layout)}
    return DeliveredKeys(pik=made["pik"], mak=made["mak"], tdk=made.get("tdk"))


def deliver(  # noqa: PLR0913, PLR0917 - the layout, and each key it may carry
    layout: str,
    tmk: Secret,
    pik: Secret,
    mak: Secret,
    tdk: Secret | None = None,
    algorithm: MacAlgorithm = MacAlgorithm.UNIONPAY_ECB,
    encryptor: Callable[[Secret], Blocks] = des_encryptor,
) -> bytes:
    """F62 of a sign-on answer: the working keys under the TMK with their check values.

    `encryptor` is where the TMK encrypts: in a device, where there is one.

    Raises:
        KeyBlockError: no such layout, no room for the group's MAC key, or it carries a track key
            and none was given.
        ValueError: a key's length is not the layout's.
    """
    encrypt = encryptor(checked_size(tmk, TMK_SIZES, "a TMK"))
    given = {"pik": pik, "mak": mak, "tdk": tdk}
    return b"".join(
        _filled(slot, _sizes(slot, layout, algorithm), given[slot.usage], encrypt)
        for slot in _slots(layout)
    )


def receive(
    layout: str,
    tmk: Secret,
    block: bytes,
    algorithm: MacAlgorithm = MacAlgorithm.UNIONPAY_ECB,
) -> DeliveredKeys:
    """The keys in F62 of a sign-on answer, every check value proved: a terminal's side.

    Raises:
        KeyBlockError: the length is not the layout's, or a check value is wrong.
    """
    slots = _slots(layout)
    size = sum(slot.slot_bytes + CHECK_VALUE_BYTES for slot in slots)
    if len(block) != size:
        msg = f"F62 of layout {layout} is {size} bytes, this one has {len(block)}"
        raise KeyBlockError(msg)
    decrypt = des_decryptor(checked_size(tmk, TMK_SIZES, "a TMK"))
    found: dict[str, Secret] = {}
    for slot in slots:
        found[slot.usage] = _proved(slot, _sizes(slot, layout, algorithm), block, decrypt)
        block = block[slot.slot_bytes + CHECK_VALUE_BYTES :]
    return DeliveredKeys(pik=found["pik"], mak=found["mak"], tdk=found.get("tdk"))


def check_value(key: Secret) -> str:
    """A DES key's check value, 8 upper-case hexadecimal characters: what people compare."""
    return _check_bytes(key).hex().upper()


def aes_check_value(key: Secret) -> str:
    """An AES key's check value by ECB of a zero block: the left 3 bytes, 6 characters."""
    return aes_encryptor(key)(bytes(AES_BLOCK_BYTES))[:3].hex().upper()


def aes_cmac_check_value(key: Secret) -> str:
    """An AES key's check value by CMAC of a zero block (ANSI X9.24-1:2017): the left 5 bytes."""
    state = CMAC(AES(key.reveal()))
    state.update(bytes(AES_BLOCK_BYTES))
    return state.finalize()[:5].hex().upper()


def with_odd_parity(part: bytes) -> bytes:
    """The same key with the parity bits that DES keys have; they encrypt nothing."""
    return bytes(octet ^ 1 if octet.bit_count() % 2 == 0 else octet for octet in part)


def _slots(layout: str) -> tuple[Slot, ...]:
    if layout not in LAYOUTS:
        msg = f"no key layout {layout!r}: F60.3 of a sign-on is one of {', '.join(LAYOUTS)}"
        raise KeyBlockError(msg)
    return LAYOUTS[layout]


def _sizes(slot: Slot, layout: str, algorithm: MacAlgorithm) -> tuple[int, ...]:
    """How long the key may be that this terminal group has in the slot."""
    if slot.usage != "mak":
        return (slot.key_bytes,)
    sizes = tuple(size for size in MAK_BYTES.get(algorithm, ()) if size <= slot.slot_bytes)
    if not sizes:
        msg = f"layout {layout} has no room for the MAC key of {algorithm.value}"
        raise KeyBlockError(msg)
    return sizes


def _filled(slot: Slot, sizes: tuple[int, ...], key: Secret | None, encrypt: Blocks) -> bytes:
    if key is None:
        msg = f"the layout carries a {slot.usage.upper()} and none was given"
        raise KeyBlockError(msg)
    checked_size(key, sizes, f"the {slot.usage.upper()} of this layout")
    return encrypt(key.reveal()).ljust(slot.slot_bytes, b"\x00") + _check_bytes(key)


def _proved(slot: Slot, sizes: tuple[int, ...], block: bytes, decrypt: Blocks) -> Secret:
    """The key of the length whose check value is the one told."""
    told = block[slot.slot_bytes : slot.slot_bytes + CHECK_VALUE_BYTES]
    for size in sizes:
        key = Secret(decrypt(block[:size]))
        if hmac.compare_digest(_check_bytes(key), told):
            return key
    msg = f"the {slot.usage.upper()}'s check value is wrong: is the TMK the terminal's own?"
    raise KeyBlockError(msg)


def _check_bytes(key: Secret) -> bytes:
    return des_encryptor(key)(bytes(DES_BLOCK_BYTES))[:CHECK_VALUE_BYTES]


_WEAK: Final = bytes.fromhex(
    "0101010101010101 FEFEFEFEFEFEFEFE E0E0E0E0F1F1F1F1 1F1F1F1F0E0E0E0E "
    "011F011F010E010E 1F011F010E010E01 01E001E001F101F1 E001E001F101F101 "
    "01FE01FE01FE01FE FE01FE01FE01FE01 1FE01FE00EF10EF1 E01FE01FF10EF10E "
    "1FFE1FFE0EFE0EFE FE1FFE1FFE0EFE0E E0FEE0FEF1FEF1FE FEE0FEE0FEF1FEF1"
)
WEAK_PARTS: Final = frozenset(_WEAK[at : at + 8] for at in range(0, len(_WEAK), 8))
"""The 4 weak and 12 semi-weak DES keys, in odd parity (NIST SP 800-67, section 3.3.2)."""
