"""What is presented: the card by number or track, the amount, the PIN block.

Values from outside become `Pan`, `Money` and `PinBlock` here, so here they are checked.
"""

import re
from collections.abc import Mapping
from typing import Final

from host.model.money import CURRENCY_BY_NUMBER, HOUSE_CURRENCY, POINTS_PREFIX, Money
from host.model.requests import X9_8_WITHOUT_PAN, PinBlock
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from terminals.fields import SECURITY
from terminals.message import Message
from terminals.needs import Refusal

_TRACK_2: Final = re.compile(r"([0-9]{12,19})[D=]([0-9]{4})[0-9]*")
_SEALED_TRACK_2: Final = re.compile(r"[0-9A-F=]{18,37}")
"""An encrypted block stands in it, so that any nibble may."""
_TRACK_MODE: Final = SECURITY["track"]
_TRACK_IS_ENCRYPTED: Final = "1"
"""F53, third digit."""
_PIN_FORMATS: Final[Mapping[str, int]] = {"1": X9_8_WITHOUT_PAN, "2": 0}
"""F53, first digit: how the PIN block is made."""


def card_of(message: Message) -> tuple[str | None, str | None]:
    """The card's digits (F2, or the track) and its expiry YYMM (F14, or the track).

    None where they are nowhere in clear.
    """
    if message.card is None:
        fields = message.fields
        track = None if _track_is_encrypted(fields) else _TRACK_2.fullmatch(fields.get("35", ""))
        digits, expiry = track.groups() if track else (None, None)
        message.card = fields.get("2", digits), fields.get("14", expiry)
    return message.card


def clear_track(fields: dict[str, str]) -> Secret | None:
    """Track 2 where it came in clear, `=` for its separator."""
    track = fields.get("35", "")
    if not _TRACK_2.fullmatch(track) or _track_is_encrypted(fields):
        return None
    return Secret(track.replace("D", "=").encode())


def card_in(
    fields: dict[str, str], *, is_needed: bool
) -> tuple[Pan | None, str | None, Secret | None]:
    """The card by F2, else by the track, clear or encrypted; two that are clear must agree."""
    digits, track_2 = fields.get("2"), fields.get("35")
    expiry = fields.get("14")
    if track_2 and _track_is_encrypted(fields):
        if digits is None:
            return None, expiry, _sealed(track_2)
    elif track_2:
        track = _TRACK_2.fullmatch(track_2)
        if track is None or (digits is not None and digits != track[1]):
            raise Refusal(Reason.FORMAT_ERROR, "35")
        digits = track[1]
        expiry = expiry or track[2]
    if digits is None:
        if is_needed:
            raise Refusal(Reason.FORMAT_ERROR, "2")
        return None, expiry, None
    return pan_of(digits), expiry, None


def pan_of(digits: str) -> Pan:
    """Digits that a card number can be."""
    try:
        return Pan(digits)
    except ValueError:
        raise Refusal(Reason.FORMAT_ERROR, "2") from None


def _sealed(track_2: str) -> Secret:
    """A track that only the host can open; `D` for its separator in every dialect."""
    if not _SEALED_TRACK_2.fullmatch(track_2):
        raise Refusal(Reason.FORMAT_ERROR, "35")
    return Secret(track_2.replace("=", "D").encode())


def _track_is_encrypted(fields: dict[str, str]) -> bool:
    """An encrypted track must be decrypted before anything in it means anything."""
    return fields.get("53", "")[_TRACK_MODE] == _TRACK_IS_ENCRYPTED


def amount_in(fields: dict[str, str], *, in_points: bool) -> Money | None:
    """F4 in minor units. Zero is an amount: whether it may be is the host's to say."""
    digits = fields.get("4")
    if digits is None:
        return None
    if in_points:
        return Money(int(digits), POINTS_PREFIX)
    currency = CURRENCY_BY_NUMBER.get(fields.get("49", ""))
    if currency is None:
        raise Refusal(Reason.FORMAT_ERROR, "49")
    return Money(int(digits), currency)


def pin_in(fields: dict[str, str]) -> PinBlock:
    """F52, in the format that F53 says."""
    control = fields.get("53")
    iso_format = 0 if control is None else _PIN_FORMATS.get(control[:1])
    if iso_format is None:
        raise Refusal(Reason.FORMAT_ERROR, "53")
    return PinBlock(iso_format, Secret(bytes.fromhex(fields["52"])))


def card_if_sound(fields: dict[str, str]) -> Pan | None:
    """The card where it can be read, of a message that needs none."""
    try:
        return card_in(fields, is_needed=False)[0]
    except Refusal:
        return None


def amount_undone(fields: dict[str, str], *, in_points: bool) -> Money | None:
    """F4 as the original had it. What was sold in no currency of ours was never posted."""
    digits = fields.get("4")
    if digits is None:
        return None
    currency = CURRENCY_BY_NUMBER.get(fields.get("49", ""), HOUSE_CURRENCY)
    return Money(int(digits), POINTS_PREFIX if in_points else currency)
