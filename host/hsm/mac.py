"""Message authentication: the ways a POS message is sealed, as one callable shape.

What is covered (MTI, bitmap with bit 64 set, all fields before F64) is the terminal dialect's
to say; here it is bytes. The result is the 8 bytes of F64 as they stand on the wire.

- `up-ecb`: the UnionPay POS "ECB" MAC. XOR of all 8-byte blocks, written as 16 hexadecimal
  characters, encrypted in two steps; F64 is the first 8 hexadecimal characters of the result.
  Its XOR does not know the order of blocks: a compatibility algorithm for existing terminals.
- `up-ecb-tdes`: the same under two-key TDES, for terminals whose MAC key is 16 bytes.
- `x9.9`: ANSI X9.9, ISO/IEC 9797-1 algorithm 1, DES-CBC with zero padding.
- `x9.19`: ANSI X9.19, ISO/IEC 9797-1 algorithm 3, the retail MAC, with zero padding.
- `tdes-cbc`: ISO 16609, ISO/IEC 9797-1 algorithm 1 over two-key TDES, with zero padding.
- `cmac`: AES-CMAC, RFC 4493 and NIST SP 800-38B, the left 8 bytes.

A Mac keeps its cipher contexts: make one for each key and keep it as long as the key lives.
"""

import hmac
from collections.abc import Callable
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from host.hsm.ciphers import (
    AES_KEY_SIZES,
    DES_BLOCK_BYTES,
    CbcChain,
    checked_size,
    des_decryptor,
    des_encryptor,
)
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm

TAG_BYTES: Final = 8
"""F64 is always 8 bytes."""


class Mac(Protocol):
    """One key, ready to seal and to check."""

    def compute(self, data: bytes) -> bytes:
        """The 8 bytes of F64 for `data`, in wire form."""

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether `tag` is right for `data`; takes the same time wherever it differs."""


def mac_for(algorithm: MacAlgorithm, key: Secret) -> Mac:
    """The Mac of a terminal group's algorithm over one key.

    Raises:
        ValueError: the key has a length the algorithm does not use.
    """
    return MACS[algorithm](key)


class UnionPayEcbMac:
    """The UnionPay POS "ECB" MAC; an 8-byte key is single DES, a 16-byte key two-key TDES."""

    __slots__ = ("_encrypt",)

    def __init__(self, key: Secret) -> None:
        self._encrypt = des_encryptor(checked_size(key, (8, 16), "an up-ecb MAC key"))

    def compute(self, data: bytes) -> bytes:
        """The first 8 hexadecimal characters of the second encryption, upper case ASCII."""
        text = b"%016X" % _folded(data)
        first = self._encrypt(text[:8])
        mixed = int.from_bytes(first, "big") ^ int.from_bytes(text[8:], "big")
        return self._encrypt(mixed.to_bytes(8, "big"))[:4].hex().upper().encode("ascii")

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether `tag` is the MAC of `data`, in constant time."""
        return hmac.compare_digest(self.compute(data), tag)


class X99Mac:
    """ANSI X9.9: DES-CBC from a zero IV, the last block. `pad` is ISO/IEC 9797-1's choice."""

    __slots__ = ("_chain", "_pad")

    def __init__(self, key: Secret, pad: Callable[[bytes], bytes] | None = None) -> None:
        self._chain = CbcChain(checked_size(key, (8,), "an X9.9 MAC key"))
        self._pad = pad or pad_zeros

    def compute(self, data: bytes) -> bytes:
        """All 8 bytes of the last block."""
        return self._chain.last_block(self._pad(data))

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether `tag` is the MAC of `data`, in constant time."""
        return hmac.compare_digest(self.compute(data), tag)


class TdesCbcMac:
    """ISO 16609: two-key TDES in CBC from a zero IV, the last block. `pad` as for X9.9."""

    __slots__ = ("_chain", "_pad")

    def __init__(self, key: Secret, pad: Callable[[bytes], bytes] | None = None) -> None:
        self._chain = CbcChain(checked_size(key, (16,), "a TDES-CBC MAC key"))
        self._pad = pad or pad_zeros

    def compute(self, data: bytes) -> bytes:
        """All 8 bytes of the last block."""
        return self._chain.last_block(self._pad(data))

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether `tag` is the MAC of `data`, in constant time."""
        return hmac.compare_digest(self.compute(data), tag)


