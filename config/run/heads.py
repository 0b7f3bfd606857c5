"""The signed heads of the audit, kept outside the database: the key, its public half, a file.

The private key is made where it is missing and nothing was signed with one yet; it is of this data
directory. The file has one line a head, `number signature body` in hexadecimal, and is only ever
added to. A head is stored before it is written there, so the file may lack the last ones and never
has one that the database has not had.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import psycopg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config.errors import SurroundingsError
from config.places import Places
from host.clock import utc_now
from host.named_files import check_named, read_named_text
from host.private_files import named, private_file
from host.store.connecting import SHORT, Connection, connect
from host.store.heads import Head, heads_after, sign_head

HEAD_SECONDS: Final = 300.0
"""Between two heads of a running host."""
HEADS_BYTES_MAX: Final = 4 * 1024**3
"""A longer file of heads is something else."""

_LOG = structlog.get_logger(__name__)


def open_key(places: Places) -> Ed25519PrivateKey:
    """The key that signs heads, made at first use.

    Raises:
        SurroundingsError: it is lost, or cannot be read.
    """
    try:
        if not places.audit_key.exists():
            _make_key(places)
        key = Ed25519PrivateKey.from_private_bytes(
            bytes.fromhex(read_named_text(places.audit_key).strip())
        )
    except (OSError, ValueError) as error:
        raise SurroundingsError(
            f"the key {places.audit_key} that signs the audit's heads cannot be used: {error}. "
            "Next: put the file back from your copy",
            "E-AUDIT-KEY",
        ) from error
    return key


def read_public_keys(places: Places) -> list[Ed25519PublicKey]:
    """The public halves, one a line where several hosts sign; none where there is no file."""
    try:
        lines = read_named_text(places.audit_public_key).split()
    except FileNotFoundError:
        return []
    return [Ed25519PublicKey.from_public_bytes(bytes.fromhex(line)) for line in lines]


def sign_now(dsn: str, places: Places, key: Ed25519PrivateKey) -> Head:
    """Sign where every chain stands, and write down in the file every head that it lacks."""
    with connect(dsn, SHORT, autocommit=True) as connection:
        head = sign_head(connection, key, utc_now())
        _write_down(connection, places.heads)
    return head


def read_heads(path: Path) -> Iterator[Head]:
    """Every head of the file, in order. A last line that was not finished is none."""
    try:
        check_named(path, HEADS_BYTES_MAX)
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            if line.endswith(b"\n"):
                number, signature, body = line.decode("ascii").split()
                yield Head(int(number), bytes.fromhex(body).decode(), bytes.fromhex(signature))


async def keep_signing(dsn: str, places: Places, key: Ed25519PrivateKey) -> None:
    """Sign a head now and every HEAD_SECONDS. What goes wrong is logged, and tried again."""
    import trio

    while True:
        try:
            await trio.to_thread.run_sync(sign_now, dsn, places, key, abandon_on_cancel=True)
        except (psycopg.Error, OSError) as error:
            _LOG.error("no head signed; it is tried again", why=_why(error))
        await trio.sleep(HEAD_SECONDS)


def _why(error: Exception) -> str:
    """Without what a connection string may hold."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return type(error).__name__


def _make_key(places: Places) -> None:
    if places.audit_public_key.exists():
        raise SurroundingsError(
            f"the key {places.audit_key} that signs the audit's heads is missing, and heads were "
            "signed with it. Next: put the file back from your copy; where there is none, move "
            f"{places.audit_public_key} and {places.heads} away and keep them, and audit",
            "E-AUDIT-KEY",
        )
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    with private_file(places.audit_key) as file:
        file.write(key.private_bytes_raw().hex().encode() + b"\n")
    try:
        places.audit_public_key.write_text(public.hex() + "\n", "ascii")
    except OSError:  # nothing was signed yet: the next start makes both
        places.audit_public_key.unlink(missing_ok=True)
        places.audit_key.unlink()
        raise


def _write_down(connection: Connection, path: Path) -> None:
    with named(path), _alone(path) as file:
        last = max((head.number for head in read_heads(path)), default=0)
        for head in heads_after(connection, last):
            line = f"{head.number} {head.signature.hex()} {head.body.encode().hex()}\n"
            file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _alone(path: Path) -> Iterator[BinaryIO]:
    """The file at its end, with a last line that was not finished cut off."""
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        file.truncate(sum(len(line) for line in file if line.endswith(b"\n")))
        yield file
