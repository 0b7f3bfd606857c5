"""What only one kind of message carries: records, totals, goods, a device, its original."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from host.model.requests import (
    Besides,
    ExchangeKey,
    Family,
    Kind,
    OrderReference,
    Original,
    Totals,
    UploadRecord,
)
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from terminals.fields import (
    CONTROL,
    ORIGINAL,
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
from terminals.lotteries import besides_of
from terminals.needs import Refusal
from terminals.orders import HEAD_BYTES, PRODUCT_BYTES, order_in
from terminals.phones import read_phone
from terminals.presented import card_in, pan_of
from terminals.spelling import Spelling
from terminals.vouchers import voucher_in

_FUNCTION: Final = CONTROL["function"]
_NO_ORIGINAL: Final = "000000000000"
"""F61 of a refund: no batch and no trace."""
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


def _goods(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    """F62 of a points purchase: the product code, 30 characters filled with spaces."""
    return {"goods": _text(fields.get("62", "")[: 2 * PRODUCT_BYTES]).strip() or None}


def _voucher(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    """F62 of what has to do with a voucher: its code, and for what it is handed in."""
    try:
        code, goods = voucher_in(bytes.fromhex(fields["62"]))
    except ValueError:
        raise Refusal(Reason.FORMAT_ERROR, "62") from None
    return {"besides": Besides(voucher=Secret(code.encode("ascii"))), "goods": goods}


def _points_at_most(fields: dict[str, str]) -> dict[str, Any]:
    """F62 of a combined purchase begins with how many points may be used; spaces: all there are."""
    text = _text(fields.get("62", "")[: 2 * HEAD_BYTES[Kind.COMBINED_PURCHASE]]).strip()
    if not text:
        return {}
    if not (text.isascii() and text.isdigit()):
        raise Refusal(Reason.FORMAT_ERROR, "62")
    return {"points_max": int(text)}


def ordered(fields: dict[str, str], kind: Kind, pan: Pan | None) -> OrderReference | None:
    """F62 of what pays for an order: behind what its kind has before it."""
    start = 2 * HEAD_BYTES.get(kind, 0)
    try:
        return order_in(_text(fields["62"][start:]), pan)
    except ValueError:
        raise Refusal(Reason.FORMAT_ERROR, "62") from None


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
    pan, _, _ = card_in(fields, is_needed=False)
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
        pan=pan_of(pan) if pan else None,
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


def _lottery(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    """F62 of a draw: which lottery, 12 characters filled with spaces."""
    try:
        return {"besides": besides_of(_text(fields["62"]))}
    except ValueError:
        raise Refusal(Reason.FORMAT_ERROR, "62") from None


def _phone(fields: dict[str, str], _row: Spelling) -> dict[str, Any]:
    """F62 of a load by a phone number: that."""
    try:
        return {"besides": Besides(phone=read_phone(_text(fields["62"])))}
    except ValueError:
        raise Refusal(Reason.FORMAT_ERROR, "62") from None


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


def _original_by_slip(fields: dict[str, str], key: ExchangeKey, _row: Spelling) -> Original:
    """What a slip says of a pre-authorisation: F38 its code, F61 its date, F37 its reference.

    Batch and trace are zeros where it was another terminal's.
    """
    reference = fields["61"]
    if len(reference) < len(_NO_ORIGINAL):
        raise Refusal(Reason.FORMAT_ERROR, "61")
    date = reference[ORIGINAL["date"]]
    return Original(
        key=_key_by_reference(reference, key),
        rrn=fields.get("37"),
        auth_code=fields["38"].strip() or None,
        local_date=date if date.strip("0") else None,
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


def original_of_same_trace(fields: dict[str, str], key: ExchangeKey, row: Spelling) -> Original:
    """A reversal or confirmation: it keeps the batch and trace of its original."""
    return Original(
        key=key.of_family(Family.FINANCIAL),
        rrn=fields.get("37"),
        auth_code=fields.get("38"),
        kind=row.original,
    )


MORE: Final[Mapping[Kind, Callable[[dict[str, str], Spelling], dict[str, Any]]]] = {
    Kind.POINTS_REDEMPTION: _goods,
    Kind.VOUCHER_REDEMPTION: _voucher,
    Kind.LOAD_BY_CODE: _voucher,
    Kind.SIGN_ON: _device,
    Kind.LOAD_VERIFICATION: _load_check,
    Kind.SETTLEMENT: _totals,
    Kind.BATCH_UPLOAD: _records,
    Kind.UPLOAD_END: _upload_end,
    Kind.STATUS_UPLOAD: _status,
    Kind.LOTTERY_DRAW: _lottery,
    Kind.LOAD_BY_PHONE: _phone,
}
"""What only one kind carries, as values of the `Request`."""
BESIDES: Final[Mapping[Kind, Callable[[dict[str, str]], dict[str, Any]]]] = {
    Kind.COMBINED_PURCHASE: _points_at_most,
}
"""The same as values of its `Besides`."""
ORIGINALS: Final[Mapping[Kind, Callable[[dict[str, str], ExchangeKey, Spelling], Original]]] = {
    Kind.VOID: _original_by_reference,
    Kind.VOUCHER_VOID: _original_by_reference,
    Kind.PHONE_LOAD_VOID: _original_by_reference,
    Kind.REFUND: _original_by_reference,
    Kind.CASH_LOAD_CONFIRM: original_of_same_trace,
    Kind.PREAUTH_INCREMENT: _original_by_slip,
    Kind.PREAUTH_VOID: _original_by_slip,
    Kind.COMPLETION: _original_by_slip,
    Kind.COMPLETION_ADVICE: _original_by_slip,
    Kind.COMPLETION_VOID: _original_by_reference,
}
