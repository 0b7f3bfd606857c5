"""Every decline that a rule can give: rows of CASES for each, and a test that names any missing.

A decline posts nothing, moves no balance, and is the same when it is asked again. Those of vouchers
stand in `test_voucher_declines`, those of loads by a phone number in `test_loads_by_phone`.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
import pytest

from host.model.lottery import PrizeKind
from host.model.money import Money
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.pay_codes import PAID_BY_CODE, new_code
from host.model.requests import (
    ASKED_BY_NO_TERMINAL,
    OF_PHONES,
    OF_VOUCHERS,
    Besides,
    Family,
    Kind,
    Original,
    PinBlock,
    Request,
)
from host.model.responses import Reason
from host.model.secrets import Pan, Secret, luhn_digit
from host.rules.guesses import WRONG_MAX
from host.rules.transactions import TRANSACTIONS
from tests.host.batched import put_batch, tell
from tests.host.conftest import (
    CARDS,
    CLOSED_CARD,
    NOW,
    PLAIN_CARD,
    CardPool,
    Till,
    asking_of,
    card_at,
)
from tests.host.lottery_made import prizes_of, put_lottery
from tests.host.test_pay_codes import shown

Case = Callable[[Till, CardPool], Awaitable[Request]]
"""Prepares what it needs and gives the request that is to be declined."""

OTHER_MERCHANT = "80010017"
CITY_ONLY_MERCHANT = "80010033"
ALL = tuple(
    kind for kind in TRANSACTIONS if kind not in ASKED_BY_NO_TERMINAL | OF_VOUCHERS | OF_PHONES
)
WITHOUT_ORIGINAL = (
    Kind.BALANCE_INQUIRY,
    Kind.ACCOUNT_INQUIRY,
    Kind.PURCHASE,
    Kind.COMBINED_PURCHASE,
    Kind.CASH_LOAD,
    Kind.POINTS_REDEMPTION,
    Kind.POINTS_EARN,
    Kind.POINTS_INQUIRY,
    Kind.LOAD_VERIFICATION,
    Kind.PREAUTH,
    Kind.PREAUTH_INCREMENT,
    Kind.LOTTERY_DRAW,
)
SOLD = (*WITHOUT_ORIGINAL, Kind.CARD_ACTIVATION)
"""What is asked about a card's standing."""
AMOUNTLESS = {
    Kind.BALANCE_INQUIRY,
    Kind.ACCOUNT_INQUIRY,
    Kind.POINTS_INQUIRY,
    Kind.LOAD_VERIFICATION,
}
VOIDS = (Kind.VOID, Kind.COMPLETION_VOID)
COMPLETE, ADVISE = Kind.COMPLETION, Kind.COMPLETION_ADVICE
UNHOLD, HOLD_MORE = Kind.PREAUTH_VOID, Kind.PREAUTH_INCREMENT
OF_HOLD = (HOLD_MORE, UNHOLD, COMPLETE, ADVISE)
"""What names a pre-authorisation."""
WITH_CARD = (*SOLD, Kind.CASH_LOAD_CONFIRM, Kind.REFUND, UNHOLD, COMPLETE, ADVISE)
PIN_NEEDED = (
    Kind.BALANCE_INQUIRY,
    Kind.ACCOUNT_INQUIRY,
    Kind.PURCHASE,
    Kind.COMBINED_PURCHASE,
    Kind.PREAUTH,
)
PIN_READ = (
    *PIN_NEEDED,
    Kind.POINTS_REDEMPTION,
    Kind.POINTS_INQUIRY,
    Kind.LOAD_VERIFICATION,
    Kind.PREAUTH_INCREMENT,
    Kind.LOTTERY_DRAW,
)
BATCHED = tuple(kind for kind in ALL if kind not in {Kind.CASH_LOAD_CONFIRM, Kind.REVERSAL})
WITH_AMOUNT = tuple(kind for kind in ALL if kind not in {*AMOUNTLESS, Kind.REVERSAL})
NO_BLOCK = PinBlock(0, Secret(bytes(range(8))))


def request_of(till: Till, kind: Kind, card: int, **more: Any) -> Request:
    """A request in which nothing is wrong but what the case changes, or its missing original."""
    if kind in PIN_NEEDED:
        more.setdefault("pin", "123456")
    if kind is Kind.LOTTERY_DRAW:
        more = {"unit": "P:", "besides": Besides(lottery="NOBODYS"), **more}
    amount = more.pop("amount", None if kind in AMOUNTLESS else 1_000)
    request = till.request(kind, card, amount, **more)
    if kind in {Kind.CASH_LOAD_CONFIRM, Kind.REVERSAL}:
        key = request.key.of_family(Family.FINANCIAL)
        return changed(request, original=Original(key=key, kind=Kind.PURCHASE))
    return request


def changed(request: Request, **more: Any) -> Request:
    return msgspec.structs.replace(request, **more)


def simply(kind: Kind, card: int | None = None, **more: Any) -> Case:
    """One request with a fresh card, or with this one."""

    async def ask(till: Till, pool: CardPool) -> Request:
        return request_of(till, kind, pool.city() if card is None else card, **more)

    return ask


