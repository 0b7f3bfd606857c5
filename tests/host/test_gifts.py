"""A gift has left its card from the moment it is sent, and ends once: claimed, or back again."""

import datetime as dt
import itertools
import signal
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
import psycopg
import pytest
import trio

from clearing.verify import ask as ask_audit
from config.run.database import Dsns
from host.gifts import Gifts
from host.model.gifts import GiftEnd, GiftNamed, GiftSent
from host.model.money import Money
from host.model.numbers import number_of_rrn
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.rules.gift_states import ACTION_OF, GIFT_STATES
from host.rules.states import after
from tests.host.batched import put_batch, set_state
from tests.host.conftest import NOW, CardPool, Till, asking_of, audit_ledger, card_at, trading
from tests.host.mortal import let_it_die
from tests.host.test_moves import KilledError, drive, replace

pytestmark = pytest.mark.usefixtures("sharing")

Ask = Callable[[OwnRequest], Awaitable[Response]]
SENDER, RECEIVER = 71, 72
FORMS = itertools.count(1)
BATCHES = itertools.count(901)
SUM = 30_000
DAYS = dt.timedelta(days=1)
LATER = NOW + 3 * DAYS
"""When a gift that was sent now is due."""


class Gift(NamedTuple):
    """One that was sent, by its two cards."""

    giver: int
    getter: int
    number: int


def members(till: Till) -> None:
    """Who gives and who gets, once a database."""
    for member in (SENDER, RECEIVER):
        till.sql(
            "INSERT INTO member (id, phone_hash, phone_sealed, phone_masked, made_by, made_at)"
            " VALUES (%s, %s, 'x', '137****0000', 'li', now()) ON CONFLICT DO NOTHING",
            member, f"phone {member}".encode(),
        )  # fmt: skip


def bind(till: Till, card: int, member: int) -> int:
    """The card is this member's."""
    members(till)
    till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, card)
    return card


def sending(
    till: Till, card: int, amount: int = SUM, *, form: str = "", member: int = SENDER
) -> OwnRequest:
    """As the office asks it for a member."""
    name = form or f"form-{next(FORMS)}"
    return OwnRequest(
        kind=Kind.GIFT_SEND,
        key=OwnKey(Origin.MEMBER, str(member), "gift.send", name),
        card=card_at(till, card),
        amount=Money(amount, "CNY"),
        member=member,
        gift=GiftSent(hours=72, token_hash=name.encode(), wish="端午安康!", from_name="李"),
    )


def claiming(till: Till, gift: Gift, *, form: str = "", amount: int = SUM) -> OwnRequest:
    """The receiver takes it onto a card."""
    [(shard,)] = till.sql("SELECT shard FROM gift WHERE journal_id = %s", gift.number)
    name = form or f"form-{next(FORMS)}"
    return OwnRequest(
        kind=Kind.GIFT_CLAIM,
        key=OwnKey(Origin.MEMBER, str(RECEIVER), "gift.claim", name),
        card=card_at(till, gift.getter),
        to=card_at(till, gift.giver),
        amount=Money(amount, "CNY"),
        member=RECEIVER,
        ended_gift=GiftNamed(shard, gift.number, GiftEnd.CLAIMED),
    )


def returning(till: Till, gift: Gift, end: GiftEnd = GiftEnd.WITHDRAWN) -> OwnRequest:
    """Its sender takes it back, or its receiver will not have it."""
    giver = card_at(till, gift.giver)
    return OwnRequest(
        kind=Kind.GIFT_RETURN,
        key=OwnKey(Origin.MEMBER, str(SENDER), "gift.withdraw", f"form-{next(FORMS)}"),
        card=giver,
        ended_gift=GiftNamed(giver.shard, gift.number, end),
    )


async def send(till: Till, pool: CardPool, amount: int = SUM) -> Gift:
    """A gift between two cards of two members, in shards of their own."""
    giver = bind(till, pool.city(), SENDER)
    getter = bind(till, pool.city(), RECEIVER)
    while card_at(till, getter).shard == card_at(till, giver).shard:
        getter = bind(till, pool.city(), RECEIVER)
    return await send_between(till, giver, getter, amount)


