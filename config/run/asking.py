"""Asking a running program at its control socket, with nothing but the standard library.

Shell completion asks too, and has a third of a second from the key to the words: so this imports
neither the event loop nor the database.
"""

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from config.places import Places

HOST: Final = 0
"""The host's number; switch processes count from 1."""
RELOAD: Final = "reload"
LOOK: Final = "look"
NAMES: Final = "names"
RECORD: Final = "record"
"""What may be asked: NAMES is followed by the kind of name, RECORD by a key and a channel."""
Names = list[tuple[str, str]]
"""What is answered to NAMES: each name, and a few words about it."""


def control_path(places: "Places", number: int) -> Path:
    """Where the switch process of this number is asked, or the host."""
    return places.run / ("host.ctl" if number == HOST else f"switch-{number}.ctl")


def control_paths(places: "Places") -> list[Path]:
    """Where programs may be asked, the host first; a socket may be left over from one that died."""
    switches = sorted(places.run.glob("switch-*.ctl"), key=_in_order)
    return [control_path(places, HOST), *switches]


def ask(path: Path, words: str, seconds_max: float) -> bytes | None:
    """What the process there answers; None where there is none.

    Raises:
        OSError: it did not answer in time, or may not be asked.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(seconds_max)
        try:
            asking.connect(str(path))
            asking.sendall(f"{words}\n".encode())
            return b"".join(iter(lambda: asking.recv(65536), b""))
        except (ConnectionRefusedError, FileNotFoundError):
            return None


def number_of(path: Path) -> int:
    """Whose such a place is: a switch process's number, or `HOST`."""
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else HOST


def _in_order(path: Path) -> tuple[int, str]:
    return number_of(path), path.name
