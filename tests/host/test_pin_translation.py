"""PIN blocks for external issuers: out of the terminal's key, into the zone's, by the host."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from host.estate.demo import EXTERNAL_ZONE, PHONES, external_cards
from host.hsm import dukpt_aes
from host.hsm.pin import PinBlockReader, make_pin_block
from host.model.requests import Kind, PinBlock, Request
from host.model.responses import Reason
from host.model.secrets import Secret
from tests.host.conftest import FIRST, TERMINALS, Till
from tests.host.owner import owners_hand

CARD = external_cards()[0].pan
PIN = Secret(b"123456")
ZONE = PinBlockReader(EXTERNAL_ZONE.key)


def ask(till: Till, pin: PinBlock | None, **more: Any) -> Request:
    return till.request(
        Kind.PIN_TRANSLATION, **({"pan": CARD, "pin": pin, "zone": EXTERNAL_ZONE.name} | more)
    )


def typed(iso_format: int, pin: Secret = PIN) -> PinBlock:
    working = TERMINALS[FIRST].working
    assert working is not None
    return PinBlock(iso_format, make_pin_block(working.pik, pin, CARD, iso_format))


@pytest.mark.parametrize("iso_format", [0, 3, 4])
async def test_a_pin_is_put_under_the_zone_key_in_format_0(shared: Till, iso_format: int) -> None:
    answer = await shared.ask(ask(shared, typed(iso_format)))
    assert answer.is_approved
    assert answer.pin is not None
    assert (answer.pin.iso_format, answer.pin.ksn) == (0, None)
    assert ZONE.read(answer.pin.block, 0, CARD) == PIN


async def test_whether_the_pin_is_right_is_not_the_hosts_to_say(shared: Till) -> None:
    answer = await shared.ask(ask(shared, typed(0, Secret(b"0000"))))
    assert answer.pin is not None
    assert ZONE.read(answer.pin.block, 0, CARD) == Secret(b"0000")


async def test_a_block_under_another_key_is_99(shared: Till) -> None:
    answer = await shared.ask(ask(shared, PinBlock(0, Secret(bytes(8)))))
    assert (answer.reason, answer.pin, answer.sign_on_again) == (Reason.PIN_FORMAT, None, True)


async def test_a_block_of_a_key_set_that_is_gone_is_99(shared: Till) -> None:
    answer = await shared.ask(ask(shared, typed(0), key_generation=0))
    assert answer.reason is Reason.PIN_FORMAT


async def test_a_zone_nobody_entered_is_40_and_the_log_says_what_to_do(shared: Till) -> None:
    with capture_logs() as lines:
        answer = await shared.ask(ask(shared, typed(0), zone="nowhere"))
    assert (answer.reason, answer.pin) == (Reason.FUNCTION_NOT_SUPPORTED, None)
    [line] = [one for one in lines if one["log_level"] == "error"]
    assert (line["zone"], "posswitch keys import" in line["event"]) == ("nowhere", True)


async def test_a_message_without_a_pin_has_none_to_translate(shared: Till) -> None:
    assert (await shared.ask(ask(shared, None))).reason is Reason.FORMAT_ERROR


async def test_a_dukpt_pin_is_translated_once_under_its_ksn(shared: Till) -> None:
    device = TERMINALS[PHONES[0]].device
    assert device is not None

    def under(counter: int) -> PinBlock:
        ksn = f"{device.key_id}{counter:08X}"
        key = dukpt_aes.device_key(device.initial_key, bytes.fromhex(ksn), dukpt_aes.Usage.PIN)
        return PinBlock(4, make_pin_block(key, PIN, CARD, 4), ksn)

    first = ask(shared, under(7), terminal_id=PHONES[0])
    for request in (first, first):  # its answer may have been lost
        answer = await shared.ask(request)
        assert answer.pin is not None
        assert ZONE.read(answer.pin.block, 0, CARD) == PIN
    for counter in (7, 6):
        refused = await shared.ask(ask(shared, under(counter), terminal_id=PHONES[0]))
        assert (refused.reason, refused.pin) == (Reason.KSN_REFUSED, None)


async def test_an_altered_zone_key_stops_translation_and_nothing_else(till: Till) -> None:
    with owners_hand(till.dsns) as connection:
        connection.execute("UPDATE zone_key SET block = overlay(block placing 'AB' from 60)")
    await till.poster.reload()
    assert (await till.ask(ask(till, typed(0)))).reason is Reason.MALFUNCTION
    assert (await till.ask(till.request(Kind.ECHO))).is_approved


async def test_another_zones_key_does_not_open_in_its_place(till: Till) -> None:
    with owners_hand(till.dsns) as connection:
        connection.execute("UPDATE zone_key SET name = 'other'")
    await till.poster.reload()
    answer = await till.ask(ask(till, typed(0), zone="other"))
    assert (answer.reason, answer.pin) == (Reason.MALFUNCTION, None)


async def test_a_pin_waits_for_no_database_and_a_zone_key_is_read_at_a_reload(till: Till) -> None:
    """What is stored of it is not asked for again: the estate has it, opened once."""
    with owners_hand(till.dsns) as connection:
        connection.execute("DELETE FROM zone_key")
    assert (await till.ask(ask(till, typed(0)))).is_approved
    await till.poster.reload()
    assert (await till.ask(ask(till, typed(0)))).reason is Reason.FUNCTION_NOT_SUPPORTED
