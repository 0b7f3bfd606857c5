"""How a file is brought somewhere: whole or not at all, and read back before it has its name.

`Far` is where to: a directory of ours, or somebody's server. A file goes there under a name that
nobody takes; what came is read back, and only as the bytes that were sent it is renamed. Whoever is
killed on the way sends it again: a file that is there whole is not sent twice.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from clearing.files import sha256_of

DRAFT: Final = ".{name}.part"
ACKNOWLEDGEMENT: Final = "{name}.ack"
"""What a party leaves beside a file: its SHA-256 as hexadecimal digits, and what else it likes."""
ACKNOWLEDGEMENT_BYTES_MAX: Final = 4_096
DIGEST_DIGITS: Final = 64


class SendingError(Exception):
    """It could not be brought there. Says why, as much as the other end tells."""


class AnotherDigestError(SendingError):
    """Who got it says that it is not what was sent."""


class Far(Protocol):
    """A directory somewhere. Each method raises SendingError; what is not there is None."""

    def put(self, name: str, source: Path) -> None:
        """Write a file, over one that is there."""

    def rename(self, before: str, name: str) -> None:
        """Give a file its name, in place of one that has it."""

    def read(self, name: str) -> Iterator[bytes] | None:
        """What is there, block by block."""


def send(far: Far, name: str, source: Path) -> None:
    """Bring a file there under its name.

    Raises:
        SendingError: it is not there by its name, or is what it was before.
    """
    sent = source.stat().st_size, sha256_of(source)
    if _found(far, name) == sent:
        return
    draft = DRAFT.format(name=name)
    far.put(draft, source)
    there = _found(far, draft)
    if there != sent:
        message = (
            f"{sent[0]} bytes were sent and {there[0] if there is not None else 0} are there, or "
            "they are others"
        )
        raise SendingError(message)
    far.rename(draft, name)


def is_acknowledged(far: Far, name: str, sha256: bytes) -> bool:
    """Whether who got it says that they have these bytes.

    Raises:
        AnotherDigestError: they say that they have others.
        SendingError: it cannot be asked for.
    """
    blocks = far.read(ACKNOWLEDGEMENT.format(name=name))
    if blocks is None:
        return False
    said = b""
    for block in blocks:
        said += block
        if len(said) > ACKNOWLEDGEMENT_BYTES_MAX:
            message = f"the acknowledgement has more than {ACKNOWLEDGEMENT_BYTES_MAX} bytes"
            raise AnotherDigestError(message)
    digest = said.decode("ascii", "replace").strip()[:DIGEST_DIGITS].lower()
    if len(digest) < DIGEST_DIGITS:
        return False  # it is still being written
    if digest != sha256.hex():
        message = f"the acknowledgement says {digest!a}, and {sha256.hex()} was sent"
        raise AnotherDigestError(message)
    return True


def _found(far: Far, name: str) -> tuple[int, bytes] | None:
    """Size and SHA-256 of what is there."""
    blocks = far.read(name)
    if blocks is None:
        return None
    size, digest = 0, hashlib.sha256()
    for block in blocks:
        size += len(block)
        digest.update(block)
    return size, digest.digest()
