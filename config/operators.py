"""Who is at the keyboard, as the machine knows it and not as they say.

Dual control stands on this name. The kernel keeps the login a session began with through su and
sudo; where it keeps none (in containers), sudo's word is taken, and else the user's own.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LOGIN_UID: Final = Path("/proc/self/loginuid")
NO_LOGIN: Final = 0xFFFF_FFFF


def operator_name(environ: Mapping[str, str] = os.environ, login_uid: Path = LOGIN_UID) -> str:
    """The login name of the person who runs this command."""
    try:
        uid = int(login_uid.read_text())
    except (OSError, ValueError):
        uid = NO_LOGIN
    if uid != NO_LOGIN:
        return _name_of(uid)
    return environ.get("SUDO_USER") or _name_of(os.getuid())


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
