"""Files: one for each merchant and each issuer and business date, whole or not at all.

What moved is laid out once and then copied out twice, in the order of merchants and in that of
issuers, as rows that PostgreSQL has written: memory does not grow with the day, and one file is
open at a time, however many parties there are. Every file is written beside its place under a
temporary name and synced; only when all of them are complete are they renamed. What a file holds
comes from append-only rows alone, so writing it again gives the same bytes: the digest of the
first time is kept and compared.
"""

import contextlib
import csv
import datetime as dt
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import quote

import msgspec
from psycopg import sql

from clearing.fees import lay_out_fees
from clearing.layout import LAYOUT, LAYOUT_WITHOUT_FEES, Layout, Total
from clearing.night import ClearingError, Night

DRAFT: Final = ".{name}.draft"
ROWS_PER_WRITE: Final = 1_000
FILE_MODE: Final = 0o640
NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL

_LINE: Final = io.StringIO(newline="")
_ROWS: Final = csv.writer(_LINE)

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_BEFORE_ROWS: Final = len(_SIGNATURE) + 8
"""COPY begins with a signature, flags and the length of an extension, in one piece with a row."""
_BEFORE_TEXT: Final = 6
"""Each row is how many fields it has, how long the one is, and that."""
_END: Final = b"\xff\xff"

Party = tuple[str, str]
"""A side (merchant or issuer) and the id it is known by."""
Rows = Iterator[bytes | bytearray | memoryview]


class Side(NamedTuple):
    """Who gets files, and in which order their lines are copied out."""

    name: str
    order: str


SIDES: Final = (
    Side("merchant", 'line.merchant_place, line.number, line.issuer_place, line.unit COLLATE "C"'),
    Side("issuer", 'line.issuer_place, line.merchant_place, line.number, line.unit COLLATE "C"'),
)
LAY_OUT: Final = """
CREATE TEMPORARY TABLE day_told ON COMMIT DROP AS
SELECT
    line.merchant_place,
    line.issuer_place,
    line.number,
    line.unit,
    line.fee_unit,
    line.merchant_fee_minor,
    line.issuer_fee_minor,
    {of_line} AS told
FROM (SELECT *, date {date} AS business_date FROM day_priced) AS line
"""
"""What both sides' files say of each line, written once."""
COPY: Final = """
COPY (
    SELECT told || {of_fee} || E'\\r\\n'
    FROM (SELECT *, {fee} AS fee_minor FROM day_told) AS line
    ORDER BY {order}
) TO STDOUT (FORMAT binary)
"""
"""What the files of one side say, party after party, each line with the fee of whose file it is."""


class ClearingFile(msgspec.Struct, frozen=True, kw_only=True):
    """A finished file: `name` within the date's directory, how many DETAIL rows, its digest."""

    name: str
    side: str
    party: str
    items: int
    sha256: bytes


def directory_of(night: Night) -> Path:
    """Where the date's files are: one directory for each business date."""
    return directory_at(night.files_dir, night.business_date)


def directory_at(files_dir: Path, business_date: dt.date) -> Path:
    """Below a directory of files that of one date."""
    return files_dir / f"{business_date:%Y%m%d}"


def write_files(night: Night) -> str:
    """Write every file of the date; on a repeat, mend what is missing and touch nothing else.

    Raises:
        ClearingError: a file would not be what it was when it was first written, or the disk
            does not take it; no draft is left.
    """
    directory = directory_of(night)
    try:
        files = _write(night, directory)
    except OSError as error:
        raise _not_written(night, directory, error) from error
    if not night.is_repeat:
        columns = ClearingFile.__struct_fields__
        night.run(
            "record_files", **{name: [getattr(file, name) for file in files] for name in columns}
        )
    return f"{len(files)} files in {directory.name}"


def _write(night: Night, directory: Path) -> tuple[ClearingFile, ...]:
    directory.mkdir(parents=True, exist_ok=True)
    recorded = recorded_files(night)
    parties = [(file.side, file.party) for file in recorded] or _all_parties(night)
    lay_out_fees(night)
    layout = LAYOUT if night.has_fees else LAYOUT_WITHOUT_FEES
    _lay_out(night, layout)
    drafts = _Drafts(directory, layout)
    try:
        for side in SIDES:
            silent = {party for place, party in parties if place == side.name}
            with night.planned():
                expected = _totals(night, side, silent)
                with _copied(night, layout, side) as rows:
                    for party, totals in expected:
                        drafts.write((side.name, party), totals, rows)
                    assert next(rows, None) is None, "each row is some party's"
        files = drafts.files
        _compare(night, recorded, files)
        drafts.publish()
    finally:
        drafts.discard()
    return files


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


