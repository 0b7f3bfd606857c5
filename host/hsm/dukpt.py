"""A DUKPT device as the host knows it: its initial key, and what one KSN opens.

Two kinds, by the algorithm of the initial key: ANSI X9.24-1 (TDES) and X9.24-3 (AES). Every KSN is
held against the device's own id, so a key of another device or of another BDK is refused before
anything is derived. That a counter never comes twice is the poster's to see to: see `host.ksn`.
"""

from binascii import unhexlify
from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from host.hsm import dukpt_aes, dukpt_tdes
from host.hsm.ciphers import AES_BLOCK_BYTES, CLEAR_CIPHERS, DES_BLOCK_BYTES, Ciphers, checked_size
from host.hsm.dukpt_aes import Usage
from host.hsm.ksn import KsnError
from host.hsm.pin import PinBlockReader
from host.hsm.track import TrackError
from host.model.requests import SealedPan
from host.model.secrets import Secret

_END_OF_DATA: Final = b"\x80"
"""ISO/IEC 9797-1 padding 2: one bit and zeros to a whole block, always there."""


class Device(Protocol):
    """One terminal or app instance that was loaded with an initial key."""

    key_id: str
    """Hexadecimal, upper case: the part of its KSNs that never changes."""

    def counter(self, ksn: str) -> int:
        """The counter of one of its KSNs.

        Raises:
            KsnError: not hexadecimal, another device's, counter zero or with too many one-bits.
        """
        ...

    def pin_reader(self, ksn: str) -> PinBlockReader:
        """What reads a PIN block under this KSN.

        Raises:
            KsnError: as for `counter`.
        """
        ...

    def open_data(self, sealed: SealedPan) -> Secret:
        """What it sealed: a card number or track 2, as ASCII.

        Raises:
            KsnError: as for `counter`.
            TrackError: it was not sealed under this KSN.
        """
        ...


class AesDevice:
    """By X9.24-3: KSNs of 12 bytes, AES-128 keys, PIN blocks of format 4."""

    def __init__(self, initial: Secret, key_id: str, ciphers: Ciphers = CLEAR_CIPHERS) -> None:
        self._initial = checked_size(initial, (dukpt_aes.KEY_BYTES,), "an initial AES DUKPT key")
        self._ciphers = ciphers
        self.key_id = checked_key_id(key_id)

    def counter(self, ksn: str) -> int:
        """As `Device` says."""
        return dukpt_aes.counter_in(self._own(ksn))

    def pin_reader(self, ksn: str) -> PinBlockReader:
        """As `Device` says."""
        key = dukpt_aes.device_key(self._initial, self._own(ksn), Usage.PIN)
        return PinBlockReader(key, self._ciphers)

    def open_data(self, sealed: SealedPan) -> Secret:
        """As `Device` says."""
        key = dukpt_aes.device_key(self._initial, self._own(sealed.ksn), Usage.DATA_ENCRYPT)
        return _unpadded(sealed.block, _data_cipher(key), AES_BLOCK_BYTES)

    def _own(self, ksn: str) -> bytes:
        value = _ksn_bytes(ksn, dukpt_aes.KSN_BYTES)
        if value[: dukpt_aes.KEY_ID_BYTES].hex().upper() != self.key_id:
            raise KsnError("the KSN is another device's: its key id is not this terminal's")
        return value


