"""Guessing at MACs: a few guesses, then only a sign-on helps, and the guesser alone is locked."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import pytest
import structlog.testing

from switch.mac_guard import NOT_LOCKED, SUSPECTS_MAX, MacGuard
from tests.switch.conftest import TERMINAL, mac_of, profile_of, purchase, purchase_fields, sealed
from tests.switch.test_front import SETTINGS, Bench

HONEST, ELSEWHERE = "10.0.0.1", "203.0.113.9"
GUESSES = SETTINGS.mac_failures_max


@pytest.fixture
async def bench(mock_clock) -> Bench:
    bench = Bench()
    bench.take_known(purchase(900_001))
    return bench


def forged(stan: int) -> bytes:
    return purchase(stan)[:-1] + b"!"


def guess(bench: Bench, host: str = HONEST, count: int = GUESSES) -> None:
    bench.paper.host = host
    for stan in range(1, count + 1):
        bench.take(forged(stan))
    bench.paper.host = HONEST


def reversal(stan: int) -> bytes:
    fields = purchase_fields(stan) | {"t": "0400", "39": "98"}
    del fields["35"]
    return sealed(fields, mac_of())


def is_believed(bench: Bench, payload: bytes) -> bool:
    before = len(bench.line.asked)
    bench.take_known(payload)
    return len(bench.line.asked) == before + 1


async def test_one_guess_less_is_forgiven_by_a_right_mac(bench):
    for start in (10, 20, 30):
        guess(bench, count=GUESSES - 1)
        assert is_believed(bench, purchase(start))
    assert bench.counted("terminal_locks", channel="pos") == 0
    assert bench.counted("mac_failures", channel="pos") == 3 * (GUESSES - 1)


async def test_after_so_many_guesses_a_right_mac_is_not_believed_either(bench):
    guess(bench)
    assert not is_believed(bench, purchase(10))
    answer = bench.paper.answers[-1]
    assert (answer.fields["39"], answer.header.hex()[5]) == ("A0", "3")
    assert bench.counted("terminal_locks", channel="pos") == 1
    assert bench.counted("mac_failures", channel="pos") == GUESSES


async def test_a_sign_on_brings_keys_that_are_believed_and_the_old_stay_spent(bench, mock_clock):
    guess(bench)
    mock_clock.jump(SETTINGS.refetch_seconds_min)
    bench.line.profile = profile_of(generations=(2, 1))
    assert not is_believed(bench, purchase(10))
    assert is_believed(bench, purchase(11, generation=2))
    guess(bench, count=GUESSES - 1)
    assert is_believed(bench, purchase(12, generation=2))


async def test_new_keys_are_guessed_at_no_more_often(bench, mock_clock):
    guess(bench)
    mock_clock.jump(SETTINGS.refetch_seconds_min)
    bench.line.profile = profile_of(generations=(2, 1))
    bench.take_known(forged(50))
    guess(bench, count=GUESSES - 1)
    assert bench.counted("terminal_locks", channel="pos") == 2
    assert not is_believed(bench, purchase(51, generation=2))


async def test_a_flood_from_elsewhere_locks_nobody_but_its_sender(bench):
    for _ in range(100):
        guess(bench, ELSEWHERE)
        assert is_believed(bench, purchase(10))
    bench.paper.host = ELSEWHERE
    assert not is_believed(bench, purchase(11))
    assert bench.counted("mac_failures", channel="pos") == GUESSES


async def test_whoever_cannot_sign_on_is_believed_again_after_a_while(bench, mock_clock):
    guess(bench)
    mock_clock.jump(SETTINGS.mac_lock_seconds - 1)
    assert not is_believed(bench, purchase(10))
    mock_clock.jump(1)
    assert is_believed(bench, purchase(11))


async def test_a_reversal_of_a_locked_terminal_is_not_ended_by_an_answer(bench):
    guess(bench)
    codes = list(bench.paper.codes)
    assert not is_believed(bench, reversal(10))
    assert (bench.paper.codes, bench.paper.silences) == (codes, 1)
    assert bench.counted("silent", channel="pos", why="terminal locked") == 1


async def test_a_lock_is_logged_with_terminal_and_address(bench):
    with structlog.testing.capture_logs() as lines:
        guess(bench, ELSEWHERE)
    [locked] = [line for line in lines if line["event"].startswith("terminal locked")]
    assert (locked["tid"], locked["source"], locked["log_level"]) == (
        TERMINAL,
        ELSEWHERE,
        "warning",
    )


def test_memory_of_suspects_is_bounded_and_swept():
    guard = MacGuard(1, seconds=10.0)
    for number in range(SUSPECTS_MAX + 1):
        assert guard.wrong(f"{number:08d}", HONEST, 1, 0.0)
    assert guard.spent("00000000", HONEST, 1.0) == NOT_LOCKED
    assert guard.spent("00000001", HONEST, 1.0) == 1
    guard.sweep(10.0)
    assert guard.suspects_nobody
