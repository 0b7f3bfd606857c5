"""Processes of their own that do not import everything again.

A helper imports the programs once and makes a child of itself for each order. The child gets the
words of the order and its standard streams, and ends by itself, or is killed.
"""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
SECONDS_MAX = 1_800.0
"""How long an order may take, the audit of a long run at the most: a limit, not a measure."""
STREAMS = {0: os.O_RDONLY, 1: os.O_WRONLY, 2: os.O_WRONLY}

Start = Callable[[list[str], int], subprocess.Popen[bytes]]


class Helper:
    """The process that has imported everything; it ends with us, for its line does."""

    def __init__(self, code: str, start: Start) -> None:
        """`code` imports and takes orders (`take_orders`); its standard input is its line."""
        ours, theirs = socket.socketpair()
        with theirs:
            whole = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"
            self._process = start([sys.executable, "-c", whole], theirs.fileno())
        self._ours, self._line = ours, ours.makefile("rw")
        self._in_turn = threading.Lock()

    def carry_out(
        self, order: Mapping[str, object], given: bytes = b"", seconds_max: float = SECONDS_MAX
    ) -> tuple[int, str, str]:
        """The exit status, below zero the signal that ended it; what it said, and its errors.

        Raises:
            TimeoutError: it did not end, and so takes no others.
        """
        with tempfile.TemporaryDirectory(prefix="posswitch-command-") as place:
            streams = [Path(place, str(number)) for number in STREAMS]
            for path, content in zip(streams, (given, b"", b""), strict=True):
                path.write_bytes(content)
            told = {**order, "streams": [str(path) for path in streams]}
            with self._in_turn:
                status = self._run(told, seconds_max)
            said, errors = (path.read_text() for path in streams[1:])
        return status, said, errors

    def _run(self, order: Mapping[str, object], seconds_max: float) -> int:
        self._line.write(json.dumps(order) + "\n")
        self._line.flush()
        if not select.select([self._ours], [], [], seconds_max)[0]:
            raise TimeoutError(f"{order} did not end within {seconds_max:.0f} s")
        return int(self._line.readline())


def take_orders(carry_out: Callable[..., NoReturn]) -> None:
    """Until there is nobody to give them; a child carries each out, with the streams it names."""
    with socket.socket(fileno=os.dup(0)) as line, line.makefile("rw") as orders:
        while order := orders.readline():
            child = os.fork()
            if child == 0:
                told: dict[str, Any] = json.loads(order)
                _take_streams(told.pop("streams"))
                carry_out(**told)
            _, status = os.waitpid(child, 0)
            orders.write(f"{os.waitstatus_to_exitcode(status)}\n")
            orders.flush()


def _take_streams(streams: list[str]) -> None:
    for (number, flags), path in zip(STREAMS.items(), streams, strict=True):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, "r" if number == 0 else "w", closefd=False)  # noqa: SIM115 - ours for life
        for number in STREAMS
    )


def end_with(main: Callable[[], object]) -> NoReturn:
    """Be that program to its end, and end as an interpreter would."""
    status = 1
    try:
        main()
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - as an interpreter would
        sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(status)  # to take apart all that was imported takes longer than most orders
