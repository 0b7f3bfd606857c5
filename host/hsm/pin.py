"""PIN blocks of ISO 9564-1: read at the host, translated for the next, made by simulators.

Formats 0 and 3 bind the PIN to the PAN's rightmost 12 digits without the check digit; format 1
knows no PAN; format 4 is AES and binds the whole PAN between two encryptions. Terminals that say
ANSI X9.8 mean formats 0 and 3, or format 0 as it is before the PAN is XORed in. A block that is
not exactly what its format says (control digit, length 4 to 12, decimal digits, filler) is
refused as a whole: under a wrong key or for another card it nearly always is, and answers 99,
not 55.

The clear PIN lives only in the `Secret` that `read` gives.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from host.hsm.ciphers import (
    AES_BLOCK_BYTES,
    CLEAR_CIPHERS,
    DES_BLOCK_BYTES,
    Blocks,
    Ciphers,
    xor,
)
from host.model.requests import X9_8_WITHOUT_PAN, PinBlock
from host.model.secrets import Pan, Secret

PIN_DIGITS_MIN: Final = 4
PIN_DIGITS_MAX: Final = 12


class PinFormatError(Exception):
    """A decrypted PIN block is not of its format: wrong key, wrong card, or wrong bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFormat:
    """One way to write a PIN. Its PIN field is control, length, PIN, and fill to 16 digits."""

    fills: Mapping[str, str]
    """Control digit to the characters that may stand after the PIN; we make the first."""
    is_xored: bool = False
    """The PIN field is XORed with 12 PAN digits before encryption."""
    is_aes: bool = False
    """The PIN field and 8 random bytes are encrypted, XORed with the PAN, encrypted again."""


FORMATS: Final[dict[int, PinFormat]] = {
    0: PinFormat(fills={"0": "F", "3": "ABCDEF"}, is_xored=True),
    1: PinFormat(fills={"1": "0123456789ABCDEF"}),
    3: PinFormat(fills={"3": "ABCDEF"}, is_xored=True),
    4: PinFormat(fills={"4": "A"}, is_aes=True),
    X9_8_WITHOUT_PAN: PinFormat(fills={"0": "F"}),
}
"""By ISO 9564-1's number, or by one of ours for what has none. Who says X9.8 with the PAN means
format 0 or 3, so both are read as 0."""


class PinBlockReader:
    """Reads PIN blocks under one PIN key; keeps its cipher context, built at first use."""

    __slots__ = ("_aes", "_ciphers", "_des", "_is_des_only", "_pik")

    def __init__(
        self, pik: Secret, ciphers: Ciphers = CLEAR_CIPHERS, *, is_des_only: bool = False
    ) -> None:
        self._pik = pik
        self._ciphers = ciphers
        self._is_des_only = is_des_only
        self._des: Blocks | None = None
        self._aes: Blocks | None = None

    def read(self, block: Secret, iso_format: int, pan: Pan) -> Secret:
        """The clear PIN, 4 to 12 ASCII digits.

        Raises:
            PinFormatError: the block is not of that format under this key for this card.
            ValueError: the key's length does not fit the format's cipher.
        """
        row, sealed = _row(iso_format), block.reveal()
        size = AES_BLOCK_BYTES if row.is_aes else DES_BLOCK_BYTES
        if row.is_aes and self._is_des_only:
            raise PinFormatError("a key for TDES opens no PIN block under AES")
        if len(sealed) != size:
            msg = f"a PIN block of format {iso_format} is {size} bytes, not {len(sealed)}"
            raise PinFormatError(msg)
        field = self._field_under_aes if row.is_aes else self._field_under_des
        return _pin_in(row, field(row, sealed, pan))

    def _field_under_des(self, row: PinFormat, block: bytes, pan: Pan) -> str:
        if self._des is None:
            self._des = self._ciphers.des_decryptor(self._pik)
        clear = int.from_bytes(self._des(block), "big")
        return f"{clear ^ _pan_number(pan) if row.is_xored else clear:016X}"

    def _field_under_aes(self, _row: PinFormat, block: bytes, pan: Pan) -> str:
        if self._aes is None:
            self._aes = self._ciphers.aes_decryptor(self._pik)
        return self._aes(xor(self._aes(block), _pan_field(pan)))[:8].hex().upper()


