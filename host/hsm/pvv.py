"""PIN verification values: what is stored of a PIN, and how a PIN is checked against it.

The Visa PVV: 11 PAN digits (the rightmost, without the check digit), a key index and 4 PIN
digits are encrypted under the PVK; the first 4 decimal digits of the result are the value.
Where fewer than 4 are decimal, its letters follow, A as 0 to F as 5.

A PVV sees 4 digits, so a longer PIN is covered by several windows of 4, the last one moved left
to end where the PIN ends: 1-4 and 3-6 of a 6-digit PIN. The key index is the place at which
the window begins, so a PIN of 4 digits has its usual PVV with index 1, every digit of a longer
one counts, and 11111 does not pass for 111111.
"""

import hmac
from binascii import hexlify
from typing import Final, Self

from host.hsm.ciphers import Blocks, checked_size, des_encryptor
from host.hsm.pin import PIN_DIGITS_MAX, PIN_DIGITS_MIN
from host.model.secrets import Pan, Secret

WINDOW: Final = 4


class PinVerifier:
    """Computes and checks PIN values under one PVK (16 bytes); keeps its cipher context."""

    __slots__ = ("_encrypt",)

    def __init__(self, pvk: Secret) -> None:
        self._encrypt = des_encryptor(checked_size(pvk, (16,), "a PVK"))

    @classmethod
    def over(cls, encrypt: Blocks) -> Self:
        """One whose PVK a device holds: `encrypt` is its TDES-ECB there."""
        verifier = cls.__new__(cls)
        verifier._encrypt = encrypt  # noqa: SLF001 - its own
        return verifier

    def value(self, pan: Pan, pin: Secret) -> str:
        """What to store: 4 digits for each window of the PIN (a 6-digit PIN: 8 digits).

        Raises:
            ValueError: the PIN is not 4 to 12 ASCII decimal digits.
        """
        digits = pin.reveal().decode("latin-1")
        starts = _STARTS.get(len(digits))
        if starts is None or not (digits.isascii() and digits.isdigit()):
            msg = f"a PIN is {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} decimal digits"
            raise ValueError(msg)
        account = pan.reveal()[-12:-1]
        blocks = "".join([f"{account}{at + 1}{digits[at : at + WINDOW]}" for at in starts])
        text = hexlify(self._encrypt(bytes.fromhex(blocks)))
        return "".join([_decimal(text[at : at + 16]) for at in range(0, len(text), 16)])

    def matches(self, pan: Pan, pin: Secret, value: str) -> bool:
        """Whether `pin` is the PIN that `value` was stored for, in constant time."""
        return hmac.compare_digest(self.value(pan, pin), value)


def _decimal(block: bytes) -> str:
    """The first 4 decimal digits of 16 hexadecimal ones, then its letters less ten."""
    digits = block.translate(None, b"abcdef")
    if len(digits) < WINDOW:
        digits += block.translate(_LETTERS_LESS_TEN, b"0123456789")
    return digits[:WINDOW].decode()


_LETTERS_LESS_TEN: Final = bytes.maketrans(b"abcdef", b"012345")
_STARTS: Final = {
    length: (*range(0, length - WINDOW, WINDOW), length - WINDOW)
    for length in range(PIN_DIGITS_MIN, PIN_DIGITS_MAX + 1)
}
"""PIN length to where its windows begin: 6 to (0, 2), 12 to (0, 4, 8)."""
