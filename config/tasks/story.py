"""What a day with terminals tells: who traded what, one decline, one lost answer to its end.

The terminals' own record says what was asked and told, the ledger what was decided and moved. One
seed asks the same trades, so it picks the same examples.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.rows import dict_row

from config.screen import Column, Sheet, amount, number
from config.tasks.progress import MEANINGS, Fate, fates_of
from host.estate.demo import external_cards
from host.estate.plan import EstatePlan
from host.model.claims import APPROVALS, Claim
from host.model.requests import Family, Kind
from host.model.responses import RESPONSE_CODES
from host.store.connecting import Connection
from host.store.queries import load_queries
from simulators.channels import CHANNELS
from simulators.record import Event, What, claims_of
from simulators.trades import CURRENCY
from terminals.describe.meanings import CATEGORIES

SQL: Final = load_queries("config.tasks", "story.sql")
TOLD_FIRST: Final = ("51", "61", "55")
"""Declines that everybody knows."""
POINTS: Final = "P:"
COLUMNS: Final = (
    Column("channel"),
    *map(number, ("trades", "approved", "declined", "lost", "sold", "redeemed")),
)


class Story:
    """A day as its terminals recorded it."""

    def __init__(
        self, events: Sequence[Event], estate: EstatePlan, channels: Iterable[str]
    ) -> None:
        self.claims = {claim.slot: claim for claim in claims_of(events)}
        self.fates = fates_of(events)
        self._asked = [event for event in events if event.what is What.SENT]
        self._channels = {
            plan.terminal_id: channel
            for channel in channels
            for plan in estate.terminals
            if CHANNELS[channel].takes(plan)
        }
        cards = (*estate.cards, *external_cards())
        self._cards = {card.id: card.pan.masked for card in cards}

    def trade_list(self) -> list[tuple[str, str, int | None, int, str]]:
        """What was asked: terminal, kind, card, amount, unit; each terminal's in its own order."""
        asked = (
            (terminal_of(one.slot), str(one.kind), one.card_id, one.amount_minor, one.unit)
            for one in self._asked
        )
        return sorted(asked, key=lambda row: row[0])

    def digest(self) -> str:
        """By which two trade lists are known to be the same."""
        return hashlib.sha256(repr(self.trade_list()).encode()).hexdigest()[:12]

    def sheet(self) -> Sheet:
        """Channel by channel, and all of them."""
        by_channel: dict[str, list[Claim]] = {}
        for slot, claim in self.claims.items():
            by_channel.setdefault(self._channels.get(terminal_of(slot), "other"), []).append(claim)
        rows = [self._row(channel, claims) for channel, claims in by_channel.items()]
        total = self._row("all", list(self.claims.values()))
        return Sheet(COLUMNS, [*sorted(rows), total], title="what was traded, by channel")

    def _row(self, channel: str, claims: Sequence[Claim]) -> tuple[str, ...]:
        lost = sum(claim.slot in self.fates for claim in claims)
        approved = [
            claim for claim in claims if claim.told in APPROVALS and claim.slot not in self.fates
        ]
        sums = Counter[Kind]()
        for claim in approved:
            sums[claim.kind] += claim.amount_minor
        counts = (len(claims), len(approved), len(claims) - len(approved) - lost, lost)
        return (
            channel,
            *(f"{count:,}" for count in counts),
            amount(sums[Kind.PURCHASE], CURRENCY),
            amount(sums[Kind.POINTS_REDEMPTION], POINTS),
        )

    def asked(self, claim: Claim) -> str:
        """What was asked at the till."""
        masked = self._cards.get(claim.card_id or 0, "of a card batch")
        card = "" if claim.card_id is None else f", card {masked}"
        what = claim.kind.value.replace("_", " ")
        return f"asked for a {what} of {amount(claim.amount_minor, claim.unit)}{card}"

    def a_decline(self) -> Claim | None:
        """The first decline of the most telling code, by its slot."""
        declines = [
            claim
            for slot, claim in sorted(self.claims.items())
            if claim.told is not None and claim.told not in APPROVALS and slot not in self.fates
        ]
        wanted = (one for code in TOLD_FIRST for one in declines if one.told == code)
        return next(wanted, declines[0] if declines else None)

    def reversed_slots(self) -> list[str]:
        """Sales that were reversed because their answer was lost."""
        return [
            slot
            for slot, fate in self.fates.items()
            if fate is Fate.REVERSED and self.claims[slot].kind is Kind.PURCHASE
        ]


