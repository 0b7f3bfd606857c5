"""Whom PostgreSQL runs as when we are root, and where that user finds what it needs.

PostgreSQL refuses to be root, and a plain user may not pass through closed directories such as
/root. Nothing that is closed is opened for it: what it could not reach is kept where it can, a
server's files in a directory of their own below ASIDE (a link stands in their place), and a copy of
the wheel's programs below COPIES.
"""

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import stat
from pathlib import Path
from typing import Final

from config.errors import Say, SurroundingsError
from config.run.children import Account

ACCOUNTS: Final = ("postgres", "nobody")
"""The first of these users that exists."""
ASIDE: Final = Path("/var/lib/posswitch-postgres")
COPIES: Final = Path("/var/cache/posswitch-postgres")
PASSABLE: Final = 0o711
READABLE: Final = stat.S_IROTH | stat.S_IXOTH


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
        "Next: useradd --system postgres, or run posswitch as a plain user",
        "E-DATABASE-SERVER",
    )


def make_for(account: Account, place: Path, say: Say) -> None:
    """Make a directory that belongs to that user, where the user can reach it.

    Raises:
        SurroundingsError: there is one already, with a database in it, behind a closed directory.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    closed = _first_closed(place, account)
    if not place.is_symlink() and closed is not None:
        _refuse_database(place, closed, account)
        shutil.rmtree(place, ignore_errors=True)
        mark = hashlib.sha256(os.fsencode(place)).hexdigest()[:8]
        _make_passable(ASIDE)
        place.symlink_to(ASIDE / f"{mark}-{secrets.token_hex(4)}")
        say(
            f"user {account.name}, whom PostgreSQL runs as, may not pass through {closed}, which "
            f"stays closed: {place.name} is in {place.readlink()}, and {place} leads there"
        )
    target = place.readlink() if place.is_symlink() else place
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.stat().st_uid != account.uid:
        os.chown(target, account.uid, account.gid)


def program_for(account: Account, program: Path, say: Say, copies: Path = COPIES) -> Path:
    """A program of the wheel, or of a copy of it where that user cannot run the wheel's own."""
    closed = _first_closed(program, account)
    if closed is None and _may_read(program, account):
        return program
    wheel, status = program.parents[2], program.stat()
    told = f"{program} {status.st_size} {status.st_mtime_ns}"
    copy = copies / hashlib.sha256(told.encode()).hexdigest()[:12]
    if not copy.exists():
        say(
            f"user {account.name}, whom PostgreSQL runs as, may not run {program}: a copy is made "
            f"in {copy}"
        )
        _copy_wheel(program, copy)
    return copy / program.relative_to(wheel.parent)


def _copy_wheel(program: Path, copy: Path) -> None:
    """The installation that a program is of, and the libraries it looks for beside its wheel."""
    wheel, installation = program.parents[2], program.parents[1]
    _make_passable(copy.parent)
    new = copy.with_name(f"{copy.name}.{os.getpid()}")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(installation, new / wheel.name / installation.name, symlinks=True)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, new / libraries.name, symlinks=True)
    for path in (new, *new.rglob("*")):
        if not path.is_symlink():
            is_run = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if is_run else 0o644)
    new.rename(copy)


def _refuse_database(place: Path, closed: Path, account: Account) -> None:
    if (place / "cluster").exists():
        mode = stat.S_IMODE(closed.stat().st_mode)
        raise SurroundingsError(
            f"PostgreSQL runs as user {account.name}, who may not pass through {closed} (mode "
            f"{mode:04o}), and the database is below it in {place}. Next: chmod o+x {closed}, or "
            f"move {place.parent} to where {account.name} may go, and name it with --data",
            "E-DATA-OWNER",
        )


def _make_passable(place: Path) -> None:
    """A directory of ours that others may pass through, if it is not there."""
    if not place.exists():
        place.mkdir(parents=True)
        place.chmod(PASSABLE)


def _first_closed(place: Path, account: Account) -> Path | None:
    """The outermost directory above a place that the user may not pass through."""
    above = sorted(place.parent.resolve().parents, key=lambda path: len(path.parts))
    directories = (*above, place.parent.resolve())
    return next((each for each in directories if not _may_pass(each.stat(), account)), None)


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _may_read(program: Path, account: Account) -> bool:
    """Whether a wheel was installed for everybody: the program and its libraries speak for it."""
    libraries = program.parents[2].with_name(f"{program.parents[2].name}.libs")
    sample = (program, *sorted(libraries.glob("*"))[:1])
    return all(
        path.stat().st_uid == account.uid or path.stat().st_mode & stat.S_IROTH for path in sample
    ) and _may_pass(program.stat(), account)
