"""What people do to one card, and what a guesser of activation passwords is told."""

import datetime as dt

import pytest

from host.model.instruments import CardStatus
from host.stock import ageing, lives
from host.stock.lives import Stop
from host.stock.refusals import StockRefusal
from tests.host.stock.conftest import HSM, MAKER, Stock

HOUR = dt.timedelta(hours=1)
LATER = dt.date(2031, 1, 1)
BOUND = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
GIVEN = BOUND + HOUR


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


ACTIVE_NOW = {"active", "frozen", "lost", "stolen"}


@pytest.mark.parametrize("sale", ["unsold", "allocated", "sold"])
@pytest.mark.parametrize("status", [each for each in CardStatus if each != CardStatus.EXPIRED])
def test_a_later_last_day_changes_how_no_card_stands(
    stock: Stock, status: CardStatus, sale: str
) -> None:
    """S1-05: nothing but one that had expired; what has ended gets none."""
    card, connection = card_of(stock, sale), stock.connection
    connection.execute(
        "UPDATE card SET status = %s, member_id = %s WHERE id = %s",
        (status, 11 if status in ACTIVE_NOW else None, card),
    )
    if status in {CardStatus.VOIDED, CardStatus.REPLACED}:
        with pytest.raises(StockRefusal, match="E-STATE"):
            lives.extend_card(connection, card, LATER)
    else:
        lives.extend_card(connection, card, LATER)
        assert stock.rows("SELECT status FROM card WHERE id = %s", card) == [(status.value,)]


@pytest.mark.parametrize(
    ("was", "sale", "member", "becomes"),
    [
        ("inactive", "unsold", None, "inactive"),
        ("inactive", "allocated", None, "inactive"),
        ("inactive", "sold", None, "inactive"),
        ("active", "sold", None, "active"),
        ("active", "sold", 11, "active"),
        ("active", "unsold", 11, "active"),
        ("active", "unsold", None, "inactive"),  # its activation was taken back since
        ("active", "allocated", None, "inactive"),
        ("frozen", "sold", 11, "frozen"),
        ("frozen", "unsold", None, "frozen"),
    ],
)
def test_a_card_that_had_expired_comes_back_as_it_stood(
    stock: Stock, was: str, sale: str, member: int | None, becomes: str
) -> None:
    """S1-05: who has frozen it lets it go; what nobody has activated has no value yet."""
    card, connection = card_of(stock, sale), stock.connection
    connection.execute(
        "UPDATE card SET status = %s, member_id = %s, valid_to = '2026-11-20' WHERE id = %s",
        (was, member, card),
    )
    assert ageing.expire_cards(connection, 10) == 1
    assert stock.rows("SELECT status, expired_from FROM card WHERE id = %s", card) == [
        ("expired", was)
    ]
    with pytest.raises(StockRefusal, match="E-DAYS"):
        lives.extend_card(connection, card, dt.date(2026, 11, 21))  # that day is over, too
    lives.extend_card(connection, card, LATER)
    assert stock.rows("SELECT status, expired_from FROM card WHERE id = %s", card) == [
        (becomes, None)
    ]


@pytest.mark.parametrize("state", ["voided", "closed"])
def test_no_card_of_a_batch_that_has_ended_gets_a_later_day(stock: Stock, state: str) -> None:
    card = card_of(stock, "sold")
    stock.connection.execute("UPDATE card_batch SET state = %s", (state,))
    with pytest.raises(StockRefusal, match="E-STATE"):
        lives.extend_card(stock.connection, card, LATER)


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


def test_a_card_in_use_is_rebound_whoever_has_it_and_no_other(stock: Stock) -> None:
    """S1-24: a bearer's is nobody's; with its first holder its activation password ends."""
    card, connection = card_of(stock), stock.connection
    with pytest.raises(StockRefusal, match="E-STATE"):
        lives.rebind_card(connection, card, 12, BOUND)
    set_status(stock, card, "active")
    for member, at in ((11, BOUND), (12, GIVEN), (12, GIVEN + HOUR)):
        lives.rebind_card(connection, card, member, at)
        assert stock.rows(
            "SELECT member_id, member_since, code_hash, code_sealed FROM card WHERE id = %s", card
        ) == [(member, min(at, GIVEN), None, None)]
    set_status(stock, card, "frozen")
    with pytest.raises(StockRefusal, match="E-STATE"):
        lives.rebind_card(connection, card, 11, GIVEN)
