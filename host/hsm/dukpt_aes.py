"""AES DUKPT, ANSI X9.24-3:2017, over AES-128 keys: one set of keys for each transaction.

A KSN is 12 bytes: the 8-byte id of the initial key and a 32-bit transaction counter. Every
derivation encrypts one block that says what the derived key is for (`Usage`), for which
algorithm, whose, and at which counter. A working key may serve another cipher than the walk's:
where a PIN block is 8 bytes the PIN key is two-key TDES (annex B). The walk from the initial key
takes one step for each one-bit of the counter, the highest first; devices use counters with at
most 16 one-bits. That a counter never comes twice is for whoever keeps the device's record to
check.
"""

import enum
from typing import Final

from host.hsm.ciphers import aes_encryptor, checked_size
from host.hsm.ksn import KsnError, counter_of
from host.model.secrets import Secret

KSN_BYTES: Final = 12
KEY_ID_BYTES: Final = 8
COUNTER_BITS: Final = 32
ONE_BITS_MAX: Final = 16
COUNTER_MAX: Final = 0xFFFF_0000
"""The last counter a device uses; then it needs a new initial key."""
KEY_BYTES: Final = 16

AES_128: Final = b"\x00\x02\x00\x80"
TDES_2KEY: Final = b"\x00\x00\x00\x80"
"""What a working key is for, as derivations spell it: the algorithm, and its bits of key."""

_VERSION_AND_BLOCK: Final = b"\x01\x01"


class Usage(enum.IntEnum):
    """What a derived key is for: the standard's codes. Generate is the device's direction."""

    PIN = 0x1000
    MAC_GENERATE = 0x2000
    MAC_VERIFY = 0x2001
    MAC_BOTH = 0x2002
    DATA_ENCRYPT = 0x3000
    DATA_DECRYPT = 0x3001
    DATA_BOTH = 0x3002
    DERIVATION = 0x8000
    INITIAL = 0x8001


def working_key(bdk: Secret, ksn: bytes, usage: Usage, algorithm: bytes = AES_128) -> Secret:
    """The key a device with this BDK uses at this KSN for one purpose.

    Raises:
        KsnError: not 12 bytes, counter zero, or more than 16 one-bits in the counter.
        ValueError: the BDK is not 16 bytes.
    """
    return device_key(initial_key(bdk, ksn[:KEY_ID_BYTES]), ksn, usage, algorithm)


def device_key(initial: Secret, ksn: bytes, usage: Usage, algorithm: bytes = AES_128) -> Secret:
    """The same, of the device's own initial key: what a device does, and who keeps its key.

    Raises:
        KsnError: as for `working_key`.
    """
    return _derived(transaction_key(initial, ksn), usage, ksn[4:], algorithm)


def initial_key(bdk: Secret, key_id: bytes) -> Secret:
    """The key a device is loaded with: of the BDK and the 8-byte initial key id.

    Raises:
        KsnError: the id is not 8 bytes.
        ValueError: the BDK is not 16 bytes.
    """
    if len(key_id) != KEY_ID_BYTES:
        msg = f"an initial key id is {KEY_ID_BYTES} bytes, this one has {len(key_id)}"
        raise KsnError(msg)
    return _derived(checked_size(bdk, (KEY_BYTES,), "an AES-128 BDK"), Usage.INITIAL, key_id)


def transaction_key(initial: Secret, ksn: bytes) -> Secret:
    """The derivation key at this KSN, walked to from the device's initial key.

    Raises:
        KsnError: as for `working_key`.
    """
    return Walk(initial).transaction_key(ksn)


class Walk:
    """The walk from one initial key, which goes on from where the last one left the same way.

    A device counts upwards, so two messages in a row have all steps but one or two in common.
    """

    __slots__ = ("_device", "_initial", "_steps")

    def __init__(self, initial: Secret) -> None:
        self._initial = initial
        self._device = b""
        self._steps: list[tuple[int, Secret]] = []
        """Where the last walk came by, and the key there."""

    def transaction_key(self, ksn: bytes) -> Secret:
        """As the function of this name.

        Raises:
            KsnError: as for `working_key`.
        """
        counter = counter_in(ksn)
        device = ksn[4:8]
        steps = self._steps if device == self._device else []
        # A place on the way to this counter: the counter without its lower bits.
        while steps and not _is_on_the_way(steps[-1][0], counter):
            steps.pop()
        walked, key = steps[-1] if steps else (0, self._initial)
        while walked != counter:
            walked |= 1 << (counter ^ walked).bit_length() - 1
            key = _derived(key, Usage.DERIVATION, device + walked.to_bytes(4, "big"))
            steps.append((walked, key))
        self._device, self._steps = device, steps
        return key

    def device_key(self, ksn: bytes, usage: Usage) -> Secret:
        """As the function of this name.

        Raises:
            KsnError: as for `working_key`.
        """
        return _derived(self.transaction_key(ksn), usage, ksn[4:])


def counter_in(ksn: bytes) -> int:
    """The transaction counter of a KSN.

    Raises:
        KsnError: as for `working_key`.
    """
    return counter_of(
        ksn, ksn_bytes=KSN_BYTES, counter_bits=COUNTER_BITS, one_bits_max=ONE_BITS_MAX
    )


def _is_on_the_way(walked: int, counter: int) -> bool:
    lowest = walked & -walked
    return counter & -lowest == walked


def _derived(key: Secret, usage: Usage, context: bytes, algorithm: bytes = AES_128) -> Secret:
    block = _VERSION_AND_BLOCK + usage.to_bytes(2, "big") + algorithm + context
    return Secret(aes_encryptor(key)(block))
