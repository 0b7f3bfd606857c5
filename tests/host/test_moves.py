"""Value of one card goes to another in two postings, and nothing is lost or doubled in between."""

import datetime as dt
import itertools
import signal
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import psycopg
import pytest
import trio

from clearing.verify import ask
from config.run.database import Dsns
from host.model.money import Money
from host.model.origins import Origin
from host.model.own import CardAt, OwnKey, OwnRequest
from host.model.requests import Kind, Original, Request, Response
from host.model.responses import Reason
from host.moves import Moves
from tests.host.conftest import NOW, CardPool, Till, asking_of, audit_ledger, card_at, trading
from tests.host.mortal import let_it_die

pytestmark = pytest.mark.usefixtures("sharing")

Ask = Callable[[OwnRequest], Awaitable[Response]]
POINTS = ("before_commit", "after_commit_before_reply")
"""Where a host may die, in each of the postings of a move."""


@pytest.fixture(scope="session")
def estate_template(module_template: str) -> str:
    """Cards of one shard are sought among many."""
    return module_template


async def drive(till: Till, ask: Ask | None = None) -> None:
    """As the clock does, whose asking a test may stand in the way of."""

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(till.dsns.host, autocommit=True)

    moves = Moves(connect, ask or asking_of(till).ask, lambda: NOW)
    try:
        await moves.drive()
    finally:
        moves.shut()


def replace(till: Till, old: int, new: int, by: str = "li") -> None:
    """As the office does it: the old card has ended, and what it has is to leave it."""
    shards = [card_at(till, card).shard for card in (old, new)]
    till.sql("UPDATE card SET status = 'replaced' WHERE id = %s", old)
    till.sql(
        "INSERT INTO move"
        " (shard, card_id, name, to_shard, to_card, origin, made_by, asked_at, issuer_id)"
        " SELECT c.shard, c.id, 'replacement', %s, %s, 'office', %s, %s, c.issuer_id"
        " FROM card AS c WHERE c.id = %s",
        shards[1], new, by, NOW, old,
    )  # fmt: skip


def two(
    till: Till, take: Callable[[], int], *, is_same_shard: bool, pool: CardPool | None = None
) -> tuple[int, int]:
    """A card, and another that lives in its shard, or in another; a pool gets the rest again."""
    one, passed = take(), []
    while (card_at(till, one).shard == card_at(till, other := take()).shard) is not is_same_shard:
        passed.append(other)
    if pool is not None:
        pool.give_back(passed)
    return one, other


def lots(till: Till, card: int) -> list[tuple[int, dt.date]]:
    """Its unspent points, by their last day."""
    return [
        (points, day)
        for points, day in till.sql(
            "SELECT sum(l.remaining)::int, l.expires_on FROM lot AS l"
            " JOIN purse AS p ON p.shard = l.shard AND p.account_id = l.account_id"
            " WHERE p.card_id = %s AND l.remaining <> 0 GROUP BY 2 ORDER BY 2", card,
        )
    ]  # fmt: skip


def posted(till: Till, kind: Kind, *cards: int) -> int:
    """How often, to these cards, or to any card."""
    [(count,)] = till.sql(
        "SELECT count(*)::int FROM journal WHERE kind = %s AND (card_id = any(%s) OR %s)",
        kind.value, list(cards), not cards,
    )  # fmt: skip
    return int(count)


def states(till: Till, *cards: int) -> list[str]:
    """Of what is to leave these cards, or any card."""
    told = till.sql(
        "SELECT state FROM move WHERE card_id = any(%s) OR %s ORDER BY card_id, name",
        list(cards), not cards,
    )  # fmt: skip
    return [state for (state,) in told]


