"""A clerk's phone where a redemption is reviewed: it says that it waits, and what came of it."""

import time

from playwright.sync_api import Page

from host.model.office import Done
from tests.host.conftest import module_pool, pool, till
from tests.host.office.test_voucher_use import made_desk
from tests.switch.web.browsing import let_in, looked_at, needs_chromium, press, ready
from tests.switch.web.test_member_pages import Shop, shop

__all__ = ["module_pool", "pool", "shop", "till"]
pytestmark = needs_chromium
SECONDS_MAX = 60.0
"""How long anything here may take: a limit, not a measure."""


async def test_a_clerk_is_told_that_it_waits_and_hands_over_once_it_is_agreed_to(
    shop: Shop,
) -> None:
    """S2-16, S3-02."""
    bureau = shop.bureau

    def look(page: Page) -> None:
        desk = made_desk(bureau, shop.till, is_reviewed=True)
        manager = bureau.person("store_manager")
        let_in(page, shop.address, desk.clerk)
        page.goto(f"{shop.address}/clerk")
        page.fill("#code", desk.codes()[0].reveal())
        press(page, "Enter")
        page.wait_for_selector("text=此券核销须复核")
        page.click("button:has-text('核销')")
        page.wait_for_selector("h1:has-text('等待复核')")
        assert "暂勿交付" in ready(page).inner_text("main")
        looked_at(page, "clerk-waits-phone-zh", is_whole=True)
        assert bureau.rows(desk.clerk, "counter_work", mine="true") == []
        [row] = bureau.rows(manager, "approvals", to_decide="true")
        told = bureau.do(manager, "approval.decide", approval=row["id"], decision="approve")
        assert isinstance(told, Done), told
        until = time.monotonic() + SECONDS_MAX
        while not (rows := bureau.rows(desk.clerk, "counter_work", mine="true")):
            assert time.monotonic() < until, "it is not done"
            page.wait_for_timeout(100)
        assert [row["outcome"] for row in rows] == ["done"]

    await shop.look(look)
