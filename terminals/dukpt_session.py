"""Message authentication under AES DUKPT: another key for every message, and each only once.

A `DukptMac` is what a session keeps of an instance of a payment application: its initial key.
What it is given begins with the 12-byte KSN, which names the key; the rest is what the code
covers. Requests are proved with the device's generating key and answers sealed with its
verifying key, so an answer can never be played back as a request.

A device counts upwards and never back, so a counter that is not above the highest one seen is
no new message. It may be the same message again, which a device sends when it missed the
answer: recent codes are remembered, and whoever brings the same code under the same KSN brings
the same bytes. Only proved messages move the count (`take`), and the host, which keeps the count
durably, has the last word.
"""

import enum
import hmac
from collections import OrderedDict
from typing import Final

from host.hsm.dukpt_aes import KEY_BYTES, KSN_BYTES, Usage, counter_in, device_key
from host.hsm.ksn import KsnError
from host.hsm.mac import TAG_BYTES, AesCmac, Mac, mac_for
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm

REPEATS_MAX: Final = 32
"""Messages of one instance whose repeat is still known."""
_KEYS_MAX: Final = 4
"""Keys that are kept: a repeat, and the answers of pipelined messages, find theirs."""


@enum.unique
class Taken(enum.Enum):
    """What a proved message is by its KSN."""

    NEW = "new"
    REPEAT = "repeat"
    REFUSED = "refused"


class Direction(enum.Enum):
    """Which end holds the keys: what it seals with and what it proves with."""

    HOST = (Usage.MAC_VERIFY, Usage.MAC_GENERATE)
    DEVICE = (Usage.MAC_GENERATE, Usage.MAC_VERIFY)


class DukptMac:
    """A filling of `host.hsm.mac.Mac` over one initial key. Data is KSN, then what is covered."""

    __slots__ = ("_direction", "_highest", "_initial", "_keys", "_recent")

    def __init__(self, initial: Secret, direction: Direction = Direction.HOST) -> None:
        if len(initial) != KEY_BYTES:
            msg = f"an AES DUKPT initial key is {KEY_BYTES} bytes, this one has {len(initial)}"
            raise ValueError(msg)
        self._initial = initial
        self._direction = direction
        self._highest = 0
        self._keys: OrderedDict[tuple[bytes, Usage], AesCmac] = OrderedDict()
        self._recent: OrderedDict[bytes, bytes] = OrderedDict()
        """KSN to the code that was proved under it."""

    def compute(self, data: bytes) -> bytes:
        """The left 8 bytes of the CMAC under the key this end seals with.

        Raises:
            KsnError: the data does not begin with a KSN.
        """
        return self._at(data[:KSN_BYTES], self._direction.value[0]).compute(data[KSN_BYTES:])

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether the other end sealed this, in constant time. A KSN of no device proves nothing.

        Says nothing of whether the KSN is new: that is `take`, once the code is right.
        """
        try:
            proved_with = self._at(data[:KSN_BYTES], self._direction.value[1])
        except KsnError:
            return False
        return len(tag) == TAG_BYTES and proved_with.verify(data[KSN_BYTES:], tag)

    def take(self, ksn: bytes, tag: bytes) -> Taken:
        """Count a proved message: only a counter above the highest is new."""
        counter = counter_in(ksn)
        if counter > self._highest:
            self._highest = counter
            self._recent[ksn] = tag
            if len(self._recent) > REPEATS_MAX:
                self._recent.popitem(last=False)
            return Taken.NEW
        known = self._recent.get(ksn)
        if known is not None and hmac.compare_digest(known, tag):
            return Taken.REPEAT
        return Taken.REFUSED

    def _at(self, ksn: bytes, usage: Usage) -> AesCmac:
        mac = self._keys.get((ksn, usage))
        if mac is None:
            mac = self._keys[ksn, usage] = AesCmac(device_key(self._initial, ksn, usage))
            if len(self._keys) > _KEYS_MAX:
                self._keys.popitem(last=False)
        return mac

    def __repr__(self) -> str:
        return f"<DukptMac at counter {self._highest}>"


def session_mac(algorithm: MacAlgorithm, key: Secret) -> Mac:
    """What a session keeps of one key: as `host.hsm.mac.mac_for`, and DUKPT.

    Raises:
        ValueError: the key has a length the algorithm does not use.
    """
    return DukptMac(key) if algorithm is MacAlgorithm.AES_DUKPT else mac_for(algorithm, key)
