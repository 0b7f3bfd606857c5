"""Which card may have the place of which, and which cards may be voided."""

from typing import Any

import pytest

from host.stock import ends
from host.stock.refusals import StockRefusal
from tests.host.stock.conftest import OWNER, Stock


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ("card SET status = 'frozen' WHERE id = {old}", "E-STATE: state frozen"),
        ("card SET status = 'voided' WHERE id = {old}", "E-STATE: state voided"),
        ("card SET status = 'inactive' WHERE id = {old}", "E-STATE: state inactive"),
        ("card SET valid_to = '2026-11-21' WHERE id = {old}", "E-CARD: reason expired"),
        ("card_batch SET state = 'suspended', suspended_by = 'bo'", "E-CARD: reason card batch"),
        ("card SET status = 'frozen' WHERE id = {new}", "E-NEW: reason card frozen"),
        ("card SET sale = 'sold' WHERE id = {new}", "E-NEW: reason sold"),
        ("card SET issuer_id = 2 WHERE id = {new}", "E-NEW: reason of another issuer"),
        ("card SET part_id = NULL, sale = NULL WHERE id = {new}", "E-NEW: reason not of the stock"),
        ("card SET pin_value = '471118' WHERE id = {old}", "E-NEW: reason has no PIN"),
        ("card SET valid_to = '2026-11-21' WHERE id = {new}", "E-NEW: reason expired"),
        (
            "card_batch_part SET state = 'generated', opened_by = NULL, opened_at = NULL",
            "E-CARD: reason card batch generated",
        ),
    ],
)
def test_a_card_that_cannot_be_replaced_or_be_a_replacement_says_why(
    stock: Stock, spoilt: str, why: str
) -> None:
    """S1-46."""
    old, new = _two(stock)
    with stock.connection.transaction(force_rollback=True):
        stock.connection.execute("UPDATE " + spoilt.format(old=old, new=new))
        with pytest.raises(StockRefusal, match=why):
            ends.replace_card(stock.connection, old, new, OWNER)


def test_a_card_of_another_product_has_not_its_place(stock: Stock) -> None:
    """S1-46: but one that came with an estate file, which has none, may have any of its issuer."""
    old, _ = _two(stock)
    stock.opened(1, product=stock.product("OTHER"))
    [(other,)] = stock.rows("SELECT max(id) FROM card")
    with pytest.raises(StockRefusal, match="of another product"):
        ends.replace_card(stock.connection, old, other, OWNER)
    with pytest.raises(StockRefusal, match="card active"):
        ends.replace_card(stock.connection, old, old, OWNER)
    [(estates,)] = stock.rows(
        "SELECT min(id) FROM card WHERE pin_value IS NULL AND part_id IS NULL AND issuer_id = 1"
    )
    ends.replace_card(stock.connection, estates, other, OWNER)


def test_a_card_counted_from_its_activation_lives_as_long_as_the_one_before(stock: Stock) -> None:
    old, new = _two(stock, valid_from=None, valid_to=None, valid_days=30)
    days = "UPDATE card SET valid_from = '2026-11-01', valid_to = '2026-12-01' WHERE id = %s"
    stock.connection.execute(days, (old,))
    ends.replace_card(stock.connection, old, new, OWNER)
    assert stock.rows("SELECT valid_to::text, status FROM card WHERE id = %s", new) == [
        ("2026-12-01", "active")
    ]


def test_a_batch_is_gone_through_in_stretches_of_its_parts() -> None:
    parts = ((7, 2 * ends.CARDS_PER_STEP + 1), (9, 3))
    done, seen = 0, []
    while done < 2 * ends.CARDS_PER_STEP + 4:
        stretch = ends.next_stretch(parts, done)
        seen.append((stretch.first >> 32, stretch.last - stretch.first + 1))
        done = stretch.done
    assert seen == [(7, ends.CARDS_PER_STEP), (7, ends.CARDS_PER_STEP), (7, 1), (9, 3)]


def _two(stock: Stock, **terms: Any) -> tuple[int, int]:
    """One that is in use, and one of the stock."""
    made = stock.opened(2, product=stock.product(**terms))
    [(old,), (new,)] = stock.rows("SELECT id FROM card WHERE part_id = %s ORDER BY id", made.part)
    stock.connection.execute(
        "UPDATE card SET status = 'active', sale = 'sold' WHERE id = %s", (old,)
    )
    return old, new
