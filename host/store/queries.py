"""Named statements: SQL lives in `.sql` files beside the module that speaks it.

A file is a row of statements, each written

    -- name: open_business_day
    -- One line that says why the statement exists.
    SELECT business_date FROM business_day WHERE state = 'open';

The name is what Python calls it by. Further comment lines belong to the statement; the line
`-- notes: TABLE` is what `host.store.noting` reads. The closing semicolon is dropped, so that the
text can be run, prepared or wrapped in a COPY as it is.
"""

import importlib.resources
import re
from typing import Final, LiteralString

from host.store.noting import NoteError, noted

_NAME: Final = re.compile(r"^-- name: ([a-z][a-z0-9_]*)[ \t]*\n", re.MULTILINE)


class QueryFileError(Exception):
    """A file of statements is not written as this module wants it: our mistake, at import."""


def load_queries(package: str, file: str) -> dict[str, LiteralString]:
    """Every statement of `file` in `package`, by its name.

    The text is the project's own, never a user's, hence LiteralString: psycopg takes it as it
    takes SQL written in Python.

    Raises:
        QueryFileError: a name comes twice, or has no line of why, or no statement.
    """
    text = (importlib.resources.files(package) / file).read_text(encoding="utf-8")
    return parse_queries(text, where=f"{package}/{file}")


def parse_queries(text: str, *, where: str) -> dict[str, LiteralString]:
    """As `load_queries`, from the text itself; `where` is what errors call it."""
    _before, *parts = _NAME.split(text)
    queries: dict[str, LiteralString] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name in queries:
            msg = f"{where}: statement {name} comes twice: rename one"
            raise QueryFileError(msg)
        queries[name] = _statement(name, body, where)
    return queries


def _statement(name: str, body: str, where: str) -> LiteralString:
    if not body.startswith("-- "):
        msg = f"{where}: statement {name} has no line of why: write `-- …` under its name"
        raise QueryFileError(msg)
    statement = _without_headings(body).removesuffix(";")
    if not statement:
        msg = f"{where}: statement {name} has no SQL: write it or take the name away"
        raise QueryFileError(msg)
    try:
        return noted(statement)
    except NoteError as error:
        msg = f"{where}: statement {name}: {error}"
        raise QueryFileError(msg) from error


def _without_headings(body: str) -> str:
    """The statement without what stands behind it: comments that begin the file's next part."""
    lines = body.strip().splitlines()
    while lines and (not lines[-1].strip() or lines[-1].startswith("--")):
        lines.pop()
    return "\n".join(lines)
