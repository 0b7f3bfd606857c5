"""Message authentication under DUKPT: another key for every message, and each only once.

A `DukptMac` is what a session keeps of a device: its initial key. What it is given begins with the
KSN, which names the key; the rest is what the code covers. Requests have one key of a KSN and
answers another, so an answer can never be played back as a request. The code is AES-CMAC under
AES keys (X9.24-3), and X9.19 under TDES keys (X9.24-1, of which 4 bytes are published).

A device counts upwards and never back, so a counter that is not above the highest one seen is
no new message. It may be the same message again, which a device sends when it missed the
answer: recent codes are remembered, and whoever brings the same code under the same KSN brings
the same bytes. Beyond those it is asked of the host as a repeat only (`as_taken`): its key has an
answer, or nothing is done. Only proved messages move the count (`take`), and the host, which keeps
the count durably, has the last word.
"""

import enum
import hmac
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from host.hsm import dukpt_aes, dukpt_tdes
from host.hsm.ciphers import checked_size
from host.hsm.dukpt_aes import Usage
from host.hsm.ksn import KsnError
from host.hsm.mac import TAG_BYTES, AesCmac, Mac, X919Mac, mac_for
from host.model.requests import KINDS, Request, Traffic
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import DUKPT, MacAlgorithm

REPEATS_MAX: Final = 32
"""Messages of one instance whose repeat is still known."""
_KEYS_MAX: Final = 4
"""Keys that are kept: a repeat, and the answers of pipelined messages, find theirs."""


@enum.unique
class Taken(enum.Enum):
    """What a proved message is by its KSN."""

    NEW = "new"
    REPEAT = "repeat"
    """The very bytes of a recent one."""
    OLD = "old"
    """A counter of before: never anything new, and perhaps long answered."""


class Direction(enum.Enum):
    """Which end holds the keys: whether it seals requests, and proves answers."""

    HOST = False
    DEVICE = True