class X919Mac:
    """ANSI X9.19: X9.9 with the left half of the key, then D with the right, E with the left."""

    __slots__ = ("_chain", "_decrypt_right", "_encrypt_left", "_pad")

    def __init__(self, key: Secret, pad: Callable[[bytes], bytes] | None = None) -> None:
        halves = checked_size(key, (16,), "an X9.19 MAC key").reveal()
        left, right = Secret(halves[:8]), Secret(halves[8:])
        self._chain = CbcChain(left)
        self._decrypt_right = des_decryptor(right)
        self._encrypt_left = des_encryptor(left)
        self._pad = pad or pad_zeros

    def compute(self, data: bytes) -> bytes:
        """All 8 bytes of the transformed last block."""
        last = self._chain.last_block(self._pad(data))
        return self._encrypt_left(self._decrypt_right(last))

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether `tag` is the MAC of `data`, in constant time."""
        return hmac.compare_digest(self.compute(data), tag)


class AesCmac:
    """AES-CMAC; F64 takes the left 8 bytes, `whole` gives all 16."""

    __slots__ = ("_keyed",)

    def __init__(self, key: Secret) -> None:
        self._keyed = CMAC(AES(checked_size(key, AES_KEY_SIZES, "an AES-CMAC key").reveal()))

    def whole(self, data: bytes) -> bytes:
        """All 16 bytes of the MAC."""
        state = self._keyed.copy()
        state.update(data)
        return state.finalize()

    def compute(self, data: bytes) -> bytes:
        """The left 8 bytes."""
        return self.whole(data)[:TAG_BYTES]

    def verify(self, data: bytes, tag: bytes) -> bool:
        """Whether `tag` is the MAC of `data`, in constant time."""
        return hmac.compare_digest(self.compute(data), tag)


def _folded(data: bytes) -> int:
    """All 8-byte blocks XORed, the last of them filled with zeros.

    As one number, folded onto its own lower half until one block is left.
    """
    number = int.from_bytes(data + _ZEROS[-len(data) & 7])
    half = _BLOCK_BITS // 2 << ((len(data) - 1) // DES_BLOCK_BYTES).bit_length()
    while half >= _BLOCK_BITS:
        number ^= number >> half
        half >>= 1
    return number & _BLOCK_MASK


def pad_zeros(data: bytes) -> bytes:
    """ISO/IEC 9797-1 padding 1: zeros up to a whole block, one block for no data."""
    return data + bytes(-len(data) % DES_BLOCK_BYTES) if data else bytes(DES_BLOCK_BYTES)


def pad_one_then_zeros(data: bytes) -> bytes:
    """ISO/IEC 9797-1 padding 2: a one bit (0x80), then zeros; a whole block when aligned."""
    return pad_zeros(data + b"\x80")


MACS: Final[dict[MacAlgorithm, Callable[[Secret], Mac]]] = {
    MacAlgorithm.UNIONPAY_ECB: UnionPayEcbMac,
    MacAlgorithm.UNIONPAY_ECB_TDES: UnionPayEcbMac,
    MacAlgorithm.X9_9: X99Mac,
    MacAlgorithm.X9_19: X919Mac,
    MacAlgorithm.TDES_CBC: TdesCbcMac,
    MacAlgorithm.AES_CMAC: AesCmac,
}

_BLOCK_BITS: Final = 8 * DES_BLOCK_BYTES
_BLOCK_MASK: Final = (1 << _BLOCK_BITS) - 1
_ZEROS: Final = tuple(bytes(size) for size in range(DES_BLOCK_BYTES))
