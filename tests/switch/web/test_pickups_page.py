"""A store's tablet and a member's phone: what one says the other has, with a live page between."""

from playwright.sync_api import Page

from tests.host.conftest import module_pool, pool, till
from tests.host.office.conftest import PAY_PIN
from tests.host.office.test_gifts import PHONE
from tests.host.office.test_voucher_use import made_desk
from tests.switch.web.browsing import let_in, looked_at, needs_chromium, ready, window
from tests.switch.web.test_member_pages import Shop, shop

__all__ = ["module_pool", "pool", "shop", "till"]
pytestmark = needs_chromium


async def test_the_tablet_has_what_a_member_says_on_the_phone(shop: Shop) -> None:
    """S2-26, S2-44, S3-02: it comes by itself, is made ready by one tap, and the phone says so."""
    bureau = shop.bureau

    def look(page: Page) -> None:
        desk = made_desk(bureau, shop.till)
        bureau.done(desk.service, "voucher.claim", batch=desk.batch, phone=PHONE, channel="wechat")
        browser = page.context.browser
        assert browser is not None
        with window(browser, {"width": 1024, "height": 768}, locale="zh-CN") as tablet:
            let_in(tablet, shop.address, desk.clerk)
            make_ready(page, tablet)

    def make_ready(page: Page, tablet: Page) -> None:
        tablet.goto(f"{shop.address}/pickups")
        assert "暂无预约" in ready(tablet).inner_text("main")
        shop.sign_in(page, PHONE)
        page.click("text=到店自提 >> nth=0")
        page.wait_for_url("**/me/pickup?card=*")
        looked_at(page, "me-pickup-phone-zh", is_whole=True)
        page.click("form.sheet button")
        tablet.wait_for_selector("li[data-rings]", timeout=60_000)
        looked_at(tablet, "pickups-tablet-zh", is_whole=True)
        tablet.click("text=备货完成")
        tablet.wait_for_load_state()
        assert ready(tablet).locator("li[data-rings]").count() == 0
        page.goto(f"{shop.address}/me/pickup")
        assert "已备货" in ready(page).inner_text("main")
        page.click("text=出示提货码")
        page.fill("[name=pin]", PAY_PIN)
        page.click("main button")
        page.wait_for_selector("svg.qr")
        looked_at(page, "me-pickup-code-phone-zh", is_whole=True)

    await shop.look(look)
