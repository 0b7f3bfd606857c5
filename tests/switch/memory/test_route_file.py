"""The routes file: one truth for several processes, through kills, full disks and long lives."""

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from switch.memory.route_file import PendingWrite, RouteError, RouteFile, done_here
from switch.memory.route_words import Noted, State
from switch.memory.routes import without_secrets
from tests.switch.conftest import approval
from tests.switch.memory.test_routes import NOW, purchase_of

KILLS = 3
KILLS_OF_CHAOS = 100


def key_of(stan: int) -> str:
    return purchase_of(stan).key.text


def change(write, stan: int, route: str = "far", **more) -> PendingWrite:
    return PendingWrite(
        write=write, key_text=key_of(stan), route=route, noted_at=NOW, done=print, **more
    )


def note_of(stan: int, route: str = "far") -> PendingWrite:
    return change(RouteFile.note, stan, route, request=without_secrets(purchase_of(stan)))


def write(file: RouteFile, *changes: PendingWrite) -> list[Noted | None]:
    done_here(file.writing(changes))
    return [each.result for each in changes]


def note(file: RouteFile, stan: int, route: str = "far") -> Noted | None:
    return write(file, note_of(stan, route))[0]


def answer(file: RouteFile, stan: int) -> Noted | None:
    return write(file, change(RouteFile.answer, stan, answer=approval()))[0]


def undo(file: RouteFile, stan: int) -> Noted | None:
    return write(file, change(RouteFile.undo, stan))[0]


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "routes.db"


@pytest.fixture
def two(path):
    files = RouteFile(path, "one"), RouteFile(path, "two")
    yield files
    for file in files:
        file.close()


def test_processes_see_at_once_what_another_has_written(two):
    one, other = two
    noted = note(one, 1)
    assert other.find(key_of(1)) == noted
    assert note(other, 1) is None
    assert undo(other, 1).state is State.UNDONE
    assert answer(one, 1) is None
    assert one.find(key_of(1)).state is State.UNDONE


def test_traces_are_given_once_whoever_asks_and_whatever_is_on_the_shelf(two):
    one, other = two
    traces = [note(one, 1).trace, note(other, 2).trace]
    done_here(one.purging(0.0))
    traces += [note(other, 3).trace, note(one, 4).trace]
    done_here(other.purging(0.0))
    traces += [note(one, 5).trace]
    assert traces == [1, 2, 3, 4, 5]
    assert note(other, 6, route="near").trace == 1


def test_what_is_on_the_shelf_stands_as_it_stood(two):
    one, other = two
    note(one, 1)
    answered = (note(one, 2), answer(one, 2))[1]
    note(one, 3)
    done_here(one.purging(0.0))
    for file in two:
        assert file.find(key_of(2)) == answered
        assert [row.request.key.stan for row in file.open_before(NOW)] == ["000001", "000003"]
    assert note(other, 2) is None
    assert answer(other, 3).state is State.ANSWERED
    assert undo(one, 2).answer == approval()
    assert [row.request.key.stan for row in other.open_before(NOW)] == ["000001"]


def test_a_long_log_goes_to_the_shelf_and_is_begun_again(two, path, monkeypatch):
    monkeypatch.setattr("switch.memory.route_file.LOG_BYTES_MAX", 4000)
    for stan in range(1, 601):
        file = two[stan % 2]
        assert note(file, stan).trace == stan
        assert answer(file, stan) is not None
        assert two[(stan + 1) % 2].find(key_of(stan)).state is State.ANSWERED
    for file in two:
        assert all(file.find(key_of(stan)).trace == stan for stan in range(1, 601))
        assert file.find(key_of(601)) is None
    assert Path(f"{path}-log").stat().st_size < 8000


def test_a_kill_between_the_shelf_and_the_new_log_loses_nothing(path, two):
    one, other = two
    note(one, 1)
    steps = one.purging(0.0)
    put = next(steps)
    put()
    steps.close()  # here it is killed: on the shelf, and the log not begun again
    assert note(other, 2).trace == 2
    third = RouteFile(path, "three")
    for file in (other, third):
        assert [file.find(key_of(stan)).trace for stan in (1, 2)] == [1, 2]
    third.close()


def test_a_log_cut_at_any_byte_is_the_file_as_it_was_at_some_moment(path):
    file = RouteFile(path, "one")
    states: list[tuple[State | None, State | None]] = [(None, None)]
    for step in (note, answer, undo):
        step(file, 1)
        states.append(state_of(file))
    note(file, 2)
    states.append(state_of(file))
    file.close()
    log = Path(f"{path}-log")
    data, seen = log.read_bytes(), []
    for cut in range(len(data) + 1):
        log.write_bytes(data[:cut])
        Path(f"{log}-mark").unlink(missing_ok=True)
        file = RouteFile(path, "one")
        seen.append(state_of(file))
        file.close()
    assert list(dict.fromkeys(seen)) == states


