"""A till activates a card that it sells: value and standing in one posting, and back again."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from host.model.instruments import Activation, Form
from host.model.money import Money
from host.model.requests import Kind, Original, Request, Response
from host.model.responses import Reason
from host.model.secrets import Pan
from host.stock import batches, lives
from host.stock.batches import By
from host.stock.shipping import Places, Shipment, ship_range
from host.store.queries import load_queries
from tests.host.conftest import NOW, Till
from tests.host.stock.conftest import CITY, HSM, OWNER, Stock

pytestmark = pytest.mark.usefixtures("sharing")

ESTATE = load_queries("host.office", "estate.sql")
FACE = 10_000


@pytest.fixture
def stock(till: Till) -> Iterator[Stock]:
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=till.dsns)


def pans_of(stock: Stock, part: int) -> list[Pan]:
    rows = stock.rows("SELECT pan_sealed FROM card WHERE part_id = %s ORDER BY id", part)
    return [HSM.open_pan(sealed) for (sealed,) in rows]


def standing(stock: Stock, pan: Pan) -> tuple[Any, ...]:
    """Status, sale, last day, whether its password is kept, and what is on it."""
    [row] = stock.rows(
        "SELECT c.status, c.sale, c.valid_to::text, c.code_hash IS NOT NULL,"
        " coalesce(p.posted_minor, 0) FROM card AS c"
        " LEFT JOIN purse AS p ON p.card_id = c.id AND p.unit = 'CNY' WHERE c.pan_hash = %s",
        HSM.pan_hash(pan),
    )
    return row


def activation(till: Till, pan: Pan, amount: int = FACE) -> Request:
    return till.request(Kind.CARD_ACTIVATION, None, amount, pan=pan)


async def activate(till: Till, pan: Pan, amount: int = FACE) -> tuple[Request, Response]:
    asked = activation(till, pan, amount)
    return asked, await till.ask(asked)


async def test_a_card_is_sold_and_activated_by_one_message(till: Till, stock: Stock) -> None:
    """S1-12, S1-33, S1-34, S4-76: only once its part is opened; its face value is on it then."""
    made = stock.draft(2)
    stock.make(made.part)
    pan, other = pans_of(stock, made.part)
    assert (await activate(till, pan))[1].reason is Reason.CARD_BATCH_NOT_OPENED
    stock.open(made.part)
    spent = till.request(Kind.PURCHASE, None, 100, pan=pan)
    assert (await till.ask(spent)).reason is Reason.CARD_NOT_ACTIVE
    asked, answer = await activate(till, pan)
    assert (answer.reason, answer.balance) == (Reason.APPROVED, Money(FACE, "CNY"))
    assert answer.auth_code
    assert await till.ask(asked) == answer, "the same key gets the same answer"
    assert standing(stock, pan) == ("active", "sold", "2029-12-31", True, FACE)
    assert standing(stock, other) == ("inactive", "unsold", "2029-12-31", True, 0)
    legs = stock.rows(
        "SELECT d.chart, c.chart, e.amount_minor FROM entry AS e"
        " JOIN journal AS j ON j.shard = e.shard AND j.id = e.journal_id"
        " JOIN ledger_account AS d ON d.id = e.debit_account"
        " JOIN ledger_account AS c ON c.id = e.credit_account WHERE j.slot = %s",
        asked.key.text,
    )
    assert legs == [("load_agent_receivable", "card_value", FACE)]
    assert (await activate(till, pan))[1].reason is Reason.CARD_ALREADY_SOLD
    bought = till.request(Kind.PURCHASE, None, 4_000, pan=pan)
    assert (await till.ask(bought)).balance == Money(6_000, "CNY")


async def test_two_tills_that_sell_one_card_at_once_sell_it_once(till: Till, stock: Stock) -> None:
    [pan] = pans_of(stock, stock.opened(1).part)
    asked = [
        till.request(Kind.CARD_ACTIVATION, None, FACE, pan=pan, terminal_id=f"{80_010_001 + n}")
        for n in range(6)
    ]
    answers = await till.ask_all(asked)
    assert sorted(answer.reason for answer in answers) == sorted(
        [Reason.APPROVED, *[Reason.CARD_ALREADY_SOLD] * 5]
    )
    assert standing(stock, pan)[-1] == FACE


@pytest.mark.parametrize("way", [Kind.REVERSAL, Kind.VOID])
async def test_an_activation_that_is_taken_back_puts_the_card_back_into_stock(
    till: Till, stock: Stock, way: Kind
) -> None:
    product = stock.product(valid_from=None, valid_to=None, valid_days=90)
    [pan] = pans_of(stock, stock.opened(1, product=product).part)
    asked, answer = await activate(till, pan)
    assert standing(stock, pan) == ("active", "sold", "2027-02-20", True, FACE)
    back = (
        till.reversal(asked)
        if way is Kind.REVERSAL
        else till.request(Kind.VOID, None, FACE, pan=pan, original=till.original(asked, answer))
    )
    assert (await till.ask(back)).is_approved
    assert standing(stock, pan) == ("inactive", "unsold", None, True, 0)
    assert (await till.ask(till.request(Kind.PURCHASE, None, 1, pan=pan))).reason is (
        Reason.CARD_NOT_ACTIVE
    )
    assert (await activate(till, pan))[1].is_approved, "it can be sold again"


async def test_a_void_that_is_reversed_leaves_the_card_sold(till: Till, stock: Stock) -> None:
    product = stock.product(valid_from=None, valid_to=None, valid_days=90)
    [pan] = pans_of(stock, stock.opened(1, product=product).part)
    asked, answer = await activate(till, pan)
    void = till.request(Kind.VOID, None, FACE, pan=pan, original=till.original(asked, answer))
    assert (await till.ask(void)).is_approved
    assert (await till.ask(till.reversal(void))).is_approved
    assert standing(stock, pan) == ("active", "sold", "2027-02-20", True, FACE)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("way", [Kind.REVERSAL, Kind.VOID])
async def test_a_card_that_was_sent_to_a_shop_is_in_its_stock_again(
    till: Till, stock: Stock, way: Kind
) -> None:
    """S1-32: the state before is what comes back, and what is sold again is sold."""
    vendor = {"id": 1, "issuer": CITY, "name": "Card Works", "contact": "mail", "note": ""}
    stock.connection.execute(ESTATE["add_vendor"], vendor)
    made = stock.opened(1, product=stock.product(form=Form.PHYSICAL), vendor=1)
    [pan] = pans_of(stock, made.part)
    sent = Shipment(batch=made.batch, reference="S-1", recipient="City store")
    assert ship_range(stock.connection, sent, Places(1, 1, 1), OWNER) == 1
    asked, answer = await activate(till, pan)
    assert standing(stock, pan)[:2] == ("active", "sold")
    back = (
        till.reversal(asked)
        if way is Kind.REVERSAL
        else till.request(Kind.VOID, None, FACE, pan=pan, original=till.original(asked, answer))
    )
    assert (await till.ask(back)).is_approved
    assert standing(stock, pan)[:2] == ("inactive", "allocated")
    if way is Kind.VOID:
        assert (await till.ask(till.reversal(back))).is_approved
        assert standing(stock, pan) == ("active", "sold", "2029-12-31", True, FACE)
    else:
        assert (await activate(till, pan))[1].is_approved
        assert standing(stock, pan)[:2] == ("active", "sold")


async def test_a_card_that_was_stopped_meanwhile_is_sold_again_when_the_void_is_reversed(
    till: Till, stock: Stock
) -> None:
    """It has its value back: letting it go puts it into no stock."""
    [pan] = pans_of(stock, stock.opened(1).part)
    asked, answer = await activate(till, pan)
    [(card,)] = stock.rows("SELECT id FROM card WHERE pan_hash = %s", HSM.pan_hash(pan))
    lives.stop_card(stock.connection, card, lives.Stop.LOSE)
    void = till.request(Kind.VOID, None, FACE, pan=pan, original=till.original(asked, answer))
    assert (await till.ask(void)).is_approved
    assert standing(stock, pan)[:2] == ("lost", "unsold")
    assert (await till.ask(till.reversal(void))).is_approved
    assert standing(stock, pan) == ("lost", "sold", "2029-12-31", True, FACE)
    assert lives.stop_card(stock.connection, card, lives.Stop.RELEASE) == "active"


async def test_an_activation_whose_value_was_spent_is_not_taken_back(
    till: Till, stock: Stock
) -> None:
    [pan] = pans_of(stock, stock.opened(1).part)
    asked, answer = await activate(till, pan)
    assert (await till.ask(till.request(Kind.PURCHASE, None, 1, pan=pan))).is_approved
    void = till.request(Kind.VOID, None, FACE, pan=pan, original=till.original(asked, answer))
    assert (await till.ask(void)).reason is Reason.INSUFFICIENT_FUNDS
    assert (await till.ask(till.reversal(asked))).reason is Reason.INSUFFICIENT_FUNDS
    assert standing(stock, pan)[:2] == ("active", "sold")


async def test_a_card_with_other_money_stays_in_use_when_its_activation_is_taken_back(
    till: Till, stock: Stock
) -> None:
    product = stock.product(is_reloadable=True)
    [pan] = pans_of(stock, stock.opened(1, product=product).part)
    asked, _ = await activate(till, pan)
    assert (await till.ask(till.request(Kind.CASH_LOAD, None, 500, pan=pan))).is_approved
    assert (await till.ask(till.reversal(asked))).is_approved
    assert standing(stock, pan) == ("active", "sold", "2029-12-31", True, 500)


@pytest.mark.parametrize(
    ("terms", "amount", "reason"),
    [
        ({}, FACE - 1, Reason.INVALID_AMOUNT),
        ({"activation": frozenset({Activation.OFFICE})}, FACE, Reason.FUNCTION_NOT_SUPPORTED),
        ({"balance_minor_max": FACE - 1}, FACE, Reason.AMOUNT_LIMIT),
        ({"face_minor_min": 0, "face_minor_max": 0}, 1, Reason.INVALID_AMOUNT),
    ],
)
async def test_a_till_keeps_to_the_product(
    till: Till, stock: Stock, terms: dict[str, Any], amount: int, reason: Reason
) -> None:
    """S1-07."""
    [pan] = pans_of(stock, stock.opened(1, product=stock.product(**terms)).part)
    assert (await activate(till, pan, amount))[1].reason is reason


async def test_a_batch_without_a_face_value_leaves_it_to_the_till(till: Till, stock: Stock) -> None:
    product = stock.product(face_minor_min=0, face_minor_max=20_000)
    [pan, other] = pans_of(stock, stock.opened(2, product=product, face_minor=0).part)
    assert (await activate(till, pan, 20_001))[1].reason is Reason.INVALID_AMOUNT
    assert (await activate(till, pan, 15_000))[1].balance == Money(15_000, "CNY")
    assert (await activate(till, other, 1))[1].is_approved


async def test_a_voided_card_tells_three_refusals(till: Till, stock: Stock) -> None:
    """S1-35: not spent, not sold, not loaded; bound neither (`test_lives`)."""
    made = stock.opened(1)
    [pan] = pans_of(stock, made.part)
    batches.void_batch(stock.connection, made.batch, OWNER)
    told = [
        (await till.ask(till.request(kind, None, FACE, pan=pan))).reason
        for kind in (Kind.PURCHASE, Kind.CARD_ACTIVATION, Kind.CASH_LOAD)
    ]
    assert told == [Reason.CARD_VOIDED_SPEND, Reason.CARD_VOIDED_SELL, Reason.CARD_VOIDED_LOAD]


async def test_a_card_of_a_suspended_batch_is_not_activated(till: Till, stock: Stock) -> None:
    """S1-13."""
    made = stock.opened(1)
    [pan] = pans_of(stock, made.part)
    batches.suspend_batch(stock.connection, made.batch, By("rong", NOW))
    assert (await activate(till, pan))[1].reason is Reason.CARD_BATCH_SUSPENDED
    batches.resume_batch(stock.connection, made.batch)
    assert (await activate(till, pan))[1].is_approved


async def test_days_from_activation_end_by_themselves(till: Till, stock: Stock) -> None:
    """S1-05, S1-06."""
    product = stock.product(valid_from=None, valid_to=None, valid_days=2)
    [pan] = pans_of(stock, stock.opened(1, product=product).part)
    await activate(till, pan)
    till.turn_the_date(dt.date(2026, 11, 24))
    assert (await till.ask(till.request(Kind.PURCHASE, None, 1, pan=pan))).is_approved
    till.turn_the_date(dt.date(2026, 11, 25))
    spent = till.request(Kind.PURCHASE, None, 1, pan=pan)
    assert (await till.ask(spent)).reason is Reason.EXPIRED


@pytest.mark.usefixtures("alone")
async def test_a_physical_card_that_was_sent_to_a_shop_is_sold_there(
    till: Till, stock: Stock
) -> None:
    """S1-01, S1-32."""
    till.sql("INSERT INTO vendor VALUES (1, 1, 'Card Works', 'mail', '')")
    product = stock.product(form=Form.PHYSICAL)
    [pan] = pans_of(stock, stock.opened(1, product=product, vendor=1).part)
    till.sql("UPDATE card SET sale = 'allocated' WHERE pan_hash = %s", HSM.pan_hash(pan))
    assert (await activate(till, pan))[1].is_approved


async def test_a_status_that_somebody_has_written_meanwhile_is_not_written_over(
    till: Till, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from host.store import saving, writer

    [pan] = pans_of(stock, stock.opened(1).part)
    save, is_first = saving.save, True

    def beaten(*args: Any) -> Any:
        nonlocal is_first
        if is_first:
            is_first = False
            till.sql("UPDATE card SET sale = 'sold' WHERE pan_hash = %s", HSM.pan_hash(pan))
        return save(*args)

    monkeypatch.setattr(writer, "save", beaten)
    asked = activation(till, pan)
    assert (await till.ask(asked)).reason is Reason.NOT_POSTABLE, "nothing is posted"
    assert (await till.ask(asked)).reason is Reason.CARD_ALREADY_SOLD
    assert standing(stock, pan)[-1] == 0


async def test_what_names_an_activation_by_its_reference_alone_undoes_it(
    till: Till, stock: Stock
) -> None:
    [pan] = pans_of(stock, stock.opened(1).part)
    _, answer = await activate(till, pan)
    void = till.request(Kind.VOID, None, FACE, original=Original(rrn=answer.rrn))
    assert (await till.ask(void)).is_approved
    assert standing(stock, pan)[:2] == ("inactive", "unsold")
