"""The house's own rules on real PostgreSQL: what they let pass, what they count, who hears why."""

import datetime as dt
from typing import Any

import psycopg
import pytest

from clearing.verify import ask
from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from host.store.trace import trace
from tests.host.conftest import (
    FIRST,
    MERCHANT_OF,
    TERMINALS,
    CardPool,
    Till,
    audit_ledger,
    trading,
)
from tests.host.rule_makers import for_a_while, put_rule, switch_on

CITY, PEAR = 1, 2
AT_POS = [one for one, plan in TERMINALS.items() if plan.working is not None]


async def told(till: Till, *asked: Request) -> list[Reason]:
    return [(await till.ask(request)).reason for request in asked]


def purchases(till: Till, card: int, amount: int, times: int, **more: Any) -> list[Request]:
    return [till.request(Kind.PURCHASE, card, amount, pin="123456", **more) for _ in range(times)]


def at_terminals(till: Till, cards: list[int], terminals: list[str]) -> list[Request]:
    return [
        till.request(Kind.PURCHASE, card, 100, pin="123456", terminal_id=name)
        for card, name in zip(cards, terminals, strict=True)
    ]


def reasons(answers: list[Response]) -> dict[Reason, int]:
    listed = [answer.reason for answer in answers]
    return {reason: listed.count(reason) for reason in listed}


async def test_no_rule_is_in_force_that_nobody_switched_on(till: Till) -> None:
    assert till.poster._book.rules is None
    assert till.sql("SELECT count(*) FROM rule WHERE state = 'active'") == [(2,)]
    assert (await till.buy(1, 100)).is_approved
    assert till.sql("SELECT count(*) FROM rule_told") == [(0,)]


async def test_of_parallel_purchases_exactly_as_many_pass_as_the_day_allows(till: Till) -> None:
    """FAULTS 11 with a rule: 64 debits of one card at once, seven a day."""
    put_rule(till.dsns, "count_max", times=7, period="day")
    answers = await till.ask_all(at_terminals(till, [1] * 64, AT_POS[:64]))
    assert reasons(answers) == {Reason.APPROVED: 7, Reason.FREQUENCY_LIMIT: 57}
    assert till.balances(1)[0] == 100_000 - 700
    assert till.sql("SELECT times, amount_minor FROM usage_counter") == [(7, 700)]


async def test_a_limit_of_a_merchant_holds_over_cards_of_all_shards_at_once(till: Till) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=1_000, unit="CNY", period="day",
             counted_by="merchant")  # fmt: skip
    mine = [one for one in AT_POS if MERCHANT_OF[one] == MERCHANT_OF[FIRST]]
    cards = [card for card in range(2, 80) if card % 5][: len(mine)]
    answers = await till.ask_all(at_terminals(till, cards, mine))
    assert reasons(answers) == {Reason.APPROVED: 10, Reason.AMOUNT_LIMIT: len(mine) - 10}
    shards = till.sql("SELECT count(DISTINCT shard) FROM rule_told WHERE outcome = 'counted'")
    assert shards[0][0] > 1


async def test_two_terminals_at_once_share_the_limit_of_their_store(till: Till) -> None:
    store = TERMINALS[FIRST].store_id
    pair = [one for one in AT_POS if TERMINALS[one].store_id == store][:2]
    put_rule(till.dsns, "count_max", times=5, period="day", counted_by="store")
    approved = 0
    for card in range(11, 15):
        answers = await till.ask_all(at_terminals(till, [card, card + 10], pair))
        approved += reasons(answers).get(Reason.APPROVED, 0)
    assert approved == 5


async def test_a_reversal_a_void_and_a_whole_refund_give_the_count_back(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=1, period="day")
    for undo in (Kind.REVERSAL, Kind.VOID, Kind.REFUND):
        sale, answer = await till.sell(Kind.PURCHASE, 1, 500)
        assert (await till.buy(1, 500)).reason is Reason.FREQUENCY_LIMIT
        back = (
            till.reversal(sale)
            if undo is Kind.REVERSAL
            else till.request(undo, 1, 500, original=till.original(sale, answer))
        )
        assert (await till.ask(back)).is_approved
        assert till.sql("SELECT times, amount_minor FROM usage_counter") == [(0, 0)]
    assert (await till.buy(1, 500)).is_approved


