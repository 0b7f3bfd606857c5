"""Track encryption of UnionPay POS terminals (F53 digit 3 = 1).

One 8-byte block of the track as it stands packed in F35 or F36 is encrypted under the TDK: the
16 digits that end just before the last packed byte. In a full track that covers the end of the
expiry, the service code and the discretionary data; in a short one it reaches back into the PAN.
So decrypt before reading anything out of a track.

A track here is its digits as ASCII, `D` for the separator, of either parity.
"""

from binascii import unhexlify
from typing import Final

from host.hsm.ciphers import Blocks, checked_size, des_decryptor, des_encryptor
from host.model.secrets import Pan, Secret

_COVERED_DIGITS: Final = 16
_TRACK_DIGITS_MIN: Final = 18
_EXPIRY_DIGITS: Final = 4


class TrackError(Exception):
    """A track that cannot be encrypted this way: too short, or not packed digits."""


class TrackCipher:
    """Encrypts and decrypts tracks under one TDK; keeps its cipher contexts."""

    __slots__ = ("_decrypt", "_encrypt")

    def __init__(self, tdk: Secret) -> None:
        checked_size(tdk, (16,), "a TDK")
        self._encrypt = des_encryptor(tdk)
        self._decrypt = des_decryptor(tdk)

    def encrypt(self, track: Secret) -> Secret:
        """The track with its covered digits encrypted; as long as before.

        Raises:
            TrackError: fewer than 18 digits, or a character that is none.
        """
        return _replaced(track, self._encrypt)

    def decrypt(self, track: Secret) -> Secret:
        """The track with its covered digits decrypted. Under a wrong key it is noise.

        Raises:
            TrackError: fewer than 18 digits, or a character that is none.
        """
        return _replaced(track, self._decrypt)


def card_of(track: Secret) -> tuple[Pan, str | None]:
    """The card number and the expiry (YYMM) of a clear track 2, or of a card number alone.

    Raises:
        TrackError: it begins with no card number, or no expiry follows its separator.
    """
    number, _, rest = track.reveal().replace(b"=", b"D").partition(b"D")
    try:
        pan = Pan(number.decode("latin-1"))
    except ValueError:
        raise TrackError(
            "a track does not begin with a card number: is it under this key?"
        ) from None
    if not rest:
        return pan, None
    expiry = rest[:_EXPIRY_DIGITS].decode("latin-1")
    if len(expiry) != _EXPIRY_DIGITS or not (expiry.isascii() and expiry.isdigit()):
        raise TrackError("no expiry follows the card number of a track: is it under this key?")
    return pan, expiry


def covered_from(length: int) -> int:
    """The place of the first covered digit in a track of so many digits."""
    last_packed_byte = length - 2 if length % 2 == 0 else length - 1
    return last_packed_byte - _COVERED_DIGITS


def _replaced(track: Secret, transform: Blocks) -> Secret:
    digits = track.reveal()
    start = covered_from(len(digits))
    end = start + _COVERED_DIGITS
    if len(digits) < _TRACK_DIGITS_MIN:
        msg = f"a track of {len(digits)} digits is too short: {_TRACK_DIGITS_MIN} are needed"
        raise TrackError(msg)
    try:
        block = unhexlify(digits[start:end])
    except ValueError:
        raise TrackError("a track is packed digits with D for its separator") from None
    covered = transform(block).hex().upper().encode()
    return Secret(digits[:start] + covered + digits[end:])
