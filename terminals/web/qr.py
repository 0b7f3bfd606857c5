"""A QR code as one path of an SVG that a template draws: nothing is fetched, no script needed."""

from dataclasses import dataclass

QUIET = 4
"""Modules around it (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qr:
    """Its dark modules, and how many there are along a side."""

    path: str
    modules: int


def qr_of(text: str, error_level: str = "Q") -> Qr:
    """Of a text; a quarter of it may be unreadable, unless another level is told."""
    import segno

    found = segno.make(text, error=error_level, micro=False)
    rows = [bytes(row) for row in found.matrix]
    path = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return Qr(path=path, modules=len(rows) + 2 * QUIET)
