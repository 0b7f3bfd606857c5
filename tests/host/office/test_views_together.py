"""Views that a screen shows are asked for together, and tell what each tells alone."""

from typing import Any

import psycopg
import pytest

from host.model.office import Page, Pages, Refused, Show, ShowAll, sought
from host.model.secrets import Secret
from host.office.looking import read_view, read_views
from host.office.reception import SESSION_ASKS_A_SECOND_MAX, Reception
from host.office.roles import FN, MO
from host.store.connecting import Connection
from tests.host.office.conftest import Bureau

ASKED: dict[str, dict[str, str]] = {
    "merchants": {},
    "people": {"login": "root"},
    "settlements": {},
    "nothing": {},
    "usages": {"merchant": "888290054110001", "date": "2026-11-22"},
    "cards": {"batch": "NONE"},
    "audit": {"colour": "red"},
    "jobs": {},
    "approvals": {"to_decide": "true"},
}


def shows(told: dict[str, dict[str, str]]) -> list[Show]:
    return [Show(view=view, filters=sought(filters)) for view, filters in told.items()]


def alone(bureau: Bureau, session: Secret, asked: list[Show]) -> list[Page | Refused]:
    return [
        read_view(
            bureau.office,
            bureau.connection,
            Show(session=session, view=one.view, filters=one.filters),
        )
        for one in asked
    ]


@pytest.mark.parametrize("role", ["", FN, MO])
def test_views_tell_together_what_each_tells_alone(bureau: Bureau, role: str) -> None:
    who = bureau.person(role) if role else bureau.admin
    asked = shows(ASKED)
    told = read_views(bureau.office, bureau.connection, ShowAll(session=who.session, shows=asked))
    assert isinstance(told, Pages)
    assert told.pages == alone(bureau, who.session, asked)
    assert {type(page) for page in told.pages} == {Page, Refused}


def test_they_leave_together_after_one_look_at_who_asks(bureau: Bureau) -> None:
    class Counted:
        def __init__(self, connection: Connection) -> None:
            self.connection = connection
            self.statements: list[str] = []

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

        def execute(self, statement: Any, *told: Any) -> Any:
            self.statements.append(str(statement))
            return self.connection.execute(statement, *told)

    counted: Any = Counted(bureau.connection)
    asked = ShowAll(session=bureau.admin.session, shows=shows({"jobs": {}, "people": {}}))
    assert isinstance(read_views(bureau.office, counted, asked), Pages)
    assert sum("session" in one and "token_hash" in one for one in counted.statements) == 1


def test_one_that_the_database_refuses_is_refused_and_the_others_are_told(bureau: Bureau) -> None:
    class Failing:
        """A pipeline in which a value is out of range."""

        def __init__(self, connection: Connection) -> None:
            self.connection = connection

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

        def pipeline(self) -> Any:
            raise psycopg.errors.NumericValueOutOfRange("in the pipeline")

    failing: Any = Failing(bureau.connection)
    asked = shows({"jobs": {}, "people": {}})
    told = read_views(bureau.office, failing, ShowAll(session=bureau.admin.session, shows=asked))
    assert isinstance(told, Pages)
    assert told.pages == alone(bureau, bureau.admin.session, asked)
    assert {type(page) for page in told.pages} == {Page}


def test_who_is_signed_out_is_told_so_once(bureau: Bureau) -> None:
    asked = ShowAll(session=Secret(b"nobody's"), shows=shows({"jobs": {}, "people": {}}))
    told = read_views(bureau.office, bureau.connection, asked)
    assert isinstance(told, Refused)
    assert told.code == "E-SIGNED-OUT"


async def test_each_of_them_counts_as_one_that_was_asked(bureau: Bureau) -> None:
    reception = Reception(bureau.office, lambda: psycopg.connect(bureau.dsns.office))
    half = shows({"jobs": {}}) * (SESSION_ASKS_A_SECOND_MAX // 2)
    asked = ShowAll(session=Secret(b"one of them"), shows=half, source="10.0.0.7")
    assert not reception._asks_too_often(asked)
    assert not reception._asks_too_often(asked)
    assert reception._asks_too_often(asked)
