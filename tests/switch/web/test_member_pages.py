"""A member on a phone: signing in, a code that a till takes, a store that is scanned, gifts.

Before a host that trades: what is paid is on the cards. `--pictures` leaves some in
`build/screens`.
"""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio
from playwright.sync_api import Page

from host.model.office import Done
from host.model.requests import Kind
from host.model.secrets import Pan
from host.moves import Moves
from host.paying import Paying
from tests.host.conftest import CardPool, Till, asking_of, module_pool, pool, till
from tests.host.office.conftest import HOME, PAY_PIN, Bureau
from tests.host.office.test_gifts import CARDS, OTHER_PHONE, PHONE
from tests.host.office.test_lotteries import House
from tests.host.office.test_voucher_use import made_desk
from tests.host.test_gifts import money
from tests.host.test_vouchers import FACE
from tests.switch.web.browsing import PHONE as PHONE_SIZE
from tests.switch.web.browsing import WIDE, Aside, looked_at, needs_chromium, ready
from tests.switch.web.conftest import served

__all__ = ["module_pool", "pool", "till"]
pytestmark = needs_chromium

MEMBERS = (PHONE, OTHER_PHONE)


@dataclass
class Shop:
    """Two members with cards, a store's till, and where the pages are."""

    bureau: Bureau
    till: Till
    address: str
    aside: Aside

    async def look(self, script: Callable[[Page], None], **how: Any) -> None:
        """A browser does this, in a thread, while the host trades."""
        told = {"size": PHONE_SIZE, "locale": "zh-CN", "seconds_max": 15.0, **how}
        await trio.to_thread.run_sync(lambda: self.aside.look(script, **told))

    def sign_in(self, page: Page, phone: str) -> None:
        """By the door; who comes for the first time chooses a PIN."""
        page.goto(f"{self.address}/me")
        page.fill("[name=phone]", phone)
        page.click("main button")
        page.wait_for_selector("[name=code]")
        page.fill("[name=code]", self.bureau.code_sent())
        page.click("main button")
        page.wait_for_load_state()
        if page.url.endswith("/me/pin"):
            page.click("main button")
            page.wait_for_selector("[name=code]")
            page.fill("[name=code]", self.bureau.code_sent())
            page.fill("[name=new]", PAY_PIN)
            page.click("main button")
        page.wait_for_url(re.compile(r"/me(\?.*)?$"))

    def own_cards(self) -> None:
        """Of each member, once they have signed in."""
        for phone, cards in ((PHONE, CARDS[:1]), (OTHER_PHONE, CARDS[1:])):
            masked = f"{phone[:3]}****{phone[-4:]}"
            [(member,)] = self.bureau.sql("SELECT id FROM member WHERE phone_masked = %s", masked)
            for card in cards:
                self.till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, card)


@pytest.fixture
async def shop(bureau: Bureau, till: Till, aside: Aside, tmp_path: Path) -> AsyncIterator[Shop]:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(till.dsns.host, autocommit=True)

    async def do_jobs() -> None:
        while True:
            await trio.to_thread.run_sync(bureau.do_jobs)
            await trio.sleep(0.05)

    with served(bureau, tmp_path) as address:
        async with trio.open_nursery() as nursery:
            moves = Moves(connect, asking_of(till).ask, bureau.office.clock)
            paying = Paying(connect, till.poster.book, bureau.office.clock, till.poster.pass_on)
            paying.drive = moves.drive_one
            till.poster.paying = paying
            nursery.start_soon(paying.run)
            nursery.start_soon(do_jobs)
            shop = Shop(bureau, till, address, aside)
            for phone in MEMBERS:
                await trio.to_thread.run_sync(bureau.member, phone)
            shop.own_cards()
            yield shop
            nursery.cancel_scope.cancel()
        moves.shut()
        paying.shut()


