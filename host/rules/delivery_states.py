"""DELIVERY_STATES: where a file stands on its way to whom it is for."""

import enum
from typing import Final

from host.rules.states import NOTHING, Step


@enum.unique
class DeliveryState(enum.StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    CANCELLED = "cancelled"


RETRY: Final = "delivery.retry"
OPEN: Final = (DeliveryState.QUEUED, DeliveryState.SENT, DeliveryState.FAILED)
"""What is not there yet, or not acknowledged where that was asked for."""
_QUEUED, _SENT, _DELIVERED, _ACKNOWLEDGED, _FAILED, _CANCELLED = DeliveryState

DELIVERY_STATES: Final = (
    Step(NOTHING, "hand out", _QUEUED, "SY", "its date is released, and its party has a way"),
    Step(_QUEUED, "send", _DELIVERED, "SY", "it is there whole, read back; nothing more is asked"),
    Step(_QUEUED, "send", _SENT, "SY", "it is there whole, read back; it is to be acknowledged"),
    Step(_SENT, "read", _ACKNOWLEDGED, "SY", "the party says the same digest"),
    Step(_SENT, "read", _FAILED, "SY", "the party says another digest, or nothing for too long"),
    Step(_QUEUED, "send", _FAILED, "SY", "it was tried too often"),
    *(
        Step(before, RETRY, _QUEUED, "FN", "it is sent once more")
        for before in (_QUEUED, _SENT, _FAILED, _CANCELLED)
    ),
    *(
        Step(before, RETRY, _CANCELLED, "FN", "it was cancelled: nothing is sent")
        for before in (_QUEUED, _SENT, _FAILED)
    ),
)
