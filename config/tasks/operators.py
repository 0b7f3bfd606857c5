"""Who is at the keyboard, as the kernel knows it and not as they, or their environment, say.

Dual control stands on this name. The kernel keeps the login a session began with through su and
sudo (`pam_loginuid`); where it keeps none (in containers), a process is its own user's. Root
without a login is anybody who may become root, so it is nobody where two persons are wanted.
"""

import os
import pwd
from pathlib import Path
from typing import Final

from config.errors import SurroundingsError

LOGIN_UID: Final = Path("/proc/self/loginuid")
NO_LOGIN: Final = 0xFFFF_FFFF


def operator_name(login_uid: Path = LOGIN_UID) -> str:
    """The login name of whoever runs this command."""
    uid = _login(login_uid)
    return _name_of(os.getuid() if uid is None else uid)


def person_name(login_uid: Path = LOGIN_UID, uid: int | None = None) -> str:
    """The same, where it must be one person's.

    Raises:
        SurroundingsError: it is root, whom no login stands behind.
    """
    uid = os.getuid() if uid is None else uid
    if _login(login_uid) is None and uid == 0:
        raise SurroundingsError(
            "you are root, and the kernel keeps no login for this session: it cannot be said which "
            "person you are, and two persons are wanted. Next: log in by your own name (ssh, "
            "console) and use sudo; in a container, run it as your own user (docker exec --user)",
            "E-KEYS-PERSON",
        )
    return operator_name(login_uid)


def _login(login_uid: Path) -> int | None:
    try:
        uid = int(login_uid.read_text())
    except (OSError, ValueError):
        return None
    return None if uid == NO_LOGIN else uid


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
