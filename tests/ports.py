"""Ports for programs that are told theirs: nobody else's, however many test processes run.

They lie below the range from which Linux gives connections their own end, so that none is taken
between the asking and the listening; each worker of pytest-xdist has a part of them to itself.
A program that is killed leaves its port for a while: other runs see by a lock that it is kept.
"""

import contextlib
import fcntl
import itertools
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
FIRST, LAST = 10_000, 32_767
PARTS = 8
SIZE = (LAST + 1 - FIRST) // PARTS
SMALLEST = FIRST + WORKER % PARTS * SIZE
LOCKS = Path("/tmp", f"posswitch-ports-{os.getuid()}")
"""Of all runs on this machine, wherever each has its files."""


def _around() -> Iterator[int]:
    """This worker's ports, from a random one on: other runs may be on the same machine."""
    first = random.randrange(SIZE)  # any will do
    return (SMALLEST + (first + number) % SIZE for number in itertools.count())


_NEXT = _around()


def free_port() -> int:
    """A port that nobody listens on, and ours until this process ends."""
    return next(port for port in _NEXT if _is_free(port) and _is_locked(port))


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


def _is_locked(port: int) -> bool:
    """Whether it is ours now; the lock goes with this process, however that ends."""
    LOCKS.mkdir(exist_ok=True)
    lock = os.open(LOCKS / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    os.close(lock)
    return False
