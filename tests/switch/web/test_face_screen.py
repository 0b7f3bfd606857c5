"""A card face in a browser: its preview beside what is changed of it: S1-08."""

import struct
import zlib

import pytest
from playwright.sync_api import Browser as Chromium

from tests.host.office.conftest import Bureau
from tests.host.office.test_card_faces import Studio
from tests.switch.web.browsing import WIDE, let_in, needs_chromium, opened, pictured, ready
from tests.switch.web.conftest import Open


@pytest.fixture(scope="module")
def studio(shared_bureau: Bureau) -> Studio:
    return Studio(shared_bureau)


def leaves(width: int = 1011, height: int = 638, green: int = 90) -> bytes:
    """A picture that a browser draws: colours that run from left to right."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    row = b"\x00" + b"".join(
        bytes((40 + x * 120 // width, green + x * 60 // width, 60)) for x in range(width)
    )
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + body


@needs_chromium
def test_a_face_is_changed_in_two_clicks_and_the_preview_follows(
    chromium: Chromium, address: str, studio: Studio
) -> None:
    """S1-08: another title and another picture, from the list on."""
    face = studio.new(
        leaves(), text_colour="#ffffff", qr_left=780, qr_top=410, qr_size=200,
        small_print="Valid for a year from its activation",
    ).subject  # fmt: skip
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, studio.manager)
        page.goto(f"{address}/show/card_faces")
        page.click("table.rows td a >> nth=0")
        page.wait_for_url(f"{address}/card-faces/{face}")
        drawn = ready(page).evaluate(
            "(async () => { const one = new Image();"
            " one.src = document.querySelector('svg.face image').getAttribute('href');"
            " await one.decode(); return [one.naturalWidth, one.naturalHeight]; })()"
        )
        assert drawn == [1011, 638]
        page.fill("[name=title_en]", "Golden leaves")
        page.set_input_files(
            "[name=file]", {"name": "b.png", "mimeType": "image/png", "buffer": leaves(green=120)}
        )
        page.click("button:has-text('Save')")
        page.wait_for_selector("svg.face text:has-text('Golden leaves')")
    [row] = studio.bureau.rows(studio.manager, "card_faces", face=face)
    assert (row["version"], row["title_en"], row["text_colour"]) == (2, "Golden leaves", "#ffffff")
    pictured(chromium, address, studio.manager, {"card-face": f"/card-faces/{face}"})


def test_a_picture_is_given_to_who_may_see_the_face_and_to_nobody_else(
    shared_front: Open, studio: Studio
) -> None:
    bureau, sent = studio.bureau, leaves(green=20)
    face = studio.new(sent, name="Winter").subject
    browser = shared_front()
    browser.get("/sign-in")
    assert browser.get(f"/card-faces/{face}/picture").status_code == 303, "to the door"
    browser.client.cookies.set("posswitch_session", studio.manager.session.reveal().decode())
    told = browser.get(f"/card-faces/{face}/picture")
    assert told.content == sent
    assert told.headers["content-type"] == "image/png"
    assert told.headers["x-content-type-options"] == "nosniff"
    assert browser.get("/card-faces/999999/picture").status_code == 404
    listed = browser.get("/show/card_face_pictures", params={"face": face}).text
    assert "iVBOR" not in listed, "a list is no place for it"
    for role in ("risk", "merchant_owner"):
        browser.client.cookies.set(
            "posswitch_session", bureau.person(role).session.reveal().decode()
        )
        assert browser.get(f"/card-faces/{face}/picture").status_code == 404
