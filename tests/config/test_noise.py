"""Every line of a program's log is JSON, whatever a library, a thread or a peer does."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import structlog.testing

from config.noise import noise_in_lines
from config.places import places_of
from config.run.orders import Orders
from config.run.programs import command
from config.settings import Settings, resolved
from switch.channels import ChannelSettings

ABUSE = {
    "a warning": "import warnings; warnings.warn('odd thing')",
    "a logger": "import logging; logging.getLogger('psycopg.pool').warning('lost %s', 'it')",
    "a record that cannot be formatted": (
        "import logging; logging.getLogger('odd thing').error('%d of %d', 'x')"
    ),
    "an exception that is logged": (
        "import logging\ntry: 1 / 0\nexcept ZeroDivisionError: logging.exception('odd thing')"
    ),
    "a print": "print('odd thing')",
    "a print to standard error": "import sys; print('odd thing', file=sys.stderr)",
    "half a line": "import sys; sys.stderr.write('odd thing')",
    "lines of lines": "print('odd thing', 'odd thing', sep=chr(10))",
    "a thread that dies": (
        "import threading\nthread = threading.Thread(target=lambda: 1 / 0, name='odd thing')\n"
        "thread.start(); thread.join()"
    ),
    "an exception nobody can have": (
        "class Odd:\n    def __del__(self): raise ValueError('odd thing')\nOdd()"
    ),
    "a lone surrogate": "log.info('odd thing', text='\\udc80')",
    "a repr that fails": (
        "class Odd:\n    def __repr__(self): raise ValueError\nlog.info('odd thing', what=Odd())"
    ),
    "newlines in what is logged": "log.info('odd thing' + chr(10) + '{not json')",
    "the end of the program": "raise ValueError('odd thing')",
}
PROGRAM = """
import sys, structlog
from config.logging import configure_logging
from config.noise import Printed, noise_in_lines, uncaught
configure_logging("info")
sys.excepthook = uncaught
log = structlog.get_logger()
with noise_in_lines():
    sys.stdout = Printed("stdout", 2)
    log.info("before")
    exec({code!r})
    log.info("after")
"""


@pytest.mark.parametrize("abuse", ABUSE)
def test_every_line_is_json_whatever_is_said_beside_it(abuse: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", PROGRAM.format(code=ABUSE[abuse])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines[0]["event"] == "before"
    assert any("odd thing" in json.dumps(line) or "lost it" in line["event"] for line in lines)
    if abuse != "the end of the program":
        assert "after" in {line["event"] for line in lines}


def test_what_was_there_before_is_there_afterwards() -> None:
    before = sys.stderr, sys.stdout, sys.unraisablehook
    with structlog.testing.capture_logs() as lines, noise_in_lines():
        assert sys.stderr is not before[0]
        sys.stderr.write("odd thing\n")
    assert (sys.stderr, sys.stdout, sys.unraisablehook) == before
    assert [line["text"] for line in lines] == ["odd thing"]


def test_a_switch_among_broken_frames_logs_nothing_but_json(tmp_path: Path) -> None:
    """Every frame that gets no answer has a line with who sent it, where, which byte, and why."""
    places = places_of(tmp_path / "data")
    places.make()
    channel = ChannelSettings(name="pos", kind="pos", port=0)
    settings = Settings()
    switch = msgspec.structs.replace(settings.switch, channels=(channel,))
    told = resolved(msgspec.structs.replace(settings, switch=switch), places)
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            command("switch", places, Orders()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        ) as running,
    ):
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(msgspec.json.encode(told))
        running.stdin.close()
        port = int(running.stdout.readline().decode().rpartition(":")[2])
        for frame in BROKEN:
            with socket.create_connection(("127.0.0.1", port)) as peer:
                peer.sendall(frame)
                peer.shutdown(socket.SHUT_WR)
                peer.settimeout(10)
                while peer.recv(100):
                    pass
        os.kill(running.pid, signal.SIGTERM)
    assert running.returncode == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    silent = [line for line in lines if line["event"] == "message not answered"]
    assert [(line["field"], line["offset"]) for line in silent] == list(BROKEN.values())
    assert all(line["channel"] == "pos" and line["why"] for line in silent)
    assert all(line["peer"].startswith("127.0.0.1:") for line in silent)


def framed(payload: bytes) -> bytes:
    return struct.pack(">H", len(payload)) + payload


HEADS = bytes.fromhex("6000030000603100311000")
"""TPDU and header: eleven bytes."""
BROKEN = {
    framed(HEADS + b"\x02\xaa" + bytes(8)): ("t", 11),
    framed(HEADS + b"\x02\x10" + bytes(8)): ("t", 11),
    framed(HEADS + b"\x02\x00" + bytes.fromhex("2000000000000000") + b"\x12"): ("3", 21),
    framed(HEADS + b"\x02\x00" + bytes(8)) + b"\x00\x01\x02": ("length", 23),
    b"\x00\x01\x02": ("length", 0),
    framed(HEADS + b"\x02\x10" + bytes(8))[:9]: ("frame", 9),
}
