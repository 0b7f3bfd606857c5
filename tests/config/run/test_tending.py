"""What falls is started again, each time a little later, by a clock that nobody waits for."""

import errno
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.run.children import Program
from config.run.tending import FALLS_SECONDS, LOUD_FALLS, PAUSES_SECONDS, Tended


@contextmanager
def short_lived() -> Iterator[Program]:
    """A child that ends by itself."""
    with subprocess.Popen(["true"], stdout=subprocess.PIPE) as process:
        process.wait()
        yield Program(name="child", process=process, log=Path("child.log"))


def test_what_falls_is_started_again_later_each_time_until_a_minute_was_quiet() -> None:
    now, said = [0.0], list[str]()
    with Tended("child", short_lived, say=said.append, clock=lambda: now[0]) as tended:
        before = tended.start()
        for pause in (*PAUSES_SECONDS, PAUSES_SECONDS[-1]):
            left = tended.mend()
            assert left is not None
            assert tended.program is before, "not before its pause is over"
            assert f"is started again in {pause:g} s" in said[-1]
            assert ("WITHIN A MINUTE" in said[-1]) is (len(said) >= LOUD_FALLS)
            now[0] += pause
            tended.mend()
            assert tended.program is not before
            before = tended.program
        now[0] += FALLS_SECONDS + 1
        tended.mend()
    assert re.search(rf"in {PAUSES_SECONDS[0]:g} s$", said[-1])


def test_a_start_that_the_machine_refuses_is_told_with_what_mends_it() -> None:
    now, said, place = [0.0], list[str](), "/var/lib/posswitch/postmaster.pid"

    @contextmanager
    def refused() -> Iterator[Program]:
        if now[0]:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), place)
        with short_lived() as program:
            yield program

    with Tended("postgres", refused, say=said.append, clock=lambda: now[0]) as tended:
        tended.start()
        while len(said) < LOUD_FALLS:
            tended.mend()
            now[0] += PAUSES_SECONDS[-1]
    assert said[1] == (
        f"postgres cannot be started: cannot use {place}: Read-only file system, and is started "
        f"again in {PAUSES_SECONDS[1]:g} s. Next: mount that file system for writing, or name "
        "another directory with --data"
    )
    assert said[-1].count("Next: ") == 1


def test_a_pin_that_a_device_refuses_is_not_tried_again(tmp_path: Path) -> None:
    now, said, begun = [0.0], list[str](), list[float]()
    log = tmp_path / "host.log"
    log.write_text("posswitch host: E-KEYS-PIN: its PIN is another. Next: compare host.hsm.pin\n")

    @contextmanager
    def refused() -> Iterator[Program]:
        begun.append(now[0])
        with subprocess.Popen(["false"], stdout=subprocess.PIPE) as process:
            process.wait()
            yield Program(name="host", process=process, log=log)

    with Tended("host", refused, say=said.append, clock=lambda: now[0]) as tended:
        tended.start()
        for _ in range(100):
            wait = tended.mend()
            assert wait is not None
            assert wait <= max(PAUSES_SECONDS)
            now[0] += 3_600
    assert len(begun) == len(said) == 1
    assert "may lock the token. Next: mend host.hsm.pin" in said[0]
    assert said[0].count("Next: ") == 1
