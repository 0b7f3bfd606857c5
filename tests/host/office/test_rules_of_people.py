"""Rules as people write them: drafts, a second person, contradictions, packs."""

import datetime as dt
from typing import Any

import pytest

from host.model.office import Waiting
from host.model.requests import Kind
from host.model.responses import Reason
from tests.host.conftest import MERCHANT_OF, trading
from tests.host.office.conftest import HOME, Bureau, Person

TODAY = dt.date(2026, 11, 22)
ISSUER = HOME["issuer"]


class People:
    """Two managers of one issuer, and risk."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.manager = bureau.person("issuer_manager", "issuer")
        self.second = bureau.person("issuer_manager", "issuer")
        self.risk = bureau.person("risk")

    def draft(self, who: Person | None = None, **values: Any) -> int:
        told = {"name": "Ten a day", "issuer": ISSUER} | values
        return int(self.bureau.done(who or self.manager, "rule.save", **told).subject)

    def tried(self, rule: int, **asked: Any) -> None:
        self.bureau.done(
            self.manager, "rule.dry_run", house_rule=rule, **(asked or {"date": TODAY})
        )
        self.bureau.do_jobs()

    def activate(self, rule: int, since: dt.date = TODAY) -> None:
        self.tried(rule)
        self.bureau.done_by_two(
            self.manager, self.second, "rule.activate", house_rule=rule, since=since
        )


@pytest.fixture
def people(bureau: Bureau) -> People:
    return People(bureau)


async def test_a_rule_is_in_force_from_the_next_message_once_a_second_person_agreed(
    people: People,
) -> None:
    """S1-07: written, agreed to, in force, ended; each version is seen."""
    async with trading(people.bureau.dsns) as till:
        rule = people.draft(says="count_max", times=1, period="day")
        assert (await till.buy(1, 100)).is_approved
        people.activate(rule)
        assert (await till.buy(1, 100)).is_approved, "it counts from its activation on"
        assert (await till.buy(1, 100)).reason is Reason.FREQUENCY_LIMIT
        people.bureau.done(people.manager, "rule.save", house_rule=rule, times=2)
        people.activate(rule)
        assert (await till.buy(1, 100)).is_approved
        assert (await till.buy(1, 100)).reason is Reason.FREQUENCY_LIMIT
        people.bureau.done(people.risk, "rule.retire", house_rule=rule, at=TODAY, note="not needed")
        assert (await till.buy(1, 100)).is_approved
    rows = people.bureau.rows(people.manager, "rules", issuer=ISSUER)
    assert [(row["version"], row["state"], row["times"]) for row in rows] == [
        (1, "retired", 1),
        (2, "retired", 2),
    ]


async def test_a_product_of_one_store_is_taken_nowhere_else(people: People) -> None:
    """S2-13, S2-01: only in its store, by a rule of its issuer."""
    async with trading(people.bureau.dsns) as till:
        people.activate(people.draft(name="Here only", says="only", stores=[1]))
        assert (await till.buy(1, 100)).is_approved
        elsewhere = next(one for one in MERCHANT_OF if one.startswith("80020"))
        sale = till.request(Kind.PURCHASE, 1, 100, pin="123456", terminal_id=elsewhere)
        assert (await till.ask(sale)).reason is Reason.NOT_PERMITTED_TO_TERMINAL


async def test_a_pack_is_switched_on_and_off_by_two(people: People) -> None:
    bureau = people.bureau
    async with trading(bureau.dsns) as till:
        told = {"pack": "CN-PREPAID", "issuer": ISSUER, "since": TODAY}
        bureau.done_by_two(people.manager, people.second, "rule_pack.switch", **told)
        assert (await till.load(2, 1)).reason is Reason.AMOUNT_LIMIT
        rows = bureau.rows(people.manager, "rule_packs")
        assert [(row["pack"], row["issuer"]) for row in rows] == [("CN-PREPAID", ISSUER)]
        bureau.done_by_two(people.manager, people.second, "rule_pack.switch", until=TODAY, **told)
        till.turn_the_date()
        assert (await till.load(2, 1)).is_approved


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"says": "count_max", "times": 3, "period": "day"},
            {"says": "count_max", "times": 4, "period": "day"},
        ),
        (
            {"says": "amount_max", "amount_minor": 100},
            {"says": "amount_min", "amount_minor": 200},
        ),
        ({"says": "deny", "goods": ["A1"]}, {"says": "allow", "goods": ["A1", "A2"]}),
        ({"says": "only", "stores": [1]}, {"says": "only", "stores": [2]}),
        ({"says": "deny", "stores": [1, 2]}, {"says": "only", "stores": [1]}),
    ],
)
def test_rules_that_cannot_both_be_meant_are_refused_by_name(
    people: People, one: dict[str, Any], other: dict[str, Any]
) -> None:
    first = people.draft(**one)
    people.activate(first)
    told = {"name": "Another", "issuer": ISSUER} | other
    assert people.bureau.refused(people.manager, "rule.save", **told) == "E-CONTRADICT"
    if "times" in other:
        people.draft(name="Higher", priority=5, **other)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"says": "count_max", "period": "day"}, "times"),
        ({"says": "count_max", "times": 3}, "period"),
        ({"says": "amount_max"}, "amount_minor"),
        ({"says": "deny", "kinds": ["void"]}, "kinds"),
        ({"says": "deny", "stores": [999]}, "stores"),
        ({"says": "deny", "merchants": ["1" * 15]}, "merchants"),
        ({"says": "deny", "pack": "NO-SUCH"}, "issuer"),
        ({"says": "only"}, "stores"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_by_its_field(
    people: People, values: dict[str, Any], field: str
) -> None:
    told = {"name": "Wrong", "issuer": ISSUER} | values
    found = people.bureau.do(people.manager, "rule.save", **told)
    assert (found.code, found.field) == ("E-FIELD", field)


def test_who_wrote_a_rule_does_not_activate_it_alone(people: People) -> None:
    rule = people.draft(says="deny", goods=["A1"])
    people.tried(rule)
    asked = people.bureau.do(people.manager, "rule.activate", house_rule=rule, since=TODAY)
    assert asked.approval
    refused = people.bureau.refused(
        people.manager, "approval.decide", approval=asked.approval, decision="approve"
    )
    assert refused == "E-SAME-PERSON"


async def test_rules_say_how_often_they_counted_and_refused_today(people: People) -> None:
    rule = people.draft(says="count_max", times=1, period="day")
    people.activate(rule)
    async with trading(people.bureau.dsns) as till:
        for approved in (True, False, False):
            assert (await till.buy(1, 100)).is_approved is approved
    rows = people.bureau.rows(people.manager, "rules", rule=str(rule))
    assert [(one["counted_today"], one["refused_today"]) for one in rows] == [(1, 2)]


async def test_a_rule_that_was_not_tried_since_it_was_written_is_not_put_into_force(
    people: People,
) -> None:
    """S2-02: what it would have told on a day that was is kept with it, as long as it stays."""
    rule = people.draft(says="amount_max", amount_minor=500)
    told = {"house_rule": rule, "since": TODAY}
    assert people.bureau.refused(people.manager, "rule.activate", **told) == "E-DRY-RUN"
    async with trading(people.bureau.dsns) as till:
        small, large = await till.buy(1, 500), await till.buy(1, 501)
    asked = people.bureau.done(
        people.manager, "rule.dry_run", house_rule=rule, rrns=[small.rrn, large.rrn]
    )
    people.bureau.do_jobs()
    [row] = people.bureau.rows(people.manager, "rules", rule=str(rule))
    assert (row["tried_on"], row["would_change"]) == ("2026-11-22", 1)
    assert isinstance(people.bureau.do(people.manager, "rule.activate", **told), Waiting)
    [waits] = people.bureau.rows(people.second, "approvals")
    tried = waits["foretold"]["tried"]
    assert (tried["asked"], tried["refuses"], tried["lets_pass"]) == (2, 1, 0)
    named = {one["rrn"]: (one["was"], one["would_be"]) for one in tried["named"]}
    assert named == {
        small.rrn: ("approved", "approved"), large.rrn: ("approved", "amount_limit"),
    }  # fmt: skip
    assert asked.told["job"]
    people.bureau.done(people.manager, "rule.save", house_rule=rule, amount_minor=400)
    assert people.bureau.refused(people.manager, "rule.activate", **told) == "E-DRY-RUN"


async def test_a_rule_of_one_tells_of_no_others_day(people: People) -> None:
    """S2-02: an issuer's rule is tried on that issuer's cards, a merchant's on its own tills."""
    bureau, owner = people.bureau, people.bureau.person("merchant_owner")
    other = bureau.sql("SELECT institution_id FROM issuer ORDER BY id OFFSET 1 LIMIT 1")[0][0]
    there = bureau.person("issuer_manager", "issuer", other)
    foreign = people.draft(there, issuer=other, says="amount_max", amount_minor=1)
    own = people.draft(owner, issuer=None, merchant=HOME["merchant"], says="deny", channels=["mis"])
    async with trading(bureau.dsns) as till:
        assert (await till.buy(1, 500)).is_approved
        elsewhere = next(one for one, its in MERCHANT_OF.items() if its != HOME["merchant"])
        sale = till.request(Kind.PURCHASE, 1, 100, pin="123456", terminal_id=elsewhere)
        assert (await till.ask(sale)).is_approved
    for who, rule in ((there, foreign), (owner, own)):
        bureau.done(who, "rule.dry_run", house_rule=rule, date=TODAY)
    bureau.do_jobs()
    told = bureau.sql("SELECT tried ->> 'asked' FROM rule WHERE id = any(%s) ORDER BY id",
                      [foreign, own])  # fmt: skip
    assert told == [("0",), ("1",)]


