"""A seat of a web front: a terminal's master key under the front's own, in a directory of both."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.errors import SurroundingsError
from host.clock import utc_now
from host.hsm.interface import Hsm
from host.keys import key_for_seat
from host.model.secrets import Secret
from host.private_files import private_file
from host.store.connecting import Connection
from switch.seat.keys import BLOCK, FRONT_KEY, KEY_BYTES, front_key

PRIVATE: Final = 0o700


def make_seat_key(
    connection: Connection, hsm: Hsm, terminal_id: str, directory: Path, *, by: str
) -> tuple[Path, str]:
    """Make the key, and the front's own where it has none; where it is, and its check value.

    Raises:
        SurroundingsError: it cannot be written.
        KeyCeremonyError, SeatKeyError: nothing was made.
    """
    under = _front_key(directory)
    path = directory / f"{terminal_id}{BLOCK}"
    with _written(path), private_file(path) as file:  # in its place once the key is stored

        def hand_out(block: str) -> None:
            file.write(block.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

        told = key_for_seat(connection, hsm, terminal_id, under, hand_out, by=by, now=utc_now())
    return path, told


def _front_key(directory: Path) -> Secret:
    """The front's, made where there is none."""
    try:
        directory.mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as error:
        raise SurroundingsError(
            f"{directory} cannot be made: {error.strerror}. Next: name another with --to", "E-FILE"
        ) from error
    found = front_key(directory)
    if found is not None:
        return found
    key = secrets.token_bytes(KEY_BYTES)
    _write(directory / FRONT_KEY, key.hex().upper())
    return Secret(key)


def _write(path: Path, text: str) -> None:
    with _written(path), private_file(path) as file:
        file.write(text.encode() + b"\n")


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """In which a file is written; where it cannot be, the terminal keeps the key that it has."""
    try:
        yield
    except OSError as error:
        raise SurroundingsError(
            f"{path} cannot be written: {error.strerror}. Nothing was made. Next: mend that, and "
            "run it again",
            "E-FILE",
        ) from error