async def test_a_partial_refund_gives_back_its_amount_and_not_the_count(till: Till) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=1_000, unit="CNY", period="day")
    sale, answer = await till.sell(Kind.PURCHASE, 1, 1_000)
    assert (await till.buy(1, 1)).reason is Reason.AMOUNT_LIMIT
    for part, left in ((400, (1, 600)), (600, (0, 0))):
        refund = till.request(Kind.REFUND, 1, part, original=till.original(sale, answer))
        assert (await till.ask(refund)).is_approved
        assert till.sql("SELECT times, amount_minor FROM usage_counter") == [left]


async def test_the_reversal_of_a_void_counts_again(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=1, period="day")
    sale, answer = await till.sell(Kind.PURCHASE, 1, 500)
    void = till.request(Kind.VOID, 1, 500, original=till.original(sale, answer))
    assert (await till.ask(void)).is_approved
    assert (await till.ask(till.reversal(void))).is_approved
    assert (await till.buy(1, 500)).reason is Reason.FREQUENCY_LIMIT


async def test_a_day_ends_with_its_business_date_and_gives_back_only_to_itself(
    till: Till,
) -> None:
    put_rule(till.dsns, "count_max", times=2, period="day")
    first, _ = await till.sell(Kind.PURCHASE, 1, 100)
    assert (await till.buy(1, 100)).is_approved
    assert (await till.buy(1, 100)).reason is Reason.FREQUENCY_LIMIT
    till.turn_the_date()
    assert (await till.buy(1, 100)).is_approved
    assert (await till.ask(till.reversal(first))).is_approved
    assert (await till.buy(1, 100)).is_approved
    assert (await till.buy(1, 100)).reason is Reason.FREQUENCY_LIMIT


async def test_what_is_given_back_of_yesterday_stands_nowhere_today(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=2, period="day")
    first, _ = await till.sell(Kind.PURCHASE, 1, 100)
    till.turn_the_date()
    assert (await till.ask(till.reversal(first))).is_approved
    assert till.sql("SELECT times, period_from FROM usage_counter") == [(0, dt.date(2026, 11, 23))]


async def test_a_month_with_a_29th_of_february_is_one_month(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=2, period="month")
    till.turn_the_date(dt.date(2028, 2, 1))
    assert (await till.buy(1, 100)).is_approved
    till.turn_the_date(dt.date(2028, 2, 29))
    assert (await till.buy(1, 100)).is_approved
    assert (await till.buy(1, 100)).reason is Reason.FREQUENCY_LIMIT
    till.turn_the_date(dt.date(2028, 3, 1))
    assert (await till.buy(1, 100)).is_approved


async def test_a_limit_for_life_never_begins_anew(till: Till) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=250, unit="CNY", period="life")
    assert (await till.buy(1, 200)).is_approved
    till.turn_the_date(dt.date(2027, 6, 1))
    assert await told(till, *purchases(till, 1, 100, 1), *purchases(till, 1, 50, 1)) == [
        Reason.AMOUNT_LIMIT,
        Reason.APPROVED,
    ]


