"""Raw block ciphers as kept contexts.

Building a cipher context costs ten times what using it does, so whoever owns a key builds it
once. An ECB context carries nothing from one whole block to the next and may be called for
ever. `CbcChain` gives the same for CBC with a zero IV.

Single DES is triple DES with one key thrice, so 8, 16 and 24 byte keys all end up here.
"""

import threading
from collections.abc import Callable
from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from host.model.secrets import Secret

Blocks = Callable[[bytes], bytes]
"""Whole blocks in, as many out."""

DES_BLOCK_BYTES: Final = 8
AES_BLOCK_BYTES: Final = 16
DES_KEY_SIZES: Final = (8, 16, 24)
AES_KEY_SIZES: Final = (16, 24, 32)

_EACH_BLOCK: Final = modes.ECB()  # noqa: S305 - single blocks, as these protocols define


def des_encryptor(key: Secret) -> Blocks:
    """ECB encryption with single, two-key or three-key DES, by the key's length."""
    return Cipher(_des(key), _EACH_BLOCK).encryptor().update


def des_decryptor(key: Secret) -> Blocks:
    """ECB decryption with single, two-key or three-key DES, by the key's length."""
    return Cipher(_des(key), _EACH_BLOCK).decryptor().update


def aes_encryptor(key: Secret) -> Blocks:
    """ECB encryption with AES."""
    return Cipher(_aes(key), _EACH_BLOCK).encryptor().update


def aes_decryptor(key: Secret) -> Blocks:
    """ECB decryption with AES."""
    return Cipher(_aes(key), _EACH_BLOCK).decryptor().update


class Ciphers(Protocol):
    """Where keys are put to use: in this process, or in a device that holds them."""

    def des_encryptor(self, key: Secret) -> Blocks:
        """ECB encryption with single, two-key or three-key DES, by the key's length."""
        ...

    def des_decryptor(self, key: Secret) -> Blocks:
        """And back."""
        ...

    def aes_encryptor(self, key: Secret) -> Blocks:
        """ECB encryption with AES."""
        ...

    def aes_decryptor(self, key: Secret) -> Blocks:
        """And back."""
        ...


class ClearCiphers:
    """The functions above: keys in this process."""

    des_encryptor = staticmethod(des_encryptor)
    des_decryptor = staticmethod(des_decryptor)
    aes_encryptor = staticmethod(aes_encryptor)
    aes_decryptor = staticmethod(aes_decryptor)


CLEAR_CIPHERS: Final[Ciphers] = ClearCiphers()


class CbcChain:
    """CBC encryption under DES that starts from a zero IV every time, without a new context.

    A CBC context chains on from the last block it gave; XORing that block into the first one
    fed cancels it, which is a zero IV. The lock keeps the pair of steps whole.
    """

    __slots__ = ("_blocks", "_chained", "_lock")

    def __init__(self, key: Secret) -> None:
        start = modes.CBC(bytes(DES_BLOCK_BYTES))
        self._blocks = Cipher(_des(key), start).encryptor().update
        self._chained = bytes(DES_BLOCK_BYTES)
        self._lock = threading.Lock()

    def last_block(self, data: bytes) -> bytes:
        """The last ciphertext block of `data`, which is one or more whole blocks."""
        with self._lock:
            first = xor(data[:DES_BLOCK_BYTES], self._chained)
            self._chained = self._blocks(first + data[DES_BLOCK_BYTES:])[-DES_BLOCK_BYTES:]
            return self._chained


def xor(left: bytes, right: bytes) -> bytes:
    """Two values of one length, XORed."""
    number = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return number.to_bytes(len(left), "big")


def checked_size(key: Secret, sizes: tuple[int, ...], purpose: str) -> Secret:
    """The key itself when its length is one of `sizes`.

    Raises:
        ValueError: it is not; the message names the purpose and the lengths, never the key.
    """
    if len(key) not in sizes:
        wanted = " or ".join(map(str, sizes))
        msg = f"{purpose} is {wanted} bytes, this one has {len(key)}: check which key is meant"
        raise ValueError(msg)
    return key


def _des(key: Secret) -> TripleDES:
    value = checked_size(key, DES_KEY_SIZES, "a DES key").reveal()
    return TripleDES((value * 3)[:24])


def _aes(key: Secret) -> AES:
    return AES(checked_size(key, AES_KEY_SIZES, "an AES key").reveal())
