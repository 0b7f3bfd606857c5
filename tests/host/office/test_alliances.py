"""An alliance as a scope of people's rights: what its managers see and do, and that it ends."""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from host.model.office import Do, Done, Page, Refused, Show, Waiting
from host.model.requests import Kind
from host.model.responses import Reason
from host.model.secrets import Secret
from tests.host.conftest import MERCHANT_OF, close_the_date, open_the_next, trading
from tests.host.office.conftest import HOME, PASSWORD, Bureau, Person
from tests.host.office.test_reception import open_to

TODAY = dt.date(2026, 11, 22)
HARBOUR, ABROAD = "HARBOUR", "ABROAD"


@dataclass
class Circle:
    """An alliance of ours with its manager, and another beside it."""

    bureau: Bureau
    second: Person
    manager: Person
    stranger: Person
    """Who manages the other."""
    merchants: list[str]
    """Of the estate: by their ids, the first is `HOME`'s."""

    def owner(self, merchant: str) -> Person:
        return self.bureau.person("merchant_owner", "merchant", merchant)

    def let_in(self, merchant: str, alliance: str = HARBOUR, **days: Any) -> None:
        """By whose manager it is, and the merchant's owner."""
        manager = self.manager if alliance == HARBOUR else self.stranger
        asked = {"since": TODAY} | days
        self.bureau.done_by_two(
            manager, self.owner(merchant), "alliance.invite", alliance=alliance, merchant=merchant,
            **asked,
        )  # fmt: skip

    def seen(self, view: str, column: str, who: Person | None = None) -> list[Any]:
        return [row[column] for row in self.bureau.rows(who or self.manager, view)]

    def turn_the_date(self, to: dt.date) -> None:
        with psycopg.connect(self.bureau.dsns.night) as night:
            close_the_date(night)
            open_the_next(night, to)


@pytest.fixture
def circle(bureau: Bureau) -> Circle:
    second = bureau.person("platform_admin")
    for code in (HARBOUR, ABROAD):
        bureau.done_by_two(
            bureau.admin, second, "alliance.save", alliance=code, name=f"{code} circle"
        )
    found = bureau.sql(
        "SELECT merchant_id FROM merchant ORDER BY merchant_id <> %s, merchant_id", HOME["merchant"]
    )
    manager, stranger = (bureau.person("alliance_manager", key=key) for key in (HARBOUR, ABROAD))
    return Circle(bureau, second, manager, stranger, [row[0] for row in found])


def test_whoever_manages_an_alliance_signs_in_as_its_own(circle: Circle) -> None:
    """S1-47."""
    bureau = circle.bureau
    told = bureau.sign_in(circle.manager).told
    assert told["acting_as"].startswith("alliance_manager@alliance/")
    [row] = bureau.rows(bureau.admin, "grants", login=circle.manager.login)
    assert (row["scope"], row["scope_key"]) == ("alliance", HARBOUR)
    assert circle.seen("alliances", "alliance") == [HARBOUR]
    assert circle.seen("people", "login") == [circle.manager.login]
    assert circle.seen("grants", "login") == [circle.manager.login]


async def test_an_alliance_is_shown_over_the_link_to_who_manages_it(
    circle: Circle, tmp_path: Path
) -> None:
    """As a front does that has no database."""
    bureau, who = circle.bureau, circle.manager
    told = {"login": who.login, "password": PASSWORD, "code": bureau.code(who)}
    asked = Do(action="session.sign_in", values=Secret(json.dumps(told).encode()))
    async with open_to(bureau, tmp_path) as (link, _):
        done = await link.ask(asked)
        assert isinstance(done, Done)
        session = Secret(done.shown_once["session"].encode())
        page = await link.ask(Show(session=session, view="alliances", is_counted=True))
        assert isinstance(page, Page)
        assert ([row[0] for row in page.rows], page.count) == ([HARBOUR], 1)
        values = Secret(json.dumps({"alliance": ABROAD, "name": "Ours now"}).encode())
        refused = await link.ask(Do(session=session, action="alliance.save", values=values))
        assert isinstance(refused, Refused)
        assert refused.code == "E-NOT-FOUND"


def test_a_member_is_seen_on_the_days_of_its_membership(circle: Circle) -> None:
    """S4-02: the last day included; who was and who will be in it stands in the directory."""
    now, later, theirs, *_ = circle.merchants
    tomorrow = TODAY + dt.timedelta(days=1)
    circle.let_in(now, until=TODAY)
    circle.let_in(later, since=tomorrow)
    circle.let_in(theirs, ABROAD)
    assert circle.seen("merchants", "merchant_id") == [now]
    assert circle.seen("merchants", "merchant_id", circle.stranger) == [theirs]
    [row] = circle.bureau.rows(circle.manager, "alliances")
    assert row["merchants_in"] == 1
    circle.turn_the_date(tomorrow)
    assert circle.seen("merchants", "merchant_id") == [later]
    [row] = circle.bureau.rows(circle.manager, "alliances")
    assert row["merchants_in"] == 1
    assert sorted(circle.seen("directory", "merchant")) == sorted([now, later])


