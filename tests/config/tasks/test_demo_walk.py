"""What people are there for, walked in a browser in the house that a demo has left.

Each comes in by the link of their role. The pictures of docs/console.md are made on the way:
`make screens` keeps them in docs/screens, any other run in build/screens.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from host.estate.demo import PIECE_VOUCHERS, voucher_code
from host.estate.scene import LOTTERY, SEAT
from host.office.visitors import PAY_PIN, VISITORS
from host.office.visitors import PHONE as MEMBERS_PHONE
from tests.switch.web.browsing import PHONE, needs_chromium, press, ready, write
from tests.switch.web.screens import DESK, pictured
from tests.switch.web.walking import Walk, opened_again

pytestmark = needs_chromium
GIFT_MINOR, SALE = "5.00", "4.80"
DECLINED_BY = "超出金额限制"
PDF_PASSWORD = "seven green otters"
A_LOOK_MS = 400
"""Nobody turns tabs faster; who asks more than forty things a second is told to wait."""


@pytest.fixture(scope="module")
def walk(demos: list[tuple[Path, str]]) -> Iterator[Walk]:
    home, said = demos[-1]
    assert f"posswitch up --data {home}" in said.replace("\n", " ")
    with opened_again(home) as walk:
        yield walk


def test_a_link_lets_each_role_in_at_its_own_work(walk: Walk, chromium: Chromium) -> None:
    """S3-01, S3-02: platform, issuer, merchant, store and member, each their own."""
    assert list(walk.links) == [one.role for one in VISITORS]
    seen = {}
    for one in VISITORS:
        language = "en-GB" if one.role == "merchant_owner" else "zh-CN"
        with walk.visiting(chromium, one.role, DESK, language) as page:
            menu = ready(page).query_selector("nav.menu")
            seen[one.role] = menu.inner_text() if menu else ""
            assert page.url.startswith(walk.address)
            assert "/sign-in" not in page.url, one.role
            again = page.request.get(walk.links[one.role])
            assert again.status == 422, "a link is good once"
    assert len(set(seen.values())) == len(VISITORS), "each role has a menu of its own"
    logs = "".join(one.read_text("utf-8", "replace") for one in (walk.data / "log").glob("*"))
    assert "/in/" not in logs
    tokens = [link.rsplit("/", 1)[1] for link in walk.links.values()]
    assert not [one for one in tokens if one in logs]


def test_an_owner_sees_yesterdays_settlement_to_the_last_line(
    walk: Walk, chromium: Chromium
) -> None:
    """S3-28: from the home to a statement, from an amount of it to each transaction."""
    with walk.visiting(chromium, "merchant_owner", DESK) as page:
        pictured(page, "home-zh")
        page.click("main tbody tr:last-child td:first-child a")
        page.wait_for_url("**/settlements/*")
        pictured(page, "settlement-zh")
        number = int(ready(page).inner_text("#positions tbody tr td a >> nth=-1"))
        page.click("#positions tbody tr td a >> nth=-1")
        page.wait_for_load_state()
        rows = ready(page).locator("main tbody tr")
        assert rows.count() >= number > 0
        page.click("main tbody tr:last-child a[href^='/transactions/']")
        page.wait_for_url("**/transactions/*")
        assert ready(page).inner_text("main")
        pictured(page, "transaction-zh")


def test_service_answers_why_a_card_was_declined_in_one_look(
    walk: Walk, chromium: Chromium
) -> None:
    """S4-53: a phone in the box, the card that was declined: why stands in its first line."""
    with walk.visiting(chromium, "service", DESK) as page:
        page.fill("#find", MEMBERS_PHONE)
        press(page, "Enter")
        page.wait_for_selector("main tbody tr")
        page.click("main tbody tr:last-child td:first-child a")
        page.wait_for_url("**/cards/*")
        declined = ready(page).locator("main tbody tr").first
        assert DECLINED_BY in declined.inner_text()
        pictured(page, "card-zh")
        declined.locator("a[href^='/transactions/']").click()
        page.wait_for_selector(".verdict.bad")
        assert DECLINED_BY in ready(page).inner_text(".verdict")


def sit_down(page: Page, walk: Walk) -> None:
    page.goto(f"{walk.address}/seat")
    page.click(f"button[value='{SEAT}']")
    page.wait_for_url(f"**/seat/{SEAT}")


def give_pin(page: Page) -> None:
    """Where it is asked for: once a sign-in for a code, each time for what leaves."""
    if ready(page).query_selector("#pin"):
        page.fill("#pin", PAY_PIN.reveal().decode())
        press(page, "Enter")


def pay_code(walk: Walk, chromium: Chromium) -> str:
    """What the member's phone shows."""
    with walk.visiting(chromium, "member", PHONE) as page:
        page.goto(f"{walk.address}/me/code")
        give_pin(page)
        page.wait_for_selector("svg.qr")
        pictured(page, "me-paid-zh")
        found = re.search(r"[0-9]{4}(?: [0-9]{1,4}){3,4}", ready(page).inner_text("main"))
        assert found is not None, ready(page).inner_text("main")
        return found[0].replace(" ", "")


