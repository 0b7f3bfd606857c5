"""Everything of one card, as whoever serves its holder asks for it."""

import datetime as dt
from collections.abc import Callable

import psycopg
import pytest

from host.hsm.vault import Vault
from host.model.money import Money
from host.model.requests import Kind, Original
from host.model.responses import Reason
from host.store.card_finding import CardUnknownError, find_card
from host.store.card_told import CardView
from host.store.card_view import Page, view_card
from tests.host.batched import put_batch
from tests.host.conftest import CARDS, LMK, NOW, CardPool, Till

ISSUER = "48882900"
Look = Callable[..., CardView]


@pytest.fixture
def look(shared: Till) -> Look:
    """Asks as the auditor does, who can write nothing."""

    def view(word: object, **page: object) -> CardView:
        with psycopg.connect(shared.dsns.audit, autocommit=True) as connection:
            card = find_card(connection, Vault(LMK), str(word))
            return view_card(connection, card, Page(**page))  # type: ignore[arg-type]

    return view


def institution(till: Till, card: int) -> str:
    [(found,)] = till.sql(
        "SELECT i.institution_id FROM card AS c JOIN issuer AS i ON i.id = c.issuer_id"
        " WHERE c.id = %s",
        card,
    )
    return str(found)


async def test_a_card_is_found_by_its_number_its_last_digits_and_its_id(
    shared: Till, pool: CardPool, look: Look
) -> None:
    """S1-46: all records of a card by its number."""
    card = pool.city()
    digits = CARDS[card].pan.reveal()
    spaced = " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))
    issuer = institution(shared, card)
    for word in (digits, spaced, f"{digits}\n", card, f"#{card}"):
        assert look(word).id == card
    alike = [one for one in CARDS.values() if one.pan.reveal()[-4:] == digits[-4:]]
    if len(alike) == 1:
        assert look(f"{digits[-4:]}@{issuer}").id == card


async def test_cards_that_end_alike_are_listed(shared: Till, pool: CardPool, look: Look) -> None:
    card, other = pool.city(), pool.city()
    issuer, last_four = institution(shared, card), CARDS[card].pan.reveal()[-4:]
    [(mask,)] = shared.sql("SELECT pan_masked FROM card WHERE id = %s", other)
    shared.sql(
        "UPDATE card SET pan_masked = left(pan_masked, -4) || %s WHERE id = %s", last_four, other
    )
    try:
        with pytest.raises(CardUnknownError, match=f"id {card}, active.*id {other}, active"):
            look(f"{last_four}@{issuer}")
    finally:
        shared.sql("UPDATE card SET pan_masked = %s WHERE id = %s", mask, other)


async def test_its_movements_stand_newest_first_with_the_balance_behind_each(
    shared: Till, pool: CardPool, look: Look
) -> None:
    """S1-33, S1-38, S1-41, S1-43: status, life and usage of a card on one screen."""
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 12_345)
    await shared.sell(Kind.REFUND, card, 2_345, original=shared.original(sale, answer), pin=None)
    refused = await shared.ask(shared.request(Kind.PURCHASE, card, 9_999_999, pin="123456"))
    view = look(card)
    assert (view.status, view.masked, view.began_with) == (
        "active", CARDS[card].pan.masked, "opening",
    )  # fmt: skip
    decline, refund, purchase, opening = view.movements
    assert (decline.reason, decline.changes, decline.balances) == (refused.reason, (), ())
    assert [str(each) for each in refund.changes] == ["23.45 CNY", f"-23 {_points(view)}"]
    assert [str(each) for each in refund.balances] == ["900.00 CNY", f"100 {_points(view)}"]
    assert refund.original == purchase.rrn == answer.rrn
    assert str(purchase.refunded) == "23.45 CNY"
    assert [str(each) for each in purchase.balances] == ["876.55 CNY", f"123 {_points(view)}"]
    assert [str(each) for each in opening.balances] == ["1,000.00 CNY"]
    assert [str(purse.posted) for purse in view.purses] == ["900.00 CNY", f"100 {_points(view)}"]
    assert [str(each.points) for each in view.expiring] == [f"100 {_points(view)}"]


def _points(view: CardView) -> str:
    [purse] = [purse for purse in view.purses if purse.posted.is_points]
    return purse.posted.unit_name


