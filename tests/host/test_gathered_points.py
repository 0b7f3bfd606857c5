"""A combined purchase by a code takes points of all cards of a member, as it takes their money."""

import datetime as dt
import signal
from typing import Any

import psycopg
import pytest
import trio

from clearing.verify import ask as audit
from config.run.database import Dsns
from host.model.money import Money
from host.model.requests import Besides, Drawn, Kind, Original, Request
from host.model.responses import Reason
from host.model.secrets import Pan
from host.payers import LOTS_MAX, Lot, Owned, Plan, Worth, plan_of
from host.paying import Paying
from host.store.moves import OpenMove
from tests.host.conftest import CardPool, Till, audit_ledger, trading
from tests.host.mortal import let_it_die
from tests.host.test_gifts import SENDER, bind, money
from tests.host.test_moves import POINTS, KilledError, drive, killed_at, lots, posted, states, two
from tests.host.test_pay_codes import (
    LAST,
    LATER,
    SOON,
    drawn,
    looked_after,
    masked,
    paying,
    paying_at,
    shown,
)

Three = tuple[int, int, int]
FIRST_DAY, SECOND_DAY, THIRD_DAY = (
    dt.date(2028, 11, 30),
    dt.date(2028, 12, 31),
    dt.date(2029, 1, 31),
)
"""Of points that were earned this month and in the next two."""


@pytest.fixture
async def desk(estate_database: Dsns) -> Any:
    async with looked_after(estate_database) as till:
        yield till
    audit_ledger(estate_database)


async def threes(till: Till, pool: CardPool, count: int) -> list[Three]:
    """Cards with 1,000.00 and 2,000 points, by when they end; the first has the last lot."""
    dealt = [(*two(till, pool.city, is_same_shard=False), pool.city()) for _ in range(count)]
    for place, month in ((1, None), (2, dt.date(2026, 12, 1)), (0, dt.date(2027, 1, 1))):
        if month is not None:
            till.turn_the_date(month)
        for cards in dealt:
            assert (
                await till.ask(till.request(Kind.POINTS_EARN, cards[place], 200_000))
            ).is_approved
    return dealt


def are_one_members(till: Till, cards: Three) -> Three:
    for card, valid_to in zip(cards, (SOON, LATER, LAST), strict=True):
        till.sql("UPDATE card SET valid_to = %s WHERE id = %s", valid_to, bind(till, card, SENDER))
    return cards


async def three(till: Till, pool: CardPool) -> Three:
    """One member's, in two shards or three."""
    [cards] = await threes(till, pool, 1)
    return are_one_members(till, cards)


def combined(till: Till, code: Pan, amount: int, *, most: int | None = None) -> Request:
    return paying(till, code, amount, Kind.COMBINED_PURCHASE, besides=Besides(points_max=most))


def points(till: Till, *cards: int) -> list[int]:
    return [till.balances(card)[1] for card in cards]


async def test_points_of_other_cards_pay_those_first_that_are_lost_first(
    desk: Till, pool: CardPool
) -> None:
    """S3-10, S3-11: whole lots but of the last, and no money that is not needed."""
    first, second, third = await three(desk, pool)
    sale = combined(desk, shown(desk), 50_000, most=3_000)
    answer = await desk.ask(sale)
    assert answer.is_approved, answer
    assert (answer.points_used, answer.balance) == (3_000, Money(53_000, "CNY"))
    assert drawn(answer) == [Drawn(masked(first), 47_000)]
    assert money(desk, first, second, third) == [53_000, 100_000, 100_000]
    assert lots(desk, second) == []
    assert lots(desk, third) == [(1_000, SECOND_DAY)]
    assert lots(desk, first) == [(2_000 + 470, THIRD_DAY)], "and what it has earned"
    assert await desk.ask(sale) == answer, "the same key gets the same answer"
    assert posted(desk, Kind.GATHER_OUT) == 2
    assert desk.sql("SELECT DISTINCT name, state, points::int, unit FROM move") == [
        ("gather_points", "done", 0, "P:CITY")
    ]


