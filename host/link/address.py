"""Where the host listens: `unix:PATH`, and the sockets of both ends.

The link carries card numbers and hands out the keys of terminals. So it is a Unix socket that its
user alone may open, and each end asks the kernel who the other is. TCP has no such question: at a
port of this machine every user of it could be a switch. It is refused.
"""

import errno
import os
import socket
import stat
import struct
from pathlib import Path
from typing import Final, Self

import msgspec
import trio

BACKLOG: Final = 64
_PEER: Final = struct.Struct("=iII")
"""`struct ucred`: process, user, group."""
UNIX_PATH_BYTES_MAX: Final = 107
"""What `struct sockaddr_un` holds on Linux, without its final zero."""


class AddressError(ValueError):
    """A link address that cannot be used; the text says why and what to write instead."""


class Address(msgspec.Struct, frozen=True):
    """A place to listen at or connect to."""

    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `unix:PATH`.

        Raises:
            AddressError: another form, or a path too long for a socket.
        """
        scheme, _, rest = text.partition(":")
        if scheme == "unix" and rest:
            return cls(path=_checked_path(rest))
        if scheme == "tcp":
            raise AddressError(
                f"link address {text!r}: at a TCP port every user of this machine would be given "
                "the keys of terminals. Next: write unix:PATH, in a directory of yours"
            )
        raise AddressError(f"link address {text!r}: write unix:PATH")

    def __str__(self) -> str:
        return f"unix:{self.path}"


def is_ours(sock: socket.socket) -> bool:
    """Whether the kernel says that the other end is our own user's, or root's."""
    told = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    uid: int = _PEER.unpack(told)[1]
    return uid in {os.geteuid(), 0}


def listen(address: Address) -> socket.socket:
    """A non-blocking listening socket; a stale Unix socket nobody answers at is replaced.

    Raises:
        AddressError: another process listens there already.
    """
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
            raise AddressError(f"{address}: in use; stop the other host or change `link`") from None
        raise
    except AddressError:
        listener.close()
        raise
    return listener


async def connect(address: Address) -> socket.socket:
    """A connected non-blocking socket.

    Raises:
        OSError: nobody listens there, or another user does.
    """
    sock = _new_socket()
    try:
        await _reach(sock, address.path)
        _refuse_others(sock)
    except BaseException:
        sock.close()
        raise
    return sock


async def connect_tcp(host: str, port: int) -> socket.socket:
    """The same to a port, for links that carry no keys of ours.

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
        raise AddressError(f"unix:{path}: a file that is not a socket is there; move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()
            return
    raise AddressError(f"unix:{path}: in use; stop the other host or change `link`")
