"""What is due is asked for one by one: a page after the other, some under way at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import trio

AT_A_TIME: Final = 8
"""Under way."""
Place = tuple[Any, ...]
"""Where one stands among all: what is read next is behind it."""
T = TypeVar("T")


async def ask_for_each(
    first: Place,
    read: Callable[[Place], Sequence[T]],
    place_of: Callable[[T], Place],
    ask: Callable[[T], Awaitable[None]],
) -> None:
    """Read behind the last one seen, until nothing is left; `read` has a thread of its own."""
    last = first
    while found := await trio.to_thread.run_sync(read, last):
        async with trio.open_nursery() as nursery:
            for place in range(AT_A_TIME):
                nursery.start_soon(_ask_all, ask, found[place::AT_A_TIME])
        last = place_of(found[-1])


async def _ask_all(ask: Callable[[T], Awaitable[None]], some: Sequence[T]) -> None:
    for one in some:
        await ask(one)