def test_a_member_pays_by_code_at_the_seat_and_the_owner_refunds_it(
    walk: Walk, chromium: Chromium
) -> None:
    """S4-04, S4-30: one code, one sale, in the member's list; and given back."""
    code = pay_code(walk, chromium)
    with walk.visiting(chromium, "merchant_owner", DESK) as page:
        sit_down(page, walk)
        pictured(page, "seat-zh")
        page.fill("#amount", SALE)
        press(page, "Enter")
        write(page, code)
        press(page, "Enter")
        page.wait_for_url("**/done/**")
        receipt = ready(page).inner_text(".receipt")
        assert f"¥{SALE}" in receipt
        found = re.search(r"RRN\s+([0-9A-Z]{12})", receipt)
        assert found is not None, receipt
        rrn = found[1]
        with walk.visiting(chromium, "member", PHONE, "en-GB") as phone:
            phone.goto(f"{walk.address}/me/usages")
            assert rrn in ready(phone).inner_text("main")
            pictured(phone, "me-usages-en")
        press(page, "Enter")
        page.wait_for_selector("#amount")
        press(page, "F8")
        page.wait_for_url("**/refund**")
        page.click("table.lines tbody tr:first-child a")
        page.wait_for_selector("#back-amount")
        assert rrn in ready(page).inner_text("main")
        press(page, "Enter")
        page.wait_for_url("**/done/**")
        assert "退货" in ready(page).inner_text("main")
    with walk.visiting(chromium, "service", DESK) as page:
        page.goto(f"{walk.address}/transactions/{rrn}")
        assert "退货" in ready(page).inner_text("main")


def test_a_member_claims_a_gift_gives_one_draws_and_verifies(
    walk: Walk, chromium: Chromium
) -> None:
    with walk.visiting(chromium, "member", PHONE) as page:
        page.goto(f"{walk.address}/me")
        assert "中秋快乐" in ready(page).inner_text("main")
        pictured(page, "me-zh")
        page.goto(f"{walk.address}/me/gifts")
        pictured(page, "me-gifts-zh")
        page.fill("[name=phone]", "13900139000")
        page.fill("[name=amount_minor]", GIFT_MINOR)
        page.click("main form:has([name=wish]) button")
        page.wait_for_load_state()
        give_pin(page)
        page.wait_for_selector("h1:has-text('完成')")
        pictured(page, "me-done-zh")
        page.goto(f"{walk.address}/me/points")
        pictured(page, "me-points-zh")
        page.goto(f"{walk.address}/me/recharge")
        pictured(page, "me-recharge-zh")
        page.goto(f"{walk.address}/me/lottery")
        page.click("main form[action$='lottery.draw'] button >> nth=0")
        page.wait_for_load_state()
        give_pin(page)
        page.wait_for_selector("h1:has-text('完成')")
        page.goto(f"{walk.address}/me/lottery")
        assert f"{LOTTERY.content.code} #1" in ready(page).inner_text("main")
        pictured(page, "me-lottery-zh")
        page.click("main a[href^='/check/lottery/LANTERN']")
        page.wait_for_load_state()
        assert "1" in ready(page).inner_text("main")


def test_a_clerk_redeems_in_two_taps(walk: Walk, chromium: Chromium) -> None:
    """S2-14: the code is looked at, and redeemed."""
    with walk.visiting(chromium, "store_clerk", PHONE) as page:
        page.goto(f"{walk.address}/clerk")
        page.fill("#code", voucher_code(PIECE_VOUCHERS[0].first).reveal())
        page.click("button:has-text('查券')")
        page.wait_for_selector("button:has-text('核销')")
        pictured(page, "clerk-zh")
        page.click("button:has-text('核销')")
        page.wait_for_selector(".came.good")


