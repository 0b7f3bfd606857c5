"""Rules as people write them: drafts, a second person, contradictions, packs."""

import datetime as dt
from typing import Any

import pytest

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

    def activate(self, rule: int, since: dt.date = TODAY) -> None:
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
