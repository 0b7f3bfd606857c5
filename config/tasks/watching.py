"""A swarm on the screen: while it trades, when nobody answers it, and what it comes to."""

import signal
from typing import Any, Final

import trio

from config.as_json import print_json
from config.errors import FOUND_WRONG, INTERRUPTED
from config.screen import screen
from config.tasks.failed import failed_json, failed_lines, failed_status
from config.tasks.loops import run_loop
from config.tasks.progress import board, headline, mended, settled, show_progress
from config.tasks.reach import nobody_answers
from simulators.swarm import Swarm
from simulators.tally import Tally

LOOK_SECONDS: Final = 0.1
TRADED_BEFORE: Final = (
    "what was traded on those terminals before, and not settled, is in no log of this swarm"
)
CLOSING: Final = "closing: what is pending is mended; Ctrl-C again ends at once"


def watch_swarm(swarm: Swarm, *, as_json: bool = False) -> int:
    """Let it trade and say what came of it. Gives the exit status.

    Ctrl-C closes the shops, once more ends at once; either way the summary says how far it came.

    Raises:
        SurroundingsError: no terminal was signed on.
    """
    watch = _Watch(swarm, as_json=as_json)
    try:
        run_loop(watch.run)
    except KeyboardInterrupt:
        watch.was_interrupted = True
    return watch.report()


class _Watch:
    def __init__(self, swarm: Swarm, *, as_json: bool) -> None:
        self.swarm = swarm
        self._is_quiet = as_json
        self.console = screen()
        self.seconds = 0.0
        """How long it has traded."""
        self.was_interrupted = False

    async def run(self) -> None:
        settings, tally = self.swarm.settings, self.swarm.tally
        began = trio.current_time()
        try:
            async with trio.open_nursery() as nursery:
                if not self._is_quiet:
                    shown = (show_progress, tally, settings.seconds, self.console)
                    nursery.start_soon(tally.failures.alone, "progress", "", *shown)
                nursery.start_soon(self._hear_whether_anybody_answers)
                await nursery.start(self._heed_interrupts, nursery.cancel_scope)
                await self.swarm.run()
                self._check_sign_ons()
                nursery.cancel_scope.cancel()
        finally:
            self.seconds = min(trio.current_time() - began, settings.seconds)

    async def _hear_whether_anybody_answers(self) -> None:
        tally, terminals = self.swarm.tally, self.swarm.settings.terminals
        while tally.sign_ons.total() < terminals:  # noqa: ASYNC110 - a tally tells nobody
            await trio.sleep(LOOK_SECONDS)
        self._check_sign_ons()

    def _check_sign_ons(self) -> None:
        """Raises SurroundingsError where every terminal has tried and none is signed on."""
        tally, told = self.swarm.tally, self.swarm.settings
        if tally.sign_ons and not tally.signed_on:
            code = tally.sign_ons.most_common(1)[0][0]
            raise nobody_answers(told.channel, f"{told.host}:{told.port}", code)

    async def _heed_interrupts(
        self, scope: trio.CancelScope, *, task_status: trio.TaskStatus[None]
    ) -> None:
        with trio.open_signal_receiver(signal.SIGINT) as signals:
            task_status.started()
            async for _signal in signals:
                if self.was_interrupted:
                    scope.cancel()
                    return
                self.was_interrupted = True
                self.swarm.close()
                if not self._is_quiet:
                    self.console.print(CLOSING)

    def report(self) -> int:
        """Print the summary; gives the exit status."""
        if self._is_quiet:
            print_json(_as_json(self.swarm.tally))
        else:
            self._show()
        if self.was_interrupted:
            return INTERRUPTED
        tally = self.swarm.tally
        return failed_status(tally.failures) or (FOUND_WRONG if tally.surprises else 0)

    def _show(self) -> None:
        console, swarm, tally = self.console, self.swarm, self.swarm.tally
        if not console.is_terminal:
            console.print(board(tally))
        console.print(headline(tally, self.seconds, swarm.settings.seconds))
        console.print(mended(swarm.record.events))
        if swarm.settings.settles:
            console.print(settled(tally))
            if tally.settled["uploaded"]:
                console.print(TRADED_BEFORE)
        for (trade, f39), number in tally.surprises.items():
            console.print(f"unexpected: {trade} was answered {f39}, {number} times", markup=False)
        for line in failed_lines(tally.failures):
            console.print(line, markup=False)


def _as_json(tally: Tally) -> dict[str, Any]:
    """What came of it, for programs."""
    median, slowest = (round(1000 * seconds, 3) for seconds in tally.latency(0.5, 0.99))
    return {
        "signed_on": tally.signed_on,
        "transactions": tally.trades,
        "answers": [
            {"kind": kind, "code": f39, "count": count}
            for (kind, f39), count in tally.answers.items()
        ],
        "unexpected": [
            {"trade": trade, "code": f39, "count": count}
            for (trade, f39), count in tally.surprises.items()
        ],
        "failed": failed_json(tally.failures),
        "settled": dict(tally.settled),
        "pending": tally.pending,
        "repeats_that_differed": tally.repeats_that_differed,
        "p50_ms": median,
        "p99_ms": slowest,
    }