def test_a_batch_has_all_that_is_asked_of_gift_cards(walk: Walk, chromium: Chromium) -> None:
    """S1-25, S1-26, S1-38, S1-39: what it is, its cards, records; and what may be done to it."""
    with walk.visiting(chromium, "issuer_manager", DESK) as page:
        page.click("main a[href^='/card-batches/CB-20']")
        page.wait_for_url("**/card-batches/*")
        told = ready(page).inner_text("main")
        for words in ("负责人", "制卡公司", "张数", "面值"):
            assert words in told, words
        tabs = ready(page).locator("nav.tabs a")
        assert tabs.count() >= 5
        pictured(page, "card-batch-zh")
        for at in range(tabs.count()):
            page.wait_for_timeout(A_LOOK_MS)
            tabs.nth(at).click()
            page.wait_for_load_state()
            refusal = ready(page).query_selector("main .refusal")
            assert refusal is None, refusal.inner_text()
    with walk.visiting(chromium, "issuer_manager", DESK, "en-GB") as page:
        page.goto(f"{walk.address}/show/rules")
        page.click("main tbody a[href^='/rules/']")
        page.wait_for_url("**/rules/*")
        pictured(page, "rule-en")
        page.goto(f"{walk.address}/show/sheets")
        page.click("main a[href^='/do/sheet.save'] >> nth=0")
        page.click("button[value=do]")
        page.wait_for_selector("h1:has-text('Done')")
        page.goto(f"{walk.address}/show/sheets")
        page.click("main tbody a[href^='/sheets/']")
        page.wait_for_url("**/sheets/*")
        pictured(page, "sheet-en")


def test_an_owner_prints_vouchers_and_somebody_else_agrees(walk: Walk, chromium: Chromium) -> None:
    """S3-23: asked by the shop, released with a code, taken once as a file."""
    with walk.visiting(chromium, "merchant_owner", DESK) as page:
        page.goto(f"{walk.address}/show/voucher_batches")
        page.click("main a:has-text('制券打印')")
        page.wait_for_url("**/do/voucher_batch.print**")
        page.fill("[name=workbook_password]", PDF_PASSWORD)
        page.fill("[name=recipient]", "counter")
        page.fill("[name=note]", "tomorrow")
        page.click("button[value=do]")
        page.wait_for_selector("h1:has-text('已提交复核')")
    with walk.visiting(chromium, "platform_admin", DESK) as page:
        page.goto(f"{walk.address}/approvals")
        pictured(page, "approvals-zh")
        page.click("main button:has-text('同意')")
        page.wait_for_selector("[name=totp_code]")
        page.fill("[name=totp_code]", walk.code("platform_admin"))
        press(page, "Enter")
        page.wait_for_selector("h1:has-text('已完成'), h2:has-text('待我复核 (0)')")
    with walk.visiting(chromium, "merchant_owner", DESK) as page:
        page.goto(f"{walk.address}/approvals")
        with page.expect_download() as told:
            page.click("main button:has-text('下载文件')")
        assert told.value.suggested_filename.endswith(".pdf")
        assert Path(told.value.path()).read_bytes().startswith(b"%PDF")


def test_hr_has_a_page_of_its_staff(walk: Walk, chromium: Chromium) -> None:
    with walk.visiting(chromium, "enterprise_hr", DESK) as page:
        page.goto(f"{walk.address}/hr")
        assert "Weaving" in ready(page).inner_text("main")
        pictured(page, "hr-zh")


def test_finance_looks_at_the_night_and_anybody_checks_the_lottery(
    walk: Walk, chromium: Chromium
) -> None:
    with walk.visiting(chromium, "finance", DESK, "en-GB") as page:
        page.click("#last-night a")
        page.wait_for_url("**/nights/*")
        pictured(page, "night-en")
        page.goto(f"{walk.address}/exceptions")
        pictured(page, "exceptions-en")
    with walk.visiting(chromium, "member", DESK) as page:
        page.goto(f"{walk.address}/check/lottery/{LOTTERY.content.code}")
        assert ready(page).query_selector(".refusal") is None
        pictured(page, "check-lottery-zh")
