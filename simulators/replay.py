"""A recording said again to another build, and what is answered otherwise.

Each terminal of the recording is played by one of the estate's: it signs on, then says its messages
in their order, each made anew with its own card, keys, batch and trace. What a message refers to is
what the replay itself was told for it. A message waits for the one before it of its terminal and of
its card, so that a card has spent what it had spent then, whatever the pace.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec
import trio

from host.estate.plan import EstatePlan
from host.model.requests import Kind
from simulators.failures import Failures
from simulators.line import PLAIN, Line, Wire
from simulators.mis import FRAME_BYTES as TILL_FRAME_BYTES
from simulators.mis import MisTill
from simulators.recording import (
    BATCH,
    TILLS,
    Cast,
    Recording,
    cast_of,
    first_batch,
    kind_of,
    name_of,
    why_left_out,
)
from simulators.remade import NOT_REPLAYED, NotSayableError, Remade, Seat, Told, slip_of
from simulators.remade_till import TillSeat
from simulators.session import PosSession
from terminals.believed import Answer, Verdict
from terminals.dialects import DialectOptions, dialect_named
from terminals.dialects.mis import MisDialect
from terminals.framing import LENGTH_CODECS
from terminals.isodialect import IsoDialect
from terminals.recorded import Heard, kept_told

EXAMPLES_MAX: Final = 10
UNCOMPARED: Final = frozenset({"13", "37", "38"})
"""Each build has its own: of these it is compared whether they are there."""
CUT_OFF: Final = "the recording ended first"
FAILED: Final = "its terminal failed before"
SEALS: Final = frozenset({"64", "128"})
TILL_WIRE: Final = Wire(length_codec=LENGTH_CODECS["ascii4"], frame_bytes=TILL_FRAME_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the other build listens, and how long an answer is waited for."""

    host: str
    port: int
    answer_seconds_max: float
    ports: Mapping[str, int] = field(default_factory=dict)
    """Of dialects that are spoken at another port."""
    last_trace: int = 0
    """Traces go on from here, where the estate's terminals have traded in their batch already."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one answer."""

    at: float
    terminal: str
    played_by: str
    kind: str
    trace: str
    card: str
    """Masked, of the recording."""
    field: str
    was: str
    now: str