def _totals(night: Night, side: Side, silent: set[str]) -> list[tuple[str, list[Total]]]:
    """Each party of a side in order, with what its file adds up to: also who nothing moved for."""
    moved: dict[str, list[Total]] = {party: [] for party in silent}
    for row in night.rows("file_totals", side=side.name):
        moved.setdefault(row.pop("party"), []).append(Total(**row))
    return sorted(moved.items())


def _lay_out(night: Night, layout: Layout) -> None:
    statement = sql.SQL(LAY_OUT).format(
        of_line=sql.SQL(layout.of_line), date=sql.Literal(night.business_date)
    )
    night.connection.execute(statement)


@contextlib.contextmanager
def _copied(night: Night, layout: Layout, side: Side) -> Iterator[Rows]:
    """Every line of the date, as a row of the files of this side, in their order."""
    statement = sql.SQL(COPY).format(
        of_fee=sql.SQL(layout.of_fee),
        fee=sql.Identifier(f"{side.name}_fee_minor"),
        order=sql.SQL(side.order),
    )
    with night.connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield _texts(iter(copy))


def _texts(pieces: Rows) -> Rows:
    """The one field of each row that COPY gives in its own form, which escapes nothing."""
    first = next(pieces)
    assert first[: len(_SIGNATURE)] == _SIGNATURE, "its own form has begun"
    for row in chain([first[_BEFORE_ROWS:]], pieces):
        if row == _END:
            break
        yield row[_BEFORE_TEXT:]
    assert next(pieces, None) is None, "nothing comes after the end"


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


def _not_written(night: Night, directory: Path, error: OSError) -> ClearingError:
    return ClearingError(
        f"files of {night.business_date} could not be written in {directory}: {error.strerror}. "
        "None was left half written, and the date stays closed. Make room there, or make the "
        "directory ours to write, then run the clearing again: it goes on with the files"
    )


class _Draft(NamedTuple):
    """A file that is whole on disk, under a temporary name."""

    path: Path
    draft_path: Path
    file: ClearingFile

    def publish(self) -> None:
        """Give the file its name, unless the very same is there already."""
        if self.path.exists() and sha256_of(self.path) == self.file.sha256:
            return
        self.draft_path.replace(self.path)


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
        """Let go of the file, finished or not; what a full disk did not take is not tried again."""
        with contextlib.suppress(OSError):
            self._file.close()


class _Drafts:
    """All files of a date in the making; one at a time is open."""

    def __init__(self, directory: Path, layout: Layout) -> None:
        self._directory = directory
        self._layout = layout
        self._drafts: dict[str, _Draft] = {}
        self.discard()  # what a killed night left

    @property
    def files(self) -> tuple[ClearingFile, ...]:
        """What is whole by now, by name."""
        return tuple(self._drafts[name].file for name in sorted(self._drafts))

    def write(self, party: Party, totals: Sequence[Total], rows: Rows) -> None:
        """Write a party's file whole: its rows, a total for each unit, its end.

        Of `rows`, which are of all parties, it takes as many as its totals count.
        """
        side, known_as = party
        name = f"{side}-{quote(known_as, safe='')}.csv"
        draft_path = self._directory / DRAFT.format(name=name)
        draft = _Hashed(draft_path)
        try:
            count = _write_rows(draft, self._layout, totals, rows)
            digest = draft.sync()
        finally:
            draft.close()
        file = ClearingFile(name=name, side=side, party=known_as, items=count, sha256=digest)
        self._drafts[name] = _Draft(self._directory / name, draft_path, file)

    def publish(self) -> None:
        """Rename all of them and make the names durable."""
        for draft in self._drafts.values():
            draft.publish()
        sync_directory(self._directory)

    def discard(self) -> None:
        """Remove every draft that was not published."""
        for path in self._directory.glob(DRAFT.format(name="*")):
            path.unlink(missing_ok=True)


def _write_rows(file: _Hashed, layout: Layout, totals: Sequence[Total], rows: Rows) -> int:
    """Every row of a file; gives how many of them are DETAIL rows."""
    file.write(csv_line(layout.header))
    count = sum(total.rows for total in totals)
    mine = islice(rows, count)
    while lines := b"".join(islice(mine, ROWS_PER_WRITE)):
        file.write(lines)
    for total in (*totals, Total(count)):
        file.write(csv_line(layout.trailer_row(total)))
    return count


def sha256_of(path: Path) -> bytes:
    """Of what is in a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def sync_directory(directory: Path) -> None:
    """Make the names in it durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
