"""What blocks are made of (tables, codes, bytes), and how they are put into a page."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from terminals.describe.meanings import SUBFIELDS
from terminals.fields import Layout
from terminals.manual import table

__all__ = ["Blocks", "codes", "filled", "hexadecimal", "layout_table", "listing", "names", "table"]

Blocks = Mapping[str, Callable[[], str]]
"""By the name that a page gives a block: what writes it."""
_BLOCK: Final = re.compile(r"(<!-- written: ([\w.]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_BYTES_A_LINE: Final = 32


class NoSuchBlockError(LookupError):
    """A page asks for a block that nothing writes. Names it."""


def filled(text: str, blocks: Blocks) -> str:
    """A page with all its blocks written anew.

    Raises:
        NoSuchBlockError: a block is in no table.
    """

    def written(found: re.Match[str]) -> str:
        block = blocks.get(found[2])
        if block is None:
            raise NoSuchBlockError(found[2])
        return f"{found[1]}\n{block().strip()}\n\n{found[3]}"

    return _BLOCK.sub(written, text)


def names(text: str) -> Iterator[str]:
    """The blocks of a page."""
    return (found[2] for found in _BLOCK.finditer(text))


def listing(text: str, language: str = "") -> str:
    """Lines that are shown as they are."""
    return f"```{language}\n{text}\n```"


def hexadecimal(data: bytes) -> str:
    """Bytes in lines of 32."""
    lines = range(0, len(data), _BYTES_A_LINE)
    return "\n".join(data[at : at + _BYTES_A_LINE].hex().upper() for at in lines)


def codes(meanings: Mapping[str, str]) -> str:
    """A table of codes and what each means."""
    return table(("code", "meaning"), ((f"`{code}`", words) for code, words in meanings.items()))


def layout_table(field: str, parts: Layout) -> str:
    """The parts of a field: where each stands, counted from 1, and what it means."""
    return table(("part", "places", "size", "meaning"), _part_rows(field, parts))


def _part_rows(field: str, parts: Layout) -> Iterable[tuple[str, ...]]:
    for name, place in parts.items():
        words, values = SUBFIELDS.get(f"{field}.{name}", (name.replace("_", " "), {}))
        told = "; ".join(f"`{code}` {of or 'the usual one'}" for code, of in values.items())
        size = place.stop - place.start
        places = str(place.stop) if size == 1 else f"{place.start + 1}-{place.stop}"
        yield name, places, str(size), f"{words}: {told}" if told else words
