"""A seat of a web front: a terminal's master key under the front's own, in a directory of both."""

import secrets
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
    block, check_value = key_for_seat(connection, hsm, terminal_id, under, by=by, now=utc_now())
    path = directory / f"{terminal_id}{BLOCK}"
    _write(path, block)
    return path, check_value


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
    try:
        with private_file(path) as file:
            file.write(text.encode() + b"\n")
    except OSError as error:
        raise SurroundingsError(
            f"{path} cannot be written: {error.strerror}. Next: mend that, and make the seat again "
            "with --replace",
            "E-FILE",
        ) from error
