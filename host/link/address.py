"""Where the host listens: `unix:PATH` or `tcp:HOST:PORT`, and the sockets for both.

The link carries card numbers and working keys. A Unix socket is readable by its owner alone,
and TCP is refused beyond the loopback interface, so that neither ever crosses a wire in clear.
"""

import contextlib
import errno
import ipaddress
import os
import socket
import stat
from pathlib import Path
from typing import Final, Self

import msgspec
import trio

BACKLOG: Final = 64
UNIX_PATH_BYTES_MAX: Final = 107
"""What `struct sockaddr_un` holds on Linux, without its final zero."""


class AddressError(ValueError):
    """A link address that cannot be used; the text says why and what to write instead."""


class Address(msgspec.Struct, frozen=True):
    """A place to listen at or connect to: a path, or a loopback host and port."""

    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `unix:PATH` or `tcp:HOST:PORT`.

        Raises:
            AddressError: neither form, a path too long for a socket, or not loopback.
        """
        scheme, _, rest = text.partition(":")
        if scheme == "unix" and rest:
            return cls(path=_checked_path(rest))
        host, _, port = rest.rpartition(":")
        if scheme == "tcp" and port.isascii() and port.isdigit() and int(port) <= 65535:
            return cls(host=_checked_host(host.strip("[]")), port=int(port))
        raise AddressError(f"link address {text!r}: write unix:PATH or tcp:127.0.0.1:PORT")

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path else f"tcp:{self.host}:{self.port}"


def listen(address: Address) -> socket.socket:
    """A non-blocking listening socket; a stale Unix socket nobody answers at is replaced.

    Raises:
        AddressError: another process listens there already.
    """
    listener = _new_socket(address)
    try:
        if address.path:
            _remove_stale(address.path)
            before = os.umask(0o177)
            try:
                listener.bind(address.path)
            finally:
                os.umask(before)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address.host, address.port))
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
        OSError: nobody listens there.
    """
    sock = _new_socket(address)
    target: str | tuple[str, int] = address.path or (address.host, address.port)
    try:
        try:
            sock.connect(target)
        except BlockingIOError:
            await trio.lowlevel.wait_writable(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code)) from None
    except BaseException:
        sock.close()
        raise
    return sock


def _new_socket(address: Address) -> socket.socket:
    if address.path:
        family = socket.AF_UNIX
    else:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(0)
    if not address.path:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _checked_path(path: str) -> str:
    if len(os.fsencode(path)) > UNIX_PATH_BYTES_MAX:
        raise AddressError(
            f"link address unix:{path}: a socket path has at most {UNIX_PATH_BYTES_MAX} bytes;"
            " choose a shorter directory or tcp:127.0.0.1:PORT"
        )
    return path


def _checked_host(host: str) -> str:
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return host
    raise AddressError(
        f"link address tcp:{host}: the link is not encrypted, so it stays on this machine;"
        " write 127.0.0.1 or ::1"
    )


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
