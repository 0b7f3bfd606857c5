"""The last day of cards is over, and that of their batch; a later day brings both back."""

import datetime as dt

import pytest

from host.stock import ageing, lives
from host.stock.batches import MadeBatch, suspend_batch
from tests.host.stock.conftest import OWNER, Stock

OVER = dt.date(2026, 11, 20)
LATER = dt.date(2030, 1, 1)


def made_to_end(stock: Stock, cards: int = 3) -> MadeBatch:
    """Opened, and its last day is over by now."""
    product = stock.product(valid_from=dt.date(2026, 1, 1), valid_to=OVER)
    return stock.opened(cards, product=product)


def age(stock: Stock) -> list[int]:
    """What the clock does, once."""
    with stock.connection.transaction():
        return [
            ageing.expire_cards(stock.connection, 100),
            ageing.expire_batches(stock.connection, 100),
            ageing.close_batches(stock.connection, 100),
        ]


def states(stock: Stock, batch: MadeBatch) -> tuple[str, set[str]]:
    [(state,)] = stock.rows("SELECT state FROM card_batch WHERE id = %s", batch.batch)
    cards = stock.rows("SELECT status FROM card WHERE part_id = %s", batch.part)
    return state, {status for (status,) in cards}


def card_of(stock: Stock, batch: MadeBatch) -> int:
    [(card,)] = stock.rows("SELECT min(id) FROM card WHERE part_id = %s", batch.part)
    number: int = card
    return number


def test_cards_past_their_last_day_expire_and_their_batch_with_them(stock: Stock) -> None:
    """S1-05."""
    batch, going_on = made_to_end(stock), stock.opened()
    stock.connection.execute(
        "UPDATE card SET status = 'frozen' WHERE id = %s", (card_of(stock, batch),)
    )
    assert age(stock) == [3, 1, 0]
    assert states(stock, batch) == ("expired", {"expired"})
    assert states(stock, going_on) == ("opened", {"inactive"})
    assert age(stock) == [0, 0, 0]
    changes = stock.rows("SELECT relation, key FROM estate_change ORDER BY version DESC LIMIT 1")
    assert changes == [("card_batch", str(batch.batch))], "hosts follow"


def test_so_many_cards_expire_in_one_transaction(stock: Stock) -> None:
    made_to_end(stock, 5)
    assert ageing.expire_cards(stock.connection, 2) == 2
    assert ageing.expire_batches(stock.connection, 2) == 0, "its cards come first"
    assert ageing.expire_cards(stock.connection, 4) == 3
    assert ageing.expire_batches(stock.connection, 2) == 1


def test_a_card_with_a_later_day_keeps_its_batch(stock: Stock) -> None:
    batch = made_to_end(stock)
    lives.extend_card(stock.connection, card_of(stock, batch), LATER)
    assert age(stock) == [2, 0, 0]
    assert states(stock, batch) == ("opened", {"expired", "inactive"})


@pytest.mark.parametrize("state", ["opened", "suspended"])
def test_a_later_day_brings_back_the_card_and_its_batch_as_they_stood(
    stock: Stock, state: str
) -> None:
    """S1-05."""
    batch = made_to_end(stock)
    if state == "suspended":
        suspend_batch(stock.connection, batch.batch, OWNER)
    age(stock)
    lives.extend_card(stock.connection, card_of(stock, batch), LATER)
    assert states(stock, batch) == (state, {"expired", "inactive"})
    assert age(stock) == [0, 0, 0]


def test_a_batch_of_which_every_card_was_voided_is_closed(stock: Stock) -> None:
    batch, other = stock.opened(2), made_to_end(stock, 2)
    for one in (batch, other):
        for (card,) in stock.rows("SELECT id FROM card WHERE part_id = %s", one.part):
            assert ageing.close_batches(stock.connection, 9) == 0
            lives.void_card(stock.connection, card)
        assert ageing.close_batches(stock.connection, 9) == 1
    assert states(stock, batch) == ("closed", {"voided"})
    assert states(stock, other) == ("closed", {"voided"})


def test_cards_of_a_voided_batch_are_left_to_be_voided(stock: Stock) -> None:
    batch = made_to_end(stock)
    stock.connection.execute("UPDATE card_batch SET state = 'voided' WHERE id = %s", (batch.batch,))
    assert age(stock) == [0, 0, 0]
    assert states(stock, batch) == ("voided", {"inactive"})
