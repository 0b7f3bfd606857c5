"""Card batches as people handle them: two persons, states, and what may still be changed."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
import pytest

from host.model.instruments import Form
from host.stock import batches
from host.stock.batches import By, Changes
from host.stock.numbers import Range
from host.stock.refusals import StockRefusal, Why
from tests.host.conftest import NOW
from tests.host.stock.conftest import MAKER, OWNER, Stock

STATES = "SELECT state FROM card_batch WHERE id = %s"
PART_STATES = "SELECT state FROM card_batch_part WHERE batch_id = %s ORDER BY number"


def refused(why: Why, do: Callable[[], object]) -> StockRefusal:
    with pytest.raises(StockRefusal) as found:
        do()
    assert found.value.why is why
    return found.value


def test_a_batch_has_a_code_a_responsible_person_and_its_product_version(stock: Stock) -> None:
    """S1-07, S1-09, S3-24: a product's newest version is what its cards are made under."""
    product = stock.product()
    stock.product(face_minor_min=20_000, face_minor_max=20_000)
    made = stock.draft(3, product)
    assert made.code == f"CB-2026-{made.batch:04d}"
    assert stock.rows(
        "SELECT code, responsible, product_version, face_minor, made_by FROM card_batch"
    ) == [(made.code, "li", 2, 20_000, "bai")]


def test_physical_cards_have_a_maker_who_is_named(stock: Stock) -> None:
    """S1-10."""
    product = stock.product(form=Form.PHYSICAL)
    refused(Why.VENDOR, lambda: stock.draft(3, product))
    stock.connection.execute("INSERT INTO vendor VALUES (1, 1, 'Card Works', 'mail', '')")
    made = stock.draft(3, product, vendor=1)
    assert stock.rows("SELECT vendor_id FROM card_batch WHERE id = %s", made.batch) == [(1,)]


@pytest.mark.parametrize("who", ["bai", "li"])
def test_who_made_it_or_is_responsible_does_not_open_it(stock: Stock, who: str) -> None:
    """S1-11."""
    made = stock.draft()
    stock.make(made.part)
    refused(
        Why.SAME_PERSON,
        lambda: batches.open_part(stock.connection, made.part, By(who, NOW)),
    )
    stock.open(made.part)
    assert stock.rows(STATES, made.batch) == [("opened",)]
    assert stock.rows("SELECT opened_by FROM card_batch_part") == [("bo",)]
    refused(Why.STATE, lambda: stock.open(made.part))


def test_a_part_that_is_added_is_opened_by_itself_and_not_by_who_added_it(stock: Stock) -> None:
    """S1-12, S1-17."""
    made = stock.opened()
    connection = stock.connection
    with connection.transaction():
        added = batches.add_part(connection, made.batch, 4, By("fang", NOW))
    assert stock.rows(PART_STATES, made.batch) == [("opened",), ("draft",)]
    stock.make(added)
    assert stock.rows(PART_STATES, made.batch) == [("opened",), ("generated",)]
    refused(Why.SAME_PERSON, lambda: batches.open_part(connection, added, By("fang", NOW)))
    stock.open(added)
    assert stock.rows(PART_STATES, made.batch) == [("opened",), ("opened",)]
    assert stock.rows("SELECT count(*) FROM card WHERE part_id = %s", added) == [(4,)]


def test_a_batch_is_suspended_resumed_and_voided_for_good(stock: Stock) -> None:
    """S1-13, S1-14."""
    made, connection = stock.opened(), stock.connection
    batches.suspend_batch(connection, made.batch, By("rong", NOW))
    assert stock.rows("SELECT state, suspended_by FROM card_batch") == [("suspended", "rong")]
    refused(Why.STATE, lambda: batches.suspend_batch(connection, made.batch, OWNER))
    batches.resume_batch(connection, made.batch)
    assert stock.rows(STATES, made.batch) == [("opened",)]
    refused(Why.SAME_PERSON, lambda: batches.void_batch(connection, made.batch, MAKER))
    batches.void_batch(connection, made.batch, OWNER)
    refused(Why.STATE, lambda: batches.resume_batch(connection, made.batch))
    refused(Why.STATE, lambda: batches.add_part(connection, made.batch, 1, MAKER))
    refused(Why.STATE, lambda: batches.edit_batch(connection, made.batch, Changes(name="x")))


def test_what_moves_a_batch_moves_the_estate(stock: Stock) -> None:
    made = stock.opened()
    batches.suspend_batch(stock.connection, made.batch, OWNER)
    told = stock.rows("SELECT relation, key FROM estate_change ORDER BY version")
    assert told == [
        ("card_batch", str(made.batch)),
        ("card_batch_part", str(made.part)),
        ("card_batch", str(made.batch)),
        ("card_batch_part", str(made.part)),
        ("card_batch", str(made.batch)),
    ]