async def test_points_and_money_of_several_cards_pay_together(desk: Till, pool: CardPool) -> None:
    """S3-10: 6,000 points are 60.00, and money the rest."""
    cards = await three(desk, pool)
    answer = await desk.ask(combined(desk, shown(desk), 306_000))
    assert (answer.reason, answer.points_used) == (Reason.APPROVED, 6_000)
    assert [one.amount_minor for one in drawn(answer)] == [100_000, 100_000, 100_000]
    assert money(desk, *cards) == [0, 0, 0]
    assert sorted(states(desk)) == ["done"] * 4


async def test_what_all_have_together_and_a_fen_more_is_declined_and_nothing_moves(
    desk: Till, pool: CardPool
) -> None:
    cards = await three(desk, pool)
    code = shown(desk)
    refused = await desk.ask(combined(desk, code, 306_001))
    assert refused.reason is Reason.INSUFFICIENT_FUNDS
    assert (money(desk, *cards), points(desk, *cards)) == ([100_000] * 3, [2_000] * 3)
    part = paying(desk, code, 306_001, Kind.COMBINED_PURCHASE, besides=Besides(takes_part=True))
    answer = await desk.ask(part)
    assert (answer.reason, answer.part_minor) == (Reason.PARTLY_APPROVED, 306_000)
    assert money(desk, *cards) == [0, 0, 0]


async def test_where_points_pay_all_the_card_pays_that_has_most(desk: Till, pool: CardPool) -> None:
    first, second, third = await three(desk, pool)
    assert (await desk.load(third, 100)).is_approved
    earned = await desk.buy(third, 50_100)
    assert earned.is_approved
    answer = await desk.ask(combined(desk, shown(desk), 4_000))
    assert (answer.reason, answer.points_used) == (Reason.APPROVED, 4_000)
    assert drawn(answer) == []
    assert points(desk, first, second) == [2_000, 0]
    assert money(desk, first, second, third) == [100_000, 100_000, 50_000]


async def test_where_no_points_are_to_pay_none_move(desk: Till, pool: CardPool) -> None:
    """What a till says is not exceeded, and fen are no points."""
    cards = await three(desk, pool)
    for amount, most in ((10_000, 0), (99, None)):
        answer = await desk.ask(combined(desk, shown(desk), amount, most=most))
        assert (answer.reason, answer.points_used) == (Reason.APPROVED, 0)
    assert posted(desk, Kind.GATHER_OUT) == 0
    assert points(desk, *cards[1:]) == [2_000, 2_000]


async def test_points_that_may_not_be_spent_yet_stay_where_they_are(
    estate_database: Dsns, pool: CardPool
) -> None:
    async with looked_after(estate_database) as desk:
        _, second, third = await three(desk, pool)
        desk.sql(
            "UPDATE lot AS l SET available_from = '2027-01-05' FROM purse AS p"
            " WHERE p.card_id = %s AND p.shard = l.shard AND p.account_id = l.account_id", second,
        )  # fmt: skip
        desk.sql(
            "UPDATE purse SET pending_minor = 2000, pending_from = '2027-01-05'"
            " WHERE card_id = %s AND unit = 'P:CITY'", second,
        )  # fmt: skip
        answer = await desk.ask(combined(desk, shown(desk), 10_000))
        assert (answer.reason, answer.points_used) == (Reason.APPROVED, 4_000)
        assert points(desk, second, third) == [2_000, 0]
        assert lots(desk, second) == [(2_000, FIRST_DAY)]


@pytest.mark.parametrize("kind", [Kind.VOID, Kind.REFUND, Kind.REVERSAL])
async def test_what_undoes_it_gives_lots_back_with_their_last_day_to_the_card_that_paid(
    desk: Till, pool: CardPool, kind: Kind
) -> None:
    """S1-42, S3-10: in reverse order, money first."""
    first, second, third = await three(desk, pool)
    sale = combined(desk, code := shown(desk), 104_000, most=4_000)
    answer = await desk.ask(sale)
    assert (answer.reason, answer.points_used) == (Reason.APPROVED, 4_000)
    assert money(desk, first, second, third) == [0, 100_000, 100_000]
    if kind is Kind.REFUND:
        await refunded(desk, first, answer.rrn, 101_000)
        assert money(desk, first)[0] == 100_000
        assert (1_000, SECOND_DAY) in lots(desk, first)
        await refunded(desk, first, answer.rrn, 3_000)
    elif kind is Kind.VOID:
        named = desk.original(sale, answer)
        void = desk.request(Kind.VOID, None, 104_000, pan=code, original=named)
        assert (await desk.ask(void)).is_approved
    else:
        assert (await desk.ask(desk.reversal(sale))).is_approved
    assert money(desk, first, second, third) == [100_000] * 3
    assert points(desk, first, second, third) == [6_000, 0, 0]
    assert lots(desk, first) == [(2_000, FIRST_DAY), (2_000, SECOND_DAY), (2_000, THIRD_DAY)]


