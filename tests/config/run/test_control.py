"""Asking a running program to read again: as long as it takes, and whatever it meets."""

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from config.places import Places, places_of
from config.run import control
from config.run.asking import HOST, RELOAD, ask, control_path
from config.run.control import Answers, Reload, Reread, control_socket, serve_control
from config.run.orders import Orders
from config.run.reloading import Reloader
from switch.program import Switch
from switch.settings import SwitchSettings


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = places_of(tmp_path / "data")
    made.make()
    made.settings.write_text('[[channels]]\nname = "pos"\nport = 0\n')
    return made


def only(reload: Reload) -> Answers:
    """A program that does nothing but read again."""

    async def look() -> Reread:
        raise OSError("it cannot look")

    async def names(kind: str, beginning: str) -> list[tuple[str, str]]:
        await trio.lowlevel.checkpoint()
        return [(f"{beginning}1", f"one of {kind}")]

    return Answers(reload=reload, look=look, names=names)


async def asked(places: Places) -> Reread:
    stream = await trio.open_unix_socket(str(control_path(places, HOST)))
    said = b""
    async with stream:
        await stream.send_all(f"{RELOAD}\n".encode())
        while more := await stream.receive_some():
            said += more
    return msgspec.json.decode(said, type=Reread)


async def test_a_reload_that_takes_long_is_no_failure(
    places: Places, monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery
) -> None:
    monkeypatch.setattr(control, "ASK_SECONDS_MAX", 0.05)

    async def slow() -> Reread:
        await trio.sleep(0.3)
        return Reread(number=HOST, lines=("estate read",))

    with control_socket(places, HOST) as listener:
        nursery.start_soon(serve_control, listener, only(slow))
        assert (await asked(places)).lines == ("estate read",)
        nursery.cancel_scope.cancel()


async def test_a_reload_that_fails_says_so_and_the_next_is_served(
    places: Places, nursery: trio.Nursery
) -> None:
    times: list[int] = []

    async def first_fails() -> Reread:
        await trio.lowlevel.checkpoint()
        times.append(1)
        if len(times) == 1:
            raise OSError(errno.EIO, "the disk is gone")
        return Reread(number=HOST, lines=("read",))

    with control_socket(places, HOST) as listener:
        nursery.start_soon(serve_control, listener, only(first_fails))
        failed = await asked(places)
        assert "OSError" in failed.error
        assert failed.exit_status
        assert (await asked(places)).lines == ("read",)
        nursery.cancel_scope.cancel()


async def test_channels_that_are_at_work_but_cannot_be_kept_are_told_as_such(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("config.run.reloading.keep_applied", full)
    run = places.run
    switch = Switch(
        SwitchSettings(
            channels=(),
            link=f"unix:{run / 'host.sock'}",
            saf=str(run / "saf.db"),
            attestations=str(run / "attestations.db"),
        )
    )
    try:
        outcome = Reloader(places, Orders()).reload(switch)
        assert not outcome.error
        assert any("at work, but not kept" in line for line in outcome.lines)
        assert [name for name, _ in switch.addresses()] == ["pos"]
    finally:
        switch.close()


@pytest.mark.parametrize("made", [Path.mkdir, os.mkfifo])
async def test_settings_that_are_no_file_are_told_as_such_and_change_nothing(
    places: Places, made: Callable[[Path], None]
) -> None:
    run = places.run
    settings = SwitchSettings(
        channels=(),
        link=f"unix:{run / 'host.sock'}",
        saf=str(run / "saf.db"),
        attestations=str(run / "attestations.db"),
    )
    places.settings.unlink()
    made(places.settings)
    switch = Switch(settings)
    try:
        outcome = Reloader(places, Orders()).reload(switch)
        assert (outcome.exit_status, outcome.lines) == (3, ())
        assert str(places.settings) in outcome.error
        assert "Next:" in outcome.error
    finally:
        switch.close()


async def test_who_failed_to_read_again_is_named(places: Places, nursery: trio.Nursery) -> None:
    """The host has changed by then, and it was the switch that did not."""

    async def well() -> Reread:
        await trio.lowlevel.checkpoint()
        return Reread(number=HOST, lines=("read",))

    async def fails() -> Reread:
        await trio.lowlevel.checkpoint()
        raise OSError(errno.EIO, "the disk is gone")

    with control_socket(places, HOST) as host, control_socket(places, 2) as second:
        nursery.start_soon(serve_control, host, only(well))
        nursery.start_soon(serve_control, second, only(fails))
        done, last = await trio.to_thread.run_sync(control.reload_running, places)
        assert (done.number, done.error, last.number) == (HOST, "", 2)
        assert "OSError" in last.error
        nursery.cancel_scope.cancel()


async def test_names_are_told_by_kind_and_beginning_and_noise_gets_no_answer(
    places: Places, nursery: trio.Nursery
) -> None:
    """Whatever is asked, and whatever an answer meets, the next who asks is served."""

    async def never() -> Reread:
        raise AssertionError("nobody asked for it")

    def say(words: str) -> bytes | None:
        with contextlib.suppress(ConnectionResetError):  # it was too long to be read
            return ask(control_path(places, HOST), words, 5.0)
        return None

    with control_socket(places, HOST) as listener:
        nursery.start_soon(serve_control, listener, only(never))
        for noise in ("", "rm -rf", "look", "x" * 100):
            assert not await trio.to_thread.run_sync(say, noise)
        said = await trio.to_thread.run_sync(say, "names terminals 8001")
        assert said == b'[["80011","one of terminals"]]'
        nursery.cancel_scope.cancel()
    assert say("look") is None
