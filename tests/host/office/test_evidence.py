"""What goes with a dispute is what its bytes say, without what was hidden in it."""

import io
import zlib
from typing import Any

import pypdf
import pytest
from PIL import Image, PngImagePlugin

from host.model.secrets import Secret
from host.office.evidence import BYTES_MAX, NoEvidenceError, evidence_of

HIDDEN = "taken at home by Wu"


def png(width: int = 40, height: int = 30) -> bytes:
    """With a text in it, and something behind its end that looks like one."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", HIDDEN)
    made = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(made, "png", pnginfo=told)
    whole = made.getvalue()
    return whole + HIDDEN.encode() + whole[-8:]


def jpeg() -> bytes:
    about = Image.Exif()
    about[0x010E] = HIDDEN
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(made, "jpeg", exif=about)
    return made.getvalue()


def pdf(pages: int = 1, password: str = "") -> bytes:
    """With a script that runs when it is opened, a file in it, and a link."""
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    writer.root_object[pypdf.generic.NameObject("/OpenAction")] = pypdf.generic.DictionaryObject(
        {
            pypdf.generic.NameObject("/S"): pypdf.generic.NameObject("/JavaScript"),
            pypdf.generic.NameObject("/JS"): pypdf.generic.TextStringObject(HIDDEN),
        }
    )
    writer.add_attachment("hidden.txt", HIDDEN.encode())
    writer.add_uri(0, f"http://example.org/{HIDDEN}", pypdf.generic.RectangleObject((0, 0, 9, 9)))
    writer.add_metadata({"/Author": HIDDEN})
    if password:
        writer.encrypt(password, algorithm="AES-256")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


@pytest.mark.parametrize(("sent", "kind"), [(png(), "png"), (jpeg(), "jpeg"), (pdf(), "pdf")])
def test_nothing_that_was_hidden_is_kept(sent: bytes, kind: str) -> None:
    """S4-31: nor what stood behind its end."""
    assert HIDDEN.encode() in sent
    kept = evidence_of(Secret(sent))
    content = kept.content.reveal()
    assert kept.kind == kind
    assert HIDDEN.encode() not in content
    if kind == "pdf":
        root: Any = pypdf.PdfReader(io.BytesIO(content)).trailer["/Root"]
        assert not {"/Names", "/OpenAction", "/AA", "/AcroForm"} & set(root)
        assert not {"/Annots", "/AA"} & set(root["/Pages"]["/Kids"][0].get_object())
        assert not any(word in content for word in (b"JavaScript", b"EmbeddedFile", b"example.org"))
    else:
        assert Image.open(io.BytesIO(content)).getpixel((0, 0))[0] > 200  # type: ignore[index]


def bomb() -> bytes:
    """It says that it is small, and is not."""
    whole = png()
    at = whole.index(b"IHDR")
    head = b"IHDR" + (9_000).to_bytes(4, "big") * 2 + whole[at + 12 : at + 17]
    return whole[:at] + head + zlib.crc32(head).to_bytes(4, "big") + whole[at + 21 :]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"MZ\x90\x00", "no PDF, PNG or JPEG"),
        (b"<html><script>", "no PDF, PNG or JPEG"),
        (png()[:60], "no PDF, PNG or JPEG"),
        (b"%PDF-1.7 nothing", "no PDF, PNG or JPEG"),
        (bomb(), "24 million pixels"),
        (pdf(pages=21), "1 to 20 pages"),
        (pdf(password="x"), "1 to 20 pages"),
        (b"%PDF-" + bytes(BYTES_MAX), "more than 2 MB"),
    ],
)
def test_what_is_of_another_kind_broken_or_too_large_is_not_kept(sent: bytes, why: str) -> None:
    with pytest.raises(NoEvidenceError, match=why):
        evidence_of(Secret(sent))
