"""A seat in a real browser: sold by keys and a scanner, paid by several, in doubt, settled.

Screenshots are left in `build/screens`.
"""

import contextlib
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from config.run.staff import Colleague
from host.estate.demo import GIFT_FACE_MINOR
from tests.simulators.conftest import hastily
from tests.switch.seat.conftest import CARDS, House
from tests.switch.web.browsing import (
    CHROMIUM,
    CONTRAST_MIN,
    CONTRASTS,
    PHONE,
    SCREENS,
    WIDE,
    press,
    ready,
    window,
    write,
)
from tests.whole.relay import Trouble

SEAT = "80019002"
SECONDS_MAX = 60.0

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def cashier(house: House) -> Colleague:
    house.seat(SEAT)
    return house.person("merchant_operator", "min", "merchant", "888290054110001")


@pytest.fixture
def page(chromium: Chromium, house: House, cashier: Colleague) -> Iterator[Page]:
    house.relay.heal()
    with opened(chromium, house, cashier) as page:
        page.goto(f"{house.web}/seat")
        page.click(f"button[value='{SEAT}']")
        page.wait_for_url(f"**/seat/{SEAT}")
        yield page


@contextlib.contextmanager
def opened(
    chromium: Chromium,
    house: House,
    who: Colleague,
    size: dict[str, int] = WIDE,
    **how: Any,
) -> Iterator[Page]:
    """A browser in which somebody has signed in."""
    with window(chromium, size, SECONDS_MAX, **{"locale": "en-GB", **how}) as page:
        page.goto(f"{house.web}/sign-in")
        told: Any = {
            "name": "posswitch_session",
            "value": who.session.reveal().decode(),
            "url": house.web,
        }
        page.context.add_cookies([told])
        yield page


def activate(page: Page, card: int) -> None:
    """Sell a gift card, by its keys."""
    page.goto(page.url.split("/done")[0])
    page.fill("#amount", f"{GIFT_FACE_MINOR / 100:.2f}")
    page.fill("#presented", CARDS[card].pan.reveal())
    press(page, "F9")
    page.wait_for_selector(".receipt")
    press(page, "Enter")
    page.wait_for_selector("#amount")


def sell(page: Page, amount: str, card: int) -> None:
    """As a scanner does: the amount, Enter, the scan with its own Enter."""
    page.wait_for_selector("#amount:focus")
    write(page, amount)
    press(page, "Enter")
    write(page, CARDS[card].pan.reveal())
    press(page, "Enter")
    page.wait_for_url("**/done/**")


def test_a_sale_is_an_amount_a_scan_and_enter_and_is_voided_by_two_keys(
    page: Page, house: House
) -> None:
    """S4-04, S4-56: a till in the browser; its receipt is printable, its void is F7 Enter."""
    activate(page, 1108)
    sell(page, "12.80", 1108)
    receipt = ready(page).inner_text(".receipt")
    assert "¥12.80" in receipt
    assert re.search(r"RRN\s+[0-9]{12}", receipt), receipt
    assert CARDS[1108].pan.reveal() not in ready(page).content()
    assert house.value_of(1108) == GIFT_FACE_MINOR - 1_280
    page.emulate_media(media="print")
    assert not ready(page).is_visible(".seat-head")
    assert ready(page).is_visible(".receipt")
    page.emulate_media(media="screen")
    page.click("text=Next customer")
    page.wait_for_selector("#amount")
    press(page, "F7")
    page.wait_for_selector("input[name=of]", state="attached")
    press(page, "Enter")
    page.wait_for_url("**/done/**")
    assert house.value_of(1108) == GIFT_FACE_MINOR


def test_a_part_is_paid_by_a_card_and_the_rest_by_another_and_in_cash(
    page: Page, house: House
) -> None:
    """S4-57, S3-11: partial approval; another card is a key, cash is a key."""
    for card in (1109, 1110):
        activate(page, card)
    sell(page, "250", 1109)
    assert "¥150.00" in ready(page).inner_text(".came")
    press(page, "k")
    page.wait_for_selector("#presented:focus")
    write(page, CARDS[1110].pan.reveal())
    press(page, "Enter")
    page.wait_for_selector(".came h2:has-text('¥50.00')")
    press(page, "c")
    page.wait_for_selector(".came", state="detached")
    receipt = ready(page).inner_text(".receipt")
    assert [text in receipt for text in ("¥250.00", "¥100.00", "¥50.00", "Cash")] == [True] * 4
    assert (house.value_of(1109), house.value_of(1110)) == (0, 0)


