"""The whole switch on loopback: what terminals send, what they are told, what they are not."""

import contextlib
import socket
import urllib.request

import pytest
import trio

from host.model.requests import Kind
from host.model.responses import Reason
from switch.program import run_switch
from switch.settings import ChannelSettings, SwitchSettings
from tests.ports import free_port
from tests.switch.conftest import (
    BATCH,
    HEADER,
    MERCHANT,
    TERMINAL,
    TPDU,
    approval,
    echo,
    framed,
    mac_of,
    profile_of,
    purchase,
    purchase_fields,
    sealed,
)


async def test_a_purchase_is_answered_and_sealed(terminal, world):
    answer = await terminal.ask(purchase(stan=2))
    assert answer.mti == "0210"
    assert answer.fields["39"] == "00"
    assert answer.stan == "000002"
    assert answer.fields["54"] == "1002156C000000087655"
    assert answer.tpdu.hex() == "6000000003"
    assert answer.is_sealed_by(mac_of())
    assert world.host.requests[0].key_generation == 1


async def test_a_terminal_is_asked_for_once(terminal, world):
    for stan in range(1, 6):
        await terminal.ask(purchase(stan))
    assert world.host.finds == [TERMINAL]


async def test_200_pipelined_messages_get_their_own_answers_in_any_order(terminal, world):
    await terminal.ask(purchase(1))
    world.host.decide = lambda _request: None
    stans = range(2, 202)
    await terminal.send(*(purchase(stan) for stan in stans))
    await world.host.has(201)
    for request, answer in reversed(world.host.held):
        answer(approval(rrn=f"{request.key.stan:>012}"))
    answers = [await terminal.receive() for _ in stans]
    assert [int(answer.stan) for answer in answers] == list(reversed(stans))
    assert all(int(answer.fields["37"]) == int(answer.stan) for answer in answers)


async def test_a_connection_may_wait_for_more_answers_than_it_is_read_ahead_for(world):
    await world.start_switch(channel_unanswered_max=4)
    terminal = await world.connect()
    stans = range(1, 41)
    for stan in stans:
        await terminal.send(purchase(stan))
    answers = [await terminal.receive() for _ in stans]
    assert sorted(int(answer.stan) for answer in answers) == list(stans)


async def test_a_message_may_come_byte_by_byte(terminal):
    for byte in framed(purchase()):
        await terminal.stream.send_all(bytes([byte]))
    answer = await terminal.receive()
    assert answer.fields["39"] == "00"


async def test_a_client_that_closes_its_side_still_gets_its_answer(terminal):
    await terminal.send(purchase())
    await terminal.stream.send_eof()
    answer = await terminal.receive()
    assert answer.fields["39"] == "00"
    assert await terminal.receive() is None


async def test_a_keep_alive_frame_is_passed_over(terminal):
    await terminal.stream.send_all(b"\0\0")
    assert (await terminal.ask(purchase())).fields["39"] == "00"


async def test_a_keep_alive_frame_is_refused_where_the_channel_says_so(world):
    await world.start_switch(channel_keep_alive="refuse")
    terminal = await world.connect()
    await terminal.stream.send_all(b"\0\0")
    assert await terminal.receive() is None


async def test_a_wrong_mac_is_told_to_sign_on_again_and_nothing_is_asked(terminal, world):
    await terminal.ask(purchase(1))
    broken = purchase(2)[:-1] + b"!"
    answer = await terminal.ask(broken)
    assert answer.fields["39"] == "A0"
    assert answer.header.hex()[5] == "3"
    assert "64" not in answer.fields
    assert len(world.host.requests) == 1
    assert (await terminal.ask(purchase(3))).fields["39"] == "00"


async def test_a_message_that_must_be_sealed_and_is_not_is_refused(terminal, world):
    answer = await terminal.ask(sealed(purchase_fields(), None))
    assert answer.fields["39"] == "A0"
    assert world.host.requests == []


async def test_a_terminal_without_keys_is_told_to_sign_on(terminal, world):
    world.host.profiles[TERMINAL] = profile_of(generations=())
    answer = await terminal.ask(purchase())
    assert answer.fields["39"] == "A0"
    assert answer.header.hex()[5] == "3"


