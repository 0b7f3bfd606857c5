"""What is live of a page, by its topics."""

from contextlib import AsyncExitStack, aclosing

import trio
from trio.testing import MockClock

from host.model.secrets import Secret
from switch.web.live import BEAT, Live

SESSION = Secret(b"s")


async def test_who_comes_later_hears_nothing_that_is_older_than_their_page(
    autojump_clock: MockClock,  # noqa: ARG001 - as a mark alone it does not tick
) -> None:
    """Something was done, the page came back, and what was told before does not cover it."""
    live, stands = Live(), ["old"]

    async def draw() -> str:
        return stands[0]

    async with trio.open_nursery() as nursery, AsyncExitStack() as stack:
        nursery.start_soon(live.run)
        await trio.testing.wait_all_tasks_blocked()
        heard = []
        for now in ("old", "new", "new"):
            stands[0] = now
            events = live.events(SESSION, "page", draw, 5.0)
            assert events is not None
            await stack.enter_async_context(aclosing(events))
            assert await anext(events) == BEAT
            heard.append(await anext(events))
        assert heard == ["data: old\n\n", "data: new\n\n", "data: new\n\n"]
        nursery.cancel_scope.cancel()
