"""From a terminal's message to the house's `Request`.

Values from outside become `Pan`, `Money` and keys on the way, so they are checked: whatever the
codec could not see (a field that must be there, a track that is none, a card number of the
wrong length) is a format error. What a kind needs is a row (`terminals.needs`), what is presented
is read alike of all (`terminals.presented`), the rest a kind at a time (`terminals.particulars`).
"""

from typing import Final

import msgspec

from host.model.requests import KINDS, ExchangeKey, Family, Kind, Request
from host.model.responses import Reason
from terminals.fields import CONTROL, ORIGINAL_DATA
from terminals.message import Message
from terminals.needs import CONTROL_DIGITS_MIN, NEEDS, Refusal, check_presence, refused_for
from terminals.orders import ORDERED
from terminals.particulars import BESIDES, MORE, ORIGINALS, ordered, original_of_same_trace
from terminals.parts import NOTHING, TAKES_PART, YES
from terminals.presented import amount_in, amount_undone, card_if_sound, card_in, pin_in
from terminals.spelling import Spelling
from terminals.unnamed import NOTHING_NAMED

_BATCH: Final = CONTROL["batch"]
_PARTIAL: Final = CONTROL["partial_approval"]
_NO_BATCH: Final = "000000"
_REVERSAL: Final = Kind.REVERSAL
_UNDOING: Final = Family.REVERSAL
_UPLOAD: Final = Family.UPLOAD


def to_request(message: Message, institution: str, generation: int) -> Request | Reason:
    """What a message asks, or why it is refused before anybody is asked."""
    row = message.spelling
    if row is None:
        return Reason.INVALID_TRANSACTION
    if isinstance(row.means, Reason):
        return row.means
    try:
        if row.means is _REVERSAL:
            return _reversal(message, row, institution, generation)
        if message.damage is not None:
            return Reason.FORMAT_ERROR
        return _request(message, row, row.means, institution, generation)
    except Refusal as refusal:
        if message.damage is None and refusal.field:
            message.damage = refused_for(refusal.field)
        return refusal.reason


def _request(
    message: Message, row: Spelling, kind: Kind, institution: str, generation: int
) -> Request:
    fields = message.fields
    needs, family = NEEDS[kind], KINDS[kind].family
    check_presence(fields, needs, family)
    key = _key(message, institution, family)
    pan, expiry, track = card_in(fields, is_needed=needs.card)
    if pan is not None:
        message.card = pan.reveal(), expiry
    original_of, more_of = ORIGINALS.get(kind), MORE.get(kind)
    request = Request(
        kind=kind,
        key=key,
        merchant_id=fields["42"],
        pan=pan,
        expiry=expiry,
        amount=None if family is _UPLOAD else amount_in(fields, in_points=row.in_points),
        pin=pin_in(fields) if "52" in fields else None,
        entry_mode=fields.get("22", "000"),
        original=original_of(fields, key, row) if original_of else None,
        key_generation=generation,
        sealed_track=track,
    )
    if row.may_be_part and fields["60"][_PARTIAL] == YES:
        request = msgspec.structs.replace(request, besides=TAKES_PART)
    if besides_of := BESIDES.get(kind):
        besides = msgspec.structs.replace(request.besides or NOTHING, **besides_of(fields))
        request = msgspec.structs.replace(request, besides=besides)
    if more_of:
        request = msgspec.structs.replace(request, **more_of(fields, row))
    if "62" in fields and kind in ORDERED:
        request = msgspec.structs.replace(request, order=ordered(fields, kind, pan))
    return request


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
    if len(fields["60"]) < CONTROL_DIGITS_MIN:
        raise Refusal(Reason.FORMAT_ERROR, "60")
    key = _key(message, institution, Family.REVERSAL)
    return Request(
        kind=Kind.REVERSAL,
        key=key,
        merchant_id=fields.get("42", ""),
        pan=card_if_sound(fields),
        amount=amount_undone(fields, in_points=row.in_points),
        entry_mode=fields.get("22", "000"),
        original=original_of_same_trace(fields, key, row),
        key_generation=generation,
    )


def _key(message: Message, institution: str, family: Family) -> ExchangeKey:
    """A reversal that names its original in F90 shares its trace with it, as one without does."""
    fields = message.fields
    batch = fields["60"][_BATCH] if "60" in fields else _NO_BATCH
    stan = message.stan
    if family is _UNDOING and "90" in fields:
        stan = fields["90"][ORIGINAL_DATA["trace"]]
    return ExchangeKey(institution, fields["41"], batch, stan, family)