def test_a_part_that_is_not_wanted_is_taken_back_whole(page: Page, house: House) -> None:
    activate(page, 1111)
    sell(page, "130", 1111)
    press(page, "x")
    page.wait_for_url("**/done/**")
    page.wait_for_selector(".mark")
    assert house.value_of(1111) == GIFT_FACE_MINOR


def test_a_lost_answer_is_said_so_and_mends_itself_and_the_batch_agrees(
    page: Page, house: House
) -> None:
    """S4-04: in doubt it says so, reverses until it is answered, and tells the truth."""
    activate(page, 1112)
    house.relay.trouble = Trouble.NO_ANSWERS
    sell(page, "30", 1112)
    page.wait_for_selector(".came.wait h2:has-text('Not known yet')")
    shot(page, "seat-doubt")
    page.goto(f"{house.web}/seat/{SEAT}")
    sell(page, "5", 1112)
    page.wait_for_selector(".mark:has-text('What you asked for was not sent')")
    told = ready(page).inner_text(".came.wait")
    assert "30.00" in told, "it shows what is open, and says that it does"
    house.relay.heal()
    page.wait_for_selector("h2:has-text('Reversed: nothing was taken')")
    assert house.value_of(1112) == GIFT_FACE_MINOR
    press(page, "Enter")
    sell(page, "30", 1112)
    press(page, "F10")
    page.wait_for_selector("button:has-text('Settle this batch')")
    press(page, "Enter")
    page.wait_for_selector(".settled .good")
    assert "The totals agree" in ready(page).inner_text(".settled")
    assert house.violations() == []


def test_a_card_is_held_paid_out_of_and_let_go(page: Page, house: House) -> None:
    """S3-11: hold, complete for less, void, let go; each has its receipt."""
    activate(page, 1233)
    page.fill("#amount", "60")
    page.fill("#presented", CARDS[1233].pan.reveal())
    press(page, "F11")
    page.wait_for_selector(".receipt .mark:has-text('held')")
    page.click("a:has-text('Complete a hold') >> nth=-1")
    page.wait_for_selector("#back-amount")
    assert ready(page).input_value("#back-amount") == "60.00"
    page.fill("#back-amount", "45.50")
    press(page, "Enter")
    page.wait_for_selector(".receipt .sum:has-text('¥45.50')")
    assert house.value_of(1233) == GIFT_FACE_MINOR - 4_550
    page.click("a.button.second:has-text('Void') >> nth=-1")
    page.wait_for_selector("form.sheet button")
    press(page, "Enter")
    page.wait_for_selector(".receipt:has-text('completion void')", strict=False)
    assert house.value_of(1233) == GIFT_FACE_MINOR
    page.click("text=Complete a hold")
    page.wait_for_selector("table.lines")
    page.click("text=Void >> nth=0")
    page.click("tr:has-text('Pre-authorisation') a")
    page.wait_for_selector("form.sheet:has-text('¥60.00')")
    page.click("form.sheet button")
    page.wait_for_selector(".receipt:has-text('pre-authorisation void')", strict=False)
    page.click("text=Complete a hold")
    page.wait_for_selector("p.hint[role=status]")
    assert house.violations() == []


def test_what_members_pay_by_the_stores_code_comes_up_at_the_seat(page: Page, house: House) -> None:
    """S3-09: the seat makes the code; what was paid by it is seen there, and on no other till."""
    assert house.pay_code(1235, "13800138235")
    page.goto(f"{house.web}/seat/{SEAT}/paid")
    page.wait_for_selector("[data-live] p.hint")
    code = house.store_code(3_300)
    told = {"card": 1235, "store_code": code}
    with hastily():
        assert house.staff.act("service", "pay.scan", told) == "done"
    page.wait_for_selector("[data-live] td:has-text('¥33.00')")
    assert house.value_of(1235) == GIFT_FACE_MINOR - 3_300
    looked_at(page, "seat-paid-wide", WIDE)