@pytest.mark.parametrize("is_same_shard", [True, False], ids=["one shard", "two shards"])
async def test_money_and_points_of_a_replaced_card_are_on_the_other(
    till: Till, pool: CardPool, is_same_shard: bool
) -> None:
    """S4-75: and nothing of them is in between when it is over."""
    old, new = two(till, pool.with_points, is_same_shard=is_same_shard, pool=pool)
    await till.buy(old, 12_300)
    before = lots(till, old), lots(till, new)
    replace(till, old, new)
    await drive(till)
    assert till.balances(old) == (0, 0)
    assert till.balances(new) == (87_700 + 100_000, 2_123 + 2_000)
    together = {day: 0 for _, day in [*before[0], *before[1]]}
    for points, day in [*before[0], *before[1]]:
        together[day] += points
    assert {day: points for points, day in lots(till, new)} == together
    assert (posted(till, Kind.MOVE_OUT, old), posted(till, Kind.MOVE_IN, new)) == (3, 3)
    assert states(till, old) == ["done"]
    sale = await till.buy(new, 187_700)
    assert sale.is_approved
    assert (await till.buy(old, 1)).reason is Reason.CARD_REPLACED


async def test_who_made_a_move_stands_in_both_of_its_keys(till: Till, pool: CardPool) -> None:
    """S1-40: the second key is made of the first."""
    old, new = pool.city(), pool.city()
    replace(till, old, new)
    await drive(till)
    assert till.sql(
        "SELECT slot, origin, made_by FROM journal WHERE kind LIKE 'move%%' AND card_id = any(%s)"
        " ORDER BY kind DESC",
        [old, new],
    ) == [
        (f"office/li/move.{old}/replacement-1/f", "office", "li"),
        (f"office/li/move.{old}/replacement-1.in/f", "office", "li"),
    ]


class KilledError(Exception):
    """The host is no more."""


def killed_at(till: Till, place: int, *, is_heard: bool) -> Ask:
    """Asks, until it is killed: before the request of that place, or before its answer is heard."""
    asked = itertools.count()

    async def ask(own: OwnRequest) -> Response:
        is_the_last = next(asked) == place
        if is_the_last and not is_heard:
            raise KilledError
        answer = await asking_of(till).ask(own)
        if is_the_last:
            raise KilledError
        return answer

    return ask


@pytest.mark.usefixtures("alone")
async def test_a_host_killed_at_any_step_goes_on_there(
    estate_database: Dsns, pool: CardPool
) -> None:
    """Money out and in, points out and in, and that nothing is left: five requests."""
    ends = [(place, is_heard) for place in range(5) for is_heard in (False, True)]
    moved = []
    async with trading(estate_database) as till:
        for place, is_heard in ends:
            old, new = two(till, pool.with_points, is_same_shard=False, pool=pool)
            replace(till, old, new)
            moved.append((old, new))
            with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
                await drive(till, killed_at(till, place, is_heard=is_heard))
            audit_ledger(estate_database)
            await drive(till)
    async with trading(estate_database) as till:
        await drive(till)
        for old, new in moved:
            assert till.balances(old) == (0, 0)
            assert till.balances(new) == (200_000, 4_000)
        outs = 2 * len(moved)
        assert (posted(till, Kind.MOVE_OUT), posted(till, Kind.MOVE_IN)) == (outs, outs)
        assert set(states(till)) == {"done"}
    audit_ledger(estate_database)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("point", [f"{name}:{time}" for name in POINTS for time in (1, 2, 3)])
async def test_a_host_killed_by_the_system_between_two_postings_loses_nothing(
    estate_database: Dsns, pool: CardPool, point: str
) -> None:
    async with trading(estate_database) as till:
        old, new = two(till, pool.with_points, is_same_shard=False, pool=pool)
        replace(till, old, new)
    await trio.to_thread.run_sync(_let_it_die, estate_database, point)
    audit_ledger(estate_database)
    async with trading(estate_database) as till:
        await drive(till)
        assert (till.balances(old), till.balances(new)) == ((0, 0), (200_000, 4_000))
        assert (posted(till, Kind.MOVE_OUT), posted(till, Kind.MOVE_IN)) == (2, 2)
    audit_ledger(estate_database)


