"""What undoes a request: our own reversal of it, or the terminal's as it is stored."""

import msgspec

from host.model.requests import Family, Kind, Original, Request


def reversal_of(request: Request) -> Request:
    """What undoes a request whose answer never came.

    It has the key the terminal's own 0400 would have, so whichever comes first undoes and the
    other is a repeat. The original's key finds it: no card number is carried or stored.
    """
    return Request(
        kind=Kind.REVERSAL,
        key=request.key.of_family(Family.REVERSAL),
        merchant_id=request.merchant_id,
        amount=request.amount,
        entry_mode=request.entry_mode,
        original=Original(key=request.key, kind=request.kind),
        issued_by_switch=True,
    )


def without_card(reversal: Request) -> Request:
    """A terminal's own reversal as it is stored: its original is found without a card number.

    Without its KSN as well, which was counted when it came: what its terminal sends meanwhile has
    higher ones.
    """
    return msgspec.structs.replace(
        reversal,
        pan=None,
        expiry=None,
        pin=None,
        track=None,
        sealed_pan=None,
        sealed_track=None,
        ksn=None,
    )