def test_cash_is_loaded_by_a_key_and_a_lost_answer_is_confirmed(page: Page, house: House) -> None:
    """S3-06: nobody takes the cash twice, and nobody keeps it."""
    activate(page, 1234)
    page.fill("#amount", "20")
    page.fill("#presented", CARDS[1234].pan.reveal())
    press(page, "F6")
    page.wait_for_selector(".receipt .sum:has-text('¥20.00')")
    assert house.value_of(1234) == GIFT_FACE_MINOR + 2_000
    press(page, "Enter")
    page.wait_for_selector("#amount")
    house.relay.trouble = Trouble.NO_ANSWERS
    page.fill("#amount", "30")
    page.fill("#presented", CARDS[1234].pan.reveal())
    press(page, "F6")
    page.wait_for_selector(".came.wait:has-text('You have the cash')")
    shot(page, "seat-doubt-load")
    house.relay.heal()
    page.wait_for_selector(".receipt .sum:has-text('¥30.00')")
    assert house.value_of(1234) == GIFT_FACE_MINOR + 5_000


def test_a_front_that_is_killed_comes_back_and_says_what_became_of_it(
    page: Page, house: House
) -> None:
    """S4-04: kill -9 while nobody knows; the seat mends itself before anybody asks."""
    activate(page, 1116)
    house.relay.trouble = Trouble.NO_ANSWERS
    sell(page, "25", 1116)
    page.wait_for_selector(".came.wait")
    address = page.url
    page.goto("about:blank")
    front = house.running.pages.program
    assert front is not None
    front.process.kill()
    house.relay.heal()
    _until_served(house)
    page.goto(address)
    page.wait_for_selector("h2:has-text('Reversed: nothing was taken')")
    assert house.value_of(1116) == GIFT_FACE_MINOR


def _until_served(house: House) -> None:
    """As the one command that has started it tends to it."""
    with contextlib.closing(httpx.Client(base_url=house.web)) as client:
        until = time.monotonic() + SECONDS_MAX
        while time.monotonic() < until:
            house.running.mend()
            with contextlib.suppress(httpx.TransportError):
                if client.get("/sign-in").status_code == 200:
                    return
            time.sleep(0.1)
    raise AssertionError("the front did not come back")


def test_an_operator_gives_back_no_more_than_they_may(
    page: Page, chromium: Chromium, house: House
) -> None:
    """A store's manager takes the seat over, and does it."""
    activate(page, 1117)
    sell(page, "40", 1117)
    press(page, "F8")
    page.click("table.lines tbody a >> nth=0")
    page.fill("#back-amount", "15")
    press(page, "Enter")
    page.wait_for_selector(".came.bad:has-text('above what you may give back')")
    manager = house.person("store_manager", "fang", "store", "1")
    with opened(chromium, house, manager) as other:
        other.goto(f"{house.web}/seat")
        other.click(f"button[value='{SEAT}']")
        other.wait_for_selector("#amount")
        press(other, "F8")
        other.click("table.lines tbody a >> nth=0")
        other.fill("#back-amount", "15")
        press(other, "Enter")
        other.wait_for_selector(".receipt")
        assert house.value_of(1117) == GIFT_FACE_MINOR - 2_500
        other.goto(f"{house.web}/seat/{SEAT}")
        other.click("text=Leave the seat")
        other.wait_for_url("**/seat")


def test_a_decline_is_large_and_in_words_and_a_pin_is_never_asked_for(
    page: Page, house: House
) -> None:
    sell(page, "10", 31)
    assert "PIN" in ready(page).inner_text(".came.bad")
    assert "payment code" in ready(page).inner_text(".came.bad")
    shot(page, "seat-decline")
    page.goto(f"{house.web}/seat/{SEAT}")
    page.wait_for_selector("#amount:focus")
    write(page, "10")
    press(page, "Enter")
    write(page, "not a card")
    press(page, "Enter")
    page.wait_for_selector(".refusal")
    assert ready(page).input_value("#amount") == "10"
    assert ready(page).input_value("#presented") == ""