def standing(kind: Kind, **columns: str) -> Case:
    """With a card whose row says so, under the limits that it has."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        put_into(till, OF_BATCH, card)
        for column, value in columns.items():
            till.sql(f"UPDATE card SET {column} = %s WHERE id = %s", value, card)
        return request_of(till, kind, card)

    return ask


def of_batch(kind: Kind, state: str) -> Case:
    """With a card of a batch in that state."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        put_into(till, STATES.index(state) + 100, card)
        return request_of(till, kind, card)

    return ask


def of_product(kind: Kind, number: int, amount: int | None = None) -> Case:
    """With a card whose product says less than its issuer."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        put_into(till, number, card)
        return request_of(till, kind, card, **({} if amount is None else {"amount": amount}))

    return ask


def unsold(amount: int, **more: Any) -> Case:
    """A card to be sold that has more on it than its product lets it have."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        put_into(till, LITTLE, card)
        till.sql("UPDATE card SET status = 'inactive', sale = 'unsold' WHERE id = %s", card)
        return request_of(till, Kind.CARD_ACTIVATION, card, amount=amount, **more)

    return ask


def put_into(till: Till, batch: int, card: int) -> None:
    """Into a batch that is put there first, where it is not yet."""
    if not till.sql("SELECT 1 FROM card_batch WHERE id = %s", batch):
        state = STATES[batch - 100] if batch >= 100 else "opened"
        put_batch(till, batch, [], state, **PRODUCTS.get(batch, {}))
    till.sql("UPDATE card SET part_id = %s, sale = 'sold' WHERE id = %s", batch, card)


def free(till: Till) -> None:
    """What these keep of cards, nobody had asked for."""
    till.sql(
        "UPDATE purse SET held_minor = (SELECT coalesce(sum(h.held_minor), 0) FROM hold AS h"
        " WHERE h.shard = purse.shard AND h.account_id = purse.account_id)"
        " WHERE held_minor > 0"
    )


def take_out(till: Till) -> None:
    """All cards out of all batches: none of these was ever made so, and the audit would say it."""
    till.sql("UPDATE card SET part_id = NULL, sale = NULL WHERE part_id IS NOT NULL")
    made = [number for (number,) in till.sql("SELECT id FROM card_batch")]
    till.sql("DELETE FROM card_batch_part WHERE batch_id = any(%s)", made)
    till.sql("DELETE FROM card_batch WHERE id = any(%s)", made)
    till.sql("DELETE FROM product_version WHERE product_id = any(%s)", made)
    till.sql("DELETE FROM product WHERE id = any(%s)", made)


def of_frozen_member(kind: Kind) -> Case:
    """With a card whose holder is frozen."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        if not till.sql("SELECT 1 FROM member WHERE id = %s", FROZEN_MEMBER):
            till.sql(
                "INSERT INTO member (id, phone_hash, phone_sealed, phone_masked, made_by, made_at,"
                " state) VALUES (%s, 'x', 'x', 'x', 'li', now(), 'frozen')",
                FROZEN_MEMBER,
            )
            tell(till, "member", FROZEN_MEMBER)
        till.sql("UPDATE card SET member_id = %s WHERE id = %s", FROZEN_MEMBER, card)
        return request_of(till, kind, card)

    return ask


def with_pan(kind: Kind, digits: str) -> Case:
    """A card number that nobody has."""

    async def ask(till: Till, pool: CardPool) -> Request:
        return changed(request_of(till, kind, pool.city()), pan=Pan(digits + luhn_digit(digits)))

    return ask


def on_pear_card(kind: Kind) -> Case:
    """A card that the third merchant does not take."""

    async def ask(till: Till, pool: CardPool) -> Request:
        return request_of(till, kind, pool.pear(), terminal_id=CITY_ONLY_MERCHANT)

    return ask


def after_wrong_pins(kind: Kind, wrong: int, pin: str) -> Case:
    """This PIN after so many wrong ones."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.with_points()
        for _ in range(wrong):
            await till.ask(request_of(till, kind, card, pin="000000"))
        return request_of(till, kind, card, pin=pin)

    return ask


def on_sale(kind: Kind, sold: Kind = Kind.PURCHASE, **more: Any) -> Case:
    """A void or refund of 1,000 bought, loaded or redeemed just now, with something changed."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.with_points()
        sale, answer = await till.sell(sold, card, 1_000)
        assert sale.amount is not None
        original = till.original(sale, answer) if kind in VOIDS else Original(rrn=answer.rrn)
        return changed(
            request_of(till, kind, card, unit=sale.amount.unit, original=original), **more
        )

    return ask


def on_others_sale(kind: Kind, **more: Any) -> Case:
    """The same asked with another card, or at another terminal."""

    async def ask(till: Till, pool: CardPool) -> Request:
        sold, other = pool.city(), pool.city()
        sale, answer = await till.sell(Kind.PURCHASE, sold, 1_000)
        original = till.original(sale, answer) if kind is Kind.VOID else Original(rrn=answer.rrn)
        return request_of(till, kind, sold if more else other, original=original, **more)

    return ask


def with_another_rrn(kind: Kind) -> Case:
    """Batch and trace are those of one sale, the reference another's."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        sale, _ = await till.sell(Kind.PURCHASE, card, 1_000)
        _, answer = await till.sell(Kind.PURCHASE, card, 1_000)
        return request_of(till, kind, card, original=till.original(sale, answer))

    return ask


