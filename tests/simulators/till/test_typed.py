"""What is typed at a till: each word is read as it is meant, or answered with what would be."""

import pytest

from simulators.faults import Fault
from simulators.till.amounts import amount_text, money_of, points_of
from simulators.till.cards import CardBox
from simulators.till.commands import COMMANDS
from simulators.till.errors import TillError
from simulators.till.misfortunes import FAULT_WORDS
from simulators.till.typed import Takes, Values, values_of
from tests.simulators.scripted import ESTATE

CARDS = CardBox(ESTATE)
SALE = (Takes.CARD, Takes.AMOUNT)


def read(text: str, *takes: Takes) -> Values:
    return values_of(text.split(), takes, CARDS, "an example")


@pytest.mark.parametrize(
    ("word", "minor"),
    [
        ("12.34", 1234),
        ("12", 1200),
        ("12.3", 1230),
        ("0", 0),
        ("0.01", 1),
        ("1,234.50", 123_450),
        ("¥12.34", 1234),
        ("￥5", 500),
        ("CNY5", 500),
        ("9999999999.99", 999_999_999_999),
    ],
)
def test_an_amount_is_yuan_and_fen(word: str, minor: int) -> None:
    assert money_of(word) == minor


@pytest.mark.parametrize(
    "word",
    [
        "",
        "-5",
        "1.234",
        "12,34",
        "1,2345",
        ".5",
        "5.",
        "1e3",
        "nan",
        "0x10",
        "１２",
        "five",
        "10000000000.00",
        "9" * 5000,
        "5 5",
    ],
)
def test_a_bad_amount_is_a_sentence(word: str) -> None:
    with pytest.raises(TillError, match="Next: "):
        money_of(word)


@pytest.mark.parametrize("word", ["", "1.5", "-1", "many", "1,000", "²", "9" * 5000])
def test_points_that_are_not_whole_are_a_sentence(word: str) -> None:
    with pytest.raises(TillError, match="Next: "):
        points_of(word)


def test_amounts_are_shown_in_their_unit() -> None:
    assert amount_text(123_450, in_points=False) == "1,234.50 CNY"
    assert amount_text(17_800, in_points=True) == "17,800 points"


def test_a_card_is_found_by_name_number_and_card_number() -> None:
    first = ESTATE.cards[0]
    assert {CARDS.find(word).id for word in ("first", "FIRST", "1", first.pan.reveal())} == {1}
    assert CARDS.find("frozen").status == "frozen"
    assert CARDS.find("-1").id == CARDS.find("lake").id == -1


def test_a_card_number_of_nobody_is_a_card_all_the_same() -> None:
    one, again = CARDS.find("4000000000000002"), CARDS.find("4000000000000002")
    assert one is again
    assert CARDS.by_id[one.id] is one


@pytest.mark.parametrize(
    "word", ["nobody", "0", "99999", "-201", "9988000000000014", "9" * 20, "9" * 5000, "１"]
)
def test_a_card_that_is_none_is_a_sentence(word: str) -> None:
    with pytest.raises(TillError, match="Next: ") as caught:
        CARDS.find(word)
    assert "9988000000000014" not in str(caught.value)


def test_words_are_taken_in_their_order() -> None:
    values = read("first 12.34", *SALE)
    assert (values.card, values.amount, values.pin, values.faults) == (1, 1234, None, ())
    assert read("#2 5.00", Takes.RECEIPT, Takes.PART) == Values(receipt=2, amount=500)
    assert read("5.00", Takes.RECEIPT, Takes.PART) == Values(amount=500)
    assert read("", Takes.RECEIPT, Takes.PART) == Values()


@pytest.mark.parametrize(
    ("tail", "fault"),
    [(row.name, fault) for fault, row in FAULT_WORDS.items()]
    + [(fault.value, fault) for fault in FAULT_WORDS],
)
def test_what_goes_wrong_may_stand_behind_a_trade(tail: str, fault: Fault) -> None:
    values = read(f"first 12.34 pin 000000 {tail}", *SALE)
    assert values.faults == (fault,)
    assert values.pin is not None
    assert values.pin.reveal() == b"000000"


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("", SALE),
        ("first", SALE),
        ("first 5 6", SALE),
        ("first 5 pin", SALE),
        ("first 5 pin 12", SALE),
        ("first 5 pin abcdef", SALE),
        ("first 5 pin １２３４", SALE),
        ("5 first", SALE),
        ("#x", (Takes.RECEIPT,)),
        ("#99999999999999999999", (Takes.RECEIPT,)),
        ("0", (Takes.TIMES,)),
        ("100", (Takes.TIMES,)),
        ("maybe", (Takes.SWITCHED,)),
        ("", (Takes.TEXT,)),
    ],
)
def test_a_word_that_is_missing_wrong_or_left_over_is_a_sentence(
    text: str, takes: tuple[Takes, ...]
) -> None:
    with pytest.raises(TillError, match="Next: "):
        read(text, *takes)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("refund", "first 5.00"),
        ("refund", "1 5.00"),
        ("refund", "#1 first 5.00"),
        ("refund", "9988000000000015=3012 5.00"),
        ("complete", "first 90"),
        ("complete", "unknown"),
        ("void", "first"),
        ("void", "9988000000000015"),
        ("hold more", "first 20"),
        ("hold more", "20 first"),
    ],
)
def test_what_is_of_a_receipt_says_so_to_who_names_a_card(name: str, words: str) -> None:
    [command] = [each for each in COMMANDS if each.name == name]
    with pytest.raises(TillError, match="of a receipt and of no card") as caught:
        values_of(words.split(), command.takes, CARDS, command.example)
    assert str(caught.value).endswith(f"Next: {command.example}")


def test_a_card_number_that_is_one_word_too_many_is_covered() -> None:
    number = "9988000000000015"
    with pytest.raises(TillError, match="too many") as caught:
        read(number)
    assert "998800******0015" in str(caught.value)
    assert number not in str(caught.value)


def test_every_misfortune_of_a_line_has_its_words() -> None:
    assert FAULT_WORDS.keys() == set(Fault) - {Fault.NONE}
