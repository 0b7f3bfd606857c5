"""A file that was handed out, laid out for a party that reads no CSV."""

import csv
from pathlib import Path

from clearing.files import sha256_of
from clearing.forms import FORMS, Made, make_form
from clearing.handout import MANIFEST
from config.as_json import print_json
from config.errors import OperatorError
from config.screen import screen


def lay_out(file: Path, out: Path, form: str) -> Made:
    """Make `out` of a file that is as the manifest beside it says.

    Raises:
        OperatorError, ClearingError: says what is wrong and what to do. Nothing was written.
    """
    if out.exists():
        message = f"{out} is there already. Next: name a new file with --out"
        raise OperatorError(message)
    try:
        if sha256_of(file).hex() != _digests_beside(file).get(file.name):
            message = (
                f"{file} is not as the manifest beside it says. Next: take it from files/released, "
                "where posswitch clearing hand-out puts it"
            )
            raise OperatorError(message)
        return make_form(FORMS[form], file, out)
    except OSError as error:
        message = f"{error.filename or out}: {error.strerror}. Next: name a file that can be used"
        raise OperatorError(message) from error


def print_laid_out(made: Made, out: Path, *, as_json: bool = False) -> None:
    """What was written."""
    if as_json:
        print_json({"file": str(out), "bytes": made.size_bytes, "sha256": made.sha256.hex()})
        return
    screen().print(f"{out} ({made.size_bytes:,} bytes)", markup=False)


def _digests_beside(file: Path) -> dict[str, str]:
    with (file.parent / MANIFEST).open(newline="", encoding="utf-8") as manifest:
        return {row["file"]: row["sha256"] for row in csv.DictReader(manifest)}