async def send_between(till: Till, giver: int, getter: int, amount: int = SUM) -> Gift:
    answer = await asking_of(till).ask(sending(till, giver, amount))
    assert answer.is_approved, answer
    return Gift(giver, getter, number_of(answer))


def number_of(answer: Response) -> int:
    number = number_of_rrn(answer.rrn, dt.date.fromisoformat(answer.business_date))
    assert number is not None
    return number


def states(till: Till, *givers: int) -> list[tuple[str, str]]:
    """Of the gifts of these cards."""
    rows = till.sql(
        "SELECT state, ended_as FROM gift WHERE card_id = any(%s)"
        " ORDER BY array_position(%s::bigint [], card_id), journal_id",
        list(givers), list(givers),
    )  # fmt: skip
    return [(state, ended_as) for state, ended_as in rows]


def money(till: Till, *cards: int) -> list[int]:
    return [till.balances(card)[0] for card in cards]


async def give_back(till: Till, now: dt.datetime = LATER, ask: Ask | None = None) -> None:
    """As the clock does, whose asking a test may stand in the way of."""

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(till.dsns.host, autocommit=True)

    gifts = Gifts(connect, ask or asking_of(till).ask, lambda: now)
    try:
        await gifts.give_back()
    finally:
        gifts.shut()


async def test_a_gift_leaves_its_card_at_once_and_is_the_receivers_when_it_is_claimed(
    till: Till, pool: CardPool
) -> None:
    """S3-14, S3-15: with a wish; and can be spent there at once."""
    gift = await send(till, pool)
    assert money(till, gift.giver, gift.getter) == [70_000, 100_000]
    for more, reason in (
        (70_001, Reason.VALUE_HELD),
        (100_000, Reason.VALUE_HELD),
        (100_001, Reason.INSUFFICIENT_FUNDS),
    ):
        assert (await till.buy(gift.giver, more)).reason is reason
    held = await asking_of(till).ask(sending(till, gift.giver, 70_001))
    assert held.reason is Reason.VALUE_HELD
    answer = await asking_of(till).ask(claiming(till, gift))
    assert (answer.reason, answer.balance) == (Reason.APPROVED, Money(130_000, "CNY"))
    assert (await till.buy(gift.getter, 130_000)).is_approved
    assert (await till.load(gift.giver, 1)).is_approved
    assert (await till.buy(gift.giver, 70_002)).reason is Reason.INSUFFICIENT_FUNDS
    [row] = till.sql(
        "SELECT wish, from_name, state, ended_as, depth, due_at - sent_at, receiver_id FROM gift"
        " WHERE journal_id = %s",
        gift.number,
    )
    assert row == ("端午安康!", "李", "claimed", "claimed", 1, 3 * DAYS, RECEIVER)
    assert till.sql(
        "SELECT kind, origin, made_by FROM journal WHERE kind LIKE 'gift%%' AND card_id = any(%s)"
        " ORDER BY kind DESC",
        [gift.giver, gift.getter],
    ) == [("gift_send", "member", str(SENDER)), ("gift_claim", "member", str(RECEIVER))]


async def test_a_gift_that_nobody_claims_comes_back_by_the_clock(
    till: Till, pool: CardPool
) -> None:
    """S3-15: not a moment before, once, and to the card it left."""
    gift = await send(till, pool)
    await give_back(till, LATER - dt.timedelta(seconds=1))
    assert states(till, gift.giver) == [("reserved", "")]
    await give_back(till)
    await give_back(till, LATER + DAYS)
    assert states(till, gift.giver) == [("returned", "expired")]
    assert money(till, gift.giver, gift.getter) == [100_000, 100_000]
    assert till.sql(
        "SELECT made_by FROM journal WHERE kind = 'gift_return' AND card_id = %s", gift.giver
    ) == [("gifts",)]
    late = await asking_of(till).ask(claiming(till, gift))
    assert late.reason is Reason.GIFT_GONE
    assert (await till.buy(gift.giver, 100_000)).is_approved


