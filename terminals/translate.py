"""From a terminal's message to the house's `Request`.

Here values from outside become `Pan`, `Money` and keys, so here they are checked: whatever the
codec could not see (a field that must be there, a track that is none, a card number of the
wrong length) is a format error. What a kind needs is a row of `NEEDS`.
"""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from host.model.money import CURRENCY_BY_NUMBER, POINTS_PREFIX, Money
from host.model.requests import KINDS, ExchangeKey, Family, Kind, Original, PinBlock, Request
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from terminals.message import Message
from terminals.spelling import Spelling

BATCH: Final = slice(2, 8)
"""F60.2 in F60."""
FUNCTION: Final = slice(8, 11)
"""F60.3 in F60."""
_CONTROL_DIGITS_MIN: Final = 8
_NO_ORIGINAL: Final = "000000000000"
"""F61 of a refund: no batch and no trace."""
_TRACK_2: Final = re.compile(r"([0-9]{12,19})D([0-9]{4})[0-9]*")
_TRACK_IS_ENCRYPTED: Final = "1"
"""F53, third digit."""
_ISO_FORMATS: Final = {"1": 1, "2": 0}
"""F53, first digit: the ISO 9564-1 format of the PIN block."""
_PRODUCT_BYTES: Final = 30
_SERIAL: Final = re.compile(r"Sequence No12([0-9A-Za-z]{12})")
"""F62 of a sign-on. Nothing longer is kept: it could be a card number in the wrong place."""


class Needs(msgspec.Struct, frozen=True):
    """What a message of one kind has to carry."""

    fields: frozenset[str]
    card: bool
    """A card number, keyed or on the track, is needed; where not, it is taken if there."""


_TRADE: Final = frozenset({"4", "11", "41", "42", "49", "60"})
_NOTICE: Final = frozenset({"11", "41", "42", "60"})

NEEDS: Final[dict[Kind, Needs]] = {
    Kind.BALANCE_INQUIRY: Needs(_NOTICE, card=True),
    Kind.PURCHASE: Needs(_TRADE, card=True),
    Kind.CASH_LOAD: Needs(_TRADE, card=True),
    Kind.CASH_LOAD_CONFIRM: Needs(_TRADE, card=False),
    Kind.POINTS_REDEMPTION: Needs(_TRADE, card=True),
    Kind.VOID: Needs(_TRADE | {"37", "61"}, card=False),
    Kind.REFUND: Needs(_TRADE | {"37", "61"}, card=True),
    Kind.REVERSAL: Needs(_NOTICE, card=False),
    Kind.SIGN_ON: Needs(_NOTICE, card=False),
    Kind.SIGN_OFF: Needs(_NOTICE, card=False),
    Kind.ECHO: Needs(_NOTICE - {"11"}, card=False),
}
"""A reversal has the amount its original had, which an inquiry had not."""


class Refusal(Exception):  # noqa: N818 - a decline that ends the translation, never leaves it
    """Carries the reason out of the helpers; `to_request` returns it as the value it is."""

    __slots__ = ("reason",)

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def to_request(message: Message, institution: str, generation: int) -> Request | Reason:
    """What a message asks, or why it is refused before anybody is asked."""
    row = message.spelling
    if row is None:
        return Reason.INVALID_TRANSACTION
    if isinstance(row.means, Reason):
        return row.means
    try:
        return _request(message, row, row.means, institution, generation)
    except Refusal as refusal:
        return refusal.reason


def card_number(fields: dict[str, str]) -> str | None:
    """The digits of the card in F2 or on the track; None where neither has them."""
    keyed = fields.get("2")
    if keyed is not None:
        return keyed
    track = _TRACK_2.fullmatch(fields.get("35", ""))
    return track[1] if track and not _track_is_encrypted(fields) else None


def card_expiry(fields: dict[str, str]) -> str | None:
    """YYMM from F14 or the track; None where neither has it."""
    typed = fields.get("14")
    if typed is not None:
        return typed
    track = _TRACK_2.fullmatch(fields.get("35", ""))
    return track[2] if track and not _track_is_encrypted(fields) else None


def _request(
    message: Message, row: Spelling, kind: Kind, institution: str, generation: int
) -> Request:
    fields = message.fields
    needs = NEEDS[kind]
    if not needs.fields <= fields.keys() or len(fields["60"]) < _CONTROL_DIGITS_MIN:
        raise Refusal(Reason.FORMAT_ERROR)
    key = ExchangeKey(
        institution, fields["41"], fields["60"][BATCH], message.stan, KINDS[kind].family
    )
    pan, expiry = _card(fields, is_needed=needs.card)
    original_of = _ORIGINALS.get(kind)
    return Request(
        kind=kind,
        key=key,
        merchant_id=fields["42"],
        pan=pan,
        expiry=expiry,
        amount=_amount(fields, in_points=row.in_points),
        pin=_pin(fields) if "52" in fields else None,
        entry_mode=fields.get("22", "000"),
        original=original_of(fields, key, row) if original_of else None,
        goods=_product(fields) if kind is Kind.POINTS_REDEMPTION else None,
        key_generation=generation,
        working_keys=fields["60"][FUNCTION] if kind is Kind.SIGN_ON else None,
        serial=_serial(fields) if kind is Kind.SIGN_ON else None,
    )