def _let_it_die(dsns: Dsns, point: str) -> None:
    died = let_it_die(dsns, point, drive)
    assert died.returncode == -signal.SIGKILL, died.stderr


async def test_two_that_drive_one_move_at_once_move_it_once(till: Till, pool: CardPool) -> None:
    old, new = two(till, pool.with_points, is_same_shard=False, pool=pool)
    replace(till, old, new)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(drive, till)
    await drive(till)
    assert (till.balances(old), till.balances(new)) == ((0, 0), (200_000, 4_000))
    assert (posted(till, Kind.MOVE_OUT, old), posted(till, Kind.MOVE_IN, new)) == (2, 2)


async def test_what_comes_back_onto_a_replaced_card_goes_on_to_the_other(
    till: Till, pool: CardPool
) -> None:
    """S4-75: a refund, and a reversal of a redemption whose lot keeps its last day."""
    old, new = two(till, pool.with_points, is_same_shard=False, pool=pool)
    sale, answer = await till.sell(Kind.PURCHASE, old, 30_000)
    redeemed = till.request(Kind.POINTS_REDEMPTION, old, 500)
    assert (await till.ask(redeemed)).is_approved
    replace(till, old, new)
    await drive(till)
    assert till.balances(new) == (170_000, 2_000 + 1_800)
    await till.sell(Kind.REFUND, old, 10_000, original=till.original(sale, answer))
    assert (await till.ask(till.reversal(redeemed))).is_approved
    assert states(till, old) == ["open"]
    await drive(till)
    assert states(till, old) == ["done"]
    assert till.balances(old) == (0, -100 + 100), "what the sale earned was taken from what came"
    assert till.balances(new) == (180_000, 2_000 + 1_800 + 400)


def fees(till: Till, *cards: int) -> list[tuple[int, int, str | None]]:
    """What was taken for replacements of these cards, or of any: of which card, how much, and to
    whose account."""
    return [
        (card, amount, chart)
        for card, amount, chart in till.sql(
            "SELECT j.card_id, e.amount_minor, a.chart || ' of issuer ' || a.issuer_id"
            " FROM journal AS j JOIN entry AS e ON e.shard = j.shard AND e.journal_id = j.id"
            " JOIN account AS a ON a.id = e.credit_account WHERE j.kind = 'card_fee'"
            " AND (j.card_id = any(%s) OR %s) ORDER BY 1", list(cards), not cards,
        )
    ]  # fmt: skip


def replace_for(till: Till, old: int, new: int, fee: int) -> None:
    """As `replace`, and so much is taken for it."""
    replace(till, old, new)
    till.sql("UPDATE move SET fee_minor = %s WHERE card_id = %s", fee, old)


@pytest.mark.parametrize("fee", [1_000, 100_000])
async def test_a_fee_is_taken_before_what_is_left_moves(
    till: Till, pool: CardPool, fee: int
) -> None:
    """S1-46: were it all that the card has."""
    old, new = two(till, pool.with_points, is_same_shard=False, pool=pool)
    replace_for(till, old, new, fee)
    await drive(till)
    assert (till.balances(old), till.balances(new)) == ((0, 0), (200_000 - fee, 4_000))
    assert fees(till, old) == [(old, fee, "fee_income of issuer 1")]
    assert states(till, old) == ["done"]


async def test_what_comes_back_later_pays_no_fee_again(till: Till, pool: CardPool) -> None:
    old, new = pool.city(), pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, old, 30_000)
    replace_for(till, old, new, 500)
    await drive(till)
    await till.sell(Kind.REFUND, old, 10_000, original=till.original(sale, answer))
    await drive(till)
    assert till.balances(new)[0] == 70_000 - 500 + 10_000 + 100_000
    assert fees(till, old) == [(old, 500, "fee_income of issuer 1")]