async def test_keys_delivered_through_another_switch_are_asked_for(world):
    await world.start_switch(refetch_seconds_min=0.0)
    terminal = await world.connect()
    await terminal.ask(purchase(1))
    world.host.profiles[TERMINAL] = profile_of(generations=(2, 1))
    answer = await terminal.ask(purchase(2, generation=2))
    assert answer.fields["39"] == "00"
    assert answer.is_sealed_by(mac_of(2))
    assert world.host.requests[-1].key_generation == 2


async def test_wrong_macs_do_not_ask_the_host_again_and_again(terminal, world):
    for stan in range(1, 30):
        await terminal.ask(purchase(stan, generation=2))
    assert len(world.host.finds) == 1


async def test_the_old_key_is_good_until_the_new_one_is_used(terminal, world):
    world.host.profiles[TERMINAL] = profile_of(generations=(2, 1))
    assert (await terminal.ask(purchase(1, generation=1))).fields["39"] == "00"
    assert world.host.requests[-1].key_generation == 1
    assert (await terminal.ask(purchase(2, generation=2))).fields["39"] == "00"
    world.host.profiles[TERMINAL] = profile_of(generations=(2,))
    assert (await terminal.ask(purchase(3, generation=1))).fields["39"] == "A0"


async def test_an_unknown_terminal_is_told_97(terminal, world):
    answer = await terminal.ask(purchase(terminal_id="80019999"))
    assert answer.fields["39"] == "97"
    assert "64" not in answer.fields
    assert world.host.requests == []
    await terminal.ask(purchase(3, terminal_id="80019999"))
    assert world.host.finds == ["80019999"]


async def test_an_echo_needs_no_seal(terminal, world):
    assert (await terminal.ask(echo())).mti == "0830"
    assert world.host.requests[0].kind is Kind.ECHO


async def test_a_sign_on_makes_the_switch_ask_for_the_new_keys(terminal, world):
    await terminal.ask(purchase(1))
    world.host.profiles[TERMINAL] = profile_of(generations=(2, 1))
    fields = {"t": "0800", "11": "000002", "41": TERMINAL, "42": MERCHANT, "60": f"00{BATCH}003"}
    answer = await terminal.ask(sealed(fields, None))
    assert answer.mti == "0810"
    assert (await terminal.ask(purchase(3, generation=2))).fields["39"] == "00"
    assert len(world.host.finds) == 2


async def test_without_a_host_the_terminal_is_told_91_at_once(world):
    await world.host.stop()
    await world.start_switch()
    terminal = await world.connect()
    assert (await terminal.ask(purchase(1))).fields["39"] == "91"
    await world.start_host()
    stan = 2
    while (await terminal.ask(purchase(stan))).fields["39"] == "91":
        stan += 1
    assert [request.key.stan for request in world.host.requests] == [f"{stan:06d}"]


async def test_a_full_window_is_told_91_at_once(world):
    await world.start_switch(window_max=2)
    world.host.decide = lambda _request: None
    terminal = await world.connect()
    await terminal.send(purchase(1), purchase(2), purchase(3))
    answer = await terminal.receive()
    assert (answer.stan, answer.fields["39"]) == ("000003", "91")


async def test_an_unknown_combination_is_refused_under_seal(terminal, world):
    fields = purchase_fields() | {"3": "990000"}
    answer = await terminal.ask(sealed(fields, mac_of()))
    assert answer.fields["39"] == "12"
    assert answer.is_sealed_by(mac_of())
    assert world.host.requests == []


@pytest.mark.parametrize(
    ("what", "at", "change"),
    [
        ("bit 1 set", 13, lambda byte: byte | 0x80),
        ("a field nobody has", 13, lambda byte: byte | 0x08),
        ("a trace that is no number", 30, lambda byte: byte | 0xF0),
    ],
)
async def test_a_message_out_of_the_dialect_leaves_the_connection_alive(
    terminal, world, what, at, change
):
    payload = bytearray(purchase(1))
    payload[at] = change(payload[at])
    await terminal.send(bytes(payload), purchase(2))
    answers = [await terminal.receive()]
    if answers[0].stan != "000002":
        assert answers[0].fields["39"] in {"30", "A0"}, what
        answers.append(await terminal.receive())
    assert answers[-1].fields["39"] == "00"
    assert [request.key.stan for request in world.host.requests] == ["000002"]


