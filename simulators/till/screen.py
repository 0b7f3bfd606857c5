"""Text for a screen of 80 columns, of which a Chinese character takes two."""

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len, set_cell_size

WIDTH: Final = 80


def columns(*cells: tuple[int, str], width: int = WIDTH) -> list[str]:
    """Cells side by side, each with its width; the last has what is left, and is folded there."""
    *fixed, (_rest, text) = cells
    head = "".join(f"{_padded(value, size)}" for size, value in fixed)
    room = width - cell_len(head)
    first, *more = list(_folded(text, room)) or [""]
    return [(head + first).rstrip(), *(" " * cell_len(head) + line for line in more)]


def _padded(value: str, size: int) -> str:
    """At least so wide; a value that is wider keeps a blank behind it."""
    if cell_len(value) >= size > 0:
        return f"{value} "
    return set_cell_size(value, size)


def _folded(text: str, room: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        for piece in _pieces(word, room):
            joined = f"{line} {piece}" if line else piece
            if cell_len(joined) <= room:
                line = joined
                continue
            yield line
            line = piece
    if line:
        yield line


def _pieces(word: str, room: int) -> Iterator[str]:
    """A word, cut where it is wider than the room."""
    while cell_len(word) > room:
        size = next(end for end in range(len(word), 0, -1) if cell_len(word[:end]) <= room)
        yield word[:size]
        word = word[size:]
    yield word
