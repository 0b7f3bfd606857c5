"""Sheets of vouchers in a browser: begun with a template, moved by keys, printed in 3 clicks."""

import re

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from tests.host.office.conftest import Bureau
from tests.host.office.test_sheet_designs import begun
from tests.host.office.test_stock import Issuer
from tests.host.office.test_voucher_prints import PASSWORD, made
from tests.switch.web.browsing import (
    PHONE,
    WIDE,
    let_in,
    looked_at,
    needs_chromium,
    opened,
    press,
    ready,
)
from tests.switch.web.conftest import Open

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def issuer(shared_bureau: Bureau) -> Issuer:
    return Issuer(shared_bureau)


def test_a_sheet_is_begun_with_a_template_and_a_part_is_moved_by_keys_and_dragged(
    chromium: Chromium, address: str, issuer: Issuer
) -> None:
    """S3-23, S3-24: each arrow is a millimetre; what is wrong is told before it is printed."""
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, issuer.maker)
        page.goto(f"{address}/show/sheets")
        page.click(".starts a:has-text('A4, 3 x 8')")
        page.fill("[name=name]", "Autumn")
        page.click("button[value=do]")
        page.wait_for_selector("h1:has-text('Done')")
        page.goto(f"{address}/show/sheets")
        page.click("table.rows td a >> nth=0")
        page.wait_for_selector("h1:has-text('Autumn')")
        place = page.url
        assert ready(page).locator("text=A phone reads it").is_visible()
        ready(page).focus("[data-part=title]")
        press(page, "ArrowRight", "ArrowRight", "ArrowDown")
        assert (
            ready(page).input_value("#lefts-title"),
            ready(page).input_value("#tops-title"),
        ) == ("5", "4")
        _drag(page, "[data-part=valid]", 3)
        assert ready(page).input_value("#lefts-valid") == "6"
        page.fill("#sizes-qr", "12")
        page.fill("#widths-qr", "12")
        page.click("button:has-text('Save')")
        page.wait_for_selector(".refusal:has-text('QR code: the QR code is smaller than 15 mm')")
        assert page.url == place
        drawn = ready(page).locator("[data-part=title] rect")
        assert (drawn.get_attribute("x"), drawn.get_attribute("y")) == ("5.0", "4.0")
        assert ready(page).locator("[data-part=qr].wrong").count() == 1
        page.fill("#sizes-qr", "18")
        page.fill("#widths-qr", "18")
        page.fill("#lefts-title", "3")
        page.fill("#lefts-valid", "3")
        page.click("button:has-text('Save')")
        page.wait_for_selector("text=A phone reads it")
    for size, language, scheme in (
        (PHONE, "zh-CN", "light"), (WIDE, "zh-CN", "light"), (WIDE, "en-GB", "dark"),
    ):  # fmt: skip
        with opened(chromium, size, language, scheme) as page:
            let_in(page, address, issuer.maker)
            page.goto(place)
            looked_at(page, f"sheet-{size['width']}-{language[:2]}-{scheme}", is_whole=True)


def _drag(page: Page, part: str, by_mm: int) -> None:
    """So many millimetres to the right, by the mouse."""
    box = ready(page).locator(f"{part} rect").bounding_box()
    whole = ready(page).locator("[data-voucher]").bounding_box()
    assert box is not None
    assert whole is not None
    mm = min(whole["width"] / 74, whole["height"] / 41)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = ready(page).mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + by_mm * mm, y, steps=4)
    mouse.up()


def test_a_batch_is_previewed_with_what_it_is_and_printed_in_three_clicks(
    chromium: Chromium, address: str, issuer: Issuer
) -> None:
    """S3-23: no code of the batch is on the page; the print waits for the rights owner."""
    batch, codes = made(issuer, 30)
    begun(issuer, name="Winter")
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, issuer.maker)
        page.goto(f"{address}/show/sheets")
        page.click("table.rows tr:has-text('Winter') td a >> nth=0")
        page.fill("#p-batch", batch)
        page.click("button:has-text('Preview with this batch')")
        page.wait_for_selector(f"text={batch}")
        assert "pages 2" in ready(page).inner_text("main")
        told = ready(page).content()
        assert "SAMP-LE00" in told
        assert [code for code in codes if code in told] == []
        page.fill("#p-first", "1")
        page.fill("#p-last", "20")
        page.click("button:has-text('Print vouchers')")
        page.fill("[name=workbook_password]", PASSWORD)
        page.fill("[name=recipient]", "Heng Bao")
        page.fill("[name=note]", "to be printed")
        page.click("button[value=do]")
        page.wait_for_selector("h1:has-text('It waits for another person')")
    [row] = issuer.bureau.rows(issuer.owner, "approvals", to_decide="true")
    assert (row["foretold"]["cards"], row["foretold"]["pages"]) == (20, 1)
    assert re.fullmatch(r"[0-9]+", str(row["asked"]["sheet"]))


def test_without_a_script_numbers_are_typed_and_the_preview_follows(
    shared_front: Open, issuer: Issuer
) -> None:
    sheet = begun(issuer, "single", name="Spring")
    browser = shared_front()
    browser.get("/sign-in")
    browser.client.cookies.set("posswitch_session", issuer.maker.session.reveal().decode())
    page = browser.get(f"/sheets/{sheet}").text
    form = page[page.index("data-design") :]
    names = ("lefts", "tops", "widths", "sizes")
    typed = {
        name: re.findall(rf'<input id="{name}-[a-z_]+" name="{name}" value="([^"]+)"', form)
        for name in names
    }
    typed["lefts"][0] = "33"
    moved = browser.post(
        "/do/sheet.save",
        {"sheet": sheet, "how": "at_once", "back": f"/sheets/{sheet}", "once_key": "k1", **typed},
        follow_redirects=True,
    )
    assert '<rect x="33.0" y="3.0"' in moved.text
    gone = browser.get("/sheets/999").status_code
    assert gone == 404
