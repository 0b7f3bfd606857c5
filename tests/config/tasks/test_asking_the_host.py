"""What is posted while it is answered is asked of the running host by the command line."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio

from config.errors import SurroundingsError
from config.tasks.office_desk import ask_host
from host.link.address import Address, listen
from host.model.office import Asked, Do, Done, Told
from host.model.secrets import Secret
from host.server import serve
from switch.settings import SwitchSettings

ASKED = Do(action="card.activate", values=Secret(json.dumps({"phone": "13800001234"}).encode()))


async def _none(*_words: Any) -> Any:
    return None


_nobody: Any = _none


async def test_the_host_of_the_directory_is_asked(tmp_path: Path) -> None:
    """S1-23."""
    heard: list[Asked] = []

    async def office(asked: Asked) -> Told:
        heard.append(asked)
        return Done(subject="12")

    link = f"unix:{tmp_path / 'h.sock'}"
    with closing(listen(Address.parse(link))) as listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, [listener], _nobody, _nobody, None, office)
            told = await ask_host(SwitchSettings(link=link), ASKED)
            nursery.cancel_scope.cancel()
    assert told == Done(subject="12")
    [asked] = heard
    assert isinstance(asked, Do)
    assert asked.values.reveal() == ASKED.values.reveal()


async def test_where_no_host_runs_the_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="posswitch up") as caught:
        await ask_host(SwitchSettings(link=f"unix:{tmp_path / 'nobody.sock'}"), ASKED)
    assert caught.value.code == "E-HOST-AWAY"


async def test_a_host_that_was_asked_and_fell_silent_may_have_done_it(tmp_path: Path) -> None:
    """Never told as if nothing was done."""

    async def office(_asked: Asked) -> Told:
        nursery.cancel_scope.cancel()
        await trio.sleep_forever()
        raise AssertionError

    link = f"unix:{tmp_path / 'h.sock'}"
    with closing(listen(Address.parse(link))) as listener:
        async with trio.open_nursery() as outer:
            nursery = outer

            async def ask() -> None:
                with trio.CancelScope(shield=True):
                    with pytest.raises(SurroundingsError, match="not known") as caught:
                        await ask_host(SwitchSettings(link=link), ASKED)
                    assert caught.value.code == "E-IN-DOUBT"

            outer.start_soon(ask)
            await serve([listener], _nobody, _nobody, None, office)