async def test_a_member_signs_in_and_pays_by_a_code_that_a_till_takes(shop: Shop) -> None:
    """S3-02, S3-09: a click and the PIN, then a click alone; both see what was paid."""
    codes: list[str] = []

    def show(page: Page) -> None:
        page.goto(f"{shop.address}/me")
        assert page.url.startswith(f"{shop.address}/me/sign-in")
        looked_at(page, "me-door-phone-zh", is_whole=True)
        shop.sign_in(page, PHONE)
        looked_at(page, "me-wallet-phone-zh", is_whole=True)
        with page.expect_response("**/me/code") as asked:
            page.click("text=付款码 >> nth=0")
        assert asked.value.status == 200, "to be asked for the PIN is no error"
        page.fill("[name=pin]", "135790")
        with page.expect_response("**/me/code") as wrong:
            page.click("main button")
        assert wrong.value.status == 422
        page.fill("[name=pin]", PAY_PIN)
        looked_at(page, "me-pin-phone-zh", is_whole=True)
        page.click("main button")
        page.wait_for_selector("svg.qr")
        looked_at(page, "me-code-phone-zh", is_whole=True)
        page.click("text=换一个")
        page.wait_for_selector("svg.qr")
        codes.append(str(ready(page).get_attribute("svg.qr", "data-code")))

    await shop.look(show)
    sale = shop.till.request(Kind.PURCHASE, None, 4_000, pan=Pan(codes[0]), entry_mode="032")
    assert (await shop.till.ask(sale)).is_approved
    assert money(shop.till, CARDS[0]) == [96_000]

    def look_back(page: Page) -> None:
        shop.sign_in(page, PHONE)
        assert "960.00" in ready(page).inner_text("main")
        last = ready(page).inner_text(".paid li >> nth=0")
        assert re.search(r"Purchase .*Quay\s+-CN¥40.00", last, re.IGNORECASE), last
        page.goto(f"{shop.address}/me/usages")
        assert "40.00" in ready(page).inner_text("main")
        looked_at(page, "me-usages-wide-en", is_whole=True)

    await shop.look(look_back, size=WIDE, locale="en-GB")


async def test_a_member_scans_a_store_and_pays(shop: Shop) -> None:
    """S3-09, S3-10: the code leads to a page, its amount is typed, and it is said how it went."""
    clerk = shop.bureau.person("store_clerk")
    made = shop.bureau.done(clerk, "pay.store_code", store=int(HOME["store"]))

    def pay(page: Page) -> None:
        shop.sign_in(page, OTHER_PHONE)
        page.goto(f"{shop.address}/pay/{made.shown_once['code']}")
        page.fill("[name=amount_minor]", "1500.00")
        looked_at(page, "me-pay-phone-zh", is_whole=True)
        page.click("main button")
        page.fill("[name=pin]", PAY_PIN)
        page.click("main button")
        page.wait_for_url(re.compile(r"/me/done/"))
        page.wait_for_selector(".tick")
        looked_at(page, "me-done-phone-zh", is_whole=True)
        page.goto(f"{shop.address}/pay/no-such-code")
        assert "E-PAY-CODE" in ready(page).inner_text("main")

    await shop.look(pay)
    assert sum(money(shop.till, *CARDS[1:])) == 50_000