def after(kind: Kind, undoing: Kind, amount: int, asked: int) -> Case:
    """A void or refund of a purchase of 1,000 that was undone, in part or whole, before."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        sale, answer = await till.sell(Kind.PURCHASE, card, 1_000)
        original = till.original(sale, answer)
        await till.sell(undoing, card, amount, original=original)
        return till.request(kind, card, asked, original=original)

    return ask


def with_points_spent(kind: Kind, amount: int) -> Case:
    """A pear card that spent the points its purchase earned, where no debt is allowed."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.pear()
        sale, answer = await till.sell(Kind.PURCHASE, card, 50_000)
        await till.sell(Kind.POINTS_REDEMPTION, card, 1_000)
        return till.request(kind, card, amount, original=till.original(sale, answer))

    return ask


def confirming(sold: Kind | None, *, reverse: bool = False, **more: Any) -> Case:
    """A confirmation of what was no load, was another load, or was reversed."""

    async def ask(till: Till, pool: CardPool) -> Request:
        load = till.request(sold or Kind.CASH_LOAD, pool.city(), 1_000, pin="123456")
        if sold is not None:
            assert (await till.ask(load)).is_approved
        if reverse:
            await till.ask(till.reversal(load))
        return changed(till.confirmation(load), **more)

    return ask


def reversing(sold: Kind, **more: Any) -> Case:
    """A reversal of something sold just now that says otherwise about it."""

    async def ask(till: Till, pool: CardPool) -> Request:
        sale, _ = await till.sell(sold, pool.with_points(), 1_000)
        return changed(till.reversal(sale), **more)

    return ask


def drawing(code: str, amount: int, *, times: int = 0, **terms: Any) -> Case:
    """A draw of a lottery of its own, after so many draws, by a card with 2,000 points."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card, prizes = pool.with_points(), prizes_of((PrizeKind.VALUE, terms.pop("prize", 1), 1, 1))
        put_lottery(till, code, prizes, **terms)
        for _ in range(times):
            assert (await till.ask(draw_of(till, card, code))).is_approved
        return draw_of(till, card, code, amount)

    return ask


async def draw_for_points_that_are_held(till: Till, pool: CardPool) -> Request:
    card = pool.with_points()
    put_lottery(till, "HELD", prizes_of())
    held = "UPDATE purse SET held_minor = posted_minor WHERE card_id = %s AND unit = 'P:CITY'"
    till.sql(held, card)
    return draw_of(till, card, "HELD")


def draw_of(till: Till, card: int, code: str, amount: int = 50) -> Request:
    """A draw of that lottery."""
    return request_of(till, Kind.LOTTERY_DRAW, card, amount=amount, besides=Besides(lottery=code))


async def void_of_the_batch_before(till: Till, pool: CardPool) -> Request:
    card, epoch = pool.city(), till.terminal.epoch
    till.terminal.epoch = "000011"
    sale, answer = await till.sell(Kind.PURCHASE, card, 1_000, epoch="000011")
    till.terminal.epoch = epoch
    return till.request(Kind.VOID, card, 1_000, original=till.original(sale, answer))


async def confirmation_of_the_batch_before(till: Till, pool: CardPool) -> Request:
    load = till.request(Kind.CASH_LOAD, pool.city(), 1_000, epoch="000011")
    assert load.amount is not None
    confirm = till.confirmation(load)
    return changed(
        confirm,
        key=load.key.of_family(Family.CONFIRM),
        original=Original(key=load.key),
    )


async def reversal_of_the_batch_before(till: Till, pool: CardPool) -> Request:
    card, epoch = pool.city(), till.terminal.epoch
    till.terminal.epoch = "000011"
    sale, _ = await till.sell(Kind.PURCHASE, card, 1_000, epoch="000011")
    till.terminal.epoch = epoch
    return changed(till.reversal(sale), key=sale.key.of_family(Family.REVERSAL))


async def load_above_what_a_card_may_hold(till: Till, pool: CardPool) -> Request:
    card = pool.city()
    await till.sell(Kind.CASH_LOAD, card, 450_000)
    await till.sell(Kind.CASH_LOAD, card, 450_000)
    return till.request(Kind.CASH_LOAD, card, 1)


async def reversal_of_what_was_refunded(till: Till, pool: CardPool) -> Request:
    card = pool.city()
    sale, answer = await till.sell(Kind.PURCHASE, card, 1_000)
    await till.sell(Kind.REFUND, card, 400, original=Original(rrn=answer.rrn))
    return till.reversal(sale)


async def reversal_of_a_refund(till: Till, pool: CardPool) -> Request:
    card = pool.city()
    _, answer = await till.sell(Kind.PURCHASE, card, 1_000)
    refund, _ = await till.sell(Kind.REFUND, card, 400, original=Original(rrn=answer.rrn))
    return till.reversal(refund)


async def reversal_of_a_load_that_its_confirmation_posted(till: Till, pool: CardPool) -> Request:
    load = till.request(Kind.CASH_LOAD, pool.city(), 500)
    assert (await till.ask(till.confirmation(load))).is_approved
    return till.reversal(load)


async def reversal_with_another_card(till: Till, pool: CardPool) -> Request:
    sale, _ = await till.sell(Kind.PURCHASE, pool.city(), 1_000)
    return changed(till.reversal(sale), pan=CARDS[pool.city()].pan)


async def reversal_of_a_load_that_was_spent(till: Till, pool: CardPool) -> Request:
    card = pool.city()
    load, _ = await till.sell(Kind.CASH_LOAD, card, 500)
    await till.sell(Kind.PURCHASE, card, 100_001)
    return till.reversal(load)


def on_hold(kind: Kind, first: Kind | None = None, **more: Any) -> Case:
    """About 600.00 that are held, to which something was done first, with something changed."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        held = await held_on(till, card, 60_000)
        if first is Kind.HOLD_EXPIRY:
            assert (await asking_of(till).ask(ending_of(till, card))).is_approved
        elif first is not None:
            done = till.request(first, card, 60_000, original=held)
            assert (await till.ask(done)).is_approved
        return changed(till.request(kind, card, 60_000, original=held), **more)

    return ask


