"""Where one posswitch keeps what it has: a data directory, and in it a name for everything."""

import fcntl
import hashlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.cluster import SOCKET_BYTES_MAX, Cluster, socket_of
from config.errors import SurroundingsError

ELSEWHERE: Final = Path("/tmp")  # noqa: S108 - what is made there is ours alone, or refused
"""Where sockets are that do not fit into their data directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The layout of a data directory. Only its owner may look into it."""

    data: Path
    """Absolute."""

    @property
    def settings(self) -> Path:
        """Optional; what it does not say is as the program has it."""
        return self.data / "posswitch.toml"

    @property
    def secrets(self) -> Path:
        """Passwords of the database and the local master key, each file 0600."""
        return self.data / "secrets"

    @property
    def lmk(self) -> Path:
        """The local master key: without it every stored key and card number is lost."""
        return self.secrets / "lmk"

    @property
    def audit_key(self) -> Path:
        """What signs the audit's heads. Its public half is no secret."""
        return self.secrets / "audit-key"

    @property
    def delivery_key(self) -> Path:
        """What parties' servers know us by when files are brought to them."""
        return self.secrets / "delivery-key"

    @property
    def audit_public_key(self) -> Path:
        """By which anybody checks them; keep a copy where nobody of the database gets at it."""
        return self.data / "audit-key.pub"

    @property
    def heads(self) -> Path:
        """Every signed head, outside the database."""
        return self.data / "audit-heads"

    @property
    def log(self) -> Path:
        """One file a program."""
        return self.data / "log"

    @property
    def files(self) -> Path:
        """What clearing writes."""
        return self.data / "files"

    @property
    def saf(self) -> Path:
        """The switch's own reversals until the host has answered them."""
        return self.data / "switch-saf.db"

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.data / "lock"

    @property
    def run(self) -> Path:
        """Sockets. Elsewhere when the data directory's path is too long to hold a socket.

        It follows from that path alone, whatever TMPDIR is where a command is typed.
        """
        near = self.data / "run"
        if len(os.fsencode(socket_of(near / "postgres"))) <= SOCKET_BYTES_MAX:
            return near
        mark = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return ELSEWHERE / f"posswitch-{os.geteuid()}-{mark}"

    @property
    def cluster(self) -> Cluster:
        """The embedded PostgreSQL."""
        return Cluster(
            home=self.data / "postgres",
            socket_directory=self.run / "postgres",
            log=self.log / "postgres.log",
            owner_passfile=self.secrets / "owner.pgpass",
        )

    def make(self) -> None:
        """Make the directories that are missing.

        Raises:
            SurroundingsError: one cannot be made, or is somebody else's.
        """
        for place, mode in (
            (self.data, 0o711),  # the server's user must be able to pass through
            (self.run, 0o711),
            (self.secrets, 0o700),
            (self.log, 0o700),
            (self.files, 0o700),
        ):
            _make(place, mode)


def places_of(data: Path) -> Places:
    """The places of a data directory, wherever it was named from.

    Raises:
        SurroundingsError: it is named from a directory that is not there any more.
    """
    try:
        return Places(data=data.expanduser().absolute())
    except FileNotFoundError:
        raise SurroundingsError(
            f"the directory you stand in is gone, so {data} is nowhere. Next: cd somewhere else, "
            "or name the data directory from / with --data",
            "E-DATA-PLACE",
        ) from None


def places_at(data: Path) -> Places:
    """The places of a data directory that a command was pointed at; it need not be there yet.

    Raises:
        SurroundingsError: what is there is no directory, or not ours to look into.
    """
    places = places_of(data)
    try:
        status = places.data.stat()
    except FileNotFoundError:
        return places
    except NotADirectoryError:
        raise SurroundingsError(
            f"{places.data} cannot be a data directory: a file stands where a directory above it "
            "would be. Next: name another with --data",
            "E-DATA-PLACE",
        ) from None
    except PermissionError:
        raise SurroundingsError(
            f"{places.data} cannot be looked at: a directory above it is closed to you "
            f"({_who(os.geteuid())}). Next: run it as the user whom it belongs to, or name another "
            "with --data",
            "E-DATA-OWNER",
        ) from None
    if not stat.S_ISDIR(status.st_mode):
        raise SurroundingsError(
            f"{places.data} is a file and no data directory. Next: name the directory with --data",
            "E-DATA-PLACE",
        )
    _check_owner(places.data, status)
    if not os.access(places.data, os.R_OK | os.X_OK, effective_ids=True):
        raise SurroundingsError(
            f"{places.data} is yours and closed to you (mode {stat.S_IMODE(status.st_mode):04o}). "
            f"Next: chmod 711 {places.data}",
            "E-DATA-OWNER",
        )
    return places


def house_at(data: Path) -> Places:
    """The places of a data directory that was made before.

    What may make one (`up`, `demo`, `link certificate`) asks `places_at`; a name that was mistyped
    to anything else makes nothing.

    Raises:
        SurroundingsError: there is none, or it is not ours to look into.
    """
    places = places_at(data)
    signs = (places.settings, places.secrets, places.cluster.home)
    if not any(sign.exists() for sign in signs):
        names = ", ".join(sign.name for sign in signs)
        what = (
            f"{places.data} is no data directory of posswitch: it has none of {names}"
            if places.data.exists()
            else f"there is no data directory {places.data}"
        )
        raise SurroundingsError(
            f"{what}. Next: name the right one with --data, or make it: "
            f"posswitch up --data {places.data}",
            "E-DATA-PLACE",
        )
    return places


@contextmanager
def locked(places: Places) -> Iterator[None]:
    """Hold the data directory: one supervisor at a time. The lock ends with us, however we end.

    Raises:
        SurroundingsError: another holds it.
    """
    with places.lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise SurroundingsError(
                f"{places.data} is in use by process {file.read().strip() or 'unknown'}. "
                "Next: stop it, or choose another directory with --data",
                "E-DATA-IN-USE",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _make(place: Path, mode: int) -> None:
    try:
        if not place.exists():
            place.mkdir(parents=True)
            place.chmod(mode)
        status = place.stat()
    except OSError as error:
        raise SurroundingsError(
            f"cannot make the directory {place}: {error.strerror}. "
            "Next: choose another with --data, or make it yourself",
            "E-DATA-PLACE",
        ) from error
    _check_owner(place, status)


def _check_owner(place: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        owner = _who(status.st_uid)
        raise SurroundingsError(
            f"{place} belongs to {owner}, and you are {_who(os.geteuid())}: what is in it is "
            f"{owner}'s alone. Next: sudo -u {owner.rpartition(' ')[2]} posswitch …, or choose "
            "another directory with --data",
            "E-DATA-OWNER",
        )


def _who(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user #{uid}"
