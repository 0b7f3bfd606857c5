"""A recording said again to another build, and what is answered otherwise.

Each terminal of the recording is played by one of the estate's: it signs on, then says its messages
in their order, each made anew with its own card, keys, batch and trace. What a message refers to is
what the replay itself was told for it. A message waits for the one before it of its terminal and of
its card, so that a card has spent what it had spent then, whatever the pace.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import trio

from host.estate.plan import EstatePlan
from host.model.requests import Kind
from simulators.answers import Answer, Verdict
from simulators.line import Line
from simulators.recording import (
    BATCH,
    Recording,
    cast_of,
    first_batch,
    kind_of,
    why_left_out,
)
from simulators.remade import NotSayableError, Remade, Seat, Told
from simulators.session import PosSession
from terminals.recorded import Heard, kept_told

EXAMPLES_MAX: Final = 10
UNCOMPARED: Final = frozenset({"13", "37", "38"})
"""Each build has its own: of these it is compared whether they are there."""
CUT_OFF: Final = "the recording ended first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the other build listens, and how long an answer is waited for."""

    host: str
    port: int
    answer_seconds_max: float
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
        by_terminal: dict[str, list[int]] = {}
        for number, line in enumerate(self._lines):
            by_terminal.setdefault(line.terminal, []).append(number)
        start = trio.current_time()
        first = self._lines[0].at if self._lines else 0.0
        async with trio.open_nursery() as nursery:
            for terminal, numbers in by_terminal.items():
                nursery.start_soon(self._play, terminal, numbers, start, first)

    def _sayable(self, lines: Sequence[Heard]) -> list[Heard]:
        sayable = []
        for line in lines:
            why = why_left_out(line, self._cast)
            if why:
                self.outcome.left_out[kind_of(line), why] += 1
            else:
                sayable.append(line)
        return sayable

    async def _play(
        self, terminal: str, numbers: Sequence[int], start: float, first: float
    ) -> None:
        mine = [self._lines[number] for number in numbers]
        async with Line(
            self._place.host, self._place.port, answer_seconds_max=self._place.answer_seconds_max
        ) as wire:
            seat = self._seat(terminal, mine, wire)
            await seat.session.sign_on()
            seat.now_batch = seat.session.who.batch
            for number, line in zip(numbers, mine, strict=True):
                for earlier in self._waits[number]:
                    await self._done[earlier].wait()
                if self._speed:
                    await trio.sleep_until(start + (line.at - first) / self._speed)
                await self._say(seat, line)
                self._done[number].set()

    def _seat(self, terminal: str, mine: Sequence[Heard], wire: Line) -> Seat:
        plan = self._cast.terminals[terminal]
        merchant = self._estate.merchant_of(plan)
        session = PosSession(plan, merchant, wire.ask, last_trace=self._place.last_trace)
        approved = (one.asked for one in mine if (one.told or {}).get("39") == "00")
        named = (one.asked for one in mine)
        merchants = (each.get("42", "") for each in (*approved, *named))
        return Seat(
            name=terminal,
            session=session,
            merchant=next(filter(None, merchants), ""),
            was_batch=first_batch(mine),
        )

    async def _say(self, seat: Seat, line: Heard) -> None:
        try:
            answer = await self._ask(seat, line)
        except NotSayableError as error:
            self.outcome.left_out[kind_of(line), str(error)] += 1
            return
        self.outcome.played += 1
        now = kept_told(answer.fields, line.kind) if answer.verdict is Verdict.USABLE else None
        was = line.told or {}
        if "37" in was and now and "37" in now:
            self._sales.setdefault(was["37"], Told(was=was, now=now))
        if line.kind is Kind.UPLOAD_END and answer.is_approved:
            seat.session.begin_batch()
        if line.silence != CUT_OFF:
            self._compare(seat, line, answer, now)

    async def _ask(self, seat: Seat, line: Heard) -> Answer:
        if line.kind is Kind.SIGN_ON:
            return await seat.session.sign_on(line.asked.get("60", "")[8:11] or "003")
        asked = Remade(seat, self._cast, self._sales, line).fields()
        return await seat.session.exchange(asked, sealed="64" in line.withheld)

    def _compare(
        self, seat: Seat, line: Heard, answer: Answer, now: Mapping[str, str] | None
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
                        played_by=seat.session.plan.terminal_id,
                        kind=kind_of(line),
                        trace=line.asked.get("11", ""),
                        card=line.pan,
                        field=name,
                        was=before,
                        now=after,
                    )
                )


def _order_of(lines: Sequence[Heard]) -> list[list[int]]:
    """For each message those that it waits for: the last of its card, and its original."""
    by_card: dict[str, int] = {}
    by_reference: dict[str, int] = {}
    waits: list[list[int]] = []
    for number, line in enumerate(lines):
        before = []
        if line.card:
            if line.card in by_card:
                before.append(by_card[line.card])
            by_card[line.card] = number
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
