"""A switch on real sockets with a host made of a list, and terminals that speak to it."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from config.run.fleet import ports_in
from host.link.address import Address, listen
from host.model.money import Money
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm, MacKey, TerminalProfile
from host.server import serve
from switch.program import Switch, run_switch
from switch.settings import ChannelSettings, SwitchSettings
from tests.peers.bcd import Heard, Tag, hear, say
from tests.peers.codes import up_ecb
from tests.switch.bugs import Bugs

PATIENCE_SECONDS = 60
TERMINAL = "80010001"
MERCHANT = "888290054110001"
BATCH = "000012"
TRACK = "9988000000000015D30121200000000000000"
TPDU, HEADER = bytes.fromhex("6000030000"), bytes.fromhex("603100311000")
KEYS = {1: Secret.from_hex("2568ADE013579BDF"), 2: Secret.from_hex("0723C80DB5F4CD3D")}


def mac_of(generation: int = 1) -> Tag:
    return up_ecb(KEYS[generation].reveal())


def profile_of(terminal_id: str = TERMINAL, generations: tuple[int, ...] = (1,)) -> TerminalProfile:
    return TerminalProfile(
        terminal_id=terminal_id,
        merchant_id=MERCHANT,
        epoch=BATCH,
        mac_algorithm=MacAlgorithm.UNIONPAY_ECB,
        mac_keys=tuple(MacKey(generation, KEYS[generation]) for generation in generations),
    )


def approval(**changes) -> Response:
    values: dict[str, Any] = {
        "reason": Reason.APPROVED,
        "rrn": "112200000001",
        "auth_code": "A00002",
        "local_time": "20261122093102",
        "business_date": "20261122",
        "balance": Money(87655, "CNY"),
        "issuer_id": "48882900",
        "acquirer_id": "48882900",
    }
    return Response(**(values | changes))


def purchase_fields(stan: int = 2, terminal_id: str = TERMINAL) -> dict[str, str]:
    return {
        "t": "0200",
        "3": "000000",
        "4": "000000012345",
        "11": f"{stan:06d}",
        "22": "022",
        "25": "00",
        "35": TRACK,
        "41": terminal_id,
        "42": MERCHANT,
        "49": "156",
        "53": "0600000000000000",
        "60": f"22{BATCH}000500",
    }


def sealed(fields: dict[str, str], mac: Tag | None) -> bytes:
    return say(fields, mac)


def purchase(stan: int = 2, terminal_id: str = TERMINAL, generation: int = 1) -> bytes:
    return sealed(purchase_fields(stan, terminal_id), mac_of(generation))


def echo() -> bytes:
    fields = {"t": "0820", "41": TERMINAL, "42": MERCHANT, "60": f"00{BATCH}301"}
    return sealed(fields, None)


def framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(2, "big") + payload


class StandInHost:
    """Answers what it is told to, now or when the test says so."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.profiles = {TERMINAL: profile_of()}
        self.requests: list[Request] = []
        self.finds: list[str] = []
        self.held: list[tuple[Request, Callable[[Response], None]]] = []
        self.decide: Callable[[Request], Response | None] = lambda _request: approval()
        """None holds the answer back."""
        self._arrived = trio.Event()
        self._stopped = trio.Event()
        self._scope: trio.CancelScope | None = None

    async def run(self, task_status=trio.TASK_STATUS_IGNORED) -> None:
        self._stopped = trio.Event()
        with trio.CancelScope() as self._scope:
            listener = listen(Address.parse(self.address))
            task_status.started()
            with contextlib.closing(listener):
                await serve([listener], self.submit, self.find_terminal)
        self._stopped.set()

    async def stop(self) -> None:
        assert self._scope is not None
        self._scope.cancel()
        await self._stopped.wait()

    def submit(self, request: Request, answer: Callable[[Response], None]) -> None:
        self.requests.append(request)
        response = self.decide(request)
        if response is None:
            self.held.append((request, answer))
        else:
            answer(response)
        self._arrived.set()

    async def find_terminal(self, terminal_id: str) -> TerminalProfile | None:
        self.finds.append(terminal_id)
        return self.profiles.get(terminal_id)

    async def has(self, count: int) -> None:
        """Wait until so many requests have come."""
        with trio.fail_after(PATIENCE_SECONDS):
            while len(self.requests) < count:
                self._arrived = trio.Event()
                await self._arrived.wait()


