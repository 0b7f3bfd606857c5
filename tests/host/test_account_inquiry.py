"""One answer tells all that a card has: value and points, held, to spend, and until when."""

from host.model.requests import AccountTold, Kind, Original
from host.model.responses import Reason
from tests.host.conftest import CardPool, Till


async def asked_of(till: Till, card: int) -> AccountTold:
    answer = await till.ask(till.request(Kind.ACCOUNT_INQUIRY, card, pin="123456"))
    assert answer.reason is Reason.APPROVED
    assert answer.besides is not None
    assert answer.besides.account is not None
    return answer.besides.account


async def test_a_card_tells_its_value_and_its_points_and_when_the_first_are_lost(
    shared: Till, pool: CardPool
) -> None:
    """S4-57: what is spendable, and the next expiry."""
    card = pool.with_points()
    await shared.buy(card, 12_345)
    [(first, points)] = shared.sql(
        "SELECT min(expires_on)::text, 2000 FROM lot JOIN purse USING (shard, account_id)"
        " WHERE card_id = %s",
        card,
    )
    lost = shared.sql(
        "SELECT sum(remaining)::int FROM lot JOIN purse USING (shard, account_id)"
        " WHERE card_id = %s AND expires_on = %s",
        card,
        first,
    )[0][0]
    told = await asked_of(shared, card)
    assert (told.value_minor, told.held_minor, told.spendable_minor) == (87_655, 0, 87_655)
    assert (told.points, told.points_held, told.points_spendable) == (points + 123, 0, points + 123)
    assert (told.points_next, told.points_lost_next) == (first.replace("-", ""), lost)
    plain = await shared.ask(shared.request(Kind.POINTS_INQUIRY, card))
    assert plain.besides is not None, "who asks for points alone is told the same of them"
    assert (plain.points_balance, plain.besides.points_next, plain.besides.points_lost_next) == (
        told.points_spendable, told.points_next, told.points_lost_next,
    )  # fmt: skip


async def test_what_is_held_is_told_and_is_not_to_be_spent(till: Till) -> None:
    before = await asked_of(till, 2)
    assert (before.held_minor, before.valid_to) == (0, "20301231")
    await till.sell(Kind.PREAUTH, 2, 40_000, pin="123456")
    told = await asked_of(till, 2)
    assert (told.value_minor, told.held_minor, told.spendable_minor) == (100_000, 40_000, 60_000)


async def test_a_card_without_points_has_no_day_on_which_some_are_lost(
    shared: Till, pool: CardPool
) -> None:
    told = await asked_of(shared, pool.city())
    assert (told.points, told.points_next, told.points_lost_next) == (0, "", 0)


async def test_a_card_that_owes_points_is_told_that_it_has_none_and_loses_none(
    shared: Till, pool: CardPool
) -> None:
    """S4-61: no answer says less than nothing, for its fields have no place for a sign."""
    card = pool.city()
    _sale, answer = await shared.sell(Kind.PURCHASE, card, 40_000, pin="123456")
    await shared.sell(Kind.POINTS_REDEMPTION, card, 400)
    refund = shared.request(Kind.REFUND, card, 40_000, original=Original(rrn=answer.rrn))
    await shared.ask(refund)
    assert shared.balances(card)[1] == -400
    told = await asked_of(shared, card)
    assert (told.points, told.points_spendable) == (0, 0)
    assert (told.points_next, told.points_lost_next) == ("", 0)
    inquiry = await shared.ask(shared.request(Kind.POINTS_INQUIRY, card))
    assert (inquiry.points_balance, inquiry.besides) == (0, None)


async def test_what_pays_a_debt_of_points_is_not_told_as_lost(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    _sale, answer = await shared.sell(Kind.PURCHASE, card, 20_000, pin="123456")
    await shared.sell(Kind.POINTS_REDEMPTION, card, 200)
    await shared.ask(shared.request(Kind.REFUND, card, 20_000, original=Original(rrn=answer.rrn)))
    for earned, lost in ((15_000, 0), (12_000, 70)):
        await shared.buy(card, earned)
        told = await asked_of(shared, card)
        assert (told.points_spendable, told.points_lost_next) == (lost, lost)
        assert (told.points_next != "") == (lost > 0)


async def test_it_is_asked_under_a_pin(shared: Till, pool: CardPool) -> None:
    asked = shared.request(Kind.ACCOUNT_INQUIRY, pool.city())
    assert (await shared.ask(asked)).reason is Reason.WRONG_PIN
