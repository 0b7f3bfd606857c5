"""A card's holder activates it by its password: bound and loaded, and no word to who guesses."""

import json
from dataclasses import replace
from typing import Any

import pytest
import trio

from host.model.office import NOBODY, Do, Done, Refused, Told
from host.model.responses import Reason
from host.model.secrets import Secret
from host.office.doing import run_action
from host.stock.codes import place_of
from host.store.office_settings import TRIES_OF_CARD_MAX
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.office.test_holding import (
    FACE,
    OTHER_PHONE,
    PHONE,
    Shop,
    made_shop,
    sell_at_the_till,
)
from tests.host.stock.conftest import HSM

PUBLIC = "E-CODE"


@pytest.fixture
async def shop(bureau: Bureau, till: Till) -> Shop:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_shop(bureau, till))


def code_of(shop: Shop, card: int) -> str:
    [(sealed,)] = shop.bureau.sql("SELECT code_sealed FROM card WHERE id = %s", card)
    return HSM.open_secret(sealed, place_of(card)).reveal().decode()


async def activate(
    shop: Shop, card: int, password: str, who: Person | None = None, **more: Any
) -> Told:
    """As a front asks it, from a place of its own."""
    told = {"number": shop.pan(card).reveal(), "password": password, "phone": PHONE}
    values = {**told, **{name: more.pop(name) for name in list(more) if name in told}}
    asked = Do(
        session=who.session if who else NOBODY,
        action="card.activate",
        values=Secret(json.dumps(values).encode()),
        **{"source": "10.0.0.1", **more},
    )
    bureau = shop.bureau
    return await trio.to_thread.run_sync(
        lambda: run_action(bureau.office, bureau.connection, asked)
    )


def code(told: Told) -> str:
    assert isinstance(told, Refused), told
    return told.code


def outcomes(shop: Shop) -> list[str]:
    rows = shop.bureau.sql("SELECT outcome FROM history WHERE action = 'card.activate' ORDER BY id")
    return [outcome for (outcome,) in rows]


async def test_a_holder_activates_and_the_next_message_spends_it(shop: Shop) -> None:
    """S1-06, S1-23, S1-24, S1-34: bound to a new phone, loaded, and its password gone."""
    [card, other, _] = shop.cards
    password = code_of(shop, card)
    typed = f" {password[:4].lower()}-{password[4:8]} {password[8:]}"
    told = await activate(shop, card, typed, once_key="form 1")
    assert isinstance(told, Done), told
    assert await shop.buy(card) is Reason.APPROVED
    bureau = shop.bureau
    assert bureau.sql(
        "SELECT c.status, c.code_hash IS NULL, m.phone_masked FROM card AS c"
        " JOIN member AS m ON m.id = c.member_id WHERE c.id = %s", card
    ) == [("active", True, "138****1234")]  # fmt: skip
    assert bureau.sql(
        "SELECT kind, origin, amount_minor FROM journal WHERE slot LIKE 'member/%%'"
    ) == [("card_bound_activation", "member", FACE)]

    again = await activate(shop, card, typed, once_key="form 1")
    assert again == told, "the same form is told the same, though the password is gone"
    assert code(await activate(shop, card, typed, once_key="form 2")) == PUBLIC
    assert code(await activate(shop, other, code_of(shop, other), once_key="form 1")) == "E-ONCE"
    assert outcomes(shop) == ["done", "done", PUBLIC]


async def test_the_public_is_told_one_thing_and_history_what_it_was(shop: Shop) -> None:
    """S1-12, S1-23, S1-35."""
    card, bureau = shop.cards[0], shop.bureau
    password = code_of(shop, card)
    public = await activate(shop, card, "WRONGWRONG22", source="1")
    tries: list[tuple[str, Any]] = [
        ("", {"number": "4000000000000002"}),
        ("", {"number": "no number at all"}),
        ("UPDATE card_batch SET state = 'suspended', suspended_by = 'x'", {}),
        ("UPDATE card_batch SET state = 'opened', suspended_by = NULL;"  # noqa: ISC004 - two statements
         "UPDATE card_batch_part SET state = 'generated', opened_by = NULL, opened_at = NULL", {}),
        ("UPDATE card_batch_part SET state = 'opened', opened_by = 'x', opened_at = now();"  # noqa: ISC004 - two statements
         "UPDATE card SET member_id = 99, status = 'active' WHERE part_id IS NOT NULL", {}),
        ("UPDATE card SET member_id = NULL, status = 'frozen' WHERE part_id IS NOT NULL", {}),
        ("UPDATE card SET status = 'voided' WHERE part_id IS NOT NULL", {}),
    ]  # fmt: skip
    for place, (change, more) in enumerate(tries):
        for statement in filter(None, change.split(";")):
            shop.till.sql(statement)
        told = await activate(shop, card, password, source=f"2.{place}", **more)
        assert told == public, change
    assert outcomes(shop) == [
        PUBLIC, PUBLIC, PUBLIC, "E-CARD", "E-NOT-OPENED", "E-BOUND", "E-CARD", "E-VOIDED-BIND"
    ]  # fmt: skip
    clerk = bureau.person("service", "platform")
    told = await activate(shop, card, password, clerk, source="3")
    assert code(told) == "E-VOIDED-BIND", "who is signed in hears why"


async def test_after_too_many_tries_the_right_password_is_not_looked_at(shop: Shop) -> None:
    """S1-23: by card, from wherever; an hour later it is."""
    card = shop.cards[0]
    password = code_of(shop, card)
    for place in range(TRIES_OF_CARD_MAX.normal):
        told = await activate(shop, card, "WRONGWRONG22", source=f"10.1.0.{place}",
                              phone=f"1370000000{place}")  # fmt: skip
        assert code(told) == PUBLIC
    assert code(await activate(shop, card, password, source="10.2.0.1")) == "E-TRIES"
    assert outcomes(shop) == [PUBLIC] * TRIES_OF_CARD_MAX.normal, (
        "a flood of tries fills the log, not history"
    )
    shop.bureau.later(hours=1, seconds=1)
    assert isinstance(await activate(shop, card, password, source="10.2.0.1"), Done)


