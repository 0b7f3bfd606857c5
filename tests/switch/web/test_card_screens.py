"""The screens of cards in a browser: what people do there, in as few clicks as they may take."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_exports import WORKBOOK
from tests.host.office.test_exports import opened as workbook
from tests.host.office.test_stock import Issuer
from tests.switch.web.browsing import (
    PHONE,
    WIDE,
    let_in,
    looked_at,
    needs_chromium,
    new_window,
    opened,
    press,
    ready,
    write,
)

pytestmark = needs_chromium
LOOKS = ((PHONE, "zh-CN", "light"), (WIDE, "zh-CN", "light"), (WIDE, "en-GB", "dark"))


@pytest.fixture(scope="module")
def house(shared_bureau: Bureau) -> Issuer:
    return Issuer(shared_bureau)


def give_code(page: Page, issuer: Issuer, who: Person) -> None:
    """What the phone shows, typed where it is asked for, and sent."""
    page.fill("[name=totp_code]", issuer.bureau.code(who))
    page.press("[name=totp_code]", "Enter")


def pictured(chromium: Chromium, address: str, who: Person, name: str, path: str) -> None:
    """On a phone and on a wide screen, by day and by night."""
    for size, language, scheme in LOOKS:
        with opened(chromium, size, language, scheme) as page:
            let_in(page, address, who)
            page.goto(f"{address}{path}")
            looked_at(page, f"{name}-{size['width']}-{language[:2]}-{scheme}", is_whole=True)


def test_a_batch_is_opened_by_who_may_and_stopped_in_two_clicks(
    chromium: Chromium, address: str, house: Issuer
) -> None:
    """S1-11, S1-13, S1-16, S1-25, S1-26, S1-37: what may be done stands on the batch's page."""
    made = house.batch().subject
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, house.manager)
        page.goto(f"{address}/card-batches/{made}")
        assert "Open a card batch: Rights owner; not" in ready(page).inner_text("main")
        assert ready(page).locator(".off", has_text="Suspend").is_visible()
        assert ready(page).locator("a.button", has_text="Open a card batch").count() == 0
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, house.owner)
        page.goto(f"{address}/card-batches/{made}")
        page.click(".standing a.button:has-text('Open a card batch')")
        page.click("button[value=do]")
        give_code(page, house, house.owner)
        page.wait_for_selector("h1:has-text('Done')")
        page.click("a.button:has-text('Back')")
        page.wait_for_url(f"{address}/card-batches/{made}")
        page.click(".standing a.button:has-text('Suspend')")
        page.fill("[name=note]", "printed wrong")
        page.click("button[value=do]")
        page.wait_for_selector("h1:has-text('Done')")
        assert house.state(house.owner, made) == "suspended"
        page.goto(f"{address}/card-batches/{made}?tab=history")
        assert "printed wrong" in ready(page).inner_text("table.rows >> nth=-1")


def test_a_batch_looks_well(chromium: Chromium, address: str, house: Issuer) -> None:
    """S1-25: on top how many are sold, wait, are active and void, and what is left on them."""
    made = house.opened().subject
    cards = house.bureau.rows(house.manager, "batch_cards", batch=made)
    for card, status in zip(cards, ("active", "voided"), strict=False):
        house.bureau.sql(
            "UPDATE card SET status = %s, sale = 'sold' WHERE id = %s", status, card["id"]
        )
    house.bureau.sql(
        "INSERT INTO purse (card_id, account_id, posted_minor, shard, unit)"
        " SELECT c.id, c.id, 4000, c.shard, 'CNY' FROM card AS c WHERE c.id = %s", cards[0]["id"]
    )  # fmt: skip
    [told] = house.bureau.rows(house.manager, "batch_figures", batch=made)
    names = ("cards", "sold", "inactive", "active", "voided", "outstanding_minor")
    assert [told[name] for name in names] == [len(cards), 2, len(cards) - 2, 1, 1, 4_000]
    house.bureau.done(house.maker, "card_batch.add", batch=made, cards=2)
    house.bureau.do_jobs()
    pictured(chromium, address, house.manager, "card-batch", f"/card-batches/{made}")


