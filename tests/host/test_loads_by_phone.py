"""Cash that a till takes for a phone number: onto a card that it never sees, and back again."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import psycopg
import pytest

from clearing.verify import audit
from host.hsm.phones import hash_of_phone
from host.model.money import Money
from host.model.requests import OF_PHONES, Besides, Kind, Original, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from host.rules.guesses import WRONG_MAX
from host.rules.transactions import TRANSACTIONS
from tests.host.conftest import CardPool, Till, card_at
from tests.host.rule_makers import put_rule
from tests.host.stock.conftest import HSM

NUMBERS = itertools.count(1)
TERMINALS = itertools.cycle(f"8001{number:04d}" for number in range(1, 16))
"""Of the first merchant, one after the other: each may guess a few times."""
BALANCE = 100_000
ROOM = 900_000
"""Up to what a card of the demo's first issuer may have."""


def somebody(till: Till, *cards: int, state: str = "active", record_at: str = "") -> str:
    """A member with a phone and these cards."""
    phone = f"138{next(NUMBERS):08d}"
    [(member,)] = till.sql(
        "INSERT INTO member (phone_hash, phone_sealed, phone_masked, made_by, made_at, state,"
        " record_at) VALUES (%s, 'x', '138****0000', 'li', now(), %s, %s) RETURNING id",
        hash_of_phone(HSM, Secret(phone.encode())), state, record_at,
    )  # fmt: skip
    for card in cards:
        till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, card)
    return phone


def loading(till: Till, phone: str, amount: int = 5_000, **more: Any) -> Request:
    told = {"terminal_id": next(TERMINALS), "besides": Besides(phone=Secret(phone.encode()))}
    return till.request(Kind.LOAD_BY_PHONE, None, amount, **told | more)


def voiding(till: Till, load: Request, answer: Response) -> Request:
    return till.request(
        Kind.PHONE_LOAD_VOID,
        None,
        load.amount.amount_minor if load.amount is not None else None,
        original=till.original(load, answer),
        terminal_id=load.key.terminal_id,
    )


def value(till: Till, card: int) -> int:
    return till.balances(card)[0]


def audited(till: Till) -> list[str]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        return [str(finding) for finding in audit(connection)]


def untold(answer: Response) -> None:
    """Nothing of the card is in it."""
    assert answer.balance is None
    assert answer.points_balance is None
    assert answer.besides is None


async def test_cash_for_a_phone_is_on_its_members_card_which_no_till_is_told(
    shared: Till, pool: CardPool
) -> None:
    """S3-06."""
    card = pool.city()
    phone = somebody(shared, card)
    asked = loading(shared, phone)
    answer = await shared.ask(asked)
    assert answer.is_approved
    untold(answer)
    assert await shared.ask(asked) == answer, "the same key gets the same answer"
    assert value(shared, card) == BALANCE + 5_000
    legs = shared.sql(
        "SELECT a.chart, e.amount_minor FROM entry AS e JOIN journal AS j ON j.id = e.journal_id"
        " JOIN ledger_account AS a ON a.id = e.debit_account WHERE j.slot = %s",
        asked.key.text,
    )
    assert legs == [("load_agent_receivable", 5_000)], "who took the cash owes it"


