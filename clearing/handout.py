"""Files that are handed out: those of released dates, and no others, as they were written.

They come into a directory of their own, with a manifest that says each file's digest and is signed
by the key of the checkpoints: whoever takes them can check them by the public key alone. A date is
there whole or not at all.
"""

import datetime as dt
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearing.digests import digest_of
from clearing.files import (
    ClearingFile,
    csv_line,
    directory_of,
    recorded_files,
    sha256_of,
)
from clearing.night import ClearingError, Connection, Night, begun
from host.durable import sync_directory

RELEASED: Final = "released"
"""Below the directory of files; the dates are below it."""
MANIFEST: Final = "manifest.csv"
SIGNATURE: Final = "manifest.csv.ed25519"
"""Of the manifest's bytes, in hexadecimal digits."""
HEADER: Final = ("file", "rows", "sha256")
DATES_MAX: Final = 31
"""The last ones that were released are looked at."""


def hand_out(
    connection: Connection,
    files_dir: Path,
    key: Ed25519PrivateKey,
    released_until: dt.datetime | None = None,
) -> list[dt.date]:
    """Hand out every date that is released (by then) and not out yet; gives which, in order.

    Raises:
        ClearingError: a file is not what was released; none of that date is handed out, and every
            other date is.
    """
    out, faults = [], []
    with connection.transaction():
        night = begun(connection, files_dir)
        dates = night.rows("released_dates", limit=DATES_MAX, until=released_until)
        for row in reversed(dates):
            of_date = replace(night, business_date=row["business_date"])
            if not released_at(of_date).exists():
                try:
                    _hand_out(of_date, row["files_digest"], key)
                except ClearingError as error:
                    faults.append(str(error))
                    continue
                out.append(of_date.business_date)
            if not row["is_out"]:
                of_date.run("record_handed_out")
                of_date.run("queue_deliveries")
    if faults:
        raise ClearingError("\n".join(faults))
    return out


def released_at(night: Night) -> Path:
    """Where a date is handed out."""
    return night.files_dir / RELEASED / directory_of(night).name


def manifest_of(files: Sequence[ClearingFile]) -> bytes:
    """A row for each file, by name."""
    rows = [HEADER, *((file.name, str(file.items), file.sha256.hex()) for file in files)]
    return b"".join(csv_line(row) for row in rows)


def _hand_out(night: Night, released: bytes | None, key: Ed25519PrivateKey) -> None:
    files = recorded_files(night)
    if released is not None and digest_of(night, "file_lines") != released:
        raise _error(night, "their digests are not those that were released")
    place = released_at(night)
    draft = place.with_name(f".{place.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        for file in files:
            _copy(night, file, draft)
        manifest = manifest_of(files)
        _write(draft / MANIFEST, manifest)
        _write(draft / SIGNATURE, f"{key.sign(manifest).hex()}\n".encode())
        sync_directory(draft)
        draft.rename(place)
        sync_directory(place.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy(night: Night, file: ClearingFile, draft: Path) -> None:
    try:
        shutil.copy2(directory_of(night) / file.name, draft / file.name)
    except FileNotFoundError as error:
        raise _error(night, f"{file.name} is not there") from error
    except OSError as error:
        raise _error(night, f"{file.name} cannot be copied ({error.strerror})") from error
    if sha256_of(draft / file.name) != file.sha256:
        raise _error(night, f"{file.name} is not as it was written")


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _error(night: Night, what: str) -> ClearingError:
    return ClearingError(
        f"files of {night.business_date} were not handed out: {what}. Next: posswitch clearing "
        f"rerun {night.business_date} writes what is missing, and names what was changed"
    )