def held_over(kind: Kind, *, other: int = 0) -> Case:
    """More than is held, as the product allows, and more than is free; so much is held beside."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        put_into(till, WIDE, card)
        held = await held_on(till, card, 60_000)
        if other:
            await held_on(till, card, other)
        return till.request(kind, card, 100_001 - bool(other), original=held)

    return ask


def on_completion(**more: Any) -> Case:
    """The void of a completion of 600.00, with something changed."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.city()
        held = await held_on(till, card, 60_000)
        sale, answer = await till.sell(COMPLETE, card, 60_000, original=held)
        void = till.request(
            Kind.COMPLETION_VOID, card, 60_000, original=till.original(sale, answer)
        )
        return changed(void, **more)

    return ask


def with_the_rest_held(kind: Kind, amount: int, *, points: bool = False) -> Case:
    """Asked of a card of which all is kept for somebody: its money, or its points."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.with_points()
        unit = "P:CITY" if points else "CNY"
        till.sql(
            "UPDATE purse SET held_minor = posted_minor WHERE card_id = %s AND unit = %s",
            card,
            unit,
        )
        return request_of(till, kind, card, amount=amount)

    return ask


def with_earned_points_held(kind: Kind, amount: int, sold: Kind = Kind.PURCHASE) -> Case:
    """A pear card whose sale earned points, all of which are kept for somebody since."""

    async def ask(till: Till, pool: CardPool) -> Request:
        card = pool.pear()
        more = {} if sold is Kind.PURCHASE else {"original": await held_on(till, card, 50_000)}
        sale, answer = await till.sell(sold, card, 50_000, **more)
        till.sql(
            "UPDATE purse SET held_minor = posted_minor WHERE card_id = %s AND unit = 'P:PEAR'",
            card,
        )
        return till.request(kind, card, amount, original=till.original(sale, answer))

    return ask


async def void_of_a_completion_whose_points_are_spent(till: Till, pool: CardPool) -> Request:
    card = pool.pear()
    held = await held_on(till, card, 50_000)
    sale, answer = await till.sell(COMPLETE, card, 50_000, original=held)
    await till.sell(Kind.POINTS_REDEMPTION, card, 1_000)
    original = till.original(sale, answer)
    return till.request(Kind.COMPLETION_VOID, card, 50_000, original=original)


async def void_of_a_completion_of_the_batch_before(till: Till, pool: CardPool) -> Request:
    card, epoch = pool.city(), till.terminal.epoch
    held = await held_on(till, card, 60_000)
    till.terminal.epoch = "000011"
    sale, answer = await till.sell(COMPLETE, card, 60_000, epoch="000011", original=held)
    till.terminal.epoch = epoch
    original = till.original(sale, answer)
    return till.request(Kind.COMPLETION_VOID, card, 60_000, original=original)


async def void_of_a_completion_that_was_voided(till: Till, pool: CardPool) -> Request:
    void = await on_completion()(till, pool)
    assert (await till.ask(void)).is_approved
    key = msgspec.structs.replace(void.key, stan=f"{next(till.stans):06d}")
    return changed(void, key=key)


async def reversal_of_a_preauth_that_was_completed(till: Till, pool: CardPool) -> Request:
    card = pool.city()
    asked = till.request(Kind.PREAUTH, card, 60_000, pin="123456")
    answer = await till.ask(asked)
    await till.sell(COMPLETE, card, 60_000, original=Original(rrn=answer.rrn))
    return till.reversal(asked)


async def reversal_of_a_load_that_is_held(till: Till, pool: CardPool) -> Request:
    card = pool.city()
    load, _ = await till.sell(Kind.CASH_LOAD, card, 500)
    await held_on(till, card, 100_100)
    return till.reversal(load)


async def held_on(till: Till, card: int, amount: int) -> Original:
    """A pre-authorisation, as its slip names it."""
    asked = till.request(Kind.PREAUTH, card, amount, pin="123456")
    answer = await till.ask(asked)
    assert answer.is_approved, answer
    return Original(auth_code=answer.auth_code, local_date=answer.local_time[4:8])


def ending_of(till: Till, card: int) -> OwnRequest:
    """What the clock asks of the card's hold."""
    number = till.sql("SELECT max(id) FROM hold WHERE card_id = %s", card)[0][0]
    key = OwnKey(Origin.CLOCK, "hold_expiry", "20261222", str(number))
    return OwnRequest(kind=Kind.HOLD_EXPIRY, key=key, card=card_at(till, card), hold=number)


def rows(
    kinds: Iterable[Kind], reason: Reason, make: Callable[[Kind], Case]
) -> list[tuple[Kind, Reason, Case]]:
    return [(kind, reason, make(kind)) for kind in kinds]


def of(kind: Kind, reason: Reason, *cases: Case) -> list[tuple[Kind, Reason, Case]]:
    return [(kind, reason, case) for case in cases]