async def test_a_broken_message_that_names_its_exchange_is_told_30(terminal, world):
    whole = purchase(7)
    payload = whole[:-1]
    answer = await terminal.ask(payload)
    assert answer.fields["39"] == "30"
    assert answer.stan == "000007"
    assert world.host.requests == []


@pytest.mark.parametrize("length", [1, 20, 4097, 0xFFFF])
async def test_a_length_out_of_bounds_closes_after_the_messages_before_it(terminal, length):
    await terminal.stream.send_all(framed(purchase()) + length.to_bytes(2, "big") + b"xyz")
    answer = await terminal.receive()
    assert answer.fields["39"] == "00"
    assert await terminal.receive() is None


async def test_half_a_frame_and_then_silence_is_closed(world):
    await world.start_switch(channel_frame_seconds_max=0.2)
    terminal = await world.connect()
    await terminal.stream.send_all(framed(purchase())[:40])
    assert await terminal.receive() is None


async def test_a_frame_fed_too_slowly_is_closed_though_bytes_keep_coming(world, nursery):
    await world.start_switch(channel_frame_seconds_max=0.3)
    terminal = await world.connect()

    async def drip() -> None:
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            for byte in framed(purchase()):
                await terminal.stream.send_all(bytes([byte]))
                await trio.sleep(0.05)

    nursery.start_soon(drip)
    assert await terminal.receive() is None


async def test_a_silent_connection_is_closed_but_not_one_that_waits_for_its_answer(world):
    await world.start_switch(channel_idle_seconds_max=0.3)
    world.host.decide = lambda _request: None
    silent, waiting = await world.connect(), await world.connect()
    await waiting.send(purchase())
    assert await silent.receive() is None
    world.host.held[0][1](approval())
    assert (await waiting.receive()).fields["39"] == "00"


async def test_connections_over_the_limit_are_let_go(world):
    await world.start_switch(channel_connections_max=1)
    first = await world.connect()
    assert (await first.ask(purchase(1))).fields["39"] == "00"
    second = await world.connect()
    assert await second.receive() is None
    assert (await first.ask(purchase(2))).fields["39"] == "00"


async def test_a_peer_that_resets_harms_nobody(terminal, world):
    world.host.decide = lambda _request: None
    other = await world.connect()
    await other.send(purchase(1))
    await world.host.has(1)
    other.stream.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, (1).to_bytes(4, "little") + bytes(4)
    )
    await other.stream.aclose()
    world.host.decide = lambda _request: approval()
    world.host.held[0][1](approval())
    assert (await terminal.ask(purchase(2))).fields["39"] == "00"


async def test_no_answer_in_time_is_silence_and_a_reversal(world):
    await world.start_switch(host_seconds_max=0.3)
    terminal = await world.connect()
    world.host.decide = lambda request: None if request.kind is Kind.PURCHASE else approval()
    await terminal.send(purchase(1))
    await world.host.has(2)
    reversal = world.host.requests[1]
    assert reversal.kind is Kind.REVERSAL
    assert reversal.issued_by_switch
    assert reversal.original.key == world.host.requests[0].key
    world.host.held[0][1](approval())
    world.host.decide = lambda _request: approval()
    answer = await terminal.ask(purchase(2))
    assert answer.stan == "000002", "the late approval is never delivered"


async def test_a_link_lost_after_sending_is_silence_and_a_reversal_when_the_host_is_back(world):
    await world.start_switch()
    terminal = await world.connect()
    world.host.decide = lambda _request: None
    await terminal.send(purchase(1))
    await world.host.has(1)
    await world.host.stop()
    world.host.decide = lambda _request: approval()
    await world.start_host()
    await world.host.has(2)
    assert world.host.requests[1].kind is Kind.REVERSAL
    answer = await terminal.ask(purchase(2))
    assert (answer.stan, answer.fields["39"]) == ("000002", "00")


