"""Rows of a question as a page: what is shown of them, and where the next one begins."""

from collections.abc import Iterator
from typing import Any

import msgspec

from host.model.office import Page
from host.office.view import Column


def page_of(shown: tuple[Column, ...], rows: list[Any], rows_max: int) -> Page:
    """The rows that were asked for, with the place where the next page begins behind one more."""
    page, width = rows[:rows_max], len(shown)
    return Page(
        columns=[one.name for one in shown],
        rows=[[msgspec.to_builtins(value) for value in row[:width]] for row in page],
        next=list(_place(page[-1][width:])) if len(rows) > rows_max else [],
    )


def _place(values: Any) -> Iterator[str]:
    for value in values:
        yield str(msgspec.to_builtins(value))
