"""Every decline that a voucher's rules can give: CASES, and a test that names any missing."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from host.model.requests import OF_VOUCHERS, Kind, Original, Request
from host.model.responses import Reason
from host.model.voucher_codes import VoucherCode
from host.model.vouchers import ProductKind
from host.rules.transactions import TRANSACTIONS
from host.stock.voucher_codes import new_voucher_codes
from tests.host import test_declines as of_cards
from tests.host.batched import tell as tell_hosts
from tests.host.conftest import PLAIN_CARD, CardPool, Till
from tests.host.staff_given import give_to_staff, take_back
from tests.host.stock.conftest import PEAR, Stock
from tests.host.test_activation import activate, pans_of
from tests.host.test_declines import CITY_ONLY_MERCHANT
from tests.host.test_vouchers import OTHER, PIECES, codes_of, load, made, redemption, void_of

Case = Callable[[Till, CardPool, Stock], Awaitable[Request]]
R = Reason
REDEEM, LOAD, VOID = Kind.VOUCHER_REDEMPTION, Kind.LOAD_BY_CODE, Kind.VOUCHER_VOID
TICKET = {**PIECES, "kind": ProductKind.TICKET}
FOREIGN_TERMINAL = "80010017"


@pytest.fixture
def stock(till: Till) -> Iterator[Stock]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=till.dsns)


def on_card(case: of_cards.Case) -> Case:
    """What is said of the card that a voucher is to be put onto."""

    async def ask(till: Till, pool: CardPool, _stock: Stock) -> Request:
        return await case(till, pool)

    return ask


def presented(asked: Kind, change: str = "", batch: str = "", **terms: Any) -> Case:
    """A voucher that stands so, or whose batch does, or of such a product."""

    async def ask(till: Till, pool: CardPool, stock: Stock) -> Request:
        [code] = made(stock, **terms)
        if change:
            till.sql(
                f"UPDATE card SET {change} WHERE id = (SELECT max(id) FROM card"
                " WHERE pan_masked = %s)",
                code.masked,
            )
        if batch:
            [(number,)] = till.sql(
                f"UPDATE card_batch SET {batch} WHERE id = (SELECT max(id) FROM card_batch)"
                " RETURNING id"
            )
            tell_hosts(till, "card_batch", number)
        return redemption(till, code) if asked is REDEEM else load(till, pool.city(), code)

    return ask


async def of_a_frozen_holder(till: Till, pool: CardPool, stock: Stock) -> str:
    """A voucher whose holder is frozen."""
    await of_cards.of_frozen_member(LOAD)(till, pool)
    [code] = made(stock)
    till.sql("UPDATE card SET member_id = 11 WHERE pan_masked = %s", code.masked)
    return code.reveal()


def frozen(kind: Kind) -> Case:
    """It is presented."""

    async def ask(till: Till, pool: CardPool, stock: Stock) -> Request:
        code = VoucherCode(await of_a_frozen_holder(till, pool, stock))
        return redemption(till, code) if kind is REDEEM else load(till, pool.city(), code)

    return ask


def of_staff_without_the_right(kind: Kind) -> Case:
    """An enterprise gave it to somebody whose department may not have what it is for."""

    async def ask(till: Till, pool: CardPool, stock: Stock) -> Request:
        [code] = made(stock)
        give_to_staff(till, code)
        return redemption(till, code) if kind is REDEEM else load(till, pool.city(), code)

    return ask


async def onto_a_card_that_takes_none(till: Till, _pool: CardPool, stock: Stock) -> Request:
    part = stock.opened(1, product=stock.product("FIXED", is_reloadable=False)).part
    [pan] = pans_of(stock, part)
    assert (await activate(till, pan))[1].is_approved
    [code] = made(stock)
    return msgspec.structs.replace(load(till, PLAIN_CARD, code), pan=pan)


async def at_a_store_of_others(till: Till, _pool: CardPool, stock: Stock) -> Request:
    [code] = made(stock, batch={"stores": (2,)})
    return redemption(till, code)


async def where_its_issuer_is_not_taken(till: Till, _pool: CardPool, stock: Stock) -> Request:
    product = stock.product("PEARS", PEAR, **TICKET)
    made_of = stock.opened(1, product=product)
    [code] = codes_of(stock, made_of.part)
    return redemption(till, code, terminal_id=CITY_ONLY_MERCHANT)


async def onto_a_card_of_another_issuer(till: Till, pool: CardPool, stock: Stock) -> Request:
    [code] = made(stock)
    return load(till, pool.pear(), code)


async def points_onto_a_card_without(till: Till, _pool: CardPool, stock: Stock) -> Request:
    product = stock.product("PLAIN", 4, **POINTS)
    [code] = codes_of(stock, stock.opened(1, product=product).part)
    return load(till, PLAIN_CARD, code)


async def more_than_a_card_may_have(till: Till, pool: CardPool, stock: Stock) -> Request:
    card = pool.city()
    [code] = made(stock)
    for amount in (450_000, 449_000):
        await till.sell(Kind.CASH_LOAD, card, amount)
    return load(till, card, code)


def unknown(kind: Kind) -> Case:
    """A code of nobody's voucher."""

    async def ask(till: Till, pool: CardPool, _stock: Stock) -> Request:
        [code] = new_voucher_codes(1)
        return redemption(till, code) if kind is REDEEM else load(till, pool.city(), code)

    return ask


