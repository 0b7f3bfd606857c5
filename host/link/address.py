"""Where the host listens: `unix:PATH` or `tls:HOST:PORT`, and the sockets of both ends.

The link carries card numbers and hands out the keys of terminals. On one machine it is a Unix
socket that its user alone may open, and each end asks the kernel who the other is. Between machines
it is TLS in which each end proves a key that the other knows (`host.link.credentials`). TCP by
itself has no such question: at a port everybody who reaches it could be a switch. It is refused.
"""

import errno
import os
import re
import socket
import stat
import struct
from pathlib import Path
from typing import Final, Self

import msgspec
import trio

from host.link.ports import port_error
from host.link.settings import CLEAR_TEXT

BACKLOG: Final = 64
_PEER: Final = struct.Struct("=iII")
"""`struct ucred`: process, user, group."""
PORT_MAX: Final = 0xFFFF
TLS_PLACE: Final = re.compile(r"tls:(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})")
UNIX_PATH_BYTES_MAX: Final = 107
"""What `struct sockaddr_un` holds on Linux, without its final zero."""


class AddressError(ValueError):
    """A link address that cannot be used; the text says why and what to write instead."""


class Address(msgspec.Struct, frozen=True):
    """A place to listen at or connect to: a path, or a host and a port where TLS is spoken."""

    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `unix:PATH` or `tls:HOST:PORT`; an IPv6 host stands in brackets.

        Raises:
            AddressError: another form, or a path too long for a socket.
        """
        scheme, _, rest = text.partition(":")
        if scheme == "unix" and rest:
            return cls(path=_checked_path(rest))
        if place := TLS_PLACE.fullmatch(text):
            host, port = place[1] or place[2], int(place[3])
            if 0 < port <= PORT_MAX:
                return cls(host=host, port=port)
        if scheme == "tcp":
            raise AddressError(f"link address {text!r}: {CLEAR_TEXT}")
        raise AddressError(
            f"link address {text!r}: it is no place. Next: write unix:PATH or tls:HOST:PORT"
        )

    @property
    def is_tls(self) -> bool:
        """Whether it is on the network, and both ends prove who they are."""
        return bool(self.host)

    def __str__(self) -> str:
        if not self.is_tls:
            return f"unix:{self.path}"
        return (
            f"tls:[{self.host}]:{self.port}" if ":" in self.host else f"tls:{self.host}:{self.port}"
        )


def is_ours(sock: socket.socket) -> bool:
    """Whether the kernel says that the other end is our own user's, or root's."""
    told = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    uid: int = _PEER.unpack(told)[1]
    return uid in {os.geteuid(), 0}


def listen(address: Address) -> socket.socket:
    """A non-blocking listening socket; a stale Unix socket nobody answers at is replaced.

    Raises:
        AddressError: another process listens there already, or this machine is not there.
    """
    return _listen_tcp(address) if address.is_tls else _listen_unix(address)


def _listen_unix(address: Address) -> socket.socket:
    listener = _new_socket()
    try:
        _remove_stale(address.path)
        before = os.umask(0o177)
        try:
            listener.bind(address.path)
        finally:
            os.umask(before)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressError(
                f"{address}: in use. Next: stop the other host, or change `link`"
            ) from None
        raise
    except AddressError:
        listener.close()
        raise
    return listener


async def connect(address: Address) -> socket.socket:
    """A connected non-blocking socket. Names are looked up each time: a host may move.

    Raises:
        OSError: nobody listens there, or another user does.
    """
    if address.is_tls:
        found = await trio.socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
        return await connect_tcp(str(found[0][4][0]), address.port)
    sock = _new_socket()
    try:
        await _reach(sock, address.path)
        _refuse_others(sock)
    except BaseException:
        sock.close()
        raise
    return sock


async def connect_tcp(host: str, port: int) -> socket.socket:
    """The same to a port: for TLS, and for lines that carry no keys of ours.

    Raises:
        OSError: nobody listens there.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(0)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        await _reach(sock, (host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _listen_tcp(address: Address) -> socket.socket:
    listener: socket.socket | None = None
    try:
        [family, kind, protocol, _, place], *_ = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
        listener = socket.socket(family, kind, protocol)
        listener.settimeout(0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(BACKLOG)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise AddressError(
            str(port_error(f"link {address}", address.host, address.port, error))
        ) from None
    return listener


async def _reach(sock: socket.socket, target: str | tuple[str, int]) -> None:
    try:
        sock.connect(target)
    except BlockingIOError:
        await trio.lowlevel.wait_writable(sock)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code)) from None


def _refuse_others(sock: socket.socket) -> None:
    if not is_ours(sock):
        raise PermissionError(errno.EPERM, "another user's process listens there")


def _new_socket() -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(0)
    return sock


def _checked_path(path: str) -> str:
    if len(os.fsencode(path)) > UNIX_PATH_BYTES_MAX:
        raise AddressError(
            f"link address unix:{path}: a socket path has at most {UNIX_PATH_BYTES_MAX} bytes;"
            " choose a shorter directory"
        )
    return path


def _remove_stale(path: str) -> None:
    if not Path(path).is_absolute():
        raise AddressError(
            f"unix:{path}: the path is relative, and nobody would find the socket from elsewhere; "
            "write it from / on"
        )
    try:
        is_socket = stat.S_ISSOCK(Path(path).lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise AddressError(f"unix:{path}: a file that is not a socket is there. Next: move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()
            return
    raise AddressError(f"unix:{path}: in use. Next: stop the other host, or change `link`")