R = Reason
LOAD, CONFIRM, REDEEM = Kind.CASH_LOAD, Kind.CASH_LOAD_CONFIRM, Kind.POINTS_REDEMPTION
DRAW = Kind.LOTTERY_DRAW
EARN, ASK_POINTS = Kind.POINTS_EARN, Kind.POINTS_INQUIRY
BUY, VOID, REFUND, REVERSE = Kind.PURCHASE, Kind.VOID, Kind.REFUND, Kind.REVERSAL
SPLIT = Kind.COMBINED_PURCHASE
HOLD, COMPLETION_VOID = Kind.PREAUTH, Kind.COMPLETION_VOID
YUAN_SHORT, DOLLARS, POINTS = Money(999, "CNY"), Money(1_000, "USD"), Money(1_000, "P:")

STATES = ("draft", "generating", "generated", "suspended", "voided", "expired", "closed")
FROZEN_MEMBER = 11
OF_BATCH, FIXED, SMALL, LITTLE, WIDE = 1, 2, 3, 4, 5
PRODUCTS: dict[int, dict[str, Any]] = {
    FIXED: {"is_reloadable": False, "pin": "if_sent"},
    WIDE: {"hold_over_percent": 100},
    LITTLE: {"balance_minor_max": 100_000},
    SMALL: {"amount_minor_max": 900, "balance_minor_max": 100_500},
}
ACTIVATE = Kind.CARD_ACTIVATION
SPENDS = (
    BUY,
    SPLIT,
    REDEEM,
    Kind.BALANCE_INQUIRY,
    Kind.ACCOUNT_INQUIRY,
    ASK_POINTS,
    Kind.PREAUTH,
    HOLD_MORE,
    DRAW,
)
LOADS = (LOAD, EARN, Kind.LOAD_VERIFICATION)
STOPPED = (*SPENDS, *LOADS)

GUESSERS = {Kind.PURCHASE: "80010011", Kind.COMBINED_PURCHASE: "80010012"}
"""Terminals that have sent too many wrong codes, and that nobody else has."""


def by_unknown_code(kind: Kind) -> Case:
    async def case(till: Till, _pool: CardPool) -> Request:
        return till.request(kind, None, 100, pan=new_code())

    return case


def by_used_code(kind: Kind) -> Case:
    async def case(till: Till, _pool: CardPool) -> Request:
        code = shown(till)
        till.sql("UPDATE pay_code SET used_by = 'pos/x' WHERE used_by IS NULL AND NOT is_over")
        return till.request(kind, None, 100, pan=code)

    return case


def by_late_code(kind: Kind) -> Case:
    async def case(till: Till, _pool: CardPool) -> Request:
        return till.request(kind, None, 100, pan=shown(till, until=NOW))

    return case


def after_wrong_codes(kind: Kind) -> Case:
    async def case(till: Till, _pool: CardPool) -> Request:
        told = {"terminal_id": GUESSERS[kind]}
        for _ in range(WRONG_MAX):
            await till.ask(till.request(kind, None, 100, pan=new_code(), **told))
        return till.request(kind, None, 100, pan=shown(till), **told)

    return case


