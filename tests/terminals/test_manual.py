"""The documentation of the dialects is what the tables say."""

from pathlib import Path

from host.model.responses import Reason
from terminals.dialects.pos import MANAGEMENT, TRADES
from terminals.manual import manual

DOCUMENT = Path(__file__).parents[2] / "docs" / "dialects.md"


def test_the_document_is_written_from_the_tables() -> None:
    written = DOCUMENT.read_text("utf-8")
    assert written == manual(), "next: python -m terminals.manual > docs/dialects.md"


def test_what_is_not_offered_is_listed() -> None:
    lines = manual().splitlines()
    for row in (*TRADES, *MANAGEMENT):
        [line] = [
            line
            for line in lines
            if f"| {row.mti} |" in line
            and row.english in line.split(" | ")
            and (row.function or row.type_code) in line.split(" | ")
        ]
        assert ("not offered" in line) is isinstance(row.means, Reason)