async def test_what_is_held_says_how_much_by_whom_and_until_when(
    shared: Till, pool: CardPool, look: Look
) -> None:
    """What is over first, first; what was completed is held no more."""
    card = pool.city()
    answers = []
    for amount in (30_000, 20_000, 10_000):
        asked = shared.request(Kind.PREAUTH, card, amount, pin="123456")
        answers.append(await shared.ask(asked))
    first, second, done = answers
    named = Original(auth_code=done.auth_code, local_date=done.local_time[4:8])
    completion = shared.request(Kind.COMPLETION, card, 10_000, original=named)
    assert (await shared.ask(completion)).is_approved
    shared.sql(
        "UPDATE hold SET expires_at = expires_at + interval '1 hour'"
        " WHERE card_id = %s AND amount_minor = 30000",
        card,
    )
    held = look(card).holding
    assert [(one.rrn, str(one.held)) for one in held] == [
        (second.rrn, "200.00 CNY"),
        (first.rrn, "300.00 CNY"),
    ]
    assert {(one.merchant, one.terminal_id, one.owner) for one in held} == {
        ("Harbour Grocery", shared.terminal_id, "preauth")
    }
    assert held[0].until == NOW + dt.timedelta(days=30)


async def test_a_movement_that_was_undone_says_so(shared: Till, pool: CardPool, look: Look) -> None:
    """S1-42: a refund or cancellation turns the usage record invalid."""
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 1_000)
    await shared.sell(Kind.VOID, card, 1_000, original=shared.original(sale, answer), pin=None)
    void, purchase, _ = look(card).movements
    assert (purchase.undone_by, void.original) == ("void", answer.rrn)


async def test_pages_follow_one_another_and_reckon_the_same_balances(
    shared: Till, pool: CardPool, look: Look
) -> None:
    card = pool.city()
    for amount in range(101, 111):
        await shared.sell(Kind.PURCHASE, card, amount)
    whole = look(card, count=50)
    assert (len(whole.movements), whole.next) == (11, None)
    pages, after = [], None
    while True:
        page = look(card, count=3, after=after)
        pages.append(page.movements)
        if page.next is None:
            break
        after = str(page.next)
    assert [len(page) for page in pages] == [3, 3, 3, 2]
    assert tuple(one for page in pages for one in page) == whole.movements
    by_rrn = look(card, count=3, after=whole.movements[2].rrn)
    assert by_rrn.movements == whole.movements[3:6]


async def test_a_later_page_is_reckoned_from_the_end_of_the_last_cleared_date(till: Till) -> None:
    card = 2
    await till.sell(Kind.PURCHASE, card, 1_000)
    till.turn_the_date()
    for amount in (100, 200, 300):
        await till.sell(Kind.PURCHASE, card, amount)
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        first = view_card(connection, card, Page(count=1))
        before = view_card(connection, card, Page(after=first.next)).movements
        assert [one.balances[0].amount_minor for one in before] == [
            *(98_700, 98_900, 99_000, 100_000)
        ]
        connection.execute(
            "INSERT INTO clearing_run SELECT min(business_date), now(), now() FROM business_day"
        )
        connection.execute(
            "INSERT INTO checkpoint SELECT account_id, (SELECT min(business_date)"
            " FROM business_day), 99001 FROM purse WHERE card_id = %s AND unit = 'CNY'",
            (card,),
        )
        after = view_card(connection, card, Page(after=first.next, count=2)).movements
        assert [one.balances[0].amount_minor for one in after] == [98_701, 98_901]
        connection.execute("DELETE FROM checkpoint")
        connection.execute("DELETE FROM clearing_run")


async def test_what_was_written_before_trails_is_read_as_well(till: Till) -> None:
    card = 2
    for amount in range(101, 107):
        await till.sell(Kind.PURCHASE, card, amount)
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        whole = view_card(connection, card, Page())
        old = (
            "UPDATE journal SET previous_id = NULL"
            " WHERE card_id = 2 AND (amount_minor < 104 OR kind = 'opening')"
        )
        named = connection.execute(f"{old} RETURNING old.id, old.previous_id").fetchall()
        assert view_card(connection, card, Page()).movements == whole.movements
        page = view_card(connection, card, Page(count=2))
        assert page.movements == whole.movements[:2]
        older = view_card(connection, card, Page(after=page.next, count=2))
        assert older.movements == whole.movements[2:4]
        rest = view_card(connection, card, Page(after=older.next))
        assert rest.movements == whole.movements[4:]
        for number, previous in named:
            connection.execute(
                "UPDATE journal SET previous_id = %s WHERE id = %s", (previous, number)
            )


