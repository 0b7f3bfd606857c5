"""Pages that nobody signs in for: a number is traced, a lottery is proved, lists are for all."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from host.model.office import Page
from terminals.lottery_proof import BadFileError, Verdict, verify
from terminals.web import cells
from terminals.web.pages import rendered
from terminals.web.reader import Reader

COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "trace": ("step", "date", "city", "seal", "proof"),
    "rates": ("from_programme", "to_programme", "rate", "points_min", "in_force"),
    "directory": ("alliance", "name", "since", "until", "earns", "redeems"),
}
"""Of each list, what is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A list in the words of who reads."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]] = field(default_factory=tuple)


def table(reader: Reader, view: str, page: Page | None) -> Table | None:
    """What is shown of a page; None: there is nothing."""
    if page is None or not page.rows:
        return None
    names = [name for name in COLUMNS[view] if name in page.columns]
    places = [page.columns.index(name) for name in names]
    return Table(
        heads=[cells.label(name, view, reader.language) for name in names],
        rows=[
            [
                cells.shown(name, row[place], reader.language)
                for name, place in zip(names, places, strict=True)
            ]
            for row in page.rows
        ],
    )


def check(
    reader: Reader,
    *,
    number: str = "",
    traced: Page | None = None,
    is_wrong: bool = False,
    lists: Mapping[str, Page | None],
) -> str:
    """The page that anybody opens."""
    lotteries = lists.get("lotteries")
    return rendered(
        "check.html",
        reader,
        number=number,
        traced=table(reader, "trace", traced),
        is_wrong=is_wrong,
        rates=table(reader, "rates", lists.get("rates")),
        directory=table(reader, "directory", lists.get("directory")),
        lotteries=_named(lotteries) if lotteries is not None else [],
    )


def lottery(reader: Reader, page: Page) -> str:
    """A lottery recomputed from its file, by what shares no line with what drew."""
    told = dict(zip(page.columns, page.rows[0], strict=True))
    verdict: Verdict | None = None
    try:
        verdict = verify(told["content"])
    except BadFileError:
        verdict = None
    return rendered(
        "check_lottery.html",
        reader,
        told=told,
        verdict=verdict,
        sha256=hashlib.sha256(told["content"].encode()).hexdigest(),
    )


def _named(page: Page) -> list[dict[str, Any]]:
    return [dict(zip(page.columns, row, strict=True)) for row in page.rows]
