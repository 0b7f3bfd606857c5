"""`posswitch audit key`, `export` and `verify`: exports of the ledger that prove themselves."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from clearing.export import Dates, Exported, export_ledger
from clearing.proof import Fault, Proved, Writer, lines_of, verify
from config.as_json import print_json
from config.errors import Say, SettingsError, SurroundingsError
from config.language import speech
from config.places import Places
from config.run.database import dsn_of, opened_database
from config.run.heads import read_public_keys
from config.screen import screen
from config.settings import Settings
from config.tasks.papers import begun_paper
from config.tasks.typed import date_of
from host.named_files import check_named, read_named_text
from host.store.connecting import LONG, connect
from host.store.heads import Head

EXPORT_BYTES_MAX: Final = 1 << 50
"""Any size a file may have; what is refused is what is no file."""
KEY_DIGITS: Final = 64


def print_keys(places: Places, *, as_json: bool = False) -> None:
    """The public keys, one a line where several hosts sign.

    Raises:
        SurroundingsError: nothing was signed here yet.
    """
    keys = [key.public_bytes_raw().hex() for key in read_public_keys(places)]
    if not keys:
        raise SurroundingsError(
            f"there is no {places.audit_public_key}: a host makes it with the first checkpoint "
            "that it signs. Next: posswitch up",
            "E-AUDIT-KEY",
        )
    if as_json:
        print_json({"keys": keys})
        return
    for key in keys:
        screen().out(key)


def dates_of(first: str | None, last: str | None) -> Dates:
    """What was asked for.

    Raises:
        SettingsError: it is no date, or the last is before the first.
    """
    dates = Dates(_date(first), _date(last))
    if dates.first is not None and dates.last is not None and dates.last < dates.first:
        raise SettingsError(
            f"{dates.last} is before {dates.first}. Next: --from the first date --to the last",
            "E-NIGHT-DATE",
        )
    return dates


def export_to(
    file: Path, dates: Dates, settings: Settings, places: Places, *, say: Say
) -> Exported:
    """Write the export into a new file, whole or not at all.

    Raises:
        OperatorError, ClearingError: says what, why and what to do.
    """
    dsn = dsn_of("audit", settings.database, places.cluster)
    with (
        opened_database(settings.database, places, must_exist=True, say=say),
        begun_paper(file) as paper,
        connect(dsn, LONG) as connection,
        paper.filled() as open_file,
    ):
        return export_ledger(connection, dates, Writer(open_file.write))


def keys_of(told: str) -> list[Ed25519PublicKey]:
    """The public keys that were named: a file of them, or one in hexadecimal.

    Raises:
        SettingsError: it is neither.
    """
    try:
        lines = [told] if _is_hexadecimal(told) else read_named_text(told).split()
        keys = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(line)) for line in lines]
    except (OSError, ValueError) as error:
        raise _no_key(told) from error
    if not keys:
        raise _no_key(told)
    return keys


def verify_file(file: Path, keys: Sequence[Ed25519PublicKey]) -> Proved:
    """What the export in this file proves to who trusts these keys.

    Raises:
        Fault: it proves nothing.
        SurroundingsError: it cannot be read.
    """
    try:
        check_named(file, EXPORT_BYTES_MAX)
        with file.open("rb") as lines:
            return verify(lines_of(lines.readline), keys)
    except OSError as error:
        raise SurroundingsError(
            f"{file} cannot be read: {error.strerror}. Next: name a file that can", "E-FILE"
        ) from error


def print_exported(exported: Exported, file: Path, *, as_json: bool = False) -> None:
    """What was written, and what proves it."""
    if as_json:
        told = {"file": file, "first": _told(exported.first), "last": _told(exported.last)}
        print_json(told | {"checkpoints": exported.heads})
        return
    screen().print(_range(exported.first, exported.last), markup=False)
    screen().print(f"Next: posswitch audit verify {file} --key KEY", markup=False)


def print_proved(proved: Proved, *, as_json: bool = False) -> None:
    """What an export proves."""
    if as_json:
        told = {"first": _told(proved.first), "last": _told(proved.last)}
        counts = {name: getattr(proved, name) for name in ("seals", "rows", "links", "changes")}
        print_json(told | {"checkpoints": proved.heads} | counts)
        return
    console = screen()
    console.print(_range(proved.first, proved.last), markup=False)
    console.print(
        f"proved: {proved.rows:,} rows under {proved.seals:,} seals, {proved.changes:,} changes "
        f"under {proved.links:,} links, {proved.heads:,} checkpoints",
        markup=False,
    )


def print_fault(fault: Fault, file: Path, *, as_json: bool = False) -> None:
    """The first bad row."""
    if as_json:
        print_json({"line": fault.line, "what": fault.what})
        return
    screen().print(f"{file}, line {fault.line}: {speech.said(fault.what)}", markup=False)


def _range(first: Head | None, last: Head) -> str:
    if first is None:
        return f"everything, up to {_named(last)}"
    return f"everything after {_named(first)}, up to {_named(last)}"


def _named(head: Head) -> str:
    return f"checkpoint {head.number} of {head.date} ({head.at})"


def _told(head: Head | None) -> Mapping[str, object] | None:
    if head is None:
        return None
    return {"checkpoint": head.number, "business_date": head.date, "signed_at": head.at}


def _date(text: str | None) -> dt.date | None:
    return None if text is None else date_of(text)


def _is_hexadecimal(text: str) -> bool:
    return len(text) == KEY_DIGITS and all(letter in "0123456789abcdefABCDEF" for letter in text)


def _no_key(told: str) -> SettingsError:
    return SettingsError(
        f"{told} is no public key of checkpoints, and no file of them. "
        "Next: posswitch audit key prints it, where it was signed",
        "E-AUDIT-KEY",
    )
