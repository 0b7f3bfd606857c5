"""Whom PostgreSQL runs as when we are root, and what that user must be let through to.

PostgreSQL refuses to be root, and a plain user may not reach a data directory or a virtual
environment below a closed one such as /root. Only what is closed is opened, no further than
needed, and each time it is said.
"""

import contextlib
import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from config.children import Account
from config.errors import Say, SurroundingsError

ACCOUNTS: Final = ("postgres", "nobody")
"""The first of these users that exists."""


def server_account() -> Account | None:
    """Whom the server runs as: None is ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return Account(name=name, uid=user.pw_uid, gid=user.pw_gid)
    raise SurroundingsError(
        f"PostgreSQL refuses to run as root and none of the users {', '.join(ACCOUNTS)} exists. "
        "Next: useradd --system postgres, or run posswitch as a plain user"
    )


def let_reach(account: Account, program: Path, places: Iterable[Path], say: Say) -> None:
    """Let the server's user run a program of the wheel and pass to places it owns."""
    _open_the_way(_ancestors(program, *places), account, say)
    _open_the_wheel(program, account, say)


def _ancestors(*places: Path) -> list[Path]:
    """Every directory above these places, outermost first, once."""
    found = {above for place in places for above in place.resolve().parents}
    return sorted(found, key=lambda path: len(path.parts))


def _open_the_way(directories: Iterable[Path], account: Account, say: Say) -> None:
    """Let the server's user pass through directories that stand between it and its files."""
    for directory in directories:
        status = directory.stat()
        if not _may_pass(status, account):
            say(
                f"letting user {account.name}, whom PostgreSQL runs as, pass through {directory} "
                "(chmod o+x)"
            )
            directory.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def _open_the_wheel(program: Path, account: Account, say: Say) -> None:
    """Let the server's user read the wheel's files where a strict umask closed them to others."""
    if _may_pass(program.stat(), account):
        return
    wheel = program.parents[2]
    for root in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        say(f"letting user {account.name}, whom PostgreSQL runs as, read {root} (chmod -R o+rX)")
        for path in (root, *root.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            runs = stat.S_IXOTH if mode & stat.S_IXUSR else 0
            path.chmod(mode | stat.S_IROTH | runs)


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
