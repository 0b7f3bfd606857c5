"""Who may connect and how much one address may send: values, then on the wire."""

import pytest

from switch.addresses import Networks, source_name
from switch.wire.limits import Source, Sources
from tests.switch.conftest import purchase
from tests.switch.wire.test_tls import count


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("10.2.0.1", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_only_the_networks_named_are_taken(host, is_allowed):
    assert Networks(["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"]).allow(host) is is_allowed


def test_without_networks_everybody_is_taken():
    assert Networks([]).allow("203.0.113.9")


def test_an_ipv6_customer_is_one_source():
    assert source_name("2001:db8::1") == source_name("2001:db8::ffff:1")
    assert source_name("2001:db8:0:1::1") != source_name("2001:db8::1")
    assert source_name("::1") != source_name("10.0.0.1")
    assert source_name("::ffff:10.0.0.1") == source_name("10.0.0.1")


def joined(sources: Sources) -> Source:
    source = sources.join("a", 0.0)
    assert source is not None
    return source


def test_an_address_has_its_share_of_connections_and_gets_it_back():
    sources = Sources(connections_max=2, rate=0)
    first, _second = joined(sources), joined(sources)
    assert sources.join("a", 0.0) is None
    assert sources.join("b", 0.0) is not None
    sources.leave(first)
    assert sources.join("a", 0.0) is not None


def test_debt_is_paid_at_the_rate():
    sources = Sources(connections_max=9, rate=10.0)
    source = joined(sources)
    sources.spend(source, 9, 0.0)
    assert sources.seconds_in_debt(source, 0.0) == 0.0
    sources.spend(source, 20, 0.0)
    assert sources.seconds_in_debt(source, 0.0) == pytest.approx(2.0)
    assert sources.seconds_in_debt(source, 1.5) == pytest.approx(0.5)
    assert sources.seconds_in_debt(source, 2.0) == 0.0


def test_a_bucket_holds_one_second_and_no_more():
    sources = Sources(connections_max=9, rate=10.0)
    source = joined(sources)
    sources.spend(source, 11, 1000.0)
    assert sources.seconds_in_debt(source, 1000.0) == pytest.approx(0.1)


def test_who_hangs_up_in_debt_is_remembered_until_it_is_paid():
    sources = Sources(connections_max=9, rate=10.0)
    source = joined(sources)
    sources.spend(source, 30, 0.0)
    sources.leave(source)
    sources.sweep(1.0)
    again = sources.join("a", 1.0)
    assert again is source
    sources.leave(source)
    sources.sweep(60.0)
    assert len(sources) == 0


async def test_a_connection_from_elsewhere_is_refused_and_counted(world):
    await world.start_switch(channel_networks=("192.0.2.0/24",))
    terminal = await world.connect()
    assert await terminal.receive() is None
    why = "network not allowed"
    assert count(world, "connections_refused_total", channel="pos", why=why) == 1


async def test_connections_of_one_address_are_limited_and_counted(world):
    await world.start_switch(channel_per_source_max=2)
    first, second = await world.connect(), await world.connect()
    for stan, each in enumerate((first, second), 1):
        assert (await each.ask(purchase(stan))).fields["39"] == "00"
    third = await world.connect()
    assert await third.receive() is None
    why = "too many connections of one address"
    assert count(world, "connections_refused_total", channel="pos", why=why) == 1
    await first.stream.aclose()
    while True:
        fourth = await world.connect()
        await fourth.send(purchase(9))
        answer = await fourth.receive()
        if answer is not None:
            break
    assert answer.fields["39"] == "00"


async def test_an_address_over_its_rate_is_read_later_and_loses_nothing(world):
    await world.start_switch(channel_per_source_rate=200.0)
    greedy = await world.connect()
    stans = range(1, 601)  # more than one read
    payloads = [purchase(stan) for stan in stans]
    at_once = b"".join(len(payload).to_bytes(2) + payload for payload in payloads)
    await greedy.stream.send_all(at_once)
    answers = [await greedy.receive() for _ in stans]
    assert sorted(int(answer.stan) for answer in answers) == list(stans)
    assert count(world, "throttled_total", channel="pos") > 0


async def test_a_frame_begun_before_the_pause_is_not_held_against_its_sender(world):
    await world.start_switch(channel_per_source_rate=50.0, channel_frame_seconds_max=0.3)
    terminal = await world.connect()
    halves = b"".join(len(payload).to_bytes(2) + payload for payload in map(purchase, range(1, 90)))
    await terminal.stream.send_all(halves[:-40])
    answers = [await terminal.receive() for _ in range(60)]
    await terminal.stream.send_all(halves[-40:])
    answers += [await terminal.receive() for _ in range(29)]
    assert {int(answer.stan) for answer in answers} == set(range(1, 90))
