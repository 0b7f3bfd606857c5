"""`posswitch lottery export` and `verify`: a lottery as its file, and what that proves."""

from pathlib import Path
from typing import Final

from config.as_json import print_json
from config.errors import SurroundingsError
from config.language import speech
from config.screen import screen
from config.tasks.lives import opened_books
from config.tasks.papers import begun_paper
from host.named_files import read_named_text
from host.store.connecting import Connection
from host.store.lottery_file import Told, file_of, lottery_told, one_snapshot
from terminals.lottery_proof import BadFileError, Verdict, verify

LOTTERY_BYTES_MAX: Final = 1 << 30
"""Some five million draws."""


def export_lottery(
    data: Path, settings: Path | None, code: str, out: Path, *, as_json: bool = False
) -> None:
    """Write a lottery's file, whole or not at all, and say what can be done with it.

    Raises:
        OperatorError, LotteryUnknownError: says what, why and what to do.
    """
    with opened_books(data, settings) as (connection, _, _):
        told = write_lottery(connection, code, out)
    if as_json:
        print_json({"file": out, "lottery": told.content.code, "is_told": told.seed is not None})
        return
    if told.seed is None:
        screen().print(
            f"the seed of {told.content.code} is told once it is closed, on "
            f"{told.content.closes_on} at the latest: until then no draw can be recomputed",
            markup=False,
        )
    screen().print(f"Next: posswitch lottery verify {out}", markup=False)


def write_lottery(connection: Connection, code: str, out: Path) -> Told:
    """Its file, in one snapshot. `connection` has no transaction open.

    Raises:
        LotteryUnknownError: there is none, or it is still written at.
        SurroundingsError: the file is there, or cannot be written.
    """
    with one_snapshot(connection):
        told = lottery_told(connection, code)
        with begun_paper(out) as paper, paper.filled() as file:
            for part in file_of(connection, told):
                file.write(part)
    return told


def verdict_of(file: Path) -> Verdict:
    """What the file proves; nothing else is looked at.

    Raises:
        SurroundingsError: it cannot be read, is none, or was written before the seed was told.
    """
    try:
        verdict = verify(read_named_text(file, LOTTERY_BYTES_MAX))
    except OSError as error:
        raise SurroundingsError(
            f"{file} cannot be read: {error.strerror}. Next: name a file that can", "E-FILE"
        ) from error
    except (BadFileError, UnicodeDecodeError) as error:
        raise SurroundingsError(
            f"{file} is no export of a lottery, or was changed so that it is none: {error}. "
            "Next: posswitch lottery export CODE --out FILE, where it was drawn",
            "E-LOTTERY-FILE",
        ) from error
    if not verdict.is_told and not verdict.faults:
        raise SurroundingsError(
            f"{verdict.code} cannot be verified yet: its seed is told once it is closed, on "
            f"{verdict.closes} at the latest. Keep this file: its {verdict.draws:,} draws are "
            "chained, and a later one that tells them otherwise is wrong. Next, then: "
            f"posswitch lottery export {verdict.code} --out FILE",
            "E-LOTTERY-SECRET",
        )
    return verdict


def print_verdict(verdict: Verdict, file: Path, *, as_json: bool = False) -> None:
    """The first wrong line, or what was recomputed."""
    if as_json:
        counts = {"draws": verdict.draws, "undone": verdict.undone, "prizes": verdict.prizes}
        told = {"lottery": verdict.code, "commitment": verdict.commitment}
        print_json(told | counts | {"faults": verdict.faults})
        return
    if verdict.faults:
        first, *others = verdict.faults
        screen().print(f"{file}: {speech.said(first)}", markup=False)
        if others:
            screen().print(f"and {len(others):,} more", markup=False)
        return
    screen().print(verified(verdict), markup=False)
    for code, given in verdict.prizes.items():
        screen().print(f"  {code}  {given:,}", markup=False)


def verified(verdict: Verdict) -> str:
    """Of one in which nothing is wrong, in a line."""
    return (
        f"lottery {verdict.code} verifies: {verdict.draws:,} draws, {verdict.undone:,} of them "
        f"undone, each as its seed and its odds say, committed to as {verdict.commitment[:16]}"
    )