class PosTerminal:
    """One TCP connection to the switch."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._rest = b""

    async def send(self, *payloads: bytes) -> None:
        await self.stream.send_all(b"".join(map(framed, payloads)))

    async def receive(self) -> Heard | None:
        """The next answer; None when the switch has closed."""
        while len(self._rest) < 2 or len(self._rest) < 2 + int.from_bytes(self._rest[:2], "big"):
            try:
                with trio.fail_after(PATIENCE_SECONDS):
                    data = await self.stream.receive_some()
            except trio.BrokenResourceError:
                return None
            if not data:
                return None
            self._rest += data
        end = 2 + int.from_bytes(self._rest[:2], "big")
        payload, self._rest = self._rest[2:end], self._rest[end:]
        return hear(payload)

    async def ask(self, payload: bytes) -> Heard:
        await self.send(payload)
        answer = await self.receive()
        assert answer is not None
        return answer


class World:
    """A switch, its host, and where to connect."""

    def __init__(self, nursery: trio.Nursery, home: Path) -> None:
        self._nursery = nursery
        self.home = home
        self.host = StandInHost(f"unix:{home / 'h.sock'}")
        self.saf_path = home / "saf.db"
        self.port = 0
        self.ports: dict[str, int] = {}
        self.switch: Switch | None = None
        self._streams: list[trio.SocketStream] = []
        self._stopped = trio.Event()
        self._scope: trio.CancelScope | None = None

    async def start_host(self) -> None:
        await self._nursery.start(self.host.run)

    async def start_switch(self, **changes) -> None:
        """`changes` are settings of the switch, or with `channel_` in front of its channel."""
        channel = {
            name.removeprefix("channel_"): value
            for name, value in changes.items()
            if name.startswith("channel_")
        }
        rest = {name: value for name, value in changes.items() if not name.startswith("channel_")}
        settings = SwitchSettings(
            channels=rest.pop("channels", (ChannelSettings(**({"port": 0} | channel)),)),
            link=self.host.address,
            saf=str(self.saf_path),
            attestations=str(self.home / "attestations.db"),
            saf_retry_seconds_max=rest.pop("saf_retry_seconds_max", 0.1),
            **rest,
        )
        await self._nursery.start(self._run_switch, settings)

    async def connect(self, channel: str | None = None) -> PosTerminal:
        port = self.port if channel is None else self.ports[channel]
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        self._streams.append(stream)
        return PosTerminal(stream)

    def keep(self, stream: trio.SocketStream) -> None:
        """Close this connection too when the test is over."""
        self._streams.append(stream)

    def hang_up(self) -> None:
        """Close every terminal's connection."""
        for stream in self._streams:
            stream.socket.close()

    async def stop_switch(self) -> None:
        assert self._scope is not None
        self._scope.cancel()
        await self._stopped.wait()

    async def _run_switch(self, settings, task_status) -> None:
        self._stopped = trio.Event()
        with trio.CancelScope() as self._scope:

            def ready(lines: list[str]) -> None:
                self.ports = ports_in(lines)
                self.port = next(iter(self.ports.values()), 0)
                task_status.started()

            async def beside(switch: Switch) -> None:
                self.switch = switch

            await run_switch(settings, on_ready=ready, beside=beside)
        self._stopped.set()


@pytest.fixture
def bugs(monkeypatch: pytest.MonkeyPatch) -> Bugs:
    """What the desk had to catch; what it and an issuer's line warn of is not printed."""
    made = Bugs()
    for module in ("intake", "dispatch", "issuers.line"):
        monkeypatch.setattr(f"switch.{module}._LOG", made)
    return made


@pytest.fixture
async def world(nursery: trio.Nursery, tmp_path: Path) -> AsyncIterator[World]:
    """A host that approves; the switch is the test's to start."""
    made = World(nursery, tmp_path)
    await made.start_host()
    yield made
    made.hang_up()
    nursery.cancel_scope.cancel()


@pytest.fixture
async def terminal(world: World) -> PosTerminal:
    """A terminal connected to a switch with the usual settings."""
    await world.start_switch()
    return await world.connect()
