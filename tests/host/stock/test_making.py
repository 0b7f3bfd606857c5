"""Cards are made as many as were asked for, each once, whoever is killed meanwhile."""

import signal
import subprocess
import sys

import pytest

from host.model.secrets import Pan, luhn_digit
from host.stock import batches, making, numbers
from host.stock.codes import ALPHABET, LETTERS, is_right, new_codes, place_of, typed
from host.stock.numbers import Fault, LineFault, Range
from host.stock.refusals import StockRefusal, Why
from tests.host.conftest import CARDS, audit_ledger
from tests.host.stock.conftest import HSM, MAKER, PEAR, Stock


def test_a_batch_is_made_of_cards_that_nobody_sold_each_of_another_number(stock: Stock) -> None:
    """S1-01, S1-03, S1-15, S3-23: virtual cards with random numbers, and their passwords."""
    made = stock.draft(300)
    assert stock.make(made.part) == 300
    rows = stock.rows(
        "SELECT id, pan_sealed, pan_hash, pan_masked, status, sale, expiry, valid_to::text,"
        " code_hash, code_sealed FROM card WHERE part_id = %s ORDER BY id",
        made.part,
    )
    pans = [HSM.open_pan(row[1]) for row in rows]
    codes = [HSM.open_secret(row[9], place_of(row[0])) for row in rows]
    assert [row[0] for row in rows] == [making.card_id(made.part, n) for n in range(1, 301)]
    assert len({pan.reveal() for pan in pans}) == 300
    assert all(pan.passes_luhn and pan.reveal().startswith("9988") for pan in pans)
    assert all(HSM.pan_hash(pan) == row[2] for pan, row in zip(pans, rows, strict=True))
    assert {row[4:8] for row in rows} == {("inactive", "unsold", "2912", "2029-12-31")}
    assert len({code.reveal() for code in codes}) == 300
    assert all(is_right(HSM, code, row[0], row[8]) for code, row in zip(codes, rows, strict=True))
    assert not is_right(HSM, codes[0], rows[1][0], rows[0][8]), "a password is its card's alone"


def test_numbers_and_passwords_follow_no_pattern() -> None:
    """S1-03: nobody guesses the next number, nor a password."""
    pans = numbers.random_numbers(Range("9988", ()), 4_000)
    digits = "".join(pan.reveal()[4:15] for pan in pans)
    counts = [digits.count(str(digit)) for digit in range(10)]
    assert max(counts) < 1.1 * min(counts)
    letters = b"".join(code.reveal() for code in new_codes(4_000))
    shares = [letters.count(letter) for letter in ALPHABET]
    assert len(letters) == 4_000 * LETTERS
    assert max(shares) < 1.3 * min(shares)
    assert len(ALPHABET) ** LETTERS == 2**60


def test_a_password_may_be_typed_in_groups_and_any_case() -> None:
    assert typed("abcd-efgh jkmn").reveal() == b"ABCDEFGHJKMN"


def test_a_range_of_another_issuer_within_this_one_is_left_out() -> None:
    of = Range("9988", ("99", "99881", "99885", "77"))
    assert not [
        pan for pan in numbers.random_numbers(of, 2_000) if pan.reveal().startswith("99881")
    ]
    assert not of.has("9988500000000000")
    assert of.has("9988200000000000")


