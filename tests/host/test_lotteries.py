"""Draws of a lottery at a till: what they cost, what they give, and what becomes of both."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from config.run.database import Dsns
from host.model.lottery import PARTS, Prize, PrizeKind
from host.model.requests import Besides, Kind, Request, Response
from host.model.responses import Reason
from tests.host.conftest import CardPool, Till, audit_ledger, trading
from tests.host.lottery_made import prizes_of, put_lottery

COST = 50
ALL_BUT_ONE = PARTS - 1


def draw_of(till: Till, card: int, lottery: str, amount: int = COST, **more: Any) -> Request:
    request = till.request(Kind.LOTTERY_DRAW, card, amount, unit="P:", **more)
    return msgspec.structs.replace(request, besides=Besides(lottery=lottery))


async def drawn(till: Till, card: int, lottery: str, **more: Any) -> tuple[Request, Response]:
    request = draw_of(till, card, lottery, **more)
    answer = await till.ask(request)
    assert answer.is_approved, answer
    return request, answer


def void_of(till: Till, request: Request, answer: Response) -> Request:
    return till.request(Kind.VOID, None, COST, unit="P:", original=till.original(request, answer))


def sure(kind: PrizeKind, amount: int, stock: int) -> tuple[Prize, ...]:
    """Prizes of which the first is all but sure."""
    return prizes_of((kind, amount, ALL_BUT_ONE, stock))


def taken(till: Till, code: str) -> list[int]:
    rows = till.sql(
        "SELECT s.taken FROM prize_stock s JOIN lottery o ON o.id = s.lottery_id"
        " WHERE o.code = %s ORDER BY s.place",
        code,
    )
    return [one for (one,) in rows]


def lines(till: Till, code: str) -> list[tuple[object, ...]]:
    return till.sql(
        "SELECT d.seq, d.act, d.of_seq, d.place FROM draw d JOIN lottery o ON o.id = d.lottery_id"
        " WHERE o.code = %s ORDER BY d.seq",
        code,
    )


def code_of(answer: Response) -> str:
    assert answer.besides is not None
    assert answer.besides.draw is not None
    return answer.besides.draw.prize


async def test_a_draw_costs_points_and_tells_its_prize(shared: Till, pool: CardPool) -> None:
    """S4-62."""
    card = pool.with_points()
    put_lottery(shared, "ONE", sure(PrizeKind.GOODS, 0, 3))
    request, answer = await drawn(shared, card, "ONE")
    assert shared.balances(card) == (100_000, 1_950)
    assert (answer.points_used, answer.points_balance) == (50, 1_950)
    told = answer.besides.draw if answer.besides is not None else None
    assert told is not None
    assert told.draw.startswith("ONE-1-")
    assert (told.prize, told.text) == ("P1", "奖品 1")
    assert taken(shared, "ONE") == [1, 0]
    assert await shared.ask(request) == answer
    assert lines(shared, "ONE") == [(1, "draw", 1, 1)]


async def test_points_that_are_won_are_a_lot_in_the_posting_of_the_draw(
    shared: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    put_lottery(shared, "POINTS", sure(PrizeKind.POINTS, 30, 3))
    request, answer = await drawn(shared, card, "POINTS")
    assert (answer.points_used, answer.points_earned, answer.points_balance) == (50, 30, 1_980)
    assert shared.balances(card) == (100_000, 1_980)
    voided = await shared.ask(void := void_of(shared, request, answer))
    assert voided.is_approved
    assert shared.balances(card) == (100_000, 2_000)
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert shared.balances(card) == (100_000, 1_980)
    assert lines(shared, "POINTS") == [
        (1, "draw", 1, 1),
        (2, "undone", 1, 1),
        (3, "again", 1, 1),
    ]


async def test_a_draw_is_voided_though_what_it_won_was_spent_and_its_cost_comes_back(
    shared: Till, pool: CardPool
) -> None:
    """The lot that paid for it is filled by its void, and pays nothing of the prize."""
    card = pool.with_points()
    put_lottery(shared, "SPENT", sure(PrizeKind.POINTS, 30, 3))
    before, paid = await shared.sell(Kind.POINTS_REDEMPTION, card, 200)
    request, answer = await drawn(shared, card, "SPENT")
    await shared.sell(Kind.POINTS_REDEMPTION, card, 1_780)
    back = shared.request(Kind.VOID, card, 200, unit="P:", original=shared.original(before, paid))
    assert (await shared.ask(back)).is_approved
    assert (await shared.ask(void := void_of(shared, request, answer))).is_approved
    assert shared.balances(card) == (100_000, 220)
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert shared.balances(card) == (100_000, 200)
    assert (await shared.ask(shared.reversal(request))).is_approved
    assert shared.balances(card) == (100_000, 220)


async def test_money_that_is_won_comes_from_its_issuer(shared: Till, pool: CardPool) -> None:
    card = pool.with_points()
    put_lottery(shared, "MONEY", sure(PrizeKind.VALUE, 500, 3))
    request, _ = await drawn(shared, card, "MONEY")
    assert shared.balances(card) == (100_500, 1_950)
    legs = shared.sql(
        "SELECT e.amount_minor, e.unit, d.chart, c.chart FROM journal j"
        " JOIN entry e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN ledger_account d ON d.id = debit_account"
        " JOIN ledger_account c ON c.id = credit_account WHERE j.slot = %s ORDER BY e.leg",
        request.key.text,
    )
    assert legs == [
        (50, "P:CITY", "card_points", "points_issued"),
        (500, "CNY", "issuer_funds", "card_value"),
    ]


async def test_a_merchants_lottery_is_drawn_there_and_paid_by_the_merchant(
    shared: Till, pool: CardPool
) -> None:
    card, merchant = pool.with_points(), shared.terminal.merchant.id
    prizes = sure(PrizeKind.VALUE, 500, 3)
    put_lottery(shared, "SHOP", prizes, owner=("merchant_id", merchant))
    request, _ = await drawn(shared, card, "SHOP")
    legs = shared.sql(
        "SELECT d.chart, c.chart FROM journal j"
        " JOIN entry e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN ledger_account d ON d.id = debit_account"
        " JOIN ledger_account c ON c.id = credit_account WHERE j.slot = %s ORDER BY e.leg",
        request.key.text,
    )
    assert legs == [("card_points", "merchant_points"), ("merchant_payable", "card_value")]
    elsewhere = draw_of(shared, card, "SHOP", terminal_id="80010017")
    assert (await shared.ask(elsewhere)).reason is Reason.NOT_PERMITTED_TO_CARD


async def test_a_draw_whose_answer_was_lost_gives_all_back_when_it_is_reversed(
    shared: Till, pool: CardPool
) -> None:
    """Its place in the list stays; the prize can be drawn again."""
    card = pool.with_points()
    put_lottery(shared, "LOST", sure(PrizeKind.GOODS, 0, 1))
    request, _ = await drawn(shared, card, "LOST")
    reversal = shared.reversal(request)
    assert (await shared.ask(reversal)).is_approved
    assert (await shared.ask(reversal)).is_approved
    assert shared.balances(card) == (100_000, 2_000)
    assert taken(shared, "LOST") == [0, 0]
    assert (await shared.ask(request)).reason is Reason.DUPLICATE
    _, second = await drawn(shared, card, "LOST")
    assert code_of(second) == "P1"
    assert lines(shared, "LOST") == [
        (1, "draw", 1, 1),
        (2, "undone", 1, 1),
        (3, "draw", 3, 1),
    ]


async def test_the_void_of_a_draw_is_not_undone_once_its_prize_is_anothers(
    shared: Till, pool: CardPool
) -> None:
    card, other = pool.with_points(), pool.with_points()
    put_lottery(shared, "GONE", sure(PrizeKind.GOODS, 0, 1))
    request, answer = await drawn(shared, card, "GONE")
    void = void_of(shared, request, answer)
    assert (await shared.ask(void)).is_approved
    _, second = await drawn(shared, other, "GONE", terminal_id="80010002")
    assert code_of(second) == "P1"
    assert (await shared.ask(shared.reversal(void))).reason is Reason.INSUFFICIENT_FUNDS
    assert taken(shared, "GONE") == [1, 0]
    [(detail,)] = shared.sql("SELECT detail FROM exception_case WHERE stan = %s", void.key.stan)
    assert "given to another" in detail


async def test_a_prize_that_was_handed_out_is_not_voided(shared: Till, pool: CardPool) -> None:
    card = pool.with_points()
    put_lottery(shared, "HANDED", sure(PrizeKind.GOODS, 0, 1))
    request, answer = await drawn(shared, card, "HANDED")
    shared.sql(
        "INSERT INTO prize_paid (shard, journal_id, lottery_id, seq, note, paid_by, paid_at)"
        " SELECT shard, journal_id, lottery_id, seq, 'at the desk', (SELECT min(id) FROM person),"
        " now() FROM draw WHERE journal_id = (SELECT id FROM journal WHERE slot = %s)",
        request.key.text,
    )
    refused = await shared.ask(void_of(shared, request, answer))
    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    assert shared.balances(card) == (100_000, 1_950)


@pytest.mark.parametrize("terminals", [("80010001", "80010002"), ("80010001", "80010001")])
async def test_of_two_who_draw_the_last_prize_at_once_one_has_it(
    till: Till, pool: CardPool, terminals: tuple[str, str]
) -> None:
    """The other gets the next in order: nothing."""
    first, second = pool.with_points(), pool.with_points()
    put_lottery(till, "LAST", sure(PrizeKind.GOODS, 0, 1))
    asked = [
        draw_of(till, card, "LAST", terminal_id=terminal)
        for card, terminal in zip((first, second), terminals, strict=True)
    ]
    answers = await till.ask_all(asked)
    assert sorted(code_of(one) for one in answers) == ["NONE", "P1"]
    assert taken(till, "LAST") == [1, 1]


async def test_of_two_terminals_that_draw_for_the_last_points_of_a_card_at_once_one_draws(
    shared: Till, pool: CardPool
) -> None:
    """The other hears that there are too few, and no prize is gone."""
    card = pool.with_points()
    await shared.sell(Kind.POINTS_REDEMPTION, card, 1_950)
    put_lottery(shared, "BOTH", sure(PrizeKind.GOODS, 0, 2))
    asked = [draw_of(shared, card, "BOTH", terminal_id=name) for name in ("80010001", "80010009")]
    answers = await shared.ask_all(asked)
    assert sorted(one.reason for one in answers) == [
        Reason.APPROVED, Reason.INSUFFICIENT_FUNDS,
    ]  # fmt: skip
    assert await shared.ask_all(asked) == answers
    assert sum(taken(shared, "BOTH")) == 1


async def test_a_restart_changes_no_draw(estate_database: Dsns, pool: CardPool) -> None:
    async with trading(estate_database) as till:
        put_lottery(till, "AGAIN", prizes_of((PrizeKind.POINTS, 5, 400_000, 100)))
        card = pool.with_points()
        before = [await drawn(till, card, "AGAIN") for _ in range(5)]
    async with trading(estate_database) as till:
        assert [await till.ask(request) for request, _ in before] == [one for _, one in before]
        assert len(lines(till, "AGAIN")) == 5
    audit_ledger(estate_database)


@pytest.mark.parametrize("state", ["draft", "frozen", "closed", "cancelled"])
async def test_a_lottery_that_is_not_open_draws_nothing(
    shared: Till, pool: CardPool, state: str
) -> None:
    code = f"S{state.upper()}"
    put_lottery(shared, code, sure(PrizeKind.GOODS, 0, 1), state=state)
    answer = await shared.ask(draw_of(shared, pool.with_points(), code))
    assert answer.reason is Reason.LOTTERY_NOT_OPEN


@pytest.mark.parametrize("days", [("2026-11-23", "2026-12-01"), ("2026-11-01", "2026-11-21")])
async def test_a_lottery_draws_on_its_days_alone(
    shared: Till, pool: CardPool, days: tuple[str, str]
) -> None:
    opens_on, closes_on = map(dt.date.fromisoformat, days)
    code = f"D{opens_on:%m%d}"
    put_lottery(shared, code, sure(PrizeKind.GOODS, 0, 1), opens_on=opens_on, closes_on=closes_on)
    answer = await shared.ask(draw_of(shared, pool.with_points(), code))
    assert answer.reason is Reason.LOTTERY_NOT_OPEN


async def test_odds_that_were_changed_by_hand_draw_nothing(shared: Till, pool: CardPool) -> None:
    put_lottery(shared, "FORGED", sure(PrizeKind.GOODS, 0, 1))
    shared.sql(
        "UPDATE prize SET stock = 9 WHERE code = 'P1' AND lottery_id = ("
        "SELECT id FROM lottery WHERE code = 'FORGED')"
    )
    answer = await shared.ask(draw_of(shared, pool.with_points(), "FORGED"))
    assert answer.reason is Reason.LOTTERY_NOT_OPEN
    shared.sql(
        "UPDATE prize SET stock = 1 WHERE code = 'P1' AND lottery_id = ("
        "SELECT id FROM lottery WHERE code = 'FORGED')"
    )
    await drawn(shared, pool.with_points(), "FORGED")


async def test_a_card_draws_as_often_as_the_cap_and_what_was_undone_does_not_count(
    shared: Till, pool: CardPool
) -> None:
    card = pool.with_points()
    put_lottery(shared, "CAP", prizes_of(), cap=2)
    await drawn(shared, card, "CAP")
    request, _ = await drawn(shared, card, "CAP")
    third = await shared.ask(draw_of(shared, card, "CAP"))
    assert third.reason is Reason.FREQUENCY_LIMIT
    assert (await shared.ask(shared.reversal(request))).is_approved
    await drawn(shared, card, "CAP")
    assert (await shared.ask(draw_of(shared, card, "CAP"))).reason is Reason.FREQUENCY_LIMIT


async def test_a_member_draws_as_often_as_the_cap_with_all_their_cards(
    shared: Till, pool: CardPool
) -> None:
    cards = [pool.with_points(), pool.with_points()]
    shared.sql(
        "INSERT INTO member (id, phone_hash, phone_sealed, phone_masked, made_by, made_at, state)"
        " VALUES (77, 'm', 'm', 'm', 'li', now(), 'active')"
    )
    shared.sql("UPDATE card SET member_id = 77 WHERE id = any(%s)", cards)
    put_lottery(shared, "MEMBER", prizes_of(), cap=2)
    answers = await shared.ask_all(
        [
            draw_of(shared, cards[0], "MEMBER"),
            draw_of(shared, cards[1], "MEMBER", terminal_id="80010002"),
            draw_of(shared, cards[1], "MEMBER", terminal_id="80010003"),
        ]
    )
    reasons = sorted(one.reason for one in answers)
    assert reasons == [Reason.APPROVED, Reason.APPROVED, Reason.FREQUENCY_LIMIT]
    shared.sql("UPDATE card SET member_id = NULL WHERE id = any(%s)", cards)


async def test_points_decide_who_takes_part(shared: Till, pool: CardPool) -> None:
    put_lottery(shared, "DEAR", prizes_of(), cost_points=2_001)
    put_lottery(shared, "RICH", prizes_of(), threshold_points=2_001)
    card = pool.with_points()
    dear = await shared.ask(draw_of(shared, card, "DEAR", 2_001))
    assert dear.reason is Reason.INSUFFICIENT_FUNDS
    assert (await shared.ask(draw_of(shared, card, "RICH"))).reason is Reason.INVALID_AMOUNT
    assert (await shared.ask(draw_of(shared, card, "DEAR", 2_000))).reason is Reason.INVALID_AMOUNT


async def test_who_could_not_have_its_money_does_not_draw(shared: Till, pool: CardPool) -> None:
    put_lottery(shared, "FULL", prizes_of((PrizeKind.VALUE, 900_001, 1, 1)))
    answer = await shared.ask(draw_of(shared, pool.with_points(), "FULL"))
    assert answer.reason is Reason.AMOUNT_LIMIT


async def test_a_card_of_another_issuer_does_not_take_part(shared: Till, pool: CardPool) -> None:
    put_lottery(shared, "CITIES", prizes_of())
    answer = await shared.ask(draw_of(shared, pool.pear_with_points(), "CITIES"))
    assert answer.reason is Reason.NOT_PERMITTED_TO_CARD


async def test_a_lottery_that_nobody_has_made_is_not_open(shared: Till, pool: CardPool) -> None:
    answer = await shared.ask(draw_of(shared, pool.with_points(), "NOBODYS"))
    assert answer.reason is Reason.LOTTERY_NOT_OPEN
