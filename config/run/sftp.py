"""Somebody's server as where files are brought to, by SFTP.

The server is known by the key that its row pins, and by no other: one that shows another is sent
nothing, not even our name. We are known by one key of this data directory, made at first use; its
public half is what a party is given. Each wait has a limit.
"""

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from clearing.sending import SendingError
from config.errors import SurroundingsError
from config.places import Places
from host.model.secrets import Secret
from host.named_files import read_named_text
from host.private_files import private_file

if TYPE_CHECKING:
    from paramiko import SFTPClient, Transport

WAIT_SECONDS_MAX: Final = 20.0
"""For a connection, for each step of its beginning, and for each answer."""
BLOCK_BYTES: Final = 1 << 15
"""What every server answers in one message."""
_RSA: Final = "ssh-rsa"
_SIGNED_BY: Final = {_RSA: ("rsa-sha2-512", "rsa-sha2-256")}
"""How a key may sign, where that is not its own name."""


class Server(NamedTuple):
    """Where to, as which user, and the one key by which it is known."""

    host: str
    port: int
    login: str
    host_key: str
    directory: str


def open_delivery_key(places: Places) -> Secret:
    """Our key for servers, made at first use: 32 bytes.

    Raises:
        SurroundingsError: it cannot be read, or made.
    """
    path = places.delivery_key
    try:
        if not path.exists():
            with private_file(path) as file:
                file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex().encode() + b"\n")
        key = Secret.from_hex(read_named_text(path).strip())
        _private(key)
    except (OSError, ValueError) as error:
        message = (
            f"the key {path} that parties' servers know us by cannot be used: {error}. Next: put "
            "the file back from your copy; where there is none, move it away, and give each party "
            "what posswitch clearing delivery-key says then"
        )
        raise SurroundingsError(message, "E-DELIVERY-KEY") from error
    return key


def public_line(key: Secret) -> str:
    """The public half, as servers keep it: what a party is given."""
    public = _private(key).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + " posswitch"


def _private(key: Secret) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.reveal())


class Sftp:
    """`Far`, at a server; open within its context."""

    def __init__(self, server: Server, key: Secret) -> None:
        self._server = server
        self._key = key

    def __enter__(self) -> Self:
        """Connect and be let in.

        Raises:
            SendingError: it does not answer, shows another key, or refuses ours.
        """
        self._transport = _connected(self._server, self._key)
        try:
            self._client = _opened(self._transport)
        except BaseException:
            self._transport.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._transport.close()

    def put(self, name: str, source: Path) -> None:
        """See `Far`."""
        with _told(f"{name} could not be written"):
            self._write(self._at(name), source)

    def _write(self, path: str, source: Path) -> None:
        with source.open("rb") as file, self._client.open(path, "wb") as made:
            made.set_pipelined(pipelined=True)
            while block := file.read(BLOCK_BYTES):
                made.write(block)

    def rename(self, before: str, name: str) -> None:
        """See `Far`. A server without the step that replaces has the old one removed first."""
        with _told(f"{name} could not be given its name"):
            try:
                self._client.posix_rename(self._at(before), self._at(name))
            except OSError as error:
                if error.errno is not None:
                    raise
                self._remove(name)
                self._client.rename(self._at(before), self._at(name))

    def read(self, name: str) -> Iterator[bytes] | None:
        """See `Far`."""
        with _told(f"{name} could not be looked for"):
            try:
                size = self._client.stat(self._at(name)).st_size
            except FileNotFoundError:
                return None
        return self._blocks(name, size or 0)

    def _blocks(self, name: str, size: int) -> Iterator[bytes]:
        with _told(f"{name} could not be read back"), self._client.open(self._at(name)) as file:
            file.prefetch(size)
            while block := file.read(BLOCK_BYTES):
                yield block

    def _remove(self, name: str) -> None:
        try:
            self._client.remove(self._at(name))
        except FileNotFoundError:
            return

    def _at(self, name: str) -> str:
        return f"{self._server.directory}/{name}"


def _connected(server: Server, key: Secret) -> "Transport":
    from paramiko import Transport

    where = f"{server.host} port {server.port}"
    with _told(f"{where} does not answer"):
        line = socket.create_connection((server.host, server.port), WAIT_SECONDS_MAX)
    transport = Transport(line)
    try:
        _know(transport, server, where)
        _be_let_in(transport, server, where, key)
    except BaseException:
        transport.close()
        raise
    return transport


def _know(transport: "Transport", server: Server, where: str) -> None:
    """Have it show the key that is pinned, before anything of ours is said."""
    kind, pinned = server.host_key.split(" ")
    with _told(f"{where} does not show the key that was agreed on ({kind})"):
        transport.get_security_options().key_types = _SIGNED_BY.get(kind, (kind,))
        transport.banner_timeout = transport.auth_timeout = WAIT_SECONDS_MAX
        transport.start_client(timeout=WAIT_SECONDS_MAX)
        shown = transport.get_remote_server_key()
    if (shown.get_name(), shown.get_base64()) != (kind, pinned):
        message = f"{where} shows another key than the one that was agreed on; nothing was sent"
        raise SendingError(message)


def _be_let_in(transport: "Transport", server: Server, where: str, key: Secret) -> None:
    from paramiko import Ed25519Key

    text = _private(key).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    with _told(f"{where} does not let {server.login} in by our key"):
        transport.auth_publickey(server.login, Ed25519Key(file_obj=io.StringIO(text.decode())))


def _opened(transport: "Transport") -> "SFTPClient":
    from paramiko import SFTPClient

    with _told("the server has no SFTP"):
        client = SFTPClient.from_transport(transport)
    assert client is not None, "it is open or an exception"
    channel = client.get_channel()
    assert channel is not None, "it is open"
    channel.settimeout(WAIT_SECONDS_MAX)
    return client


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Whatever the line and the server say, as a sentence."""
    from paramiko import SSHException

    try:
        yield
    except (OSError, EOFError, SSHException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        message = f"{what}: {why}"
        raise SendingError(message) from error