async def test_what_a_sale_under_way_has_spent_of_a_fee_is_not_taken_and_the_rest_moves(
    till: Till, pool: CardPool
) -> None:
    """It was covered when it was asked for: all of it is taken, or nothing."""
    old, new = pool.city(), pool.city()
    await till.sell(Kind.PURCHASE, old, 99_000)
    replace_for(till, old, new, 1_001)
    await drive(till)
    assert (till.balances(old)[0], till.balances(new)[0]) == (0, 101_000)
    assert (fees(till, old), states(till, old)) == ([], ["done"])


@pytest.mark.usefixtures("alone")
async def test_a_host_killed_while_a_fee_is_taken_takes_it_once(
    estate_database: Dsns, pool: CardPool
) -> None:
    """The fee, money out and in, and that nothing is left."""
    ends = [(place, is_heard) for place in range(4) for is_heard in (False, True)]
    async with trading(estate_database) as till:
        for place, is_heard in ends:
            old, new = pool.city(), pool.city()
            replace_for(till, old, new, 700)
            with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
                await drive(till, killed_at(till, place, is_heard=is_heard))
            audit_ledger(estate_database)
            await drive(till)
            assert (till.balances(old)[0], till.balances(new)[0]) == (0, 199_300)
        assert len(fees(till)) == len(ends)
    audit_ledger(estate_database)


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        (Money(100, "CNY"), "active", Reason.NOT_PERMITTED_TO_CARD),
        (Money(100, "USD"), "replaced", Reason.INVALID_AMOUNT),
        (Money(0, "CNY"), "replaced", Reason.INVALID_AMOUNT),
        (Money(100_001, "CNY"), "replaced", Reason.INSUFFICIENT_FUNDS),
    ],
)
async def test_a_fee_that_may_not_be_taken_says_why(
    till: Till, pool: CardPool, asked: Money, status: str, reason: Reason
) -> None:
    old, new = pool.city(), pool.city()
    replace(till, old, new)
    till.sql("UPDATE card SET status = %s WHERE id = %s", status, old)
    key = OwnKey(Origin.OFFICE, "li", "move", f"fee-{old}")
    own = OwnRequest(kind=Kind.CARD_FEE, key=key, card=card_at(till, old), amount=asked)
    assert (await asking_of(till).ask(own)).reason is reason
    assert till.balances(old)[0] == 100_000


async def test_the_audit_names_a_fee_that_was_not_asked_for_or_not_taken(
    till: Till, pool: CardPool
) -> None:
    taken, left = pool.city(), pool.city()
    replace_for(till, taken, pool.city(), 500)
    replace(till, left, pool.city())
    await drive(till)
    with psycopg.connect(till.dsns.owner) as connection:
        for spoilt in (
            f"UPDATE move SET fee_minor = 400 WHERE card_id = {taken}",
            f"UPDATE move SET fee_minor = 0 WHERE card_id = {taken}",
            f"UPDATE move SET fee_minor = 500 WHERE card_id = {left}",
        ):
            connection.execute(spoilt)
            assert "fee_not_its_move" in {one.test for one in ask(connection)}, spoilt
            connection.rollback()


class InDebt(NamedTuple):
    """A card that owes what it has spent of points which a void took back, and how that came."""

    card: int
    redemption: Request
    void: Request


async def in_debt(till: Till, card: int, kind: Kind = Kind.PURCHASE) -> InDebt:
    """It owes 400 of the 500 points that something gave it."""
    given, answer = await till.sell(kind, card, 50_000)
    redemption, _ = await till.sell(Kind.POINTS_REDEMPTION, card, 400)
    original = till.original(given, answer)
    void, _ = await till.sell(Kind.VOID, card, 50_000, original=original)
    return InDebt(card, redemption, void)


