"""Each row of the office's two tables is a page, for each role, in both languages: S4-19, S3-01.

What a page offers is what the office lets who reads do, and nothing else of it is there at all.
"""

import re

import pytest

from host.office.roles import ROLES, STAFF
from host.office.tables import ACTIONS, VIEWS
from tests.host.office.conftest import Bureau, Person
from tests.switch.web.conftest import Browser, Open

SESSION = "posswitch_session"
MEMBER = ("member", "member")
HELD = [
    MEMBER,
    *(
        (role, scope.value)
        for role in sorted(STAFF)
        for scope in sorted(ROLES[role].scopes)
        if scope.value in {"platform", "issuer", "alliance", "merchant", "store"}
    ),
]


@pytest.mark.parametrize(("role", "scope"), HELD)
def test_what_a_role_may_see_and_do_is_a_page_and_nothing_else_is(
    shared_front: Open, shared_bureau: Bureau, role: str, scope: str
) -> None:
    """S4-03: all that there is, in a browser."""
    if scope == "alliance":
        second = shared_bureau.person("platform_admin")
        told = {"alliance": "HARBOUR", "name": "Harbour"}
        shared_bureau.done_by_two(shared_bureau.admin, second, "alliance.save", **told)
    who = _held(shared_bureau, role, scope)
    browser = shared_front()
    browser.client.cookies.set(SESSION, who.session.reveal().decode())
    for language in ("en", "zh"):
        browser.get("/sign-in")
        browser.post("/language", {"language": language, "back": "/"})
        home = browser.get("/all").text
        views = set(re.findall(r'href="/show/([a-z_]+)"', home))
        actions = set(re.findall(r'href="/do/([a-z_.]+)"', home))
        assert views == {one.id for one in VIEWS.values() if role in one.roles
                         and scope in {each.value for each in one.scopes}}  # fmt: skip
        for view in sorted(views):
            _is_whole(browser, f"/show/{view}", language)
        for action in sorted(actions):
            assert role in ACTIONS[action].roles
            _is_whole(browser, f"/do/{action}", language)
    for other in VIEWS.keys() - views:
        assert browser.get(f"/show/{other}").status_code == 404, other
    for action in ACTIONS.values():
        if role not in action.roles or action.is_entry:
            assert browser.get(f"/do/{action.id}").status_code == 404, action.id


def _held(office: Bureau, role: str, scope: str) -> Person:
    if (role, scope) == MEMBER:
        return office.member("13800001234")
    return office.admin if role == "platform_admin" else office.person(role, scope)


def _is_whole(browser: Browser, path: str, language: str) -> None:
    page = browser.get(path)
    assert page.status_code == 200, (path, page.status_code)
    text = page.text
    heading = re.search(r"<h1>([^<]+)</h1>", text)
    assert heading is not None, path
    if language == "zh":
        assert re.search(r"[\u4e00-\u9fff]", heading[1]), (path, heading[1])
    assert "=&#34;" not in text, (path, "a quote of an attribute is told as text")
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids)), (path, "an id stands twice")
    for name in re.findall(r'<label for="([^"]+)"', text):
        assert name in ids, (path, name, "a label is of nothing")
    for typed in re.findall(r"<(?:input|select|textarea)[^>]*>", text):
        if 'type="hidden"' in typed or 'type="checkbox"' in typed:
            continue
        found = re.search(r' id="([^"]+)"', typed)
        assert found is not None, (path, typed)
        is_said = f'for="{found[1]}"' in text or "aria-label" in typed
        assert is_said, (path, typed, "nothing says what it is")
