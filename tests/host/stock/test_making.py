"""Cards are made as many as were asked for, each once, whoever is killed meanwhile."""

import signal
import subprocess
import sys

import psycopg
import pytest

import clearing.verify
from host.model.secrets import Pan, luhn_digit
from host.stock import batches, making, numbers
from host.stock.codes import ALPHABET, LETTERS, is_right, new_codes, place_of, typed
from host.stock.numbers import Fault, LineFault, Range
from host.stock.refusals import StockRefusal, Why
from host.store.changes import link_changes
from host.store.deciding import TABLES
from host.store.noting import unseen_of
from host.store.queries import load_queries
from host.store.takeovers import NOT_SHOWN, Edit, hand_made
from tests.host.conftest import CARDS, audit_ledger
from tests.host.stock.conftest import HSM, MAKER, PEAR, Stock

LIVES = load_queries("host.stock", "lives.sql")
KEY_OF = "SELECT concat_ws('/', shard, encode(pan_hash, 'hex')) FROM card WHERE id = %s"


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


def test_cards_that_are_made_are_noted_together_each_with_its_digest(stock: Stock) -> None:
    """S1-01: a note of many is some bytes a card, and the audit finds nothing."""
    made = stock.opened(40)
    assert stock.rows(
        "SELECT c.id, n.before, n.digest = row_digest(c) FROM card AS c JOIN noted_row AS n"
        " ON n.key = concat_ws('/', c.shard, encode(c.pan_hash, 'hex')) AND n.relation = 'card'"
        " WHERE c.part_id = %s ORDER BY c.id",
        made.part,
    ) == [(making.card_id(made.part, place), None, True) for place in range(1, 41)]
    assert stock.rows("SELECT cardinality(keys) FROM change WHERE keys IS NOT NULL") == [(40,)]
    audit_ledger(stock.dsns)


FORGED = {
    "UPDATE card AS c SET status = 'active' WHERE id = %(id)s": "is not what this program",
    "UPDATE card AS c SET code_hash = pan_hash WHERE id = %(id)s": "is not what this program",
    "UPDATE card AS c SET pan_masked = 'x' WHERE id = %(id)s": "is not what this program",
    "DELETE FROM card AS c WHERE id = %(id)s": "was taken out",
    "UPDATE card AS c SET pan_hash = '\\x00' WHERE id = %(id)s": "was put in",
}


@pytest.mark.parametrize("forging", FORGED)
def test_one_card_of_many_that_was_forged_or_taken_out_is_named(stock: Stock, forging: str) -> None:
    card = making.card_id(stock.opened(40).part, 7)
    [(key,)] = stock.rows(KEY_OF, card)
    stock.connection.execute(forging, {"id": card})
    said = findings(stock)
    assert any(FORGED[forging] in one for one in said)
    assert any(f"card {key}" in one for one in said), "by its key, that of the card as it was"


def test_who_forges_a_card_and_its_note_is_told_of_by_the_chain(stock: Stock) -> None:
    card = making.card_id(stock.opened(40).part, 7)
    with psycopg.connect(stock.dsns.host, autocommit=True) as host:
        link_changes(host)
    stock.connection.execute("UPDATE card SET status = 'active' WHERE id = %s", (card,))
    stock.connection.execute(
        "UPDATE change SET digests[array_position(keys, concat_ws('/', c.shard,"
        " encode(c.pan_hash, 'hex')))] = row_digest(c) FROM card AS c"
        " WHERE c.id = %s AND keys IS NOT NULL",
        (card,),
    )
    assert [one for one in findings(stock) if "one of its changes is not what was linked" in one]


def test_an_edit_of_a_card_that_a_program_changed_since_is_named(stock: Stock) -> None:
    made = stock.opened(40)
    card = making.card_id(made.part, 7)
    stock.connection.execute("UPDATE card SET expiry = '3012' WHERE id = %s", (card,))
    [(shard, pan_hash)] = stock.rows("SELECT shard, pan_hash FROM card WHERE id = %s", card)
    stock.connection.execute(LIVES["set_status"], ("frozen", shard, pan_hash))
    assert [one for one in findings(stock) if "before change" in one]


def test_an_edit_of_a_made_card_is_shown_by_the_columns_that_were_kept(stock: Stock) -> None:
    card = making.card_id(stock.opened(40).part, 7)
    stock.connection.execute("UPDATE card SET status = 'active' WHERE id = %s", (card,))
    [one] = hand_made(stock.connection)
    assert one.edits == (Edit("status", "inactive", "active"),)
    stock.connection.execute("UPDATE card SET pan_masked = 'x' WHERE id = %s", (card,))
    [one] = hand_made(stock.connection)
    status, rest = one.edits
    assert status.column == "status"
    assert "pan_masked" in rest.column.split(" or ")
    assert rest.after == NOT_SHOWN


MADE_UP = {
    "DELETE FROM card WHERE id = %(id)s": "part {part} has made 40 cards, 39 are there",
    "UPDATE card_batch_part SET cards = 41, made = 41 WHERE id = %(part)s": (
        "part {part} has made 41 cards, 40 are there"
    ),
    "UPDATE card SET id = id + 40 WHERE id = %(id)s": (
        "of part {part}, which has made no card of that number"
    ),
    "UPDATE card SET part_id = 99 WHERE id = %(id)s": "card {id} is of part 99, which is not there",
    "UPDATE card SET issuer_id = 2 WHERE id = %(id)s": (
        "card {id} is of part {part}, which is of another issuer"
    ),
    "UPDATE card SET status = 'active' WHERE id = %(id)s": (
        "card {id} is of part {part}, which is not opened, and was used or sold all the same"
    ),
    "UPDATE card SET sale = 'sold' WHERE id = %(id)s": (
        "card {id} is of part {part}, which is not opened, and was used or sold all the same"
    ),
}


@pytest.mark.parametrize("doing", MADE_UP)
def test_parts_are_compared_with_the_cards_that_were_made(stock: Stock, doing: str) -> None:
    """Count, numbers and states, whatever the chain says."""
    made = stock.draft(40)
    stock.make(made.part)
    assert findings(stock) == []
    told = {"part": made.part, "id": making.card_id(made.part, 7)}
    stock.connection.execute(doing, told)
    assert any(MADE_UP[doing].format(**told) in one for one in findings(stock))


def test_what_cards_say_alike_is_all_but_what_each_has_of_its_own(stock: Stock) -> None:
    """The statement that makes them gives every other column one value, or this fails."""
    made = stock.opened(40)
    assert stock.rows(
        "SELECT count(DISTINCT to_jsonb(c) - %s::text[]) FROM card AS c WHERE part_id = %s",
        [*unseen_of(TABLES["card"]), *TABLES["card"].apart],
        made.part,
    ) == [(1,)]


def findings(stock: Stock) -> list[str]:
    with psycopg.connect(stock.dsns.audit, autocommit=True) as audit:
        return [str(one) for one in clearing.verify.audit(audit)]