async def test_a_form_that_was_answered_tells_nobody_which_numbers_are_cards(shop: Shop) -> None:
    """S1-23: nothing is counted for it, so all that is not its own card is told alike."""
    [card, other, _] = shop.cards
    assert isinstance(await activate(shop, card, code_of(shop, card), once_key="mine"), Done)
    asked: list[object] = []
    shop.bureau.office = replace(shop.bureau.office, ask=asked.append)  # type: ignore[arg-type]
    told = [
        await activate(shop, card, "WRONGWRONG22", once_key="mine", number=number)
        for number in (shop.pan(other).reveal(), "4000000000000002", "no number at all")
    ]
    assert [code(one) for one in told] == ["E-ONCE"] * 3
    assert told[0] == told[1] == told[2]
    assert asked == [], "nor by how long it takes"


async def test_of_many_who_know_the_password_one_has_the_card(shop: Shop) -> None:
    """S1-24: one card, one owner, one face value."""
    import psycopg

    card, bureau = shop.cards[0], shop.bureau
    password, pan = code_of(shop, card), shop.pan(card).reveal()
    told: list[Told] = []

    def ask(place: int) -> None:
        values = {"number": pan, "password": password, "phone": f"1360000000{place}"}
        asked = Do(action="card.activate", values=Secret(json.dumps(values).encode()),
                   source=f"10.3.0.{place}")  # fmt: skip
        with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
            told.append(run_action(bureau.office, connection, asked))

    async with trio.open_nursery() as nursery:
        for place in range(5):
            nursery.start_soon(trio.to_thread.run_sync, ask, place)
    assert sum(isinstance(one, Done) for one in told) == 1
    assert {code(one) for one in told if isinstance(one, Refused)} == {PUBLIC}
    assert bureau.sql("SELECT sum(posted_minor) FROM purse WHERE card_id = %s", card) == [(FACE,)]


async def test_one_that_a_till_sold_becomes_its_holders_and_nothing_moves(shop: Shop) -> None:
    """S1-24: a bearer's card, by the password that came with it."""
    from tests.host.test_activation import activate as sold

    card = shop.cards[0]
    password = code_of(shop, card)
    assert (await sold(shop.till, shop.pan(card)))[1].is_approved
    assert isinstance(await activate(shop, card, password), Done)
    assert shop.bureau.sql("SELECT count(*) FROM journal WHERE slot LIKE 'member/%%'") == [(0,)]
    assert shop.bureau.sql(
        "SELECT sum(posted_minor) FROM purse WHERE card_id = %s AND unit = 'CNY'", card
    ) == [(FACE,)]  # fmt: skip


async def test_where_no_poster_is_nothing_is_counted(shop: Shop) -> None:
    shop.bureau.office = replace(shop.bureau.office, ask=None)
    assert code(await activate(shop, shop.cards[0], "WRONGWRONG22")) == "E-HOST-AWAY"
    assert shop.bureau.sql("SELECT count(*) FROM code_try") == [(0,)]


async def test_no_password_and_no_number_is_kept_by_who_tries(shop: Shop) -> None:
    card = shop.cards[0]
    await activate(shop, card, "SECRETSECRET", once_key="form 7")
    kept = str(shop.bureau.sql("SELECT t::text FROM history AS t"))
    kept += str(shop.bureau.sql("SELECT t::text FROM code_try AS t"))
    kept += str(shop.bureau.sql("SELECT t::text FROM change AS t"))
    for secret in ("SECRETSECRET", shop.pan(card).reveal(), PHONE, OTHER_PHONE):
        assert secret not in kept
    assert HOME["issuer"]


@pytest.mark.parametrize("is_at_the_desk", [True, False])
async def test_a_card_that_a_till_sold_is_bound_by_its_password_once_and_nothing_moves(
    shop: Shop, is_at_the_desk: bool
) -> None:
    """S1-24, S1-34: at a merchant's seat, or by a phone; nobody else's, ever after."""
    card, bureau = shop.cards[0], shop.bureau
    who = bureau.person("merchant_operator") if is_at_the_desk else None
    await sell_at_the_till(shop, card)
    password, posted = code_of(shop, card), bureau.sql("SELECT count(*) FROM journal")
    assert isinstance(await activate(shop, card, password, who), Done)
    assert bureau.sql("SELECT count(*) FROM journal") == posted
    assert bureau.sql(
        "SELECT m.phone_masked FROM card AS c JOIN member AS m ON m.id = c.member_id"
        " WHERE c.id = %s", card
    ) == [("138****1234",)]  # fmt: skip
    assert code(await activate(shop, card, password, who, phone=OTHER_PHONE)) == PUBLIC


async def test_who_has_signed_in_activates_a_card_without_saying_their_phone(shop: Shop) -> None:
    """S1-23, S1-24: it is theirs; whoever has not signed in says whose it is to be."""
    card, bureau = shop.cards[0], shop.bureau
    member = await trio.to_thread.run_sync(bureau.member, "13711112222")
    said = code(await activate(shop, card, code_of(shop, card), phone=None))
    assert said == "E-FIELD"
    told = await activate(shop, card, code_of(shop, card), who=member, phone=None)
    assert isinstance(told, Done), told
    [wallet] = bureau.rows(member, "wallet")
    assert (wallet["id"], wallet["card_status"], wallet["free_minor"]) == (card, "active", FACE)
