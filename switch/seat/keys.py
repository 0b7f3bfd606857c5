"""What a front holds for its seats: a directory with one key of its own, and under it theirs.

`front.key` is the front's transport key, `TERMINAL.tr31` a seat's master key under it, a TR-31
block as any that leaves the house. What is kept of a seat's day is sealed under a key derived from
the front's.
"""

import re
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from host.hsm.key_blocks import ClearBlockKeys, KeyBlockFormatError, open_key
from host.model.secrets import Secret
from host.named_files import read_named_text

FRONT_KEY: Final = "front.key"
BLOCK: Final = ".tr31"
KEY_BYTES: Final = 32
BYTES_MAX: Final = 4096
MASTER_KEY: Final = "K0"
_TERMINAL: Final = re.compile(r"[0-9A-Za-z]{8}")
_DAY_KEY: Final = b"posswitch seat day"


class SeatKeyError(ValueError):
    """A key of a seat cannot be used; the text says which file, and what to do."""


def front_key(directory: Path) -> Secret | None:
    """The front's own; None where there is none yet.

    Raises:
        SeatKeyError: the file holds none.
    """
    path = directory / FRONT_KEY
    if not path.exists():
        return None
    try:
        key = Secret.from_hex(_read(path))
    except ValueError:
        key = Secret(b"")
    if len(key) != KEY_BYTES:
        raise SeatKeyError(
            f"{path} holds no key of {KEY_BYTES} bytes. Next: bring back the file from its backup, "
            "or remove it with all of its directory, and have new seats made by posswitch keys seat"
        )
    return key


def seats_in(directory: Path) -> list[str]:
    """The terminals whose keys are here."""
    found = [path.stem for path in sorted(directory.glob(f"*{BLOCK}"))]
    return [one for one in found if _TERMINAL.fullmatch(one)]


def master_key(directory: Path, terminal_id: str, under: Secret) -> Secret:
    """Of one seat.

    Raises:
        SeatKeyError: the block is not under the front's key, or of another terminal.
    """
    path = directory / f"{terminal_id}{BLOCK}"
    try:
        header, key = open_key(ClearBlockKeys(under), _read(path))
    except KeyBlockFormatError as error:
        raise SeatKeyError(
            f"{path}: {error}. Next: make it again with posswitch keys seat {terminal_id}"
        ) from None
    owner = (header.option("LB") or "").split("/")[1:2]
    if header.usage != MASTER_KEY or owner != [terminal_id]:
        raise SeatKeyError(
            f"{path} is the key of something else. Next: make it again with posswitch keys seat "
            f"{terminal_id}"
        )
    return key


def day_key(under: Secret) -> Secret:
    """Under which a front seals what it keeps of its seats."""
    kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_DAY_KEY)
    return Secret(kdf.derive(under.reveal()))


def _read(path: Path) -> str:
    return read_named_text(path).strip()
