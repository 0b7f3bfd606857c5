"""Key blocks: ANSI X9.143 (TR-31), version D, the one that AES keys protect.

A block is text: a 16-character header, optional blocks, then the key under AES-CBC and a CMAC in
hexadecimal. The CMAC covers the header and the clear key and is the IV of the encryption, so what
the header says of a key (its usage, algorithm, mode of use, whether it may be exported) cannot be
changed without the block failing to open. Two keys are derived from the key block protection key
(KBPK): one encrypts, one authenticates.

The key is padded to the longest of its algorithm, so that the block's length does not tell it.
"""

import hmac
import secrets
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from host.hsm.ciphers import AES_BLOCK_BYTES, AES_KEY_SIZES, checked_size
from host.hsm.derivation import derive
from host.model.secrets import Secret

VERSION: Final = "D"
FORMER_WRAPPING: Final = "wrapped "
"""What migration 0004 puts before a key of the former wrapping."""
HEADER_CHARACTERS: Final = 16
BLOCK_CHARACTERS_MAX: Final = 9999
OPTIONAL_BYTES_MAX: Final = 255
KEY_BYTES_MAX: Final[dict[str, int]] = {"D": 24, "T": 24, "A": 32}
"""Algorithm letter (DES, triple DES, AES) to the length every key of it is padded to."""
PADDING_BLOCK: Final = "PB"

_MAC_CHARACTERS: Final = 2 * AES_BLOCK_BYTES
_DERIVED_AS: Final[dict[int, bytes]] = {16: b"\x00\x02", 24: b"\x00\x03", 32: b"\x00\x04"}
"""KBPK length to the algorithm its derived keys are for."""


class KeyBlockFormatError(Exception):
    """A key block is not what the standard says, or was altered, or is under another key."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a key block says of its key. `optional` keeps its order: id to text."""

    usage: str
    """Two characters: K0 key encryption, P0 PIN, M0 to M8 MAC, D0 data, B0 BDK, B1 IK."""
    algorithm: str
    """A, D or T."""
    mode: str
    """B both, C both of a MAC, D decrypt, E encrypt, G generate, V verify, X derive, N any."""
    exportability: str = "N"
    """E under a trusted key, N never, S under any."""
    version: str = "00"
    optional: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str | None:
        """The text of an optional block; None where there is none of that name."""
        return dict(self.optional).get(name)


class BlockKeys(Protocol):
    """The two keys derived from one KBPK, wherever they are held."""

    def encrypt(self, iv: bytes, data: bytes) -> bytes:
        """AES-CBC under the encryption key; whole blocks."""
        ...

    def decrypt(self, iv: bytes, data: bytes) -> bytes:
        """And back."""
        ...

    def mac(self, data: bytes) -> bytes:
        """AES-CMAC under the authentication key, 16 bytes."""
        ...


class ClearBlockKeys:
    """Block keys derived from a KBPK of 16, 24 or 32 bytes, held in memory."""

    __slots__ = ("_cipher", "_mac")

    def __init__(self, kbpk: Secret) -> None:
        size = len(checked_size(kbpk, AES_KEY_SIZES, "a key block protection key"))
        key = derive(kbpk, encryption_inputs(size), size)
        self._cipher = AES(key.reveal())
        self._mac = CMAC(AES(derive(kbpk, authentication_inputs(size), size).reveal()))

    def encrypt(self, iv: bytes, data: bytes) -> bytes:
        """AES-CBC."""
        return Cipher(self._cipher, modes.CBC(iv)).encryptor().update(data)

    def decrypt(self, iv: bytes, data: bytes) -> bytes:
        """And back."""
        return Cipher(self._cipher, modes.CBC(iv)).decryptor().update(data)

    def mac(self, data: bytes) -> bytes:
        """AES-CMAC."""
        state = self._mac.copy()
        state.update(data)
        return state.finalize()


def encryption_inputs(size: int) -> tuple[bytes, ...]:
    """What the encryption key of a KBPK of `size` bytes is derived from (X9.143, table of D)."""
    return _inputs(b"\x00\x00", size)


def authentication_inputs(size: int) -> tuple[bytes, ...]:
    """What the authentication key is derived from."""
    return _inputs(b"\x00\x01", size)