def _card(fields: dict[str, str], *, is_needed: bool) -> tuple[Pan | None, str | None]:
    """The card by F2, else by the track; both present must agree."""
    keyed, track_2 = fields.get("2"), fields.get("35")
    expiry = fields.get("14")
    digits = keyed
    if track_2 and not _track_is_encrypted(fields):
        track = _TRACK_2.fullmatch(track_2)
        if track is None or (keyed is not None and keyed != track[1]):
            raise Refusal(Reason.FORMAT_ERROR)
        digits = track[1]
        expiry = expiry or track[2]
    elif track_2 and keyed is None:
        raise Refusal(Reason.FUNCTION_NOT_SUPPORTED)
    if digits is None:
        if is_needed:
            raise Refusal(Reason.FORMAT_ERROR)
        return None, expiry
    try:
        return Pan(digits), expiry
    except ValueError:
        raise Refusal(Reason.FORMAT_ERROR) from None


def _track_is_encrypted(fields: dict[str, str]) -> bool:
    """An encrypted track must be decrypted before anything in it means anything."""
    return fields.get("53", "")[2:3] == _TRACK_IS_ENCRYPTED


def _amount(fields: dict[str, str], *, in_points: bool) -> Money | None:
    """F4 in minor units. Zero is an amount: whether it may be is the host's to say."""
    digits = fields.get("4")
    if digits is None:
        return None
    if in_points:
        return Money(int(digits), POINTS_PREFIX)
    currency = CURRENCY_BY_NUMBER.get(fields.get("49", ""))
    if currency is None:
        raise Refusal(Reason.FORMAT_ERROR)
    return Money(int(digits), currency)


def _pin(fields: dict[str, str]) -> PinBlock:
    control = fields.get("53")
    iso_format = 0 if control is None else _ISO_FORMATS.get(control[:1])
    if iso_format is None:
        raise Refusal(Reason.FORMAT_ERROR)
    return PinBlock(iso_format, Secret(bytes.fromhex(fields["52"])))


def _product(fields: dict[str, str]) -> str | None:
    """F62 of a points purchase: the product code, 30 characters filled with spaces."""
    return _text(fields.get("62", "")[: 2 * _PRODUCT_BYTES]).strip() or None


def _serial(fields: dict[str, str]) -> str | None:
    """F62 of a sign-on: a mark, the length 12, certificate number and serial number."""
    told = _SERIAL.fullmatch(_text(fields.get("62", "")))
    return told[1] if told else None


def _text(hexadecimal: str) -> str:
    try:
        text = bytes.fromhex(hexadecimal).decode("gb18030")
    except UnicodeDecodeError:
        raise Refusal(Reason.FORMAT_ERROR) from None
    if not text.isprintable():
        raise Refusal(Reason.FORMAT_ERROR)
    return text


def _original_by_reference(fields: dict[str, str], key: ExchangeKey, _row: Spelling) -> Original:
    """A void or refund: F61 has batch, trace and date of its original, F37 its reference."""
    reference = fields["61"]
    if len(reference) < len(_NO_ORIGINAL):
        raise Refusal(Reason.FORMAT_ERROR)
    return Original(
        key=_key_by_reference(reference, key),
        rrn=fields["37"],
        auth_code=fields.get("38"),
        local_date=reference[12:16] or None,
    )


def _key_by_reference(reference: str, key: ExchangeKey) -> ExchangeKey | None:
    if reference.startswith(_NO_ORIGINAL):
        return None
    return ExchangeKey(
        key.institution, key.terminal_id, reference[:6], reference[6:12], Family.FINANCIAL
    )


def _original_of_same_trace(fields: dict[str, str], key: ExchangeKey, row: Spelling) -> Original:
    """A reversal or confirmation: it keeps the batch and trace of its original."""
    return Original(
        key=key.of_family(Family.FINANCIAL),
        rrn=fields.get("37"),
        auth_code=fields.get("38"),
        kind=row.original,
    )


_ORIGINALS: Final[dict[Kind, Callable[[dict[str, str], ExchangeKey, Spelling], Original]]] = {
    Kind.VOID: _original_by_reference,
    Kind.REFUND: _original_by_reference,
    Kind.CASH_LOAD_CONFIRM: _original_of_same_trace,
    Kind.REVERSAL: _original_of_same_trace,
}
