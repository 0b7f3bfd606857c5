"""What people write of earning holds from the next message on; what decided stands beside it."""

from typing import Any

import psycopg

from clearing.verify import audit
from config.tasks.earned import points_told
from host.model.requests import Kind
from host.store.trace import trace
from tests.host.conftest import CardPool, Till
from tests.host.office.conftest import Bureau


def decided(till: Till, card: int) -> list[tuple[Any, ...]]:
    return till.sql(
        "SELECT e.rule, e.points FROM earned_by AS e"
        " JOIN journal AS j ON j.shard = e.shard AND j.id = e.journal_id"
        " WHERE j.card_id = %s ORDER BY j.id", card,
    )  # fmt: skip


async def test_a_rule_that_two_have_agreed_to_decides_from_the_next_sale_on(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S4-56: and is told, with what it gave; what earns as all do is told nowhere."""
    card, second = pool.city(), office.person("platform_admin")
    assert (await till.buy(card, 10_000)).points_earned == 100
    merchant = till.terminal.merchant.merchant_id
    office.done_by_two(
        office.admin, second, "earn_rule.save", programme="CITY", rule="DOUBLE",
        name="Double points", merchants=[merchant], times="2", points_max=500, priority=10,
    )  # fmt: skip
    office.done_by_two(
        office.admin, second, "earn_rule.save", programme="CITY", rule="BIG",
        name="More for more", amount_min_minor=100_000, bonus=1_000,
    )  # fmt: skip
    sold, answer = await till.sell(Kind.PURCHASE, card, 10_000)
    assert answer.points_earned == 200
    assert (await till.buy(card, 40_000)).points_earned == 500, "no more than its cap"
    assert decided(till, card) == [("DOUBLE", 200), ("DOUBLE", 500)]
    rows = {row["rule"]: row for row in office.rows(office.admin, "earn_rules")}
    assert (rows["DOUBLE"]["times"], rows["DOUBLE"]["merchants"]) == ("2", [merchant])
    with psycopg.connect(till.dsns.audit, autocommit=True) as connection:
        told = [text for _label, text in points_told(trace(connection, answer.rrn))]
    assert told == [
        "200 points CITY by rule DOUBLE of 2026-11-22: Double points",
        "what all earn, 2/1 times, and 0 more, 500 at most",
    ]
    for part in (3_333, 6_667):
        refund = till.request(Kind.REFUND, card, part, original=till.original(sold, answer))
        assert (await till.ask(refund)).is_approved
    assert till.balances(card)[1] == 100 + 500


async def test_a_rule_may_let_a_sale_earn_nothing_and_a_points_only_earning_is_then_refused(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    card, second = pool.city(), office.person("platform_admin")
    office.done_by_two(
        office.admin, second, "earn_rule.save", programme="CITY", rule="NONE",
        name="Nothing for these", times="0",
    )  # fmt: skip
    assert (await till.buy(card, 10_000)).points_earned == 0
    assert decided(till, card) == [("NONE", 0)]
    earn = till.request(Kind.POINTS_EARN, card, 10_000)
    assert not (await till.ask(earn)).is_approved


async def test_what_a_rule_is_told_to_have_given_is_held_against_its_journal(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    card, second = pool.city(), office.person("platform_admin")
    office.done_by_two(
        office.admin, second, "earn_rule.save", programme="CITY", rule="DOUBLE",
        name="Double points", times="2",
    )  # fmt: skip
    await till.buy(card, 10_000)
    for wrong, back in (("points = 201", "points = 200"), ("rule = 'X'", "rule = 'DOUBLE'")):
        till.sql(f"UPDATE earned_by SET {wrong}")
        with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
            found = [str(one) for one in audit(connection)]
        assert any("is told to have given" in one for one in found), (wrong, found)
        till.sql(f"UPDATE earned_by SET {back}")


async def test_a_rule_names_what_cards_of_its_programme_know_and_begins_today_at_the_earliest(
    office: Bureau,
) -> None:
    asked: dict[str, Any] = {"programme": "CITY", "rule": "R", "name": "Rule"}
    for wrong in (
        {"merchants": ["888290054119999"]}, {"stores": [9_999]}, {"products": [9_999]},
        {"since": "2020-01-01"}, {"until": "2020-01-01"}, {"times": "2000"},
        {"amount_min_minor": 10, "amount_max_minor": 9}, {"weekdays": [8]}, {"times": "a"},
    ):  # fmt: skip
        code = office.refused(office.admin, "earn_rule.save", **asked, **wrong)
        assert code == "E-FIELD", wrong