def test_many_members_are_read_page_by_page_in_their_order(circle: Circle) -> None:
    bureau = circle.bureau
    bureau.sql(
        "INSERT INTO merchant (id, merchant_id, name)"
        " SELECT 500 + n, lpad(n::text, 15, '7'), 'm' || n FROM generate_series(1, 5) AS n"
    )
    bureau.sql(
        "INSERT INTO alliance_member SELECT a.id, NULL, 500 + n, '2026-01-01', NULL, true, true"
        " FROM generate_series(1, 5) AS n, alliance AS a WHERE a.code = %s", HARBOUR,
    )  # fmt: skip
    seen: list[str] = []
    after: list[str] = []
    while True:
        page = bureau.look(circle.manager, "merchants", after=after, rows_max=2)
        assert isinstance(page, Page), page
        seen += [row[0] for row in page.rows]
        after = page.next
        if not after:
            break
    assert seen == [f"77777777777777{n}" for n in range(1, 6)]
    named = bureau.rows(circle.manager, "merchants", name="m3")
    assert [row["merchant_id"] for row in named] == ["777777777777773"]


def test_of_a_member_its_other_business_is_not_shown(circle: Circle) -> None:
    """S4-02: whose cards it takes beside those of the alliance."""
    merchant = circle.merchants[0]
    circle.let_in(merchant)
    [row] = circle.bureau.rows(circle.manager, "merchants")
    assert row["merchant_id"] == merchant
    assert "issuers" not in row
    assert "issuers" in circle.bureau.rows(circle.bureau.admin, "merchants")[0]
    for view in ("stores", "terminals", "members", "cards", "usages", "audit", "jobs", "issuers"):
        told = circle.bureau.look(circle.manager, view)
        assert isinstance(told, Refused)
        assert told.code == "E-NOT-YOUR-ROLE", view


def test_a_member_is_nobody_whom_an_alliance_may_change(circle: Circle) -> None:
    """Seeing is by membership; what is done is within the alliance alone."""
    merchant = circle.merchants[0]
    circle.let_in(merchant)
    [(code,)] = circle.bureau.sql("SELECT code FROM programme ORDER BY issuer_id LIMIT 1")
    for told in (
        {"programme": code, "earn_points": 2},
        {"programme": "MINE", "issuer": HOME["issuer"], "name": "Mine"},
    ):
        assert circle.bureau.refused(circle.manager, "programme.revise", **told) == "E-NOT-FOUND"
    told = {"login": "clerk", "name": "Clerk", "role": "merchant_operator"}
    for scope, key in (("merchant", merchant), ("issuer", HOME["issuer"]), ("platform", "")):
        at = {"scope": scope, "scope_key": key}
        assert circle.bureau.refused(circle.manager, "person.save", **told, **at) == "E-NOT-FOUND"


def test_who_is_invited_sees_it_and_agrees_and_no_other_alliance_hears_of_it(
    circle: Circle,
) -> None:
    """S4-02."""
    bureau, merchant = circle.bureau, circle.merchants[0]
    owner, other = circle.owner(merchant), circle.owner(circle.merchants[1])
    told = bureau.do(
        circle.manager, "alliance.invite", alliance=HARBOUR, merchant=merchant, since=TODAY
    )
    assert isinstance(told, Waiting)
    assert circle.seen("merchants", "merchant_id") == []
    assert circle.seen("approvals", "id") == [told.approval]
    assert circle.seen("approvals", "id", owner) == [told.approval]
    asked = {"approval": told.approval, "decision": "approve"}
    for who in (circle.stranger, other):
        assert circle.seen("approvals", "id", who) == []
        assert bureau.refused(who, "approval.decide", **asked) == "E-NOT-FOUND"
    bureau.done(owner, "approval.decide", **asked)
    assert circle.seen("merchants", "merchant_id") == [merchant]
    assert circle.seen("directory", "merchant", circle.stranger) == []


