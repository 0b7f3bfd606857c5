"""Slips and letters that go with a dispute: what they are is read from their bytes, not their name.

A picture is drawn anew and a PDF is put together of its pages alone, so nothing that was hidden in
one is kept: no script, no link, no file within it, nothing of the camera or of who wrote it.
"""

import io
import warnings
from typing import Final, NamedTuple

from host.model.secrets import Secret
from host.office.images import NoPictureError, picture_of

PDF_BEGIN: Final = b"%PDF-"
BYTES_MAX: Final = 2 * 1024 * 1024
PIXELS_MAX: Final = 24_000_000
PAGES_MAX: Final = 20
KEPT_OF_PAGE: Final = frozenset(
    {"/Type", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/Parent"}
)
QUALITY: Final = 85


class Evidence(NamedTuple):
    """A file as it is kept: its kind is how its name ends."""

    kind: str
    content: Secret


class NoEvidenceError(ValueError):
    """It is nothing that is kept. Says why."""


def evidence_of(sent: Secret) -> Evidence:
    """What is kept of what was sent.

    Raises:
        NoEvidenceError: it is too large, of another kind, or broken.
    """
    content = sent.reveal()
    if len(content) > BYTES_MAX:
        raise NoEvidenceError("it has more than 2 MB")
    kind, made = ("pdf", _pages(content)) if content.startswith(PDF_BEGIN) else _drawn(content)
    if len(made) > BYTES_MAX:
        raise NoEvidenceError("it has more than 2 MB")
    return Evidence(kind, Secret(made))


def _drawn(content: bytes) -> tuple[str, bytes]:
    from PIL import Image

    try:
        picture = picture_of(content)
    except NoPictureError:
        raise NoEvidenceError("it is no PDF, PNG or JPEG, or not whole") from None
    if not 0 < picture.width * picture.height <= PIXELS_MAX:
        raise NoEvidenceError("it has more than 24 million pixels")
    made = io.BytesIO()
    try:
        with (
            warnings.catch_warnings(action="error"),
            Image.open(io.BytesIO(content), formats=(picture.kind,)) as image,
        ):
            plain = image.convert("RGB")
        clean = Image.frombytes("RGB", plain.size, plain.tobytes())
        clean.save(made, picture.kind, quality=QUALITY)
    except Exception:  # noqa: BLE001 - whatever a decoder says of bytes that somebody made up
        raise NoEvidenceError("it is no PDF, PNG or JPEG, or not whole") from None
    return picture.kind, made.getvalue()


def _pages(content: bytes) -> bytes:
    from pypdf import PdfReader, PdfWriter

    made = io.BytesIO()
    try:
        reader = PdfReader(io.BytesIO(content), strict=True)
        count = 0 if reader.is_encrypted else len(reader.pages)
        if 0 < count <= PAGES_MAX:
            for page in reader.pages:
                for name in set(page) - KEPT_OF_PAGE:
                    del page[name]
            writer = PdfWriter()
            for page in reader.pages:
                writer.add_page(page)
            writer.metadata = None
            writer.write(made)
    except Exception:  # noqa: BLE001 - as above
        raise NoEvidenceError("it is no PDF, PNG or JPEG, or not whole") from None
    if not made.tell():
        raise NoEvidenceError("a PDF has 1 to 20 pages, and no password")
    return made.getvalue()
