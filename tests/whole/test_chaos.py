"""Kill everything in turn with SIGKILL, under load, and audit: nothing lost, nothing twice.

The default run kills each part once. `make chaos` does it many times over, at random moments;
the seed it prints repeats the trades, the faults on the line and the plan of kills.
"""

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.run.children import start_child
from host.estate.demo import demo_estate
from host.model.requests import Kind
from simulators import messages
from simulators.swarm import SwarmSettings
from tests.whole.day import audit_with_terminals, trading, wait_until_it_trades
from tests.whole.house import House, command, standing, wait_until
from tests.whole.till import Till, Voice, fields_in

ESTATE = demo_estate()
HOST_SECONDS_MAX = 2
"""The host's death is noticed sooner; only a stalled one is waited for."""
SWITCH = f"host_seconds_max = {HOST_SECONDS_MAX}\nsaf_retry_seconds_max = 0.5"
HOST = "statement_seconds_max = 1.5"
"""The host gets two seconds: its death is noticed sooner anyway, a lost COMMIT is not."""
ANSWER_SECONDS_MAX = 3.0
TERMINALS = 12
PAUSE_SECONDS = 0.1
DAY_SECONDS_MAX = 3_600.0
"""The shops close when the last kill is over."""
QUIET_SECONDS = 0.5
"""Trade between two kills."""
BATCHES_MAX = 25
"""A host with a fault point dies at one of its first batches."""
POINT_SECONDS_MAX = 6.0
"""When shops are closing there may be no more as many batches: then it is killed where it is."""
TRACES = 1_000_000
TRACES_A_DAY = 10_000
"""Where days are few."""
ATTEMPTS_MAX = 10_000
"""Our terminals never give a reversal up, so that the audit may ask for everything."""
HOST_POINTS = ("mid_batch", "before_commit", "after_commit_before_reply")

Kill = Callable[[House, random.Random], None]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("chaos") / "data"
    with standing(House(data, ESTATE, switch=SWITCH, host=HOST)) as house:
        yield house


# One message at the moment of the host's death. ------------------------------------------------


@pytest.fixture(scope="module")
def buyer(house: House) -> Voice:
    """A terminal whose profile the switch has: it need not ask a host that is about to die."""
    return _known_voice(house, "80010039")


@pytest.fixture(scope="module")
def loader(house: House) -> Voice:
    """Another one, for messages that the switch does not undo."""
    return _known_voice(house, "80010038")


def _known_voice(house: House, terminal_id: str) -> Voice:
    voice = Voice(ESTATE, terminal_id)
    with Till(house.port) as till:
        asked = messages.swiped(Kind.BALANCE_INQUIRY, voice.who, voice.trace(), ESTATE.cards[0])
        assert fields_in(till.ask(voice.sealed(asked)))["t"] == "0210"
    return voice


@pytest.mark.parametrize("point", HOST_POINTS)
def test_a_host_that_dies_keeps_every_promise(
    point: str, house: House, buyer: Voice, loader: Voice
) -> None:
    """A load that was in doubt is answered once and for all; a sale in doubt is undone."""
    bought, loaded = ESTATE.cards[200], ESTATE.cards[201]
    before = [_balance(house, card.id) for card in (bought, loaded)]
    sale = buyer.sealed(
        messages.swiped(
            Kind.PURCHASE, buyer.who, buyer.trace(), bought, amount_minor=700, pin=bought.pin
        )
    )
    load = loader.sealed(
        messages.swiped(Kind.CASH_LOAD, loader.who, loader.trace(), loaded, amount_minor=900)
    )
    house.host.kill()
    house.host.start(fault=point)
    with Till(house.port) as till:
        _wait_for_the_link(till, buyer)
        till.send(sale + load)
        house.host.wait_until_killed()
        house.host.start()
        _wait_for_the_link(till, buyer)  # nothing was said of the two messages meanwhile
        house.wait_until_reversals_are_delivered()
        answers = [till.ask(load) for _ in range(3)]
        assert fields_in(answers[0])["39"] == "00"
        assert set(answers) == {answers[0]}
        assert fields_in(till.ask(sale))["39"] == "94"
    assert [_balance(house, card.id) for card in (bought, loaded)] == [before[0], before[1] + 900]


def test_a_reversal_that_the_switch_owes_outlives_it(house: House, buyer: Voice) -> None:
    card = ESTATE.cards[202]
    before = _balance(house, card.id)
    sale = messages.swiped(
        Kind.PURCHASE, buyer.who, buyer.trace(), card, amount_minor=700, pin=card.pin
    )
    house.host.kill()
    house.host.start(fault="after_commit_before_reply")
    with Till(house.port) as till:
        _wait_for_the_link(till, buyer)
        till.send(buyer.sealed(sale))
        house.host.wait_until_killed()
    wait_until(lambda: house.reversals_stored() == 1, "the switch stored no reversal")
    assert _balance(house, card.id) == before - 700
    house.switch.kill()
    house.host.start()
    house.switch.start()
    house.wait_until_reversals_are_delivered()
    assert _balance(house, card.id) == before


def _wait_for_the_link(till: Till, voice: Voice) -> None:
    """Echo until the host is heard through the switch."""
    until = time.monotonic() + 20
    while True:
        told = fields_in(till.ask(voice.echo()))
        assert told["t"] == "0830", "an answer in doubt was told"
        if told["39"] == "00":
            return
        assert (told["39"], time.monotonic() < until) == ("91", True)
        time.sleep(0.05)


