"""Message authentication codes and PIN blocks of a till of another make.

Each is written out from its standard over the bare ciphers, so that a fault of our own
cryptography is not repeated here. Keys are bytes; a tag is the 8 bytes of F64.
"""

from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from tests.peers.bcd import Tag

BLOCK: Final = 8


def up_ecb(key: bytes) -> Tag:
    """The blocks XORed into one, written as 16 hexadecimal characters, encrypted in two steps."""

    def tag(data: bytes) -> bytes:
        told = _xored(data).hex().upper().encode()
        first = _des(key, told[:8])
        second = _des(key, bytes(a ^ b for a, b in zip(first, told[8:], strict=True)))
        return second.hex().upper()[:8].encode()

    return tag


def x99(key: bytes) -> Tag:
    """ANSI X9.9, ISO 9797-1 algorithm 1: CBC from zeros, filled with zeros, the last block."""
    return lambda data: _chained(key, data)


def x919(key: bytes) -> Tag:
    """ANSI X9.19, ISO 9797-1 algorithm 3: CBC under the first half, then the other, then it."""
    first, second = key[:8], key[8:]

    def tag(data: bytes) -> bytes:
        return _des(first, _des(second, _chained(first, data), is_back=True))

    return tag


def cmac(key: bytes) -> Tag:
    """AES-CMAC, RFC 4493, its left 8 bytes."""

    def tag(data: bytes) -> bytes:
        made = CMAC(algorithms.AES(key))
        made.update(data)
        return made.finalize()[:8]

    return tag


def pin_block(key: bytes, pin: str, pan: str) -> bytes:
    """ISO 9564-1 format 0 under a TDES key."""
    typed = f"0{len(pin)}{pin}".ljust(16, "F")
    account = f"0000{pan[-13:-1]}"
    return _des(key, (int(typed, 16) ^ int(account, 16)).to_bytes(8, "big"))


def under(key: bytes, delivered: bytes) -> bytes:
    """A delivered key, decrypted block by block under the terminal's master key."""
    places = range(0, len(delivered), BLOCK)
    return b"".join(_des(key, delivered[at : at + BLOCK], is_back=True) for at in places)


def check_value(key: bytes) -> bytes:
    """The left 4 bytes of eight zeros under a key."""
    return _des(key, bytes(BLOCK))[:4]


def _chained(key: bytes, data: bytes) -> bytes:
    block = bytes(BLOCK)
    filled = data + bytes(-len(data) % BLOCK)
    for at in range(0, len(filled), BLOCK):
        mixed = int.from_bytes(block, "big") ^ int.from_bytes(filled[at : at + BLOCK], "big")
        block = _des(key, mixed.to_bytes(BLOCK, "big"))
    return block


def _xored(data: bytes) -> bytes:
    filled = data + bytes(-len(data) % BLOCK)
    sum_of_all = 0
    for at in range(0, len(filled), BLOCK):
        sum_of_all ^= int.from_bytes(filled[at : at + BLOCK], "big")
    return sum_of_all.to_bytes(BLOCK, "big")


def _des(key: bytes, block: bytes, *, is_back: bool = False) -> bytes:
    """One block under DES (8 bytes of key) or two-key TDES (16)."""
    whole = key * 3 if len(key) == BLOCK else key + key[:BLOCK]
    cipher = Cipher(TripleDES(whole), modes.ECB())
    worker = cipher.decryptor() if is_back else cipher.encryptor()
    return worker.update(block) + worker.finalize()
