"""Rules begin with templates, and a transaction is asked about beside its rule: S1-07, S2-02."""

import html
import re
from pathlib import Path

import pytest
import trio

from host.model.responses import Reason
from terminals.web.starts import STARTS
from tests.host.conftest import trading
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_rules_of_people import ISSUER, People
from tests.switch.web.conftest import Browser, Open, opened_at, served

SESSION = "posswitch_session"


@pytest.fixture(scope="module")
def manager(shared_bureau: Bureau) -> Person:
    return shared_bureau.person("issuer_manager", "issuer")


def _signed_in(browser: Browser, who: Person) -> Browser:
    browser.get("/sign-in")
    browser.client.cookies.set(SESSION, who.session.reveal().decode())
    browser.client.headers["accept-language"] = "en"
    return browser


def test_an_empty_list_of_rules_shows_templates_and_each_opens_a_form_that_can_be_sent(
    shared_front: Open, shared_bureau: Bureau, manager: Person
) -> None:
    """S1-07: from the list to the form in one click, to the draft in two."""
    browser = _signed_in(shared_front(), manager)
    page = browser.get("/show/rules").text
    assert '<details class="starts" open>' in page
    links = [html.unescape(one) for one in re.findall(r'href="(/do/rule\.save\?[^"]+)"', page)]
    assert len(links) == len(STARTS["rules"])
    for start, link in zip(STARTS["rules"], links, strict=True):
        browser.get(link)
        assert browser.page.status_code == 200
        typed = _typed(browser.page.text)
        assert typed["issuer"] == [ISSUER]
        done = browser.post("/do/rule.save", {"how": "do", **typed})
        assert "Done" in done.text, (start.en, done.text)
    rows = shared_bureau.rows(manager, "rules", issuer=ISSUER)
    assert [(row["name"], row["says"]) for row in rows] == [
        (one.en, one.typed["says"]) for one in STARTS["rules"]
    ]
    assert rows[0]["regions"] == ["上海"]
    assert rows[1]["amount_minor"] == 100_000
    assert rows[5]["weekdays"] == [1, 2, 3, 4, 5]
    assert '<details class="starts">' in browser.get("/show/rules").text, "they are out of the way"


def test_a_template_of_what_earns_more_waits_for_a_second_person(
    shared_front: Open, shared_bureau: Bureau, manager: Person
) -> None:
    programme = shared_bureau.rows(manager, "programmes")[0]["programme"]
    browser = _signed_in(shared_front(), manager)
    page = browser.get("/show/earn_rules").text
    links = [html.unescape(one) for one in re.findall(r'href="(/do/earn_rule\.save\?[^"]+)"', page)]
    assert len(links) == len(STARTS["earn_rules"])
    for start, link in zip(STARTS["earn_rules"], links, strict=True):
        browser.get(link)
        typed = _typed(browser.page.text) | {"programme": programme}
        told = browser.post("/do/earn_rule.save", {"how": "do", **typed})
        assert "It waits for another person" in told.text, (start.en, told.text)


def test_who_may_write_no_rule_is_offered_none(shared_front: Open, shared_bureau: Bureau) -> None:
    auditor = shared_bureau.person("auditor")
    assert 'class="starts"' not in _signed_in(shared_front(), auditor).get("/show/rules").text


def _typed(page: str) -> dict[str, list[str]]:
    """What stands in the fields of a form, as a browser would send it."""
    form = page[page.index('<form class="sheet"') :]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input[^>]* name="([a-z_]+)" value="([^"]+)"', form):
        if f'type="checkbox" name="{name}"' not in form:
            found[name] = [html.unescape(value)]
    for name, value in re.findall(
        r'type="checkbox" name="([a-z_]+)" value="([^"]+)" checked', form
    ):
        found.setdefault(name, []).append(value)
    for name, text in re.findall(r'<textarea[^>]* name="([a-z_]+)"[^>]*>([^<]*)<', form):
        found[name] = [html.unescape(text)]
    for name, inner in re.findall(r'<select[^>]* name="([a-z_]+)">(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        found[name] = [chosen[1]] if chosen else [""]
    return found


async def test_why_a_transaction_was_decided_so_is_told_beside_the_rule(
    bureau: Bureau, tmp_path: Path
) -> None:
    """S2-02: an RRN typed there tells what it was told, and which rule said so."""
    people = People(bureau)
    async with trading(bureau.dsns) as till:
        rule = await trio.to_thread.run_sync(
            lambda: people.draft(says="count_max", times=1, period="day", name="Once a day")
        )
        await trio.to_thread.run_sync(lambda: people.activate(rule))
        first = await till.buy(1, 100)
        declined = await till.buy(1, 100)
        assert declined.reason is Reason.FREQUENCY_LIMIT

    def look() -> None:
        with served(bureau, tmp_path) as address, opened_at(address, bureau) as client:
            browser = _signed_in(client, people.manager)
            place = f"/rules/{rule}"
            assert 'name="rrn"' in browser.get(place).text
            told = browser.get(place, params={"rrn": str(declined.rrn)}).text
            assert '<p class="verdict bad">' in told
            assert f'<a href="{place}">{rule}/1 Once a day</a>' in told
            assert f'href="/transactions/{declined.rrn}"' in told
            assert '<p class="verdict good">' in browser.get(place, params={"rrn": first.rrn}).text
            nothing = browser.get(place, params={"rrn": "000001000001"}).text
            assert "No transaction is found by this" in nothing

    await trio.to_thread.run_sync(look)