def test_an_issuer_that_is_invited_agrees_by_its_manager(circle: Circle) -> None:
    """S4-02, S4-80."""
    manager = circle.bureau.person("issuer_manager")
    circle.bureau.done_by_two(
        circle.manager, manager, "alliance.invite", alliance=HARBOUR, issuer=HOME["issuer"],
        since=TODAY,
    )  # fmt: skip
    assert circle.seen("directory", "issuer") == [HOME["issuer"]]
    assert circle.seen("directory", "issuer", circle.stranger) == []


def test_an_alliance_ends_a_membership_with_who_is_in_it_and_not_that_of_another(
    circle: Circle,
) -> None:
    bureau, merchant = circle.bureau, circle.merchants[0]
    circle.let_in(merchant, ABROAD)
    asked = {"merchant": merchant, "since": TODAY, "until": TODAY}
    told = bureau.do(circle.manager, "alliance.invite", alliance=ABROAD, **asked)
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-FOUND"
    nowhere = bureau.do(circle.manager, "alliance.invite", alliance="NOWHERE", **asked)
    assert told == nowhere
    circle.let_in(merchant, ABROAD, until=TODAY)
    circle.turn_the_date(TODAY + dt.timedelta(days=1))
    assert circle.seen("merchants", "merchant_id", circle.stranger) == []


def test_whom_nobody_knows_is_not_invited(circle: Circle) -> None:
    for told in ({"merchant": "9" * 15}, {"issuer": "99999999"}, {}):
        asked = {"alliance": HARBOUR, "since": TODAY, **told}
        assert circle.bureau.refused(circle.manager, "alliance.invite", **asked) == "E-NOT-FOUND"


def test_an_alliances_programmes_and_its_name_are_changed_by_two_of_its_own(
    circle: Circle,
) -> None:
    """S4-01, S4-02."""
    bureau = circle.bureau
    colleague = bureau.person("alliance_manager", key=HARBOUR)
    told = {
        "name": "Harbour points", "earn_points": 1, "earn_per_minor": 500, "lot_life": "months",
        "lot_count": 12,
        "redemption_points_min": 1,
    }  # fmt: skip
    bureau.done_by_two(
        circle.manager, colleague, "programme.revise", programme="SHARED", alliance=HARBOUR, **told
    )
    bureau.done_by_two(
        circle.manager, colleague, "programme.revise", programme="SHARED", earn_points=2
    )
    bureau.done_by_two(
        colleague, circle.manager, "alliance.save", alliance=HARBOUR, name="Harbour and hill"
    )
    [row] = bureau.rows(circle.manager, "programmes")
    assert (row["programme"], row["earn_points"], row["version"]) == ("SHARED", 2, 2)
    assert circle.seen("programmes", "programme", circle.stranger) == []
    assert circle.seen("alliances", "name") == ["Harbour and hill"]
    new = {"alliance": "NEWONE", "name": "A new one"}
    assert bureau.refused(circle.manager, "alliance.save", **new) == "E-NOT-FOUND"
    both = bureau.do(
        bureau.admin, "programme.revise", programme="BOTH", alliance=HARBOUR, issuer=HOME["issuer"],
        **told,
    )  # fmt: skip
    assert isinstance(both, Refused)
    assert (both.code, both.field) == ("E-FIELD", "issuer")


def test_an_alliance_gives_its_own_role_to_its_own_people_and_takes_it_back(
    circle: Circle,
) -> None:
    """S1-47, S2-09."""
    bureau = circle.bureau
    at = {"scope": "alliance", "scope_key": HARBOUR}
    told = {"login": "sun", "name": "Sun", "role": "alliance_manager"}
    abroad = at | {"scope_key": ABROAD}
    assert bureau.refused(circle.manager, "person.save", **told, **abroad) == "E-NOT-FOUND"
    refused = {**told, "role": "merchant_owner"}
    assert bureau.refused(circle.manager, "person.save", **refused, **at) == "E-FIELD"
    invited = bureau.done(circle.manager, "person.save", **told, **at)
    sun = bureau.take_up("sun", invited.shown_once["invitation"])
    assert circle.seen("alliances", "alliance", sun) == [HARBOUR]
    login = {"login": circle.stranger.login, "role": "alliance_manager"}
    assert bureau.refused(circle.manager, "person.grant", **login, **at) == "E-NOT-FOUND"
    [grant] = [row["id"] for row in bureau.rows(circle.manager, "grants", login="sun")]
    bureau.done(circle.manager, "person.revoke", grant=grant, note="has left us")
    assert bureau.look(sun, "alliances").code == "E-NO-GRANT"


