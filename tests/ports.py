"""Ports for programs that are told theirs: nobody else's, however many test processes run.

They lie below the range from which Linux gives connections their own end, so that none is taken
between the asking and the listening; each worker of pytest-xdist has a part of them to itself.
"""

import itertools
import os
import random
import socket
from collections.abc import Iterator

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
FIRST, LAST = 10_000, 32_767
PARTS = 8
SIZE = (LAST + 1 - FIRST) // PARTS
SMALLEST = FIRST + WORKER % PARTS * SIZE


def _around() -> Iterator[int]:
    """This worker's ports, from a random one on: other runs may be on the same machine."""
    first = random.randrange(SIZE)  # any will do
    return (SMALLEST + (first + number) % SIZE for number in itertools.count())


_NEXT = _around()


def free_port() -> int:
    """A port of this worker's own that nobody listens on."""
    return next(port for port in _NEXT if _is_free(port))


def free_ports(count: int) -> list[int]:
    """As many, one after the other."""
    while True:
        ports = [free_port() for _ in range(count)]
        if ports[-1] - ports[0] == count - 1:
            return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as those who will listen do
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
