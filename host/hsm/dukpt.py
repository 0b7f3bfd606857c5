"""A DUKPT device as the host knows it: its initial key, and what one KSN opens.

Two kinds, by the algorithm of the initial key: ANSI X9.24-1 (TDES) and X9.24-3 (AES). Every KSN is
held against the device's own id, so a key of another device or of another BDK is refused before
anything is derived. A TDES KSN is 10 bytes, of which devices leave out bytes of F on the left, down
to 8 bytes: they are filled in. That a counter never comes twice is the poster's to see to: see
`host.ksn`.
"""

from binascii import unhexlify
from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from host.hsm import dukpt_aes, dukpt_tdes
from host.hsm.ciphers import AES_BLOCK_BYTES, CLEAR_CIPHERS, DES_BLOCK_BYTES, Ciphers, checked_size
from host.hsm.dukpt_aes import AES_128, TDES_2KEY, Usage
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

    def pin_reader(self, ksn: str, block_bytes: int = AES_BLOCK_BYTES, /) -> PinBlockReader:
        """What reads a PIN block of this size under this KSN.

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
    """By X9.24-3: KSNs of 12 bytes, AES-128 keys; a PIN block of 8 bytes is under TDES."""

    def __init__(self, initial: Secret, key_id: str, ciphers: Ciphers = CLEAR_CIPHERS) -> None:
        self._initial = checked_size(initial, (dukpt_aes.KEY_BYTES,), "an initial AES DUKPT key")
        self._ciphers = ciphers
        self.key_id = checked_key_id(key_id, is_tdes=False)

    def counter(self, ksn: str) -> int:
        """As `Device` says."""
        return dukpt_aes.counter_in(self._own(ksn))

    def pin_reader(self, ksn: str, block_bytes: int = AES_BLOCK_BYTES, /) -> PinBlockReader:
        """As `Device` says."""
        algorithm = TDES_2KEY if block_bytes == DES_BLOCK_BYTES else AES_128
        key = dukpt_aes.device_key(self._initial, self._own(ksn), Usage.PIN, algorithm)
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
    """By X9.24-1: KSNs of 8 to 10 bytes, two-key TDES, PIN blocks of 8 bytes."""

    def __init__(self, initial: Secret, key_id: str, ciphers: Ciphers = CLEAR_CIPHERS) -> None:
        self._initial = checked_size(initial, (16,), "an initial TDES DUKPT key")
        self._ciphers = ciphers
        self.key_id = checked_key_id(key_id, is_tdes=True)

    def counter(self, ksn: str) -> int:
        """As `Device` says."""
        return dukpt_tdes.counter_in(self._own(ksn))

    def pin_reader(self, ksn: str, _block_bytes: int = DES_BLOCK_BYTES, /) -> PinBlockReader:
        """As `Device` says; its blocks are of one size."""
        keys = dukpt_tdes.device_keys(self._initial, self._own(ksn))
        return PinBlockReader(keys.pin, self._ciphers, is_des_only=True)

    def open_data(self, sealed: SealedPan) -> Secret:
        """As `Device` says."""
        keys = dukpt_tdes.device_keys(self._initial, self._own(sealed.ksn))
        return _unpadded(sealed.block, _tdes_data_cipher(keys.data_request), DES_BLOCK_BYTES)

    def _own(self, ksn: str) -> bytes:
        value = _tdes_ksn(ksn)
        if dukpt_tdes.device_of(value).hex().upper() != self.key_id:
            raise KsnError("the KSN is another device's: its key id is not this terminal's")
        return value


def device_of(
    initial: Secret,
    key_id: str,
    ciphers: Ciphers = CLEAR_CIPHERS,
    *,
    is_tdes: bool | None = None,
) -> Device:
    """The device with this initial key; of which kind, the id tells where nobody does.

    Raises:
        KsnError: the id is none of that kind.
        ValueError: the key has another length.
    """
    checked = checked_key_id(key_id, is_tdes=is_tdes)
    kind = TdesDevice if len(checked) == 2 * dukpt_tdes.KSN_BYTES else AesDevice
    return kind(initial, checked, ciphers)


def is_exhausted(key_id: str, counter: int) -> bool:
    """Whether a device has used its last key, and needs a new initial key."""
    is_tdes = len(key_id) == 2 * dukpt_tdes.KSN_BYTES
    return counter >= (dukpt_tdes.COUNTER_MAX if is_tdes else dukpt_aes.COUNTER_MAX)


def checked_key_id(key_id: str, *, is_tdes: bool | None = None) -> str:
    """The id of an initial key in upper case: 8 bytes for AES; a KSN of counter zero for TDES.

    Where nobody says of which kind the key is, 8 bytes that end as a counter of zero does are a
    TDES id that has lost its F's on the left.

    Raises:
        KsnError: it is none.
    """
    if is_tdes is None:
        is_tdes = len(key_id) != 2 * dukpt_aes.KEY_ID_BYTES or _counts_zero(_tdes_ksn(key_id))
    if not is_tdes:
        return _ksn_bytes(key_id, dukpt_aes.KEY_ID_BYTES).hex().upper()
    value = _tdes_ksn(key_id)
    if not _counts_zero(value):
        raise KsnError("the id of a TDES initial key is a KSN whose counter is zero")
    return value.hex().upper()


def _counts_zero(ksn: bytes) -> bool:
    return dukpt_tdes.device_of(ksn) == ksn


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


def _tdes_ksn(ksn: str) -> bytes:
    value = dukpt_tdes.whole_ksn(_unhexlified(ksn))
    return _checked_bytes(value, dukpt_tdes.KSN_BYTES)


def _ksn_bytes(ksn: str, size: int) -> bytes:
    return _checked_bytes(_unhexlified(ksn), size)


def _unhexlified(ksn: str) -> bytes:
    try:
        return unhexlify(ksn)
    except ValueError:
        raise KsnError("a KSN is hexadecimal") from None


def _checked_bytes(value: bytes, size: int) -> bytes:
    if len(value) != size:
        msg = f"a KSN of this device is {size} bytes, this one has {len(value)}"
        raise KsnError(msg)
    return value
