"""What a message of each channel costs the switch: `python -m config.bench.channels`.

One switch process in front of hosts that only say yes, and a line of figures for each row: CPU
time of the switch by the kernel's count, a message. A busy machine makes it more, never less, so
the least of some rounds stands. With few messages under way each is dearer, for less is shared
by one turn of the loop.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import trio

from config.bench.cpu import CpuClock
from config.bench.front import Front, running_front
from config.settings import Settings
from host.estate.demo import BDK, EXTERNAL, bench_estate, external_cards
from host.estate.plan import DevicePlan, EstatePlan, MerchantPlan, TerminalPlan, WorkingKeys
from host.hsm.dukpt_aes import initial_key
from host.model.requests import Kind
from host.model.terminal import MacAlgorithm, TerminalFamily
from simulators.certificates import (
    ATTESTATION,
    AUTHORITY,
    SWITCH,
    attestation_key,
    make_certificates,
    phone_tls,
)
from simulators.mis import MisTill
from simulators.prepared import prepare_purchases
from simulators.softpos import KID, AttestationService, SoftPosApp
from simulators.trader import Speaker
from simulators.trades import Trade
from switch.channels import ChannelSettings, TlsSettings
from switch.issuer_settings import IssuerSettings
from switch.settings import SwitchSettings
from terminals.answers import answer_mti
from terminals.dialects import DialectOptions, dialect_named
from terminals.dialects import issuer as issuer_dialect
from terminals.dialects.mis import MisDialect
from terminals.framing import LENGTH_CODECS, FrameReader, wrap

MESSAGES: Final = 3000
ROUNDS: Final = 5
TERMINALS: Final = 128
CONNECTIONS: Final = 16
UNDER_WAY: Final = (128, 16)
AMOUNT_MINOR: Final = 1234
FRAME_BYTES: Final = (2, 16_384)
SECONDS_MAX: Final = 120
AGAIN_SECONDS: Final = 0.05
DAY_SECONDS: Final = 86_400
APPROVED_BY_ISSUER: Final = {"38": "I00001", "39": "00"}
ECHOED: Final = ("2", "3", "4", "7", "11", "32", "37", "41", "42", "49")

_ESTATE: Final = bench_estate(TERMINALS, 500)

Payloads = list[bytes]
"""In the order they are sent: one of each terminal, then the next of each."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One way through the switch."""

    name: str
    kind: Literal["pos", "mis", "softpos"]
    dialect: str
    prepare: Callable[["Row", int, int], Payloads]
    """So many messages, of terminals that have sent so many before."""
    plan: Callable[[TerminalPlan], TerminalPlan] = lambda plan: plan
    """A terminal of the estate, as this channel has it."""
    switch: dict[str, Any] = {}
    """Settings of the switch."""
    is_routed: bool = False
    """To an issuer's host."""
    is_secret: bool = False
    """In mutual TLS."""


def _pos(row: Row, count: int, before: int) -> Payloads:
    return _swiped(prepare_purchases(_estate_of(row), count, first_trace=before + 1))


def _routed(_row: Row, count: int, before: int) -> Payloads:
    estate = msgspec.structs.replace(_ESTATE, cards=external_cards())
    return _swiped(prepare_purchases(estate, count, first_trace=before + 1, with_pin=False))


def _till(row: Row, count: int, before: int) -> Payloads:
    dialect = dialect_named(row.dialect)
    assert isinstance(dialect, MisDialect)
    return _traded(row, count, lambda plan, shop: MisTill(plan, shop, dialect, last_number=before))


def _phone(row: Row, count: int, before: int) -> Payloads:
    service = AttestationService(attestation_key())
    return _traded(
        row,
        count,
        lambda plan, shop: SoftPosApp(plan, shop, service, last_counter=before, last_number=before),
    )


def _under_x9_19(plan: TerminalPlan) -> TerminalPlan:
    assert plan.working is not None
    working = WorkingKeys(pik=plan.working.pik, mak=plan.tmk)
    return msgspec.structs.replace(plan, working=working, mac_algorithm=MacAlgorithm.X9_19)


def _as_till(plan: TerminalPlan) -> TerminalPlan:
    return msgspec.structs.replace(_under_x9_19(plan), family=TerminalFamily.MIS)


def _as_phone(plan: TerminalPlan) -> TerminalPlan:
    key_id = f"5053{int(plan.terminal_id):012d}"
    device = DevicePlan(key_id=key_id, initial_key=initial_key(BDK, bytes.fromhex(key_id)))
    return msgspec.structs.replace(
        plan,
        device=device,
        mac_algorithm=MacAlgorithm.AES_DUKPT,
        family=TerminalFamily.SOFTPOS,
    )