@dataclass(slots=True)
class Outcome:
    """What came of a replay."""

    played: int = 0
    compared: int = 0
    differing: int = 0
    """Answers of which at least one field differs."""
    counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """By kind, field, what it was, what it is."""
    examples: list[Difference] = field(default_factory=list)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind and why."""
    failures: Failures = field(default_factory=Failures)
    """Terminals that met something, each by itself; what they had left to say is left out."""


async def replay(recording: Recording, estate: EstatePlan, place: Place, speed: float) -> Outcome:
    """Say it again, at so many times its pace; 0: as fast as answers come.

    Raises:
        RecordingError: the estate has too few cards or terminals.
    """
    player = _Player(recording, estate, place, speed)
    await player.run()
    return player.outcome


class _Player:
    def __init__(
        self, recording: Recording, estate: EstatePlan, place: Place, speed: float
    ) -> None:
        self.outcome = Outcome()
        self._estate = estate
        self._place = place
        self._speed = speed
        self._cast = cast_of(recording.lines, estate)
        self._lines = self._sayable(recording.lines)
        self._done = [trio.Event() for _ in self._lines]
        self._waits = _order_of(self._lines)
        self._sales: dict[str, Told] = {}
        """By the reference that the recording was told."""

    async def run(self) -> None:
        by_terminal: dict[tuple[str, str], list[int]] = {}
        for number, line in enumerate(self._lines):
            by_terminal.setdefault((line.dialect, line.terminal), []).append(number)
        start = trio.current_time()
        first = self._lines[0].at if self._lines else 0.0
        alone = self.outcome.failures.alone
        async with trio.open_nursery() as nursery:
            for (_dialect, terminal), numbers in by_terminal.items():
                pace = _Pace(start, first, self._speed)
                nursery.start_soon(alone, "terminal", terminal, self._play, numbers, pace)

    def _sayable(self, lines: Sequence[Heard]) -> list[Heard]:
        sayable = []
        without: set[tuple[str, ...]] = set()
        for line in lines:
            why = why_left_out(line, self._cast)
            if line.kind is Kind.REVERSAL and name_of(line) in without:
                why = NOT_REPLAYED
            if why:
                without.add(name_of(line))
                self.outcome.left_out[kind_of(line), why] += 1
            else:
                sayable.append(line)
        return sayable

    async def _play(self, numbers: Sequence[int], pace: "_Pace") -> None:
        """All that one terminal has to say; when it fails nobody waits for the rest of it."""
        mine = [self._lines[number] for number in numbers]
        said = 0
        try:
            async with self._line(mine[0].dialect) as wire:
                seat = self._seat(mine, wire)
                await seat.begin()
                for number, line in zip(numbers, mine, strict=True):
                    for earlier in self._waits[number]:
                        await self._done[earlier].wait()
                    await pace.wait_for(line)
                    await self._say(seat, line)
                    said += 1
                    self._done[number].set()
        finally:
            for number, line in zip(numbers[said:], mine[said:], strict=True):
                self.outcome.left_out[kind_of(line), FAILED] += 1
                self._done[number].set()

    def _line(self, dialect: str) -> Line:
        place = self._place
        return Line(
            place.host,
            place.ports.get(dialect, place.port),
            answer_seconds_max=place.answer_seconds_max,
            wire=TILL_WIRE if dialect in TILLS else PLAIN,
        )

    def _seat(self, mine: Sequence[Heard], wire: Line) -> "_Seated":
        first = mine[0]
        plan = self._cast.terminals[first.terminal]
        merchant = self._estate.merchant_of(plan)
        if first.dialect in TILLS:
            dialect = dialect_named(first.dialect)
            assert isinstance(dialect, MisDialect)
            till = MisTill(plan, merchant, dialect, last_number=self._place.last_trace)
            seat = TillSeat(till, dialect, mine, self._place.last_trace)
            who = (first.terminal, plan.terminal_id)
            return _SeatedTill(*who, seat, wire, self._cast, self._sales)
        session = PosSession(
            plan,
            merchant,
            wire.ask,
            last_trace=self._place.last_trace,
            dialect=_dialect_of(first),
        )
        approved = (one.asked for one in mine if (one.told or {}).get("39") == "00")
        named = (one.asked for one in mine)
        merchants = (each.get("42", "") for each in (*approved, *named))
        seat_of_terminal = Seat(
            name=first.terminal,
            session=session,
            merchant=next(filter(None, merchants), ""),
            was_batch=first_batch(mine),
        )
        return _SeatedTerminal(seat_of_terminal, self._cast, self._sales)

    async def _say(self, seat: "_Seated", line: Heard) -> None:
        try:
            answer, kept = await seat.say(line)
        except NotSayableError as error:
            self.outcome.left_out[kind_of(line), str(error)] += 1
            return
        self.outcome.played += 1
        now = kept if answer.verdict is Verdict.USABLE else None
        was = line.told or {}
        if "37" in was and now and "37" in now:
            told = Told(was=was, now=now)
            self._sales.setdefault(was["37"], told)
            self._sales.setdefault(slip_of(was), told)
        if line.silence != CUT_OFF:
            self._compare(seat, line, answer, now)

    def _compare(
        self, seat: "_Seated", line: Heard, answer: Answer, now: Mapping[str, str] | None
    ) -> None:
        outcome = self.outcome
        outcome.compared += 1
        was = _comparable(line.told, line.silence, line.asks_sign_on, seat.batch)
        silence = "" if answer.verdict is Verdict.USABLE else answer.verdict.name.lower()
        got = _comparable(now, silence, answer.asks_sign_on, lambda batch: batch)
        different = _different(was, got)
        outcome.differing += bool(different)
        for name, before, after in different:
            outcome.counts[kind_of(line), name, before, after] += 1
            if len(outcome.examples) < EXAMPLES_MAX:
                outcome.examples.append(
                    Difference(
                        at=line.at,
                        terminal=seat.name,
                        played_by=seat.played_by,
                        kind=kind_of(line),
                        trace=line.asked.get("11", ""),
                        card=line.pan,
                        field=name,
                        was=before,
                        now=after,
                    )
                )


@dataclass(frozen=True, slots=True)
class _Pace:
    """When a message is due."""

    start: float
    first: float
    speed: float

    async def wait_for(self, line: Heard) -> None:
        """0: as fast as answers come."""
        if self.speed:
            await trio.sleep_until(self.start + (line.at - self.first) / self.speed)


class _Seated(Protocol):
    """Who plays a terminal of the recording."""

    @property
    def name(self) -> str:
        """The recording's terminal."""

    @property
    def played_by(self) -> str:
        """The estate's."""

    async def begin(self) -> None:
        """Sign on."""

    async def say(self, line: Heard) -> tuple[Answer, dict[str, str]]:
        """Say one message; its answer, and what of that is kept.

        Raises:
            NotSayableError: it cannot be said.
        """

    def batch(self, was: str) -> str:
        """The batch in place of one of the recording."""


