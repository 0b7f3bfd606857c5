"""From a terminal's message to the house's `Request`.

Here values from outside become `Pan`, `Money` and keys, so here they are checked: whatever the
codec could not see (a field that must be there, a track that is none, a card number of the
wrong length) is a format error. What a kind needs is a row of `NEEDS`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from host.model.money import CURRENCY_BY_NUMBER, HOUSE_CURRENCY, POINTS_PREFIX, Money
from host.model.requests import (
    KINDS,
    X9_8_WITHOUT_PAN,
    ExchangeKey,
    Family,
    Kind,
    Original,
    PinBlock,
    Request,
    Totals,
    UploadRecord,
)
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from terminals.fields import (
    CONTROL,
    ORIGINAL,
    ORIGINAL_DATA,
    SECURITY,
    TOTALS,
    TOTALS_DIGITS,
    TOTALS_HALF_DIGITS,
    UPLOAD_COUNT,
    UPLOAD_END_DIGITS,
    UPLOAD_RECORD,
    UPLOAD_RECORDS_MAX,
    numbers_in,
    size_of,
)
from terminals.message import Damage, Message, Place
from terminals.spelling import Spelling
from terminals.unnamed import NOTHING_NAMED

_BATCH: Final = CONTROL["batch"]
_FUNCTION: Final = CONTROL["function"]
_CONTROL_DIGITS_MIN: Final = _BATCH.stop
_NO_BATCH: Final = "000000"
_NO_ORIGINAL: Final = "000000000000"
"""F61 of a refund: no batch and no trace."""
_TRACK_2: Final = re.compile(r"([0-9]{12,19})[D=]([0-9]{4})[0-9]*")
_SEALED_TRACK_2: Final = re.compile(r"[0-9A-F=]{18,37}")
"""An encrypted block stands in it, so that any nibble may."""
_TRACK_MODE: Final = SECURITY["track"]
_TRACK_IS_ENCRYPTED: Final = "1"
"""F53, third digit."""
_PIN_FORMATS: Final[Mapping[str, int]] = {"1": X9_8_WITHOUT_PAN, "2": 0}
"""F53, first digit: how the PIN block is made."""
_PRODUCT_BYTES: Final = 30
_SERIAL: Final = re.compile(r"Sequence No12([0-9A-Za-z]{12})")
"""F62 of a sign-on. Nothing longer is kept: it could be a card number in the wrong place."""
_LOAD: Final = "11"
"""F48 of a verification: that the card can be loaded. Other checks are other acquirers'."""
_BALANCED_END: Final = "207"
"""F60.3 of an upload end whose totals had agreed."""
_FAILED_ON_CHIP: Final = frozenset({"204", "206"})
"""F60.3 of uploaded transactions that the chip refused: they never happened."""
_FOREIGN: Final = frozenset({"VIS", "MCC", "MAE", "JCB", "DCC", "AMX"})
"""Card organisations, F63.1, of the second half of the totals."""
_FOREIGN_CARD: Final = 1
"""Card type of a compact upload record."""


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
    Kind.REVERSAL: Needs(frozenset({"11", "41", "60"}), card=False),
    Kind.SIGN_ON: Needs(_NOTICE, card=False),
    Kind.SIGN_OFF: Needs(_NOTICE, card=False),
    Kind.ECHO: Needs(_NOTICE - {"11"}, card=False),
    Kind.POINTS_INQUIRY: Needs(_NOTICE, card=True),
    Kind.POINTS_EARN: Needs(_TRADE, card=True),
    Kind.LOAD_VERIFICATION: Needs(_NOTICE | {"48"}, card=True),
    Kind.SETTLEMENT: Needs(_NOTICE | {"48"}, card=False),
    Kind.BATCH_UPLOAD: Needs(_NOTICE, card=False),
    Kind.UPLOAD_END: Needs(_NOTICE | {"48"}, card=False),
    Kind.PARAMETER_DOWNLOAD: Needs(_NOTICE, card=False),
    Kind.PARAMETER_END: Needs(_NOTICE, card=False),
    Kind.STATUS_UPLOAD: Needs(_NOTICE, card=False),
}
"""A reversal has the amount its original had, which an inquiry had not."""


