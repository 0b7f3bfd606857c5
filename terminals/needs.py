"""What a message of each kind has to carry, and the refusal of one that does not."""

from typing import Final

import msgspec

from host.model.requests import Family, Kind
from host.model.responses import Reason
from terminals.fields import CONTROL
from terminals.message import Damage, Place

CONTROL_DIGITS_MIN: Final = CONTROL["batch"].stop
"""F60 up to its batch."""


class Needs(msgspec.Struct, frozen=True):
    """What a message of one kind has to carry."""

    fields: frozenset[str]
    card: bool
    """A card number, keyed or on the track, is needed; where not, it is taken if there."""


_TRADE: Final = frozenset({"4", "11", "41", "42", "49", "60"})
_OF_HOLD: Final = _TRADE | {"38", "61"}
"""What names a pre-authorisation, as its slip does: by its code and its date."""
_NOTICE: Final = frozenset({"11", "41", "42", "60"})

NEEDS: Final[dict[Kind, Needs]] = {
    Kind.BALANCE_INQUIRY: Needs(_NOTICE, card=True),
    Kind.ACCOUNT_INQUIRY: Needs(_NOTICE, card=True),
    Kind.PURCHASE: Needs(_TRADE, card=True),
    Kind.COMBINED_PURCHASE: Needs(_TRADE, card=True),
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
    Kind.CARD_ACTIVATION: Needs(_TRADE, card=True),
    Kind.PREAUTH: Needs(_TRADE, card=True),
    Kind.PREAUTH_INCREMENT: Needs(_OF_HOLD, card=True),
    Kind.PREAUTH_VOID: Needs(_OF_HOLD, card=True),
    Kind.COMPLETION: Needs(_OF_HOLD, card=True),
    Kind.COMPLETION_ADVICE: Needs(_OF_HOLD, card=True),
    Kind.COMPLETION_VOID: Needs(_TRADE | {"37", "61"}, card=False),
    Kind.VOUCHER_REDEMPTION: Needs(_TRADE | {"62"}, card=False),
    Kind.LOAD_BY_CODE: Needs(_NOTICE | {"62"}, card=True),
    Kind.VOUCHER_VOID: Needs(_TRADE | {"37", "61"}, card=False),
    Kind.LOAD_VERIFICATION: Needs(_NOTICE | {"48"}, card=True),
    Kind.LOTTERY_DRAW: Needs(_TRADE | {"62"}, card=True),
    Kind.LOAD_BY_PHONE: Needs(_TRADE | {"62"}, card=False),
    Kind.PHONE_LOAD_VOID: Needs(_TRADE | {"37", "61"}, card=False),
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


def check_presence(fields: dict[str, str], needs: Needs, family: Family) -> None:
    """All that the kind needs, and a batch; a management message by F70 may have no F60."""
    control = fields.get("60")
    if control is not None and len(control) < CONTROL_DIGITS_MIN:
        raise Refusal(Reason.FORMAT_ERROR, "60")
    if needs.fields <= fields.keys():
        return
    may_be_without = {"60"} if family is Family.MANAGEMENT and "70" in fields else set()
    missing = needs.fields - fields.keys() - may_be_without
    if missing:
        raise Refusal(Reason.FORMAT_ERROR, min(missing, key=int))


def refused_for(field: str) -> Damage:
    """What is wrong with a message that was read whole, and refused for this field of it."""
    why = f"field {field} is missing, or not what such a message needs there"
    return Damage(why, is_cut=True, place=Place(field))