@pytest.mark.parametrize(
    ("says", "columns", "amount", "reason"),
    [
        ("amount_max", {"amount_minor": 999, "unit": "CNY"}, 1_000, Reason.AMOUNT_LIMIT),
        ("amount_min", {"amount_minor": 1_001, "unit": "CNY"}, 1_000, Reason.INVALID_AMOUNT),
        ("deny", {"stores": [1]}, 1_000, Reason.NOT_PERMITTED_TO_TERMINAL),
        ("deny", {"terminals": ["80010001"]}, 1_000, Reason.NOT_PERMITTED_TO_TERMINAL),
        ("deny", {"channels": ["pos"]}, 1_000, Reason.NOT_PERMITTED_TO_TERMINAL),
        ("deny", {"merchants": [1]}, 1_000, Reason.NOT_PERMITTED_TO_CARD),
        ("deny", {"cards": [1]}, 1_000, Reason.NOT_PERMITTED_TO_CARD),
        ("only", {"stores": [999]}, 1_000, Reason.NOT_PERMITTED_TO_TERMINAL),
        ("only", {"regions": ["Beijing"]}, 1_000, Reason.NOT_PERMITTED_TO_CARD),
        ("only", {"goods": ["A1"]}, 1_000, Reason.NOT_PERMITTED_TO_CARD),
        ("deny", {"time_from": "0900", "time_until": "1000"}, 1_000, Reason.NOT_PERMITTED_TO_CARD),
        ("deny", {"time_from": "2200", "time_until": "1000"}, 1_000, Reason.NOT_PERMITTED_TO_CARD),
        ("deny", {"weekdays": [7]}, 1_000, Reason.NOT_PERMITTED_TO_CARD),
    ],
)
async def test_a_rule_that_says_no_is_told_and_kept_beside_the_exchange(
    shared: Till,
    pool: CardPool,
    says: str,
    columns: dict[str, Any],
    amount: int,
    reason: Reason,
) -> None:
    """S1-07, S2-01, S2-13."""
    card = pool.city()
    named = {"cards": [card]} if "cards" in columns else {}
    with for_a_while(shared.dsns, says, **columns | named) as number:
        answer = await shared.buy(card, amount)
    assert answer.reason is reason
    kept = "SELECT rule_version, outcome, asked_minor FROM rule_told WHERE rule_id = %s"
    assert shared.sql(kept, number) == [(1, "denied", amount)]
    assert (await shared.buy(card, amount)).is_approved, "it is in force no longer"


@pytest.mark.parametrize(
    ("says", "columns"),
    [
        ("deny", {"stores": [999]}),
        ("deny", {"kinds": ["cash_load"]}),
        ("deny", {"is_registered": True}),
        ("deny", {"issuer_id": PEAR}),
        ("deny", {"merchant_id": 2}),
        ("deny", {"weekdays": [1, 2, 3, 4, 5, 6]}),
        ("deny", {"time_from": "1000", "time_until": "2200"}),
        ("deny", {"valid_from": dt.date(2026, 11, 23)}),
        ("deny", {"valid_to": dt.date(2026, 11, 21)}),
        ("deny", {"state": "draft"}),
        ("only", {"merchants": [1], "stores": [1, 2]}),
        ("amount_max", {"amount_minor": 100, "unit": "P:"}),
        ("count_max", {"times": 1, "period": "day", "counted_by": "member"}),
    ],
)
async def test_a_rule_is_about_what_it_names_alone(
    shared: Till, pool: CardPool, says: str, columns: dict[str, Any]
) -> None:
    with for_a_while(shared.dsns, says, **columns):
        asked = purchases(shared, pool.city(), 1_000, 2)
        assert await told(shared, *asked) == [Reason.APPROVED] * 2


async def test_of_one_set_the_highest_priority_decides_and_of_two_sets_both(till: Till) -> None:
    put_rule(till.dsns, "deny", merchants=[1])
    put_rule(till.dsns, "allow", stores=[1], merchants=[1], priority=5)
    assert (await till.buy(1, 100)).is_approved
    put_rule(till.dsns, "deny", merchants=[1], issuer_id=CITY)
    assert (await till.buy(1, 100)).reason is Reason.NOT_PERMITTED_TO_CARD


async def test_the_prepaid_pack_is_in_force_for_who_switched_it_on(till: Till) -> None:
    """S1-07: registered 5,000, anonymous 1,000 CNY a card, as rows."""
    assert (await till.load(2, 1)).is_approved
    switch_on(till.dsns, "CN-PREPAID", CITY)
    assert (await till.load(2, 1)).reason is Reason.AMOUNT_LIMIT
    assert (await till.load(701, 1)).is_approved, "of another issuer"
    till.sql("INSERT INTO member (phone_hash, phone_sealed, phone_masked, made_by, made_at)"
             " VALUES ('\\x01', '\\x01', '', 'ma', now())")  # fmt: skip
    till.sql("UPDATE card SET member_id = (SELECT max(id) FROM member) WHERE id = 2")
    assert (await till.load(2, 400_000 - 2)).is_approved
    assert (await till.load(2, 2)).reason is Reason.AMOUNT_LIMIT
    assert till.sql("SELECT rule_id, count(*) FROM rule_told GROUP BY rule_id ORDER BY 1") == [
        (1, 1),
        (2, 1),
    ]