def _balance(house: House, card_id: int) -> int:
    [(minor,)] = house.rows(
        f"SELECT posted_minor FROM purse WHERE unit = 'CNY' AND card_id = {card_id}"
    )
    return int(minor)


# Everything, under load. -----------------------------------------------------------------------


def kill_host_at(point: str) -> Kill:
    """Kill the host, start one that dies at the point, start one that lives."""

    def kill(house: House, dice: random.Random) -> None:
        house.host.kill()
        house.host.start(fault=f"{point}:{dice.randint(1, BATCHES_MAX)}")
        if not house.host.dies_within(POINT_SECONDS_MAX):
            house.host.kill()
        house.host.start()

    return kill


def kill_switch(house: House, _dice: random.Random) -> None:
    """Kill the switch and start it again."""
    house.switch.kill()
    house.switch.start()


def kill_postgres(house: House, _dice: random.Random) -> None:
    """Kill the postmaster and start it again; the host finds it by itself."""
    house.kill_postgres()
    house.start_postgres()


def kill_all(house: House, _dice: random.Random) -> None:
    """A power cut."""
    house.cut_power()
    house.start_postgres()
    house.host.start()
    house.switch.start()


def cut_writers(house: House, _dice: random.Random) -> None:
    """End the writers' connections under them."""
    house.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'posswitch-writer'"
    )


def stall_host(house: House, dice: random.Random) -> None:
    """Stop the host for longer than the switch waits: its answers come late."""
    _stall([house.host.program.process.pid], dice)


def stall_writers(house: House, dice: random.Random) -> None:
    """Stop the database under the writers, in the middle of whatever they do."""
    _stall(
        [
            pid
            for (pid,) in house.rows(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'posswitch-writer'"
            )
        ],
        dice,
    )


def _stall(pids: list[int], dice: random.Random) -> None:
    try:
        _signal(pids, signal.SIGSTOP)
        time.sleep(dice.uniform(0.5, 2 * HOST_SECONDS_MAX))
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # a writer has let its connection go
            os.kill(pid, number)


def kill_night(house: House, dice: random.Random) -> None:
    """Kill the night at its work, and let another finish it; trade goes on."""
    words = [sys.executable, "-m", "config", "clearing", "run", "--ahead"]
    words += ["--data", str(house.places.data)]
    night = start_child(words)
    time.sleep(dice.uniform(0.3, 1.0))
    night.kill()
    night.wait()
    ended = command("clearing", "run", "--ahead", data=house.places.data)
    assert ended.returncode == 0, ended.stdout + ended.stderr


KILLS: dict[str, Kill] = {
    **{f"host at {point}": kill_host_at(point) for point in HOST_POINTS},
    "switch": kill_switch,
    "PostgreSQL": kill_postgres,
    "the writers' connections": cut_writers,
    "all three": kill_all,
}
"""The default run does each of these once."""
STALLS: dict[str, Kill] = {
    "the host stalls": stall_host,
    "the database stalls": stall_writers,
    "the night": kill_night,
}
"""What takes longer is left to `make chaos`."""


def test_killing_each_part_once_under_load_leaves_nothing_to_find(
    house: House, tmp_path: Path
) -> None:
    dice = random.Random(8583)
    record = tmp_path / "terminals.jsonl"
    with _trade(house, record, seed=8583, last_trace=TRACES_A_DAY):
        for kill in KILLS.values():
            time.sleep(QUIET_SECONDS)
            kill(house, dice)
    audit_with_terminals(house, record)


@pytest.mark.chaos
def test_killing_everything_many_times_leaves_nothing_to_find(
    house: House, tmp_path: Path, counts: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    cycles, seed = counts.cycles, counts.seed
    dice, record = random.Random(seed), tmp_path / "terminals.jsonl"
    everything, traces = KILLS | STALLS, TRACES // (cycles + 2)
    for cycle in range(1, cycles + 1):
        kills = dice.sample(sorted(everything), k=len(everything))
        with capsys.disabled():
            print(f"cycle {cycle} of {cycles}, seed {seed}: {', '.join(kills)}")  # noqa: T201
        with _trade(house, record, seed=dice.randrange(10**6), last_trace=(1 + cycle) * traces):
            for name in kills:
                time.sleep(dice.uniform(0, 2 * QUIET_SECONDS))
                everything[name](house, dice)
        audit_with_terminals(house, record)


@contextlib.contextmanager
def _trade(house: House, record: Path, *, seed: int, last_trace: int) -> Iterator[None]:
    """Trade as long as the block lasts, and after it until somebody was answered once more."""
    settings = SwarmSettings(
        host="127.0.0.1",
        port=house.port,
        terminals=TERMINALS,
        seconds=DAY_SECONDS_MAX,
        pause_seconds=PAUSE_SECONDS,
        seed=seed,
        answer_seconds_max=ANSWER_SECONDS_MAX,
        record=record,
        last_trace=last_trace,
        attempts_max=ATTEMPTS_MAX,
    )
    with trading(settings, ESTATE):
        yield
        wait_until_it_trades(house, first_trace=last_trace)
        time.sleep(QUIET_SECONDS)
