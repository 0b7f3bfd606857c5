"""Screens put together by hand: what is live of them, and the way back to them: S4-19, S4-53."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from host.model.office import Waiting
from host.office import reception
from switch.web.live import OF_ONE_SESSION_MAX
from tests.host.office.conftest import Bureau
from tests.host.office.test_stock import Issuer
from tests.switch.web.conftest import Browser, Open

SESSION = "posswitch_session"
SECONDS_MAX = 60.0
"""How long anything here may take: a limit, not a measure."""


def _admin(front: Open, bureau: Bureau) -> Browser:
    browser = front()
    browser.client.cookies.set(SESSION, bureau.admin.session.reveal().decode())
    browser.client.headers["accept-language"] = "en"
    return browser


def test_what_waits_is_told_anew_while_the_page_is_looked_at(front: Open, bureau: Bureau) -> None:
    browser = _admin(front, bureau)
    second = bureau.person("platform_admin")
    assert "alliance.save" not in browser.get("/").text
    told: list[str] = []

    def hear() -> None:
        with browser.client.stream("GET", "/live/", timeout=SECONDS_MAX) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                told.append(line)
                if "HARBOUR" in line:
                    return

    thread = threading.Thread(target=hear)
    thread.start()
    waiting = bureau.with_code(second, "alliance.save", alliance="HARBOUR", name="Harbour")
    assert isinstance(waiting, Waiting), waiting
    thread.join(SECONDS_MAX)
    assert "HARBOUR" in "".join(told)


def test_one_session_listens_to_a_few_pages_and_others_are_not_kept_from_it(
    front: Open, bureau: Bureau
) -> None:
    browser = _admin(front, bureau)
    held: list[Iterator[str]] = []
    with ExitStack() as stack:
        for _ in range(OF_ONE_SESSION_MAX):
            answer = stack.enter_context(browser.client.stream("GET", "/live/"))
            assert answer.status_code == 200
            lines = answer.iter_lines()
            held.append(lines)
            assert next(lines).startswith(":")
        assert browser.client.get("/live/").status_code == 429
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        with browser.client.stream("GET", "/live/") as answer:
            if answer.status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError("those that went away still count")


def test_what_is_live_of_a_page_is_for_who_is_signed_in(shared_front: Open) -> None:
    assert shared_front().get("/live/").headers["location"] == "/sign-in"


def test_a_screen_that_could_not_be_asked_for_is_not_told_to_be_nowhere(
    front: Open, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = _admin(front, bureau)
    browser.get("/")
    monkeypatch.setattr(reception, "SESSION_ASKS_A_SECOND_MAX", 0)
    page = browser.get("/nights/2001-01-01")
    assert page.status_code == 429
    assert "E-TOO-MANY" in page.text
    monkeypatch.undo()
    assert browser.get("/nights/2001-01-01").status_code == 404


def test_who_came_from_a_page_is_led_back_to_it_and_to_no_other_house(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    browser = _admin(shared_front, shared_bureau)
    browser.get("/do/setting.set?back=/show/settings")
    assert 'name="back" value="/show/settings"' in browser.page.text
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example"):
        browser.get("/do/setting.set", params={"back": elsewhere})
        assert f'value="{elsewhere}' not in browser.page.text
        assert f'href="{elsewhere}' not in browser.page.text


def test_what_a_state_forbids_is_no_button_and_says_so(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    """S4-19: in lists it is not offered, on the screen of the thing it stands with its reason."""
    issuer = Issuer(shared_bureau)
    made = issuer.batch().subject
    browser = shared_front()
    browser.client.cookies.set(SESSION, issuer.owner.session.reveal().decode())
    browser.client.headers["accept-language"] = "en"
    listed = browser.get("/show/card_batches").text
    assert "/do/card_batch.open?" in listed
    assert "/do/card_batch.suspend?" not in listed
    assert f'href="/card-batches/{made}"' in listed
    page = browser.get(f"/card-batches/{made}").text
    assert re.search(r'class="button off"[^>]*>Suspend a card batch <small>state: generated', page)
    assert f"/do/card_batch.open?batch={made}&amp;part=1&amp;back=" in page
    assert "card_batch.edit" not in page
    assert browser.get("/card-batches/CB-2026-9999").status_code == 404
    assert browser.get(f"/card-batches/{made}?tab=nonsense").status_code == 200
