"""GIFT_STATES: the life of a gift, and what a till is told of its sum meanwhile."""

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from host.model.gifts import GiftEnd, GiftSent, GiftState
from host.rules.states import NOTHING, Step

RESERVED, CLAIMED, RETURNED = GiftState

GIFT_STATES: Final = (
    Step(NOTHING, "gift.send", RESERVED, "MB", "it has left the sender's card, in transit"),
    Step(RESERVED, "gift.claim", CLAIMED, "MB", "on the receiver's card, to be spent at once"),
    Step(RESERVED, "gift.withdraw", RETURNED, "MB", "the sender's again: withdrawn, or declined"),
    Step(RESERVED, "gift.expire", RETURNED, "SY", "nobody has claimed it in its time"),
)

ACTION_OF: Final[Mapping[GiftEnd, str]] = {
    GiftEnd.CLAIMED: "gift.claim",
    GiftEnd.WITHDRAWN: "gift.withdraw",
    GiftEnd.DECLINED: "gift.withdraw",
    GiftEnd.EXPIRED: "gift.expire",
}
"""By which step a gift ends so."""


class Heard(NamedTuple):
    """What a till hears of a gift's sum at the sender's card and at the receiver's."""

    state: GiftState
    sender: str
    receiver: str


HEARD: Final = (
    Heard(
        RESERVED,
        "spend `value_held` 51 where the rest alone is too little; load, bind and sell as the card",
        "nothing of it is there",
    ),
    Heard(CLAIMED, "it is gone", "spend ok, at once"),
    Heard(RETURNED, "spend ok again, until the card's own last day as before", "it is gone"),
)
"""For each state, in words."""


class Gift(msgspec.Struct, gc=False):
    """One as it was loaded, and as this batch has ended it."""

    shard: int
    """Of the card that it left."""
    number: int
    """Of the posting by which it did."""
    card: int
    """The card that it left."""
    issuer: int
    sender: int
    """The member whose it was."""
    amount_minor: int
    unit: str
    depth: int
    """How often what is in it has been given."""
    state: str
    due_at: dt.datetime


class NewGift(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a gift when it is sent, beside the posting that takes it off its card."""

    card: int
    issuer: int
    sender: int
    depth: int
    sent_at: dt.datetime
    due_at: dt.datetime
    sent: GiftSent


class EndedGift(msgspec.Struct, frozen=True, gc=False):
    """What is kept of it when it ends, beside the posting that puts it onto a card."""

    shard: int
    number: int
    end: GiftEnd
    receiver: int
    """The member who has it now; 0: it is its sender's again."""
    to_card: int
    ended_at: dt.datetime