@pytest.mark.parametrize(
    ("paid", "is_same_shard"),
    [(0, False), (0, True), (90_000, False)],
    ids=["two shards", "one shard", "whose points pay it"],
)
async def test_what_a_replaced_card_owes_in_points_the_other_owes(
    till: Till, pool: CardPool, paid: int, is_same_shard: bool
) -> None:
    """S4-75: were it a card without points, or one whose points pay it."""
    old, new = two(till, pool.city, is_same_shard=is_same_shard, pool=pool)
    await in_debt(till, old)
    if paid:
        assert (await till.buy(new, paid)).is_approved
    replace(till, old, new)
    await drive(till)
    left = paid // 100 - 400
    assert (till.balances(old), till.balances(new)) == ((0, 0), (200_000 - paid, left))
    assert states(till, old) == ["done"]
    earned = await till.buy(new, 100_000)
    assert (earned.points_balance, till.balances(new)[1]) == (left + 1_000, left + 1_000)


async def test_a_debt_goes_on_to_the_card_that_replaces_the_replacement(
    till: Till, pool: CardPool
) -> None:
    """S4-75: with the value, and once."""
    old, new, last = (await in_debt(till, pool.city())).card, pool.city(), pool.city()
    replace(till, old, new)
    await drive(till)
    replace(till, new, last)
    await drive(till)
    assert [till.balances(card) for card in (old, new, last)] == [(0, 0), (0, 0), (300_000, -400)]
    assert till.sql(
        "SELECT kind, amount_minor FROM journal WHERE kind LIKE 'move%%' AND unit LIKE 'P:%%'"
        " AND card_id = any(%s) ORDER BY kind",
        [old, new, last],
    ) == [("move_in", 400), ("move_in", 400), ("move_out", 400), ("move_out", 400)]


@pytest.mark.parametrize("is_driven_between", [True, False])
@pytest.mark.parametrize("first", ["redemption", "void"])
async def test_what_made_a_debt_is_undone_after_it_has_moved(
    till: Till, pool: CardPool, first: str, is_driven_between: bool
) -> None:
    """Each lot gets back what was taken from it and no more; the other card is quits."""
    owing, new = await in_debt(till, pool.city(), Kind.POINTS_EARN), pool.city()
    replace(till, owing.card, new)
    await drive(till)
    undone = [owing.redemption, owing.void]
    for request in undone if first == "redemption" else reversed(undone):
        assert (await till.ask(till.reversal(request))).is_approved
        if is_driven_between:
            await drive(till)
    await drive(till)
    assert till.balances(owing.card) == (0, 0)
    assert till.balances(new) == (200_000, 500), "what it was given, and nothing was spent"


async def test_a_debt_that_comes_later_follows(till: Till, pool: CardPool) -> None:
    """S4-75: a sale of the replaced card is voided whose points the other has spent."""
    old, new = pool.city(), pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, old, 50_000)
    replace(till, old, new)
    await drive(till)
    await till.sell(Kind.POINTS_REDEMPTION, new, 500)
    await till.sell(Kind.VOID, old, 50_000, original=till.original(sale, answer))
    assert (till.balances(old), states(till, old)) == ((50_000, -500), ["open"])
    await drive(till)
    assert (till.balances(old), till.balances(new)) == ((0, 0), (200_000, -500))


@pytest.mark.usefixtures("alone")
async def test_the_debt_of_a_card_that_was_replaced_before_debts_moved_follows(
    till: Till, pool: CardPool
) -> None:
    """S4-75: the migration opens its move again."""
    old, new, other = (await in_debt(till, pool.city())).card, pool.city(), pool.city()
    replace(till, old, new)
    till.sql("UPDATE move SET state = 'done', step = 3, ended_at = %s", NOW)
    replace(till, other, pool.city())
    till.sql("UPDATE move SET state = 'refused', refused = 'x', ended_at = %s WHERE step = 1", NOW)
    text = files("host.store").joinpath("migrations/0051_debts_that_move.sql").read_text()
    till.sql(text[text.index("UPDATE move") : text.index("-- Rights")])
    assert states(till) == ["open", "refused"]
    await drive(till)
    assert (till.balances(old), till.balances(new)) == ((0, 0), (200_000, -400))