def terminal_of(slot: str) -> str:
    """Whose message it is."""
    return slot.split("/")[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg of a journal: which accounts, how much."""

    debit: str
    credit: str
    amount_minor: int
    unit: str

    def __str__(self) -> str:
        return f"{amount(self.amount_minor, self.unit)} from {self.debit} to {self.credit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the ledger has of one message."""

    number: int
    reason: str
    legs: tuple[Leg, ...]


def decided(connection: Connection, slots: Sequence[str]) -> Mapping[str, Decided]:
    """What the ledger has of these messages, by their slots."""
    found: dict[str, Decided] = {}
    for row in _rows(connection, "decided", slots):
        before = found.get(row["slot"])
        legs = () if before is None else before.legs
        if row["leg"] is not None:
            legs += (Leg(**{name: row[name] for name in Leg.__slots__}),)
        found[row["slot"]] = Decided(number=row["id"], reason=row["reason"], legs=legs)
    return found


def decline_lines(story: Story, connection: Connection) -> Iterator[str]:
    """One decline: asked, told, why, and that nothing moved."""
    claim = story.a_decline()
    if claim is None or claim.told is None:
        yield "nothing was declined"
        return
    yield f"a decline: terminal {terminal_of(claim.slot)}, trace {_trace(claim.slot)}"
    yield f"  till    {story.asked(claim)}"
    yield f"  till    was told {claim.told}: {MEANINGS.get(claim.told, 'of another table')}"
    ours = decided(connection, [claim.slot]).get(claim.slot)
    if ours is not None:
        moved = "nothing moved" if not ours.legs else f"{len(ours.legs)} legs"
        yield f"  ledger  decided {ours.reason} in exchange {ours.number}: {moved}"
    yield f"  why     {_category(claim.told)}; posswitch explain 39={claim.told}"


def time_out_lines(story: Story, connection: Connection) -> Iterator[str]:
    """One sale whose answer was lost: from the till to the ledger, and back."""
    slots = story.reversed_slots()
    if not slots:
        yield "no sale lost its answer"
        return
    [row] = _rows(connection, "first_posted", slots)
    slot = row["slot"] or min(slots)
    undo = slot.removesuffix(Family.FINANCIAL.value) + Family.REVERSAL.value
    found = decided(connection, [slot, undo])
    claim = story.claims[slot]
    yield f"a time-out: terminal {terminal_of(slot)}, trace {_trace(slot)}"
    yield f"  till    {story.asked(claim)}"
    yield from _moved(found.get(slot))
    yield "  till    heard no answer that it could believe, and sent a reversal"
    yield from _moved(found.get(undo))
    yield f"  till    was told {claim.reversal_told}; {_rest(found.values())}"


def _moved(ours: Decided | None) -> Iterator[str]:
    if ours is None:
        yield "  ledger  never heard of it"
        return
    moved = "" if ours.legs else ", and nothing moved"
    yield f"  ledger  decided {ours.reason} in exchange {ours.number}{moved}"
    for leg in ours.legs:
        yield f"          {leg}"


def _rest(found: Iterable[Decided]) -> str:
    """What stays on the accounts when all of it is done."""
    rests = Counter[tuple[str, str]]()
    for leg in (leg for one in found for leg in one.legs):
        rests[leg.debit, leg.unit] -= leg.amount_minor
        rests[leg.credit, leg.unit] += leg.amount_minor
    left = [f"{amount(minor, unit)} on {chart}" for (chart, unit), minor in rests.items() if minor]
    return f"left: {', '.join(left)}" if left else "nothing of it stands"


def _trace(slot: str) -> str:
    return slot.split("/")[3]


def _category(f39: str) -> str:
    row = next((each for each in RESPONSE_CODES.values() if each.f39 == f39), None)
    return "a code of the issuer's" if row is None else CATEGORIES[row.category]


def _rows(connection: Connection, name: str, slots: Sequence[str]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(SQL[name], {"slots": list(slots)}))
