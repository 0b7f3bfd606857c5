import pytest

from host.store.queries import QueryFileError, parse_queries

TWO = """-- Heading of the file.

-- name: first
-- Why the first exists.
SELECT 1
FROM somewhere;

-- Another part. ------------------------

-- name: second
-- Why.
-- And a second line.
SELECT ';' AS text;
"""


def test_each_statement_is_found_by_its_name_without_the_closing_semicolon() -> None:
    queries = parse_queries(TWO, where="two.sql")
    assert list(queries) == ["first", "second"]
    assert queries["first"].endswith("SELECT 1\nFROM somewhere")
    assert queries["second"].endswith("SELECT ';' AS text")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-- name: a\n-- Why.\nSELECT 1;\n-- name: a\n-- Why.\nSELECT 2;\n", "comes twice"),
        ("-- name: a\nSELECT 1;\n", "no line of why"),
        ("-- name: a\n-- Why.\n\n-- name: b\n-- Why.\nSELECT 1;\n", "no SQL"),
    ],
)
def test_a_file_written_otherwise_is_refused_with_file_and_name(text: str, why: str) -> None:
    with pytest.raises(QueryFileError, match=f"broken.sql: statement a .*{why}"):
        parse_queries(text, where="broken.sql")
