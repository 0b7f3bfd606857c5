"""Who made an exchange: it stands in its key, and those that no terminal makes are posted alike."""

import msgspec
import psycopg
import pytest
import trio

from config.run.database import Dsns
from host.asking import OwnKeyError, exchange_key
from host.model.origins import ORIGINS, SPACES, Origin, origin_of
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind
from host.model.responses import Reason
from host.model.terminal import FAMILIES
from tests.host.conftest import (
    CardPool,
    Till,
    asking_of,
    audit_ledger,
    card_at,
    trading,
)
from tests.host.test_points_expiry import OF_THE_ESTATE


@pytest.fixture(scope="session")
def estate_template(module_template: str) -> str:
    """More cards with points than a test has of its own."""
    return module_template


def expiry_of(till: Till, card: int, name: str = "1") -> OwnRequest:
    key = OwnKey(Origin.CLOCK, "points_expiry", "20281201", name)
    return OwnRequest(kind=Kind.POINTS_EXPIRY, key=key, card=card_at(till, card))


def test_every_origin_has_a_key_space_that_no_channel_has() -> None:
    assert {space.origin for space in SPACES} | {Origin.TERMINAL} == set(Origin) == set(ORIGINS)
    assert not {space.name for space in SPACES} & FAMILIES.keys()


def test_the_database_reads_every_key_as_the_programs_do(database: Dsns) -> None:
    spaces = [*(space.name for space in SPACES), "pos", "mis", "softpos", "officer"]
    slots = [f"{space}/who.is-it/scope/name/f" for space in spaces]
    with psycopg.connect(database.owner) as owner:
        for number, slot in enumerate(slots):
            origin, who = origin_of(slot)
            terminal = who if origin is Origin.TERMINAL else None
            owner.execute(
                "INSERT INTO exchange VALUES (0, %s, %s, 0, 1, 'x', '', 'x', false, '', 1, %s,"
                " '2026-11-22', now())",
                (slot, number, terminal),
            )
        rows = owner.execute("SELECT slot, origin, coalesce(made_by, terminal_id) FROM exchange")
        assert {slot: (origin, who) for slot, origin, who in rows} == {
            slot: origin_of(slot) for slot in slots
        }
        owner.rollback()


def test_without_a_terminal_there_is_another_who_made_it(database: Dsns) -> None:
    with (
        psycopg.connect(database.owner) as owner,
        pytest.raises(psycopg.errors.CheckViolation, match="exchange_made_by_somebody"),
    ):
        owner.execute(
            "INSERT INTO exchange VALUES (0, 'pos/80010001/000001/000001/f', 1, 0, 1, 'x', '',"
            " 'x', false, '', 1, NULL, '2026-11-22', now())"
        )


async def test_the_journal_says_who_made_it(till: Till, pool: CardPool) -> None:
    card = pool.with_points()
    sale, _ = await till.sell(Kind.PURCHASE, card, 700)
    till.turn_the_date(OF_THE_ESTATE)
    assert (await asking_of(till).ask(expiry_of(till, card))).is_approved
    made = till.sql(
        "SELECT e.kind, e.origin, e.made_by, j.origin, j.made_by, e.terminal_id, j.terminal_id,"
        " j.merchant_id IS NULL FROM exchange AS e JOIN journal AS j USING (home, slot)"
        " WHERE j.card_id = %s ORDER BY j.id",
        card,
    )
    terminal = sale.key.terminal_id
    assert made == [
        ("opening", "office", "estate", "office", "estate", None, None, True),
        ("purchase", "terminal", None, "terminal", None, terminal, terminal, False),
        ("points_expiry", *("clock", "points_expiry") * 2, None, None, True),
    ]


async def test_what_no_terminal_asks_gets_one_answer_a_key(
    estate_database: Dsns, pool: CardPool
) -> None:
    """Asked at once, again, and of a host that was started anew; another body is a duplicate."""
    card, other = pool.with_points(), pool.with_points()
    async with trading(estate_database) as till:
        till.turn_the_date(OF_THE_ESTATE)
        asking, answers = asking_of(till), []

        async def ask() -> None:
            answers.append(await asking.ask(expiry_of(till, card)))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(ask)
        await ask()
    async with trading(estate_database) as till:
        answers.append(await asking_of(till).ask(expiry_of(till, card)))
        assert {answer.rrn for answer in answers} == {answers[0].rrn}
        assert {answer.reason for answer in answers} == {Reason.APPROVED}
        assert (await asking_of(till).ask(expiry_of(till, other))).reason is Reason.DUPLICATE
        assert till.balances(card)[1] == 0
        assert till.balances(other)[1] == 2_000
    audit_ledger(estate_database)


async def test_what_waits_for_no_terminal_stands_in_nobodys_line(
    till: Till, pool: CardPool
) -> None:
    """A terminal's line holds few; of these as many go at once as are asked."""
    asking, cards = asking_of(till), [pool.with_points() for _ in range(40)]
    till.turn_the_date(OF_THE_ESTATE)
    answers = []

    async def ask(card: int) -> None:
        answers.append(await asking.ask(expiry_of(till, card, f"{card}")))

    async with trio.open_nursery() as nursery:
        for card in cards:
            nursery.start_soon(ask, card)
    assert {answer.reason for answer in answers} == {Reason.APPROVED}


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (Kind.PURCHASE, OwnKey(Origin.OFFICE, "li", "20261122", "1")),
        (Kind.POINTS_EXPIRY, OwnKey(Origin.OFFICE, "li", "20261122", "1")),
        (Kind.PURCHASE, OwnKey(Origin.TERMINAL, "80010001", "000001", "000001")),
        (Kind.POINTS_EXPIRY, OwnKey(Origin.CLOCK, "a/b", "20261122", "1")),
        (Kind.POINTS_EXPIRY, OwnKey(Origin.CLOCK, "", "20261122", "1")),
        (Kind.POINTS_EXPIRY, OwnKey(Origin.CLOCK, "points_expiry", "20261122", "a b")),
        (Kind.POINTS_EXPIRY, OwnKey(Origin.CLOCK, "points_expiry", "20261122", "x" * 255)),
    ],
)
def test_a_key_that_is_not_an_origins_own_is_refused(kind: Kind, key: OwnKey) -> None:
    with pytest.raises(OwnKeyError):
        exchange_key(kind, key)


@pytest.mark.parametrize("space", [space.name for space in SPACES])
async def test_no_terminal_speaks_in_the_keys_of_another_origin(
    shared: Till, pool: CardPool, space: str
) -> None:
    request = shared.request(Kind.PURCHASE, pool.city(), 100, pin="123456")
    key = msgspec.structs.replace(request.key, institution=space)
    answer = await shared.ask(msgspec.structs.replace(request, key=key))
    assert answer.reason is Reason.INVALID_TERMINAL
