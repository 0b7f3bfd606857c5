"""Vouchers at a till: redeemed once and whole, or put onto a card, and taken back whole."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import psycopg
import pytest

from clearing.verify import audit
from host.hsm.voucher_codes import open_code
from host.model.instruments import Form
from host.model.requests import Besides, Kind, Original, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.voucher_codes import VoucherCode, grouped
from host.model.vouchers import ProductKind, VoucherTold
from host.stock import ageing, batches
from host.stock.voucher_codes import new_voucher_codes
from tests.host.conftest import PLAN, Till
from tests.host.stock.conftest import HSM, OWNER, Stock

pytestmark = pytest.mark.usefixtures("sharing")

FACE: Final = 5_000
OTHER: Final = "80010009"
TERMINALS: Final = PLAN.terminals
VOUCHER: Final[dict[str, Any]] = {
    "form": Form.PAPER,
    "kind": ProductKind.AMOUNT,
    "face_minor_min": FACE,
    "face_minor_max": FACE,
    "may_load": True,
}
PIECES: Final[dict[str, Any]] = {**VOUCHER, "face_minor_min": 0, "face_minor_max": 0} | {
    "may_load": False
}


@pytest.fixture
def stock(till: Till) -> Iterator[Stock]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=till.dsns)


def codes_of(stock: Stock, part: int) -> list[VoucherCode]:
    rows = stock.rows("SELECT id, pan_sealed FROM card WHERE part_id = %s ORDER BY id", part)
    return [open_code(HSM, sealed, card) for card, sealed in rows]


def made(stock: Stock, count: int = 1, batch: Any = None, **terms: Any) -> list[VoucherCode]:
    product = stock.product("PAPER", **{**VOUCHER, **terms})
    return codes_of(stock, stock.opened(count, product=product, **(batch or {})).part)


def redemption(till: Till, code: VoucherCode | str, amount: int = FACE, **more: Any) -> Request:
    text = code if isinstance(code, str) else code.reveal()
    besides = Besides(voucher=Secret(text.encode()))
    return till.request(Kind.VOUCHER_REDEMPTION, None, amount, besides=besides, **more)


def load(till: Till, card: int, code: VoucherCode, **more: Any) -> Request:
    besides = Besides(voucher=Secret(code.reveal().encode()))
    return till.request(Kind.LOAD_BY_CODE, card, None, besides=besides, **more)


def void_of(till: Till, request: Request, answer: Response, **more: Any) -> Request:
    named = till.original(request, answer)
    return till.request(Kind.VOUCHER_VOID, None, 1, original=named, **more)


async def redeem(till: Till, code: VoucherCode | str, amount: int = FACE, **more: Any) -> Response:
    return await till.ask(redemption(till, code, amount, **more))


def told(answer: Response) -> VoucherTold:
    assert answer.is_approved, answer.reason
    assert answer.besides is not None
    assert answer.besides.voucher is not None
    return answer.besides.voucher


def status(stock: Stock, code: VoucherCode) -> str:
    [(found,)] = stock.rows(
        "SELECT status FROM card WHERE pan_masked = %s ORDER BY id DESC LIMIT 1", code.masked
    )
    return str(found)


def legs(stock: Stock, request: Request) -> list[tuple[Any, ...]]:
    return stock.rows(
        "SELECT d.chart, c.chart, e.amount_minor, e.unit FROM entry AS e"
        " JOIN journal AS j ON j.shard = e.shard AND j.id = e.journal_id"
        " JOIN ledger_account AS d ON d.id = e.debit_account"
        " JOIN ledger_account AS c ON c.id = e.credit_account WHERE j.slot = %s ORDER BY e.leg",
        request.key.text,
    )


def findings(till: Till) -> list[str]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        return [str(finding) for finding in audit(connection)]


async def test_a_paper_voucher_is_redeemed_once_and_whole(till: Till, stock: Stock) -> None:
    """S2-14, S2-45, S3-12: no change is given, and the merchant is owed its face value."""
    [code] = made(stock)
    asked = redemption(till, grouped(code.reveal()).lower(), 3_000)
    answer = await till.ask(asked)
    assert told(answer) == VoucherTold(code.masked, FACE, "CNY")
    assert await till.ask(asked) == answer, "the same key gets the same answer"
    assert legs(stock, asked) == [("issuer_funds", "merchant_payable", FACE, "CNY")]
    assert status(stock, code) == "redeemed"
    assert (await redeem(till, code)).reason is Reason.VOUCHER_USED
    assert findings(till) == []


async def test_what_a_sale_costs_more_is_told_to_its_till(till: Till, stock: Stock) -> None:
    """S3-12."""
    [code] = made(stock)
    assert told(await redeem(till, code, FACE + 1_234)).rest_minor == 1_234


async def test_two_terminals_at_once_redeem_a_voucher_once(till: Till, stock: Stock) -> None:
    """S2-39, S2-50: one wins, the other hears why."""
    [code] = made(stock)
    asked = [redemption(till, code), redemption(till, code, terminal_id=OTHER)]
    answers = await till.ask_all(asked)
    assert sorted(one.reason for one in answers) == [Reason.APPROVED, Reason.VOUCHER_USED]
    assert findings(till) == []


async def test_a_voucher_is_put_onto_a_card_or_redeemed_and_never_both(
    till: Till, stock: Stock
) -> None:
    """S2-39, S3-07: cards of many shards want it at the same time as another till."""
    codes = made(stock, 6)
    before = {card: (await till.buy(card, 1)).balance for card in (1, 2, 3)}
    asked = [
        one
        for code in codes
        for one in (
            load(till, 1, code),
            load(till, 2, code, terminal_id=OTHER),
            redemption(till, code),
        )
    ]
    answers = await till.ask_all(asked)
    won = [one for one in answers if one.is_approved]
    lost = [one.reason for one in answers if not one.is_approved]
    assert len(won) == len(codes)
    assert set(lost) <= {Reason.VOUCHER_USED, Reason.HOST_UNREACHABLE, Reason.IN_PROGRESS}
    assert before
    assert findings(till) == []


async def test_a_voucher_loads_its_face_value_onto_a_card(till: Till, stock: Stock) -> None:
    """S3-07: once; and what was put on may be taken back, whole, the same day."""
    [code] = made(stock)
    asked = load(till, 1, code)
    answer = await till.ask(asked)
    assert told(answer).taken == FACE
    assert legs(stock, asked) == [("issuer_funds", "card_value", FACE, "CNY")]
    assert status(stock, code) == "loaded"
    assert (await till.ask(load(till, 2, code))).reason is Reason.VOUCHER_USED
    assert (await redeem(till, code)).reason is Reason.VOUCHER_USED
    assert (await till.ask(void_of(till, asked, answer))).is_approved
    assert status(stock, code) == "issued"
    assert (await till.ask(load(till, 2, code))).is_approved
    assert findings(till) == []


async def test_a_points_card_loads_points(till: Till, stock: Stock) -> None:
    """S4-58, S4-64: a standard reload card of points is a voucher; it buys nothing at a till."""
    [code] = made(stock, kind=ProductKind.POINTS_CARD)
    assert (await redeem(till, code)).reason is Reason.FUNCTION_NOT_SUPPORTED
    asked = load(till, 1, code)
    answer = await till.ask(asked)
    assert (answer.points_earned, told(answer).unit) == (FACE, "P:CITY")
    assert legs(stock, asked) == [("points_issued", "card_points", FACE, "P:CITY")]
    back = await till.ask(till.reversal(asked))
    assert back.is_approved
    assert status(stock, code) == "issued"
    assert findings(till) == []


async def test_a_redemption_is_voided_and_reversed_whole(till: Till, stock: Stock) -> None:
    """S2-39: it is as it was before, and the reversal of a void uses it again."""
    [code] = made(stock)
    asked = redemption(till, code, 3_000)
    answer = await till.ask(asked)
    void = void_of(till, asked, answer)
    assert (await till.ask(void)).is_approved
    assert legs(stock, void) == [("merchant_payable", "issuer_funds", FACE, "CNY")]
    assert status(stock, code) == "issued"
    assert (await till.ask(void_of(till, asked, answer))).reason is Reason.ORIGINAL_VOIDED
    assert (await till.ask(till.reversal(void))).is_approved
    assert status(stock, code) == "redeemed"
    assert (await till.ask(till.reversal(asked))).is_approved
    assert status(stock, code) == "issued"
    assert findings(till) == []


async def test_a_void_that_another_has_redeemed_behind_is_not_taken_back(
    till: Till, stock: Stock
) -> None:
    [code] = made(stock)
    asked = redemption(till, code)
    void = void_of(till, asked, await till.ask(asked))
    assert (await till.ask(void)).is_approved
    assert told(await redeem(till, code, terminal_id=OTHER)).taken
    assert (await till.ask(till.reversal(void))).reason is Reason.INSUFFICIENT_FUNDS
    assert findings(till) == []


async def test_a_redemption_of_another_day_or_batch_is_not_voided(till: Till, stock: Stock) -> None:
    [code] = made(stock)
    asked = redemption(till, code)
    answer = await till.ask(asked)
    till.turn_the_date()
    assert (await till.ask(void_of(till, asked, answer))).reason is Reason.OUTSIDE_WINDOW


async def test_a_ticket_admits_as_often_as_it_says(till: Till, stock: Stock) -> None:
    """S2-42: and an entry that is voided is there again."""
    [code] = made(stock, **{**PIECES, "kind": ProductKind.TICKET, "entries": 2})
    first = redemption(till, code, 0)
    answer = await till.ask(first)
    assert told(answer) == VoucherTold(code.masked, 1, "G:", left=1)
    assert legs(stock, first) == [("goods_promised", "merchant_goods", 1, "G:")]
    assert told(await redeem(till, code, 0, terminal_id=OTHER)).left == 0
    assert status(stock, code) == "redeemed"
    assert (await redeem(till, code, 0)).reason is Reason.VOUCHER_USED
    assert (await till.ask(void_of(till, first, answer))).is_approved
    assert told(await redeem(till, code, 0)).left == 0
    assert (await redeem(till, code, 0)).reason is Reason.VOUCHER_USED
    assert findings(till) == []


async def test_two_entries_in_one_batch_are_two(till: Till, stock: Stock) -> None:
    [code] = made(stock, **{**PIECES, "kind": ProductKind.TICKET, "entries": 2})
    asked = [redemption(till, code, 0, terminal_id=one.terminal_id) for one in TERMINALS[:3]]
    answers = await till.ask_all(asked)
    assert sorted(one.reason for one in answers) == [
        Reason.APPROVED,
        Reason.APPROVED,
        Reason.VOUCHER_USED,
    ]
    assert findings(till) == []


async def test_who_has_bought_three_gets_one(till: Till, stock: Stock) -> None:
    """S2-32: a bought one that is taken back counts no longer, whatever came after it."""
    terms = {**PIECES, "kind": ProductKind.BUY_AND_GET, "buys": 3, "entries": 1}
    [code] = made(stock, **terms)
    bought = []
    for left in (2, 1, 0):
        asked = redemption(till, code, 800)
        answer = await till.ask(asked)
        assert told(answer) == VoucherTold(code.masked, 1, "S:", rest_minor=800, left=left)
        bought.append((asked, answer))
    assert (await till.ask(void_of(till, *bought[0]))).is_approved
    assert not told(await redeem(till, code, 800)).is_free
    free = await redeem(till, code, 800)
    assert told(free) == VoucherTold(code.masked, 1, "G:", is_free=True)
    assert (await redeem(till, code, 800)).reason is Reason.VOUCHER_USED
    assert findings(till) == []


async def test_a_goods_voucher_is_for_its_goods_stores_and_regions(
    till: Till, stock: Stock
) -> None:
    """S2-01, S2-13, S2-51: and where nothing is named, for all."""
    terms = {**PIECES, "kind": ProductKind.GOODS, "entries": 2, "goods": frozenset({"TEA", "CUP"})}
    [(store,)] = stock.rows("SELECT store_id FROM terminal WHERE terminal_id = %s", OTHER)
    [code] = made(stock, batch={"stores": (store,)}, **terms)
    assert (await redeem(till, code, 0)).reason is Reason.VOUCHER_NOT_THIS_STORE
    there = {"terminal_id": OTHER}
    wrong = await redeem(till, code, 0, goods="HAT", **there)
    assert wrong.reason is Reason.VOUCHER_NOT_THESE_GOODS
    assert (await redeem(till, code, 0, **there)).reason is Reason.VOUCHER_NOT_THESE_GOODS
    assert told(await redeem(till, code, 0, goods="CUP", **there)).taken == 2
    [code] = made(stock, regions=frozenset({"SH"}))
    assert (await redeem(till, code)).reason is Reason.VOUCHER_NOT_PERMITTED
    [code] = made(stock, batch={"merchants": (999,)})
    assert (await redeem(till, code)).reason is Reason.VOUCHER_NOT_THIS_STORE
    [code] = made(stock, sale_minor_min=FACE)
    assert (await redeem(till, code, FACE - 1)).reason is Reason.INVALID_AMOUNT


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("change", "spend", "bound_to_load"),
    [
        ("status = 'held'", Reason.VOUCHER_HELD, Reason.VOUCHER_HELD),
        ("status = 'redeemed'", Reason.VOUCHER_USED, Reason.VOUCHER_USED),
        ("status = 'loaded'", Reason.VOUCHER_USED, Reason.VOUCHER_USED),
        ("status = 'voided'", Reason.VOUCHER_VOIDED_SPEND, Reason.VOUCHER_VOIDED_LOAD),
        ("status = 'expired'", Reason.EXPIRED, Reason.EXPIRED),
        ("valid_to = '2026-11-21'", Reason.EXPIRED, Reason.EXPIRED),
        ("valid_from = '2026-11-23'", Reason.CARD_NOT_YET_VALID, Reason.CARD_NOT_YET_VALID),
        ("status = 'claimed'", Reason.APPROVED, Reason.APPROVED),
    ],
)
async def test_how_a_voucher_stands_is_told(
    till: Till, stock: Stock, change: str, spend: Reason, bound_to_load: Reason
) -> None:
    """S1-12: row by row of the table of states."""
    first, second = made(stock, 2)
    till.sql(f"UPDATE card SET {change} WHERE part_id IS NOT NULL AND status = 'issued'")
    assert (await redeem(till, first)).reason is spend
    assert (await till.ask(load(till, 1, second))).reason is bound_to_load
    if spend is Reason.VOUCHER_USED:
        till.sql("UPDATE card SET status = 'issued' WHERE status IN ('redeemed', 'loaded')")


async def test_a_batch_of_vouchers_is_opened_suspended_and_voided_as_a_whole(
    till: Till, stock: Stock
) -> None:
    """S3-23, S3-24: nothing of it works before another person has opened it."""
    draft = stock.draft(2, stock.product("PAPER", **VOUCHER))
    stock.make(draft.part)
    code, other = codes_of(stock, draft.part)
    assert (await redeem(till, code)).reason is Reason.VOUCHER_NOT_OPENED
    stock.open(draft.part)
    batches.suspend_batch(stock.connection, draft.batch, OWNER)
    assert (await redeem(till, code)).reason is Reason.VOUCHER_SUSPENDED
    batches.resume_batch(stock.connection, draft.batch)
    assert told(await redeem(till, code)).taken
    batches.void_batch(stock.connection, draft.batch, OWNER)
    assert (await redeem(till, other)).reason is Reason.VOUCHER_VOIDED_SPEND
    assert (await till.ask(load(till, 1, other))).reason is Reason.VOUCHER_VOIDED_LOAD


async def test_grace_holds_at_tills_alone(till: Till, stock: Stock) -> None:
    """S1-05."""
    first, second = made(stock, 2, valid_to=dt.date(2026, 11, 20), grace_days=3)
    assert (await till.ask(load(till, 1, second))).reason is Reason.EXPIRED
    assert told(await redeem(till, first)).taken


async def test_wrong_codes_are_one_text_and_soon_too_many(till: Till, stock: Stock) -> None:
    """S2-39: whoever guesses at a till is let wait, and learns nothing of any code."""
    [code] = made(stock)
    [unknown] = new_voucher_codes(1)
    text = code.reveal()
    wrong = text[:-1] + next(one for one in "0123" if one != text[-1])
    for tried in (unknown, wrong, unknown, "x", unknown):
        assert (await redeem(till, tried)).reason is Reason.VOUCHER_UNKNOWN
    assert (await redeem(till, code)).reason is Reason.CODE_TRIES_EXCEEDED
    assert (await till.ask(load(till, 1, code))).reason is Reason.CODE_TRIES_EXCEEDED
    assert told(await redeem(till, code, terminal_id=OTHER)).taken, "others go on"


@pytest.mark.usefixtures("alone")
async def test_another_code_under_one_key_is_another_message(till: Till, stock: Stock) -> None:
    first, second = made(stock, 2)
    asked = redemption(till, first)
    assert told(await till.ask(asked)).taken
    besides = Besides(voucher=Secret(second.reveal().encode()))
    answer = await till.ask(msgspec.structs.replace(asked, besides=besides))
    assert answer.reason is Reason.DUPLICATE


@pytest.mark.usefixtures("alone")
async def test_a_voucher_is_never_refunded_or_voided_as_a_sale(till: Till, stock: Stock) -> None:
    [code] = made(stock)
    asked = redemption(till, code)
    named = Original(key=asked.key, rrn=(await till.ask(asked)).rrn)
    voided = await till.ask(till.request(Kind.VOID, None, FACE, original=named))
    assert voided.reason is Reason.INVALID_TRANSACTION


@pytest.mark.usefixtures("alone")
async def test_the_audit_names_a_voucher_that_is_not_as_its_uses_say(
    till: Till, stock: Stock
) -> None:
    """S2-39: whoever makes a used one good again by hand is found."""
    [code] = made(stock)
    told(await redeem(till, code))
    [(card,)] = till.sql("UPDATE card SET status = 'issued' WHERE status = 'redeemed' RETURNING id")
    [(number,)] = till.sql("UPDATE voucher_use SET given = 0 RETURNING journal_id")
    of = f"journal {number} of shard {shard_of_card(till, card)} (voucher_redemption)"
    assert [one for one in findings(till) if "voucher" in one] == [
        f"2. {of} and what it used of a voucher do not fit",
        f"2. voucher {card} is issued, though it has given 0 and loaded 1 cards",
    ]
    till.sql("UPDATE voucher_use SET given = 1")
    assert [one for one in findings(till) if "voucher" in one] == [
        f"2. voucher {card} is issued, though it has given 1 and loaded 0 cards"
    ]
    till.sql("UPDATE card SET status = 'redeemed' WHERE id = %s", card)


def shard_of_card(till: Till, card: int) -> int:
    [(shard,)] = till.sql("SELECT shard FROM card WHERE id = %s", card)
    return int(shard)


@pytest.mark.usefixtures("alone")
async def test_vouchers_expire_after_their_grace(till: Till, stock: Stock) -> None:
    """S1-05, S4-67: what nobody used was never posted, so there is nothing to write off."""
    [code] = made(stock, valid_to=dt.date(2026, 11, 23), grace_days=2)
    for days, expired in ((25, 0), (26, 1)):
        till.turn_the_date(dt.date(2026, 11, days))
        with stock.connection.transaction():
            assert ageing.expire_cards(stock.connection, 10) == expired
    assert status(stock, code) == "expired"
    assert (await redeem(till, code)).reason is Reason.EXPIRED
