"""Cash loads are confirmed, not reversed: the confirmation settles how each ended, once."""

from collections.abc import Callable

import msgspec
import pytest

from config.run.database import Dsns
from host.cases import CaseKind
from host.model.money import Money
from host.model.requests import Kind, Request, Totals
from host.model.responses import Reason
from host.model.secrets import Pan
from tests.host.conftest import CardPool, Till, trading
from tests.host.terminal_day import Day


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
    audited_estate: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(audited_estate) as till:
        load = load_of(till, card)
        confirm = till.confirmation(load)
        first = await till.ask(confirm)
        assert (first.reason, first.balance) == (Reason.APPROVED, Money(105_000, "CNY"))
        late = await till.ask(load)
        assert late.reason is Reason.DUPLICATE
    async with trading(audited_estate) as till:
        assert await till.ask(load) == late
        assert await till.ask(confirm) == first
        assert till.balances(card)[0] == 105_000
        assert (till.journals(load), till.journals(confirm)) == (0, 1)


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


FULL = 450_000
"""Twice on a card that holds 1,000.00, and it may hold nothing more."""
REFUSED: list[tuple[str, Callable[[Till, int], Request]]] = [
    ("card_frozen", lambda till, _: load_of(till, 101)),
    ("card_not_active", lambda till, _: load_of(till, 102)),
    ("expired", lambda till, _: load_of(till, 103)),
    ("expired", lambda till, card: load_of(till, card, expiry="2911")),
    ("card_lost", lambda till, _: load_of(till, 105)),
    ("card_stolen", lambda till, _: load_of(till, 106)),
    ("amount_limit", lambda till, card: load_of(till, card, FULL)),
]


@pytest.mark.parametrize(("why", "made"), REFUSED)
async def test_a_confirmation_lifts_no_card_that_its_load_could_not(
    shared: Till, pool: CardPool, why: str, made: Callable[[Till, int], Request]
) -> None:
    """The cash is in the till all the same: its merchant owes it, and an operator decides."""
    card = pool.city()
    for _ in range(2):
        await shared.sell(Kind.CASH_LOAD, card, FULL)
    load = made(shared, card)
    assert load.amount is not None
    confirm = msgspec.structs.replace(shared.confirmation(load), expiry=load.expiry)
    before = shared.sql("SELECT sum(posted_minor) FROM purse")
    told = await shared.ask(confirm)
    assert (told.reason, told.balance) == (Reason.POSTING_PENDING, None)
    assert await shared.ask(confirm) == told
    assert shared.sql("SELECT sum(posted_minor) FROM purse") == before
    assert held_of(shared, confirm) == [
        ("load_agent_receivable", "suspense", load.amount.amount_minor)
    ]
    assert cases_of(shared, load) == [
        (CaseKind.CASH_WITHOUT_LOAD, f"refused: {why}", load.amount.amount_minor)
    ]
    reversed_ = await shared.ask(shared.reversal(load))
    assert reversed_.reason is Reason.FUNCTION_NOT_SUPPORTED, "the terminal has the cash"
    assert (await shared.ask(load)).reason is Reason.DUPLICATE
    assert len(held_of(shared, confirm)) == 1


async def test_cash_without_a_load_counts_in_its_terminals_totals(shared: Till) -> None:
    """The terminal was told A6, an approval; what it settles agrees."""
    day = Day(shared, "80010039")
    load = load_of(shared, 101, terminal_id=day.tid)
    told = await shared.ask(shared.confirmation(load))
    assert told.reason is Reason.POSTING_PENDING
    assert (await day.settle(Totals(0, 0, 5_000, 1))).totals_agree == (True, True)


async def test_a_confirmation_of_which_nothing_can_be_posted_is_a_case(shared: Till) -> None:
    load = msgspec.structs.replace(load_of(shared, 2), pan=Pan("99880000099999"))
    assert (await shared.ask(shared.confirmation(load))).reason is Reason.CARD_NOT_FOUND
    assert cases_of(shared, load) == [
        (CaseKind.CONFIRMATION_REFUSED, "card_not_found was answered", 5_000)
    ]


def held_of(till: Till, confirm: Request) -> list[tuple[object, ...]]:
    """What a confirmation posted: debit, credit, amount."""
    return till.sql(
        "SELECT d.chart, c.chart, e.amount_minor FROM journal j"
        " JOIN entry e ON e.shard = j.shard AND e.journal_id = j.id"
        " JOIN ledger_account d ON d.id = debit_account"
        " JOIN ledger_account c ON c.id = credit_account"
        " WHERE j.slot = %s",
        confirm.key.text,
    )


def cases_of(till: Till, request: Request) -> list[tuple[object, ...]]:
    return till.sql(
        "SELECT kind, detail, amount_minor FROM exception_case"
        " WHERE terminal_id = %s AND stan = %s",
        request.key.terminal_id,
        request.key.stan,
    )
