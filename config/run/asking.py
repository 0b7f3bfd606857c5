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
WEB: Final = -1
"""The host's number and the web front's; switch processes count from 1."""
NAMED: Final = {HOST: "host.ctl", WEB: "web.ctl"}
"""The sockets of those of which there is one."""
RELOAD: Final = "reload"
LOOK: Final = "look"
NAMES: Final = "names"
RECORD: Final = "record"
"""What may be asked: NAMES is followed by the kind of name, RECORD by a key and a channel."""
Names = list[tuple[str, str]]
"""What is answered to NAMES: each name, and a few words about it."""


def control_path(places: "Places", number: int) -> Path:
    """Where the switch process of this number is asked, or another program."""
    return places.run / NAMED.get(number, f"switch-{number}.ctl")


def control_paths(places: "Places") -> list[Path]:
    """Where programs may be asked, the host first; a socket may be left over from one that died."""
    return [control_path(places, HOST), *switch_paths(places), control_path(places, WEB)]


def switch_paths(places: "Places") -> list[Path]:
    """Where switch processes may be asked, in the order of their numbers."""
    return sorted(places.run.glob("switch-*.ctl"), key=_in_order)


def program_of(number: int) -> str:
    """What the process of this number is called."""
    return {HOST: "host", WEB: "web"}.get(number) or f"switch {number}"


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
    """Whose such a place is: a switch process's number, or another program's."""
    digits = path.stem.rpartition("-")[2]
    if digits.isdecimal():
        return int(digits)
    return next((number for number, name in NAMED.items() if path.name == name), HOST)


def _in_order(path: Path) -> tuple[int, str]:
    return number_of(path), path.name