@pytest.mark.usefixtures("alone")
async def test_a_host_killed_while_a_debt_moves_goes_on_there(
    estate_database: Dsns, pool: CardPool
) -> None:
    """Money out and in, the debt out and in, and that nothing is left."""
    ends = [(place, is_heard) for place in range(5) for is_heard in (False, True)]
    async with trading(estate_database) as till:
        for place, is_heard in ends:
            old = (await in_debt(till, pool.city())).card
            new = pool.city()
            replace(till, old, new)
            with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
                await drive(till, killed_at(till, place, is_heard=is_heard))
            audit_ledger(estate_database)
            await drive(till)
            assert (till.balances(old), till.balances(new)) == ((0, 0), (200_000, -400))
    audit_ledger(estate_database)


@pytest.mark.usefixtures("alone")
async def test_points_whose_last_day_passes_on_the_way_can_be_spent_that_day(
    till: Till, pool: CardPool
) -> None:
    old, new = two(till, pool.with_points, is_same_shard=False, pool=pool)
    replace(till, old, new)
    with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
        await drive(till, killed_at(till, 2, is_heard=True))
    [(_, last_day)] = lots(till, new)
    till.turn_the_date(last_day + dt.timedelta(days=1))
    await drive(till)
    assert lots(till, new) == [(2_000, last_day), (2_000, last_day + dt.timedelta(days=1))]
    assert (await till.ask(till.request(Kind.POINTS_REDEMPTION, new, 2_000))).is_approved


@pytest.mark.usefixtures("alone")
async def test_points_that_have_expired_do_not_leave(till: Till, pool: CardPool) -> None:
    old, new = two(till, pool.with_points, is_same_shard=False, pool=pool)
    replace(till, old, new)
    till.turn_the_date(lots(till, old)[0][1] + dt.timedelta(days=1))
    await drive(till)
    assert (till.balances(old), till.balances(new)[0]) == ((0, 2_000), 200_000)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("status = 'active'", Reason.NOT_PERMITTED_TO_CARD),
        ("status = 'voided'", Reason.NOT_PERMITTED_TO_CARD),
    ],
)
async def test_nothing_leaves_a_card_that_was_not_replaced(
    till: Till, pool: CardPool, change: str, reason: Reason
) -> None:
    old, new = pool.city(), pool.city()
    replace(till, old, new)
    till.sql(f"UPDATE card SET {change} WHERE id = %s", old)
    await drive(till)
    assert till.sql("SELECT state, refused FROM move WHERE card_id = %s", old) == [
        ("refused", reason.value)
    ]
    assert till.balances(old)[0] == till.balances(new)[0] == 100_000


async def test_nothing_leaves_for_a_card_of_another_issuer_or_that_is_not_there(
    till: Till, pool: CardPool
) -> None:
    """Asked before it leaves, so that what has left is never refused."""
    old, other = pool.city(), pool.pear()
    replace(till, old, other)
    at = card_at(till, old)
    for to, reason in (
        (card_at(till, other), Reason.NOT_PERMITTED_TO_CARD),
        (at, Reason.NOT_PERMITTED_TO_CARD),
        (CardAt(3, b"nobody"), Reason.CARD_NOT_FOUND),
    ):
        key = OwnKey(Origin.OFFICE, "li", "move", reason.value + str(to.shard))
        own = OwnRequest(kind=Kind.MOVE_OUT, key=key, card=at, to=to)
        assert (await asking_of(till).ask(own)).reason is reason


