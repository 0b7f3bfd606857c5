"""Members of the demo's day give money to each other, and a rule of the house says no.

One gift is claimed; another is not, and its time is let be over, so that the clock gives it back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from config.run.staff import DemoStaff
from config.screen import amount
from config.tasks.ruled import rules_told
from config.tasks.story import decided
from config.tasks.tale import Tale, Told, agreed, buys, comes_onto, done, named, tries
from host.estate.demo import CITY, GIFT_FACE_MINOR, PEOPLE
from host.estate.plan import CardPlan
from host.model.numbers import rrn_of
from host.office.roles import CS, IM, RK
from host.office.visitors import PHONE
from host.store.connecting import Connection
from host.store.trace import trace
from simulators.terminal import PosTerminal
from simulators.trades import CURRENCY

SENDERS, OTHERS = 5, 6
"""Which cards of the batch they are: nobody has sold them."""
PHONES: Final = ("13800138201", PHONE)
"""Of the sender, and of whom it is for."""
GIVEN_MINOR: Final = 3_000
LEFT_MINOR: Final = 2_000
WISH: Final = "中秋快乐"
TAKEN_MINOR: Final = 1_000
MOST_MINOR: Final = 500
ACTIVATE: Final = ((IM, f"{IM} 2"), (f"{IM} 3", f"{IM} 2"))
"""Who asks for the first card and for the second, and who agrees: colleagues, for a phone shows a
new code each half minute, and a day of few seconds is not to wait for it."""
SEND, AGREE_TO_SEND = (CS, f"{CS} 2"), f"{IM} 4"
"""The same, of the two gifts."""
DECLINED_BY_RULE: Final = "61"


@dataclass(slots=True, kw_only=True)
class MoneyTale(Tale):
    """What became of two cards, two gifts and a rule."""

    data: Path
    """Of the demo, for who looks again."""
    ruled: Told | None = None
    """The message that the rule decided."""

    async def run(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        """The whole of it, with cards that nobody has."""
        for number, card in enumerate(cards[:2]):
            values = {"card": card.id, "phone": PHONES[number], "note": "the holder is known"}
            by, agreed_by = ACTIVATE[number]
            await agreed(staff, by, "card.activate_for", values, agreed_by)
        face = amount(GIFT_FACE_MINOR, CURRENCY)
        self.add("office", f"cards {SENDERS} and {OTHERS} of {face} each are held by two members")
        await self._give(staff, till, cards)
        await self._come_back(staff, till, cards)
        await self._rule(staff, till, cards)
        await self._wait(staff, cards)

    def told(self, connection: Connection) -> Iterator[str]:
        """The tale, and by which rule its decline was decided."""
        yield "money of members: a gift claimed, one that comes back, a rule that says no"
        yield from Tale.told(self, connection)
        if self.ruled is None or self.ruled.done is None:
            return
        slot = self.ruled.done.slot
        with connection.transaction():
            found = decided(connection, [slot]).get(slot)
        if found is None:
            return
        rrn = rrn_of(found.number)
        for label, text in rules_told(trace(connection, rrn).rules):
            if not label:  # the sentence that has one is longer than a line
                yield f"  ledger  {text}"
        yield f"  again   posswitch rules explain {rrn} --data {self.data}"

    async def _give(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        await self._send(staff, cards[0], SEND[0])
        await comes_onto(staff, cards[0], GIFT_FACE_MINOR - GIVEN_MINOR)
        self.note(buys(SENDERS), await till.purchase(cards[0], GIFT_FACE_MINOR, None), "51")
        await done(staff, CS, "gift.claim", {"card": cards[1].id})
        await comes_onto(staff, cards[1], GIFT_FACE_MINOR + GIVEN_MINOR)
        self.add("office", f"{named(CS)}, claims it onto card {OTHERS}")
        self.note(buys(OTHERS), await till.purchase(cards[1], GIFT_FACE_MINOR + TAKEN_MINOR, None))

    async def _come_back(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        there = GIFT_FACE_MINOR - GIVEN_MINOR
        await self._send(staff, cards[0], SEND[1])
        await comes_onto(staff, cards[0], there - GIVEN_MINOR)
        await trio.to_thread.run_sync(staff.let_gifts_be_due)
        await comes_onto(staff, cards[0], there)
        self.add("office", "nobody claims it, and the clock gives it back")
        self.note(buys(SENDERS), await till.purchase(cards[0], TAKEN_MINOR, None))

    async def _wait(self, staff: DemoStaff, cards: list[CardPlan]) -> None:
        """Whoever looks around when the day is over finds a gift that waits."""
        sender = await trio.to_thread.run_sync(staff.member, PHONES[0])
        values = {"card": cards[0].id, "amount_minor": LEFT_MINOR, "phone": PHONES[1],
                  "wish": WISH}  # fmt: skip
        await done(staff, sender, "gift.send", values)
        self.add("phone", f"its holder gives {amount(LEFT_MINOR, CURRENCY)} more, which wait")

    async def _send(self, staff: DemoStaff, card: CardPlan, by: str) -> None:
        values = {"card": card.id, "amount_minor": GIVEN_MINOR, "phone": PHONES[1]}
        await agreed(staff, by, "gift.send", values, AGREE_TO_SEND)
        given = amount(GIVEN_MINOR, CURRENCY)
        self.add("office", f"{PEOPLE[CS].name} sends {given} of card {SENDERS} to a phone")

    async def _rule(self, staff: DemoStaff, till: PosTerminal, cards: list[CardPlan]) -> None:
        most = amount(MOST_MINOR, CURRENCY)
        written = {
            "issuer": CITY.institution_id,
            "name": f"at most {most} a purchase",
            "says": "amount_max",
            "amount_minor": MOST_MINOR,
            "period": "transaction",
            "kinds": ["purchase"],
            "these_cards": [cards[1].id],
        }
        made = await done(staff, IM, "rule.save", written)
        since = await trio.to_thread.run_sync(staff.open_date)
        rule = int(made.subject)
        await tries(staff, IM, rule, since)
        values = {"house_rule": rule, "since": since.isoformat()}
        await agreed(staff, IM, "rule.activate", values, RK)
        self.add("office", f"{named(IM)}, lets card {OTHERS} buy for {most} at once")
        sale = await till.purchase(cards[1], MOST_MINOR + 1, None)
        self.note(buys(OTHERS), sale, DECLINED_BY_RULE)
        self.ruled = self.lines[-1]