@pytest.mark.parametrize("end", [GiftEnd.WITHDRAWN, GiftEnd.DECLINED])
async def test_a_gift_is_taken_back_or_declined_while_it_waits_and_never_after(
    till: Till, pool: CardPool, end: GiftEnd
) -> None:
    """S3-15, S3-16."""
    gift, claimed = await send(till, pool), await send(till, pool)
    asking = asking_of(till)
    assert (await asking.ask(claiming(till, claimed))).is_approved
    assert (await asking.ask(returning(till, claimed, end))).reason is Reason.GIFT_GONE
    assert (await asking.ask(returning(till, gift, end))).is_approved
    assert (await asking.ask(returning(till, gift, end))).reason is Reason.GIFT_GONE
    assert (await asking.ask(claiming(till, gift))).reason is Reason.GIFT_GONE
    assert states(till, gift.giver, claimed.giver) == [("returned", end), ("claimed", "claimed")]
    assert money(till, gift.giver, claimed.giver, claimed.getter) == [100_000, 70_000, 130_000]


async def test_of_many_that_claim_one_gift_at_once_one_gets_it_and_the_others_hear_that_it_is_gone(
    till: Till, pool: CardPool
) -> None:
    """S3-14: from sessions of their own, onto cards of one shard or of others."""
    for _ in range(3):
        gift = await send(till, pool)
        getters = [bind(till, pool.city(), RECEIVER) for _ in range(6)]
        answers = await at_once(
            till, [claiming(till, gift._replace(getter=getter)) for getter in getters]
        )
        assert sorted(answer.reason for answer in answers) == sorted(
            [Reason.APPROVED, *[Reason.GIFT_GONE] * 5]
        )
        assert sum(money(till, gift.giver, *getters)) == 7 * 100_000


async def test_a_gift_that_is_claimed_withdrawn_and_due_at_once_ends_once(
    till: Till, pool: CardPool
) -> None:
    cards = []
    for _ in range(4):
        gift = await send(till, pool)
        cards += [gift.giver, gift.getter]
        till.sql("UPDATE gift SET due_at = %s WHERE journal_id = %s", NOW + DAYS, gift.number)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(give_back, till)
            nursery.start_soon(
                at_once, till, [returning(till, gift), claiming(till, gift), returning(till, gift)]
            )
        assert sum(money(till, gift.giver, gift.getter)) == 200_000
    ends = till.sql(
        "SELECT count(*)::int FROM journal WHERE kind IN ('gift_claim', 'gift_return')"
        " AND card_id = any(%s)",
        cards,
    )
    assert ends == [(4,)]


async def at_once(till: Till, requests: list[OwnRequest]) -> list[Response]:
    """Their answers, asked together."""
    answers: list[Response] = []

    async def ask_one(request: OwnRequest) -> None:
        answers.append(await asking_of(till).ask(request))

    async with trio.open_nursery() as nursery:
        for request in requests:
            nursery.start_soon(ask_one, request)
    return answers


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("status = 'frozen'", Reason.GIFT_STOPPED),
        ("status = 'lost'", Reason.GIFT_STOPPED),
        ("status = 'expired'", Reason.GIFT_STOPPED),
        ("expiry = '2001'", Reason.GIFT_STOPPED),
        ("status = 'voided'", Reason.GIFT_STOPPED),
        ("status = 'replaced'", Reason.GIFT_STOPPED),
        ("status = 'active'", Reason.APPROVED),
    ],
)
async def test_what_stops_the_senders_card_stops_its_gift_until_that_comes_back(
    till: Till, pool: CardPool, change: str, reason: Reason
) -> None:
    gift = await send(till, pool)
    till.sql(f"UPDATE card SET {change} WHERE id = %s", gift.giver)
    assert (await asking_of(till).ask(claiming(till, gift))).reason is reason
    if reason is Reason.APPROVED:
        return
    assert states(till, gift.giver) == [("reserved", "")]
    await give_back(till)
    assert (states(till, gift.giver), money(till, gift.giver)) == (
        [("returned", "expired")],
        [100_000],
    )
    await drive(till)