async def test_a_gift_is_sent_seen_and_claimed(shop: Shop) -> None:
    """S3-14, S3-15, S3-16: as a card in an envelope; it is on neither twice."""

    def give(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.click("text=赠送 >> nth=0")
        page.fill("[name=phone]", OTHER_PHONE)
        page.fill("[name=amount_minor]", "50")
        page.fill("[name=wish]", "端午安康!")
        page.fill("[name=from_name]", "小王")
        looked_at(page, "me-give-phone-zh", is_whole=True)
        page.click("text=送出")
        page.fill("[name=pin]", PAY_PIN)
        page.click("main button")
        page.wait_for_selector(".tick")

    def claim(page: Page) -> None:
        shop.sign_in(page, OTHER_PHONE)
        assert "端午安康!" in ready(page).inner_text("main")
        looked_at(page, "me-gift-wide-dark-en", is_whole=True)
        page.click("text=Open")
        page.click("text=Claim")
        page.wait_for_selector(".tick")
        page.goto(f"{shop.address}/me/gifts")
        assert "端午安康!" not in ready(page).inner_text("main")

    await shop.look(give)
    await shop.look(claim, locale="en-GB", size=WIDE, color_scheme="dark")
    assert money(shop.till, *CARDS[:2]) == [95_000, 105_000]


async def test_what_is_a_members_is_no_page_of_who_works_here_nor_the_other_way(
    shop: Shop,
) -> None:
    """S1-47."""
    member = shop.bureau.member(PHONE)
    pages = ("/me", "/me/code", "/me/gifts", "/pay/x", "/me/pin", "/me/card")

    def look(page: Page) -> None:
        token = shop.bureau.admin.session.reveal().decode()
        page.context.add_cookies(
            [{"name": "posswitch_session", "value": token, "url": shop.address}]
        )
        for path in pages:
            answer = page.goto(shop.address + path)
            assert answer is not None
            assert answer.status == 404, path
        own = member.session.reveal().decode()
        page.context.add_cookies([{"name": "posswitch_session", "value": own, "url": shop.address}])
        for path in ("/show/people", "/show/cards", "/do/person.save", "/do/member.freeze"):
            answer = page.goto(shop.address + path)
            assert answer is not None
            assert answer.status == 404, path
        page.goto(shop.address)
        assert page.url == f"{shop.address}/me"

    shop.bureau.sign_in(shop.bureau.admin)
    await shop.look(look)


async def test_a_member_draws_in_a_lottery_and_anybody_verifies_it(
    shop: Shop, pool: CardPool
) -> None:
    """S4-62: a click draws; two say whether it was drawn as it was committed to."""
    house, cards = House(shop.bureau), [pool.with_points(), pool.with_points()]
    [(member,)] = shop.bureau.sql("SELECT id FROM member WHERE phone_masked = '138****1234'")
    shop.till.sql("UPDATE card SET member_id = %s WHERE id = any(%s)", member, cards)

    def begin() -> None:
        house.opened(prizes=["P30 100% 5 points 30 30 积分"])

    def draw(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.goto(f"{shop.address}/me/lottery")
        assert "30 积分 · 100% · 剩余 5" in ready(page).inner_text(".lottery ul")
        page.select_option("[name=card]", str(cards[1]))
        page.click("text=抽一次")
        page.wait_for_selector(".tick")
        page.click("text=返回")
        page.wait_for_selector(".paid strong")
        assert "30 积分" in ready(page).inner_text(".paid")
        looked_at(page, "me-lottery-phone-zh", is_whole=True)
        page.goto(f"{shop.address}/me/points")
        looked_at(page, "me-points-phone-zh", is_whole=True)

    def end() -> None:
        house.bureau.sign_in(house.author)
        house.bureau.done(house.author, "lottery.close", lottery="DW2026", note="the day is over")

    def verify(page: Page) -> None:
        page.goto(f"{shop.address}/check")
        looked_at(page, "check-phone-zh", is_whole=True)
        page.click("text=验证")
        page.wait_for_selector(".tick")
        looked_at(page, "check-lottery-phone-zh", is_whole=True)
        page.goto(f"{shop.address}/check")
        page.fill("[name=number]", "998800")
        page.click("main button")
        assert ready(page).locator(".refusal").count() == 1

    await trio.to_thread.run_sync(begin)
    await shop.look(draw)
    drawn = shop.till.sql("SELECT card_id FROM journal WHERE kind = 'lottery_draw'")
    assert drawn == [(cards[1],)], "the one that was chosen"
    await trio.to_thread.run_sync(end)
    while house.state() == "closed":  # noqa: ASYNC110 - the office's clock is what is waited for
        await trio.sleep(0.05)
    await shop.look(verify)


async def test_a_member_loads_a_card_by_a_code_and_sees_cash_come_in(shop: Shop) -> None:
    """S3-02, S3-07, S3-08, S4-45: three clicks; a counter scans the code that the phone shows."""
    desk = await trio.to_thread.run_sync(lambda: made_desk(shop.bureau, shop.till))
    paper = desk.codes()[0].reveal()
    codes: list[str] = []

    def load(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.click("text=充值 >> nth=0")
        page.fill("[name=voucher_code]", paper)
        looked_at(page, "me-recharge-phone-zh", is_whole=True)
        page.click("text=充入")
        page.wait_for_selector(".tick")
        page.click("main a.button")
        page.wait_for_url("**/me/recharge")
        assert "兑换码充值\n+¥50.00" in ready(page).inner_text("main ul.paid")
        codes.append(str(ready(page).get_attribute("svg.qr", "data-code")))

    await shop.look(load)

    def take() -> None:
        clerk = shop.bureau.person("merchant_operator")
        shop.till.sql("UPDATE person_grant SET limit_minor = 100000")
        told = {"member_code": codes[0], "amount_minor": 7_700, "receipt": "R-1", "store": 1}
        assert isinstance(shop.bureau.with_code(clerk, "load.cash", **told), Done)

    def wait(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.goto(f"{shop.address}/me/recharge")
        take()
        page.wait_for_selector("main ul.paid >> text=77.00")
        looked_at(page, "me-recharge-wide-en", is_whole=True)
        page.goto(f"{shop.address}/me/usages?direction=in")
        looked_at(page, "me-usages-wide-en", is_whole=True)
        assert ready(page).locator("table.rows tbody tr").count() == 3

    await shop.look(wait, size=WIDE, locale="en-GB")
    assert money(shop.till, CARDS[0]) == [100_000 + FACE + 7_700]


async def test_a_member_pays_over_a_port_and_sees_it_loaded_as_soon_as_it_says_so(
    shop: Shop,
) -> None:
    """S3-06, S3-33: the page says that it is simulated, and never asks to pay again."""

    def pay(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.goto(f"{shop.address}/me/recharge")
        page.fill("[name=amount_minor]", "77")
        page.click("text=微信支付")
        page.wait_for_url("**/me/payment/*")
        assert "模拟" in ready(page).inner_text("main")
        looked_at(page, "me-payment-phone-zh", is_whole=True)
        page.click("main form button >> nth=0")
        shop.bureau.later(seconds=4)
        page.wait_for_selector("text=已充入")
        assert ready(page).locator("main form").count() == 0
        looked_at(page, "me-payment-loaded-phone-zh", is_whole=True)
        page.click("main a.button")
        page.wait_for_selector("main ul.paid >> text=77.00")

    await shop.look(pay)
    assert money(shop.till, CARDS[0]) == [100_000 + 7_700]


async def test_a_member_finds_the_nearest_store_and_a_map_of_it(shop: Shop) -> None:
    """S3-02, S3-04, S3-05, S4-39: by their browser's place, or what is typed without it."""

    def places() -> None:
        shop.till.sql("UPDATE store SET coordinates = '31.2304,121.4737', name = '徐汇店'"
                      " WHERE id = 1")  # fmt: skip
        shop.till.sql("UPDATE store SET coordinates = '39.9042,116.4074', name = '北京店'"
                      " WHERE id = (SELECT max(id) FROM store)")  # fmt: skip

    await trio.to_thread.run_sync(places)

    def find(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.goto(f"{shop.address}/me/stores")
        page.click("[data-place]")
        page.wait_for_url("**/me/stores?at=*")
        first = ready(page).locator("ul.cards li").nth(0)
        assert "徐汇店" in first.inner_text()
        assert "km" not in first.inner_text()
        assert first.locator("a.button").get_attribute("href") == "geo:31.2304,121.4737"
        looked_at(page, "me-stores-phone-zh", is_whole=True)
        page.goto(f"{shop.address}/me/stores?q=北京")
        assert ready(page).locator("ul.cards li").count() == 1
        page.goto(f"{shop.address}/me/profile")
        page.fill("[name=name]", "小王")
        page.click("main form button")
        page.wait_for_url("**/me/profile")
        assert ready(page).input_value("[name=name]") == "小王"
        looked_at(page, "me-profile-phone-zh", is_whole=True)

    here = {"latitude": 31.2305, "longitude": 121.4738}
    await shop.look(find, geolocation=here, permissions=["geolocation"])


async def test_a_member_sees_todays_advertising_on_the_page_that_it_was_booked_for(
    shop: Shop,
) -> None:
    """S4-66: as text, whatever was typed."""

    def book() -> None:
        shop.till.sql(
            "INSERT INTO ad_slot (code, shown_at, name, price_minor, unit, state, set_by, set_at)"
            " VALUES ('TOP', 'member_home', 'Top', 1, 'CNY', 'open', 'x', now()),"
            " ('NEAR', 'stores', 'Near', 1, 'CNY', 'open', 'x', now())"
        )
        shop.till.sql(
            "INSERT INTO ad_booking (slot_id, merchant_id, issuer_id, first_on, last_on, title,"
            " advert_text, price_minor, unit, made_by, agreed_by, made_at) SELECT s.id, 1, 1,"
            " d.business_date, d.business_date, concat('下午茶 ', s.code), '<b>两人同行</b>', 1,"
            " 'CNY', 'x', 'y', now() FROM ad_slot AS s, business_day AS d WHERE d.state = 'open'"
        )
        shop.till.sql("INSERT INTO ad_day SELECT slot_id, first_on, id FROM ad_booking")

    await trio.to_thread.run_sync(book)

    def see(page: Page) -> None:
        shop.sign_in(page, PHONE)
        for path, told in (("/me", "TOP"), ("/me/stores", "NEAR")):
            page.goto(f"{shop.address}{path}")
            section = ready(page).locator("section[aria-labelledby=adverts]")
            assert section.locator("li b").all_inner_texts() == [f"下午茶 {told}"]
            assert "<b>两人同行</b>" in section.inner_text()
            looked_at(page, f"me-advert-{told.lower()}-phone-zh", is_whole=True)

    await shop.look(see)


async def test_what_is_refused_stands_where_it_was_typed_and_is_mended_there(shop: Shop) -> None:
    """S3-02, S3-14: a gift, a letter, and what is paid to a store."""
    clerk = shop.bureau.person("store_clerk")
    code = shop.bureau.done(clerk, "pay.store_code", store=int(HOME["store"])).shown_once["code"]

    def give(page: Page) -> None:
        shop.sign_in(page, PHONE)
        page.goto(f"{shop.address}/me/gifts")
        typed = {
            "phone": OTHER_PHONE,
            "amount_minor": "1,50",
            "wish": "<b>端午",
            "from_name": "小王",
        }
        for name, value in typed.items():
            page.fill(f"form.sheet [name={name}]", value)
        page.click("text=送出")
        assert ready(page).locator(".refusal").count() == 1
        for name, value in typed.items():
            assert ready(page).input_value(f"form.sheet [name={name}]") == value, name
        looked_at(page, "me-give-refused-phone-zh", is_whole=True)
        page.fill("form.sheet [name=amount_minor]", "1.50")
        page.click("text=送出")
        page.fill("[name=pin]", PAY_PIN)
        page.click("main button")
        page.wait_for_selector("main >> text=返回")
        page.goto(f"{shop.address}/me/mail")
        page.fill("[name=title]", "收银太慢")
        page.fill("[name=text]", "x" * 200)
        ready(page).eval_on_selector(
            "[name=topic] >> nth=0", "one => one.options[0].value = 'none'"
        )
        page.click("details.starts button")
        assert ready(page).locator(".refusal").count() == 1
        assert ready(page).input_value("[name=title]") == "收银太慢"
        assert ready(page).input_value("[name=text]") == "x" * 200
        page.goto(f"{shop.address}/pay/{code}")
        page.fill("[name=amount_minor]", "1,50")
        page.click("main button")
        assert ready(page).locator(".refusal").count() == 1
        assert ready(page).input_value("[name=amount_minor]") == "1,50"
        looked_at(page, "me-pay-refused-phone-zh", is_whole=True)

    await shop.look(give)
    while money(shop.till, CARDS[0]) != [99_850]:  # noqa: ASYNC110 - its job is under way
        await trio.sleep(0.05)