ROWS: Final[tuple[Row, ...]] = (
    Row(name="pos", kind="pos", dialect="pos", prepare=_pos),
    Row(name="pos, x9.19", kind="pos", dialect="pos", prepare=_pos, plan=_under_x9_19),
    Row(
        name="pos, remembered in flight",
        kind="pos",
        dialect="pos",
        prepare=_pos,
        switch={"remember_in_flight": True},
    ),
    Row(
        name="pos, routed to an issuer",
        kind="pos",
        dialect="pos",
        prepare=_routed,
        is_routed=True,
    ),
    Row(name="mis-fixed", kind="mis", dialect="mis-fixed", prepare=_till, plan=_as_till),
    Row(name="mis-json", kind="mis", dialect="mis-json", prepare=_till, plan=_as_till),
    Row(name="mis-iso", kind="mis", dialect="mis-iso", prepare=_till, plan=_as_till),
    Row(
        name="softpos, in mutual TLS",
        kind="softpos",
        dialect="softpos",
        prepare=_phone,
        plan=_as_phone,
        is_secret=True,
    ),
    Row(
        name="softpos, in clear", kind="softpos", dialect="softpos", prepare=_phone, plan=_as_phone
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the rows whose names begin as asked; print a line each."""
    parser = argparse.ArgumentParser(prog="python -m config.bench.channels", description=__doc__)
    parser.add_argument("rows", nargs="*", help="how a row's name begins; none: all of them")
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    told = parser.parse_args(arguments)
    _say(f"{'CPU us a message':<28}", [f"{count} under way" for count in UNDER_WAY])
    for row in ROWS:
        if not told.rows or any(row.name.startswith(word) for word in told.rows):
            with tempfile.TemporaryDirectory() as home:
                figures = trio.run(_measure, row, told, Path(home))
            _say(f"{row.name:<28}", [f"{figure:.1f}" for figure in figures])
    return 0


def _say(name: str, cells: Sequence[str]) -> None:
    sys.stdout.write(name + "".join(f"{cell:>16}" for cell in cells) + "\n")
    sys.stdout.flush()


async def _measure(row: Row, told: argparse.Namespace, home: Path) -> list[float]:
    make_certificates(home / "tls", [plan.terminal_id for plan in _ESTATE.terminals])
    async with trio.open_nursery() as nursery:
        issuer_port: int = await nursery.start(_say_yes)
        with _front(row, home, issuer_port) as front:
            bench = _Bench(row, home, front)
            await bench.wait_until_approved()
            await bench.us_each(TERMINALS, TERMINALS)
            figures = [
                min([await bench.us_each(told.messages, count) for _ in range(told.rounds)])
                for count in UNDER_WAY
            ]
        nursery.cancel_scope.cancel()
    return figures


class _Bench:
    """One row under load."""

    def __init__(self, row: Row, home: Path, front: Front) -> None:
        self._row = row
        self._home = home
        self._front = front
        self._sent = 0
        """Of each terminal."""

    async def wait_until_approved(self) -> None:
        """An issuer's line stands some time after the switch is ready."""
        with trio.fail_after(SECONDS_MAX):
            is_approved = await self._is_approved()
            while not is_approved:
                await trio.sleep(AGAIN_SECONDS)
                is_approved = await self._is_approved()

    async def _is_approved(self) -> bool:
        is_approved = True
        try:
            await self._load(1).run(CONNECTIONS)
        except* DeclinedError:
            is_approved = False
        return is_approved

    async def us_each(self, count: int, under_way: int) -> float:
        """Send so many messages; the CPU time of each."""
        load = self._load(count)
        clock = CpuClock.read(self._front.pids)
        await load.run(under_way)
        return clock.us_each(count)

    def _load(self, count: int) -> "_Load":
        payloads = self._row.prepare(self._row, count, self._sent)
        self._sent += count // TERMINALS + 1
        return _Load(self._row, self._front.port, self._home, payloads)


class DeclinedError(Exception):
    """A message was not approved: the figure would be of something else."""


class _Load:
    """A closed loop over a few connections."""

    def __init__(self, row: Row, port: int, home: Path, payloads: Payloads) -> None:
        self._port = port
        self._codec = LENGTH_CODECS[ChannelSettings(kind=row.kind).length]
        self._tls = phone_tls(home / "tls") if row.is_secret else None
        days = (time.localtime(time.time() + day * DAY_SECONDS) for day in (0, 1))
        dated = (f"{time.strftime('%m%d', day)}00".encode() for day in days)
        self._approvals = (*dated, b"I00001")
        """The code stands behind the date, which may become the next; an issuer has a number."""
        self._shares = [payloads[at::CONNECTIONS] for at in range(CONNECTIONS)]

    async def run(self, under_way: int) -> None:
        """Send everything, and hear it all approved."""
        with trio.fail_after(SECONDS_MAX):
            async with trio.open_nursery() as nursery:
                for share in self._shares:
                    nursery.start_soon(self._talk, share, under_way // CONNECTIONS)

    async def _talk(self, share: Payloads, under_way: int) -> None:
        stream: trio.abc.Stream = await trio.open_tcp_stream("127.0.0.1", self._port)
        if self._tls is not None:
            stream = trio.SSLStream(stream, self._tls, server_hostname=SWITCH)
        reader = FrameReader(self._codec, bytes_min=FRAME_BYTES[0], bytes_max=FRAME_BYTES[1])
        waiting, answered = iter(share), 0
        async with stream:
            await self._send(stream, waiting, under_way)
            while answered < len(share):
                answers = reader.feed(bytes(await stream.receive_some()))
                for answer in answers:
                    if not any(mark in answer for mark in self._approvals):
                        raise DeclinedError(answer)
                answered += len(answers)
                await self._send(stream, waiting, len(answers))

    async def _send(self, stream: trio.abc.Stream, waiting: Iterator[bytes], most: int) -> None:
        frames = [
            wrap(payload, self._codec) for _, payload in zip(range(most), waiting, strict=False)
        ]
        await stream.send_all(b"".join(frames))


def _swiped(queues: Sequence[Any]) -> Payloads:
    return _in_turn([[frame[2:] for frame in queue.frames] for queue in queues])


def _traded(
    row: Row, count: int, made: Callable[[TerminalPlan, MerchantPlan], Speaker]
) -> Payloads:
    each, more = divmod(count, TERMINALS)
    queues = []
    for place, plan in enumerate(_ESTATE.terminals):
        speaker = made(row.plan(plan), _ESTATE.merchants[0])
        cards = _ESTATE.cards[: each + (place < more)]
        sales = [
            Trade(kind=Kind.PURCHASE, card=card, amount_minor=AMOUNT_MINOR, pin=card.pin)
            for card in cards
        ]
        queues.append([speaker.trade(sale).payload for sale in sales])
    return _in_turn(queues)


def _in_turn(queues: list[Payloads]) -> Payloads:
    longest = max(map(len, queues))
    return [queue[at] for at in range(longest) for queue in queues if at < len(queue)]


async def _say_yes(task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
    """An issuer's host that approves, for ever."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    task_status.started(listeners[0].socket.getsockname()[1])
    await trio.serve_listeners(_approve_all, listeners)


async def _approve_all(stream: trio.SocketStream) -> None:
    reader = FrameReader(bytes_min=FRAME_BYTES[0])
    while data := await stream.receive_some():
        answers = [wrap(_approved(payload)) for payload in reader.feed(bytes(data))]
        await stream.send_all(b"".join(answers))


def _approved(payload: bytes) -> bytes:
    asked = issuer_dialect.decode(payload)
    if asked["t"] == issuer_dialect.MANAGEMENT_MTI:
        return issuer_dialect.CODEC.encode(issuer_dialect.management_answer(asked))
    told = {name: asked[name] for name in ECHOED if name in asked} | APPROVED_BY_ISSUER
    fields = {name: told[name] for name in sorted(told, key=int)}
    return issuer_dialect.CODEC.encode({"t": answer_mti(asked["t"]), **fields})


def _estate_of(row: Row) -> EstatePlan:
    """The estate with its terminals as they are on this channel."""
    return msgspec.structs.replace(_ESTATE, terminals=tuple(map(row.plan, _ESTATE.terminals)))


@contextmanager
def _front(row: Row, home: Path, issuer_port: int) -> Iterator[Front]:
    """A switch with one channel, and a host behind it that has no ledger."""
    estate = _estate_of(row)
    settings = msgspec.structs.replace(Settings(), switch=_switch_settings(row, home, issuer_port))
    with running_front(home / "data", estate, settings) as front:
        yield front


def _switch_settings(row: Row, home: Path, issuer_port: int) -> SwitchSettings:
    tls = TlsSettings(
        certificate=str(home / "tls" / f"{SWITCH}.crt"),
        key=str(home / "tls" / f"{SWITCH}.key"),
        client_ca=str(home / "tls" / AUTHORITY),
        require_client=True,
    )
    channel = ChannelSettings(
        kind=row.kind,
        dialect=row.dialect,
        options=DialectOptions(attestation_keys={KID: str(home / "tls" / ATTESTATION)}),
        port=0,
        tls=tls if row.is_secret else None,
    )
    issuer = IssuerSettings(
        name="far",
        issuer_id=EXTERNAL.institution_id,
        prefixes=(EXTERNAL.pan_prefix,),
        addresses=(f"127.0.0.1:{issuer_port}",),
    )
    issuers = (issuer,) if row.is_routed else ()
    return SwitchSettings(channels=(channel,), issuers=issuers, **row.switch)


if __name__ == "__main__":
    sys.exit(main())
