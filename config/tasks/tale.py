"""What somebody did in the demo's day and a till was told: lines, and the messages behind them."""

import datetime as dt
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import trio

from config.language import Language, speech
from config.run.staff import DemoStaff
from config.screen import amount
from config.tasks.story import decided
from host.estate.demo import PEOPLE
from host.estate.plan import CardPlan
from host.model.claims import APPROVALS
from host.model.responses import RESPONSE_CODES, Reason
from host.office.roles import ROLES
from host.store.connecting import Connection
from simulators.tally import SILENCE, Tally
from simulators.trades import CURRENCY, Done

WAIT_SECONDS_MAX: Final = 30.0
"""For cards to be made, and for value to move."""
LOOK_SECONDS: Final = 0.1
ANSWER_AT: Final = 33
"""Where on its line it stands what a till was told."""
BALANCE: Final = "54"
BALANCE_DIGITS: Final = 12
APPROVED: Final = "00"


class Told(NamedTuple):
    """A line of the tale: who, what, and which message it was, if it was one."""

    who: str
    what: str
    done: Done | None = None


@dataclass(slots=True, kw_only=True)
class Tale:
    """Lines, in the order in which they came to be."""

    tally: Tally
    lines: list[Told] = field(default_factory=list)

    def add(self, who: str, what: str) -> None:
        """What somebody did."""
        self.lines.append(Told(who, what))

    def note(self, what: str, done: Done, expected: str = APPROVED) -> None:
        """A message that the tale tells of."""
        self.lines.append(Told("till", what, done))
        self.count(done, expected)

    def count(self, done: Done, expected: str = APPROVED) -> None:
        """A message that it does not tell of by itself."""
        f39 = done.f39 or SILENCE
        self.tally.answers[done.kind, f39] += 1
        if f39 != expected:
            self.tally.surprises["gift", f39] += 1

    def told(self, connection: Connection) -> Iterator[str]:
        """A line each; why each message was answered so is the ledger's word.

        No transaction is open on the connection.
        """
        slots = [one.done.slot for one in self.lines if one.done is not None]
        with connection.transaction():
            reasons = decided(connection, slots)
        for one in self.lines:
            line = f"  {one.who:<7} {one.what}"
            if one.done is None:
                yield line
            else:
                found = reasons.get(one.done.slot)
                reason = found.reason if found is not None else ""
                yield f"{line:<{ANSWER_AT}}  {_answer(one.done, reason)}"


async def done(staff: DemoStaff, by: str, action: str, values: Mapping[str, object]) -> Any:
    """What came of what had to be done at the office."""
    return await trio.to_thread.run_sync(staff.done, by, action, values)


async def agreed(
    staff: DemoStaff, by: str, action: str, values: Mapping[str, object], agreed_by: str
) -> None:
    """The same, of what another person had to agree to."""
    await trio.to_thread.run_sync(staff.agreed, by, action, values, agreed_by)


async def comes_onto(staff: DemoStaff, card: CardPlan, minor: int | None = None) -> None:
    """Wait until so much is on a card, or anything: what the office asks for is posted later."""

    def is_there() -> bool:
        found = staff.value_of(card.id)
        return found == minor or (minor is None and found > 0)

    await _until(is_there)


async def tries(staff: DemoStaff, by: str, rule: int, day: dt.date) -> None:
    """Have a rule held against a day, which a job does."""
    await done(staff, by, "rule.dry_run", {"house_rule": rule, "date": day.isoformat()})
    await _until(functools.partial(staff.is_tried, rule))


async def _until(is_so: Callable[[], bool]) -> None:
    """Wait until it is, or for as long as anybody does."""
    with trio.move_on_after(WAIT_SECONDS_MAX):
        while True:
            if await trio.to_thread.run_sync(is_so):
                return
            await trio.sleep(LOOK_SECONDS)


def named(role: str) -> str:
    """Who it is, and what they may be, in the language of who reads."""
    name, row = PEOPLE[role].name, ROLES[role]
    return f"{name}（{row.zh}）" if speech.language is Language.CHINESE else f"{name}, {row.en}"


def buys(number: int) -> str:
    """With which card."""
    return f"buys with card {number}"


def _answer(done: Done, reason: str) -> str:
    """What the till was told, in words, and what is on the card after it."""
    if done.f39 is None:
        return "heard no answer"
    balance = done.answer.fields.get(BALANCE, "")[-BALANCE_DIGITS:]
    if done.f39 in APPROVALS and balance:
        return f"was told {done.f39}  {amount(int(balance), CURRENCY)} on it"
    row = RESPONSE_CODES.get(Reason(reason)) if reason else None
    return f"was told {done.f39}: {row.english if row is not None else reason}"
