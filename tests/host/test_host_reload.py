"""A running host takes over what an operator changed: estate and keys, and nothing of its own."""

from collections.abc import Iterator

import psycopg
import pytest
import trio

from config.run.asking import HOST
from config.run.database import Dsns
from config.run.host_reloading import reload_host
from host.estate.demo import PHONES
from host.hsm.purposes import KeyName
from host.hsm.vault import Vault
from host.model.requests import Kind
from host.model.responses import Reason
from host.model.secrets import Secret
from host.store.keys import Connection, put_key
from tests.host.conftest import (
    FIRST,
    LMK,
    MERCHANT_OF,
    NOW,
    Till,
    audit_ledger,
    trading,
)
from tests.host.desk.test_desk import ask_keys, generations, sign_on
from tests.host.owner import owners_hand

HSM = Vault(LMK)


@pytest.fixture
def owner(estate_database: Dsns) -> Iterator[Connection]:
    with owners_hand(estate_database) as connection:
        yield connection


@pytest.mark.parametrize(
    ("algorithm", "key_id"),
    [("aes-dukpt", "ABCDEF0123456789"), ("tdes-dukpt", "FFFF9876543210E00000")],
)
async def test_an_initial_key_entered_beside_it_is_used_after_a_reload(
    till: Till, owner: Connection, algorithm: str, key_id: str
) -> None:
    owner.execute(
        "UPDATE terminal SET mac_algorithm = %s WHERE terminal_id = %s", [algorithm, PHONES[0]]
    )
    name = KeyName(purpose="ik", owner=PHONES[0], generation=9, key_id=key_id)
    put_key(owner, HSM, name, Secret(bytes(range(16))), "alice, bob", NOW)
    before = await till.poster.find_terminal(PHONES[0])
    outcome = await reload_host(till.poster)
    after = await till.poster.find_terminal(PHONES[0])
    assert (outcome.number, outcome.error) == (HOST, "")
    assert before is not None
    assert after is not None
    assert after.mac_algorithm.value == algorithm
    assert [key.generation for key in before.mac_keys] == [1]
    assert [(key.generation, key.key) for key in after.mac_keys] == [(9, Secret(bytes(range(16))))]


async def test_a_closed_terminal_a_new_one_and_a_closed_merchant(
    till: Till, owner: Connection
) -> None:
    owner.execute("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    owner.execute(
        "INSERT INTO terminal (terminal_id, store_id, epoch, mac_algorithm)"
        " SELECT '80019999', store_id, epoch, mac_algorithm FROM terminal WHERE terminal_id = %s",
        [FIRST],
    )
    assert await till.poster.find_terminal("80010002") is not None
    await reload_host(till.poster)
    assert await till.poster.find_terminal("80010002") is None
    assert await till.poster.find_terminal("80019999") is not None
    owner.execute(
        "UPDATE merchant SET is_active = false WHERE merchant_id = %s", [MERCHANT_OF[FIRST]]
    )
    await reload_host(till.poster)
    answer = await till.ask(till.request(Kind.BALANCE_INQUIRY, 2))
    assert answer.reason is Reason.INVALID_MERCHANT


async def test_cards_of_a_new_issuer(till: Till, owner: Connection) -> None:
    card = 777
    [(first,)] = owner.execute("SELECT issuer_id FROM card WHERE id = %s", [card])
    owner.execute(
        "INSERT INTO issuer SELECT 99, '48889999', 'Ninth', '7799', currency, amount_minor_max,"
        " balance_minor_max, pin_tries_max FROM issuer WHERE id = %s",
        [first],
    )
    owner.execute("INSERT INTO acceptance SELECT id, 99 FROM merchant")
    owner.execute("UPDATE card SET issuer_id = 99 WHERE id = %s", [card])
    try:
        await reload_host(till.poster)
        answer = await till.ask(till.request(Kind.BALANCE_INQUIRY, card, pin="123456"))
    finally:
        owner.execute("UPDATE card SET issuer_id = %s WHERE id = %s", [first, card])
    assert (answer.reason, answer.issuer_id) == (Reason.APPROVED, "48889999")


async def test_what_a_terminal_has_proved_and_its_batch_are_its_own(
    till: Till, owner: Connection
) -> None:
    await sign_on(till, FIRST)
    assert await generations(till, FIRST) == [2, 1]
    terminal = till.terminal
    terminal.drop_keys_before(2)  # proved, and not stored yet
    terminal.traded_in = terminal.epoch
    owner.execute("UPDATE terminal SET epoch = '000999' WHERE terminal_id = %s", [FIRST])
    await reload_host(till.poster)
    assert till.terminal is terminal
    assert await generations(till, FIRST) == [2]
    assert (terminal.epoch, terminal.traded_in) == ("000012", "000012")


async def test_sign_ons_and_reloads_at_once_leave_every_terminal_its_newest_keys(
    estate_database: Dsns,
) -> None:
    async with trading(estate_database) as till:
        async with trio.open_nursery() as nursery:

            async def reload() -> None:
                for _ in range(10):
                    assert (await reload_host(till.poster)).error == ""

            nursery.start_soon(reload)
            names = [f"800100{number:02d}" for number in range(3, 13)]
            answers = await till.ask_all([ask_keys(till, name) for name in names])
        assert {answer.reason for answer in answers} == {Reason.APPROVED}
        for name in names:
            assert await generations(till, name) == [2, 1]
    audit_ledger(estate_database)


async def test_an_altered_key_is_refused_from_the_reload_on_and_told(
    till: Till, owner: Connection
) -> None:
    owner.execute(
        "UPDATE terminal_key SET block = left(block, -8) WHERE usage = 'mak' AND terminal_id = %s",
        [FIRST],
    )
    outcome = await reload_host(till.poster)
    assert outcome.lines[0].startswith("host: 3 merchants, 76 terminals")
    assert f"mak 1 of {FIRST}" in outcome.lines[1]
    assert await generations(till, FIRST) == []


async def test_a_database_that_is_away_changes_nothing_and_is_found_again(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> psycopg.Connection[object]:
        raise psycopg.OperationalError("the server is starting up")

    desk = till.poster._desk
    with monkeypatch.context() as away:
        away.setattr(desk, "_connect", refuse)
        desk.close()
        outcome = await reload_host(till.poster)
    assert (outcome.error, outcome.exit_status) == ("host: the server is starting up", 3)
    assert await generations(till, FIRST) == [1]
    assert (await reload_host(till.poster)).error == ""
