"""Views tell the same whatever the zone of the database's session: their days are the house's."""

import datetime as dt
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from host.model.office import Show, sought
from host.office.people import Grant, Who
from host.office.places import PLATFORM, Scope
from host.office.questions import page_question
from host.office.tables import VIEWS
from tests.host.office.conftest import HOME, Bureau

HERE = "UTC"
ZONES = ("Pacific/Kiritimati", "America/Anchorage", "Asia/Shanghai")
OPEN = dt.date(2026, 11, 22)
EVENING = dt.datetime(2026, 11, 22, 16, 30, tzinfo=dt.UTC)
"""Of the open date still in Anchorage and in UTC, of the day after in the others."""
MONTH_END = dt.datetime(2026, 10, 31, 16, 30, tzinfo=dt.UTC)
"""Of November where the house stands."""
TOLD = {
    "now": EVENING,
    "today": OPEN + dt.timedelta(days=1),
    "zone": "Asia/Shanghai",
    "me": 1,
    "mine": [],
    "notices": [],
    "is_member": True,
}
JOINED = """
INSERT INTO member (phone_hash, phone_sealed, phone_masked, merchant_id, made_by, made_at)
SELECT sha256(n::text::bytea), '', '138****0000', m.id, 'x', %s
FROM merchant AS m CROSS JOIN generate_series(1, 20) AS n WHERE m.merchant_id = %s
"""
ITS_CARDS = "UPDATE card SET member_id = (SELECT min(id) FROM member), member_since = %s"
IN_A_DAY = "UPDATE lot SET available_from = %s"


@pytest.fixture
def busy(bureau: Bureau) -> Bureau:
    """Members who joined in the evening on which a month ended, and points of tomorrow."""
    bureau.sql(JOINED, MONTH_END, HOME["merchant"])
    bureau.sql(ITS_CARDS, EVENING)
    bureau.sql(IN_A_DAY, OPEN + dt.timedelta(days=1))
    return bureau


def test_views_tell_the_same_whatever_the_zone_of_their_session(busy: Bureau) -> None:
    told = {
        view: page(busy, view, HERE)
        for view, row in VIEWS.items()
        if not row.is_public and row.walk is None
    }
    for zone in ZONES:
        for view, rows in told.items():
            assert page(busy, view, zone) == rows, f"{view} in {zone}"
    assert told["stat_members"][0][1] == dt.date(2026, 11, 1), "the month of the house"
    waits = [row[VIEWS["points"].columns.index(column)] for row in told["points"]
             for column in VIEWS["points"].columns if column.name == "available_from"]  # fmt: skip
    assert set(waits) == {OPEN + dt.timedelta(days=1)}, "they wait while the date before is open"


def page(bureau: Bureau, view: str, zone: str) -> list[tuple[Any, ...]]:
    """The first of it, of the whole platform, in a session of that zone."""
    row = VIEWS[view]
    needed = next((one for one in row.filters if one.name in row.needs), None)
    named = {"merchant": HOME["merchant"], "date": str(OPEN)}
    filters = {} if needed is None else {needed.name: named.get(needed.name, "1")}
    grant = Grant(id=1, role="x", scope=Scope.PLATFORM, place=PLATFORM)
    looker = Who(person=1, login="x", grant=grant, has_totp=True)
    question = page_question(row, looker, Show(view=view, filters=sought(filters)), TOLD)
    with bureau.connection.transaction(force_rollback=True):
        bureau.connection.execute("SELECT set_config('timezone', %s, true)", [zone])
        return bureau.connection.execute(question.statement, question.values).fetchall()


@pytest.fixture
def house_in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As the programs of a house are told its zone (`config.run.house`)."""
    monkeypatch.setitem(os.environ, "TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("house_in_shanghai")
@pytest.mark.parametrize("zone", [HERE, *ZONES])
def test_a_moment_that_says_no_zone_is_the_houses(bureau: Bureau, zone: str) -> None:
    """As lists show moments: what is read there can be typed in."""
    bureau.connection.execute("SELECT set_config('timezone', %s, false)", [zone])
    until = "2027-05-01T09:00:00"
    person = bureau.person("service", "platform").login
    told = {"login": person, "role": "finance", "scope": "platform", "until": until}
    bureau.with_code(bureau.admin, "person.grant", **told, scope_key="")
    [(kept,)] = bureau.sql("SELECT max(until_at) FROM person_grant")
    assert kept == dt.datetime(2027, 5, 1, 1, tzinfo=dt.UTC)
    at = bureau.rows(bureau.admin, "audit")[0]["at"]
    moment = f"{dt.datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M:%S.%f}"
    found = bureau.rows(bureau.admin, "audit", from_at=moment)
    assert [dt.datetime.fromisoformat(row["at"]) for row in found][-1] == dt.datetime.fromisoformat(
        at
    )
