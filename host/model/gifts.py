"""A gift between two cards: where it may stand, what is said when it is sent, and how it ends."""

import enum

import msgspec


@enum.unique
class GiftState(enum.StrEnum):
    """Where one stands. What it may become is told by `host.rules.gift_states`."""

    RESERVED = "reserved"
    CLAIMED = "claimed"
    RETURNED = "returned"


@enum.unique
class GiftEnd(enum.StrEnum):
    """How one ends: it is on the receiver's card, or back on the sender's, and why."""

    CLAIMED = "claimed"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"

    @property
    def state(self) -> GiftState:
        """The state that it leaves the gift in."""
        return GiftState.CLAIMED if self is GiftEnd.CLAIMED else GiftState.RETURNED


class GiftSent(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What a sender says of a gift, beside how much it is."""

    hours: int
    """So long it waits to be claimed."""
    token_hash: bytes = b""
    """The keyed hash of its link, for whoever has that; empty: it has none."""
    phone_hash: bytes = b""
    """The keyed hash of whose phone it is for; empty: for whoever has its link."""
    phone_masked: str = ""
    wish: str = ""
    from_name: str = ""


class GiftNamed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which gift ends, and how."""

    shard: int
    """Of the card that it left."""
    number: int
    """Of the posting by which it did."""
    end: GiftEnd