class Refusal(Exception):  # noqa: N818 - a decline that ends the translation, never leaves it
    """Carries the reason out of the helpers; `to_request` returns it as the value it is."""

    __slots__ = ("field", "reason")

    def __init__(self, reason: Reason, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        """Which one is to blame, or is missing; its place is the dialect's to find."""


def to_request(message: Message, institution: str, generation: int) -> Request | Reason:
    """What a message asks, or why it is refused before anybody is asked."""
    row = message.spelling
    if row is None:
        return Reason.INVALID_TRANSACTION
    if isinstance(row.means, Reason):
        return row.means
    try:
        if row.means is Kind.REVERSAL:
            return _reversal(message, row, institution, generation)
        if message.damage is not None:
            return Reason.FORMAT_ERROR
        return _request(message, row, row.means, institution, generation)
    except Refusal as refusal:
        if message.damage is None and refusal.field:
            message.damage = refused_for(refusal.field)
        return refusal.reason


def refused_for(field: str) -> Damage:
    """What is wrong with a message that was read whole, and refused for this field of it."""
    why = f"field {field} is missing, or not what such a message needs there"
    return Damage(why, is_cut=True, place=Place(field))


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


def _request(
    message: Message, row: Spelling, kind: Kind, institution: str, generation: int
) -> Request:
    fields = message.fields
    needs, family = NEEDS[kind], KINDS[kind].family
    _check_presence(fields, needs, family)
    key = _key(message, institution, family)
    pan, expiry, track = _card(fields, is_needed=needs.card)
    if pan is not None:
        message.card = pan.reveal(), expiry
    original_of, more_of = _ORIGINALS.get(kind), _MORE.get(kind)
    request = Request(
        kind=kind,
        key=key,
        merchant_id=fields["42"],
        pan=pan,
        expiry=expiry,
        amount=None if family is Family.UPLOAD else _amount(fields, in_points=row.in_points),
        pin=_pin(fields) if "52" in fields else None,
        entry_mode=fields.get("22", "000"),
        original=original_of(fields, key, row) if original_of else None,
        key_generation=generation,
        sealed_track=track,
    )
    return msgspec.structs.replace(request, **more_of(fields, row)) if more_of else request


def _reversal(message: Message, row: Spelling, institution: str, generation: int) -> Request:
    """What undoes a message is read for its key alone: terminal, batch, trace, F3 and F4.

    A card, a merchant or a currency beside them that cannot be read holds nothing up. Whether
    the message is the terminal's own is another question, and was answered before.
    """
    fields, damage = message.fields, message.damage
    if row is NOTHING_NAMED or "60" not in fields:
        raise Refusal(Reason.INVALID_TRANSACTION)
    if damage is not None and not (damage.is_cut and "4" in fields):
        raise Refusal(Reason.FORMAT_ERROR)
    has_trace = "11" in fields or "90" in fields
    if "41" not in fields or not has_trace:
        raise Refusal(Reason.FORMAT_ERROR, "11" if "41" in fields else "41")
    if len(fields["60"]) < _CONTROL_DIGITS_MIN:
        raise Refusal(Reason.FORMAT_ERROR, "60")
    key = _key(message, institution, Family.REVERSAL)
    return Request(
        kind=Kind.REVERSAL,
        key=key,
        merchant_id=fields.get("42", ""),
        pan=_card_if_sound(fields),
        amount=_amount_undone(fields, in_points=row.in_points),
        entry_mode=fields.get("22", "000"),
        original=_original_of_same_trace(fields, key, row),
        key_generation=generation,
    )


def _card_if_sound(fields: dict[str, str]) -> Pan | None:
    try:
        return _card(fields, is_needed=False)[0]
    except Refusal:
        return None


def _amount_undone(fields: dict[str, str], *, in_points: bool) -> Money | None:
    """F4 as the original had it. What was sold in no currency of ours was never posted."""
    digits = fields.get("4")
    if digits is None:
        return None
    currency = CURRENCY_BY_NUMBER.get(fields.get("49", ""), HOUSE_CURRENCY)
    return Money(int(digits), POINTS_PREFIX if in_points else currency)


def _check_presence(fields: dict[str, str], needs: Needs, family: Family) -> None:
    """All that the kind needs, and a batch; a management message by F70 may have no F60."""
    control = fields.get("60")
    if control is not None and len(control) < _CONTROL_DIGITS_MIN:
        raise Refusal(Reason.FORMAT_ERROR, "60")
    if needs.fields <= fields.keys():
        return
    may_be_without = {"60"} if family is Family.MANAGEMENT and "70" in fields else set()
    missing = needs.fields - fields.keys() - may_be_without
    if missing:
        raise Refusal(Reason.FORMAT_ERROR, min(missing, key=int))


def _key(message: Message, institution: str, family: Family) -> ExchangeKey:
    """A reversal that names its original in F90 shares its trace with it, as one without does."""
    fields = message.fields
    batch = fields["60"][_BATCH] if "60" in fields else _NO_BATCH
    stan = message.stan
    if family is Family.REVERSAL and "90" in fields:
        stan = fields["90"][ORIGINAL_DATA["trace"]]
    return ExchangeKey(institution, fields["41"], batch, stan, family)


def _card(
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
    return _pan(digits), expiry, None


def _pan(digits: str) -> Pan:
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


def _amount(fields: dict[str, str], *, in_points: bool) -> Money | None:
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


def _pin(fields: dict[str, str]) -> PinBlock:
    control = fields.get("53")
    iso_format = 0 if control is None else _PIN_FORMATS.get(control[:1])
    if iso_format is None:
        raise Refusal(Reason.FORMAT_ERROR, "53")
    return PinBlock(iso_format, Secret(bytes.fromhex(fields["52"])))


def _goods(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    """F62 of a points purchase: the product code, 30 characters filled with spaces."""
    return {"goods": _text(fields.get("62", "")[: 2 * _PRODUCT_BYTES]).strip() or None}


def _device(fields: dict[str, str], row: Spelling) -> dict[str, Any]:
    """A sign-on: which keys, F60.3, and F62: a mark, two digits of length, the serial number."""
    told = _SERIAL.fullmatch(_text(fields.get("62", "")))
    return {
        "working_keys": fields.get("60", "")[_FUNCTION] or row.function,
        "serial": told[1] if told else None,
    }


def _load_check(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    if fields["48"] != _LOAD:
        raise Refusal(Reason.FUNCTION_NOT_SUPPORTED)
    return {}


def _totals(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    """F48 of a settlement: two halves, each with a flag behind it that a request leaves 0."""
    digits = _digits(fields["48"])
    if len(digits) != TOTALS_DIGITS:
        raise Refusal(Reason.FORMAT_ERROR, "48")
    halves = (digits[:TOTALS_HALF_DIGITS], digits[TOTALS_HALF_DIGITS:])
    return {"totals": tuple(Totals(**numbers_in(TOTALS, half)) for half in halves)}


def _records(fields: dict[str, str], row: Spelling) -> dict[str, Any]:
    """A batch upload: up to eight compact records in F48, or one transaction in its own fields."""
    if not row.processing_code and "48" in fields:
        return {"records": _compact_records(_digits(fields["48"]))}
    if fields.get("60", "")[_FUNCTION] in _FAILED_ON_CHIP:
        return {"records": ()}
    if "4" not in fields:
        raise Refusal(Reason.FORMAT_ERROR, "4")
    pan, _, _ = _card(fields, is_needed=False)
    record = UploadRecord(
        stan=fields["11"],
        amount_minor=int(fields["4"]),
        pan=pan,
        is_foreign=fields.get("63", "")[:3] in _FOREIGN,
        kind=row.original,
    )
    return {"records": (record,)}


def _compact_records(digits: str) -> tuple[UploadRecord, ...]:
    size, start = size_of(UPLOAD_RECORD), UPLOAD_COUNT.stop
    count = int(digits[UPLOAD_COUNT] or 0)
    if not 1 <= count <= UPLOAD_RECORDS_MAX or len(digits) != start + count * size:
        raise Refusal(Reason.FORMAT_ERROR, "48")
    return tuple(
        _compact_record(digits[place : place + size]) for place in range(start, len(digits), size)
    )


def _compact_record(digits: str) -> UploadRecord:
    parts = {name: digits[place] for name, place in UPLOAD_RECORD.items()}
    pan = parts["pan"].lstrip("0")
    return UploadRecord(
        stan=parts["trace"],
        amount_minor=int(parts["amount"]),
        pan=_pan(pan) if pan else None,
        is_foreign=int(parts["card"]) == _FOREIGN_CARD,
    )


def _upload_end(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    digits = _digits(fields["48"])
    if len(digits) != UPLOAD_END_DIGITS:
        raise Refusal(Reason.FORMAT_ERROR, "48")
    return {
        "upload_count": int(digits),
        "upload_is_balanced": fields["60"][_FUNCTION] == _BALANCED_END,
    }


def _status(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    return {"status": bytes.fromhex(fields.get("62", ""))}


def _digits(text: str) -> str:
    """The text, which some dialects let be anything."""
    if not (text.isascii() and text.isdigit()):
        raise Refusal(Reason.FORMAT_ERROR, "48")
    return text


def _text(hexadecimal: str) -> str:
    try:
        text = bytes.fromhex(hexadecimal).decode("gb18030")
    except UnicodeDecodeError:
        raise Refusal(Reason.FORMAT_ERROR, "62") from None
    if not text.isprintable():
        raise Refusal(Reason.FORMAT_ERROR, "62")
    return text


def _original_by_reference(fields: dict[str, str], key: ExchangeKey, _row: Spelling) -> Original:
    """A void or refund: F61 has batch, trace and date of its original, F37 its reference."""
    reference = fields["61"]
    if len(reference) < len(_NO_ORIGINAL):
        raise Refusal(Reason.FORMAT_ERROR, "61")
    return Original(
        key=_key_by_reference(reference, key),
        rrn=fields["37"],
        auth_code=fields.get("38"),
        local_date=reference[ORIGINAL["date"]] or None,
    )


def _key_by_reference(reference: str, key: ExchangeKey) -> ExchangeKey | None:
    if reference.startswith(_NO_ORIGINAL):
        return None
    return ExchangeKey(
        key.institution,
        key.terminal_id,
        reference[ORIGINAL["batch"]],
        reference[ORIGINAL["trace"]],
        Family.FINANCIAL,
    )


def _original_of_same_trace(fields: dict[str, str], key: ExchangeKey, row: Spelling) -> Original:
    """A reversal or confirmation: it keeps the batch and trace of its original."""
    return Original(
        key=key.of_family(Family.FINANCIAL),
        rrn=fields.get("37"),
        auth_code=fields.get("38"),
        kind=row.original,
    )


_MORE: Final[Mapping[Kind, Callable[[dict[str, str], Spelling], dict[str, Any]]]] = {
    Kind.POINTS_REDEMPTION: _goods,
    Kind.SIGN_ON: _device,
    Kind.LOAD_VERIFICATION: _load_check,
    Kind.SETTLEMENT: _totals,
    Kind.BATCH_UPLOAD: _records,
    Kind.UPLOAD_END: _upload_end,
    Kind.STATUS_UPLOAD: _status,
}
"""What only one kind carries, as values of the `Request`."""
_ORIGINALS: Final[Mapping[Kind, Callable[[dict[str, str], ExchangeKey, Spelling], Original]]] = {
    Kind.VOID: _original_by_reference,
    Kind.REFUND: _original_by_reference,
    Kind.CASH_LOAD_CONFIRM: _original_of_same_trace,
}
