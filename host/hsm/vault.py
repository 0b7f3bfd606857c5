"""What is kept at rest under the local master key: card numbers and the keys of terminals.

The LMK (32 random bytes) encrypts nothing itself. HKDF (RFC 5869) derives one key from it for
each purpose, so that no value made for one purpose is of use in another:

- a PAN is looked up by a keyed hash (AES-CMAC: without the key all PANs cannot be tried), and
  kept by AES-GCM for the few who must see it whole;
- terminal keys are wrapped by AES key wrap with padding (RFC 5649) under a key of their usage:
  a MAK put in the place of a PIK does not unwrap. A caller may put more into the usage, such as
  the terminal, and binds the key to that too;
- the PVK, under which PIN values are computed.

The LMK comes from the environment or from a file of 64 hexadecimal characters that only its
owner may read.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from host.hsm.ciphers import checked_size
from host.hsm.mac import AesCmac
from host.model.secrets import Pan, Secret

LMK_BYTES: Final = 32
LMK_VARIABLE: Final = "POSSWITCH_LMK"
_NONCE_BYTES: Final = 12


class VaultError(Exception):
    """A sealed value does not open: another LMK, another usage, or it was altered."""


class LmkError(Exception):
    """The local master key cannot be loaded or made. The message says what to do."""


class Vault:
    """Seals and opens under one LMK; keeps what it derives, and the contexts of it."""

    __slots__ = ("_hash_pan", "_lmk", "_pan_cipher", "_pvk")

    def __init__(self, lmk: Secret) -> None:
        self._lmk = checked_size(lmk, (LMK_BYTES,), "an LMK")
        self._hash_pan = AesCmac(self._derived("pan-hash", 32)).whole
        self._pan_cipher = AESGCM(self._derived("pan-seal", 32).reveal())
        self._pvk = self._derived("pvk", 16)

    @property
    def pvk(self) -> Secret:
        """The key of PIN verification values, 16 bytes, for `host.hsm.pvv.PinVerifier`."""
        return self._pvk

    @property
    def check_value(self) -> str:
        """6 hexadecimal characters that tell one LMK from another and nothing else of it."""
        return self._derived("check-value", 3).reveal().hex().upper()

    def pan_hash(self, pan: Pan) -> bytes:
        """16 bytes by which a card is found; the same for the same PAN under one LMK."""
        return self._hash_pan(pan.reveal().encode())

    def seal_pan(self, pan: Pan) -> bytes:
        """The PAN encrypted; another result every time."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._pan_cipher.encrypt(nonce, pan.reveal().encode(), None)

    def open_pan(self, sealed: bytes) -> Pan:
        """The PAN that `seal_pan` sealed.

        Raises:
            VaultError: sealed under another LMK, or altered.
        """
        nonce, sealed = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return Pan(self._pan_cipher.decrypt(nonce, sealed, None).decode())
        except (InvalidTag, ValueError):
            msg = "a sealed PAN does not open: it was altered, or this is not the LMK it is under"
            raise VaultError(msg) from None

    def wrap(self, key: Secret, usage: str) -> bytes:
        """A key for storage. `usage` (`tmk`, `pik`, ...) must be told again to unwrap it."""
        return aes_key_wrap_with_padding(self._wrapping_key(usage), key.reveal())

    def unwrap(self, wrapped: bytes, usage: str) -> Secret:
        """The key that `wrap` wrapped for the same usage.

        Raises:
            VaultError: wrapped under another LMK or for another usage, or altered.
        """
        try:
            return Secret(aes_key_unwrap_with_padding(self._wrapping_key(usage), wrapped))
        except (InvalidUnwrap, ValueError):
            msg = (
                f"a wrapped key does not open as {usage!r}: it was altered, is of another usage, "
                "or this is not the LMK it is under"
            )
            raise VaultError(msg) from None

    def _wrapping_key(self, usage: str) -> bytes:
        return self._derived(f"wrap/{usage}", 32).reveal()

    def _derived(self, purpose: str, size: int) -> Secret:
        info = f"posswitch/1/{purpose}".encode()
        kdf = HKDF(algorithm=SHA256(), length=size, salt=None, info=info)
        return Secret(kdf.derive(self._lmk.reveal()))


def load_lmk(path: Path, environ: Mapping[str, str] = os.environ) -> Secret:
    """The LMK: of the variable `POSSWITCH_LMK` when that is set, else of the file.

    Raises:
        LmkError: neither is there, others may read the file, or it is not 64 hexadecimal digits.
    """
    if LMK_VARIABLE in environ:
        return _parsed(environ[LMK_VARIABLE], f"the variable {LMK_VARIABLE}")
    try:
        if path.stat().st_mode & 0o077:
            msg = f"{path}: others than its owner may read the LMK. Next: chmod 600 {path}"
            raise LmkError(msg)
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"no LMK: {path} cannot be read, and {LMK_VARIABLE} is not set"
        raise LmkError(msg) from error
    return _parsed(text, str(path))


def create_lmk(path: Path) -> Secret:
    """A new random LMK in a new file that only its owner may read, on disk before we return.

    Raises:
        LmkError: the file exists (what is sealed under its LMK would be lost) or cannot be made.
    """
    lmk = Secret(secrets.token_bytes(LMK_BYTES))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(lmk.reveal().hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_directory(path.parent)
    except FileExistsError as error:
        msg = f"{path} exists already: an LMK is never overwritten, all under it would be lost"
        raise LmkError(msg) from error
    except OSError as error:
        msg = f"{path}: the LMK cannot be written ({error.strerror})"
        raise LmkError(msg) from error
    return lmk


def _parsed(text: str, place: str) -> Secret:
    try:
        lmk = Secret.from_hex(text.strip())
    except ValueError:
        lmk = Secret(b"")
    if len(lmk) != LMK_BYTES:
        msg = f"{place} is not an LMK: {2 * LMK_BYTES} hexadecimal characters are wanted"
        raise LmkError(msg)
    return lmk


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
