"""Where a row leads: to the screen about it, where there is one, and never by what is secret."""

import re
from urllib.parse import parse_qs, urlsplit

from host.office.catalogue import listed
from host.office.tables import ACTIONS, VIEWS
from host.office.view import SECRETS
from terminals.web.links import FINDS, SCREENS_OF, opener, to_view
from terminals.web.screens import SCREENS


def test_each_screen_about_one_row_is_what_a_link_to_that_row_opens() -> None:
    about = {
        one.parts[one.is_about].view: one
        for one in SCREENS.values()
        if one.is_about and one.path.count("{") == 1 and not one.path.startswith("/me/")
    }
    assert SCREENS_OF.keys() == about.keys()
    for view, way in SCREENS_OF.items():
        screen = about[view]
        assert re.sub(r"\{\w+(:path)?\}", "{}", screen.path) == way.path
        assert set(screen.parts[screen.is_about].filters) == {way.filter}
        assert way.filter in {one.name for one in VIEWS[view].filters}


def test_a_link_to_one_row_opens_its_screen_and_to_several_their_list() -> None:
    assert to_view("card_batches", {"batch": "CB-2026-0001"}) == "/card-batches/CB-2026-0001"
    assert to_view("card_batches", {"batch": "A/../B?"}) == "/card-batches/A%2F..%2FB%3F"
    assert to_view("card_batches", {"state": "opened"}) == "/show/card_batches?state=opened"
    assert to_view("stores", {"merchant": "M"}) == "/show/stores?merchant=M"


def test_what_names_nothing_alone_is_never_opened_alone() -> None:
    _actions, told = listed(ACTIONS.values(), VIEWS.values())
    views = {one.id: one for one in told}
    row = dict.fromkeys((column.name for view in told for column in view.columns), "X")
    for view in told:
        for column in view.columns:
            for held in (row, {column.name: "X"}):
                opened = urlsplit(opener(column, views)("X", held))
                asked = parse_qs(opened.query)
                target = views.get(opened.path.removeprefix("/show/"))
                lacks = (
                    {one.beside for one in target.filters if one.name in asked} if target else {""}
                )
                assert lacks <= {"", *asked}, (view.id, column.name, opened)


def test_what_is_found_by_a_secret_is_opened_by_its_key() -> None:
    for one in FINDS:
        how = next(each.how for each in VIEWS[one.view].filters if each.name == one.filter)
        name, column = one.by
        assert (how in SECRETS) == bool(name), one
        if name:
            assert "4111" not in one.address("4111", {column: 7})
