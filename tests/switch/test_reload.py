"""A switch is given other channels while it runs: who stays, who drains, and what is refused."""

import socket

import msgspec
import pytest
import trio

from switch.channels import ChannelSettings, TlsSettings
from switch.reload import IN_PLACE, ReloadError, What, changes, with_ports
from tests.switch.certificates import Authority
from tests.switch.conftest import PATIENCE_SECONDS, approval, purchase
from tests.switch.wire.test_tls import client_context, connect

replace = msgspec.structs.replace
A, B = ChannelSettings(name="a", port=0), ChannelSettings(name="b", port=0)


async def until(is_so):
    with trio.fail_after(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110 - the switch tells nobody
            await trio.sleep(0.02)


def what(before, after):
    return {change.settings.name: change.what for change in changes(before, after)}


def test_what_differs_decides_what_becomes_of_a_channel():
    changed = replace(B, dialect="ascii87-hex")
    assert what([A, B], [A, B]) == {"a": What.KEPT, "b": What.KEPT}
    assert what([A], [A, B]) == {"a": What.KEPT, "b": What.OPENED}
    assert what([A, B], [B]) == {"a": What.DRAINED, "b": What.KEPT}
    assert what([A, B], [A, changed]) == {"a": What.KEPT, "b": What.REPLACED}
    assert what([A], [replace(A, idle_seconds_max=1.0)]) == {"a": What.ADJUSTED}


def test_every_setting_changed_in_place_exists():
    assert set(ChannelSettings.__struct_fields__) >= IN_PLACE


def test_certificates_are_read_again_though_their_names_stay():
    row = replace(A, tls=TlsSettings(certificate="c", key="k"))
    assert what([row], [row]) == {"a": What.ADJUSTED}


def test_a_channel_on_any_free_port_keeps_the_one_it_has():
    assert [row.port for row in with_ports([A, B], {"a": 4000})] == [4000, 0]


async def test_a_channel_is_added_and_nobody_notices(world):
    await world.start_switch(channels=(A,))
    terminal = await world.connect("a")
    assert (await terminal.ask(purchase(1))).fields["39"] == "00"
    world.switch.reload([A, B])
    world.ports = {name: int(place.rpartition(":")[2]) for name, place in world.switch.addresses()}
    other = await world.connect("b")
    assert (await other.ask(purchase(2))).fields["39"] == "00"
    assert (await terminal.ask(purchase(3))).fields["39"] == "00"


async def test_a_channel_taken_away_answers_what_it_has_and_hangs_up(world):
    await world.start_switch(channels=(A, B))
    busy, idle, stays = [await world.connect(name) for name in ("a", "a", "b")]
    world.host.decide = lambda _request: None
    await busy.send(purchase(1))
    await world.host.has(1)
    assert (await stays.ask(purchase(2)[:-1])).fields["39"] == "30"
    world.switch.reload([B])
    assert await idle.receive() is None
    with pytest.raises(OSError, match=r"refused|failed"):
        await trio.open_tcp_stream("127.0.0.1", world.ports["a"])
    world.host.held[0][1](approval())
    assert (await busy.receive()).fields["39"] == "00"
    assert await busy.receive() is None
    world.host.decide = lambda _request: approval()
    assert (await stays.ask(purchase(3))).fields["39"] == "00"
    await until(lambda: not world.switch._draining)


async def test_who_does_not_end_while_draining_is_closed_in_the_end(world):
    await world.start_switch(channels=(replace(A, drain_seconds_max=0.2), B))
    halting = await world.connect("a")
    await halting.stream.send_all(b"\x00\x7f\x60")
    [channel, _] = world.switch.channels
    await until(lambda: any(connection.is_mid_frame for connection in channel._heard))
    world.switch.reload([B])
    assert await halting.receive() is None


async def test_limits_change_under_standing_connections(world):
    await world.start_switch(channels=(A,))
    terminal = await world.connect("a")
    assert (await terminal.ask(purchase(1))).fields["39"] == "00"
    [change] = world.switch.reload([replace(A, connections_max=1, idle_seconds_max=0.5)])
    assert change.what is What.ADJUSTED
    second = await world.connect("a")
    assert await second.receive() is None
    assert (await terminal.ask(purchase(2))).fields["39"] == "00"
    assert await terminal.receive() is None, "idle"


async def test_who_is_no_longer_allowed_is_let_go(world):
    await world.start_switch(channels=(A,))
    terminal = await world.connect("a")
    assert (await terminal.ask(purchase(1))).fields["39"] == "00"
    world.switch.reload([replace(A, networks=("192.0.2.0/24",))])
    assert await terminal.receive() is None


async def test_a_changed_channel_takes_new_callers_at_the_same_port_at_once(world):
    await world.start_switch(channels=(A,))
    old = await world.connect("a")
    world.host.decide = lambda _request: None
    await old.send(purchase(1))
    await world.host.has(1)
    [change] = world.switch.reload([replace(A, length_codec="ascii4")])
    assert change.what is What.REPLACED
    world.host.decide = lambda _request: approval()
    new = await world.connect("a")
    payload = purchase(2)
    await new.stream.send_all(b"%04d" % len(payload) + payload)
    with trio.fail_after(PATIENCE_SECONDS):
        assert (await new.stream.receive_some())[:2] == b"01"  # ASCII now
    world.host.held[0][1](approval())
    assert (await old.receive()).fields["39"] == "00", "as it asked, so it is answered"
    assert await old.receive() is None


async def test_two_channels_may_change_places(world):
    await world.start_switch(channels=(A, B))
    ports = dict(world.ports)
    swapped = [replace(A, port=ports["b"]), replace(B, port=ports["a"])]
    assert {each.what for each in world.switch.reload(swapped)} == {What.REPLACED}
    world.ports = {"a": ports["b"], "b": ports["a"]}
    for stan, name in enumerate("ab", 1):
        terminal = await world.connect(name)
        assert (await terminal.ask(purchase(stan))).fields["39"] == "00"


@pytest.mark.parametrize("fault", ["port", "dialect", "certificate", "name"])
async def test_a_reload_that_cannot_be_whole_changes_nothing(world, fault):
    await world.start_switch(channels=(A, B))
    terminal = await world.connect("a")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        row = {
            "port": ChannelSettings(name="c", port=taken),
            "dialect": ChannelSettings(name="c", port=0, dialect="klingon"),
            "certificate": ChannelSettings(
                name="c", port=0, tls=TlsSettings(certificate="none.pem", key="none.pem")
            ),
            "name": A,
        }[fault]
        before = world.switch.addresses()
        with pytest.raises(ReloadError, match="Next: "):
            world.switch.reload([ChannelSettings(name="d", port=0), A, row])
    assert world.switch.addresses() == before
    assert (await terminal.ask(purchase())).fields["39"] == "00"


async def test_a_new_certificate_is_shown_to_new_callers_and_drops_nobody(world, tmp_path):
    old, new = Authority(tmp_path, "old"), Authority(tmp_path, "new")
    certificate, key = old.issue("localhost")
    row = replace(A, tls=TlsSettings(certificate=str(certificate), key=str(key)))
    await world.start_switch(channels=(row,))
    first = await connect(world, client_context(old))
    assert (await first.ask(purchase(1))).fields["39"] == "00"
    new.issue("localhost")  # in the same files
    world.switch.reload([row])
    second = await connect(world, client_context(new))
    assert (await second.ask(purchase(2))).fields["39"] == "00"
    assert (await first.ask(purchase(3))).fields["39"] == "00"
