"""What a process tells of itself over HTTP."""

import contextlib
import functools
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import trio
from prometheus_client import CollectorRegistry, Counter

from host import page as page_module
from host.page import Page
from tests.ports import free_port

SECONDS_MAX = 60.0
"""How long a page may take to answer: a limit, not a measure."""


@pytest.fixture
def things() -> dict[str, bool]:
    return {"the cellar is flooded": True, "the roof leaks": True}


@pytest.fixture
def port(things: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(page_module, "FRESH_SECONDS", 0.0)
    registry = CollectorRegistry()
    Counter("rain", "Drops.", registry=registry).inc(7)
    page = Page(registry, {what: functools.partial(things.__getitem__, what) for what in things})
    port = free_port()
    page.open("127.0.0.1", port)
    yield port
    page.close()


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS_MAX) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def test_metrics_are_where_prometheus_looks_and_nowhere_else(port: int) -> None:
    assert "rain_total 7.0" in ask(port, "/metrics")[1]
    assert ask(port, "/")[0] == ask(port, "/secrets")[0] == 404
    assert ask(port, "/metrics", "POST")[0] == 405


def test_it_is_ready_while_nothing_is_missing_and_names_what_is(
    port: int, things: dict[str, bool]
) -> None:
    assert ask(port, "/readyz") == (200, "ready\n")
    things["the roof leaks"] = False
    assert ask(port, "/readyz") == (503, "not ready: the roof leaks\n")
    things["the cellar is flooded"] = False
    assert ask(port, "/readyz")[1].count("not ready: ") == 2


async def test_a_loop_that_stands_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "STANDS_SECONDS", 0.2)
    monkeypatch.setattr(page_module, "TURN_SECONDS", 0.01)
    page, port = Page(CollectorRegistry(), {}), free_port()
    page.open("127.0.0.1", port)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(page.run)
            with trio.fail_after(SECONDS_MAX):
                while (await trio.to_thread.run_sync(ask, port, "/healthz"))[0] != 200:
                    await trio.lowlevel.checkpoint()  # a busy machine may let it turn late
            time.sleep(0.5)  # noqa: ASYNC251 - this is what is to be told of
            status, text = ask(port, "/healthz")  # on the loop, which therefore does not turn
            nursery.cancel_scope.cancel()
        assert (status, "has not turned" in text) == (503, True)
    finally:
        page.close()


def test_a_taken_port_is_named(port: int) -> None:
    with pytest.raises(
        OSError, match=f"page of metrics cannot listen on 127.0.0.1:{port}: somebody"
    ):
        Page(CollectorRegistry(), {}).open("127.0.0.1", port)


def test_whoever_asks_while_too_many_do_is_let_go_at_once_and_served_later(port: int) -> None:
    """Open connections that ask nothing hold no more files and threads than a few."""
    where = ("127.0.0.1", port)
    with contextlib.ExitStack() as idle:
        for _ in range(page_module.ASKERS_MAX):
            idle.enter_context(socket.create_connection(where, timeout=SECONDS_MAX))
        one_more = idle.enter_context(socket.create_connection(where, timeout=SECONDS_MAX))
        assert one_more.recv(1) == b""
    until = time.monotonic() + SECONDS_MAX
    while (status := _status(port)) != 200:
        assert time.monotonic() < until, status
    assert status == 200


def _status(port: int) -> int:
    try:
        return ask(port, "/metrics")[0]
    except OSError:
        return 0
