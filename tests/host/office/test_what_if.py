"""Who serves customers asks what a till would be told, and nothing is different for it."""

from typing import Any, get_args

from host.office.rows.what_if import RuleWhatIf
from host.store.trial import TRIED
from tests.host.conftest import FIRST, Till
from tests.host.office.conftest import Bureau
from tests.host.rule_makers import put_rule

PEAR_CARD = 701
TABLES = ("exchange", "journal", "entry", "purse", "usage_counter", "rule_told", "card")


def rows(till: Till) -> list[Any]:
    return [till.sql(f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in TABLES]


async def test_service_is_told_which_rule_would_decide_and_nothing_but_history_is_written(
    till: Till, office: Bureau
) -> None:
    """S2-02."""
    rule = put_rule(till.dsns, "amount_max", amount_minor=1_500, unit="CNY", period="day")
    await till.buy(2, 1_000)
    service, before = office.person("service", "platform"), rows(till)
    asked = {"card": 2, "terminal_id": FIRST, "amount_minor": 501}
    told = office.done(service, "rule.what_if", **asked).told
    assert (told["would_be_approved"], told["f39"]) == (False, "61")
    [decided] = told["rules"]
    assert (decided["house_rule"], decided["outcome"], decided["had_minor"]) == (
        rule, "denied", 1_000,
    )  # fmt: skip
    passed = office.done(service, "rule.what_if", **{**asked, "amount_minor": 500}).told
    assert (passed["would_be_approved"], passed["balance_minor"]) == (True, 98_500)
    assert rows(till) == before
    assert (await till.buy(2, 501)).reason == "amount_limit"
    history = till.sql(
        "SELECT outcome, after->>'card', after->>'amount_minor', after->>'f39' FROM history"
        " WHERE action = 'rule.what_if' ORDER BY id"
    )
    assert history == [("done", "2", "501", "61"), ("done", "2", "500", "00")]


async def test_who_may_ask_asks_of_their_own_issuers_cards_alone(
    till: Till, office: Bureau
) -> None:
    asked = {"terminal_id": FIRST, "amount_minor": 100}
    for role in ("service", "issuer_manager"):
        who = office.person(role, "issuer")
        assert office.done(who, "rule.what_if", card=2, **asked).told["would_be_approved"]
        assert office.refused(who, "rule.what_if", card=PEAR_CARD, **asked) == "E-NOT-FOUND"
    risk = office.person("risk")
    assert office.done(risk, "rule.what_if", card=PEAR_CARD, **asked).told["f39"] == "00"
    owner = office.person("merchant_owner")
    assert office.refused(owner, "rule.what_if", card=2, **asked) == "E-NOT-YOUR-ROLE"
    assert till.balances(2)[0] == 100_000


async def test_what_cannot_be_asked_names_its_field(till: Till, office: Bureau) -> None:
    service = office.person("service", "platform")
    asked: dict[str, Any] = {"card": 2, "terminal_id": FIRST}
    for wrong, field in (
        ({}, "amount_minor"),
        ({"amount_minor": 100, "points": 1}, "amount_minor"),
        ({"asks": "points_redemption", "amount_minor": 100}, "points"),
        ({"amount_minor": 100, "channel": "mis"}, "channel"),
        ({"amount_minor": 100, "terminal_id": "99999999"}, "terminal_id"),
    ):
        told = office.do(service, "rule.what_if", **asked | wrong)
        assert getattr(told, "field", None) == field, (wrong, told)
    redeemed = office.done(service, "rule.what_if", **asked, asks="points_redemption", points=5)
    assert redeemed.told["f39"] == "13", "fewer than its programme redeems"
    till.turn_the_date()
    assert office.done(service, "rule.what_if", **asked, amount_minor=1).told["f39"] == "00"


def test_all_that_can_be_tried_can_be_asked() -> None:
    named = RuleWhatIf.__annotations__["asks"]
    assert set(get_args(named)) == {kind.value for kind in TRIED}
