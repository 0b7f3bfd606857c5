"""What the switch must know of a terminal to speak with it."""

import enum
from typing import Final

import msgspec

from host.model.secrets import Secret


@enum.unique
class MacAlgorithm(enum.StrEnum):
    """How a terminal group seals its messages. Parameters are in `host.hsm`."""

    UNIONPAY_ECB = "up-ecb"
    UNIONPAY_ECB_TDES = "up-ecb-tdes"
    X9_9 = "x9.9"
    X9_19 = "x9.19"
    TDES_CBC = "tdes-cbc"
    AES_CMAC = "cmac"
    AES_DUKPT = "aes-dukpt"
    TDES_DUKPT = "tdes-dukpt"


DUKPT: Final = frozenset({MacAlgorithm.AES_DUKPT, MacAlgorithm.TDES_DUKPT})
"""Groups whose keys follow from each message's KSN: no sign-on brings them any."""


@enum.unique
class TerminalFamily(enum.StrEnum):
    """What a terminal is, and so which dialects it speaks."""

    POS = "pos"
    MIS = "mis"
    SOFTPOS = "softpos"


FAMILIES: Final = {
    "pos": TerminalFamily.POS,
    "ascii87": TerminalFamily.POS,
    "mis": TerminalFamily.MIS,
    "softpos": TerminalFamily.SOFTPOS,
}
"""Whose dialect it is, by the institution in exchange keys."""

ORDER_BLIND: Final = frozenset({MacAlgorithm.UNIONPAY_ECB, MacAlgorithm.UNIONPAY_ECB_TDES})
"""They fold a message before they encrypt: blocks may change places, and two that are alike
vanish. For terminals that have nothing else, on lines where nobody else speaks."""


class MacKey(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One delivered message authentication key. A later sign-on has a higher generation."""

    generation: int
    key: Secret


class TerminalProfile(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A terminal as the switch sees it.

    `mac_keys` holds the newest first: after a sign-on whose answer may have been lost the keys
    in use stay valid until the first message under the new ones, so there are up to two.
    """

    terminal_id: str
    merchant_id: str
    epoch: str
    mac_algorithm: MacAlgorithm
    mac_keys: tuple[MacKey, ...] = ()
    family: TerminalFamily | None = None
    """What it is; None: nobody has said, and any dialect is taken."""