def test_a_card_is_found_by_its_number_and_frozen_in_two_clicks(
    chromium: Chromium, address: str, house: Issuer
) -> None:
    """S1-38, S1-46, S4-19: its number stands in no address, whatever is clicked."""
    bureau = house.bureau
    card, pan = _active_card(house)
    service = bureau.person("service", "issuer")
    with new_window(chromium, WIDE, locale="en-GB") as page:
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        let_in(page, address, service)
        page.goto(address)
        press(page, "/")
        write(page, f"{pan[:4]} {pan[4:]}")
        press(page, "Enter")
        page.wait_for_url(f"{address}/cards/{card}")
        assert pan not in ready(page).content()
        page.click(".standing a.button:has-text('Freeze')")
        page.fill("[name=note]", "he called")
        page.click("button[value=do]")
        page.wait_for_selector("h1:has-text('Done')")
        page.click("a.button:has-text('Back')")
        page.wait_for_selector(".badge.frozen")
        assert "he called" not in ready(page).inner_text("main")
        assert "Freeze, report" in ready(page).inner_text("table.rows")
        assert not [each for each in asked if pan[4:] in each]
        assert page.goto(f"{address}/cards/99999999").status == 404


def test_an_activation_password_is_shown_for_some_seconds_and_kept_nowhere(
    chromium: Chromium, address: str, house: Issuer
) -> None:
    """S1-27, S1-28: in three clicks, and gone by one key."""
    batch = house.opened().subject
    card = house.bureau.rows(house.owner, "batch_cards", batch=batch)[0]["id"]
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, house.owner)
        page.goto(f"{address}/card-batches/{batch}")
        page.click("td.doing a.button:has-text('See a card') >> nth=0")
        page.select_option("[name=reason]", "customer")
        page.click("button[value=do]")
        give_code(page, house, house.owner)
        page.wait_for_selector(".once code")
        looked_at(page, "reveal-1440-en-light")
        shown = ready(page).inner_text(".once code")
        assert len(shown.replace("-", "")) >= 10
        leaves = ready(page).locator("meta[http-equiv=refresh]").get_attribute("content")
        assert leaves == f"20;url=/card-batches/{batch}"
        press(page, "Escape")
        page.wait_for_url(f"{address}/card-batches/{batch}")
        assert shown not in ready(page).content()
        page.goto(f"{address}/cards/{card}?tab=disclosures")
        assert "customer" in ready(page).inner_text("table.rows")
        assert shown not in ready(page).content()


def test_a_card_looks_well(chromium: Chromium, address: str, house: Issuer) -> None:
    card, _ = _active_card(house)
    pictured(chromium, address, house.manager, "card", f"/cards/{card}")


def _active_card(house: Issuer) -> tuple[int, str]:
    """A card that somebody has activated, and its number."""
    bureau, batch = house.bureau, house.opened().subject
    card = bureau.rows(house.manager, "batch_cards", batch=batch)[0]["id"]
    bureau.sql("UPDATE card SET status = 'active', sale = 'sold' WHERE id = %s", card)
    [(sealed,)] = bureau.sql("SELECT pan_sealed FROM card WHERE id = %s", card)
    return card, bureau.hsm.open_pan(sealed).reveal()


def test_cards_leave_in_a_workbook_that_an_owner_has_released(
    chromium: Chromium, address: str, house: Issuer
) -> None:
    """S1-18, S1-19, S1-20, S1-21: asked for in three clicks, taken in one, once."""
    made = house.opened().subject
    place = f"{address}/card-batches/{made}"
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, house.maker)
        page.goto(place)
        page.check("[name=chosen] >> nth=0")
        page.check("[name=chosen] >> nth=2")
        page.click("button:has-text('Export those ticked')")
        assert len(ready(page).input_value("[name=chosen]").split()) == 2
        page.check("[name=with_secrets]")
        page.fill("[name=workbook_password]", WORKBOOK)
        page.fill("[name=recipient]", "Heng Bao")
        page.fill("[name=note]", "to be printed")
        page.click("button[value=do]")
        page.wait_for_selector("h1:has-text('It waits for another person')")
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, house.owner)
        page.goto(f"{address}/show/approvals?to_decide=true")
        page.click("td.doing a.button >> nth=0")
        page.select_option("[name=decision]", "approve")
        page.click("button[value=do]")
        told = ready(page).inner_text(".code")
        assert f"{made}: activation passwords of 2 cards for Heng Bao" in told
        give_code(page, house, house.owner)
        page.wait_for_selector("h1:has-text('Done')")
    house.bureau.do_jobs()
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, house.maker)
        page.goto(place)
        looked_at(page, "export-1440-en-light")
        with page.expect_download() as taken:
            page.click("button:has-text('Take a file')")
        assert taken.value.suggested_filename == f"{made}.xlsx"
        sealed = Path(taken.value.path()).read_bytes()
        assert [len(row) for row in workbook(sealed)[1:]] == [len(workbook(sealed)[0])] * 2
        page.goto(place)
        assert ready(page).locator("button:has-text('Take a file')").count() == 0
