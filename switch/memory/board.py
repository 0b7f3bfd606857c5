"""What a switch process is undoing, where its siblings see it: a file that all have in memory.

A terminal repeats what was not answered, and its new connection may be dealt to another process
than the one that owes the reversal of the first sending. So each has a board beside its
store-and-forward file: a table of digests of keys, written by its owner alone, read by all. Neither
waits for the other, nor for the disk: a slot is eight bytes of memory, and is free or is whole.

What is struck off stays on the board for as long as a sibling may still wait for an answer that the
host gave before it undid; and what a killed owner showed stays until the owner lives again. Who
starts while an owner does not live shows for it what its file says it owes, for after a power cut
its board may say less.
"""

import fcntl
import hashlib
import mmap
import os
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import structlog

from switch.memory.saf_file import SafError, SafFile, is_undoing
from switch.memory.sqlite_file import made_private

SUFFIX: Final = "-undoing"
"""After the name of the store-and-forward file that a board belongs to."""
SLOTS: Final = 1 << 18
SHOWN_MAX: Final = SLOTS // 2
"""Beyond it what is owed is owed, but siblings do not see it."""
SLOT_BYTES: Final = 8
BOARD_BYTES: Final = (1 + SLOTS) * SLOT_BYTES
FREE: Final = 0
GONE: Final = 1
"""It held something, and what was put behind that is still to be found."""
OWN_SECONDS_MAX: Final = 10.0
"""How long whoever starts waits for a sibling that sees to its board, or for its own last life."""
OWN_RETRY_SECONDS: Final = 0.05

_LOG = structlog.get_logger(__name__)


def digest_of(key_text: str) -> int:
    """What stands for a key on every board; neither free nor gone."""
    digest = hashlib.blake2b(key_text.encode(), digest_size=SLOT_BYTES).digest()
    return max(int.from_bytes(digest), GONE + 1)


class Board:
    """An open table of digests: how many it shows, then its slots."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it, readable by its owner's user alone and wholly on the disk.

        Raises:
            SafError: that cannot be done.
        """
        try:
            made_private(path)
            self._file = os.open(path, os.O_RDWR)
            # A hole in the file would be a fault of the memory once the disk is full.
            os.posix_fallocate(self._file, 0, BOARD_BYTES)
            self._memory = mmap.mmap(self._file, BOARD_BYTES)
        except OSError as error:
            raise SafError(
                f"{path}, where the switch processes see what each is undoing: {error}. Next: "
                "give the switch a writable `saf` path with room for it"
            ) from None
        self._cells = memoryview(self._memory).cast("Q")

    def __len__(self) -> int:
        return self._cells[0]

    def __contains__(self, digest: int) -> bool:
        return self._slot_of(digest) is not None

    def digests(self) -> set[int]:
        """All that it shows."""
        return set(self._cells[1:].tolist()) - {FREE, GONE}

    def add(self, digest: int) -> None:
        """Show it; what is shown is shown once."""
        if digest in self:
            return
        if len(self) >= SHOWN_MAX:
            _LOG.critical("siblings do not see all that is being undone", shown_max=SHOWN_MAX)
            return
        slot = next(slot for slot in _slots_of(digest) if self._cells[slot] <= GONE)
        self._cells[slot] = digest
        self._cells[0] += 1

    def remove(self, digest: int) -> None:
        """Show it no more."""
        slot = self._slot_of(digest)
        if slot is None:
            return
        self._cells[slot] = GONE
        self._cells[0] -= 1
        if self._cells[slot % SLOTS + 1] == FREE:
            while self._cells[slot] == GONE:
                self._cells[slot] = FREE
                slot = slot - 1 or SLOTS

    def count_again(self) -> None:
        """An owner that was killed may have died between a slot and the count."""
        self._cells[0] = len(self.digests())

    def own(self) -> bool:
        """Be the one that writes here, until `disown`, `close` or death; False where another is."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def disown(self) -> None:
        """Let another write here."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file; what it shows stays."""
        self._cells.release()
        self._memory.close()
        os.close(self._file)

    def _slot_of(self, digest: int) -> int | None:
        for slot in _slots_of(digest):
            held = self._cells[slot]
            if held in {digest, FREE}:
                return slot if held == digest else None
        return None


