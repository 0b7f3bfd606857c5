"""The security module in this process: what is kept at rest under the local master key.

The LMK (32 random bytes) is the root; a key is derived from it for each purpose (see
`host.hsm.derivation`), so that no value made for one purpose is of use in another:

- a PAN is looked up by a keyed hash (AES-CMAC: without the key all PANs cannot be tried), and
  kept by AES-GCM for the few who must see it whole; what else must stay unread (a phone number, a
  seed of one-time codes) likewise, bound to its place;
- keys are stored as key blocks (ANSI X9.143, version D) that say what each is for and whose it is:
  a MAK put in the place of a PIK does not open, nor one terminal's key in another's row;
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

from host.hsm.ciphers import CLEAR_CIPHERS, Ciphers, checked_size
from host.hsm.derivation import derive, purpose_inputs
from host.hsm.key_blocks import (
    BlockKeys,
    ClearBlockKeys,
    Header,
    KeyBlockFormatError,
    header_of,
    open_key,
    seal_key,
)
from host.hsm.keys import aes_check_value
from host.hsm.mac import AesCmac
from host.hsm.purposes import LABEL, KeyName
from host.hsm.pvv import PinVerifier
from host.model.secrets import Pan, Secret
from host.named_files import read_named
from host.private_files import private_file

LMK_BYTES: Final = 32
LMK_VARIABLE: Final = "POSSWITCH_LMK"
NONCE_BYTES: Final = 12
PAN_DOES_NOT_OPEN: Final = (
    "a sealed PAN does not open: it was altered, or this is not the LMK it is under"
)
VALUE_DOES_NOT_OPEN: Final = (
    "a sealed value does not open: it was altered or put in another's place, or this is not the "
    "LMK it is under"
)

KEY_BLOCKS: Final = "key-blocks"
PAN_HASH: Final = "pan-hash"
PAN_SEAL: Final = "pan-seal"
VALUE_HASH: Final = "secret-hash"
VALUE_SEAL: Final = "secret-seal"
PVK: Final = "pvk"
CHECK_VALUE: Final = "check-value"
"""What keys are derived from the LMK for. Another word is another key: these never change."""


class VaultError(Exception):
    """A sealed value does not open: another LMK, another usage, or it was altered."""


class LmkError(Exception):
    """The local master key cannot be loaded or made. The message says what to do."""


class StoresKeys:
    """Keys as key blocks under their names: the same for every filling that has block keys."""

    __slots__ = ("_block_keys",)

    def __init__(self, block_keys: BlockKeys) -> None:
        self._block_keys = block_keys

    def wrap(self, key: Secret, name: KeyName) -> str:
        """A key for storage: a key block of version D, bound to its name.

        Raises:
            ValueError: the key has a length its purpose does not use.
        """
        return seal_key(self._block_keys, name.header(key), key)

    def unwrap(self, block: str, name: KeyName) -> Secret:
        """The key that `wrap` wrapped under the same name.

        Raises:
            VaultError: wrapped under another LMK or another name, or altered.
        """
        header, key = self.open_block(block)
        why = name.why_not(header, len(key))
        if why:
            raise VaultError(why)
        return key

    def open_block(self, block: str) -> tuple[Header, Secret]:
        """A stored key with its proved header, whatever key it is.

        Raises:
            VaultError: wrapped under another LMK, or altered.
        """
        try:
            return open_key(self._block_keys, block)
        except KeyBlockFormatError as error:
            msg = f"a stored key does not open under this LMK: {error}{_told_of(block)}"
            raise VaultError(msg) from None


class Vault(StoresKeys):
    """Seals and opens under one LMK in memory; keeps what it derives, and the contexts of it."""

    __slots__ = ("_hash_pan", "_hash_secret", "_lmk", "_pan_cipher", "_pvk", "_secret_cipher")

    def __init__(self, lmk: Secret) -> None:
        self._lmk = checked_size(lmk, (LMK_BYTES,), "an LMK")
        super().__init__(ClearBlockKeys(self._derived(KEY_BLOCKS, LMK_BYTES)))
        self._hash_pan = AesCmac(self._derived(PAN_HASH, 32)).whole
        self._pan_cipher = AESGCM(self._derived(PAN_SEAL, 32).reveal())
        self._hash_secret = AesCmac(self._derived(VALUE_HASH, 32)).whole
        self._secret_cipher = AESGCM(self._derived(VALUE_SEAL, 32).reveal())
        self._pvk = self._derived(PVK, 16)

    @property
    def pvk(self) -> Secret:
        """The key of PIN verification values, 16 bytes, for `host.hsm.pvv.PinVerifier`."""
        return self._pvk

    @property
    def check_value(self) -> str:
        """6 hexadecimal characters that tell one LMK from another and nothing else of it."""
        return aes_check_value(self._derived(CHECK_VALUE, LMK_BYTES))

    def answers(self) -> bool:
        """It is in this process."""
        return True

    def would_answer_anew(self) -> bool:
        """It never stops."""
        return False

    @property
    def ciphers(self) -> Ciphers:
        """Working keys are put to use in this process."""
        return CLEAR_CIPHERS

    def pin_verifier(self) -> PinVerifier:
        """Computes and checks PIN values under the PVK."""
        return PinVerifier(self._pvk)

    def pan_hash(self, pan: Pan) -> bytes:
        """16 bytes by which a card is found; the same for the same PAN under one LMK."""
        return self._hash_pan(pan.reveal().encode())

    def seal_pan(self, pan: Pan) -> bytes:
        """The PAN encrypted; another result every time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._pan_cipher.encrypt(nonce, pan.reveal().encode(), None)

    def open_pan(self, sealed: bytes) -> Pan:
        """The PAN that `seal_pan` sealed.

        Raises:
            VaultError: sealed under another LMK, or altered.
        """
        nonce, sealed = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return Pan(self._pan_cipher.decrypt(nonce, sealed, None).decode())
        except (InvalidTag, ValueError):
            raise VaultError(PAN_DOES_NOT_OPEN) from None

    def hash_secret(self, value: Secret, use: str) -> bytes:
        """16 bytes by which it is found; another use gives others."""
        return self._hash_secret(used_as(use, value))

    def seal_secret(self, value: Secret, place: str) -> bytes:
        """It encrypted, for this place alone; another result every time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._secret_cipher.encrypt(nonce, value.reveal(), place.encode())

    def open_secret(self, sealed: bytes, place: str) -> Secret:
        """What `seal_secret` sealed for the same place.

        Raises:
            VaultError: sealed under another LMK or for another place, or altered.
        """
        nonce, sealed = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return Secret(self._secret_cipher.decrypt(nonce, sealed, place.encode()))
        except (InvalidTag, ValueError):
            raise VaultError(VALUE_DOES_NOT_OPEN) from None

    def _derived(self, purpose: str, size: int) -> Secret:
        return derive(self._lmk, purpose_inputs(purpose, size), size)


def used_as(use: str, value: Secret) -> bytes:
    """What is hashed of a value: a use is text, so no two of them read as one."""
    return use.encode() + b"\x00" + value.reveal()


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
        text = read_named(path).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            f"no LMK: {path} cannot be read, and {LMK_VARIABLE} is not set. "
            "Next: put the file back from your copy"
        )
        raise LmkError(msg) from error
    return _parsed(text, str(path))


def create_lmk(path: Path) -> Secret:
    """A new random LMK in a new file that only its owner may read, on disk before we return.

    Raises:
        LmkError: the file exists (what is sealed under its LMK would be lost) or cannot be made.
    """
    lmk = Secret(secrets.token_bytes(LMK_BYTES))
    try:
        with private_file(path, is_new=True) as file:
            file.write(lmk.reveal().hex().encode() + b"\n")
    except FileExistsError as error:
        msg = (
            f"{path} exists already: an LMK is never overwritten, all under it would be lost. "
            "Next: run it again, with that one"
        )
        raise LmkError(msg) from error
    except OSError as error:
        msg = (
            f"{path}: the LMK cannot be written ({error.strerror}). "
            "Next: mend that, and start again"
        )
        raise LmkError(msg) from error
    return lmk


def _told_of(block: str) -> str:
    """What a block says of itself, unproved: whoever looks for the fault wants to know."""
    try:
        header = header_of(block)
    except KeyBlockFormatError:
        return ""
    label = header.option(LABEL) or "no label"
    told = f"usage {header.usage}, algorithm {header.algorithm}, mode {header.mode}, {label}"
    return f" (its header says {told})"


def _parsed(text: str, place: str) -> Secret:
    try:
        lmk = Secret.from_hex(text.strip())
    except ValueError:
        lmk = Secret(b"")
    if len(lmk) != LMK_BYTES:
        msg = (
            f"{place} is not an LMK: {2 * LMK_BYTES} hexadecimal characters are wanted. "
            "Next: put it back from your copy"
        )
        raise LmkError(msg)
    return lmk
