"""What a stored key is for, spelled as the header of its key block.

A key block is bound to one place: the label in it names whose key it is and of which generation,
so that a key copied into another terminal's row, or an old one put back, does not open.
"""

from dataclasses import dataclass
from typing import Final

from host.hsm.ciphers import AES_KEY_SIZES, DES_KEY_SIZES
from host.hsm.key_blocks import Header
from host.hsm.keys import aes_cmac_check_value, check_value
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm

LABEL: Final = "LB"
CHECK_VALUE: Final = "KC"
KEY_ID: Final[dict[str, str]] = {"A": "IK", "T": "KS"}
"""Algorithm of an initial DUKPT key to the optional block that carries its id."""
_CHECK_KIND: Final[dict[str, str]] = {"A": "01", "T": "00", "D": "00"}
"""Optional block KC begins with how it was made: 00 zeros encrypted, 01 CMAC."""

PROPRIETARY_MAC: Final = "10"
"""X9.143 leaves usages 10 to 99 to us: the UnionPay ECB MAC is in no standard."""
MAC_USAGES: Final[dict[MacAlgorithm, str]] = {
    MacAlgorithm.UNIONPAY_ECB: PROPRIETARY_MAC,
    MacAlgorithm.UNIONPAY_ECB_TDES: PROPRIETARY_MAC,
    MacAlgorithm.X9_9: "M1",
    MacAlgorithm.X9_19: "M3",
    MacAlgorithm.TDES_CBC: "M0",
    MacAlgorithm.AES_CMAC: "M6",
}


DUKPT_KEYS: Final[dict[MacAlgorithm, str]] = {
    MacAlgorithm.AES_DUKPT: "A",
    MacAlgorithm.TDES_DUKPT: "T",
}
"""The algorithm of the initial key that a DUKPT group's messages are sealed under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One kind of stored key: its header, and the lengths it may have."""

    usage: str
    mode: str
    sizes: tuple[int, ...]
    exportability: str = "N"
    is_aes: bool | None = False
    """None: as the MAC algorithm says, or by whom the key is for."""


PURPOSES: Final[dict[str, Purpose]] = {
    "tmk": Purpose(usage="K0", mode="E", sizes=(16, 24), exportability="E"),
    "pik": Purpose(usage="P0", mode="D", sizes=DES_KEY_SIZES),
    "mak": Purpose(usage="M0", mode="C", sizes=(8, 16), is_aes=None),
    "tdk": Purpose(usage="D0", mode="D", sizes=(16,)),
    "ik": Purpose(usage="B1", mode="X", sizes=(16,), is_aes=None, exportability="E"),
    "zpk": Purpose(usage="P0", mode="E", sizes=(16, 24)),
    "transport": Purpose(usage="K1", mode="B", sizes=AES_KEY_SIZES, is_aes=True),
    "component": Purpose(usage="11", mode="N", sizes=AES_KEY_SIZES, is_aes=True),
}
"""Our word to its header. A part of a key not whole yet has no usage in the standard, so it has
one of ours. K1 is a key block protection key: what other key blocks are under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyName:
    """Which stored key: its purpose, whose it is, and its generation."""

    purpose: str
    owner: str
    """A terminal id, or the name of a transport or zone key."""
    generation: int = 0
    mac_algorithm: MacAlgorithm | None = None
    """How its terminal seals: what a MAC key computes, and of which kind an initial key is."""
    key_id: str | None = None
    """Of an initial DUKPT key: 16 hexadecimal characters for AES, 20 for TDES."""

    @property
    def row(self) -> Purpose:
        """Its row in the table."""
        return PURPOSES[self.purpose]

    @property
    def label(self) -> str:
        """What binds it to its place; people read it in a key block."""
        return f"{self.purpose}/{self.owner}/{self.generation}"

    @property
    def usage(self) -> str:
        """The two characters of the header."""
        algorithm = self.mac_algorithm
        if self.purpose != "mak" or algorithm is None:
            return self.row.usage
        return MAC_USAGES.get(algorithm, self.row.usage)

    def algorithm_of(self, size: int) -> str:
        """The header's algorithm letter for a key of that many bytes."""
        is_aes = self.row.is_aes
        if self.purpose == "mak":
            is_aes = self.mac_algorithm is MacAlgorithm.AES_CMAC
        elif self.purpose == "ik":
            is_aes = self.key_id is None or len(self.key_id) == AES_KEY_ID_CHARACTERS
        if is_aes:
            return "A"
        return "D" if size == 8 else "T"

    def header(self, key: Secret) -> Header:
        """The header of this key's block.

        Raises:
            ValueError: the key has a length its purpose does not use.
        """
        if len(key) not in self.row.sizes:
            wanted = " or ".join(map(str, self.row.sizes))
            msg = f"a {self.purpose} is {wanted} bytes, this one has {len(key)}"
            raise ValueError(msg)
        algorithm = self.algorithm_of(len(key))
        options = [(LABEL, self.label)]
        if self.purpose != "component":
            options.append((CHECK_VALUE, _CHECK_KIND[algorithm] + check_value_of(key, algorithm)))
        if self.key_id is not None:
            options.append((KEY_ID[algorithm], self.key_id))
        return Header(
            usage=self.usage,
            algorithm=algorithm,
            mode=self.row.mode,
            exportability=self.row.exportability,
            optional=tuple(options),
        )

    def why_not(self, header: Header, size: int) -> str:
        """Why a proved header is not this key's: place, purpose, algorithm, mode and export.

        Empty where it is.
        """
        label = header.option(LABEL)
        if label != self.label:
            return (
                f"a stored key is not {self.label!r} but {label!r}: it was put in another's place"
            )
        if size not in self.row.sizes:
            sizes = " or ".join(map(str, self.row.sizes))
            return f"a stored key is {size} bytes, and a {self.purpose} is {sizes}"
        pairs = (
            ("usage", header.usage, self.usage),
            ("algorithm", header.algorithm, self._algorithm_wanted(header, size)),
            ("mode", header.mode, self.row.mode),
            ("exportability", header.exportability, self.row.exportability),
        )
        wrong = [
            f"{name} {told} and not {wanted}" for name, told, wanted in pairs if told != wanted
        ]
        if not wrong:
            return ""
        seals = f", for the terminal seals by {self.mac_algorithm}" if self.mac_algorithm else ""
        return f"a stored key's header says {', '.join(wrong)}{seals}"

    def _algorithm_wanted(self, header: Header, size: int) -> str:
        """Of an initial key it is its own, unless the terminal's messages are sealed under it."""
        if self.purpose != "ik":
            return self.algorithm_of(size)
        sealed_under = DUKPT_KEYS.get(self.mac_algorithm) if self.mac_algorithm else None
        return sealed_under or header.algorithm


AES_KEY_ID_CHARACTERS: Final = 16


def check_value_of(key: Secret, algorithm: str) -> str:
    """A key's check value by its algorithm: DES 8 characters, AES by CMAC 10."""
    return aes_cmac_check_value(key) if algorithm == "A" else check_value(key)


def key_id_of(header: Header) -> str | None:
    """The id of an initial DUKPT key."""
    return header.option(KEY_ID.get(header.algorithm, "")) if header.algorithm in KEY_ID else None