CASES = [
    *rows(SOLD, R.CARD_NOT_FOUND, lambda kind: of_batch(kind, "draft")),
    *rows(SOLD, R.CARD_NOT_FOUND, lambda kind: of_batch(kind, "generating")),
    *rows(SOLD, R.CARD_BATCH_NOT_OPENED, lambda kind: of_batch(kind, "generated")),
    *rows(SOLD, R.CARD_BATCH_SUSPENDED, lambda kind: of_batch(kind, "suspended")),
    *rows(SOLD, R.EXPIRED, lambda kind: of_batch(kind, "expired")),
    *rows(SOLD, R.EXPIRED, lambda kind: of_batch(kind, "closed")),
    *rows(SPENDS, R.CARD_VOIDED_SPEND, lambda kind: of_batch(kind, "voided")),
    *rows(LOADS, R.CARD_VOIDED_LOAD, lambda kind: of_batch(kind, "voided")),
    *rows(SPENDS, R.CARD_VOIDED_SPEND, lambda kind: standing(kind, status="voided")),
    *rows(LOADS, R.CARD_VOIDED_LOAD, lambda kind: standing(kind, status="voided")),
    *rows(SOLD, R.CARD_REPLACED, lambda kind: standing(kind, status="replaced")),
    *rows(SOLD, R.EXPIRED, lambda kind: standing(kind, status="expired")),
    *rows(WITHOUT_ORIGINAL, R.EXPIRED, lambda kind: standing(kind, valid_to="2026-11-21")),
    *rows(SOLD, R.CARD_LOST, lambda kind: standing(kind, status="lost")),
    *rows(
        WITHOUT_ORIGINAL,
        R.CARD_NOT_YET_VALID,
        lambda kind: standing(kind, valid_from="2026-11-23"),
    ),
    *rows((LOAD, Kind.LOAD_VERIFICATION), R.FUNCTION_NOT_SUPPORTED, lambda k: of_product(k, FIXED)),
    *of(BUY, R.AMOUNT_LIMIT, of_product(BUY, SMALL, 901)),
    *of(ACTIVATE, R.CARD_VOIDED_SELL, of_batch(ACTIVATE, "voided")),
    *of(ACTIVATE, R.CARD_VOIDED_SELL, standing(ACTIVATE, status="voided")),
    *of(ACTIVATE, R.CARD_ALREADY_SOLD, simply(ACTIVATE), standing(ACTIVATE, status="inactive")),
    *of(ACTIVATE, R.FUNCTION_NOT_SUPPORTED, simply(ACTIVATE, 102)),
    *of(ACTIVATE, R.INVALID_AMOUNT, unsold(101), unsold(100, unit="USD")),
    *of(ACTIVATE, R.AMOUNT_LIMIT, unsold(100)),
    *of(LOAD, R.AMOUNT_LIMIT, of_product(LOAD, SMALL, 901), of_product(LOAD, SMALL, 501)),
    *rows(BATCHED, R.BATCH_MISMATCH, lambda kind: simply(kind, epoch="000099")),
    *rows(WITH_AMOUNT, R.INVALID_AMOUNT, lambda kind: simply(kind, amount=0)),
    *rows(WITH_CARD, R.ISSUER_UNKNOWN, lambda kind: with_pan(kind, "62220000000000")),
    *rows(WITH_CARD, R.ISSUER_UNKNOWN, lambda kind: simply(kind, CLOSED_CARD)),
    *rows(WITH_CARD, R.CARD_NOT_FOUND, lambda kind: with_pan(kind, "99880000099999")),
    *rows(WITH_CARD, R.NOT_PERMITTED_TO_CARD, on_pear_card),
    *rows(STOPPED, R.MEMBER_FROZEN, of_frozen_member),
    *rows(SOLD, R.CARD_FROZEN, lambda kind: simply(kind, 101)),
    *rows(WITHOUT_ORIGINAL, R.CARD_NOT_ACTIVE, lambda kind: simply(kind, 102)),
    *rows(WITHOUT_ORIGINAL, R.EXPIRED, lambda kind: simply(kind, 103)),
    *rows(WITHOUT_ORIGINAL, R.EXPIRED, lambda kind: simply(kind, expiry="2911")),
    *rows(SOLD, R.CARD_LOST, lambda kind: simply(kind, 105)),
    *rows(SOLD, R.CARD_STOLEN, lambda kind: simply(kind, 106)),
    *rows(PIN_READ, R.WRONG_PIN, lambda kind: after_wrong_pins(kind, 0, "123457")),
    *rows(PIN_READ, R.WRONG_PIN, lambda kind: after_wrong_pins(kind, 1, "1234")),
    *rows(PIN_NEEDED, R.WRONG_PIN, lambda kind: simply(kind, pin=None)),
    *rows(PIN_READ, R.PIN_TRIES_EXCEEDED, lambda kind: after_wrong_pins(kind, 2, "111111")),
    *rows(PIN_READ, R.PIN_TRIES_EXCEEDED, lambda kind: after_wrong_pins(kind, 3, "123456")),
    *rows(PIN_READ, R.PIN_FORMAT, lambda kind: simply(kind, pin=NO_BLOCK)),
    *rows(PIN_READ, R.PIN_FORMAT, lambda kind: simply(kind, pin="123456", key_generation=7)),
    *of(BUY, R.INVALID_AMOUNT, simply(BUY, unit="USD")),
    *of(BUY, R.AMOUNT_LIMIT, simply(BUY, amount=500_001)),
    *of(BUY, R.INSUFFICIENT_FUNDS, simply(BUY, amount=100_001), simply(BUY, 104), simply(BUY, 107)),
    *of(LOAD, R.INVALID_AMOUNT, simply(LOAD, unit="USD")),
    *of(LOAD, R.AMOUNT_LIMIT, simply(LOAD, amount=500_001), load_above_what_a_card_may_hold),
    *of(CONFIRM, R.INVALID_AMOUNT, simply(CONFIRM, unit="USD")),
    *of(CONFIRM, R.AMOUNT_LIMIT, simply(CONFIRM, amount=500_001)),
    *of(CONFIRM, R.ISSUER_UNKNOWN, confirming(None, pan=None)),
    *of(CONFIRM, R.ORIGINAL_VOIDED, confirming(LOAD, reverse=True), confirming(None, reverse=True)),
    *of(CONFIRM, R.ORIGINAL_MISMATCH, confirming(BUY), confirming(LOAD, amount=YUAN_SHORT)),
    *of(CONFIRM, R.ORIGINAL_MISMATCH, confirming(LOAD, pan=CARDS[PLAIN_CARD].pan)),
    *of(REDEEM, R.FUNCTION_NOT_SUPPORTED, simply(REDEEM, PLAIN_CARD)),
    *of(REDEEM, R.INVALID_AMOUNT, simply(REDEEM, amount=99), simply(REDEEM, unit="CNY")),
    *of(REDEEM, R.INVALID_AMOUNT, simply(REDEEM, unit="P:PEAR")),
    *of(SPLIT, R.INVALID_AMOUNT, simply(SPLIT, unit="USD")),
    *of(SPLIT, R.AMOUNT_LIMIT, simply(SPLIT, amount=500_001)),
    *of(
        SPLIT,
        R.INSUFFICIENT_FUNDS,
        simply(SPLIT, amount=100_001),
        simply(SPLIT, 5, amount=102_001),
        simply(SPLIT, 107),
    ),
    *of(REDEEM, R.INSUFFICIENT_FUNDS, simply(REDEEM, amount=100), simply(REDEEM, 5, amount=2_001)),
    *of(CONFIRM, R.BATCH_MISMATCH, confirmation_of_the_batch_before),
    *of(EARN, R.FUNCTION_NOT_SUPPORTED, simply(EARN, PLAIN_CARD)),
    *of(EARN, R.INVALID_AMOUNT, simply(EARN, unit="USD"), simply(EARN, amount=99)),
    *of(EARN, R.AMOUNT_LIMIT, simply(EARN, amount=500_001)),
    *of(DRAW, R.LOTTERY_NOT_OPEN, simply(DRAW), drawing("DRAFT", 50, state="draft")),
    *of(DRAW, R.INVALID_AMOUNT, drawing("DEARER", 49), drawing("RICH", 50, threshold_points=2_001)),
    *of(DRAW, R.VALUE_HELD, draw_for_points_that_are_held),
    *of(DRAW, R.FREQUENCY_LIMIT, drawing("CAPPED", 50, times=2, cap=2)),
    *of(DRAW, R.INSUFFICIENT_FUNDS, drawing("DEAR", 2_001, cost_points=2_001)),
    *of(DRAW, R.AMOUNT_LIMIT, drawing("FULL", 50, prize=900_001)),
    *of(ASK_POINTS, R.FUNCTION_NOT_SUPPORTED, simply(ASK_POINTS, PLAIN_CARD)),
    *of(VOID, R.ORIGINAL_MISMATCH, on_sale(VOID, EARN, amount=YUAN_SHORT)),
    *of(VOID, R.ORIGINAL_MISMATCH, on_sale(VOID, EARN, amount=POINTS)),
    *of(VOID, R.ORIGINAL_MISMATCH, on_sale(VOID, EARN, amount=DOLLARS)),
    *of(VOID, R.ORIGINAL_NOT_FOUND, simply(VOID), on_others_sale(VOID), with_another_rrn(VOID)),
    *of(VOID, R.INVALID_TRANSACTION, on_sale(VOID, LOAD)),
    *of(VOID, R.OUTSIDE_WINDOW, void_of_the_batch_before),
    *of(VOID, R.ORIGINAL_VOIDED, after(VOID, VOID, 1_000, 1_000), after(VOID, REFUND, 1, 1_000)),
    *of(VOID, R.ORIGINAL_MISMATCH, on_sale(VOID, amount=YUAN_SHORT), on_sale(VOID, amount=POINTS)),
    *of(VOID, R.ORIGINAL_MISMATCH, on_sale(VOID, REDEEM, amount=Money(1_000, "CNY"))),
    *of(VOID, R.INSUFFICIENT_FUNDS, with_points_spent(VOID, 50_000)),
    *of(REFUND, R.ORIGINAL_NOT_FOUND, simply(REFUND, original=Original(rrn="x" * 12))),
    *of(REFUND, R.ORIGINAL_NOT_FOUND, simply(REFUND, original=Original(rrn="112299999999"))),
    *of(REFUND, R.ORIGINAL_NOT_FOUND, on_others_sale(REFUND), with_another_rrn(REFUND)),
    *of(REFUND, R.ORIGINAL_NOT_FOUND, on_others_sale(REFUND, terminal_id=OTHER_MERCHANT)),
    *of(REFUND, R.INVALID_TRANSACTION, on_sale(REFUND, LOAD), on_sale(REFUND, EARN)),
    *of(REFUND, R.ORIGINAL_MISMATCH, on_sale(REFUND, amount=POINTS)),
    *of(REFUND, R.ORIGINAL_MISMATCH, on_sale(REFUND, amount=DOLLARS)),
    *of(REFUND, R.ORIGINAL_MISMATCH, on_sale(REFUND, REDEEM, amount=Money(999, "P:"))),
    *of(REFUND, R.ORIGINAL_VOIDED, after(REFUND, VOID, 1_000, 1)),
    *of(REFUND, R.AMOUNT_LIMIT, on_sale(REFUND, amount=Money(1_001, "CNY"))),
    *of(REFUND, R.AMOUNT_LIMIT, after(REFUND, REFUND, 600, 401)),
    *of(REFUND, R.INSUFFICIENT_FUNDS, with_points_spent(REFUND, 1_000)),
    *of(REVERSE, R.ORIGINAL_NOT_FOUND, simply(REVERSE), reversal_with_another_card),
    *of(REVERSE, R.ORIGINAL_NOT_FOUND, reversing(BUY, amount=YUAN_SHORT)),
    *of(REVERSE, R.ORIGINAL_NOT_FOUND, reversing(EARN, amount=YUAN_SHORT)),
    *of(REVERSE, R.ORIGINAL_NOT_FOUND, reversal_of_the_batch_before),
    *of(REVERSE, R.ORIGINAL_VOIDED, reversal_of_what_was_refunded),
    *of(REVERSE, R.INSUFFICIENT_FUNDS, reversal_of_a_load_that_was_spent),
    *of(REVERSE, R.FUNCTION_NOT_SUPPORTED, reversal_of_a_refund),
    *of(REVERSE, R.FUNCTION_NOT_SUPPORTED, reversal_of_a_load_that_its_confirmation_posted),
    *of(BUY, R.VALUE_HELD, with_the_rest_held(BUY, 1)),
    *of(SPLIT, R.VALUE_HELD, with_the_rest_held(SPLIT, 10_000)),
    *of(REDEEM, R.VALUE_HELD, with_the_rest_held(REDEEM, 100, points=True)),
    *of(VOID, R.VALUE_HELD, with_earned_points_held(VOID, 50_000)),
    *of(REFUND, R.VALUE_HELD, with_earned_points_held(REFUND, 1_000)),
    *of(REVERSE, R.VALUE_HELD, reversal_of_a_load_that_is_held),
    *of(REVERSE, R.HOLD_COMPLETED, reversal_of_a_preauth_that_was_completed),
    *of(HOLD, R.INVALID_AMOUNT, simply(HOLD, unit="USD")),
    *of(HOLD, R.AMOUNT_LIMIT, simply(HOLD, amount=500_001), of_product(HOLD, SMALL, 901)),
    *of(HOLD, R.INSUFFICIENT_FUNDS, simply(HOLD, amount=100_001), simply(HOLD, 104)),
    *of(HOLD, R.VALUE_HELD, with_the_rest_held(HOLD, 1)),
    *rows(OF_HOLD, R.ORIGINAL_NOT_FOUND, simply),
    *rows(OF_HOLD, R.ORIGINAL_NOT_FOUND, lambda kind: simply(kind, original=Original())),
    *rows(OF_HOLD, R.HOLD_COMPLETED, lambda kind: on_hold(kind, COMPLETE)),
    *rows(OF_HOLD, R.OUTSIDE_WINDOW, lambda kind: on_hold(kind, Kind.HOLD_EXPIRY)),
    *rows(OF_HOLD, R.ORIGINAL_VOIDED, lambda kind: on_hold(kind, UNHOLD)),
    *rows(OF_HOLD, R.INVALID_AMOUNT, lambda kind: on_hold(kind, amount=DOLLARS)),
    *of(HOLD_MORE, R.AMOUNT_LIMIT, on_hold(HOLD_MORE, amount=Money(500_001, "CNY"))),
    *of(HOLD_MORE, R.INSUFFICIENT_FUNDS, on_hold(HOLD_MORE, amount=Money(100_001, "CNY"))),
    *of(HOLD_MORE, R.VALUE_HELD, on_hold(HOLD_MORE, amount=Money(40_001, "CNY"))),
    *of(UNHOLD, R.ORIGINAL_MISMATCH, on_hold(UNHOLD, amount=YUAN_SHORT)),
    *rows((COMPLETE, ADVISE), R.AMOUNT_LIMIT, lambda k: on_hold(k, amount=Money(60_001, "CNY"))),
    *rows((COMPLETE, ADVISE), R.INSUFFICIENT_FUNDS, held_over),
    *rows((COMPLETE, ADVISE), R.VALUE_HELD, lambda kind: held_over(kind, other=1)),
    *of(COMPLETION_VOID, R.ORIGINAL_NOT_FOUND, simply(COMPLETION_VOID)),
    *of(COMPLETION_VOID, R.INVALID_TRANSACTION, on_sale(COMPLETION_VOID)),
    *of(COMPLETION_VOID, R.OUTSIDE_WINDOW, void_of_a_completion_of_the_batch_before),
    *of(COMPLETION_VOID, R.ORIGINAL_VOIDED, void_of_a_completion_that_was_voided),
    *of(COMPLETION_VOID, R.ORIGINAL_MISMATCH, on_completion(amount=YUAN_SHORT)),
    *of(COMPLETION_VOID, R.INSUFFICIENT_FUNDS, void_of_a_completion_whose_points_are_spent),
    *of(
        COMPLETION_VOID,
        R.VALUE_HELD,
        with_earned_points_held(COMPLETION_VOID, 50_000, COMPLETE),
    ),
    *((kind, Reason.PAY_CODE_UNKNOWN, by_unknown_code(kind)) for kind in PAID_BY_CODE),
    *((kind, Reason.PAY_CODE_USED, by_used_code(kind)) for kind in PAID_BY_CODE),
    *((kind, Reason.PAY_CODE_LATE, by_late_code(kind)) for kind in PAID_BY_CODE),
    *((kind, Reason.CODE_TRIES_EXCEEDED, after_wrong_codes(kind)) for kind in PAID_BY_CODE),
]


def test_every_decline_of_every_kind_has_a_case() -> None:
    needed = {(kind, reason) for kind in ALL for reason in TRANSACTIONS[kind].declines}
    assert {(kind, reason) for kind, reason, _ in CASES} == needed


@pytest.mark.parametrize("kind", ALL, ids=str)
async def test_a_decline_posts_nothing_and_stays(shared: Till, pool: CardPool, kind: Kind) -> None:
    for place, (_, reason, case) in enumerate(one for one in CASES if one[0] is kind):
        request = await case(shared, pool)
        before = balances(shared)
        answer = await shared.ask(request)
        assert answer.reason is reason, f"case {place} of {kind}: {reason} expected"
        assert (answer.auth_code, answer.balance, answer.points_earned) == (None, None, 0)
        assert answer.rrn
        assert await shared.ask(request) == answer
        assert shared.journals(request) == 0
        assert balances(shared) == before
    take_out(shared)
    free(shared)


def balances(till: Till) -> list[tuple[Any, ...]]:
    return till.sql(
        "SELECT sum(posted_minor), sum(account_id * posted_minor), (SELECT count(*) FROM entry),"
        " (SELECT sum(remaining) FROM lot) FROM purse"
    )