def test_a_draft_that_is_written_anew_was_not_tried(people: People) -> None:
    rule = people.draft(says="amount_max", amount_minor=500)
    job = people.bureau.done(people.manager, "rule.dry_run", house_rule=rule, date=TODAY)
    people.bureau.later(seconds=1)
    people.bureau.done(people.manager, "rule.save", house_rule=rule, amount_minor=400)
    people.bureau.do_jobs()
    [(state, why)] = people.bureau.sql(
        "SELECT state, error FROM job WHERE id = %s", job.told["job"]
    )
    assert (state, why.partition(":")[0]) == ("failed", "E-STATE")
    assert people.bureau.rows(people.manager, "rules", rule=str(rule))[0]["tried_on"] is None


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "date"),
        ({"date": "2026-11-20"}, "date"),
        ({"rrns": ["112200000001", "112100000001"]}, "rrns"),
        ({"rrns": ["133200000001"]}, "rrns"),
    ],
)
def test_what_is_no_day_to_try_a_rule_on_is_told_by_its_field(
    people: People, asked: dict[str, Any], field: str
) -> None:
    rule = people.draft(says="deny", goods=["A1"])
    found = people.bureau.do(people.manager, "rule.dry_run", house_rule=rule, **asked)
    assert (found.code, found.field) == ("E-FIELD", field)