@dataclass(frozen=True, slots=True)
class _SeatedTerminal:
    """A terminal of ISO 8583."""

    seat: Seat
    cast: Cast
    sales: Mapping[str, Told]

    @property
    def name(self) -> str:
        return self.seat.name

    @property
    def played_by(self) -> str:
        return self.seat.session.plan.terminal_id

    async def begin(self) -> None:
        await self.seat.session.sign_on()
        self.seat.now_batch = self.seat.session.who.batch

    async def say(self, line: Heard) -> tuple[Answer, dict[str, str]]:
        answer = await self._ask(line)
        if line.kind is Kind.UPLOAD_END and answer.is_approved:
            self.seat.session.begin_batch()
        return answer, kept_told(answer.fields, line.kind)

    def batch(self, was: str) -> str:
        return self.seat.batch(was)

    async def _ask(self, line: Heard) -> Answer:
        session = self.seat.session
        if line.kind is Kind.SIGN_ON:
            return await session.sign_on(line.asked.get("60", "")[8:11] or "003")
        asked = Remade(self.seat, self.cast, self.sales, line).fields()
        return await session.exchange(asked, sealed=bool(SEALS & set(line.withheld)))


@dataclass(frozen=True, slots=True)
class _SeatedTill:
    """A merchant's till."""

    name: str
    played_by: str
    seat: TillSeat
    wire: Line
    cast: Cast
    sales: Mapping[str, Told]

    async def begin(self) -> None:
        await self.seat.sign_on(self.wire)

    async def say(self, line: Heard) -> tuple[Answer, dict[str, str]]:
        return await self.seat.say(self.wire, self.cast, self.sales, line)

    def batch(self, was: str) -> str:
        return was


def _dialect_of(line: Heard) -> IsoDialect:
    """As the recording's channel spoke."""
    dialect = dialect_named(line.dialect, DialectOptions(header_bytes=line.header_bytes))
    assert isinstance(dialect, IsoDialect)
    return dialect


def _order_of(lines: Sequence[Heard]) -> list[list[int]]:
    """For each message those that it waits for: the last of its card or voucher, its original."""
    by_card: dict[str, int] = {}
    by_reference: dict[str, int] = {}
    waits: list[list[int]] = []
    for number, line in enumerate(lines):
        before = []
        for named in filter(None, (line.card, line.voucher)):
            if named in by_card:
                before.append(by_card[named])
            by_card[named] = number
        if (original := by_reference.get(line.asked.get("37", ""))) is not None:
            before.append(original)
        if line.told and "37" in line.told:
            by_reference.setdefault(line.told["37"], number)
        waits.append(before)
    return waits


def _comparable(
    told: Mapping[str, str] | None, silence: str, asks_sign_on: bool, batch: Callable[[str], str]
) -> dict[str, str]:
    """What of an answer two builds must agree on."""
    if told is None:
        return {"39": f"no answer ({silence})"}
    made = {name: "given" if name in UNCOMPARED else text for name, text in told.items()}
    if "60" in told:
        control = told["60"]
        made["60"] = control[: BATCH.start] + batch(control[BATCH]) + control[BATCH.stop :]
    made["sign-on asked"] = "yes" if asks_sign_on else "no"
    return made


def _different(was: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Fields that differ. Where the code does, that alone: the rest follows from it."""
    pairs = [
        (name, was.get(name, "absent"), now.get(name, "absent"))
        for name in sorted(was.keys() | now.keys())
    ]
    different = [(name, before, after) for name, before, after in pairs if before != after]
    return [each for each in different if each[0] == "39"] or different