def test_of_an_opened_batch_name_responsible_and_note_may_be_changed(stock: Stock) -> None:
    """S1-16."""
    made, connection = stock.draft(), stock.connection
    days = Changes(valid_to=dt.date(2028, 1, 1))
    batches.edit_batch(connection, made.batch, days)
    stock.make(made.part)
    stock.open(made.part)
    refused(Why.STATE, lambda: batches.edit_batch(connection, made.batch, days))
    batches.edit_batch(connection, made.batch, Changes(name="Winter", responsible="mo"))
    assert stock.rows("SELECT name, responsible, valid_to::text FROM card_batch") == [
        ("Winter", "mo", "2028-01-01")
    ]


@pytest.mark.parametrize(
    ("terms", "asked", "why"),
    [
        ({"face_minor_max": 50_000}, {}, Why.FACE),
        ({"face_minor_max": 50_000}, {"face_minor": 50_001}, Why.FACE),
        ({}, {"valid_to": dt.date(2031, 1, 1)}, Why.DAYS),
        ({}, {"valid_from": dt.date(2025, 1, 1)}, Why.DAYS),
        (
            {},
            {"valid_from": dt.date(2027, 1, 1), "valid_to": dt.date(2026, 12, 1)},
            Why.DAYS,
        ),
    ],
)
def test_a_batch_keeps_to_its_product(
    stock: Stock, terms: dict[str, Any], asked: dict[str, Any], why: Why
) -> None:
    """S1-05, S1-07."""
    refused(why, lambda: stock.draft(3, stock.product(**terms), **asked))


def test_a_range_that_is_too_narrow_for_unguessable_numbers_is_refused(stock: Stock) -> None:
    """S1-03."""
    stock.connection.execute("UPDATE issuer SET pan_prefix = '99880000' WHERE id = 1")
    refused(Why.RANGE_FULL, lambda: stock.draft(100_001))
    assert stock.draft(100_000).batch


def test_a_batch_and_a_part_that_is_added_find_the_numbers_used_that_others_have(
    stock: Stock,
) -> None:
    """S1-03, S1-12: all of an issuer's parts share its range, made or still to be."""
    stock.connection.execute("UPDATE issuer SET pan_prefix = '99880000' WHERE id = 1")
    made = stock.draft(60_000)
    stock.make(made.part, 10)
    refused(Why.RANGE_FULL, lambda: stock.draft(40_001))
    refused(Why.RANGE_FULL, lambda: add(stock, made.batch, 40_001))
    assert add(stock, made.batch, 40_000)


def test_numbers_that_somebody_chose_need_no_others_around_them(stock: Stock) -> None:
    """S1-02: they are taken one by one, and each is looked at."""
    stock.connection.execute("UPDATE issuer SET pan_prefix = '99880000' WHERE id = 1")
    stock.draft(100_000)
    new = batches.NewBatch(product=stock.product(), name="Lucky", cards=1, responsible="li")
    with stock.connection.transaction():
        assert batches.create_batch(stock.connection, new, MAKER, is_chosen=True).batch


def test_numbers_of_a_range_within_are_anothers_and_counted_once() -> None:
    assert Range("9988", ()).numbers == 10**11
    assert Range("9988", ("99881", "998812", "998812", "77", "9988")).numbers == 9 * 10**10
    assert not Range("9988", tuple(f"9988{digit}" for digit in range(10))).holds(1)


def add(stock: Stock, batch: int, cards: int) -> int:
    with stock.connection.transaction():
        return batches.add_part(stock.connection, batch, cards, MAKER)


def test_batches_made_at_once_wait_for_each_other_and_are_numbered_one_after_the_other(
    stock: Stock,
) -> None:
    """S1-01."""
    product = stock.product()
    new = batches.NewBatch(product=product, name="Autumn", cards=1, responsible="li")
    other = stock.product(code="OTHER")
    with psycopg.connect(stock.dsns.office, autocommit=True) as beside:
        beside.execute("SET lock_timeout = '50 ms'")
        with stock.connection.transaction():
            made = batches.create_batch(stock.connection, new, MAKER)
            with pytest.raises(psycopg.errors.LockNotAvailable), beside.transaction():
                batches.create_batch(beside, msgspec.structs.replace(new, product=other), MAKER)
        with beside.transaction():
            later = batches.create_batch(beside, msgspec.structs.replace(new, product=other), MAKER)
    assert (later.batch, later.part) == (made.batch + 1, made.part + 1)