def after_wrong_codes(kind: Kind) -> Case:
    """A good one after five of nobody."""

    async def ask(till: Till, pool: CardPool, stock: Stock) -> Request:
        for code in new_voucher_codes(5):
            await till.ask(redemption(till, code, terminal_id=OTHER))
        [code] = made(stock)
        if kind is REDEEM:
            return redemption(till, code, terminal_id=OTHER)
        return load(till, pool.city(), code, terminal_id=OTHER)

    return ask


async def void_of_a_sale(till: Till, pool: CardPool, _stock: Stock) -> Request:
    return void_of(till, *await till.sell(Kind.PURCHASE, pool.city(), 100))


async def void_of_the_day_before(till: Till, _pool: CardPool, stock: Stock) -> Request:
    asked, answer = await redeemed(till, stock)
    till.turn_the_date()
    return void_of(till, asked, answer)


async def void_of_a_voided_one(till: Till, _pool: CardPool, stock: Stock) -> Request:
    asked, answer = await redeemed(till, stock)
    await till.ask(void_of(till, asked, answer))
    return void_of(till, asked, answer)


async def void_of_nothing(till: Till, _pool: CardPool, _stock: Stock) -> Request:
    return till.request(VOID, None, 1, original=till.original(till.request(REDEEM, None, 1)))


async def void_of_anothers(till: Till, _pool: CardPool, stock: Stock) -> Request:
    _, answer = await redeemed(till, stock)
    named = Original(rrn=answer.rrn)
    return till.request(VOID, None, 1, original=named, terminal_id=FOREIGN_TERMINAL)


async def void_of_what_was_spent(till: Till, pool: CardPool, stock: Stock) -> Request:
    card = pool.city()
    [code] = made(stock)
    asked = load(till, card, code)
    answer = await till.ask(asked)
    assert answer.balance is not None
    assert (await till.buy(card, answer.balance.amount_minor)).is_approved
    return void_of(till, asked, answer)


async def void_of_what_is_held(till: Till, pool: CardPool, stock: Stock) -> Request:
    card = pool.city()
    [code] = made(stock)
    asked = load(till, card, code)
    answer = await till.ask(asked)
    assert answer.balance is not None
    await till.sell(Kind.PREAUTH, card, answer.balance.amount_minor, pin="123456")
    return void_of(till, asked, answer)


async def redeemed(till: Till, stock: Stock) -> Any:
    [code] = made(stock)
    asked = redemption(till, code)
    return asked, await till.ask(asked)


POINTS: dict[str, Any] = {**PIECES, "kind": ProductKind.POINTS_CARD, "may_load": True} | {
    "face_minor_min": 100,
    "face_minor_max": 100,
}


def told(kind: Kind, reason: Reason, *cases: Case) -> list[tuple[Kind, Reason, Case]]:
    return [(kind, reason, case) for case in cases]


def of_both(reason: Reason, make: Callable[[Kind], Case]) -> list[tuple[Kind, Reason, Case]]:
    return [(kind, reason, make(kind)) for kind in (REDEEM, LOAD)]


def standing(**columns: str) -> Case:
    return on_card(of_cards.standing(LOAD, **columns))


