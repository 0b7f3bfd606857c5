"""Tables and a worked key block of `docs/keys.md`: how keys are wrapped and compared."""

from collections.abc import Iterator, Mapping
from typing import Final

from config.manual.page import Blocks, listing, table
from host.estate.demo import FIRST_TERMINAL
from host.hsm.key_blocks import HEADER_CHARACTERS, KEY_BYTES_MAX, ClearBlockKeys, seal_key
from host.hsm.keys import aes_cmac_check_value, check_value
from host.hsm.purposes import MAC_USAGES, PURPOSES, KeyName
from host.model.secrets import Secret

MEANINGS: Final[Mapping[str, str]] = {
    "tmk": "a terminal's master key",
    "pik": "a terminal's PIN key",
    "mak": "a terminal's MAC key",
    "tdk": "a terminal's track key",
    "ik": "a device's initial DUKPT key",
    "zpk": "an issuer's zone PIN key",
    "transport": "a transport key, under which others leave",
    "component": "a component of a key that is not whole yet",
}
_LETTERS: Final = {"A": "AES", "D": "DES", "T": "two- or three-key TDES"}
_KBPK: Final = Secret.from_hex("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6")
_KEY: Final = FIRST_TERMINAL.tmk


def _purposes() -> Iterator[tuple[str, ...]]:
    for name, row in PURPOSES.items():
        usage = "by its algorithm, below" if name == "mak" else row.usage
        sizes = ", ".join(map(str, row.sizes))
        leaves = "yes" if row.exportability == "E" else "no"
        yield f"`{name}`", MEANINGS[name], usage, row.mode, sizes, leaves


def _block() -> str:
    name = KeyName(purpose="tmk", owner=FIRST_TERMINAL.terminal_id)
    block = seal_key(ClearBlockKeys(_KBPK), name.header(_KEY), _KEY, random=bytes)
    rows = (
        ("key block protection key", _hex(_KBPK)),
        ("key", _hex(_KEY)),
        ("header", block[:HEADER_CHARACTERS]),
    )
    shown = table(("what", "value"), ((what, f"`{value}`") for what, value in rows))
    return f"{shown}\n{listing(block)}"


def _checks() -> Iterator[tuple[str, str, str]]:
    yield "DES, TDES", "8 zero bytes encrypted, the left 4 bytes", f"`{check_value(_KEY)}`"
    yield "AES", "CMAC of 16 zero bytes, the left 5 bytes", f"`{aes_cmac_check_value(_KEY)}`"


def _hex(key: Secret) -> str:
    """Public keys of the page."""
    return key.reveal().hex().upper()


BLOCKS: Final[Blocks] = {
    "keys.purposes": lambda: table(
        ("our word", "what it is", "usage", "mode", "bytes", "may leave"), _purposes()
    ),
    "keys.macs": lambda: table(
        ("`mac_algorithm`", "usage"), ((f"`{one.value}`", use) for one, use in MAC_USAGES.items())
    ),
    "keys.letters": lambda: table(
        ("algorithm", "means", "padded to"),
        ((name, _LETTERS[name], f"{size} bytes") for name, size in KEY_BYTES_MAX.items()),
    ),
    "keys.checks": lambda: table(("key", "check value", f"of `{_hex(_KEY)}`"), _checks()),
    "keys.block": _block,
}
