"""What a guesser of activation passwords is told, and how often."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg

from host.model.secrets import Pan, Secret, luhn_digit
from host.stock.codes import place_of
from host.stock.refusals import Why
from host.stock.tries import Tried, Typed, try_code
from host.store.office_settings import TRIES_OF_CARD_MAX
from tests.host.conftest import NOW, audit_ledger
from tests.host.stock.conftest import HSM, Stock

HOUR = dt.timedelta(hours=1)
WRONG = Secret(b"WRONGWRONG22")
TRIES_MAX = TRIES_OF_CARD_MAX.normal


def pan_of(number: int) -> Pan:
    """One that no card has."""
    digits = f"99887777777{number:04d}"
    return Pan(digits + luhn_digit(digits))


def number_and_code(stock: Stock) -> tuple[int, Pan, Secret]:
    made = stock.opened(1, product=stock.product())
    [(card, pan, code)] = stock.rows(
        "SELECT id, pan_sealed, code_sealed FROM card WHERE part_id = %s", made.part
    )
    return card, HSM.open_pan(pan), HSM.open_secret(code, place_of(card))


def tried(
    stock: Stock,
    pan: Pan,
    code: Secret,
    source: str = "10.0.0.1",
    *,
    phone: str = "",
    at: dt.datetime = NOW,
) -> Tried:
    """As one who asks, in a transaction of its own; each for a phone of theirs."""
    typed = Typed(pan, code, source, phone or f"138{source.replace('.', '')}")
    with stock.connection.transaction():
        return try_code(stock.connection, HSM, typed, at)


def test_the_right_password_finds_its_card_and_is_no_try(stock: Stock) -> None:
    """S1-23."""
    card, pan, code = number_and_code(stock)
    for _ in range(TRIES_MAX + 1):
        told = tried(stock, pan, code)
        assert (told.why, told.card.id) == (None, card)
    audit_ledger(stock.dsns)


def test_a_guesser_is_told_one_thing_whatever_is_wrong(stock: Stock) -> None:
    """S1-23: no card, another password, a card that was activated or voided: all alike."""
    card, pan, code = number_and_code(stock)
    told = [tried(stock, pan_of(1), code), tried(stock, pan, WRONG, "10.0.0.2")]
    stock.connection.execute("UPDATE card SET code_hash = NULL, code_sealed = NULL")
    told.append(tried(stock, pan, code, "10.0.0.3"))
    assert [(one.why, one.card.id) for one in told] == [
        (Why.CODE, 0),
        (Why.CODE, card),
        (Why.CODE, card),
    ]


def test_the_work_is_the_same_whatever_is_wrong(stock: Stock) -> None:
    """S1-23: as many statements, each of the same kind, so that no clock tells what is there."""
    _, pan, _ = number_and_code(stock)
    assert asked_by(stock, pan) == asked_by(stock, pan_of(1))


def asked_by(stock: Stock, pan: Pan) -> list[str]:
    """The statements of one wrong try."""
    asked: list[str] = []

    class Listening:
        def execute(self, query: Any, *values: Any) -> Any:
            asked.append(query)
            return stock.connection.execute(query, *values)

    typed = Typed(pan, WRONG, f"10.1.0.{pan.reveal()[-1]}", f"139{pan.reveal()[-4:]}")
    try_code(Listening(), HSM, typed, NOW)  # type: ignore[arg-type]
    return asked


def test_wrong_passwords_are_limited_by_source(stock: Stock) -> None:
    """S1-23."""
    _, pan, code = number_and_code(stock)
    for number in range(TRIES_MAX):
        told = tried(stock, pan_of(number), WRONG, "10.0.0.9", phone=f"1390000000{number}")
        assert told.why is Why.CODE
    assert tried(stock, pan, code, "10.0.0.9", phone="13911111111").why is Why.TRIES
    assert tried(stock, pan, code, "10.0.0.8").why is None
    later = NOW + HOUR + dt.timedelta(seconds=1)
    assert tried(stock, pan, code, "10.0.0.9", at=later).why is None


def test_wrong_passwords_are_limited_by_card_wherever_they_come_from(stock: Stock) -> None:
    """S1-23."""
    _, pan, code = number_and_code(stock)
    for number in range(TRIES_MAX):
        assert tried(stock, pan, WRONG, f"10.0.1.{number}").why is Why.CODE
    assert tried(stock, pan, code, "10.0.2.1").why is Why.TRIES
    assert tried(stock, pan_of(1), WRONG, "10.0.2.1").why is Why.CODE


def test_wrong_passwords_are_limited_by_who_is_to_have_the_card(stock: Stock) -> None:
    """S1-23: member or not, the count is of the phone."""
    _, pan, code = number_and_code(stock)
    for number in range(TRIES_MAX):
        told = tried(stock, pan_of(number), WRONG, f"10.0.3.{number}", phone="13800001111")
        assert told.why is Why.CODE
    assert tried(stock, pan, code, "10.0.4.1", phone="13800001111").why is Why.TRIES


def test_what_was_not_looked_at_is_no_try_of_the_card(stock: Stock) -> None:
    """S1-23: who has no tries left locks nobody else's card."""
    _, pan, code = number_and_code(stock)
    for number in range(TRIES_MAX):
        tried(stock, pan_of(number), WRONG, "10.0.0.9", phone=f"1390000000{number}")
    for number in range(2 * TRIES_MAX):
        told = tried(stock, pan, WRONG, "10.0.0.9", phone=f"1391000000{number}")
        assert told.why is Why.TRIES
    assert tried(stock, pan, code, "10.0.0.7").why is None


def test_however_many_guess_at_once_no_more_are_looked_at_than_the_limit(stock: Stock) -> None:
    """S1-23."""
    _, pan, _ = number_and_code(stock)
    guessers = 16
    together = Barrier(guessers)

    def guess(number: int) -> Why | None:
        with psycopg.connect(stock.dsns.owner, autocommit=True) as connection:
            together.wait()
            typed = Typed(pan, WRONG, f"10.0.5.{number}", f"1370000{number:04d}")
            with connection.transaction():
                return try_code(connection, HSM, typed, NOW).why

    with ThreadPoolExecutor(guessers) as pool:
        told = list(pool.map(guess, range(guessers)))
    assert told.count(Why.CODE) == TRIES_MAX
    assert told.count(Why.TRIES) == guessers - TRIES_MAX


def test_how_many_are_looked_at_and_how_long_they_count_is_set_by_people(stock: Stock) -> None:
    """S1-23: by source and by card, each by its own limit."""
    _, pan, code = number_and_code(stock)
    figures = {"tries_of_source_max": 3, "tries_of_card_max": 2, "tries_minutes": 10}
    for name, figure in figures.items():
        stock.connection.execute(
            "UPDATE office_setting SET value = %s WHERE name = %s", (figure, name)
        )
    for number in range(3):
        assert (
            tried(stock, pan_of(number), WRONG, "10.0.6.1", phone=f"1390{number}").why is Why.CODE
        )
    assert tried(stock, pan_of(9), WRONG, "10.0.6.1", phone="13909").why is Why.TRIES
    for number in range(2):
        assert tried(stock, pan, WRONG, f"10.0.7.{number}").why is Why.CODE
    over = tried(stock, pan, code, "10.0.7.9")
    assert (over.why, over.minutes) == (Why.TRIES, 10)
    later = NOW + dt.timedelta(minutes=10, seconds=1)
    assert tried(stock, pan, code, "10.0.7.9", at=later).why is None