async def test_a_trail_goes_on_over_what_was_there_and_back_in_one_batch(till: Till) -> None:
    card = 2
    sale = till.request(Kind.PURCHASE, card, 500, pin="123456")
    await till.ask_all([sale, till.reversal(sale)])
    await till.sell(Kind.PURCHASE, card, 100)
    with psycopg.connect(till.dsns.owner) as connection:
        view = view_card(connection, card, Page())
    kinds = [one.kind for one in view.movements if one.changes]
    assert kinds == ["purchase", "reversal", "purchase", "opening"]


async def test_a_page_that_ends_with_a_decline_goes_on(till: Till) -> None:
    card = 2
    for amount in (100, 9_999_999, 200, 9_999_999, 300):
        await till.ask(till.request(Kind.PURCHASE, card, amount, pin="123456"))
    with psycopg.connect(till.dsns.owner) as connection:
        whole = view_card(connection, card, Page()).movements
        for count in (1, 2, 3):
            for last in (whole[count - 1].rrn, str(whole[count - 1].number)):
                rest = view_card(connection, card, Page(after=last)).movements
                assert rest == whole[count:]


async def test_a_card_that_was_never_used_says_only_whence_it_is(
    pool: CardPool, look: Look
) -> None:
    view = look(pool.with_points())
    [opening] = view.movements
    assert opening.kind == "opening"
    assert {purse.posted for purse in view.purses} >= {Money(100_000, "CNY")}


async def test_a_locked_pin_shows(shared: Till, pool: CardPool, look: Look) -> None:
    card = pool.city()
    for _ in range(3):
        answer = await shared.ask(shared.request(Kind.PURCHASE, card, 100, pin="000000"))
    assert answer.reason is not Reason.APPROVED
    view = look(card)
    assert view.pin_tries_left == 0
    assert len(view.movements) == 4


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("9988000000000000", "no card of ours has this number, 998800******0000"),
        ("99999999", "no card has id 99999999"),
        ("9999@48882900", "ends with 9999"),
        ("0015@nobody", "no card of nobody ends with 0015"),
        ("hello", "that is no card number"),
        ("12345678901234567890", "that is no card number"),
    ],
)
async def test_what_is_no_card_is_a_sentence_that_repeats_no_number(
    look: Look, word: str, why: str
) -> None:
    with pytest.raises(CardUnknownError) as raised:
        look(word)
    said = str(raised.value)
    assert why in said
    assert "Next: " in said
    assert "9988000000000000" not in said


async def test_a_number_that_was_mistyped_says_that_its_check_digit_is_wrong(
    pool: CardPool, look: Look
) -> None:
    digits = CARDS[pool.city()].pan.reveal()
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    with pytest.raises(CardUnknownError, match="check digit is wrong"):
        look(wrong)


async def test_a_page_after_what_was_never_asked_of_the_card_is_refused(
    pool: CardPool, look: Look
) -> None:
    with pytest.raises(CardUnknownError, match="leave --after out"):
        look(pool.city(), after="112299999999")


async def test_a_card_says_of_which_batch_it_is_and_who_answers_for_that(till: Till) -> None:
    """S1-09, S1-15: a card knows its card batch, its part, and the responsible person."""
    put_batch(till, 42, [2])
    with psycopg.connect(till.dsns.audit, autocommit=True) as connection:
        batch = view_card(connection, 2, Page()).batch
        assert view_card(connection, 3, Page()).batch is None
    assert batch is not None
    assert (batch.code, batch.state, batch.part, batch.part_state) == (
        "CB-42",
        "opened",
        1,
        "opened",
    )
    assert (batch.responsible, batch.made_by, batch.opened_by, batch.sale) == (
        "li", "bai", "bo", "sold",
    )  # fmt: skip
