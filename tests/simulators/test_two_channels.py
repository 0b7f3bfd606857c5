"""Two counters of two channels want the same at once: one gets it, the other hears why."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import trio

from simulators.channels import CHANNELS, Place, Terminal
from simulators.faults import no_faults
from simulators.record import Record
from simulators.trades import Done
from tests.simulators.conftest import ESTATE

TERMINALS = {"pos": "80010034", "mis-json": "80030002"}
VOUCHERS = ESTATE.vouchers[-16:-8]
"""That no scenario uses, and no swarm of a few terminals: the last eight are the first ones'."""
LAST_TRACE = 500_000
"""Scenarios may have been played by the same terminals before, or not."""


async def test_a_voucher_that_a_terminal_and_a_till_want_at_once_is_used_once(
    place_of: Callable[[str], Place],
) -> None:
    """S2-39, S2-49: over the whole posswitch, each of several vouchers."""
    async with AsyncExitStack() as stack:
        counters: list[Terminal] = []
        for channel, terminal_id in TERMINALS.items():
            [plan] = [one for one in ESTATE.terminals if one.terminal_id == terminal_id]
            place = replace(place_of(channel), last_trace=LAST_TRACE)
            opened = await stack.enter_async_context(CHANNELS[channel].opens(place))
            counter = opened.counter(plan, ESTATE, Record(), no_faults())
            await stack.enter_async_context(counter.line)
            assert (await counter.terminal.sign_on()).f39 in {"00", None}
            counters.append(counter.terminal)
        for voucher in VOUCHERS:
            ends: list[Done] = []

            async def take(terminal: Terminal) -> None:
                ends.append(await terminal.take_voucher(voucher, voucher.face_minor))  # noqa: B023

            async with trio.open_nursery() as nursery:
                for terminal in counters:
                    nursery.start_soon(take, terminal)
            assert sorted(f"{one.f39}" for one in ends) == ["00", "22"], ends