async def test_a_gift_of_a_batch_that_is_suspended_waits_for_it(till: Till, pool: CardPool) -> None:
    """S1-13: from the next message on, and its own time goes on."""
    gift = await send(till, pool)
    number = next(BATCHES)
    put_batch(till, number, [gift.giver])
    set_state(till, number, "suspended")
    assert (await asking_of(till).ask(claiming(till, gift))).reason is Reason.GIFT_STOPPED
    set_state(till, number, "opened")
    assert (await asking_of(till).ask(claiming(till, gift))).is_approved


@pytest.mark.parametrize(("most", "gives"), [(0, 1), (1, 2), (2, 3), (None, 4)])
async def test_what_came_as_a_gift_is_given_on_as_often_as_its_product_allows(
    till: Till, pool: CardPool, most: int | None, gives: int
) -> None:
    """S3-15: counted by what was given most often of all that came onto the card."""
    cards = [bind(till, pool.city(), SENDER) for _ in range(5)]
    put_batch(till, next(BATCHES), cards, regifts_max=most)
    given = 0
    for giver, getter in itertools.pairwise(cards):
        answer = await asking_of(till).ask(sending(till, giver, 100))
        if answer.reason is Reason.GIFT_NOT_AGAIN:
            break
        given += 1
        till.sql("UPDATE card SET member_id = %s WHERE id = %s", RECEIVER, getter)
        gift = Gift(giver, getter, number_of(answer))
        assert (await asking_of(till).ask(claiming(till, gift, amount=100))).is_approved
        till.sql("UPDATE card SET member_id = %s WHERE id = %s", SENDER, getter)
    assert given == gives


async def test_a_product_whose_cards_are_not_loaded_gets_no_gift(
    till: Till, pool: CardPool
) -> None:
    gift = await send(till, pool)
    put_batch(till, next(BATCHES), [gift.getter], is_reloadable=False)
    answer = await asking_of(till).ask(claiming(till, gift))
    assert answer.reason is Reason.FUNCTION_NOT_SUPPORTED


async def test_a_gift_that_comes_back_to_a_card_that_was_replaced_goes_on_to_the_other(
    till: Till, pool: CardPool
) -> None:
    gift = await send(till, pool)
    new = pool.city()
    replace(till, gift.giver, new)
    await drive(till)
    assert money(till, gift.giver, new) == [0, 170_000]
    await give_back(till)
    await drive(till)
    assert money(till, gift.giver, new) == [0, 200_000]


async def test_a_gift_that_comes_back_to_a_card_that_was_voided_goes_back_to_its_issuer(
    till: Till, pool: CardPool
) -> None:
    gift = await send(till, pool)
    till.sql("UPDATE card SET status = 'voided' WHERE id = %s", gift.giver)
    await give_back(till)
    await drive(till)
    assert money(till, gift.giver) == [0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("status = 'frozen'", Reason.CARD_FROZEN),
        ("status = 'inactive'", Reason.CARD_NOT_ACTIVE),
        ("member_id = 71", Reason.NOT_PERMITTED_TO_CARD),
        ("member_id = NULL", Reason.NOT_PERMITTED_TO_CARD),
    ],
)
async def test_a_card_that_may_not_get_a_gift_says_why_and_the_gift_stays(
    till: Till, pool: CardPool, change: str, reason: Reason
) -> None:
    """S3-14: another card may have it then."""
    gift = await send(till, pool)
    till.sql(f"UPDATE card SET {change} WHERE id = %s", gift.getter)
    assert (await asking_of(till).ask(claiming(till, gift))).reason is reason
    assert (states(till, gift.giver), money(till, gift.giver)) == ([("reserved", "")], [70_000])
    other = gift._replace(getter=bind(till, pool.city(), RECEIVER))
    assert (await asking_of(till).ask(claiming(till, other))).is_approved


