"""Sign-on, sign-off, echo: keys change hands without ever leaving a terminal without keys."""

import msgspec
import pytest
from structlog.testing import capture_logs

from config.run.database import Dsns
from host.hsm.keys import DeliveredKeys, receive
from host.hsm.pin import make_pin_block
from host.model.requests import ExchangeKey, Family, Kind, PinBlock, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from tests.host.conftest import CARDS, FIRST, TERMINALS, CardPool, Till, trading
from tests.host.owner import owners_hand

UNPACKED = "80010040"


async def sign_on(till: Till, terminal_id: str, layout: str = "003") -> DeliveredKeys:
    answer = await till.ask(ask_keys(till, terminal_id, layout))
    assert (answer.reason, answer.epoch) == (Reason.APPROVED, TERMINALS[terminal_id].epoch)
    return receive(layout, TERMINALS[terminal_id].tmk, answer.key_block)


def ask_keys(till: Till, terminal_id: str, layout: str | None = "003") -> Request:
    request = till.request(Kind.SIGN_ON, terminal_id=terminal_id, key_generation=0)
    return msgspec.structs.replace(request, working_keys=layout, serial="12580010001")


async def buy(
    till: Till, terminal_id: str, card: int, pik: Secret, generation: int, iso_format: int = 0
) -> Response:
    """A purchase whose PIN is under this key, authenticated by this generation."""
    block = make_pin_block(pik, Secret(b"123456"), CARDS[card].pan, iso_format)
    return await till.ask(
        till.request(
            Kind.PURCHASE, card, 1, pin=PinBlock(iso_format, block),
            terminal_id=terminal_id, key_generation=generation,
        )
    )  # fmt: skip


async def generations(till: Till, terminal_id: str) -> list[int]:
    profile = await till.poster.find_terminal(terminal_id)
    assert profile is not None
    return [key.generation for key in profile.mac_keys]


async def test_old_keys_serve_until_the_first_use_of_the_new(shared: Till, pool: CardPool) -> None:
    old, card = TERMINALS["80010005"].working, pool.city()
    new = await sign_on(shared, "80010005")
    profile = await shared.poster.find_terminal("80010005")
    assert profile is not None
    assert [(key.generation, key.key) for key in profile.mac_keys] == [(2, new.mak), (1, old.mak)]
    assert (await buy(shared, "80010005", card, old.pik, 1)).is_approved
    assert await generations(shared, "80010005") == [2, 1]
    assert (await buy(shared, "80010005", card, new.pik, 2)).is_approved
    assert await generations(shared, "80010005") == [2]
    assert (await buy(shared, "80010005", card, old.pik, 1)).reason is Reason.PIN_FORMAT


async def test_both_key_sets_outlive_a_restart_and_a_proved_one_alone(
    module_estate: Dsns, pool: CardPool
) -> None:
    card = pool.city()
    async with trading(module_estate) as till:
        new = await sign_on(till, "80010006")
    async with trading(module_estate) as till:
        assert await generations(till, "80010006") == [2, 1]
        old = TERMINALS["80010006"].working
        assert (await buy(till, "80010006", card, old.pik, 1)).is_approved
        assert (await buy(till, "80010006", card, new.pik, 2)).is_approved
        await sign_off(till, "80010006")
        while not till.sql(
            "SELECT 1 FROM terminal WHERE terminal_id = '80010006' AND key_generation = 2"
        ):
            await sign_off(till, "80010006")
    async with trading(module_estate) as till:
        assert await generations(till, "80010006") == [2]
        assert (await buy(till, "80010006", card, new.pik, 2)).is_approved


async def test_sign_ons_whose_answers_are_lost_leave_the_keys_in_use(
    shared: Till, pool: CardPool
) -> None:
    old, card = TERMINALS["80010007"].working, pool.city()
    for _ in range(3):
        new = await sign_on(shared, "80010007")
        assert (await buy(shared, "80010007", card, old.pik, 1)).is_approved
    assert await generations(shared, "80010007") == [4, 1]
    assert (await buy(shared, "80010007", card, new.pik, 4)).is_approved
    stored = "SELECT DISTINCT generation FROM terminal_key WHERE terminal_id = '80010007'"
    assert sorted(shared.sql(stored)) == [(0,), (1,), (4,)]


async def test_a_terminal_without_working_keys_gets_its_first(shared: Till, pool: CardPool) -> None:
    assert await generations(shared, UNPACKED) == []
    new = await sign_on(shared, UNPACKED)
    assert await generations(shared, UNPACKED) == [1]
    assert (await buy(shared, UNPACKED, pool.city(), new.pik, 1)).is_approved


