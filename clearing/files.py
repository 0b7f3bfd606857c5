"""Files: one for each merchant and each issuer and business date, whole or not at all.

What moved is copied out once, in the order of merchants, as rows that PostgreSQL has written: each
says what its merchant gets and what its issuer gets. What issuers get is handed on before it is
much, so memory does not grow with the day, and one file is open at a time, however many parties
there are. Every file is written beside its place under a temporary name and synced, some at a time,
while the next ones are written: a disk is waited for by all of them at once. Only when all of them
are complete are they renamed. What a file holds comes from append-only rows alone, so
writing it again gives the same bytes: the digest of the first time is kept and compared.
"""

import contextlib
import csv
import datetime as dt
import hashlib
import io
import os
import struct
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import quote

import msgspec
from psycopg import sql

from clearing.fees import lay_out_fees
from clearing.layout import LAYOUT, LAYOUT_WITHOUT_FEES, Layout, Total
from clearing.night import ClearingError, Night
from host.durable import sync_directory, sync_file

DRAFT: Final = ".{name}.draft"
ROWS_PER_PIECE: Final = 1_000
"""As many of a merchant's rows come in one piece, about."""
ROWS_HELD_MAX: Final = 20_000
"""Of issuers, before they are handed on."""
SYNCED_AT_A_TIME: Final = 4
"""Files that wait for the disk."""
FILE_MODE: Final = 0o640
NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL

_LINE: Final = io.StringIO(newline="")
_ROWS: Final = csv.writer(_LINE)

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_BEFORE_ROWS: Final = len(_SIGNATURE) + 8
"""COPY begins with a signature, flags and the length of an extension, in one piece with a row."""
_END: Final = b"\xff\xff"
_FIELDS_BYTES: Final = 2
_LENGTH: Final = struct.Struct(">i")
"""A row is how many fields it has, and of each how long it is, and that."""
_WHOSE: Final = struct.Struct(">ii")
"""Of each line in a piece who its issuer is, and how long it is in that one's file."""

Party = tuple[str, str]
"""A side (merchant or issuer) and the id it is known by."""
Bytes = bytes | bytearray | memoryview
Pieces = Iterator[Bytes]


class Piece(NamedTuple):
    """Lines of a merchant that come one after the other."""

    items: int
    of_merchant: memoryview
    of_issuers: memoryview
    whose: memoryview


MERCHANT: Final = "merchant"
ISSUER: Final = "issuer"
COPY: Final = """
COPY (
    SELECT
        string_agg(line.told || line.of_merchant, '' ORDER BY {order}),
        string_agg(line.told || line.of_issuer, '' ORDER BY {order}),
        string_agg(
            int4send(line.issuer_place)
            || int4send(octet_length(line.told) + octet_length(line.of_issuer)),
            '' ORDER BY {order}
        )
    FROM (
        SELECT
            line.merchant_place,
            line.issuer_place,
            line.number,
            line.unit,
            {of_line} AS told,
            {of_merchant} || E'\\r\\n' AS of_merchant,
            {of_issuer} || E'\\r\\n' AS of_issuer
        FROM (SELECT *, date {date} AS business_date FROM day_priced) AS line
        OFFSET 0
    ) AS line
    GROUP BY line.merchant_place, line.number / {numbers}
    ORDER BY line.merchant_place, line.number / {numbers}
) TO STDOUT (FORMAT binary)
"""
"""What both files say of each line, written once and sorted once, with the fee of whose it is; as
much of a merchant together as has numbers near each other."""
ORDER: Final = 'line.number, line.issuer_place, line.unit COLLATE "C"'
"""Of lines in a merchant's file; and in an issuer's, of those of one merchant."""


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
    drafts = _Drafts(directory, LAYOUT if night.has_fees else LAYOUT_WITHOUT_FEES)
    try:
        with night.planned():
            _draft(night, drafts, parties)
        files = drafts.files
        _compare(night, recorded, files)
        drafts.publish()
    finally:
        drafts.discard()
    return files