async def test_what_is_held_of_a_card_leaves_it_once_that_has_ended(
    till: Till, pool: CardPool
) -> None:
    """What is free goes at once; a completion is still paid out of what was held for it."""
    old, new = pool.city(), pool.city()
    held = {}
    for amount in (30_000, 20_000):
        asked = till.request(Kind.PREAUTH, old, amount, pin="123456")
        held[amount] = Original(rrn=(await till.ask(asked)).rrn)
    replace(till, old, new)
    await drive(till)
    assert (till.balances(old)[0], till.balances(new)[0]) == (50_000, 150_000)
    assert states(till, old) == ["done"]
    done = till.request(Kind.COMPLETION, old, 25_000, original=held[30_000])
    assert (await till.ask(done)).is_approved
    void = till.request(Kind.PREAUTH_VOID, old, 20_000, original=held[20_000])
    assert (await till.ask(void)).is_approved
    await drive(till)
    assert (till.balances(old)[0], till.balances(new)[0]) == (0, 175_000)


async def test_the_same_key_gets_the_same_answer_and_another_body_under_it_none(
    till: Till, pool: CardPool
) -> None:
    old, new, other = pool.city(), pool.city(), pool.city()
    replace(till, old, new)
    key = OwnKey(Origin.CLOCK, "moves", "move", "1")
    own = OwnRequest(kind=Kind.MOVE_OUT, key=key, card=card_at(till, old), to=card_at(till, new))
    first = await asking_of(till).ask(own)
    assert first.is_approved
    assert await asking_of(till).ask(own) == first
    changed = msgspec.structs.replace(own, to=card_at(till, other))
    assert (await asking_of(till).ask(changed)).reason is Reason.DUPLICATE
    into = OwnRequest(
        kind=Kind.MOVE_IN,
        key=msgspec.structs.replace(key, name="1.in"),
        card=card_at(till, new),
        amount=Money(100_000, "CNY"),
    )
    assert (await asking_of(till).ask(into)).is_approved
    assert (await asking_of(till).ask(into)).is_approved
    assert till.balances(new)[0] == 200_000


ARRIVALS = (
    "UPDATE transit SET to_card = 999 WHERE to_card = {card} AND NOT is_open",
    "UPDATE transit SET to_shard = 63 - to_shard WHERE to_card = {card} AND NOT is_open",
    "UPDATE transit SET expires_on = '2020-01-01' WHERE to_card = {card} AND expires_on > now()",
    "UPDATE journal SET amount_minor = 1 WHERE card_id = {card} AND kind = 'move_in'",
    "UPDATE journal SET slot = 'office/x/y/1/f' WHERE card_id = {card} AND slot LIKE '%-1.in/f'",
    "UPDATE transit SET is_debt = NOT is_debt WHERE to_card = {card} AND NOT is_open",
)


async def test_the_audit_names_a_debt_that_is_left_on_a_replaced_card(
    till: Till, pool: CardPool
) -> None:
    old = (await in_debt(till, pool.city())).card
    replace(till, old, pool.city())
    with psycopg.connect(till.dsns.owner) as connection:
        connection.execute(
            "UPDATE move SET state = 'done', ended_at = now() WHERE card_id = %s", (old,)
        )
        connection.execute("DELETE FROM purse WHERE card_id = %s AND unit = 'CNY'", (old,))
        told = [one.what for one in ask(connection) if one.test == "ended_card_with_value"]
        connection.rollback()
    assert told == [f"card {old} has -400 points CITY left, though its replacement is done"]
    await drive(till)


async def test_the_audit_names_what_came_and_is_not_what_had_left(
    till: Till, pool: CardPool
) -> None:
    old, new = two(till, pool.with_points, is_same_shard=False, pool=pool)
    replace(till, old, new)
    await drive(till)
    with psycopg.connect(till.dsns.owner) as connection:
        for spoilt in ARRIVALS:
            connection.execute(spoilt.format(card=new))
            found = {one.test for one in ask(connection)}
            assert "arrival_not_its_departure" in found, spoilt
            connection.rollback()