async def test_short_keys_are_delivered_and_read_what_they_fit(
    shared: Till, pool: CardPool
) -> None:
    """A PIN block format whose cipher the key does not fit is a format error, not our failure."""
    card = pool.city()
    new = await sign_on(shared, "80010008", "001")
    assert len(new.pik) == 8
    assert (await buy(shared, "80010008", card, new.pik, 2)).is_approved
    block = PinBlock(4, Secret(bytes(range(16))))
    odd = shared.request(
        Kind.PURCHASE, card, 1, pin=block, terminal_id="80010008", key_generation=2
    )
    assert (await shared.ask(odd)).reason is Reason.PIN_FORMAT


@pytest.mark.parametrize("layout", ["005", "999", "", None])
async def test_a_key_layout_we_do_not_have_is_declined(shared: Till, layout: str | None) -> None:
    answer = await shared.ask(ask_keys(shared, "80010009", layout))
    assert (answer.reason, answer.key_block) == (Reason.FUNCTION_NOT_SUPPORTED, b"")
    assert await generations(shared, "80010009") == [1]


async def sign_off(till: Till, terminal_id: str) -> None:
    request = till.request(Kind.SIGN_OFF, terminal_id=terminal_id, key_generation=0)
    assert (await till.ask(request)).is_approved


async def test_sign_off_and_echo_change_nothing(shared: Till, pool: CardPool) -> None:
    before = shared.sql("SELECT count(*) FROM exchange"), await generations(shared, FIRST)
    await sign_off(shared, FIRST)
    echo = msgspec.structs.replace(
        shared.request(Kind.ECHO),
        key=ExchangeKey("pos", FIRST, "000012", "000000", Family.MANAGEMENT),
    )
    assert all(answer.is_approved for answer in await shared.ask_all([echo] * 3))
    assert (shared.sql("SELECT count(*) FROM exchange"), await generations(shared, FIRST)) == before
    assert (await shared.buy(pool.city(), 1)).is_approved


async def test_what_the_hardware_says_of_itself_is_kept(shared: Till) -> None:
    await sign_on(shared, "80010010")
    assert shared.sql("SELECT serial FROM terminal WHERE terminal_id = '80010010'") == [
        ("12580010001",)
    ]


async def test_a_generation_nobody_was_delivered_ends_no_keys(shared: Till, pool: CardPool) -> None:
    answer = await shared.ask(
        shared.request(Kind.CASH_LOAD, pool.city(), 1, terminal_id="80010011", key_generation=99)
    )
    assert answer.is_approved
    assert await generations(shared, "80010011") == [1]


async def test_a_terminal_whose_master_key_is_missing_or_altered_is_alone_in_its_trouble(
    shared: Till, pool: CardPool
) -> None:
    with owners_hand(shared.dsns) as owner:
        master = "FROM terminal_key WHERE usage = 'tmk' AND terminal_id ="
        [(others,)] = owner.execute(f"SELECT block {master} '80010014'").fetchall()
        owner.execute("DELETE FROM terminal_key WHERE usage = 'tmk' AND terminal_id = '80010012'")
        owner.execute(
            "UPDATE terminal_key SET block = %s WHERE usage = 'tmk' AND terminal_id = '80010013'",
            [others],
        )
    with capture_logs() as logs:
        missing = await shared.ask(ask_keys(shared, "80010012"))
        altered = await shared.ask(ask_keys(shared, "80010013"))
    assert (missing.reason, altered.reason) == (Reason.KEYS_MISSING, Reason.KEYS_MISSING)
    [line] = [one for one in logs if one["log_level"] == "error"]
    assert (line["tid"], "another's place" in line["why"]) == ("80010013", True)
    await sign_on(shared, "80010014")
    assert (await shared.buy(pool.city(), 1)).is_approved


async def test_the_desk_finds_its_database_again(shared: Till) -> None:
    await sign_on(shared, "80010015")
    shared.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name <> 'posswitch-writer'"
    )
    refused = await shared.ask(ask_keys(shared, "80010015"))
    assert (refused.reason, refused.key_block) == (Reason.HOST_UNREACHABLE, b"")
    await sign_on(shared, "80010015")
    assert await generations(shared, "80010015") == [3, 1]


async def test_many_terminals_sign_on_while_others_trade(shared: Till, pool: CardPool) -> None:
    newcomers = [f"{80_010_020 + place}" for place in range(12)]
    sales = [
        shared.request(Kind.PURCHASE, pool.city(), 1, pin="123456", terminal_id=terminal_id)
        for terminal_id in newcomers
    ]
    asked = [ask_keys(shared, terminal_id) for terminal_id in newcomers]
    answers = await shared.ask_all([one for pair in zip(asked, sales, strict=True) for one in pair])
    assert all(answer.is_approved for answer in answers)
    for terminal_id in newcomers:
        assert await generations(shared, terminal_id) == [2, 1]