async def test_a_load_by_phone_is_voided_and_its_till_still_learns_nothing(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    asked = loading(shared, somebody(shared, card))
    answer = await shared.ask(asked)
    void = voiding(shared, asked, answer)
    told = await shared.ask(void)
    assert told.is_approved
    untold(told)
    assert value(shared, card) == BALANCE
    again = await shared.ask(voiding(shared, asked, answer))
    assert again.reason is Reason.ORIGINAL_VOIDED
    assert (await shared.ask(shared.reversal(void))).is_approved
    assert value(shared, card) == BALANCE + 5_000


async def test_a_load_by_phone_that_nobody_heard_of_is_reversed(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    asked = loading(shared, somebody(shared, card))
    assert (await shared.ask(asked)).is_approved
    told = await shared.ask(shared.reversal(asked))
    assert told.is_approved
    untold(told)
    assert value(shared, card) == BALANCE
    assert (await shared.ask(asked)).reason is Reason.DUPLICATE


async def test_a_reversal_before_its_load_by_phone_buries_it(shared: Till, pool: CardPool) -> None:
    card = pool.city()
    asked = loading(shared, somebody(shared, card))
    assert (await shared.ask(shared.reversal(asked))).reason is Reason.ORIGINAL_NOT_FOUND
    assert (await shared.ask(asked)).reason is Reason.DUPLICATE
    assert value(shared, card) == BALANCE


async def test_what_the_card_has_spent_meanwhile_its_merchant_goes_on_owing(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    asked = loading(shared, somebody(shared, card), 40_000)
    answer = await shared.ask(asked)
    assert (await shared.buy(card, 120_000)).is_approved
    void = await shared.ask(voiding(shared, asked, answer))
    assert void.reason is Reason.INSUFFICIENT_FUNDS
    untold(void)
    assert (await shared.ask(shared.reversal(asked))).reason is Reason.INSUFFICIENT_FUNDS
    assert value(shared, card) == 20_000


async def test_whatever_is_wrong_with_a_phone_is_one_answer(shared: Till, pool: CardPool) -> None:
    """Nobody learns who is a member, whose card is stopped, full, or of another issuer."""
    known = somebody(shared, pool.city())
    stopped, frozen, without = pool.city(), pool.city(), somebody(shared)
    theirs = [somebody(shared, stopped), somebody(shared, frozen, state="frozen"), without]
    shared.sql("UPDATE card SET status = 'frozen' WHERE id = %s", stopped)
    asked = [loading(shared, phone) for phone in (*theirs, "13700000000")]
    asked.append(loading(shared, somebody(shared, record_at="merchant/1")))
    asked += [loading(shared, known, 500_001), loading(shared, known, unit="EUR")]
    full = pool.city()
    await shared.load(full, 500_000)
    await shared.load(full, ROOM - 500_000)
    asked.append(loading(shared, somebody(shared, full)))
    answers = await shared.ask_all(asked)
    assert {answer.reason for answer in answers} == {Reason.PHONE_NOT_LOADED}
    for answer in answers:
        untold(answer)
        assert answer.issuer_id == ""


async def test_a_merchant_loads_only_cards_that_it_takes(shared: Till, pool: CardPool) -> None:
    """The third merchant takes none of the second issuer's."""
    pear, city = pool.pear(), pool.city()
    phone = somebody(shared, pear)
    here = loading(shared, phone, terminal_id="80010033")
    assert (await shared.ask(here)).reason is Reason.PHONE_NOT_LOADED
    assert (await shared.ask(loading(shared, phone))).is_approved
    both = somebody(shared, pear, city)
    assert (await shared.ask(loading(shared, both, terminal_id="80010033"))).is_approved
    assert value(shared, city) == BALANCE + 5_000


async def test_of_several_cards_the_one_that_is_good_for_longest_is_loaded(
    shared: Till, pool: CardPool
) -> None:
    short, long, stopped = pool.city(), pool.city(), pool.city()
    shared.sql("UPDATE card SET valid_to = '2031-01-31', expiry = '3101' WHERE id = %s", long)
    shared.sql(
        "UPDATE card SET valid_to = '2032-01-31', expiry = '3201', status = 'frozen' WHERE id = %s",
        stopped,
    )
    phone = somebody(shared, short, long, stopped)
    for _ in range(2):
        assert (await shared.ask(loading(shared, phone))).is_approved
    assert (value(shared, short), value(shared, long)) == (BALANCE, BALANCE + 10_000)


async def test_a_load_by_phone_finds_its_card_on_whichever_shard_it_is(
    shared: Till, pool: CardPool
) -> None:
    """All at once, from every till, onto cards of every writer."""
    cards = [pool.city() for _ in range(12)]
    assert len({card_at(shared, card).shard % 2 for card in cards}) == 2
    phones = [somebody(shared, card) for card in cards]
    answers = await shared.ask_all([loading(shared, phone) for phone in phones for _ in range(3)])
    assert {answer.reason for answer in answers} == {Reason.APPROVED}
    assert {value(shared, card) for card in cards} == {BALANCE + 15_000}


async def test_who_guesses_at_phones_is_told_nothing_of_any(till: Till, pool: CardPool) -> None:
    phone = somebody(till, pool.city())
    for _ in range(WRONG_MAX):
        wrong = await till.ask(loading(till, "13799999999", terminal_id="80010001"))
        assert wrong.reason is Reason.PHONE_NOT_LOADED
    told = await till.ask(loading(till, phone, terminal_id="80010001"))
    assert told.reason is Reason.CODE_TRIES_EXCEEDED
    assert (await till.ask(loading(till, phone, terminal_id="80010002"))).is_approved
    assert audited(till) == []


@pytest.mark.parametrize("changed", ["phone", "amount"])
async def test_another_phone_or_amount_under_one_key_is_another_message(
    shared: Till, pool: CardPool, changed: str
) -> None:
    phone, other = somebody(shared, pool.city()), somebody(shared, pool.city())
    stan = {"phone": "900001", "amount": "900002"}[changed]
    asked = loading(shared, phone, stan=stan, terminal_id="80010009")
    assert (await shared.ask(asked)).is_approved
    again = {"phone": (other, 5_000), "amount": (phone, 5_001)}[changed]
    told = await shared.ask(loading(shared, *again, stan=stan, terminal_id="80010009"))
    assert told.reason is Reason.DUPLICATE


async def test_a_rule_of_the_house_counts_loads_by_phone_and_its_till_is_not_told_that_it_did(
    till: Till, pool: CardPool
) -> None:
    put_rule(
        till.dsns, "amount_max", issuer_id=1, period="day", counted_by="card", unit="CNY",
        amount_minor=8_000, kinds=["load_by_phone"],
    )  # fmt: skip
    card = pool.city()
    phone = somebody(till, card)
    assert (await till.ask(loading(till, phone))).is_approved
    assert (await till.ask(loading(till, phone))).reason is Reason.PHONE_NOT_LOADED
    assert value(till, card) == BALANCE + 5_000
    assert audited(till) == []


Case = Callable[[Till, CardPool], Awaitable[Request]]
VOID = Kind.PHONE_LOAD_VOID


async def loaded(till: Till, pool: CardPool, **more: Any) -> tuple[int, Request]:
    """A load that is approved, and the void of it with something changed."""
    card = pool.city()
    asked = loading(till, somebody(till, card))
    answer = await till.ask(asked)
    assert answer.is_approved
    return card, msgspec.structs.replace(voiding(till, asked, answer), **more)


async def nobodys(till: Till, _pool: CardPool) -> Request:
    return loading(till, "13712345678")


async def of_nothing(till: Till, _pool: CardPool) -> Request:
    return loading(till, "13712345678", 0)


async def of_another_batch(till: Till, pool: CardPool) -> Request:
    return loading(till, somebody(till, pool.city()), epoch="000999")


async def after_guesses(till: Till, pool: CardPool) -> Request:
    for _ in range(WRONG_MAX):
        await till.ask(loading(till, "13712345678", terminal_id="80010016"))
    return loading(till, somebody(till, pool.city()), terminal_id="80010016")


def voided(**more: Any) -> Case:
    async def case(till: Till, pool: CardPool) -> Request:
        return (await loaded(till, pool, **more))[1]

    return case


async def void_in_another_batch(till: Till, pool: CardPool) -> Request:
    _, void = await loaded(till, pool)
    return msgspec.structs.replace(void, key=msgspec.structs.replace(void.key, epoch="000999"))


async def void_of_a_sale(till: Till, pool: CardPool) -> Request:
    sale, answer = await till.sell(Kind.PURCHASE, pool.city(), 1_000)
    return till.request(VOID, None, 1_000, original=till.original(sale, answer))


async def void_of_the_batch_before(till: Till, pool: CardPool) -> Request:
    epoch, phone = till.terminal.epoch, somebody(till, pool.city())
    till.terminal.epoch = "000011"
    load = loading(till, phone, epoch="000011", terminal_id=till.terminal_id)
    answer = await till.ask(load)
    till.terminal.epoch = epoch
    return till.request(VOID, None, 5_000, original=till.original(load, answer))


async def void_again(till: Till, pool: CardPool) -> Request:
    _, void = await loaded(till, pool)
    assert (await till.ask(void)).is_approved
    again = msgspec.structs.replace(void.key, stan="999999")
    return msgspec.structs.replace(void, key=again)


async def void_of_what_is_spent(till: Till, pool: CardPool) -> Request:
    card, void = await loaded(till, pool)
    assert (await till.buy(card, BALANCE + 1)).is_approved
    return void


async def void_of_what_is_held(till: Till, pool: CardPool) -> Request:
    card, void = await loaded(till, pool)
    hold = till.request(Kind.PREAUTH, card, BALANCE + 1, pin="123456")
    assert (await till.ask(hold)).is_approved
    return void


CASES: list[tuple[Kind, Reason, Case]] = [
    (Kind.LOAD_BY_PHONE, Reason.PHONE_NOT_LOADED, nobodys),
    (Kind.LOAD_BY_PHONE, Reason.INVALID_AMOUNT, of_nothing),
    (Kind.LOAD_BY_PHONE, Reason.BATCH_MISMATCH, of_another_batch),
    (Kind.LOAD_BY_PHONE, Reason.CODE_TRIES_EXCEEDED, after_guesses),
    (VOID, Reason.BATCH_MISMATCH, void_in_another_batch),
    (VOID, Reason.INVALID_AMOUNT, voided(amount=Money(0, "CNY"))),
    (VOID, Reason.ORIGINAL_NOT_FOUND, voided(original=Original(rrn="112299999999"))),
    (VOID, Reason.INVALID_TRANSACTION, void_of_a_sale),
    (VOID, Reason.OUTSIDE_WINDOW, void_of_the_batch_before),
    (VOID, Reason.ORIGINAL_VOIDED, void_again),
    (VOID, Reason.ORIGINAL_MISMATCH, voided(amount=Money(4_999, "CNY"))),
    (VOID, Reason.ORIGINAL_MISMATCH, voided(amount=Money(5_000, "P:"))),
    (VOID, Reason.INSUFFICIENT_FUNDS, void_of_what_is_spent),
    (VOID, Reason.VALUE_HELD, void_of_what_is_held),
]


def test_every_decline_of_a_load_by_phone_and_its_void_has_a_case() -> None:
    needed = {(kind, reason) for kind in OF_PHONES for reason in TRANSACTIONS[kind].declines}
    assert {(kind, reason) for kind, reason, _ in CASES} == needed


@pytest.mark.parametrize("place", range(len(CASES)))
async def test_a_decline_posts_nothing_and_tells_nothing(
    shared: Till, pool: CardPool, place: int
) -> None:
    _, reason, case = CASES[place]
    request = await case(shared, pool)
    answer = await shared.ask(request)
    assert answer.reason is reason
    untold(answer)
    assert await shared.ask(request) == answer
    assert shared.journals(request) == 0
