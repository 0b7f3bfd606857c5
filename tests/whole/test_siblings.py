"""Two switch processes: what one of them is undoing, the other does not tell."""

import itertools
import os
import signal
import time
from collections.abc import Iterator

import pytest

from host.estate.demo import demo_estate
from host.model.requests import Kind
from simulators import messages
from tests.ports import free_ports
from tests.whole.house import House, Part, metric, page, standing, wait_until
from tests.whole.till import Till, Voice, fields_in

ESTATE = demo_estate()
SETTINGS = "processes = 2\nsaf_retry_seconds_max = 0.5"
AMOUNT_MINOR = 700
FIRST_TRACES = itertools.count(1, 100)
"""Of each test of the one house, which repeats no trace of another's."""


class TwoSwitches:
    """A house whose port two processes share."""

    def __init__(self, house: House, first_metrics: int) -> None:
        self.house = house
        places = house.places
        told = places.settings.read_text()
        own = f"metrics_port = {house.switch_metrics}"
        places.settings.write_text(told.replace(own, f"metrics_port = {first_metrics}", 1))
        house.switch_metrics = first_metrics
        log = places.log / "switch-2.log"
        self.parts = (house.switch, Part("switch", places.data, log, "--number", "2"))
        self.metrics = (first_metrics, first_metrics + 1)

    def call(self, number: int) -> Till:
        """A connection that the kernel has dealt to that one; the other may stand still."""
        while True:
            before = self._accepted(number)
            till = Till(self.house.port)
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                if self._accepted(number) > before:
                    return till
                time.sleep(0.02)
            till.__exit__()

    def _accepted(self, number: int) -> float:
        name = 'posswitch_switch_connections_total{channel="pos"}'
        return metric(self.metrics[number], name)

    def wait_for_the_link(self, number: int) -> None:
        """Until that one hears the host."""
        wait_until(
            lambda: metric(self.metrics[number], "posswitch_switch_link_up") == 1,
            "a switch did not find the host",
        )


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoSwitches]:
    data = tmp_path_factory.mktemp("siblings") / "data"
    first_metrics, _second = free_ports(2)
    house = House(data, ESTATE, switch=SETTINGS)
    two = TwoSwitches(house, first_metrics)
    with standing(house):
        try:
            two.parts[1].start()
            yield two
        finally:
            two.parts[1].stop()


@pytest.fixture
def voice(two: TwoSwitches) -> Voice:
    """A terminal whose profile both have: they need not ask a host that is about to die."""
    voice = Voice(ESTATE, "80010037", first_trace=next(FIRST_TRACES))
    for number in (0, 1):
        two.wait_for_the_link(number)
        with two.call(number) as till:
            asked = messages.swiped(Kind.BALANCE_INQUIRY, voice.who, voice.trace(), ESTATE.cards[0])
            assert fields_in(till.ask(voice.sealed(asked)))["t"] == "0210"
    return voice


@pytest.mark.parametrize("point", ["after_commit_before_reply", "before_commit"])
def test_a_repeat_to_one_process_is_not_told_what_another_is_about_to_take_back(
    two: TwoSwitches, voice: Voice, point: str
) -> None:
    """Told 00 and then reversed: the first sending by one, its repeat by the other."""
    house, first = two.house, two.parts[0]
    card = ESTATE.cards[210]
    sale = voice.sealed(
        messages.swiped(
            Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=AMOUNT_MINOR, pin=card.pin
        )
    )
    silences = _silences(two.metrics[1])
    house.host.kill()
    house.host.start(fault=point)
    for number in (0, 1):
        two.wait_for_the_link(number)
    with two.call(0) as till:
        till.send(sale)
        house.host.wait_until_killed()
        wait_until(lambda: house.reversals_stored() == 1, "the first stored no reversal")
    assert first.pid is not None
    os.kill(first.pid, signal.SIGSTOP)  # its reversal is on disk and waits
    try:
        house.host.start()
        two.wait_for_the_link(1)
        with two.call(1) as till:
            till.send(sale)
            wait_until(
                lambda: _silences(two.metrics[1]) > silences, "it was told, and will be taken back"
            )
            heard = fields_in(till.ask(voice.echo()))
            assert heard["t"] == "0830", f"told {heard['39']}, and it will be taken back"
    finally:
        os.kill(first.pid, signal.SIGCONT)
    house.wait_until_reversals_are_delivered()
    with two.call(1) as till:
        assert fields_in(till.ask(sale))["39"] == "94"


def _silences(port: int) -> float:
    name = 'posswitch_switch_silent_total{channel="pos",why="being undone"}'
    return sum(float(line.split()[-1]) for line in page(port).splitlines() if name in line)
