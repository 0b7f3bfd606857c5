"""A browser that writes its own bytes: one request over a socket of its own, and all that comes."""

import socket
from typing import NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """What came, until the front closed."""

    status: int
    headers: dict[str, str]
    body: bytes


def asked(
    address: str, line: str, *headers: str, host: str | None = None, body: bytes = b""
) -> Answer:
    """The answer to a request of this first line; `Host` is the front's own unless told.

    The front is asked to close behind it, so its end is seen, and not waited for.
    """
    there = urlsplit(address).netloc
    named = [] if host == "" else [f"Host: {host or there}"]
    lines = [line.replace("@", there), *named, "Connection: close", *headers, "", ""]
    return answered(address, "\r\n".join(lines).encode("latin-1") + body)


def answered(address: str, sent: bytes) -> Answer:
    """The answer to these bytes."""
    there = urlsplit(address)
    assert there.hostname is not None
    assert there.port is not None
    with socket.create_connection((there.hostname, there.port), timeout=30) as connection:
        connection.sendall(sent)
        told = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = told.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    parts = (line.partition(": ") for line in rest)
    return Answer(int(first.split(" ")[1]), {name: value for name, _, value in parts}, body)