async def test_the_reversal_is_the_terminals_own(world):
    await world.start_switch(host_seconds_max=0.3)
    terminal = await world.connect()
    world.host.decide = lambda request: None if request.kind is Kind.PURCHASE else approval()
    await terminal.send(purchase(1))
    await world.host.has(2)
    fields = {name: value for name, value in purchase_fields(1).items() if name not in {"35", "53"}}
    answer = await terminal.ask(sealed(fields | {"t": "0400", "39": "98"}, mac_of()))
    assert answer.mti == "0410"
    ours, theirs = world.host.requests[1:]
    assert (ours.key, ours.amount, ours.merchant_id) == (
        theirs.key,
        theirs.amount,
        theirs.merchant_id,
    )
    assert ours.original.key == theirs.original.key
    assert ours.original.kind == theirs.original.kind
    assert ours.pan is theirs.pan is None


async def test_what_is_in_flight_when_the_switch_stops_is_reversed_by_the_next(world):
    await world.start_switch()
    terminal = await world.connect()
    world.host.decide = lambda _request: None
    await terminal.send(purchase(1))
    await world.host.has(1)
    await world.stop_switch()
    world.host.decide = lambda _request: approval()
    await world.start_switch()
    await world.host.has(2)
    assert world.host.requests[1].kind is Kind.REVERSAL


async def test_a_reversal_of_the_host_is_told_as_it_is(terminal, world):
    world.host.decide = lambda _request: approval(reason=Reason.ORIGINAL_NOT_FOUND, auth_code=None)
    fields = purchase_fields(1) | {"t": "0400", "39": "98"}
    del fields["35"], fields["53"]
    answer = await terminal.ask(sealed(fields, mac_of()))
    assert (answer.mti, answer.fields["39"]) == ("0410", "25")


async def test_the_metrics_page_tells_what_was_answered(world):
    port = free_port()
    await world.start_switch(metrics_port=port)
    terminal = await world.connect()
    await terminal.ask(purchase())
    page = await trio.to_thread.run_sync(_page, f"http://127.0.0.1:{port}/metrics")
    assert (
        'posswitch_switch_messages_total{channel="pos",code="00",kind="purchase",'
        'reason="approved"} 1.0'
    ) in page
    assert "posswitch_switch_link_up 1.0" in page
    assert "posswitch_switch_connections_open 1.0" in page


@pytest.mark.parametrize("path", ["", "/", "/favicon.ico", "/metrics/", "/metricsx", "/healthz/x"])
async def test_nothing_else_is_on_the_metrics_page(world, path):
    port = free_port()
    await world.start_switch(metrics_port=port)
    told = await trio.to_thread.run_sync(_status, f"http://127.0.0.1:{port}{path}")
    assert told == (404, "here are /metrics, /healthz and /readyz\n")


async def test_a_switch_is_ready_while_its_host_is_linked_and_lives_without(world):
    port = free_port()
    await world.start_switch(metrics_port=port, metrics_host="127.0.0.2")
    page = f"http://127.0.0.2:{port}"
    assert await trio.to_thread.run_sync(_status, f"{page}/readyz") == (200, "ready\n")
    await world.host.stop()
    with trio.fail_after(20):
        told = 200, ""
        while told[0] == 200:
            told = await trio.to_thread.run_sync(_status, f"{page}/readyz")
    assert told == (503, "not ready: the host is not linked\n")
    assert await trio.to_thread.run_sync(_status, f"{page}/healthz") == (
        200,
        "the event loop turns\n",
    )


def _status(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


async def test_a_taken_port_says_which_and_what_to_do(world):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = SwitchSettings(
            channels=(ChannelSettings(port=port),),
            link=world.host.address,
            saf=str(world.saf_path),
        )
        with pytest.raises(OSError, match=f"pos cannot listen on 127.0.0.1:{port}.*another port"):
            await run_switch(settings, on_ready=print)


async def test_a_message_that_names_no_exchange_is_dropped(terminal):
    await terminal.send(TPDU + HEADER + bytes.fromhex("02003020048020C00000"), purchase(2))
    assert (await terminal.receive()).stan == "000002"
