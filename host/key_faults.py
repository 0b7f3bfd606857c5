"""Stored keys that cannot be used: altered, in another's place, or under another LMK.

One such row is one terminal's trouble. It is refused the key, told to sign on (A0) where that
brings another, and everybody else is served; the row is named in the log, in `posswitch keys list`
and by the audit. A terminal under DUKPT is never told to sign on: no sign-on brings it a key.
"""

from dataclasses import dataclass
from typing import Final

from host.hsm.ksn import KsnError
from host.hsm.vault import VaultError
from host.model.terminal import DUKPT

UNUSABLE: Final = (VaultError, KsnError, ValueError)
"""What opening a stored key, or putting it to use, may raise."""


_CURES: Final = {
    "tmk": "posswitch keys generate {owner} --replace makes it anew for its terminal",
    "ik": "posswitch keys import {owner} --key-id ID enters it anew",
    "zpk": "posswitch keys import {owner} --zone enters it anew",
    "transport": "posswitch keys import {owner} --transport enters it anew",
}
"""What replaces a key that people entered; a working key is replaced by a sign-on."""
_WORKING: Final = frozenset({"pik", "mak", "tdk"})


def cure_of(purpose: str, owner: str, mac_algorithm: str) -> str:
    """What to do about a key that cannot be used, as the end of a sentence."""
    if is_idle(purpose, mac_algorithm):
        purpose = "ik"
    cure = _CURES.get(purpose)
    if cure is not None:
        return cure.format(owner=owner)
    return "nothing, the terminal signs on by itself, then it is replaced"


def is_idle(purpose: str, mac_algorithm: str | None) -> bool:
    """Whether a key serves nobody: a working key of a terminal whose keys follow from its KSNs."""
    return purpose in _WORKING and mac_algorithm in DUKPT


def idle_fault(purpose: str, mac_algorithm: str) -> str:
    """Why a terminal with nothing but such keys cannot be served."""
    return f"no {purpose} serves a terminal that seals by {mac_algorithm}; it has no initial key"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFault:
    """One key that cannot be used, and why; quotes nothing of it."""

    owner: str
    purpose: str
    generation: int
    why: str

    def __str__(self) -> str:
        return f"{self.purpose} {self.generation} of {self.owner}: {self.why}"