MacAt = Callable[[bytes, bool], Mac]
"""The key of a KSN that seals requests, or answers. Raises KsnError."""


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two standards."""

    ksn_bytes: int
    counter_in: Callable[[bytes], int]
    """The counter of a KSN. Raises KsnError."""
    whole_ksn: Callable[[bytes], bytes]
    """A KSN with what its device left out of it."""
    macs_of: Callable[[Secret], MacAt]
    """Those of an initial key."""


def _aes_macs(initial: Secret) -> MacAt:
    walk = dukpt_aes.Walk(initial)

    def at(ksn: bytes, is_request: bool) -> Mac:
        usage = Usage.MAC_GENERATE if is_request else Usage.MAC_VERIFY
        return AesCmac(walk.device_key(ksn, usage))

    return at


def _tdes_macs(initial: Secret) -> MacAt:
    def at(ksn: bytes, is_request: bool) -> Mac:
        keys = dukpt_tdes.device_keys(initial, ksn)
        return X919Mac(keys.mac_request if is_request else keys.mac_response)

    return at


SCHEMES: Final[dict[MacAlgorithm, Scheme]] = {
    MacAlgorithm.AES_DUKPT: Scheme(
        ksn_bytes=dukpt_aes.KSN_BYTES,
        counter_in=dukpt_aes.counter_in,
        whole_ksn=bytes,
        macs_of=_aes_macs,
    ),
    MacAlgorithm.TDES_DUKPT: Scheme(
        ksn_bytes=dukpt_tdes.KSN_BYTES,
        counter_in=dukpt_tdes.counter_in,
        whole_ksn=dukpt_tdes.whole_ksn,
        macs_of=_tdes_macs,
    ),
}
INITIAL_KEY_BYTES: Final = 16
"""Of both."""


class DukptMac:
    """A filling of `host.hsm.mac.Mac` over one initial key. Data is KSN, then what is covered."""

    __slots__ = ("_direction", "_highest", "_keys", "_mac_at", "_recent", "_scheme")

    def __init__(
        self,
        initial: Secret,
        direction: Direction = Direction.HOST,
        algorithm: MacAlgorithm = MacAlgorithm.AES_DUKPT,
    ) -> None:
        checked_size(initial, (INITIAL_KEY_BYTES,), "a DUKPT initial key")
        self._scheme = SCHEMES[algorithm]
        self._mac_at = self._scheme.macs_of(initial)
        self._direction = direction
        self._highest = 0
        self._keys: OrderedDict[tuple[bytes, bool], Mac] = OrderedDict()
        self._recent: OrderedDict[bytes, bytes] = OrderedDict()
        """KSN to the code that was proved under it."""

    def compute(self, data: bytes) -> bytes:
        """The 8 bytes of the code under the key this end seals with.

        Raises:
            KsnError: the data does not begin with a KSN.
        """
        size = self._scheme.ksn_bytes
        return self._at(data[:size], self._direction.value).compute(data[size:])

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether the other end sealed this, in constant time. A KSN of no device proves nothing.

        Says nothing of whether the KSN is new: that is `take`, once the code is right.
        """
        size = self._scheme.ksn_bytes
        try:
            proved_with = self._at(data[:size], not self._direction.value)
        except KsnError:
            return False
        return len(tag) == TAG_BYTES and proved_with.verify(data[size:], tag)

    def is_of(self, ksn: bytes) -> bool:
        """Whether KSNs of this device are so long."""
        return len(self._scheme.whole_ksn(ksn)) == self._scheme.ksn_bytes

    def under(self, ksn: bytes) -> Mac:
        """The same for messages that carry this KSN elsewhere than in front.

        Where it is of another length than this device's it proves nothing.
        """
        return _UnderKsn(self, self._scheme.whole_ksn(ksn) if self.is_of(ksn) else b"")

    def take(self, ksn: bytes, tag: bytes) -> Taken:
        """Count a proved message: only a counter above the highest is new."""
        ksn = self._scheme.whole_ksn(ksn)
        counter = self._scheme.counter_in(ksn)
        if counter > self._highest:
            self._highest = counter
            self._recent[ksn] = tag
            if len(self._recent) > REPEATS_MAX:
                self._recent.popitem(last=False)
            return Taken.NEW
        known = self._recent.get(ksn)
        if known is not None and hmac.compare_digest(known, tag):
            return Taken.REPEAT
        return Taken.OLD

    def _at(self, ksn: bytes, is_request: bool) -> Mac:
        mac = self._keys.get((ksn, is_request))
        if mac is None:
            mac = self._keys[ksn, is_request] = self._mac_at(ksn, is_request)
            if len(self._keys) > _KEYS_MAX:
                self._keys.popitem(last=False)
        return mac

    def __repr__(self) -> str:
        return f"<DukptMac at counter {self._highest}>"


class _UnderKsn:
    """One message's keys: a filling of `host.hsm.mac.Mac`."""

    __slots__ = ("_ksn", "_mac")

    def __init__(self, mac: DukptMac, ksn: bytes) -> None:
        self._mac = mac
        self._ksn = ksn

    def compute(self, data: bytes) -> bytes:
        return self._mac.compute(self._ksn + data)

    def verify(self, data: bytes, tag: bytes) -> bool:
        return bool(self._ksn) and self._mac.verify(self._ksn + data, tag)


def as_taken(request: Request, taken: Taken) -> Request | Reason:
    """What is asked by a message that its KSN makes this: of an old one no more than its answer."""
    if taken is not Taken.OLD:
        return request
    if KINDS[request.kind].traffic is not Traffic.TRADE:
        return Reason.KSN_REFUSED
    return msgspec.structs.replace(request, only_as_repeat=True)


def session_mac(algorithm: MacAlgorithm, key: Secret) -> Mac:
    """What a session keeps of one key: as `host.hsm.mac.mac_for`, and DUKPT.

    Raises:
        ValueError: the key has a length the algorithm does not use.
    """
    if algorithm in DUKPT:
        return DukptMac(key, algorithm=algorithm)
    return mac_for(algorithm, key)
