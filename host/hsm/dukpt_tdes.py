"""TDES DUKPT, ANSI X9.24-1:2009: one key for each transaction, derived from what the KSN says.

A KSN is 10 bytes; its last 21 bits count transactions. The device was loaded with an initial
key (made of the BDK and the KSN's other bits) and walks from it to the transaction key, one
one-way step for each one-bit of the counter, the highest first. The host holds the BDK and
walks the same way. Devices skip counters with more than 10 one-bits, so one that arrives is
refused. That a counter never comes twice is for whoever keeps the device's record to check.
"""

from dataclasses import dataclass
from typing import Final

from host.hsm.ciphers import checked_size, des_encryptor, xor
from host.hsm.ksn import counter_of
from host.model.secrets import Secret

KSN_BYTES: Final = 10
KSN_BYTES_MIN: Final = 8
"""A device may leave out bytes of F on the left."""
COUNTER_BITS: Final = 21
ONE_BITS_MAX: Final = 10
COUNTER_MAX: Final = 0x1F_F800
"""The last counter a device uses; then it needs a new initial key."""

_COUNTER_MASK: Final = (1 << COUNTER_BITS) - 1
_KEY_MASK: Final = bytes.fromhex("C0C0C0C000000000" * 2)
_PIN: Final = bytes.fromhex("00000000000000FF" * 2)
_MAC_REQUEST: Final = bytes.fromhex("000000000000FF00" * 2)
_MAC_RESPONSE: Final = bytes.fromhex("00000000FF000000" * 2)
_DATA_REQUEST: Final = bytes.fromhex("0000000000FF0000" * 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TdesSessionKeys:
    """The keys of one transaction, each for its use: 16-byte two-key TDES."""

    pin: Secret
    mac_request: Secret
    mac_response: Secret
    data_request: Secret
    """For TDES-CBC with a zero IV."""


def session_keys(bdk: Secret, ksn: bytes) -> TdesSessionKeys:
    """The keys a device with this BDK uses at this KSN.

    Raises:
        KsnError: not 10 bytes, counter zero, or more than 10 one-bits in the counter.
        ValueError: the BDK is not 16 bytes.
    """
    return device_keys(initial_key(bdk, ksn), ksn)


def device_keys(initial: Secret, ksn: bytes) -> TdesSessionKeys:
    """The same, of the device's own initial key.

    Raises:
        KsnError: as for `session_keys`.
    """
    key = transaction_key(initial, ksn).reveal()
    data = xor(key, _DATA_REQUEST)
    return TdesSessionKeys(
        pin=Secret(xor(key, _PIN)),
        mac_request=Secret(xor(key, _MAC_REQUEST)),
        mac_response=Secret(xor(key, _MAC_RESPONSE)),
        data_request=Secret(des_encryptor(Secret(data))(data)),
    )


def initial_key(bdk: Secret, ksn: bytes) -> Secret:
    """The key a device is loaded with: of the BDK and the KSN without its counter.

    Raises:
        KsnError, ValueError: as for `session_keys`.
    """
    checked_size(bdk, (16,), "a BDK")
    counter_in(ksn)
    device = device_of(ksn)[:8]
    masked = Secret(xor(bdk.reveal(), _KEY_MASK))
    return Secret(des_encryptor(bdk)(device) + des_encryptor(masked)(device))


def transaction_key(initial: Secret, ksn: bytes) -> Secret:
    """The key at this KSN before any variant, walked to from the device's initial key.

    Raises:
        KsnError: as for `session_keys`.
    """
    counter = counter_in(ksn)
    register = int.from_bytes(ksn[2:], "big") & ~_COUNTER_MASK
    key = initial.reveal()
    for place in reversed(range(COUNTER_BITS)):
        if counter & 1 << place:
            register |= 1 << place
            key = _next_key(key, register.to_bytes(8, "big"))
    return Secret(key)


def counter_in(ksn: bytes) -> int:
    """The transaction counter of a KSN.

    Raises:
        KsnError: as for `session_keys`.
    """
    return counter_of(
        ksn, ksn_bytes=KSN_BYTES, counter_bits=COUNTER_BITS, one_bits_max=ONE_BITS_MAX
    )


def whole_ksn(ksn: bytes) -> bytes:
    """A KSN with the bytes of F that its device left out; another length is left as it is."""
    return ksn.rjust(KSN_BYTES, b"\xff") if len(ksn) >= KSN_BYTES_MIN else ksn


def device_of(ksn: bytes) -> bytes:
    """Whose KSN it is: all of it but the counter."""
    return (int.from_bytes(ksn, "big") & ~_COUNTER_MASK).to_bytes(KSN_BYTES, "big")


def _next_key(key: bytes, register: bytes) -> bytes:
    """The standard's non-reversible key generation: no way back to `key`."""
    return _half(xor(key, _KEY_MASK), register) + _half(key, register)


def _half(key: bytes, register: bytes) -> bytes:
    left, right = key[:8], key[8:]
    return xor(des_encryptor(Secret(left))(xor(register, right)), right)