def _draft(night: Night, drafts: "_Drafts", parties: Sequence[Party]) -> None:
    """The files of merchants one after the other, those of issuers as they come by."""
    merchants, issuers = (
        _totals(night, side, {party for place, party in parties if place == side})
        for side in (MERCHANT, ISSUER)
    )
    shared = _Shared(drafts, {row["place"]: row["name"] for row in night.rows("issuer_places")})
    most = max((_rows_of(totals) for _party, totals in merchants), default=0)
    with _copied(night, drafts.layout, most) as pieces:
        for party, totals in merchants:
            draft, count = drafts.of((MERCHANT, party)), _rows_of(totals)
            while draft.items < count:
                piece = next(pieces)
                draft.write(piece.of_merchant, piece.items)
                shared.hold(piece)
            drafts.end((MERCHANT, party), totals)
        assert next(pieces, None) is None, "each row is some merchant's"
    shared.hand_on()
    for party, totals in issuers:
        drafts.end((ISSUER, party), totals)


def _rows_of(totals: Sequence[Total]) -> int:
    return sum(total.rows for total in totals)


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


def _totals(night: Night, side: str, silent: set[str]) -> list[tuple[str, list[Total]]]:
    """Each party of a side in order, with what its file adds up to: also who nothing moved for."""
    moved: dict[str, list[Total]] = {party: [] for party in silent}
    for row in night.rows("file_totals", side=side):
        moved.setdefault(row.pop("party"), []).append(Total(**row))
    return sorted(moved.items())