def test_a_number_that_is_taken_is_drawn_again(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1-03: never the same number twice."""
    taken, draw = CARDS[2].pan, numbers.random_numbers
    drawn: list[int] = []

    def unlucky(of: Range, count: int) -> list[Pan]:
        drawn.append(count)
        found = draw(of, count)
        return [taken, found[0], *found[: count - 2]] if len(drawn) == 1 else found

    monkeypatch.setattr(making, "random_numbers", unlucky)
    made = stock.draft(50)
    stock.make(made.part)
    assert drawn == [50, 2]
    assert stock.rows(
        "SELECT count(DISTINCT pan_hash) FROM card WHERE part_id = %s", made.part
    ) == [(50,)]


def test_a_maker_that_is_killed_is_followed_by_another_and_no_card_is_made_twice(
    stock: Stock,
) -> None:
    """S1-04: whoever is killed at any moment, as many cards are there in the end as were asked."""
    cards, killed = 12_000, 0
    made = stock.draft(cards)
    while killed < 4:
        maker = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.host.stock.mortal_maker",
                stock.dsns.owner,
                str(made.part),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        with maker:
            assert maker.stdout is not None
            told = [maker.stdout.readline() for _ in range(killed + 1)]
            maker.send_signal(signal.SIGKILL)
        assert int(told[-1]) > 0
        killed += 1
    while stock.make(made.part, 3_000) < cards:
        pass
    [(there, ids, hashes)] = stock.rows(
        "SELECT count(*), count(DISTINCT id), count(DISTINCT pan_hash) FROM card"
        " WHERE part_id = %s",
        made.part,
    )
    assert (there, ids, hashes) == (cards, cards, cards)
    assert stock.rows("SELECT state, made FROM card_batch_part WHERE id = %s", made.part) == [
        ("generated", cards)
    ]
    assert stock.make(made.part) == cards, "what is made stays as it is"


def test_a_batch_says_how_far_it_is_while_it_is_made(stock: Stock) -> None:
    """S1-04."""
    made = stock.draft(10)
    state = "SELECT b.state, p.state, p.made FROM card_batch AS b JOIN card_batch_part AS p ON true"
    assert stock.rows(state) == [("draft", "draft", 0)]
    stock.make(made.part, 4)
    assert stock.rows(state) == [("generating", "generating", 4)]
    with pytest.raises(StockRefusal) as refused:
        stock.open(made.part)
    assert (refused.value.why, refused.value.facts) == (Why.GENERATING, {"made": 4, "cards": 10})
    stock.make(made.part)
    assert stock.rows(state) == [("generated", "generated", 10)]


def test_numbers_that_somebody_chose_are_made_as_they_are(stock: Stock) -> None:
    """S1-02: vanity numbers."""
    product = stock.product()
    lines = [vanity("998800000000888"), "", f" {vanity('998866666666666')} "]
    connection = stock.connection
    with connection.transaction():
        pans = batches.chosen_numbers(connection, HSM, product, lines)
        new = batches.NewBatch(product=product, name="Lucky", cards=len(pans), responsible="li")
        made = batches.create_batch(connection, new, MAKER, is_chosen=True)
        batches.make_chosen(connection, HSM, made.part, pans)
    sealed = stock.rows("SELECT pan_sealed FROM card WHERE part_id = %s ORDER BY id", made.part)
    assert [HSM.open_pan(one).reveal() for (one,) in sealed] == [lines[0], lines[2].strip()]
    assert stock.rows("SELECT state FROM card_batch_part") == [("generated",)]


def test_each_wrong_line_of_a_file_of_numbers_is_named_and_none_is_taken(stock: Stock) -> None:
    """S1-02."""
    good, wrong = vanity("998800000000888"), vanity("998800000000777")
    lines = [
        good,
        "hello",
        good,
        wrong[:-1] + str((int(wrong[-1]) + 1) % 10),
        vanity("997700000000888"),
        good[:-1],
        CARDS[3].pan.reveal(),
    ]
    with pytest.raises(StockRefusal) as refused:
        batches.chosen_numbers(stock.connection, HSM, stock.product(), lines)
    assert refused.value.why is Why.NUMBERS
    assert refused.value.facts["faults"] == (
        LineFault(2, Fault.NOT_A_NUMBER),
        LineFault(3, Fault.TWICE),
        LineFault(4, Fault.WRONG_CHECK_DIGIT),
        LineFault(5, Fault.ANOTHERS_RANGE),
        LineFault(6, Fault.WRONG_LENGTH),
        LineFault(7, Fault.IN_USE),
    )


def vanity(digits: str) -> str:
    return digits + luhn_digit(digits)


def test_cards_of_a_pear_are_of_its_own_range_with_open_days(stock: Stock) -> None:
    """S1-06: days from activation."""
    product = stock.product("PEAR", PEAR, valid_from=None, valid_to=None, valid_days=90)
    made = stock.draft(5, product)
    stock.make(made.part)
    rows = stock.rows(
        "SELECT pan_masked, expiry, valid_from, valid_to FROM card WHERE part_id = %s", made.part
    )
    assert {(masked[:4], *rest) for masked, *rest in rows} == {("9977", "9912", None, None)}


def test_what_is_made_is_noted_and_the_audit_finds_nothing(stock: Stock) -> None:
    made = stock.opened(40)
    assert stock.rows(
        "SELECT count(*) FROM change WHERE relation = 'card' AND content ->> 'part_id' = %s",
        str(made.part),
    ) == [(40,)]
    audit_ledger(stock.dsns)
