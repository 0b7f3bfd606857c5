"""DUKPT counters: a device's counter only rises, so what was sealed once is never taken twice.

The highest counter seen is kept with the terminal (`host.store.counters`) and rises in the same
transaction in which its message is decided, approved or declined.
"""

from dataclasses import dataclass
from typing import Final

from host.hsm.dukpt import Device
from host.hsm.ksn import KsnError
from host.model.requests import Request


@dataclass(frozen=True, slots=True)
class Used:
    """The counters one message used: a device may seal its parts one after the other."""

    key_id: str
    lowest: int
    highest: int


NONE_SEEN: Final = 0


def used_by(request: Request, device: Device | None) -> Used | None:
    """The counters of a message; None where it has no KSN at all.

    Raises:
        KsnError: a KSN is no device's, or another device's, or the terminal has no initial key.
    """
    told = [
        request.ksn,
        request.pin.ksn if request.pin is not None else None,
        request.sealed_pan.ksn if request.sealed_pan is not None else None,
    ]
    if (besides := request.besides) is not None:
        blocks = (besides.sealed_voucher, besides.sealed_phone)
        told += [block.ksn for block in blocks if block is not None]
    ksns = {ksn for ksn in told if ksn is not None}
    if not ksns:
        return None
    if device is None:
        raise KsnError("a KSN came from a terminal that was loaded with no initial key")
    counters = [device.counter(ksn) for ksn in ksns]
    return Used(device.key_id, min(counters), max(counters))
