"""Floods of what no key proves: an address gets its share, and whoever trades is not counted."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import pytest
import trio

from host.model.requests import Kind
from switch.floods import BURST_SECONDS, KEPT_MAX, Floods, Rate
from switch.sessions import ASKED_MAX, UNKNOWN_MAX
from tests.switch.conftest import BATCH, MERCHANT, TERMINAL, echo, purchase, sealed
from tests.switch.test_front import SETTINGS, Bench

HONEST, ELSEWHERE = "10.0.0.1", "203.0.113.9"
AT_ONCE = int(SETTINGS.unproved_rate * BURST_SECONDS)


@pytest.fixture
async def bench(mock_clock) -> Bench:
    bench = Bench()
    bench.take_known(purchase(900_001))
    return bench


def sign_on(stan: int = 1, terminal_id: str = TERMINAL) -> bytes:
    trace = f"{stan:06d}"
    fields = {"t": "0800", "11": trace, "41": terminal_id, "42": MERCHANT, "60": f"00{BATCH}003"}
    return sealed(fields, None)


def asked(bench: Bench, kind: Kind) -> int:
    return sum(request.kind is kind for request, _ in bench.line.asked.values())


async def test_sign_ons_of_one_terminal_from_one_address_are_few_and_then_91(bench, mock_clock):
    for stan in range(SETTINGS.sign_ons_max + 5):
        bench.take(sign_on(stan))
    assert asked(bench, Kind.SIGN_ON) == SETTINGS.sign_ons_max
    assert bench.paper.codes[-5:] == ["91"] * 5
    mock_clock.jump(2 * SETTINGS.sign_on_seconds)
    for stan in range(5):
        bench.take(sign_on(stan))
    assert asked(bench, Kind.SIGN_ON) == SETTINGS.sign_ons_max + 2


async def test_a_flood_in_a_terminals_name_shuts_out_nobody_elsewhere(bench, mock_clock):
    bench.paper.host = ELSEWHERE
    for stan in range(200):
        bench.take(sign_on(stan))
    assert asked(bench, Kind.SIGN_ON) == SETTINGS.sign_ons_max
    bench.paper.host = HONEST
    bench.take(sign_on())
    assert asked(bench, Kind.SIGN_ON) == SETTINGS.sign_ons_max + 1


async def test_who_floods_still_trades(bench, mock_clock):
    """The same address may be a gateway's, with honest terminals behind it."""
    for _ in range(AT_ONCE + 10):
        bench.take(echo())
    assert bench.paper.codes[-1] == "91"
    before = asked(bench, Kind.PURCHASE)
    bench.take(purchase(7))
    assert asked(bench, Kind.PURCHASE) == before + 1


async def test_who_floods_keeps_no_terminal_away_that_is_not_known_yet(bench, mock_clock):
    for _ in range(AT_ONCE + 10):
        bench.take(echo())
    assert bench.paper.codes[-1] == "91"
    for number in range(3):
        bench.take(purchase(1, terminal_id=f"8001000{number + 2}"))
    assert len(bench.line.finders) == 3


async def test_terminals_that_the_host_knows_do_not_count_as_strangers(bench, mock_clock):
    for number in range(AT_ONCE + 10):
        bench.take(purchase(1, terminal_id=f"{number:08d}"))
        while bench.line.finders:
            bench.line.finders.pop().found(bench.line.profile)
    assert "91" not in bench.paper.codes


async def test_strangers_are_asked_for_no_faster_than_the_address_may(bench, mock_clock):
    for number in range(AT_ONCE + 10):
        bench.take(purchase(1, terminal_id=f"{number:08d}"))
        while bench.line.finders:
            bench.line.finders.pop().found(None)
    assert bench.paper.codes.count("91") > 0
    bench.paper.host = ELSEWHERE
    bench.take(purchase(1, terminal_id="77777777"))
    assert len(bench.line.finders) == 1


async def test_terminals_asked_for_at_a_time_are_bounded(bench, mock_clock):
    for number in range(ASKED_MAX + 10):
        bench.take(purchase(1, terminal_id=f"{number:08d}"))
    assert len(bench.line.finders) == ASKED_MAX
    assert bench.paper.codes == ["91"] * 10


async def test_the_strangers_met_last_are_the_ones_remembered(bench, mock_clock):
    sessions = bench.front._intake._sessions
    for number in range(UNKNOWN_MAX + 1):
        sessions.settle(_question(sessions, f"{number:08d}"), None)
    assert next(iter(sessions._unknown)) == "00000001"
    assert list(sessions._unknown)[-1] == f"{UNKNOWN_MAX:08d}"
    mock_clock.jump(SETTINGS.refetch_seconds_min)
    sessions.sweep(trio.current_time())
    assert sessions._unknown == {}


def _question(sessions, terminal_id: str):
    from switch.sessions import _Question

    return _Question(sessions, terminal_id, 0.0)


def test_a_rate_is_so_many_at_once_and_then_one_each_so_often():
    rate = Rate(3, 2.0)
    assert [rate.take(("a",), 10.0) for _ in range(5)] == [True, True, True, False, False]
    assert [rate.take(("a",), 12.0) for _ in range(2)] == [True, False]
    assert [rate.take(("b",), 12.0) for _ in range(4)] == [True, True, True, False]
    assert [rate.take(("a",), 100.0) for _ in range(4)] == [True, True, True, False]


def test_no_rate_is_no_limit():
    floods = Floods(1, 0.0, 0.0)
    assert all(floods.may_sign_on("80010001", HONEST, 0.0) for _ in range(1000))


def test_what_is_remembered_is_bounded_and_swept():
    rate = Rate(1, 10.0)
    for number in range(KEPT_MAX + 5):
        assert rate.take((str(number),), 0.0)
    assert len(rate) == KEPT_MAX
    rate.sweep(9.9)
    assert len(rate) == KEPT_MAX
    rate.sweep(10.0)
    assert len(rate) == 0