async def test_a_load_whose_answer_was_lost_is_asked_the_rules_too(till: Till) -> None:
    switch_on(till.dsns, "CN-PREPAID", CITY)
    load = till.request(Kind.CASH_LOAD, 2, 500)
    answer = await till.ask(till.confirmation(load))
    assert answer.reason is Reason.POSTING_PENDING
    assert till.sql("SELECT rule_id, outcome FROM rule_told") == [(2, "denied")]


async def test_a_retired_rule_is_given_back_what_it_counted(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=1, period="day", id=9)
    sale, _ = await till.sell(Kind.PURCHASE, 1, 500)
    put_rule(till.dsns, "deny", stores=[999])
    till.sql("UPDATE rule SET state = 'retired' WHERE id = 9")
    await till.poster.reload()
    assert (await till.ask(till.reversal(sale))).is_approved
    assert till.sql("SELECT times FROM usage_counter") == [(0,)]


async def test_a_repeat_is_counted_once(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=2, period="day")
    sale = till.request(Kind.PURCHASE, 1, 100, pin="123456")
    assert {answer.reason for answer in await till.ask_all([sale] * 5)} == {Reason.APPROVED}
    assert till.sql("SELECT times FROM usage_counter") == [(1,)]


async def test_what_was_counted_lasts_over_a_restart(estate_database: Any, pool: CardPool) -> None:
    card = pool.city()
    put_rule(estate_database, "count_max", times=2, period="day")
    for expected in ([True, True, False], [False]):
        async with trading(estate_database) as till:
            answers = [await till.buy(card, 100) for _ in expected]
        assert [answer.is_approved for answer in answers] == expected
    audit_ledger(estate_database)


async def test_what_a_hand_changes_of_counters_and_of_what_was_told_is_named(
    estate_database: Any,
) -> None:
    put_rule(estate_database, "count_max", times=9, period="day")
    async with trading(estate_database) as till:
        sale, _ = await till.sell(Kind.PURCHASE, 2, 100)
        assert (await till.buy(2, 100)).is_approved
        assert (await till.ask(till.reversal(sale))).is_approved
    for edit, found in (
        ("UPDATE usage_counter SET times = 0", {"usage_not_what_was_told"}),
        ("DELETE FROM usage_counter", {"usage_not_what_was_told"}),
        (
            "UPDATE rule_told SET amount_minor = 50 WHERE amount_minor = 100",
            {"usage_not_what_was_told", "told_not_its_exchange", "chain"},
        ),
        ("UPDATE rule_told SET subject = '3'", {"usage_not_what_was_told", "chain"}),
        ("UPDATE rule_told SET had_times = 7", {"chain"}),
        (
            "DELETE FROM rule_told WHERE outcome = 'counted'",
            {"usage_not_what_was_told", "journal_uncounted", "chain"},
        ),
    ):
        with psycopg.connect(estate_database.owner) as owner:
            owner.execute(edit)
            names = {one.test for one in ask(owner)}
            owner.rollback()
        assert found <= names, edit
    audit_ledger(estate_database)


async def test_a_trace_says_which_rule_decided_as_a_sentence(till: Till) -> None:
    """The rule that counted an approval, and the one that refused the next."""
    put_rule(till.dsns, "count_max", times=1, period="day")
    first, second = await till.buy(1, 100), await till.buy(1, 100)
    with psycopg.connect(till.dsns.audit, autocommit=True) as connection:
        found = [trace(connection, answer.rrn).rules[0] for answer in (first, second)]
    assert [(one.outcome, one.had_times) for one in found] == [("counted", 0), ("denied", 1)]
    assert {(one.en, one.zh) for one in found} == {
        ("no more than 1 a business date for a card", "每卡每营业日不超过 1 次")
    }
