"""A link of the demo in a browser: who opens it is in, once; nobody else's program opens it."""

import psycopg

from host.office.visitors import make_links
from tests.switch.web.conftest import Open

ROLE_PAGES = {"store_clerk": "/clerk", "store_manager": "/seat", "member": "/me"}


def made(front: Open) -> dict[str, str]:
    office = front().office
    office.sql("UPDATE setting SET value = 'demo' WHERE name = 'estate'")
    with psycopg.connect(office.dsns.owner, autocommit=True) as owner:
        found = make_links(owner, office.hsm, office.now)
    return {one.visitor.role: f"/in/{one.token.reveal().decode()}" for one in found}


def test_who_opens_a_link_is_in_and_the_next_is_not(front: Open) -> None:
    """S3-01: each role has its own way in, and works at pages of its own."""
    for role, link in made(front).items():
        browser = front()
        page = browser.get(link)
        assert page.status_code == 200, role
        begins = ROLE_PAGES.get(role, "/")
        assert f'href="{begins}"' in page.text
        assert browser.get(begins).status_code == 200, (role, begins)
        browser.post("/language", {"language": "en", "back": "/"})
        assert front().get(link).status_code == 422, role


def test_a_link_is_opened_by_a_browser_of_this_machine_alone(front: Open) -> None:
    link = made(front)["service"]
    assert front().client.head(link).status_code == 404
    for header in ("X-Forwarded-For", "Forwarded", "Via"):
        assert front().get(link, headers={header: "10.0.0.1"}).status_code == 404
    told = front().client.post("/v1/do/session.visit", json={"values": {"token": "nothing"}})
    assert told.json()["code"] == "E-VISIT"
    assert front().get(link).status_code == 200
