"""Files: one for each merchant and each issuer and business date, whole or not at all.

The ledger is read once, in order, through a server-side cursor, so memory does not grow with
the day. Every file is written beside its place under a temporary name and synced; only when all
of them are complete are they renamed. What a file holds comes from append-only rows alone, so
writing it again gives the same bytes: the digest of the first time is kept and compared.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

import msgspec

from clearing.layout import HEADER, Item, Total, detail_row, trailer_row
from clearing.night import SQL, ClearingError, Night

MERCHANT: Final = "merchant"
ISSUER: Final = "issuer"
ROWS_PER_FETCH: Final = 5_000
FILE_MODE: Final = 0o640
NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL

_LINE: Final = io.StringIO(newline="")
_ROWS: Final = csv.writer(_LINE)

Party = tuple[str, str]
"""A side (merchant or issuer) and the id it is known by."""


class ClearingFile(msgspec.Struct, frozen=True, kw_only=True):
    """A finished file: `name` within the date's directory, how many DETAIL rows, its digest."""

    name: str
    side: str
    party: str
    items: int
    sha256: bytes


def directory_of(night: Night) -> Path:
    """Where the date's files are: one directory for each business date."""
    return night.files_dir / f"{night.business_date:%Y%m%d}"


def write_files(night: Night) -> str:
    """Write every file of the date; on a repeat, mend what is missing and touch nothing else.

    Raises:
        ClearingError: a file would not be what it was when it was first written.
    """
    directory = directory_of(night)
    directory.mkdir(parents=True, exist_ok=True)
    recorded = recorded_files(night)
    parties = [(file.side, file.party) for file in recorded] or _all_parties(night)
    drafts = _Drafts(directory)
    try:
        for party in parties:
            drafts.of(party)
        for item in _items(night):
            line = csv_line(detail_row(item))
            drafts.of((MERCHANT, item.merchant)).add(item, line)
            drafts.of((ISSUER, item.issuer)).add(item, line)
        files = drafts.finish()
        _compare(night, recorded, files)
        drafts.publish()
    finally:
        drafts.discard()
    if not night.is_repeat:
        for file in files:
            night.run("record_file", **msgspec.structs.asdict(file))
    return f"{len(files)} files in {directory}"


def recorded_files(night: Night) -> tuple[ClearingFile, ...]:
    """What the database says was written for the date, by name."""
    return tuple(ClearingFile(**row) for row in night.rows("recorded_files"))


def csv_line(row: Sequence[str]) -> bytes:
    """One row as RFC 4180 writes it, quoted where it must be."""
    _LINE.seek(0)
    _LINE.truncate()
    _ROWS.writerow(row)
    return _LINE.getvalue().encode()


def _all_parties(night: Night) -> list[Party]:
    return [(row["side"], row["party"]) for row in night.rows("parties")]


def _items(night: Night) -> Iterator[Item]:
    night.rows("read_to_the_end")
    with night.connection.cursor(name="file_items", scrollable=False) as cursor:
        cursor.itersize = ROWS_PER_FETCH
        cursor.execute(SQL["file_items"], {"business_date": night.business_date}, binary=True)
        yield from map(Item._make, cursor)


def _compare(
    night: Night, recorded: tuple[ClearingFile, ...], files: tuple[ClearingFile, ...]
) -> None:
    if not night.is_repeat or recorded == files:
        return
    changed = sorted({file.name for file in set(recorded) ^ set(files)})
    raise ClearingError(
        f"files of {night.business_date} would not be what they were when first written: "
        f"{', '.join(changed[:5])}. They were left as they are. The ledger of a closed date, or "
        "a row of the estate they name, was changed: run `posswitch audit` to find it"
    )


class _Draft:
    """One file in the making, under a temporary name."""

    def __init__(self, directory: Path, party: Party) -> None:
        self.side, self.party = party
        self.name = f"{self.side}-{quote(self.party, safe='')}.csv"
        self.path = directory / self.name
        self.draft_path = directory / f".{self.name}.draft"
        self._items = 0
        self._totals: dict[str, Total] = {}
        self._bytes = _Hashed(self.draft_path)
        self._bytes.write(csv_line(HEADER))

    def add(self, item: Item, line: bytes) -> None:
        """Write an item's DETAIL row, the same in both its files, and count it."""
        self._bytes.write(line)
        self._items += 1
        rows, _, amount, points = self._totals.get(item.unit, (0, "", 0, 0))
        self._totals[item.unit] = Total(
            rows + 1, item.unit, amount + item.amount_minor, points + item.points_earned
        )

    def finish(self) -> ClearingFile:
        """Write the trailer and make the draft durable."""
        for unit in sorted(self._totals):
            self._bytes.write(csv_line(trailer_row(self._totals[unit])))
        self._bytes.write(csv_line(trailer_row(Total(self._items))))
        digest = self._bytes.sync()
        return ClearingFile(
            name=self.name, side=self.side, party=self.party, items=self._items, sha256=digest
        )

    def publish(self, sha256: bytes) -> None:
        """Give the file its name, unless the very same is there already."""
        if self.path.exists() and _sha256_of(self.path) == sha256:
            return
        self.draft_path.replace(self.path)

    def discard(self) -> None:
        """Close and remove what was not published."""
        self._bytes.close()
        self.draft_path.unlink(missing_ok=True)


class _Hashed:
    """A new file, digested on the way."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._file: BinaryIO = os.fdopen(os.open(path, NEW_FILE, FILE_MODE), "wb")
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Append and digest."""
        self._digest.update(data)
        self._file.write(data)

    def sync(self) -> bytes:
        """Make it durable and give the SHA-256 of all that was written."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.digest()

    def close(self) -> None:
        """Let go of the file, finished or not."""
        self._file.close()


class _Drafts:
    """All files of a date in the making, by party."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._drafts: dict[Party, _Draft] = {}
        self._files: dict[str, ClearingFile] = {}

    def of(self, party: Party) -> _Draft:
        """The party's draft, begun when first asked for."""
        draft = self._drafts.get(party)
        if draft is None:
            draft = self._drafts[party] = _Draft(self._directory, party)
        return draft

    def finish(self) -> tuple[ClearingFile, ...]:
        """Complete every draft; gives the files by name."""
        finished = [draft.finish() for draft in self._drafts.values()]
        self._files = {file.name: file for file in finished}
        return tuple(sorted(finished, key=lambda file: file.name))

    def publish(self) -> None:
        """Rename all of them and make the names durable."""
        for draft in self._drafts.values():
            draft.publish(self._files[draft.name].sha256)
        _sync_directory(self._directory)

    def discard(self) -> None:
        """Remove every draft that was not published."""
        for draft in self._drafts.values():
            draft.discard()


def _sha256_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
