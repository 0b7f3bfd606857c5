"""A member's letters in a browser: written on a phone, answered at the office, read and let go."""

from playwright.sync_api import Page

from tests.host.conftest import module_pool, pool, till
from tests.host.office.test_gifts import PHONE
from tests.switch.web.browsing import WIDE, let_in, looked_at, needs_chromium, ready
from tests.switch.web.test_member_pages import Shop, shop

__all__ = ["module_pool", "pool", "shop", "till"]
pytestmark = needs_chromium


async def test_a_member_writes_to_a_store_and_reads_its_answer(shop: Shop) -> None:
    """S4-44, S3-02: the store's merchant sees on its first page that there is a letter."""
    bureau = shop.bureau
    owner = bureau.person("merchant_owner")

    def write(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.goto(f"{shop.address}/me/stores")
        page.click("text=写信反馈 >> nth=0")
        page.wait_for_url("**/me/mail?store=*")
        assert ready(page).input_value("[name=store]")
        page.select_option("[name=card]", index=1)
        page.select_option("[name=topic]", "complaint")
        page.fill("[name=title]", "收银太慢")
        page.fill("[name=text]", "等了半小时。\n请改进。")
        looked_at(page, "me-mail-write-phone-zh", is_whole=True)
        page.click("details.starts button")
        page.wait_for_selector("article.letter")
        assert "收银太慢" in ready(page).inner_text("article.letter")
        assert ready(page).locator("article.new").count() == 0, "who wrote it has read it"

    def answer(page: Page) -> None:
        let_in(page, shop.address, owner)
        page.goto(f"{shop.address}/")
        looked_at(page, "home-mail-wide-zh", is_whole=True)
        ready(page).locator("tr", has_text="收银太慢").locator("text=回信").click()
        page.fill("[name=text]", "很抱歉, 已加派人手。")
        page.click("button[value=do]")
        page.wait_for_load_state()
        page.goto(f"{shop.address}/")
        assert "收银太慢" not in ready(page).inner_text("main")
        page.goto(f"{shop.address}/show/mails")
        assert ready(page).locator("tbody tr").count() == 2
        looked_at(page, "mails-wide-zh", is_whole=True)

    def read(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.click("text=1 封未读信件")
        page.wait_for_url("**/me/mail")
        assert "已加派人手" in ready(page).inner_text("article.new")
        looked_at(page, "me-mail-phone-zh", is_whole=True)
        page.click("article.new >> text=标为已读")
        page.wait_for_selector("article.letter")
        assert ready(page).locator("article.new").count() == 0
        assert ready(page).locator("article.letter").count() == 2
        page.click("article.letter >> nth=0 >> text=删除")
        page.wait_for_load_state()
        assert ready(page).locator("article.letter").count() == 1

    await shop.look(write)
    await shop.look(answer, size=WIDE)
    await shop.look(read, color_scheme="dark", java_script_enabled=False)
