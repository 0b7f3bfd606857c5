"""Pictures by their first bytes: of which kind, how wide and how high; nothing of them is drawn.

PNG (ISO/IEC 15948): a signature, then a chunk IHDR with width and height; the last is IEND. JPEG
(ITU-T T.81): markers with lengths, of which a start of frame (SOF) has height and width.
"""

import struct
from typing import Final, NamedTuple

PNG_BEGIN: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
PNG_END: Final = b"IEND\xaeB`\x82"
JPEG_BEGIN: Final = b"\xff\xd8\xff"
JPEG_END: Final = b"\xff\xd9"
MARKER: Final = 0xFF
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame; the others of that row are tables."""
ALONE: Final = frozenset({0x01, *range(0xD0, 0xDA)})
"""Markers without a length."""
SCAN: Final = 0xDA
"""From here on it is the picture itself."""


class Picture(NamedTuple):
    """What a picture is; sizes in pixels."""

    kind: str
    width: int
    height: int


class NoPictureError(ValueError):
    """It is neither a whole PNG nor a whole JPEG."""


def picture_of(content: bytes) -> Picture:
    """What kind of picture it is, and how large.

    Raises:
        NoPictureError: it is none that is known, or is cut off.
    """
    if content.startswith(PNG_BEGIN) and content.endswith(PNG_END):
        return Picture("png", *struct.unpack_from(">II", content, len(PNG_BEGIN)))
    if content.startswith(JPEG_BEGIN) and content.endswith(JPEG_END):
        return _jpeg(content)
    raise NoPictureError


def _jpeg(content: bytes) -> Picture:
    place = 2
    try:
        while content[place] == MARKER:
            marker = content[place + 1]
            if marker in FRAMES:
                height, width = struct.unpack_from(">HH", content, place + 5)
                return Picture("jpeg", width, height)
            if marker == SCAN:
                break
            is_bare = marker in ALONE or marker == MARKER
            place += 2 if marker in ALONE else 1 if is_bare else 2 + _length(content, place + 2)
    except (IndexError, struct.error):
        raise NoPictureError from None
    raise NoPictureError


def _length(content: bytes, place: int) -> int:
    """Of what follows a marker, with the two bytes that say it."""
    length: int = struct.unpack_from(">H", content, place)[0]
    return length
