"""A day of trade in a thread beside the test that disturbs it, and the audit after it."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import trio

from config.places import Places
from config.tasks.failed import failed_lines
from host.estate.plan import CardPlan, EstatePlan
from host.model.requests import Kind
from simulators import messages
from simulators.record import What, read_record
from simulators.swarm import Swarm, SwarmSettings
from tests.whole.house import command, wait_until
from tests.whole.till import Till, Voice, fields_in

BEGIN_SECONDS_MAX = 60.0
MENDING_SECONDS_MAX = 600.0
"""How long terminals may take to end what is pending: a limit, not a measure."""


class Standing(Protocol):
    """A posswitch that trades, however it was started."""

    estate: EstatePlan
    places: Places
    port: int

    def wait_until_reversals_are_delivered(self) -> None:
        """Until the switch owes the host nothing."""


@contextmanager
def trading(settings: SwarmSettings, estate: EstatePlan) -> Iterator[Swarm]:
    """A swarm as long as the block lasts; then its terminals mend and go home."""
    swarm = Swarm(settings, estate)
    with beside(swarm.run, swarm.close):
        yield swarm
    assert not swarm.tally.failures, failed_lines(swarm.tally.failures)
    assert swarm.tally.pending == 0
    assert swarm.tally.count("00") > 0
    assert swarm.tally.last_trace > settings.last_trace


@contextmanager
def beside(run: Callable[[], Awaitable[object]], close: Callable[[], None]) -> Iterator[None]:
    """Something of trio's in a thread of its own as long as the block lasts.

    After the block it is asked to end by `close`. Terminals insist: where the block failed, or the
    end takes too long, they are sent home as they are, and the test fails instead of going on.
    """
    scope, begun = trio.CancelScope(), Future[trio.lowlevel.TrioToken]()

    async def until_cancelled() -> None:
        begun.set_result(trio.lowlevel.current_trio_token())
        with scope:
            await run()

    with ThreadPoolExecutor(max_workers=1) as thread:
        over = thread.submit(trio.run, until_cancelled)
        try:
            yield
            close()
            over.result(MENDING_SECONDS_MAX)
        except BaseException:
            with contextlib.suppress(trio.RunFinishedError):
                begun.result(BEGIN_SECONDS_MAX).run_sync_soon(scope.cancel)
            raise


def wait_until_it_trades(house: Standing, *, first_trace: int) -> None:
    """Until somebody who is not of the swarm is answered, whichever writer has the card."""
    voice = Voice(house.estate, "80010037", first_trace=first_trace)

    def is_answered(card: CardPlan) -> bool:
        asked = messages.swiped(Kind.BALANCE_INQUIRY, voice.who, voice.trace(), card, pin=card.pin)
        with contextlib.suppress(AssertionError, OSError), Till(house.port) as till:
            return fields_in(till.ask(voice.sealed(asked)))["39"] == "00"
        return False

    for card in house.estate.cards[:20]:
        wait_until(lambda card=card: is_answered(card), "no trade after the last kill")  # type: ignore[misc]


def audit_with_terminals(house: Standing, record: Path) -> None:
    """All that the switch owes is delivered, and the ledger agrees with every terminal."""
    assert [event for event in read_record(record) if event.what is What.REVERSAL_TOLD]
    audit_record(house, record)


def audit_record(house: Standing, record: Path) -> None:
    """The same, where no terminal need have had anything to undo."""
    house.wait_until_reversals_are_delivered()
    assert not [event for event in read_record(record) if event.what is What.GIVEN_UP]
    told = command("audit", "--record", str(record), data=house.places.data)
    assert told.stdout.endswith("audit: 0 violations\n"), told.stdout + told.stderr
