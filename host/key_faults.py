"""Stored keys that cannot be used: altered, in another's place, or under another LMK.

One such row is one terminal's trouble. It is refused the key, told to sign on (A0) where that
brings another, and everybody else is served; the row is named in the log, in `posswitch keys list`
and by the audit.
"""

from dataclasses import dataclass
from typing import Final

from host.hsm.ksn import KsnError
from host.hsm.vault import VaultError

UNUSABLE: Final = (VaultError, KsnError, ValueError)
"""What opening a stored key, or putting it to use, may raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFault:
    """One key that cannot be used, and why; quotes nothing of it."""

    owner: str
    purpose: str
    generation: int
    why: str

    def __str__(self) -> str:
        return f"{self.purpose} {self.generation} of {self.owner}: {self.why}"