@contextlib.contextmanager
def _copied(night: Night, layout: Layout, most: int) -> Iterator[Iterator[Piece]]:
    """Every line of the date, merchant after merchant, of whom none has more than `most`."""
    [given] = night.rows("numbers_given")
    statement = sql.SQL(COPY).format(
        of_line=sql.SQL(layout.of_line),
        of_merchant=sql.SQL(layout.of_fee[MERCHANT]),
        of_issuer=sql.SQL(layout.of_fee[ISSUER]),
        date=sql.Literal(night.business_date),
        numbers=sql.Literal(given["numbers"] * ROWS_PER_PIECE // max(most, 1) + 1),
        order=sql.SQL(ORDER),
    )
    with night.connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield _read(iter(copy))


def _read(rows: Pieces) -> Iterator[Piece]:
    """What COPY gives in its own form, which escapes nothing."""
    first = next(rows)
    assert first[: len(_SIGNATURE)] == _SIGNATURE, "its own form has begun"
    for row in chain([first[_BEFORE_ROWS:]], rows):
        if row == _END:
            break
        of_merchant, of_issuers, whose = _fields(memoryview(row))
        yield Piece(len(whose) // _WHOSE.size, of_merchant, of_issuers, whose)
    assert next(rows, None) is None, "nothing comes after the end"


def _fields(row: memoryview) -> Iterator[memoryview]:
    at = _FIELDS_BYTES
    while at < len(row):
        (length,) = _LENGTH.unpack_from(row, at)
        at += _LENGTH.size
        yield row[at : at + length]
        at += length


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
        "None was left half written, and the date stays closed. Next: make room there, or make the "
        "directory ours to write, then posswitch clearing run: it goes on with the files"
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


class _Growing:
    """A new file, digested on the way. It need not be open while nothing is written to it."""

    def __init__(self, path: Path, layout: Layout) -> None:
        path.unlink(missing_ok=True)
        self._path = path
        self._layout = layout
        self._file: BinaryIO | None = os.fdopen(os.open(path, NEW_FILE, FILE_MODE), "wb")
        self._digest = hashlib.sha256()
        self.items = 0
        self._append(csv_line(layout.header))

    def write(self, lines: Bytes, items: int) -> None:
        """So many DETAIL rows."""
        self.items += items
        self._append(lines)

    def end(self, totals: Sequence[Total]) -> bytes:
        """A total for each unit, and its end. Gives the SHA-256 of all of it."""
        assert self.items == _rows_of(totals), "each row is some party's"
        for total in (*totals, Total(self.items)):
            self._append(csv_line(self._layout.trailer_row(total)))
        self.rest()
        return self._digest.digest()

    def rest(self) -> None:
        """Let go of the file until more is written."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _append(self, data: Bytes) -> None:
        if self._file is None:
            self._file = self._path.open("ab")
        self._digest.update(data)
        self._file.write(data)


class _Drafts:
    """All files of a date in the making."""

    def __init__(self, directory: Path, layout: Layout) -> None:
        self.layout = layout
        self._directory = directory
        self._growing: dict[Party, _Growing] = {}
        self._drafts: dict[str, _Draft] = {}
        self._syncing = ThreadPoolExecutor(SYNCED_AT_A_TIME, "files")
        self._synced: list[Future[None]] = []
        self._remove()  # what a killed night left

    @property
    def files(self) -> tuple[ClearingFile, ...]:
        """What is whole by now, by name."""
        return tuple(self._drafts[name].file for name in sorted(self._drafts))

    def of(self, party: Party) -> _Growing:
        """A party's file, which is begun where it was not."""
        if party not in self._growing:
            draft_path = self._directory / DRAFT.format(name=_name_of(party))
            self._growing[party] = _Growing(draft_path, self.layout)
        return self._growing[party]

    def end(self, party: Party, totals: Sequence[Total]) -> None:
        """Make a party's file whole."""
        growing = self.of(party)
        digest = growing.end(totals)
        side, known_as = party
        name = _name_of(party)
        file = ClearingFile(
            name=name, side=side, party=known_as, items=growing.items, sha256=digest
        )
        draft_path = self._directory / DRAFT.format(name=name)
        self._drafts[name] = _Draft(self._directory / name, draft_path, file)
        self._synced.append(self._syncing.submit(sync_file, draft_path))
        del self._growing[party]

    def publish(self) -> None:
        """Rename all of them, once each is durable, and make the names so."""
        for synced in self._synced:
            synced.result()
        for draft in self._drafts.values():
            draft.publish()
        sync_directory(self._directory)

    def discard(self) -> None:
        """Remove every draft that was not published; a full disk does not keep one open."""
        self._syncing.shutdown(cancel_futures=True)
        for growing in self._growing.values():
            with contextlib.suppress(OSError):
                growing.rest()
        self._remove()

    def _remove(self) -> None:
        for path in self._directory.glob(DRAFT.format(name="*")):
            path.unlink(missing_ok=True)


class _Shared:
    """Holds issuers' lines, which come merchant after merchant, until they are enough to write."""

    def __init__(self, drafts: _Drafts, issuers: Mapping[int, str]) -> None:
        self._drafts = drafts
        self._issuers = issuers
        self._lines: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._whose: list[int] = []

    def hold(self, piece: Piece) -> None:
        """What the issuers' files say of each line."""
        lines, mine, at = self._lines, piece.of_issuers, 0
        for place, length in _WHOSE.iter_unpack(piece.whose):
            lines[place] += mine[at : at + length]
            at += length
            self._whose.append(place)
        if len(self._whose) >= ROWS_HELD_MAX:
            self.hand_on()

    def hand_on(self) -> None:
        """Write all that is held."""
        for place, items in Counter(self._whose).items():
            draft = self._drafts.of((ISSUER, self._issuers[place]))
            draft.write(self._lines[place], items)
            draft.rest()
        self._lines.clear()
        self._whose.clear()


def _name_of(party: Party) -> str:
    side, known_as = party
    return f"{side}-{quote(known_as, safe='')}.csv"


def sha256_of(path: Path) -> bytes:
    """Of what is in a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