def seal_key(
    keys: BlockKeys, header: Header, key: Secret, random: Callable[[int], bytes] | None = None
) -> str:
    """The key block.

    Raises:
        ValueError: the header is not one of the standard's, or the key too long for it.
    """
    size = KEY_BYTES_MAX.get(header.algorithm, 0)
    if not 0 < len(key) <= size:
        msg = f"a key of {len(key)} bytes does not fit algorithm {header.algorithm!r}"
        raise ValueError(msg)
    clear = (len(key) * 8).to_bytes(2, "big") + key.reveal()
    whole = -(-(2 + size) // AES_BLOCK_BYTES) * AES_BLOCK_BYTES
    clear += (random or secrets.token_bytes)(whole - len(clear))
    text = _spelled(header, len(clear))
    mac = keys.mac(text.encode() + clear)
    return f"{text}{keys.encrypt(mac, clear).hex().upper()}{mac.hex().upper()}"


def open_key(keys: BlockKeys, block: str) -> tuple[Header, Secret]:
    """The header and the key of a block, both proved by its MAC.

    Raises:
        KeyBlockFormatError: it is not a block of version D, or not under this KBPK, or altered.
    """
    header, end = _parsed(block)
    data, mac = _bytes(block[end:-_MAC_CHARACTERS]), _bytes(block[-_MAC_CHARACTERS:])
    if not data or len(data) % AES_BLOCK_BYTES or len(mac) != AES_BLOCK_BYTES:
        raise KeyBlockFormatError("a key block's encrypted part is not whole")
    clear = keys.decrypt(mac, data)
    if not hmac.compare_digest(keys.mac(block[:end].encode() + clear), mac):
        raise KeyBlockFormatError("a key block was altered, or is under another key")
    bits = int.from_bytes(clear[:2], "big")
    key = clear[2 : 2 + bits // 8]
    if bits % 8 or not key or len(key) * 8 != bits:
        raise KeyBlockFormatError("a key block holds no key of whole bytes")
    return header, Secret(key)


def header_of(block: str) -> Header:
    """What a block says of itself, not proved: for lists that people read.

    Raises:
        KeyBlockFormatError: it is not a block of version D.
    """
    return _parsed(block)[0]


def _inputs(use: bytes, size: int) -> tuple[bytes, ...]:
    tail = use + b"\x00" + _DERIVED_AS[size] + (size * 8).to_bytes(2, "big")
    return tuple(bytes([place]) + tail for place in range(1, 2 if size == AES_BLOCK_BYTES else 3))


def _spelled(header: Header, clear_bytes: int) -> str:
    """The header with its optional blocks, padded to whole cipher blocks, and the length in all."""
    options = [_option(name, text) for name, text in header.optional]
    over = sum(map(len, options)) % AES_BLOCK_BYTES
    if over:
        fill = -(over + 4) % AES_BLOCK_BYTES
        options.append(_option(PADDING_BLOCK, "0" * fill))
    body = "".join(options)
    length = HEADER_CHARACTERS + len(body) + 2 * clear_bytes + _MAC_CHARACTERS
    named = f"{header.usage}{header.algorithm}{header.mode}{header.version}{header.exportability}"
    text = f"{VERSION}{length:04d}{named}{len(options):02d}00{body}"
    if length > BLOCK_CHARACTERS_MAX or len(named) != 7 or not _is_plain(text):
        raise ValueError("a key block header is not of its form")
    return text


def _option(name: str, text: str) -> str:
    if len(name) != 2 or len(text) + 4 > OPTIONAL_BYTES_MAX:
        raise ValueError(
            "an optional part of a key block has a name of two characters and at most 251 of text"
        )
    return f"{name}{len(text) + 4:02X}{text}"


def _parsed(block: str) -> tuple[Header, int]:
    """The header, and where the encrypted part begins."""
    if block.startswith(FORMER_WRAPPING):
        raise KeyBlockFormatError(
            "it is wrapped as releases before key blocks did, not a key block"
        )
    if not _is_plain(block) or len(block) < HEADER_CHARACTERS or block[0] != VERSION:
        begins = f": it begins with {block[0]!r}" if _is_plain(block[:1]) and block else ""
        raise KeyBlockFormatError(f"this is not a key block of version D{begins}")
    if block[1:5] != f"{len(block):04d}" or not (block[12:14].isdigit() and block[14:16] == "00"):
        raise KeyBlockFormatError("a key block's header does not fit its length")
    options: list[tuple[str, str]] = []
    at = HEADER_CHARACTERS
    for _ in range(int(block[12:14])):
        name, text, at = _option_at(block, at)
        if name != PADDING_BLOCK:
            options.append((name, text))
    header = Header(
        usage=block[5:7],
        algorithm=block[7],
        mode=block[8],
        version=block[9:11],
        exportability=block[11],
        optional=tuple(options),
    )
    return header, at


def _option_at(block: str, at: int) -> tuple[str, str, int]:
    """Name, text and end of the optional block that begins here."""
    told = _bytes(block[at + 2 : at + 4])
    size = told[0] if told else 0
    end = at + size
    if size < 4 or end > len(block):
        raise KeyBlockFormatError("an optional block of a key block does not fit")
    return block[at : at + 2], block[at + 4 : end], end


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise KeyBlockFormatError("a key block has characters where hexadecimal belongs") from None


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
