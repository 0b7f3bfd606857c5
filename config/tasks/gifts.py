"""Gift cards in the demo's day: made by one person, opened by another, sold, stopped under trade.

People act at the office, through its one runner; a till of its own sells the cards meanwhile, among
all the others. What it is told is looked up in the ledger when the day is over.
"""

import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import trio

from config.language import Language, speech
from config.run.staff import DemoStaff, embossed, has_value
from config.screen import amount
from config.tasks.story import decided
from host.estate.demo import CITY, GIFT_FACE_MINOR, GIFT_PRODUCT, GIFT_VENDOR, PEOPLE, demo_estate
from host.estate.plan import CardPlan
from host.model.claims import APPROVALS
from host.model.office import Refused
from host.model.responses import RESPONSE_CODES, Reason
from host.office.roles import BO, CS, IM, ROLES
from host.store.connecting import Connection
from simulators.channels import CHANNELS, Place
from simulators.faults import no_faults
from simulators.record import Record
from simulators.tally import SILENCE, Tally
from simulators.terminal import PosTerminal
from simulators.trades import CURRENCY, Done

TILL: Final = "80010039"
"""It sells gift cards, and is none of the swarm."""
CARDS: Final = 200
WAIT_SECONDS_MAX: Final = 30.0
"""For the cards to be made, and for value to move."""
LOOK_SECONDS: Final = 0.1
SOLD: Final = 3
PURCHASES: Final = 12
TAKEN_MINOR: Final = 1_000
AGREED: Final = "settles its batch: agreed"
DIFFERS: Final = "settles its batch: not agreed"
ANSWER_AT: Final = 33
"""Where on its line it stands what a till was told."""
BALANCE: Final = "54"
BALANCE_DIGITS: Final = 12
APPROVED: Final = "00"

Ask = Callable[[str, str, Mapping[str, object]], Awaitable[Any]]


class Told(NamedTuple):
    """A line of the tale: who, what, and which message it was, if it was one."""

    who: str
    what: str
    done: Done | None = None


