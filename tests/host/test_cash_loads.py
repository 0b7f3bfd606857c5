"""Cash loads are confirmed, not reversed: the confirmation settles how each ended, once."""

import msgspec
import pytest

from config.database import Dsns
from host.model.money import Money
from host.model.requests import Kind, Request
from host.model.responses import Reason
from tests.host.conftest import CardPool, Till, audit_ledger, trading


def load_of(till: Till, card: int, amount: int = 5_000, **more: object) -> Request:
    return till.request(Kind.CASH_LOAD, card, amount, **more)


async def test_a_load_whose_answer_was_lost_is_confirmed_without_posting_again(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    load, _ = await shared.sell(Kind.CASH_LOAD, card, 5_000)
    confirm = shared.confirmation(load)
    first = await shared.ask(confirm)
    assert (first.reason, first.balance) == (Reason.APPROVED, Money(105_000, "CNY"))
    assert await shared.ask(confirm) == first
    assert shared.balances(card)[0] == 105_000
    assert (shared.journals(load), shared.journals(confirm)) == (1, 0)


async def test_a_load_that_never_came_is_posted_by_its_confirmation(
    module_estate: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(module_estate) as till:
        load = load_of(till, card)
        confirm = till.confirmation(load)
        first = await till.ask(confirm)
        assert (first.reason, first.balance) == (Reason.APPROVED, Money(105_000, "CNY"))
        late = await till.ask(load)
        assert late.reason is Reason.DUPLICATE
    async with trading(module_estate) as till:
        assert await till.ask(load) == late
        assert await till.ask(confirm) == first
        assert till.balances(card)[0] == 105_000
        assert (till.journals(load), till.journals(confirm)) == (0, 1)
    audit_ledger(module_estate)


async def test_a_load_that_was_declined_is_not_confirmed(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    load = load_of(shared, card, 500_001)
    assert (await shared.ask(load)).reason is Reason.AMOUNT_LIMIT
    small = msgspec.structs.replace(shared.confirmation(load), amount=Money(5_000, "CNY"))
    assert (await shared.ask(small)).reason is Reason.AMOUNT_LIMIT
    assert shared.balances(card)[0] == 100_000


async def test_after_a_declined_confirmation_the_late_load_is_refused(
    shared: Till, pool: CardPool
) -> None:
    """The terminal was told that the load failed and has given the cash back."""
    card = pool.city()
    load = load_of(shared, card)
    cardless = msgspec.structs.replace(shared.confirmation(load), pan=None)
    assert (await shared.ask(cardless)).reason is Reason.ISSUER_UNKNOWN
    assert (await shared.ask(load)).reason is Reason.DUPLICATE
    assert shared.balances(card)[0] == 100_000


async def test_a_confirmation_without_a_card_number_finds_its_load_on_any_shard(
    shared: Till, pool: CardPool
) -> None:
    for card in (pool.city() for _ in range(8)):
        load, _ = await shared.sell(Kind.CASH_LOAD, card, 5_000)
        answer = await shared.ask(msgspec.structs.replace(shared.confirmation(load), pan=None))
        assert (answer.reason, answer.balance) == (Reason.APPROVED, Money(105_000, "CNY"))
        assert shared.balances(card)[0] == 105_000


async def test_a_load_that_was_reversed_stays_so(shared: Till, pool: CardPool) -> None:
    """The cash went back over the counter; a confirmation that was under way loads nothing."""
    card = pool.city()
    load, _ = await shared.sell(Kind.CASH_LOAD, card, 5_000)
    assert (await shared.ask(shared.reversal(load))).is_approved
    assert (await shared.ask(shared.confirmation(load))).reason is Reason.ORIGINAL_VOIDED
    assert shared.balances(card)[0] == 100_000


@pytest.mark.parametrize("first", ["confirmation", "reversal"])
async def test_confirmation_and_reversal_of_a_load_that_never_came_settle_it_once(
    shared: Till, pool: CardPool, first: str
) -> None:
    card = pool.city()
    load = load_of(shared, card)
    confirm, reverse = shared.confirmation(load), shared.reversal(load)
    asked = [confirm, reverse] if first == "confirmation" else [reverse, confirm]
    reasons = [answer.reason for answer in await shared.ask_all([*asked, load])]
    if first == "confirmation":
        assert reasons == [Reason.APPROVED, Reason.FUNCTION_NOT_SUPPORTED, Reason.DUPLICATE]
        assert shared.balances(card)[0] == 105_000
    else:
        assert reasons == [Reason.ORIGINAL_NOT_FOUND, Reason.ORIGINAL_VOIDED, Reason.DUPLICATE]
        assert shared.balances(card)[0] == 100_000


async def test_load_and_confirmation_sent_together_load_once(shared: Till, pool: CardPool) -> None:
    cards = [pool.city() for _ in range(16)]
    loads = [
        load_of(shared, card, terminal_id=f"{80_010_001 + place}")
        for place, card in enumerate(cards)
    ]
    confirms = [shared.confirmation(load) for load in loads]
    pairs = [
        pair if place % 2 else pair[::-1]
        for place, pair in enumerate(zip(loads, confirms, strict=True))
    ]
    answers = await shared.ask_all([request for pair in pairs for request in pair])
    assert {answer.reason for answer in answers} == {Reason.APPROVED, Reason.DUPLICATE}
    assert [shared.balances(card)[0] for card in cards] == [105_000] * len(cards)
