"""Card faces: a picture that can be printed, titles in two languages, version after version."""

import base64
import struct
import zlib
from typing import Any

import pytest

from host.model.office import Refused
from host.office.images import NoPictureError, Picture, picture_of
from tests.host.office.conftest import HOME, Bureau, Person

PRINTED = {"title_zh": "秋叶", "title_en": "Autumn leaves"}


def png(width: int = 1011, height: int = 638, more: int = 0) -> bytes:
    """Chunks by hand, as ISO/IEC 15948 has them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", bytes(more)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg(width: int, height: int, frame: int = 0xC0) -> bytes:
    """Markers by hand, as ITU-T T.81 has them: a table before the frame, a filling byte."""
    table = b"\xff\xc4" + struct.pack(">H", 4) + b"\x00\x00"
    filled = b"\xff" + b"\xff\xe0" + struct.pack(">H", 4) + b"JF"
    head = bytes([0xFF, frame]) + struct.pack(">HBHH", 8, 8, height, width) + b"\x03"
    return b"\xff\xd8" + filled + table + head + b"\xff\xda\x00\x02..\xff\xd9"


@pytest.mark.parametrize(
    ("content", "picture"),
    [
        (png(1011, 638), Picture("png", 1011, 638)),
        (jpeg(1600, 1000), Picture("jpeg", 1600, 1000)),
        (jpeg(1600, 1000, frame=0xC2), Picture("jpeg", 1600, 1000)),
    ],
)
def test_a_picture_says_its_kind_and_size(content: bytes, picture: Picture) -> None:
    assert picture_of(content) == picture


@pytest.mark.parametrize(
    "content",
    [
        b"", b"GIF89a" + bytes(20), png()[:-4], png()[:20], jpeg(1, 1)[:-1], b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\x00\x02\xff\xd9", b"\xff\xd8\xff\xe0\xff\xff\xff\xd9",
    ],
)  # fmt: skip
def test_what_is_no_whole_picture_is_none(content: bytes) -> None:
    with pytest.raises(NoPictureError):
        picture_of(content)


class Studio:
    """A manager with a product, who sends pictures."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.manager: Person = bureau.person("issuer_manager")
        self.product = int(
            bureau.done(
                self.manager, "product.revise", issuer=HOME["issuer"], code="GIFT", name="Gift",
                form="virtual", face_minor_min=10_000, valid_days=365,
            ).subject
        )  # fmt: skip

    def send(self, content: bytes) -> int:
        told = self.bureau.done(
            self.manager, "file.send", name="face", content=base64.b64encode(content).decode()
        )
        number: int = told.told["file"]
        return number

    def new(self, content: bytes, **more: Any) -> Any:
        asked = {"product": self.product, "name": "Autumn", "file": self.send(content), **PRINTED}
        return self.bureau.do(self.manager, "card_face.save", **{**asked, **more})


@pytest.fixture
def studio(bureau: Bureau) -> Studio:
    return Studio(bureau)


def test_a_face_is_made_and_revised_and_what_was_printed_stays_known(studio: Studio) -> None:
    """S1-08."""
    bureau = studio.bureau
    made = studio.new(png(), qr_left=700, qr_top=300, qr_size=200)
    assert not isinstance(made, Refused), made
    face = int(made.subject)
    bureau.done(studio.manager, "card_face.save", face=face, title_en="Golden leaves")
    bureau.done(studio.manager, "card_face.save", face=face, file=studio.send(jpeg(1600, 1000)))
    [row] = bureau.rows(studio.manager, "card_faces", product=str(studio.product))
    assert (row["version"], row["title_zh"], row["title_en"]) == (3, "秋叶", "Golden leaves")
    assert (row["image_kind"], row["width"], row["height"]) == ("jpeg", 1600, 1000)
    assert bureau.sql(
        "SELECT version, title_en, image_kind, qr_size FROM card_face_version ORDER BY version"
    ) == [
        (1, "Autumn leaves", "png", 200),
        (2, "Golden leaves", "png", 200),
        (3, "Golden leaves", "jpeg", 200),
    ]
    assert studio.new(png()).code == "E-ID", "a product has one face of a name"


def test_a_face_is_taken_out_and_comes_back_with_its_next_version(studio: Studio) -> None:
    """S1-08: what was printed stays known; nobody else's manager takes it out."""
    bureau, manager = studio.bureau, studio.manager
    face = int(studio.new(png()).subject)
    [(institution,)] = bureau.sql(
        "SELECT institution_id FROM issuer WHERE institution_id <> %s LIMIT 1", HOME["issuer"]
    )
    stranger = bureau.person("issuer_manager", "issuer", institution)
    asked = {"face": face, "note": "the wrong leaves"}
    assert bureau.refused(stranger, "card_face.withdraw", **asked) == "E-NOT-FOUND"
    bureau.done(manager, "card_face.withdraw", **asked)
    [row] = bureau.rows(manager, "card_faces")
    assert (row["state"], row["version"]) == ("withdrawn", 1)
    assert bureau.sql("SELECT count(*)::int FROM card_face_version") == [(1,)]
    assert bureau.refused(manager, "card_face.withdraw", **asked) == "E-STATE"
    bureau.done(manager, "card_face.save", face=face, title_en="The right leaves")
    [row] = bureau.rows(manager, "card_faces")
    assert (row["state"], row["version"]) == ("active", 2)
    assert bureau.sql(
        "SELECT before ->> 'state', after ->> 'state' FROM history"
        " WHERE action LIKE 'card_face.%%' AND outcome = 'done' ORDER BY id"
    ) == [(None, "active"), ("active", "withdrawn"), ("withdrawn", "active")]


@pytest.mark.parametrize(
    ("content", "more", "code", "field"),
    [
        (png(1010, 638), {}, "E-IMAGE", "file"),
        (png(1011, 637), {}, "E-IMAGE", "file"),
        (b"GIF89a" + bytes(2000), {}, "E-IMAGE", "file"),
        (png(more=500_000), {}, "E-TOO-LARGE", "file"),
        (png(), {"title_zh": None}, "E-FIELD", "title_zh"),
        (png(), {"file": None}, "E-FIELD", "file"),
        (png(), {"qr_left": 900, "qr_top": 0, "qr_size": 200}, "E-FIELD", "qr_size"),
        (png(), {"qr_size": 20}, "E-FIELD", "qr_size"),
        (png(), {"text_colour": "red"}, "E-FIELD", "text_colour"),
    ],
)
def test_a_face_that_cannot_be_printed_says_why(
    studio: Studio, content: bytes, more: dict[str, Any], code: str, field: str
) -> None:
    """S1-08."""
    told = studio.new(content, **more)
    assert isinstance(told, Refused), told
    assert (told.code, told.field) == (code, field)
