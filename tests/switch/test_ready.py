"""When a switch says that it is ready."""

from collections.abc import Callable
from pathlib import Path

import trio

from host.link.address import Address, listen
from host.model.requests import Request, Response
from host.server import serve
from switch.program import Switch, run_switch
from switch.settings import FIRST_LINK_SECONDS_MAX, ChannelSettings, SwitchSettings


async def test_a_switch_that_begins_with_its_host_is_ready_once_they_are_linked(
    nursery: trio.Nursery, tmp_path: Path
) -> None:
    address = f"unix:{tmp_path / 'link'}"
    made: list[Switch] = []
    linked: list[bool] = []
    ready = trio.Event()

    def said(_lines: list[str]) -> None:
        linked.append(made[0].link.is_up)
        ready.set()

    async def beside(switch: Switch) -> None:
        made.append(switch)

    async def run() -> None:
        settings = SwitchSettings(
            channels=(ChannelSettings(port=0),), link=address, saf=str(tmp_path / "saf"),
            attestations=str(tmp_path / "attestations.db"),
        )  # fmt: skip
        await run_switch(
            settings, on_ready=said, beside=beside, first_link_seconds_max=float("inf")
        )

    nursery.start_soon(run)
    await trio.sleep(FIRST_LINK_SECONDS_MAX + 0.5)
    assert not ready.is_set(), "its host does not listen yet"
    listener = listen(Address.parse(address))
    nursery.start_soon(serve, [listener], _unasked, _unknown)
    with trio.fail_after(20):
        await ready.wait()
    assert linked == [True]
    nursery.cancel_scope.cancel()
    listener.close()


def _unasked(_request: Request, _deliver: Callable[[Response], None]) -> None:
    raise AssertionError("nobody asks")


async def _unknown(_terminal_id: str) -> None:
    return None
