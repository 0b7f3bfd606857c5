"""What is live of a page, by its topics."""

import re
from contextlib import AsyncExitStack, aclosing

import trio
from trio.testing import MockClock

from host.model.secrets import Secret
from switch.web.live import BEAT, Live
from terminals.web.pages import later_once_key

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


async def test_who_comes_first_is_told_as_soon_as_it_was_asked(
    autojump_clock: MockClock,  # noqa: ARG001 - as a mark alone it does not tick
) -> None:
    """Nobody waits for the next time: what is asked once they listen is newer than their page."""
    live, begun = Live(), trio.current_time()

    async def draw() -> str:
        return "page"

    async with trio.open_nursery() as nursery:
        nursery.start_soon(live.run)
        await trio.testing.wait_all_tasks_blocked()
        events = live.events(SESSION, "page", draw, 5.0)
        assert events is not None
        async with aclosing(events):
            assert await anext(events) == BEAT
            await trio.testing.wait_all_tasks_blocked()
            assert await anext(events) == "data: page\n\n"
        assert trio.current_time() == begun
        nursery.cancel_scope.cancel()


async def test_the_key_of_a_form_is_no_news_and_is_another_each_time_it_is_told(
    autojump_clock: MockClock,  # noqa: ARG001 - as a mark alone it does not tick
) -> None:
    """What stands as it did is not sent again, so nothing is lost that somebody types there."""
    live, stands, drawn = Live(), ["old"], [0]

    async def draw() -> str:
        drawn[0] += 1
        key = later_once_key(16)
        return f'{stands[0]} <input name="once_key" value="{key}"><input value="{key}">'

    async with trio.open_nursery() as nursery:
        nursery.start_soon(live.run)
        await trio.testing.wait_all_tasks_blocked()
        events = live.events(SESSION, "page", draw, 5.0)
        assert events is not None
        async with aclosing(events):
            assert await anext(events) == BEAT
            first, beat = await anext(events), await anext(events)
            stands[0] = "new"
            second = await anext(events)
        nursery.cancel_scope.cancel()
    assert drawn[0] > 2
    assert beat == BEAT
    keys = [re.findall(r'value="([0-9a-f]{32})"', event) for event in (first, second)]
    assert ["old" in first, "new" in second] == [True, True]
    assert len({*keys[0], *keys[1]}) == 4
    assert later_once_key(16) not in {*keys[0], *keys[1]}