class TdesDevice:
    """By X9.24-1: KSNs of 10 bytes, two-key TDES, PIN blocks of formats 0 and 3."""

    def __init__(self, initial: Secret, key_id: str, ciphers: Ciphers = CLEAR_CIPHERS) -> None:
        self._initial = checked_size(initial, (16,), "an initial TDES DUKPT key")
        self._ciphers = ciphers
        self.key_id = checked_key_id(key_id)

    def counter(self, ksn: str) -> int:
        """As `Device` says."""
        return dukpt_tdes.counter_in(self._own(ksn))

    def pin_reader(self, ksn: str) -> PinBlockReader:
        """As `Device` says."""
        keys = dukpt_tdes.device_keys(self._initial, self._own(ksn))
        return PinBlockReader(keys.pin, self._ciphers)

    def open_data(self, sealed: SealedPan) -> Secret:
        """As `Device` says."""
        keys = dukpt_tdes.device_keys(self._initial, self._own(sealed.ksn))
        return _unpadded(sealed.block, _tdes_data_cipher(keys.data_request), DES_BLOCK_BYTES)

    def _own(self, ksn: str) -> bytes:
        value = _ksn_bytes(ksn, dukpt_tdes.KSN_BYTES)
        if dukpt_tdes.device_of(value).hex().upper() != self.key_id:
            raise KsnError("the KSN is another device's: its key id is not this terminal's")
        return value


def device_of(initial: Secret, key_id: str, ciphers: Ciphers = CLEAR_CIPHERS) -> Device:
    """The device with this initial key: AES by an id of 8 bytes, TDES by one of 10.

    Raises:
        ValueError: the key or its id has another length.
    """
    kind = TdesDevice if len(key_id) == 2 * dukpt_tdes.KSN_BYTES else AesDevice
    return kind(initial, key_id, ciphers)


def is_exhausted(key_id: str, counter: int) -> bool:
    """Whether a device has used its last key, and needs a new initial key."""
    is_tdes = len(key_id) == 2 * dukpt_tdes.KSN_BYTES
    return counter >= (dukpt_tdes.COUNTER_MAX if is_tdes else dukpt_aes.COUNTER_MAX)


def checked_key_id(key_id: str) -> str:
    """The id of an initial key in upper case: 8 bytes for AES; a KSN of counter zero for TDES.

    Raises:
        KsnError: it is none.
    """
    size = dukpt_aes.KEY_ID_BYTES if len(key_id) == 16 else dukpt_tdes.KSN_BYTES
    value = _ksn_bytes(key_id, size)
    if size == dukpt_tdes.KSN_BYTES and dukpt_tdes.device_of(value) != value:
        raise KsnError("the id of a TDES initial key is a KSN whose counter is zero")
    return key_id.upper()


def seal_data(initial: Secret, ksn: str, data: Secret) -> SealedPan:
    """What an AES device does with a card number or track 2: for simulators.

    Raises:
        KsnError: a device does not use this KSN.
    """
    key = dukpt_aes.device_key(initial, _ksn_bytes(ksn, dukpt_aes.KSN_BYTES), Usage.DATA_ENCRYPT)
    clear = data.reveal() + _END_OF_DATA
    clear += bytes(-len(clear) % AES_BLOCK_BYTES)
    return SealedPan(Secret(_data_cipher(key).encryptor().update(clear)), ksn)


def _data_cipher(key: Secret) -> Cipher[modes.CBC]:
    return Cipher(AES(key.reveal()), modes.CBC(bytes(AES_BLOCK_BYTES)))


def _tdes_data_cipher(key: Secret) -> Cipher[modes.CBC]:
    return Cipher(TripleDES((key.reveal() * 2)[:24]), modes.CBC(bytes(DES_BLOCK_BYTES)))


def _unpadded(block: Secret, cipher: Cipher[modes.CBC], block_bytes: int) -> Secret:
    if not len(block) or len(block) % block_bytes:
        raise TrackError("sealed card data is not whole blocks")
    data, end, rest = cipher.decryptor().update(block.reveal()).rpartition(_END_OF_DATA)
    if not end or rest.strip(b"\x00") or len(rest) >= block_bytes:
        raise TrackError("sealed card data does not open under this KSN")
    return Secret(data)


def _ksn_bytes(ksn: str, size: int) -> bytes:
    try:
        value = unhexlify(ksn)
    except ValueError:
        raise KsnError("a KSN is hexadecimal") from None
    if len(value) != size:
        msg = f"a KSN of this device is {size} bytes, this one has {len(value)}"
        raise KsnError(msg)
    return value