@dataclass(slots=True)
class GiftTale:
    """What became of one batch of cards, from its first day to a lost card."""

    seed: int
    place: Place
    record: Record
    tally: Tally
    tills: int
    """How many trade meanwhile."""
    batch: str = ""
    lines: list[Told] = field(default_factory=list)

    async def run(self, staff: DemoStaff, owner: str) -> None:
        """The whole of it; `owner` is the owner's connection string, for the card maker."""
        estate, pos = demo_estate(), CHANNELS["pos"]
        [plan] = [one for one in estate.terminals if one.terminal_id == TILL]
        async with pos.opens(self.place) as channel:
            counter = channel.counter(plan, estate, self.record, no_faults())
            async with counter.line:
                terminal = counter.terminal
                assert isinstance(terminal, PosTerminal)
                await terminal.sign_on()
                cards = await self._make(staff, owner)
                await self._sell(staff, terminal, cards)
                await self._stop(staff, terminal, cards)
                await self._lose(staff, owner, terminal, cards)
                settled = await terminal.settle()
                self._add("till", AGREED if settled.agrees else DIFFERS)
                await terminal.sign_off()

    def told(self, connection: Connection) -> Iterator[str]:
        """The tale, a line each; why each message was answered so is the ledger's word."""
        slots = [one.done.slot for one in self.lines if one.done is not None]
        reasons = decided(connection, slots)
        yield f"a card batch: {self.batch}, made by one person and opened by another"
        for one in self.lines:
            line = f"  {one.who:<7} {one.what}"
            if one.done is None:
                yield line
            else:
                found = reasons.get(one.done.slot)
                reason = found.reason if found is not None else ""
                yield f"{line:<{ANSWER_AT}}  {_answer(one.done, reason)}"

    async def _make(self, staff: DemoStaff, owner: str) -> list[CardPlan]:
        of: Mapping[str, object] = {"issuer": CITY.institution_id}
        vendor = await _done(staff, IM, "vendor.save", {**of, **GIFT_VENDOR})
        product = await _done(staff, IM, "product.revise", {**of, **GIFT_PRODUCT})
        made = await _done(
            staff,
            IM,
            "card_batch.create",
            {
                "product": int(product.subject),
                "name": GIFT_PRODUCT["name"],
                "cards": CARDS,
                "responsible": PEOPLE[IM].login,
                "vendor": int(vendor.subject),
            },
        )
        self.batch = made.subject
        cards: list[CardPlan] = []
        with trio.move_on_after(WAIT_SECONDS_MAX):
            while len(cards) < CARDS:
                await trio.sleep(LOOK_SECONDS)
                cards = await trio.to_thread.run_sync(embossed, owner, staff.hsm, self.batch)
        face = amount(GIFT_FACE_MINOR, CURRENCY)
        self._add("office", f"{_named(IM)}, makes {len(cards)} cards of {face}")
        return cards

    async def _sell(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        self._note(_sells(1), await till.activate(cards[0], GIFT_FACE_MINOR), "21")
        tried = await trio.to_thread.run_sync(
            staff.ask, IM, "card_batch.open", {"batch": self.batch}
        )
        code = tried.code if isinstance(tried, Refused) else "done"
        self._add("office", f"{PEOPLE[IM].name} tries to open what is their own: {code}")
        await _done(staff, BO, "card_batch.open", {"batch": self.batch})
        self._add("office", f"{_named(BO)}, opens it with a one-time code")
        self._note(_sells(1), await till.activate(cards[0], GIFT_FACE_MINOR))
        for card in cards[1:SOLD]:
            self._count(await till.activate(card, GIFT_FACE_MINOR))
        dice = random.Random(f"{self.seed}/gifts")  # noqa: S311 - a simulation repeats itself
        for number in range(PURCHASES):
            minor = dice.randint(1, TAKEN_MINOR)
            self._count(await till.purchase(cards[number % SOLD], minor, None))
        self._add("till", f"sells {SOLD - 1} more, which pay for {PURCHASES} purchases by turns")

    async def _stop(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        why = {"batch": self.batch, "note": "suspicion"}
        await _done(staff, BO, "card_batch.suspend", why)
        self._add("office", f"{PEOPLE[BO].name} suspends it while {self.tills} tills trade")
        self._note("its very next message", await till.purchase(cards[0], TAKEN_MINOR, None), "62")
        await _done(staff, BO, "card_batch.resume", why | {"note": "unfounded"})
        self._add("office", f"{PEOPLE[BO].name} resumes it with a one-time code")
        self._note(_buys(1), await till.purchase(cards[0], TAKEN_MINOR, None))

    async def _lose(
        self, staff: DemoStaff, owner: str, till: PosTerminal, cards: list[CardPlan]
    ) -> None:
        lost = {"card": cards[1].id, "kind": "lose", "note": "reported"}
        await _done(staff, CS, "card.freeze", lost)
        self._add("office", f"{_named(CS)}, hears that card {2} is lost")
        self._note(_buys(2), await till.purchase(cards[1], TAKEN_MINOR, None), "41")
        new = {"card": cards[1].id, "replacement": cards[SOLD].id, "note": "reported"}
        await trio.to_thread.run_sync(staff.agreed, CS, "card.replace", new, IM)
        has_come = False
        with trio.move_on_after(WAIT_SECONDS_MAX):
            while not has_come:
                await trio.sleep(LOOK_SECONDS)
                has_come = await trio.to_thread.run_sync(has_value, owner, cards[SOLD].id)
        self._add("office", f"{PEOPLE[CS].name} replaces it by card {4}; {PEOPLE[IM].name} agrees")
        self._note(_buys(2), await till.purchase(cards[1], TAKEN_MINOR, None), "57")
        self._note(_buys(4), await till.purchase(cards[SOLD], TAKEN_MINOR, None))

    def _add(self, who: str, what: str) -> None:
        self.lines.append(Told(who, what))

    def _note(self, what: str, done: Done, expected: str = APPROVED) -> None:
        """A message that the tale tells of."""
        self.lines.append(Told("till", what, done))
        self._count(done, expected)

    def _count(self, done: Done, expected: str = APPROVED) -> None:
        f39 = done.f39 or SILENCE
        self.tally.answers[done.kind, f39] += 1
        if f39 != expected:
            self.tally.surprises["gift", f39] += 1


async def _done(staff: DemoStaff, by: str, action: str, values: Mapping[str, object]) -> Any:
    return await trio.to_thread.run_sync(staff.done, by, action, values)


def _sells(number: int) -> str:
    return f"sells card {number}"


def _buys(number: int) -> str:
    return f"buys with card {number}"


def _named(role: str) -> str:
    """Who it is, and what they may be, in the language of who reads."""
    name, row = PEOPLE[role].name, ROLES[role]
    return f"{name}（{row.zh}）" if speech.language is Language.CHINESE else f"{name}, {row.en}"


def _answer(done: Done, reason: str) -> str:
    """What the till was told, in words, and what is on the card after it."""
    if done.f39 is None:
        return "heard no answer"
    balance = done.answer.fields.get(BALANCE, "")[-BALANCE_DIGITS:]
    if done.f39 in APPROVALS and balance:
        return f"was told {done.f39}  {amount(int(balance), CURRENCY)} on it"
    row = RESPONSE_CODES.get(Reason(reason)) if reason else None
    return f"was told {done.f39}: {row.english if row is not None else reason}"
