"""What the house asks of a security module, whichever fills it.

Two fillings: `host.hsm.vault.Vault`, in this process under an LMK of a file, and
`host.hsm.pkcs11.Pkcs11Hsm`, whose LMK and all that is derived from it stay in a device. Under one
LMK both give the same values: what one has stored the other opens.
"""

from typing import Protocol

from host.hsm.ciphers import Ciphers
from host.hsm.key_blocks import Header
from host.hsm.purposes import KeyName
from host.hsm.pvv import PinVerifier
from host.model.secrets import Pan, Secret


class Hsm(Protocol):
    """Everything that is done under the LMK, and where working keys are put to use."""

    @property
    def check_value(self) -> str:
        """6 hexadecimal characters that tell one LMK from another and nothing else of it."""
        ...

    def answers(self) -> bool:
        """Whether it can be used now. May wait for a device."""
        ...

    def would_answer_anew(self) -> bool:
        """Whether who opens it now could use it, with the same LMK, though we cannot."""
        ...

    @property
    def ciphers(self) -> Ciphers:
        """Where PIN keys and master keys encrypt and decrypt."""
        ...

    def pan_hash(self, pan: Pan) -> bytes:
        """16 bytes by which a card is found; the same for the same PAN under one LMK."""
        ...

    def seal_pan(self, pan: Pan) -> bytes:
        """The PAN encrypted; another result every time."""
        ...

    def open_pan(self, sealed: bytes) -> Pan:
        """The PAN that `seal_pan` sealed.

        Raises:
            VaultError: sealed under another LMK, or altered.
        """
        ...

    def hash_secret(self, value: Secret, use: str) -> bytes:
        """16 bytes by which what a person knows or is reached by is found, as a phone number.

        The same for the same value and use under one LMK; `use` is a word of ours.
        """
        ...

    def seal_secret(self, value: Secret, place: str) -> bytes:
        """What is no key, encrypted, such as a phone number; another result every time.

        `place` says whose it is and where it stands: it opens nowhere else.
        """
        ...

    def open_secret(self, sealed: bytes, place: str) -> Secret:
        """What `seal_secret` sealed for the same place.

        Raises:
            VaultError: sealed under another LMK or for another place, or altered.
        """
        ...

    def wrap(self, key: Secret, name: KeyName) -> str:
        """A key for storage: a key block of version D under the LMK, bound to its name."""
        ...

    def unwrap(self, block: str, name: KeyName) -> Secret:
        """The key that `wrap` wrapped under the same name.

        Raises:
            VaultError: another LMK, another key's block, or altered.
        """
        ...

    def open_block(self, block: str) -> tuple[Header, Secret]:
        """A stored key with its proved header, whatever key it is.

        Raises:
            VaultError: another LMK, or altered.
        """
        ...

    def pin_verifier(self) -> PinVerifier:
        """Computes and checks PIN values under the PVK."""
        ...