def _slots_of(digest: int) -> Iterator[int]:
    """Where it may be: its own slot, and those that follow."""
    return (1 + (digest + step) % SLOTS for step in range(SLOTS))


class Boards:
    """Ours, and those of our siblings."""

    def __init__(self, saf: Path, siblings: Sequence[Path], linger_seconds: float) -> None:
        """Own ours, and see to the boards of those who do not live.

        Raises:
            SafError: one cannot be used.
        """
        self._linger_seconds = linger_seconds
        self._held: set[int] = set()
        """What we show because we owe it."""
        self._leaving: deque[tuple[float, int]] = deque()
        """What we owe no more, and until when it is shown."""
        self._ours = _owned(board_of(saf))
        self._ours.count_again()
        self._left = self._ours.digests()
        """What an earlier life showed: some of it may be settled."""
        self._theirs = [_seen(each) for each in siblings]

    def add(self, key_text: str) -> None:
        """Show it from this moment."""
        digest = digest_of(key_text)
        self._held.add(digest)
        self._ours.add(digest)

    def remove(self, key_text: str, now: float) -> None:
        """We owe it no more."""
        digest = digest_of(key_text)
        if digest in self._held:
            self._held.remove(digest)
            self._leaving.append((now + self._linger_seconds, digest))

    def sweep(self, now: float) -> None:
        """Take down what no sibling can be wrong about any more."""
        if self._left:
            until = now + self._linger_seconds
            self._leaving += ((until, digest) for digest in self._left - self._held)
            self._left.clear()
        while self._leaving and self._leaving[0][0] <= now:
            _, digest = self._leaving.popleft()
            if digest not in self._held:
                self._ours.remove(digest)

    @property
    def is_any_shown(self) -> bool:
        """Whether a sibling shows anything: it rarely does."""
        return any(map(len, self._theirs))

    def is_shown(self, key_text: str) -> bool:
        """Whether a sibling is undoing it, or was a moment ago."""
        digest = digest_of(key_text)
        return any(digest in each for each in self._theirs)

    def close(self) -> None:
        """Let go of all."""
        for each in (self._ours, *self._theirs):
            each.close()


def board_of(saf: Path) -> Path:
    """Where the owner of a store-and-forward file shows what it undoes."""
    return saf.with_name(saf.name + SUFFIX)


def _owned(path: Path) -> Board:
    """Ours.

    Raises:
        SafError: another process has it, and keeps it.
    """
    board, until = Board(path), time.monotonic() + OWN_SECONDS_MAX
    while not board.own():
        if time.monotonic() >= until:
            board.close()
            raise SafError(
                f"{path} is in use. Next: stop the other switch process that has this number"
            )
        time.sleep(OWN_RETRY_SECONDS)
    return board


def _seen(saf: Path) -> Board:
    """A sibling's board, which says all that it owes, whether it lives or not."""
    board = Board(board_of(saf))
    if board.own():
        board.count_again()
        for key_text in _undoing_in(saf):
            board.add(digest_of(key_text))
        board.disown()
    return board


def _undoing_in(saf: Path) -> list[str]:
    """What the dead has still to undo. What cannot be read its owner will say when it starts."""
    if not saf.exists():
        return []
    try:
        file = SafFile(saf)
        try:
            return [each.key.text for _, each, to in file.owed() if is_undoing(each, to)]
        finally:
            file.close()
    except (SafError, sqlite3.Error) as error:
        _LOG.critical("what a sibling owes cannot be read", file=saf.name, why=str(error))
        return []