def state_of(file: RouteFile) -> tuple[State | None, State | None]:
    first, second = (file.find(key_of(stan)) for stan in (1, 2))
    return (first.state if first else None), (second.state if second else None)


def test_a_damaged_log_is_refused_with_what_to_do(path):
    file = RouteFile(path, "one")
    note(file, 1)
    note(file, 2)
    file.close()
    log = Path(f"{path}-log")
    data = bytearray(log.read_bytes())
    data[30] ^= 1
    log.write_bytes(data)
    with pytest.raises(RouteError, match=r"damaged at byte 0\. Next: .*backup"):
        RouteFile(path, "one")


def test_one_that_is_opened_while_another_writes_has_what_was_written(path):
    one = RouteFile(path, "one")
    noted = note(one, 1)
    steps = one.writing([note_of(2)])
    append = next(steps)
    append()
    other = RouteFile(path, "two")
    assert (other.find(key_of(1)), other.find(key_of(2))) == (noted, None)
    assert next(steps, None) is None
    assert other.find(key_of(2)) == one.find(key_of(2))
    assert note(other, 3).trace == 3
    one.close()
    other.close()


def test_a_log_whose_shelf_is_gone_is_refused(path):
    file = RouteFile(path, "one")
    note(file, 1)
    done_here(file.purging(0.0))
    file.close()
    path.unlink()
    with pytest.raises(RouteError, match=r"goes on after what stands beside it\. Next: "):
        RouteFile(path, "one")


def test_a_full_disk_refuses_everything_and_keeps_what_was(path, monkeypatch):
    file = RouteFile(path, "one")
    first = note(file, 1)

    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", full)
        with pytest.raises(RouteError, match=r"routes\.db: .*No space left on device"):
            write(file, note_of(2), change(RouteFile.answer, 1, answer=approval()))
    assert file.find(key_of(2)) is None
    assert file.find(key_of(1)) == first
    assert note(file, 2).trace == 2, "no trace is lost"
    file.close()
    file = RouteFile(path, "one")
    assert [file.find(key_of(stan)).trace for stan in (1, 2)] == [1, 2]
    file.close()


def test_who_inherits_has_the_open_ones_of_the_other(two):
    one, other = two
    note(one, 1)
    done_here(other.inheriting("one"))
    assert [row.owner for row in other.open_before(NOW)] == ["two"]


def test_a_file_of_the_first_release_goes_on(path):
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE exchange (key_text TEXT PRIMARY KEY, route TEXT NOT NULL,"
            " owner TEXT NOT NULL, state TEXT NOT NULL, noted_at REAL NOT NULL,"
            " trace INTEGER NOT NULL, card TEXT NOT NULL, request BLOB, answer BLOB)"
            " STRICT, WITHOUT ROWID;"
            "CREATE TABLE trace (route TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;"
            "INSERT INTO trace VALUES ('far', 41);"
        )
        request = msgspec.msgpack.encode(without_secrets(purchase_of(1)))
        values = (key_of(1), "far", "one", "open", NOW, 41, "998800******0015", request, None)
        db.execute("INSERT INTO exchange VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    db.close()
    file = RouteFile(path, "one")
    assert [row.trace for row in file.open_before(NOW)] == [41]
    assert answer(file, 1).state is State.ANSWERED
    assert note(file, 2).trace == 42
    file.close()


def survive_kills(path: Path, kills: int) -> None:
    told: list[int] = []
    for _ in range(kills):
        first = told[-1] + 1000 if told else 1
        process = subprocess.Popen(
            [sys.executable, __file__, str(path), str(first)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": "."},
        )
        assert process.stdout is not None
        told += [int(process.stdout.readline()) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        told += [int(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
    file = RouteFile(path, "one")
    found = [file.find(key_of(stan)) for stan in told]
    assert all(noted is not None and noted.state is State.OPEN for noted in found)
    assert len({noted.trace for noted in found}) == len(told), "a trace was given twice"
    file.close()


def test_whatever_was_told_before_a_kill_is_there_after_it(path):
    survive_kills(path, KILLS)


@pytest.mark.chaos
def test_a_hundred_kills_lose_nothing_that_was_told(path):
    survive_kills(path, KILLS_OF_CHAOS)


def note_for_ever(path: Path, stan: int) -> None:
    """What is killed: notes, and tells each that is on disk."""
    from switch.memory import route_file

    route_file.LOG_BYTES_MAX = 4000  # type: ignore[misc]
    file = RouteFile(path, "one")
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at:
        note(file, stan)
        sys.stdout.write(f"{stan}\n")
        sys.stdout.flush()
        stan += 1


if __name__ == "__main__":
    note_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