def test_it_works_without_a_script_and_a_form_sent_twice_is_done_once(
    chromium: Chromium, house: House, cashier: Colleague
) -> None:
    with opened(chromium, house, cashier, java_script_enabled=False) as page:
        page.goto(f"{house.web}/seat/{SEAT}")
        page.fill("#amount", "100")
        page.fill("#presented", CARDS[1113].pan.reveal())
        page.click("button[value=activate]")
        page.wait_for_selector(".receipt")
        page.goto(f"{house.web}/seat/{SEAT}")
        page.fill("#amount", "7")
        page.fill("#presented", CARDS[1113].pan.reveal())
        page.click(".keys button[value=sale]")
        page.wait_for_selector(".receipt")
        page.goto(f"{house.web}/seat/{SEAT}")
        names = ("form_token", "once_key", "bill")
        form: Any = {name: ready(page).input_value(f".till [name={name}]") for name in names}
        form |= {"amount": "7", "presented": CARDS[1113].pan.reveal(), "button": "sale"}
        told = [
            page.request.post(f"{house.web}/seat/{SEAT}", form=form, max_redirects=0)
            for _time in range(2)
        ]
        assert [one.status for one in told] == [303, 303]
        assert told[0].headers["location"] == told[1].headers["location"]
    assert house.value_of(1113) == GIFT_FACE_MINOR - 1_400


def test_nobody_else_is_at_the_seat(chromium: Chromium, house: House, cashier: Colleague) -> None:
    """Who has not sat down is shown the list; somebody of another merchant has none of it."""
    other = house.person("merchant_operator", "lan", "merchant", "888290054110001")
    with opened(chromium, house, other) as page:
        page.goto(f"{house.web}/seat/{SEAT}/day")
        assert page.url == f"{house.web}/seat"
        page.click(f"button[value='{SEAT}']")
        page.wait_for_selector(".refusal")
        assert "Somebody else sits there" in ready(page).inner_text(".refusal")
    stranger = house.person("merchant_operator", "yu", "merchant", "888290058120002")
    with opened(chromium, house, stranger) as page:
        page.goto(f"{house.web}/seat")
        assert ready(page).query_selector(f"button[value='{SEAT}']") is None
    assert cashier.login == "min"


@pytest.mark.parametrize(
    ("size", "locale", "scheme"),
    [
        (PHONE, "zh-CN", "dark"),
        (PHONE, "en-GB", "light"),
        (WIDE, "zh-CN", "light"),
        (WIDE, "en-GB", "dark"),
    ],
)
def test_its_pages_fit_and_are_read_by_day_and_night(
    chromium: Chromium,
    house: House,
    cashier: Colleague,
    size: dict[str, int],
    locale: str,
    scheme: str,
) -> None:
    with opened(chromium, house, cashier, size, locale=locale, color_scheme=scheme) as page:
        page.goto(f"{house.web}/seat")
        page.click(f"button[value='{SEAT}']")
        page.wait_for_url(f"**/seat/{SEAT}")
        kind = "phone" if size is PHONE else "wide"
        done = ready(page).query_selector(".day td a")
        paths = {name: f"/{name}" for name in ("void", "refund", "complete", "paid", "day")} | {
            "seat": ""
        }
        links = {name: f"{house.web}/seat/{SEAT}{path}" for name, path in paths.items()}
        if done is not None:
            links["done"] = f"{house.web}{done.get_attribute('href')}"
        for name, link in links.items():
            page.goto(link)
            looked_at(page, f"seat-{name}-{kind}-{locale[:2]}-{scheme}", size)


def looked_at(page: Page, name: str, size: dict[str, int]) -> None:
    """Nothing runs out of the window, all that is written has contrast enough."""
    width = ready(page).evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"], (name, "it runs out of the window")
    thin = [row for row in ready(page).evaluate(CONTRASTS) if row[0] < CONTRAST_MIN]
    assert not thin, (name, thin)
    unnamed = ready(page).evaluate(
        "[...document.querySelectorAll('main input:not([type=hidden]), main select')]"
        ".filter((one) => !one.labels.length && !one.ariaLabel).map((one) => one.name)"
    )
    assert unnamed == []
    shot(page, name)


def shot(page: Page, name: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png")
