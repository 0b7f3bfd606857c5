"""What was open when a date was cleared, for people: of what kind, whose, and what to do."""

from collections.abc import Iterator, Sequence
from itertools import islice

from clearing.findings import FINDINGS, Finding, FindingRow
from config.language import speech
from config.screen import screen


def print_findings(found: Sequence[Finding], lines_max: int | None = None) -> None:
    """Each kind with whose they are; no more lines of a kind than so many."""
    for row in FINDINGS:
        of_kind = [one for one in found if one.name == row.name]
        for line in _lines(row, of_kind, lines_max) if of_kind else ():
            screen().print(line, markup=False)


def _lines(row: FindingRow, found: Sequence[Finding], lines_max: int | None) -> Iterator[str]:
    yield f"open: {speech.said(row.meaning)}"
    for one in islice(found, lines_max):
        yield f"  {one.subject} {one.items}" if one.subject else f"  {one.items}"
    if lines_max is not None and len(found) > lines_max:
        yield f"  and {len(found) - lines_max} more"
    yield f"  Next: {speech.said(row.next)}"
