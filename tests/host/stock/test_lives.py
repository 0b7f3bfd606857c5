"""What people do to one card, and what a guesser of activation passwords is told."""

import datetime as dt

import pytest

from host.stock import lives
from host.stock.lives import Stop
from host.stock.refusals import StockRefusal
from tests.host.stock.conftest import HSM, MAKER, Stock

HOUR = dt.timedelta(hours=1)


def card_of(stock: Stock, sale: str | None = None) -> int:
    made = stock.opened(1, product=stock.product())
    [(card,)] = stock.rows("SELECT id FROM card WHERE part_id = %s", made.part)
    if sale is not None:
        stock.connection.execute("UPDATE card SET sale = %s WHERE id = %s", (sale, card))
    return card


def set_status(stock: Stock, card: int, status: str) -> None:
    stock.connection.execute("UPDATE card SET status = %s WHERE id = %s", (status, card))


@pytest.mark.parametrize(
    ("status", "how", "becomes"),
    [
        ("active", Stop.FREEZE, "frozen"),
        ("active", Stop.LOSE, "lost"),
        ("active", Stop.STEAL, "stolen"),
        ("frozen", Stop.RELEASE, "active"),
        ("lost", Stop.RELEASE, "active"),
        ("stolen", Stop.RELEASE, None),
        ("inactive", Stop.FREEZE, None),
        ("voided", Stop.RELEASE, None),
        ("frozen", Stop.LOSE, None),
    ],
)
def test_a_card_is_stopped_and_released_as_its_states_say(
    stock: Stock, status: str, how: Stop, becomes: str | None
) -> None:
    card = card_of(stock, "sold")
    set_status(stock, card, status)
    if becomes is None:
        with pytest.raises(StockRefusal, match="E-STATE"):
            lives.stop_card(stock.connection, card, how)
    else:
        assert lives.stop_card(stock.connection, card, how) == becomes


@pytest.mark.parametrize("status", ["frozen", "lost"])
def test_a_card_whose_activation_was_taken_back_meanwhile_is_released_into_stock(
    stock: Stock, status: str
) -> None:
    card = card_of(stock, "unsold")
    set_status(stock, card, status)
    assert lives.stop_card(stock.connection, card, Stop.RELEASE) == "inactive"
    stock.connection.execute("UPDATE card SET member_id = 11 WHERE id = %s", (card,))
    set_status(stock, card, status)
    assert lives.stop_card(stock.connection, card, Stop.RELEASE) == "active", "it is somebody's"


def test_a_card_that_expired_in_stock_is_extended_in_stock(stock: Stock) -> None:
    """S1-05: it has no value before it is activated."""
    card = card_of(stock, "unsold")
    set_status(stock, card, "expired")
    lives.extend_card(stock.connection, card, dt.date(2031, 1, 1))
    assert stock.rows("SELECT status FROM card WHERE id = %s", card) == [("inactive",)]


def test_a_card_is_extended_and_one_that_had_expired_is_in_use_again(stock: Stock) -> None:
    """S1-05."""
    card, connection = card_of(stock, "sold"), stock.connection
    with pytest.raises(StockRefusal, match="E-DAYS"):
        lives.extend_card(connection, card, dt.date(2029, 12, 31))
    connection.execute("UPDATE card SET member_id = 11 WHERE id = %s", (card,))
    set_status(stock, card, "expired")
    lives.extend_card(connection, card, dt.date(2031, 1, 1))
    assert stock.rows("SELECT status, valid_to::text FROM card WHERE id = %s", card) == [
        ("active", "2031-01-01")
    ]
    set_status(stock, card, "voided")
    with pytest.raises(StockRefusal, match="E-STATE"):
        lives.extend_card(connection, card, dt.date(2032, 1, 1))


def test_a_card_that_was_sold_and_never_activated_is_not_by_being_extended(stock: Stock) -> None:
    """S1-05: its face value comes with its activation."""
    card = card_of(stock, "sold")
    set_status(stock, card, "expired")
    lives.extend_card(stock.connection, card, dt.date(2031, 1, 1))
    assert stock.rows("SELECT status FROM card WHERE id = %s", card) == [("inactive",)]


def test_a_phone_becomes_one_member(stock: Stock) -> None:
    """S1-24: hashed, sealed and masked."""
    connection = stock.connection
    member = lives.member_of(connection, HSM, "13800001234", MAKER, "Wang")
    assert lives.member_of(connection, HSM, "13800001234", MAKER) == member
    assert lives.member_of(connection, HSM, "13800001235", MAKER) != member
    [(masked, sealed)] = stock.rows(
        "SELECT phone_masked, phone_sealed FROM member WHERE id = %s", member
    )
    assert masked == "138****1234"
    assert b"13800001234" not in bytes(sealed)


def test_a_bound_card_is_rebound_and_a_bearers_is_not(stock: Stock) -> None:
    """S1-24."""
    card, connection = card_of(stock), stock.connection
    set_status(stock, card, "active")
    with pytest.raises(StockRefusal, match="E-STATE"):
        lives.rebind_card(connection, card, 12)
    connection.execute("UPDATE card SET member_id = 11 WHERE id = %s", (card,))
    lives.rebind_card(connection, card, 12)
    assert stock.rows("SELECT member_id FROM card WHERE id = %s", card) == [(12,)]
