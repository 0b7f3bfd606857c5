"""Cards are sold out of opened batches, each once, and an order whole or not at all."""

import concurrent.futures

import psycopg
import pytest

from host.stock import batches, sales
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.stock.sales import Channel, Order, Sold
from tests.host.conftest import NOW, audit_ledger
from tests.host.stock.conftest import CITY, OWNER, Stock

SELLER = By("mo", NOW)


def sell(stock: Stock, product: int, cards: int, order: str = "O-1", **more: object) -> Sold:
    asked = Order(product=product, cards=cards, order=order, **more)  # type: ignore[arg-type]
    with stock.connection.transaction():
        return sales.sell(stock.connection, asked, SELLER)


def sales_states(stock: Stock) -> dict[str, int]:
    return dict(stock.rows("SELECT sale, count(*) FROM card WHERE sale IS NOT NULL GROUP BY sale"))


def test_an_order_takes_cards_and_keeps_which(stock: Stock) -> None:
    """S1-29, S1-30: unsold and sold, and which card numbers an order has."""
    product = stock.product()
    made = stock.opened(10, product=product)
    sold = sell(stock, product, 4, buyer="Wang", channel=Channel.MALL, price_minor=9_500)
    assert len(set(sold.cards)) == 4
    assert sales_states(stock) == {"sold": 4, "unsold": 6}
    assert stock.rows(
        "SELECT order_reference, channel, buyer, cards, price_minor, sold_by FROM card_sale"
    ) == [("O-1", "mall", "Wang", 4, 9_500, "mo")]
    assert stock.rows("SELECT id FROM card WHERE sale_id = %s ORDER BY id", sold.sale) == [
        (card,) for card in sold.cards
    ]
    assert sell(stock, product, 4, buyer="Wang", channel=Channel.MALL) == sold, "the same order"
    assert made.part
    audit_ledger(stock.dsns)


def test_an_order_that_is_too_large_takes_nothing(stock: Stock) -> None:
    """S1-29."""
    product = stock.product()
    stock.opened(3, product=product)
    with pytest.raises(StockRefusal) as refused:
        sell(stock, product, 4)
    assert (refused.value.why, refused.value.facts) == (Why.STOCK_OUT, {"cards": 3})
    assert sales_states(stock) == {"unsold": 3}
    assert len(sell(stock, product, 3).cards) == 3


def test_cards_of_what_is_not_opened_suspended_or_voided_are_not_sold(stock: Stock) -> None:
    """S1-12, S1-13, S1-35."""
    product = stock.product()
    stock.make(stock.draft(3, product).part)
    suspended = stock.opened(3, product=product)
    voided = stock.opened(3, product=product)
    batches.suspend_batch(stock.connection, suspended.batch, OWNER)
    batches.void_batch(stock.connection, voided.batch, OWNER)
    with pytest.raises(StockRefusal, match="E-STOCK-OUT"):
        sell(stock, product, 1)


def test_an_order_is_filled_out_of_several_parts(stock: Stock) -> None:
    """S1-17, S1-30."""
    product = stock.product()
    for _ in range(3):
        stock.opened(2, product=product)
    assert len(sell(stock, product, 5).cards) == 5
    assert sales_states(stock) == {"sold": 5, "unsold": 1}


def test_many_who_sell_at_once_sell_each_card_once(stock: Stock) -> None:
    """S1-30: atomic."""
    product = stock.product()
    stock.opened(60, product=product)

    def take(number: int) -> Sold | None:
        with psycopg.connect(stock.dsns.owner) as connection:
            asked = Order(product=product, cards=7, order=f"O-{number}")
            try:
                return sales.sell(connection, asked, SELLER)
            except StockRefusal:
                connection.rollback()
                return None

    with concurrent.futures.ThreadPoolExecutor(6) as sellers:
        done = [sold for sold in sellers.map(take, range(12)) if sold is not None]
    taken = [card for sold in done for card in sold.cards]
    assert len(taken) == len(set(taken)) == 7 * len(done)
    assert sales_states(stock).get("sold") == len(taken)
    assert done


def test_an_unspent_order_is_returned_whole_and_its_cards_are_voided(stock: Stock) -> None:
    """S1-30, S1-35."""
    product = stock.product()
    stock.opened(5, product=product)
    sold, connection = sell(stock, product, 2), stock.connection
    with connection.transaction():
        assert sales.return_sale(connection, CITY, "O-1", SELLER) == 2
    assert (
        stock.rows("SELECT status, sale, code_hash FROM card WHERE id = any(%s)", list(sold.cards))
        == [("voided", "returned", None)] * 2
    )
    for _ in range(2):
        with pytest.raises(StockRefusal, match="E-STATE"):
            sales.return_sale(connection, CITY, "O-1", SELLER)
    with pytest.raises(StockRefusal, match="E-STATE"):
        sell(stock, product, 2)
    with pytest.raises(StockRefusal, match="E-NOT-FOUND"):
        sales.return_sale(connection, CITY, "O-9", SELLER)
    audit_ledger(stock.dsns)


def test_an_order_of_which_a_card_is_in_use_is_not_returned(stock: Stock) -> None:
    """S1-30."""
    product = stock.product()
    stock.opened(2, product=product)
    sold = sell(stock, product, 2)
    stock.connection.execute("UPDATE card SET status = 'active' WHERE id = %s", (sold.cards[0],))
    with pytest.raises(StockRefusal) as refused:
        sales.return_sale(stock.connection, CITY, "O-1", SELLER)
    assert (refused.value.why, refused.value.facts) == (Why.SPENT, {"cards": 1})
