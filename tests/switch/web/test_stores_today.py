"""The page of a merchant's stores, which is told anew while it is looked at."""

import threading

from tests.host.office.conftest import HOME, Bureau
from tests.switch.web.conftest import Open

SESSION = "posswitch_session"


def test_a_store_more_is_seen_while_the_page_is_open(front: Open, bureau: Bureau) -> None:
    """S2-10: by the head office alone."""
    owner, browser = bureau.person("merchant_owner"), front()
    browser.client.cookies.set(SESSION, owner.session.reveal().decode())
    browser.client.headers["accept-language"] = "en"
    page = browser.get("/stores-today").text
    assert 'data-live="/live/stores-today"' in page
    assert "New wing" not in page
    assert '<a href="/stores-today"' in browser.get("/").text
    told: list[str] = []

    def hear() -> None:
        with browser.client.stream("GET", "/live/stores-today", timeout=60) as answer:
            for line in answer.iter_lines():
                told.append(line)
                if "New wing" in line:
                    return

    thread = threading.Thread(target=hear)
    thread.start()
    bureau.done(owner, "store.save", merchant=HOME["merchant"], name="New wing")
    thread.join(60)
    assert "New wing" in "".join(told)
    keeper = bureau.person("store_manager")
    browser.client.cookies.set(SESSION, keeper.session.reveal().decode())
    assert browser.get("/stores-today").status_code == 404
