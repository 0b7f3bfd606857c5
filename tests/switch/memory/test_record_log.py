"""The append-only log: what was on disk is found, what was torn is dropped, nothing is guessed."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.memory.record_log import LogError, LogLockedError, Place, RecordLog, framed

PAYLOADS = [b"first", b"second" * 5, b"3", bytes(40), b"last of them"]


def put(log: RecordLog, payload: bytes) -> Place:
    """One payload, on disk and said so."""
    at = log.mark
    assert at is not None
    frame = framed(at.generation, payload)
    log.append(at, frame)
    place = Place(at.generation, at.end + len(frame))
    log.say(place)
    return place


def opened(path: Path, generation: int = 1) -> tuple[RecordLog, list[bytes]]:
    log = RecordLog(path)
    payloads, _ = log.recover(generation)
    return log, payloads


def filled(path: Path, payloads: list[bytes], generation: int = 1) -> list[int]:
    """A log of these; where each frame ends."""
    log, _ = opened(path, generation)
    ends = [put(log, payload).end for payload in payloads]
    log.close()
    return ends


def recovered(path: Path, generation: int = 1) -> list[bytes] | None:
    """What is found; None when it is refused."""
    log = RecordLog(path)
    try:
        return log.recover(generation)[0]
    except LogError:
        return None
    finally:
        log.close()


def mark_of(path: Path) -> Path:
    return Path(f"{path}-mark")


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "log"


def test_what_was_appended_is_found_by_the_next_life(path):
    filled(path, PAYLOADS)
    assert recovered(path) == PAYLOADS


def test_a_log_cut_at_any_byte_keeps_the_whole_frames_before_it(path):
    ends = filled(path, PAYLOADS)
    data = path.read_bytes()
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        mark_of(path).unlink(missing_ok=True)
        assert recovered(path) == PAYLOADS[: sum(end <= cut for end in ends)], cut


def test_a_log_cut_before_its_mark_is_refused(path):
    filled(path, PAYLOADS)
    data, mark = path.read_bytes(), mark_of(path).read_bytes()
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        mark_of(path).write_bytes(mark)
        assert recovered(path) is None, cut


@pytest.mark.parametrize("bits", [0x01, 0x80, 0xFF])
def test_a_changed_byte_is_never_passed_over(path, bits):
    ends = filled(path, PAYLOADS)
    data, mark = path.read_bytes(), mark_of(path).read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :])
        mark_of(path).write_bytes(mark)
        assert recovered(path) is None, at
        mark_of(path).unlink()
        # Without a mark a broken last frame is taken for a torn one; what follows is not there.
        assert recovered(path) == (PAYLOADS[:-1] if at >= ends[-2] else None), at


@given(
    before=st.lists(st.binary(min_size=1, max_size=60), max_size=4),
    torn=st.binary(min_size=1, max_size=60),
    after=st.lists(st.binary(min_size=1, max_size=60), max_size=4),
    share=st.floats(0, 1),
)
def test_a_write_cut_by_a_kill_leaves_what_was_said_and_room_for_more(
    tmp_path_factory, before, torn, after, share
):
    path = tmp_path_factory.mktemp("log") / "log"
    end = (filled(path, before) or [0])[-1]
    frame = framed(1, torn)
    with path.open("r+b") as file:
        file.seek(end)
        file.write(frame[: int(share * len(frame))])
    log, payloads = opened(path)
    assert payloads in (before, [*before, torn])
    for payload in after:
        put(log, payload)
    log.close()
    assert recovered(path) == payloads + after
    shutil.rmtree(path.parent)


def test_one_that_lives_writes_over_what_another_left_torn(path):
    log, _ = opened(path)
    put(log, b"said")
    at = log.mark
    assert at is not None
    log.append(at, framed(1, b"whole, but its writer died before he said so" * 3))
    put(log, b"short")
    log.close()
    assert recovered(path) == [b"said", b"short"]


def test_a_new_generation_writes_over_the_old_and_nothing_of_the_old_comes_back(path):
    filled(path, PAYLOADS)
    size = path.stat().st_size
    log, payloads = opened(path, 2)
    assert payloads == []
    put(log, b"new")
    log.close()
    assert path.stat().st_size == size
    assert recovered(path, 2) == [b"new"]
    assert recovered(path, 3) == []
    assert recovered(path, 2) is None


def test_a_generation_before_the_one_that_was_said_is_refused(path):
    filled(path, PAYLOADS, generation=2)
    assert recovered(path, 1) is None
    assert recovered(path, 2) == PAYLOADS


def test_a_reader_sees_what_is_said_and_no_more(path):
    writer, _ = opened(path)
    reader = RecordLog(path)
    first = put(writer, b"said")
    writer.append(first, framed(1, b"not yet"))
    assert reader.mark == first
    assert reader.read(0, first) == [b"said"]
    with pytest.raises(LogError, match="damaged"):
        reader.read(0, Place(1, first.end + 1))
    writer.close()
    reader.close()


def test_one_at_a_time_has_the_lock(path, monkeypatch):
    monkeypatch.setattr("switch.memory.record_log.LOCK_SECONDS_MAX", 0.01)
    first, second = RecordLog(path), RecordLog(path)
    assert first.try_lock()
    assert not second.try_lock()
    with pytest.raises(LogLockedError, match="another process has held"):
        second.lock()
    first.unlock()
    second.lock()
    assert not first.try_lock()
    second.close()
    assert first.try_lock(), "who ends lets go"
    first.close()


@pytest.mark.parametrize("fails_at", ["pwrite", "fdatasync"])
def test_what_a_full_disk_refused_is_not_there_and_the_next_is(path, monkeypatch, fails_at):
    log, _ = opened(path)
    place = put(log, b"before")

    def half(file, data, at):
        real(file, data[: len(data) // 2], at)
        raise OSError(errno.ENOSPC, "No space left on device")

    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    real = os.pwrite
    with monkeypatch.context() as patched:
        patched.setattr(os, fails_at, half if fails_at == "pwrite" else full)
        with pytest.raises(OSError, match="No space"):
            log.append(place, framed(1, b"refused"))
    assert log.mark == place
    mark_of(path).rename(path.parent / "kept")
    assert recovered(path) == [b"before"]
    log.close()
    (path.parent / "kept").rename(mark_of(path))
    log, _ = opened(path)
    put(log, b"after")
    log.close()
    assert recovered(path) == [b"before", b"after"]


def test_a_mark_that_is_damaged_says_nothing(path):
    filled(path, PAYLOADS)
    mark_of(path).write_bytes(b"\x01" * 16)
    log = RecordLog(path)
    assert log.mark is None
    assert log.recover(1)[0] == PAYLOADS
    log.close()
