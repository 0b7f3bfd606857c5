"""An append-only file of framed records that several processes write: the newest word, cheaply.

A frame is a generation, a length, a CRC-32 and the payload. One writer at a time holds a lock,
appends one frame (`append`), and when that is on disk moves the mark that stands beside the log
(`say`). Readers go no further than the mark, so they never see what a loss of power could still
take back, and they never wait for the disk.

The file is not cut off but begun again: a new generation writes over the old one from the start,
so that in the long run no write changes the file's size, which is half of what a synchronous
write costs. Whoever keeps elsewhere what the old generation said decides when.

A crash can tear the last frame only, for none is begun before the one before it is on disk. So a
broken frame at the end is dropped (`recover`); one that is followed by whole ones, or stands
before the mark, is damage, and is never passed over.
"""

import fcntl
import mmap
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

LOCK_SECONDS_MAX: Final = 5.0
"""How long one process waits for another's write."""
LOCK_RETRY_SECONDS: Final = 0.0005
FRAME_BYTES_MAX: Final = 64 * 1024 * 1024
_FRAME: Final = Struct(">III")
"""Generation, length, CRC-32 of both and the payload."""
_COVERED: Final = Struct(">II")
_MARK: Final = Struct(">QQ")
"""Generation, a flag and the end in one number, and its complement."""
_END_MAX: Final = (1 << 31) - 1
_MAY_BE_OVER: Final = 1 << 31
_ALL_BITS: Final = (1 << 64) - 1


class LogError(Exception):
    """The log cannot be used; the text says what is wrong with it."""


class LogLockedError(Exception):
    """Another process writes, and does not come to an end."""


class Place(NamedTuple):
    """How far a log goes: everything before is on disk."""

    generation: int
    end: int
    may_be_over: bool = False
    """Somebody is about to end this generation, or was when he was killed."""


class RecordLog:
    """The log at `path` and its mark at `path` with `-mark`; both readable by their user alone."""

    def __init__(self, path: Path) -> None:
        """Open or make the files.

        Raises:
            OSError: that cannot be done.
        """
        self.path = path
        self._log = _opened(path)
        self._marked = _opened(Path(f"{path}-mark"))
        os.posix_fallocate(self._marked, 0, _MARK.size)
        self._view = mmap.mmap(self._marked, _MARK.size, prot=mmap.PROT_READ)

    def close(self) -> None:
        """Let go of the files."""
        self._view.close()
        os.close(self._log)
        os.close(self._marked)

    def try_lock(self) -> bool:
        """Be the one who writes, among all processes; False while another one is."""
        try:
            fcntl.flock(self._marked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def lock(self) -> None:
        """The same, waiting for it.

        Raises:
            LogLockedError: another process writes for too long.
        """
        until = time.monotonic() + LOCK_SECONDS_MAX
        while not self.try_lock():
            if time.monotonic() > until:
                raise LogLockedError(
                    f"another process has held {self.path} for {LOCK_SECONDS_MAX:.0f} s"
                )
            time.sleep(LOCK_RETRY_SECONDS)

    def unlock(self) -> None:
        """Let others write; without the lock it does nothing."""
        fcntl.flock(self._marked, fcntl.LOCK_UN)

    @property
    def mark(self) -> Place | None:
        """How far the log is known to be on disk; None when nobody has said."""
        number, check = _MARK.unpack_from(self._view)
        if number ^ check != _ALL_BITS:
            return None
        return Place(number >> 32, number & _END_MAX, bool(number & _MAY_BE_OVER))

    def say(self, place: Place) -> None:
        """So far it is on disk; the lock is held.

        Raises:
            OSError: the mark cannot be written.
        """
        assert place.end <= _END_MAX
        number = place.generation << 32 | place.may_be_over * _MAY_BE_OVER | place.end
        _write(self._marked, _MARK.pack(number, number ^ _ALL_BITS), 0)

    def append(self, at: Place, frame: bytes) -> None:
        """Put a frame at the end, on disk when this returns; the lock is held.

        Raises:
            OSError: it is not there, and what was is as it was.
        """
        try:
            _write(self._log, frame, at.end)
            os.fdatasync(self._log)
        except OSError:
            self._take_back(at.end)
            raise

    def read(self, start: int, place: Place) -> list[bytes]:
        """The payloads from `start` to `place`.

        Raises:
            LogError: they are not there, or not whole.
        """
        data = os.pread(self._log, place.end - start, start)
        found = list(_frames(data, place.generation))
        if (found[-1][1] if found else 0) != place.end - start:
            raise LogError(f"{self.path} is damaged between bytes {start} and {place.end}")
        return [payload for payload, _ in found]

    def recover(self, generation: int) -> tuple[list[bytes], Place]:
        """What an earlier life left of this generation, a torn end dropped; the lock is held.

        Raises:
            LogError: a frame that was on disk is broken or gone, or a later generation has begun.
            OSError: it cannot be read or written.
        """
        mark = self.mark
        if mark is not None and mark.generation > generation:
            raise LogError(f"{self.path} goes on after what stands beside it")
        data = os.pread(self._log, os.fstat(self._log).st_size, 0)
        found = list(_frames(data, generation))
        end = found[-1][1] if found else 0
        is_short = mark is not None and mark.generation == generation and end < mark.end
        if is_short or _has_frame_after(data, end, generation):
            raise LogError(f"{self.path} is damaged at byte {end}")
        # Whole, but perhaps not yet on disk: its writer died before it could say so.
        os.fdatasync(self._log)
        place = Place(generation, end)
        self.say(place)
        return [payload for payload, _ in found], place

    def _take_back(self, at: int) -> None:
        """Nothing of a frame that failed may be found later; the next one is written over it."""
        try:
            if os.fstat(self._log).st_size > at:
                _write(self._log, bytes(_FRAME.size), at)
                os.fdatasync(self._log)
        except OSError:
            return


def framed(generation: int, payload: bytes) -> bytes:
    """A payload as it stands in the log."""
    start = _COVERED.pack(generation, len(payload))
    return start + zlib.crc32(payload, zlib.crc32(start)).to_bytes(4, "big") + payload


def _opened(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def _write(file: int, data: bytes, at: int) -> None:
    while data:
        written = os.pwrite(file, data, at)
        data, at = data[written:], at + written


def _frames(data: bytes, generation: int) -> Iterator[tuple[bytes, int]]:
    """Whole frames of a generation from the start: each payload, and where its frame ends."""
    at = 0
    while (end := _frame_end(data, at, generation)) > at:
        yield data[at + _FRAME.size : end], end
        at = end


def _frame_end(data: bytes, at: int, generation: int) -> int:
    """Where the frame at `at` ends; `at` when there is no whole one."""
    if len(data) - at < _FRAME.size:
        return at
    of, size, check = _FRAME.unpack_from(data, at)
    end = at + _FRAME.size + size
    if of != generation or not 0 < size <= FRAME_BYTES_MAX or end > len(data):
        return at
    covered = memoryview(data)
    crc = zlib.crc32(covered[at + _FRAME.size : end], zlib.crc32(covered[at : at + _COVERED.size]))
    return end if crc == check else at


def _has_frame_after(data: bytes, at: int, generation: int) -> bool:
    start = generation.to_bytes(4, "big")
    while (at := data.find(start, at + 1)) >= 0:
        if _frame_end(data, at, generation) > at:
            return True
    return False
