"""Gift cards in the demo's day: made by one person, opened by another, sold, stopped under trade.

People act at the office, through its one runner; a till of its own sells the cards meanwhile, among
all the others. What it is told is looked up in the ledger when the day is over.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from config.run.staff import DemoStaff, embossed
from config.screen import amount
from config.tasks.money_tale import MoneyTale
from config.tasks.tale import (
    LOOK_SECONDS,
    WAIT_SECONDS_MAX,
    Tale,
    agreed,
    buys,
    comes_onto,
    done,
    named,
)
from host.estate.demo import CITY, GIFT_FACE_MINOR, GIFT_PRODUCT, GIFT_VENDOR, PEOPLE, demo_estate
from host.estate.plan import CardPlan
from host.model.office import Refused
from host.office.roles import BO, CS, IM
from host.store.connecting import Connection
from simulators.channels import CHANNELS, Place
from simulators.faults import no_faults
from simulators.record import Record
from simulators.terminal import PosTerminal
from simulators.trades import CURRENCY

TILL: Final = "80010039"
"""It sells gift cards, and is none of the swarm."""
CARDS: Final = 200
SOLD: Final = 3
PURCHASES: Final = 12
TAKEN_MINOR: Final = 1_000
AGREED: Final = "settles its batch: agreed"
DIFFERS: Final = "settles its batch: not agreed"


@dataclass(slots=True, kw_only=True)
class GiftTale(Tale):
    """What became of one batch of cards, from its first day to a lost card."""

    seed: int
    place: Place
    record: Record
    tills: int
    """How many trade meanwhile."""
    data: Path
    batch: str = ""
    money: MoneyTale | None = None
    """What came of them when they had holders."""

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
                await self._lose(staff, terminal, cards)
                self.money = MoneyTale(tally=self.tally, data=self.data)
                await self.money.run(staff, terminal, cards[SOLD + 1 :])
                settled = await terminal.settle()
                self.add("till", AGREED if settled.agrees else DIFFERS)
                await terminal.sign_off()

    def told(self, connection: Connection) -> Iterator[str]:
        """Both tales, each under a line that says what it is about."""
        yield f"a card batch: {self.batch}, made by one person and opened by another"
        yield from Tale.told(self, connection)
        if self.money is not None:
            yield from self.money.told(connection)

    async def _make(self, staff: DemoStaff, owner: str) -> list[CardPlan]:
        of: Mapping[str, object] = {"issuer": CITY.institution_id}
        vendor = await done(staff, IM, "vendor.save", {**of, **GIFT_VENDOR})
        product = await done(staff, IM, "product.revise", {**of, **GIFT_PRODUCT})
        made = await done(
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
        self.add("office", f"{named(IM)}, makes {len(cards)} cards of {face}")
        return cards

    async def _sell(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        self.note(_sells(1), await till.activate(cards[0], GIFT_FACE_MINOR), "21")
        tried = await trio.to_thread.run_sync(
            staff.ask, IM, "card_batch.open", {"batch": self.batch}
        )
        code = tried.code if isinstance(tried, Refused) else "done"
        self.add("office", f"{PEOPLE[IM].name} tries to open what is their own: {code}")
        await done(staff, BO, "card_batch.open", {"batch": self.batch})
        self.add("office", f"{named(BO)}, opens it with a one-time code")
        self.note(_sells(1), await till.activate(cards[0], GIFT_FACE_MINOR))
        for card in cards[1:SOLD]:
            self.count(await till.activate(card, GIFT_FACE_MINOR))
        dice = random.Random(f"{self.seed}/gifts")  # noqa: S311 - a simulation repeats itself
        for number in range(PURCHASES):
            minor = dice.randint(1, TAKEN_MINOR)
            self.count(await till.purchase(cards[number % SOLD], minor, None))
        self.add("till", f"sells {SOLD - 1} more, which pay for {PURCHASES} purchases by turns")

    async def _stop(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        why = {"batch": self.batch, "note": "suspicion"}
        await done(staff, BO, "card_batch.suspend", why)
        self.add("office", f"{PEOPLE[BO].name} suspends it while {self.tills} tills trade")
        self.note("its very next message", await till.purchase(cards[0], TAKEN_MINOR, None), "62")
        await done(staff, BO, "card_batch.resume", why | {"note": "unfounded"})
        self.add("office", f"{PEOPLE[BO].name} resumes it with a one-time code")
        self.note(buys(1), await till.purchase(cards[0], TAKEN_MINOR, None))

    async def _lose(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        lost = {"card": cards[1].id, "kind": "lose", "note": "reported"}
        await done(staff, CS, "card.freeze", lost)
        self.add("office", f"{named(CS)}, hears that card {2} is lost")
        self.note(buys(2), await till.purchase(cards[1], TAKEN_MINOR, None), "41")
        new = {"card": cards[1].id, "replacement": cards[SOLD].id, "note": "reported"}
        await agreed(staff, CS, "card.replace", new, IM)
        await comes_onto(staff, cards[SOLD])
        self.add("office", f"{PEOPLE[CS].name} replaces it by card {4}; {PEOPLE[IM].name} agrees")
        self.note(buys(2), await till.purchase(cards[1], TAKEN_MINOR, None), "57")
        self.note(buys(4), await till.purchase(cards[SOLD], TAKEN_MINOR, None))


def _sells(number: int) -> str:
    return f"sells card {number}"
