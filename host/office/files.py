"""Files that go in and out of the office: sealed under the LMK in pieces, each handed out once.

What somebody sends waits here until an action reads it, and what a job makes until who asked for
it takes it. Nothing of it is ever clear on a disk, here or in a directory for what is passing.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.office.places import Place
from host.office.timer import AT_A_TIME
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "files.sql")
PIECE_BYTES_MAX: Final = 64 * 1024
"""Of one row: what a security module seals in one go."""
FILE_BYTES_MAX: Final = 4 * 1024 * 1024
"""With what a text form of it adds, a frame of the link has room for it."""
SENT_OPEN: Final = dt.timedelta(hours=80)
"""Longer than what waits for a second person waits."""
MADE_OPEN: Final = dt.timedelta(minutes=15)
EVIDENCE_OPEN: Final = dt.timedelta(days=3_660)
"""Of what goes with a dispute: as long as books are kept."""
MAKING_OPEN: Final = dt.timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose file it is, and where they stand."""

    person: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it stands, held until the end of the transaction."""

    id: int
    kind: str
    name: str
    person: int
    state: str
    size: int
    sha256: bytes
    password_sealed: bytes | None
    expires_at: dt.datetime


class _New(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    name: str
    state: str
    until: dt.datetime
    bytes: int = 0
    sha256: Any = None


class NoFileError(LookupError):
    """There is none of that number, or what was in it is gone."""


def keep_sent(
    connection: Connection, hsm: Hsm, owner: Owner, name: str, content: Secret, now: dt.datetime
) -> int:
    """Keep what somebody sent; gives its number."""
    number = _add(connection, owner, _ready("import", name, content, now + SENT_OPEN), now)
    _seal(connection, hsm, number, content)
    return number


def keep_evidence(
    connection: Connection, hsm: Hsm, owner: Owner, name: str, content: Secret, now: dt.datetime
) -> int:
    """Keep what goes with a dispute, for years; gives its number."""
    number = _add(connection, owner, _ready("evidence", name, content, now + EVIDENCE_OPEN), now)
    _seal(connection, hsm, number, content)
    return number


def begin_made(
    connection: Connection,
    hsm: Hsm,
    owner: Owner,
    name: str,
    password: Secret | None,
    now: dt.datetime,
) -> int:
    """Remember that a file is to be made, and until then the password of its workbook."""
    new = _New(kind="export", name=name, state="making", until=now + MAKING_OPEN)
    number = _add(connection, owner, new, now)
    if password is not None:
        sealed = hsm.seal_secret(password, _password_place(number))
        connection.execute(SQL["seal_password"], {"id": number, "password": sealed})
    return number


def keep_made(
    connection: Connection, hsm: Hsm, number: int, content: Secret, now: dt.datetime
) -> None:
    """Keep what was made of it, for a quarter of an hour; its password is forgotten."""
    _seal(connection, hsm, number, content)
    told = {"id": number, "bytes": len(content), "until": now + MADE_OPEN}
    told["sha256"] = hashlib.sha256(content.reveal()).digest()
    connection.execute(SQL["file_is_made"], told)


def read_file(connection: Connection, number: int) -> File:
    """A file as it stands, held until the end of the transaction.

    Raises:
        NoFileError: there is none.
    """
    row = connection.execute(SQL["file"], (number,)).fetchone()
    if row is None:
        raise NoFileError(number)
    kind, name, person, state, size, sha256, password, expires_at = row
    return File(
        id=number,
        kind=kind,
        name=name,
        person=person,
        state=state,
        size=size,
        sha256=bytes(sha256 or b""),
        password_sealed=password,
        expires_at=expires_at,
    )


def password_of(hsm: Hsm, file: File) -> Secret | None:
    """The password of a workbook that is to be made."""
    if file.password_sealed is None:
        return None
    return hsm.open_secret(bytes(file.password_sealed), _password_place(file.id))


def content_of(connection: Connection, hsm: Hsm, number: int) -> Secret:
    """What is in a file.

    Raises:
        NoFileError: it is gone.
    """
    rows = connection.execute(SQL["pieces"], (number,)).fetchall()
    if not rows:
        raise NoFileError(number)
    opened = [hsm.open_secret(bytes(sealed), _piece_place(number, at)) for at, sealed in rows]
    return Secret(b"".join(one.reveal() for one in opened))


def end_file(connection: Connection, number: int) -> None:
    """What was in it is dropped; that there was one stays."""
    connection.execute(SQL["drop_pieces"], (number,))
    connection.execute(SQL["end_file"], (number,))


def end_files_over(connection: Connection, now: dt.datetime) -> int:
    """Drop what nobody came for in time; gives how many files."""
    over = connection.execute(SQL["files_over"], {"now": now, "limit": AT_A_TIME}).fetchall()
    for (number,) in over:
        end_file(connection, number)
    return len(over)


def _ready(kind: str, name: str, content: Secret, until: dt.datetime) -> _New:
    return _New(
        kind=kind,
        name=name,
        state="ready",
        until=until,
        bytes=len(content),
        sha256=hashlib.sha256(content.reveal()).digest(),
    )


def _add(connection: Connection, owner: Owner, new: _New, now: dt.datetime) -> int:
    told = {**msgspec.structs.asdict(new), **msgspec.structs.asdict(owner.place)}
    told |= {"person": owner.person, "password": None, "now": now}
    row = connection.execute(SQL["add_file"], told).fetchone()
    assert row is not None, "RETURNING"
    number: int = row[0]
    return number


def _seal(connection: Connection, hsm: Hsm, number: int, content: Secret) -> None:
    whole = content.reveal()
    for at, begin in enumerate(range(0, len(whole), PIECE_BYTES_MAX), 1):
        piece = Secret(whole[begin : begin + PIECE_BYTES_MAX])
        sealed = hsm.seal_secret(piece, _piece_place(number, at))
        connection.execute(SQL["add_piece"], (number, at, sealed))


def _piece_place(number: int, at: int) -> str:
    return f"office-file/{number}/{at}"


def _password_place(number: int) -> str:
    return f"office-file/{number}/password"
