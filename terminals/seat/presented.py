"""What a scanner or fingers put into the one field: a card, a code, a phone number.

A scanner types. A stripe reader types the track between `;` and `?` (ISO/IEC 7813).
"""

import re
from typing import Final

import msgspec

from host.model.secrets import CODE_DIGITS, CODE_PREFIX, Pan, Secret
from host.model.voucher_codes import read_code

TYPED_CHARACTERS_MAX: Final = 120
_TRACK_2: Final = re.compile(r"(?:%[^?]{0,79}\?)?;([0-9]{12,19})[=D]([0-9]{4})([0-9]*)\?.?")
_PHONE: Final = re.compile(r"1[0-9]{10}|\+[1-9][0-9]{6,14}")
_DIGITS: Final = re.compile(r"[0-9]{12,19}")
_GAPS: Final = re.compile(r"[ \-]")
_PRINTABLE_ASCII: Final = re.compile(r"[!-~]+")
SCANNED: Final = "032"
KEYED: Final = "012"
SWIPED: Final = "022"
NO_CARD_DIGITS: Final = "0" * 16
"""In a record of what no card was presented for."""

Fields = dict[str, str]


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly one of these."""

    pan: Pan | None = None
    """A card's number, or the one-time code that a member shows."""
    track: Secret | None = None
    """The card's second track, `D` for its separator, where it was swiped."""
    voucher: Secret | None = None
    phone: Secret | None = None

    @property
    def masked(self) -> str:
        """What may be shown and printed."""
        if self.pan is not None:
            return self.pan.masked
        if self.phone is not None:
            number = self.phone.reveal().decode()
            return f"{number[:3]}****{number[-4:]}"
        return "****" + self.voucher.reveal().decode()[-4:] if self.voucher is not None else ""


class NotPresentedError(ValueError):
    """Nothing of the house can be read out of it; says nothing of what was typed."""


def read(typed: str) -> Presented:
    """What was scanned or typed.

    Raises:
        NotPresentedError: it is no card, code or phone number.
    """
    text = typed.strip()
    if len(text) > TYPED_CHARACTERS_MAX:
        raise NotPresentedError
    track = _TRACK_2.fullmatch(text)
    if track is not None:
        whole = f"{track[1]}D{track[2]}{track[3]}"
        return Presented(pan=_card(track[1]), track=Secret(whole.encode()))
    digits = _GAPS.sub("", text)
    if _PHONE.fullmatch(digits):
        return Presented(phone=Secret(digits.encode()))
    if _DIGITS.fullmatch(digits):
        return Presented(pan=_card(digits))
    return Presented(voucher=_voucher(text))


def _card(digits: str) -> Pan:
    pan = Pan(digits)
    is_of_codes = digits.startswith(CODE_PREFIX) and len(digits) == CODE_DIGITS
    if not (pan.passes_luhn or is_of_codes):
        raise NotPresentedError
    return pan


def _voucher(text: str) -> Secret:
    code = read_code(text)
    if code is None:
        raise NotPresentedError
    return Secret(code.reveal().encode())


def fields_of(presented: Presented) -> Fields:
    """How it stands in a message: F2 or F35, and F22, which says how it was read."""
    if presented.track is not None:
        return {"35": presented.track.reveal().decode(), "22": SWIPED, "53": "0600000000000000"}
    if presented.pan is not None:
        return {"2": presented.pan.reveal(), "22": SCANNED if presented.pan.is_code else KEYED}
    return {"22": SCANNED if presented.voucher is not None else KEYED}