CASES = [
    *told(REDEEM, R.BATCH_MISMATCH, on_card(of_cards.simply(REDEEM, epoch="000099"))),
    *told(LOAD, R.BATCH_MISMATCH, on_card(of_cards.simply(LOAD, epoch="000099"))),
    *told(VOID, R.BATCH_MISMATCH, on_card(of_cards.simply(VOID, epoch="000099"))),
    *told(LOAD, R.ISSUER_UNKNOWN, on_card(of_cards.with_pan(LOAD, "62220000000000"))),
    *told(LOAD, R.CARD_NOT_FOUND, on_card(of_cards.with_pan(LOAD, "99880000099999"))),
    *told(LOAD, R.CARD_NOT_FOUND, on_card(of_cards.of_batch(LOAD, "draft"))),
    *told(LOAD, R.NOT_PERMITTED_TO_CARD, on_card(of_cards.on_pear_card(LOAD))),
    *told(LOAD, R.CARD_BATCH_NOT_OPENED, on_card(of_cards.of_batch(LOAD, "generated"))),
    *told(LOAD, R.CARD_BATCH_SUSPENDED, on_card(of_cards.of_batch(LOAD, "suspended"))),
    *told(LOAD, R.CARD_VOIDED_LOAD, on_card(of_cards.of_batch(LOAD, "voided"))),
    *told(LOAD, R.CARD_REPLACED, standing(status="replaced")),
    *told(LOAD, R.CARD_LOST, standing(status="lost")),
    *told(LOAD, R.CARD_STOLEN, standing(status="stolen")),
    *told(LOAD, R.CARD_FROZEN, standing(status="frozen")),
    *told(LOAD, R.CARD_NOT_ACTIVE, on_card(of_cards.simply(LOAD, 102))),
    *told(LOAD, R.CARD_NOT_YET_VALID, standing(valid_from="2026-11-23")),
    *told(LOAD, R.MEMBER_FROZEN, on_card(of_cards.of_frozen_member(LOAD))),
    *told(LOAD, R.FUNCTION_NOT_SUPPORTED, onto_a_card_that_takes_none),
    *of_both(R.VOUCHER_UNKNOWN, unknown),
    *of_both(R.VOUCHER_NOT_OPENED, lambda kind: presented(kind, batch="state = 'generated'")),
    *of_both(R.VOUCHER_SUSPENDED, lambda kind: presented(kind, batch="state = 'suspended'")),
    *of_both(R.EXPIRED, lambda kind: presented(kind, batch="state = 'closed'")),
    *of_both(R.EXPIRED, lambda kind: presented(kind, "valid_to = '2026-11-21'")),
    *of_both(R.CARD_NOT_YET_VALID, lambda kind: presented(kind, "valid_from = '2026-11-23'")),
    *of_both(R.VOUCHER_HELD, lambda kind: presented(kind, "status = 'held'")),
    *of_both(R.VOUCHER_USED, lambda kind: presented(kind, "status = 'redeemed'")),
    *of_both(R.VOUCHER_USED, lambda kind: presented(kind, "status = 'loaded'")),
    *of_both(R.MEMBER_FROZEN, frozen),
    *of_both(R.VOUCHER_NOT_THIS_HOLDER, of_staff_without_the_right),
    *told(REDEEM, R.VOUCHER_VOIDED_SPEND, presented(REDEEM, "status = 'voided'")),
    *told(REDEEM, R.VOUCHER_VOIDED_SPEND, presented(REDEEM, batch="state = 'voided'")),
    *told(LOAD, R.VOUCHER_VOIDED_LOAD, presented(LOAD, "status = 'voided'")),
    *told(LOAD, R.VOUCHER_VOIDED_LOAD, presented(LOAD, batch="state = 'voided'")),
    *told(REDEEM, R.FUNCTION_NOT_SUPPORTED, presented(REDEEM, **POINTS)),
    *told(LOAD, R.FUNCTION_NOT_SUPPORTED, presented(LOAD, **TICKET), points_onto_a_card_without),
    *told(REDEEM, R.VOUCHER_NOT_PERMITTED, where_its_issuer_is_not_taken),
    *told(REDEEM, R.VOUCHER_NOT_PERMITTED, presented(REDEEM, regions=frozenset({"SH"}))),
    *told(LOAD, R.VOUCHER_NOT_PERMITTED, onto_a_card_of_another_issuer),
    *told(REDEEM, R.VOUCHER_NOT_THIS_STORE, at_a_store_of_others),
    *told(REDEEM, R.VOUCHER_NOT_THESE_GOODS, presented(REDEEM, goods=frozenset({"A", "B"}))),
    *told(REDEEM, R.INVALID_AMOUNT, presented(REDEEM, sale_minor_min=5_001)),
    *told(LOAD, R.AMOUNT_LIMIT, more_than_a_card_may_have),
    *told(VOID, R.ORIGINAL_NOT_FOUND, void_of_nothing, void_of_anothers),
    *told(VOID, R.INVALID_TRANSACTION, void_of_a_sale),
    *told(VOID, R.ORIGINAL_VOIDED, void_of_a_voided_one),
    *told(VOID, R.INSUFFICIENT_FUNDS, void_of_what_was_spent),
    *told(VOID, R.VALUE_HELD, void_of_what_is_held),
    *told(VOID, R.OUTSIDE_WINDOW, void_of_the_day_before),
    *of_both(R.CODE_TRIES_EXCEEDED, after_wrong_codes),
]


def test_every_decline_of_a_voucher_has_a_case() -> None:
    needed = {(kind, reason) for kind in OF_VOUCHERS for reason in TRANSACTIONS[kind].declines}
    assert {(kind, reason) for kind, reason, _ in CASES} == needed


@pytest.mark.parametrize("kind", sorted(OF_VOUCHERS), ids=str)
async def test_a_decline_of_a_voucher_posts_nothing_and_stays(
    till: Till, pool: CardPool, stock: Stock, kind: Kind
) -> None:
    """S2-39, S3-24: row by row of the table of answers."""
    for place, (_, reason, case) in enumerate(one for one in CASES if one[0] is kind):
        request = await case(till, pool, stock)
        answer = await till.ask(request)
        assert answer.reason is reason, f"case {place} of {kind}: {reason} expected"
        assert answer.auth_code is None
        assert await till.ask(request) == answer
        assert till.journals(request) == 0
    take_back(till)
    of_cards.take_out(till)