async def test_a_gift_that_would_lift_a_card_above_its_limit_is_refused_before_anything_moves(
    till: Till, pool: CardPool
) -> None:
    """S3-14: counted as the card is when it is posted."""
    gift = await send(till, pool)
    room = 1_000_000 - 100_000 - SUM
    assert (await till.load(gift.getter, room // 2)).is_approved
    assert (await till.load(gift.getter, room - room // 2 + 1)).is_approved
    assert (await asking_of(till).ask(claiming(till, gift))).reason is Reason.AMOUNT_LIMIT
    assert states(till, gift.giver) == [("reserved", "")]
    assert (await till.buy(gift.getter, 1)).is_approved
    assert (await asking_of(till).ask(claiming(till, gift))).is_approved
    assert money(till, gift.getter) == [1_000_000]


@pytest.mark.parametrize(
    ("amount", "member", "change", "reason"),
    [
        (0, SENDER, "status = 'active'", Reason.INVALID_AMOUNT),
        (100_001, SENDER, "status = 'active'", Reason.INSUFFICIENT_FUNDS),
        (500_001, SENDER, "status = 'active'", Reason.AMOUNT_LIMIT),
        (1, RECEIVER, "status = 'active'", Reason.NOT_PERMITTED_TO_CARD),
        (1, SENDER, "status = 'frozen'", Reason.CARD_FROZEN),
        (1, SENDER, "expiry = '2001'", Reason.EXPIRED),
    ],
)
async def test_what_may_not_be_given_says_why(
    till: Till, pool: CardPool, amount: int, member: int, change: str, reason: Reason
) -> None:
    card = bind(till, pool.city(), SENDER)
    till.sql(f"UPDATE card SET {change} WHERE id = %s", card)
    asked = sending(till, card, amount, member=member)
    assert (await asking_of(till).ask(asked)).reason is reason
    assert states(till, card) == []


async def test_a_gift_goes_to_another_card_of_its_issuer_whole_and_as_it_was_sent(
    till: Till, pool: CardPool
) -> None:
    gift = await send(till, pool)
    own = gift._replace(getter=bind(till, pool.city(), SENDER))
    till.sql("UPDATE card SET member_id = %s WHERE id = %s", RECEIVER, gift.giver)
    foreign = bind(till, pool.pear(), RECEIVER)
    asking = asking_of(till)
    for wrong, reason in (
        (claiming(till, gift._replace(getter=gift.giver)), Reason.NOT_PERMITTED_TO_CARD),
        (claiming(till, gift._replace(getter=foreign)), Reason.NOT_PERMITTED_TO_CARD),
        (claiming(till, gift._replace(giver=own.getter)), Reason.NOT_PERMITTED_TO_CARD),
        (claiming(till, gift, amount=SUM - 1), Reason.INVALID_AMOUNT),
        (returning(till, gift._replace(giver=gift.getter)), Reason.GIFT_GONE),
        (returning(till, gift, GiftEnd.EXPIRED), Reason.INVALID_TRANSACTION),
        (returning(till, gift, GiftEnd.CLAIMED), Reason.INVALID_TRANSACTION),
    ):
        assert (await asking.ask(wrong)).reason is reason
    assert states(till, gift.giver) == [("reserved", "")]


async def test_a_gift_whose_time_is_over_is_not_claimed_were_the_clock_late(
    till: Till, pool: CardPool
) -> None:
    gift = await send(till, pool)
    till.sql(
        "UPDATE gift SET sent_at = %s, due_at = %s WHERE journal_id = %s",
        NOW - DAYS,
        NOW,
        gift.number,
    )
    assert (await asking_of(till).ask(claiming(till, gift))).reason is Reason.GIFT_GONE


async def test_the_same_form_sends_one_gift_and_hears_the_same(till: Till, pool: CardPool) -> None:
    card = bind(till, pool.city(), SENDER)
    asked = sending(till, card, form="once")
    first = await asking_of(till).ask(asked)
    assert first.is_approved
    assert await asking_of(till).ask(asked) == first
    assert asked.gift is not None
    other = msgspec.structs.replace(asked, gift=msgspec.structs.replace(asked.gift, wish="else"))
    assert (await asking_of(till).ask(other)).reason is Reason.DUPLICATE
    assert (money(till, card), len(states(till, card))) == ([70_000], 1)


def test_every_end_of_a_gift_is_a_step_of_its_states() -> None:
    for end, action in ACTION_OF.items():
        assert after(GIFT_STATES, "gift", "reserved", action) == end.state


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


POINTS = ("before_commit", "after_commit_before_reply")
"""Where a host may die, in each of the postings of a gift."""


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("point", [f"{name}:{time}" for name in POINTS for time in (1, 2, 3)])
async def test_a_host_killed_at_any_step_of_a_gift_goes_on_there(
    estate_database: Dsns, pool: CardPool, point: str
) -> None:
    """S3-15: one is sent, one is claimed, and one comes back: whoever asks, asks again."""
    async with trading(estate_database) as till:
        gone, back = await send(till, pool), await send(till, pool)
        till.sql("UPDATE gift SET due_at = %s WHERE journal_id = %s", NOW + DAYS, back.number)
        sender = bind(till, pool.city(), SENDER)
    await trio.to_thread.run_sync(_let_it_die, estate_database, point, gone, sender)
    audit_ledger(estate_database)
    async with trading(estate_database) as till:
        answers = await live(till, gone, sender)
        assert [answer.reason for answer in answers] == [Reason.APPROVED] * 2
        assert money(till, gone.giver, gone.getter, back.giver) == [70_000, 130_000, 100_000]
        assert money(till, sender) == [70_000]
        assert sorted(states(till, gone.giver, back.giver, sender)) == [
            ("claimed", "claimed"), ("reserved", ""), ("returned", "expired"),
        ]  # fmt: skip
    audit_ledger(estate_database)


async def live(till: Till, gift: Gift, sender: int) -> list[Response]:
    """What is asked of a host until it is killed, and again: a gift, a claim, and what is due."""
    asking = asking_of(till)
    sent = await asking.ask(sending(till, sender, form="mortal"))
    claimed = await asking.ask(claiming(till, Gift(*gift), form="mortal"))
    await give_back(till, NOW + 2 * DAYS)
    return [sent, claimed]


def _let_it_die(dsns: Dsns, point: str, gift: Gift, sender: int) -> None:
    died = let_it_die(dsns, point, live, gift, sender)
    assert died.returncode == -signal.SIGKILL, died.stderr


async def test_the_clock_that_is_killed_before_it_hears_asks_again_and_gives_back_once(
    till: Till, pool: CardPool
) -> None:
    gifts = [await send(till, pool) for _ in range(3)]
    for is_heard in (False, True):
        with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
            await give_back(till, ask=killed_at(till, 0, is_heard=is_heard))
    await give_back(till)
    assert money(till, *[gift.giver for gift in gifts]) == [100_000] * 3


RETURNED = (
    "state = 'returned', ended_as = 'declined', receiver_id = NULL, to_shard = shard,"
    " to_card = card_id"
)
RESERVED = (
    "state = 'reserved', ended_as = '', receiver_id = NULL, to_shard = NULL, to_card = NULL,"
    " ended_at = NULL, ended_id = NULL"
)


async def test_the_audit_names_what_a_gift_is_not(till: Till, pool: CardPool) -> None:
    """In transit is what was given and has not ended; each end is of one gift."""
    gone, back, waits = [await send(till, pool) for _ in range(3)]
    asking = asking_of(till)
    assert (await asking.ask(claiming(till, gone))).is_approved
    assert (await asking.ask(returning(till, back))).is_approved
    ended = f"journal_id = {gone.number}"
    with psycopg.connect(till.dsns.owner) as connection:
        for spoilt, named in (
            (f"DELETE FROM gift WHERE journal_id = {waits.number}", "gift_not_its_journal"),
            (f"DELETE FROM gift WHERE journal_id = {waits.number}", "in_transit_not_on_its_way"),
            (
                f"UPDATE gift SET card_id = 1 WHERE journal_id = {waits.number}",
                "gift_not_its_journal",
            ),
            (f"UPDATE gift SET to_card = 999 WHERE {ended}", "gift_not_its_end"),
            (f"UPDATE gift SET ended_id = ended_id + 1 WHERE {ended}", "gift_not_its_end"),
            (f"UPDATE gift SET {RETURNED} WHERE {ended}", "gift_not_its_end"),
            (f"UPDATE gift SET {RESERVED} WHERE {ended}", "in_transit_not_on_its_way"),
            (f"UPDATE gift SET wish = 'another' WHERE {ended}", "foreign_change"),
        ):
            connection.execute(spoilt)
            assert named in {one.test for one in ask_audit(connection)}, spoilt
            connection.rollback()