def test_somebody_of_two_alliances_sees_that_of_the_grant_in_use(circle: Circle) -> None:
    """Never the union."""
    bureau = circle.bureau
    circle.let_in(circle.merchants[0])
    circle.let_in(circle.merchants[1], ABROAD)
    told = bureau.with_code(
        bureau.admin, "person.grant", login=circle.manager.login, role="alliance_manager",
        scope="alliance", scope_key=ABROAD,
    )  # fmt: skip
    assert isinstance(told, Done)
    assert circle.seen("merchants", "merchant_id") == circle.merchants[:1]
    used = bureau.done(circle.manager, "session.use_grant", grant=told.told["grant"])
    assert used.told["acting_as"].startswith("alliance_manager@alliance/")
    assert circle.seen("alliances", "alliance") == [ABROAD]
    assert circle.seen("merchants", "merchant_id") == circle.merchants[1:2]
    asked = {"alliance": HARBOUR, "merchant": circle.merchants[2], "since": TODAY}
    assert bureau.refused(circle.manager, "alliance.invite", **asked) == "E-NOT-FOUND"


def test_history_says_as_whose_manager_somebody_acted_and_of_which_alliance_it_is(
    circle: Circle,
) -> None:
    """S1-37."""
    circle.let_in(circle.merchants[0])
    lines = circle.bureau.sql(
        "SELECT h.acting_as, a.code, m.merchant_id, h.outcome FROM history AS h"
        " JOIN alliance AS a ON a.id = h.alliance_id JOIN merchant AS m ON m.id = h.merchant_id"
        " WHERE h.action = 'alliance.invite' ORDER BY h.id"
    )
    whose = (f"alliance_manager@alliance/{HARBOUR}", HARBOUR, circle.merchants[0])
    assert lines == [(*whose, "asked"), (*whose, "done")]


async def test_an_alliances_rule_is_asked_of_its_partners_alone_while_both_are_in_it(
    circle: Circle,
) -> None:
    """S2-01, S1-07: written by its own people, and no partner changes it."""
    bureau, partner = circle.bureau, circle.bureau.person("issuer_manager")
    told = {"alliance": HARBOUR, "name": "No more than five", "says": "amount_max"}
    made = bureau.done(circle.manager, "rule.save", amount_minor=500, **told)
    rule, second = int(made.subject), bureau.person("alliance_manager", key=HARBOUR)
    circle.let_in(HOME["merchant"], until=TODAY)
    elsewhere = next(one for one, its in MERCHANT_OF.items() if its != HOME["merchant"])
    async with trading(bureau.dsns) as till:
        assert (await till.buy(1, 501)).is_approved, "a draft says nothing"
        bureau.done(circle.manager, "rule.dry_run", house_rule=rule, date=TODAY)
        bureau.do_jobs()
        assert bureau.rows(circle.manager, "rules")[0]["would_change"] == 0, "its issuer is not in"
        bureau.done_by_two(circle.manager, second, "rule.activate", house_rule=rule, since=TODAY)
        assert (await till.buy(1, 501)).is_approved, "one partner is no sale of partners"
        bureau.done_by_two(
            circle.manager, partner, "alliance.invite", alliance=HARBOUR, since=TODAY,
            issuer=HOME["issuer"],
        )  # fmt: skip
        assert (await till.buy(1, 501)).reason is Reason.AMOUNT_LIMIT
        assert (await till.buy(1, 500)).is_approved
        sale = till.request(Kind.PURCHASE, 1, 501, pin="123456", terminal_id=elsewhere)
        assert (await till.ask(sale)).is_approved, "that merchant is in no alliance"
        circle.turn_the_date(TODAY + dt.timedelta(days=1))
        assert (await till.buy(1, 501)).is_approved, "the merchant has left"
    for who in (partner, circle.owner(HOME["merchant"]), circle.stranger):
        changed = {"house_rule": rule, "amount_minor": 900}
        assert bureau.refused(who, "rule.save", **changed) == "E-NOT-FOUND"
        retired = {"house_rule": rule, "at": TODAY, "note": "not ours"}
        assert bureau.refused(who, "rule.retire", **retired) == "E-NOT-FOUND"
    assert circle.seen("rules", "rule") == [rule]
    assert circle.seen("rules", "rule", circle.stranger) == []


def test_an_alliances_rule_names_its_own_merchants_and_nobodys_cards(circle: Circle) -> None:
    circle.let_in(HOME["merchant"])
    told = {"alliance": HARBOUR, "name": "Here only", "says": "only"}
    for field, named in (("merchants", circle.merchants[1]), ("these_cards", 1), ("products", 1)):
        found = circle.bureau.do(circle.manager, "rule.save", **told, **{field: [named]})
        assert (found.code, found.field) == ("E-FIELD", field)
    circle.bureau.done(circle.manager, "rule.save", **told, merchants=[HOME["merchant"]])