async def refunded(till: Till, card: int, rrn: str, amount: int) -> None:
    asked = till.request(Kind.REFUND, card, amount, original=Original(rrn=rrn))
    assert (await till.ask(asked)).is_approved


# Killed. -------------------------------------------------------------------------------------

SUM = 205_000
"""All money of the first card, 6,000 points of three, and money of the second."""
POSTINGS = 2 * 3
"""Before the sale: of the first card's money and points, and of the third's points."""


async def pays(till: Till, code: str, trace: str) -> None:
    """What a host is asked that is to die in it."""
    async with paying_at(till):
        await till.ask(combined_again(till, Pan(code), trace))


def combined_again(till: Till, code: Pan, trace: str) -> Request:
    """The same message in every process."""
    return paying(till, code, SUM, Kind.COMBINED_PURCHASE, besides=Besides(), stan=trace)


@pytest.mark.parametrize(
    "point", [f"{name}:{time}" for name in POINTS for time in range(1, POSTINGS + 2)]
)
async def test_a_host_killed_by_the_system_in_any_posting_of_it_has_all_or_nothing_of_it(
    estate_database: Dsns, pool: CardPool, point: str
) -> None:
    """S3-10: after a restart all is there, on this card or that, and the same message pays once."""
    async with trading(estate_database) as till:
        cards = await three(till, pool)
        code = shown(till)
    died = await trio.to_thread.run_sync(
        let_it_die, estate_database, point, pays, code.reveal(), "000777"
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    audit_ledger(estate_database)
    async with looked_after(estate_database) as till:
        await drive(till)
        has_paid = point == f"{POINTS[1]}:{POSTINGS + 1}"
        assert sum(money(till, *cards)) == (101_000 if has_paid else 300_000)
        sale = combined_again(till, code, "000777")
        answer = await till.ask(sale)
        await paid_once(till, sale, cards)
        assert (answer.reason, answer.points_used) == (Reason.APPROVED, 6_000)
    audit_ledger(estate_database)


async def paid_once(till: Till, sale: Request, cards: Three) -> None:
    first, second, third = cards
    assert till.journals(sale) == 1
    assert money(till, first, second, third) == [0, 1_000, 100_000]
    assert points(till, first, third) == [0, 0]
    assert till.sql("SELECT count(*)::int FROM transit WHERE is_open") == [(0,)]
    assert set(states(till)) == {"done"}


async def test_a_host_killed_between_any_two_steps_of_it_goes_on_there(
    estate_database: Dsns, pool: CardPool
) -> None:
    """S3-10: before each request to its own poster, and before each answer is heard."""
    ends = [(place, is_heard) for place in range(POSTINGS) for is_heard in (False, True)]
    async with trading(estate_database) as till:
        dealt = await threes(till, pool, len(ends))
    for number, ((place, is_heard), cards) in enumerate(zip(ends, dealt, strict=True)):
        async with trading(estate_database) as till:
            till.sql("UPDATE card SET member_id = NULL WHERE member_id = %s", SENDER)
            are_one_members(till, cards)
            sale = combined_again(till, shown(till), f"{800 + number:06d}")
            async with paying_at(till, killed_at(till, place, is_heard=is_heard)) as paying:
                killed = killed_while_it_drives(paying)
                till.poster.submit(sale, lambda _answer: None)
                with trio.fail_after(20):
                    await killed.wait()
        audit_ledger(estate_database)
        async with looked_after(estate_database) as till:
            await drive(till)
            assert sum(money(till, *cards)) == 300_000
            assert sum(points(till, *cards)) == 6_000
            assert (await till.ask(sale)).is_approved
            await paid_once(till, sale, cards)
    audit_ledger(estate_database)


def killed_while_it_drives(paying: Paying) -> trio.Event:
    """Set once its asking was in vain: it waits for ever then."""
    drive_one, killed = paying.drive, trio.Event()
    assert drive_one is not None

    async def until_killed(move: OpenMove) -> None:
        try:
            await drive_one(move)
        except KilledError:
            killed.set()
            await trio.sleep_forever()

    paying.drive = until_killed
    return killed


async def test_the_audit_names_what_is_on_its_way_without_a_move(
    estate_database: Dsns, pool: CardPool
) -> None:
    """In points, too: what is in transit is what open moves are at."""
    async with looked_after(estate_database) as till:
        await three(till, pool)
        assert (await till.ask(combined(till, shown(till), 50_000))).is_approved
    with psycopg.connect(estate_database.owner) as connection:
        came = "kind = 'move_in' AND id = (SELECT max(id) FROM journal WHERE kind = 'move_in')"
        connection.execute(f"UPDATE journal SET slot = replace(slot, '.in', '.on') WHERE {came}")
        assert "on_its_way_without_a_move" in {one.test for one in audit(connection)}
        connection.rollback()
        connection.execute(
            "UPDATE entry SET amount_minor = amount_minor + 1 WHERE credit_account IN"
            " (SELECT id FROM account WHERE chart = 'in_transit' AND unit = 'P:CITY')"
        )
        assert "in_transit_not_on_its_way" in {one.test for one in audit(connection)}
        connection.rollback()


# Planned. ------------------------------------------------------------------------------------


def owned(card: int, free_minor: int, *lots: tuple[int, int], issuer: int = 1) -> Owned:
    """Lots by the day of a month, and how many points each has."""
    kept = tuple(Lot(dt.date(2027, 1, day), points) for day, points in lots)
    there = sum(lot.points for lot in kept)
    return Owned(0, b"", card, issuer, None, "", free_minor, there, kept)


def one_a_fen(most: int) -> Any:
    return lambda _issuer, there: Worth(min(there, most), min(there, most))


@pytest.mark.parametrize(
    ("cards", "amount", "payer", "emptied", "moved"),
    [
        ([owned(1, 50, (2, 10)), owned(2, 50, (1, 10))], 60, 1, [], [(2, 10)]),
        ([owned(1, 50, (1, 10)), owned(2, 50, (2, 10))], 60, 1, [], [(2, 10)]),
        ([owned(1, 50, (1, 10)), owned(2, 50, (2, 10))], 110, 2, [1], [(1, 10)]),
        ([owned(1, 0, (1, 10)), owned(2, 0, (2, 30))], 25, 2, [], [(1, 10)]),
        ([owned(1, 0, (1, 10)), owned(2, 0, (2, 30))], 40, 2, [], [(1, 10)]),
        ([owned(1, 0, (1, 10)), owned(2, 0, (2, 30))], 41, 1, [], []),
        ([owned(1, 5, (1, 10)), owned(2, 90, (1, 9), issuer=2)], 95, 2, [], []),
    ],
)  # fmt: skip
def test_points_pay_before_money_and_come_from_those_that_are_lost_first(
    cards: list[Owned], amount: int, payer: int, emptied: list[int], moved: list[tuple[int, int]]
) -> None:
    """S3-10."""
    plan = plan_of(cards, amount, takes_part=False, paid_by=one_a_fen(amount))
    assert plan is not None
    assert (plan.payer.id, [card.id for card in plan.emptied]) == (payer, emptied)
    assert [(card.id, points) for card, points in plan.points] == moved


def test_no_more_lots_of_others_come_than_may() -> None:
    one = owned(1, 1_000)
    other = owned(2, 0, *((day, 10) for day in range(1, LOTS_MAX + 4)))
    plan = plan_of([one, other], 500, takes_part=False, paid_by=one_a_fen(500))
    assert plan == Plan(one, (), ((other, 10 * LOTS_MAX),))
