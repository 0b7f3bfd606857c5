"""Keys derived from an AES-256 key: NIST SP 800-108 in counter mode over AES-CMAC (RFC 4493).

Every input here is shorter than one block, so each CMAC is a single AES block: the input, padded
with one bit and zeros, XORed with the subkey K2. A device that can encrypt data into a new key
(PKCS#11 CKM_AES_ECB_ENCRYPT_DATA) therefore derives the very same keys without showing them.
"""

from typing import Final

from host.hsm.ciphers import AES_BLOCK_BYTES, Blocks, aes_encryptor, xor
from host.model.secrets import Secret

INPUT_BYTES_MAX: Final = AES_BLOCK_BYTES - 1
PURPOSE_CHARACTERS_MAX: Final = 12
"""Counter, purpose and length in bits fill an input."""

_REDUCTION: Final = 0x87


def derive(key: Secret, inputs: tuple[bytes, ...], size: int) -> Secret:
    """The first `size` bytes of the CMACs of the inputs, one after the other, under `key`."""
    encrypt = aes_encryptor(key)
    return Secret(encrypt(single_blocks(encrypt, inputs))[:size])


def single_blocks(encrypt: Blocks, inputs: tuple[bytes, ...]) -> bytes:
    """What to encrypt, block by block, so that each block's result is the CMAC of one input.

    `encrypt` is AES-ECB under the key to derive from.
    """
    subkey = _doubled(_doubled(encrypt(bytes(AES_BLOCK_BYTES))))
    return b"".join(xor(_padded(one), subkey) for one in inputs)


def purpose_inputs(purpose: str, size: int) -> tuple[bytes, ...]:
    """Inputs for a key of `size` bytes that serves one purpose of ours.

    Raises:
        ValueError: the purpose is not 1 to 12 ASCII characters.
    """
    if not (purpose.isascii() and 1 <= len(purpose) <= PURPOSE_CHARACTERS_MAX):
        msg = f"a purpose is 1 to {PURPOSE_CHARACTERS_MAX} ASCII characters: {purpose!r} is not"
        raise ValueError(msg)
    label = purpose.encode().ljust(PURPOSE_CHARACTERS_MAX, b"\x00")
    count = -(-size // AES_BLOCK_BYTES)
    length = (size * 8).to_bytes(2, "big")
    return tuple(bytes([place]) + label + length for place in range(1, count + 1))


def _padded(data: bytes) -> bytes:
    assert len(data) <= INPUT_BYTES_MAX, "an input is less than a block"
    return (data + b"\x80").ljust(AES_BLOCK_BYTES, b"\x00")


def _doubled(block: bytes) -> bytes:
    """Times x in the field of RFC 4493, section 2.3."""
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number = (number & ((1 << 128) - 1)) ^ _REDUCTION
    return number.to_bytes(AES_BLOCK_BYTES, "big")
