"""One look answers till, member, merchant and auditor: S4-29, S4-53, S1-43."""

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from host.model.numbers import rrn_of
from host.model.requests import Kind
from host.office.words import word_of
from tests.host.conftest import Till, asking_of, till
from tests.host.office.conftest import Bureau
from tests.host.office.test_card_views import sold
from tests.host.office.test_gifts import PHONE, SUM, Desk, made_desk
from tests.host.office.test_holding import FACE, Shop, made_shop
from tests.host.test_activation import activate
from tests.switch.web.browsing import CHROMIUM, launched, pictured
from tests.switch.web.conftest import Browser, opened_at, served

__all__ = ["till"]

SESSION = "posswitch_session"


@pytest.fixture
async def shop(bureau: Bureau, till: Till) -> Shop:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_shop(bureau, till))


async def test_service_finds_why_a_card_was_declined_by_its_rrn_in_one_look(
    shop: Shop, tmp_path: Path
) -> None:
    [card, *_], till, bureau = shop.cards, shop.till, shop.bureau
    await activate(till, shop.pan(card))
    sale = till.request(Kind.PURCHASE, None, FACE * 1_000, pan=shop.pan(card))
    declined = await till.ask(sale)
    bought = await sold(shop, card, 4_000)
    refund = till.request(Kind.REFUND, None, 500, pan=shop.pan(card), original=bought)
    assert (await till.ask(refund)).is_approved
    service = bureau.person("service", "platform")

    def look() -> None:
        with served(bureau, tmp_path) as address, opened_at(address, bureau) as browser:
            browser.get("/sign-in")
            browser.client.cookies.set(SESSION, service.session.reveal().decode())
            browser.client.headers["accept-language"] = "en"
            why = _found(browser, str(declined.rrn))
            said = word_of(declined.reason.value).en
            assert f'class="verdict bad">{said}' in why
            life = _found(browser, str(bought.rrn))
            assert 'class="verdict good">approved' in life
            assert "CN¥40.00" in life
            assert "refund" in life.split('class="verdict bad">')[1]
            named = f"{int(bought.key.stan)}@{bought.key.terminal_id}"
            assert _found(browser, named).count(str(bought.rrn))
            assert browser.get("/transactions/000001000001").status_code == 404
            number = shop.pan(card).reveal()
            browser.get("/")
            found = browser.post("/find", {"find": number}).headers["location"]
            assert found == f"/cards/{card}", "no address has the number of a card"
            if CHROMIUM is not None:
                pages = {"transaction": bought.rrn, "declined": declined.rrn}
                with launched() as chromium:
                    paths = {name: f"/transactions/{rrn}" for name, rrn in pages.items()}
                    pictured(chromium, address, service, paths)

    await trio.to_thread.run_sync(look)


@pytest.fixture
async def desk(bureau: Bureau, till: Till) -> Desk:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_desk(bureau, till))


async def test_what_moves_to_an_account_of_nobody_has_a_page(desk: Desk, tmp_path: Path) -> None:
    """A gift on its way is in transit, which is neither a card's, a merchant's nor an issuer's."""
    await desk.send(phone=PHONE)
    rrn = rrn_of(desk.newest())
    looks = [desk.bureau.person(role, "platform") for role in ("service", "auditor")]

    def look() -> None:
        with served(desk.bureau, tmp_path) as address, opened_at(address, desk.bureau) as browser:
            browser.client.headers["accept-language"] = "en"
            for who in looks:
                browser.client.cookies.set(SESSION, who.session.reveal().decode())
                page = browser.get(f"/transactions/{rrn}")
                assert page.status_code == 200, who.login
                assert f"CN¥{SUM // 100}.00" in page.text
                assert word_of("in_transit").en in page.text

    await trio.to_thread.run_sync(look)


def _found(browser: Browser, typed: str) -> str:
    browser.get("/")
    answer = browser.post("/find", {"find": typed})
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200
    return page.text