@dataclass(frozen=True, slots=True)
class PinKey:
    """A key for PIN blocks and the format they have under it."""

    key: Secret
    iso_format: int


def translate_pin_block(
    pin: PinBlock,
    source: PinBlockReader,
    target: PinKey,
    pan: Pan,
    ciphers: Ciphers = CLEAR_CIPHERS,
) -> PinBlock:
    """The same PIN under another key, in another format where asked: for the next host on.

    The clear PIN does not leave this function.

    Raises:
        PinFormatError: the block is not of its format under its key for this card.
        ValueError: a key's length does not fit its format's cipher.
    """
    clear = source.read(pin.block, pin.iso_format, pan)
    block = make_pin_block(target.key, clear, pan, target.iso_format, ciphers=ciphers)
    return PinBlock(target.iso_format, block)


def make_pin_block(
    pik: Secret,
    pin: Secret,
    pan: Pan,
    iso_format: int,
    fill: str | None = None,
    *,
    ciphers: Ciphers = CLEAR_CIPHERS,
) -> Secret:
    """An encrypted PIN block, as a PIN pad makes it.

    `fill` replaces what is random, for known answers: the digits after the PIN in formats 1 and
    3, the 16 digits after the PIN field in format 4.

    Raises:
        PinFormatError: no such format, or the PIN is not 4 to 12 decimal digits.
        ValueError: the key's length does not fit the format's cipher, or the fill the format.
    """
    if not _row(iso_format).is_aes:
        clear = clear_block(pin, pan, iso_format, fill).reveal()
        return Secret(ciphers.des_encryptor(pik)(clear))
    encrypt = ciphers.aes_encryptor(pik)
    inner = encrypt(clear_block(pin, pan, iso_format, fill).reveal())
    return Secret(encrypt(xor(inner, _pan_field(pan))))


def clear_block(pin: Secret, pan: Pan, iso_format: int, fill: str | None = None) -> Secret:
    """What is encrypted: 8 bytes, 16 in format 4. Arguments and errors of `make_pin_block`."""
    row = _row(iso_format)
    digits = pin.reveal().decode("latin-1")
    if not _is_pin(digits):
        msg = f"a PIN is {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} decimal digits"
        raise PinFormatError(msg)
    size = 14 - len(digits)
    control, characters = next(iter(row.fills.items()))
    if row.is_aes:
        after = characters * size + (fill or secrets.token_hex(8))
    else:
        after = fill or _random_fill(characters, size)
    if len(after) != size + (16 if row.is_aes else 0):
        raise ValueError("the fill is not as long as the format needs")
    field = bytes.fromhex(f"{control}{len(digits):X}{digits}{after}")
    return Secret(xor(field, _pan_number(pan).to_bytes(8, "big")) if row.is_xored else field)


def _row(iso_format: int) -> PinFormat:
    row = FORMATS.get(iso_format)
    if row is None:
        msg = f"PIN block format {iso_format} is not supported: use one of {sorted(FORMATS)}"
        raise PinFormatError(msg)
    return row


def _random_fill(characters: str, size: int) -> str:
    if len(characters) == 1:
        return characters * size
    return "".join(secrets.choice(characters) for _ in range(size))


def _pin_in(row: PinFormat, field: str) -> Secret:
    """The PIN of a field of 16 upper-case hexadecimal digits, every part of it checked."""
    end = 2 + int(field[1], 16)
    pin = field[2:end]
    fill = row.fills.get(field[0])
    if fill is None or not _is_pin(pin) or field[end:].strip(fill):
        raise PinFormatError("the PIN block is not of its format under this key for this card")
    return Secret(pin.encode())


def _is_pin(digits: str) -> bool:
    is_decimal = digits.isascii() and digits.isdigit()
    return is_decimal and PIN_DIGITS_MIN <= len(digits) <= PIN_DIGITS_MAX


def _pan_number(pan: Pan) -> int:
    """The 12 rightmost digits without the check digit, as the block 0000 and 12 digits."""
    return int(pan.reveal()[-13:-1], 16)


def _pan_field(pan: Pan) -> bytes:
    """Format 4's PAN field: how many digits beyond 12, the PAN, zeros to 32 digits."""
    digits = pan.reveal()
    return bytes.fromhex(f"{len(digits) - 12}{digits}".ljust(32, "0"))
