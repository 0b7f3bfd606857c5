"""Which cards of a member pay together, and what of the others comes onto the one that does.

Cards of one issuer pay together, in the order in which they end: those before the last one that is
needed are emptied onto that. Where points pay as well, those that expire first do, whichever card
they are on; so many of each other card's come onto the one that pays. What points pay takes no
money, and where they pay all of it the card pays that has most of them.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from host.model.own import CardAt

LOTS_MAX: Final = 16
"""Of other cards' points: so many lots come for one payment, each by two postings."""


class Lot(NamedTuple):
    """Points of a card that are lost together."""

    last_day: dt.date
    points: int


class Owned(NamedTuple):
    """A card in use of who pays."""

    shard: int
    pan_hash: bytes
    id: int
    issuer: int
    part: int | None
    masked: str
    free_minor: int
    points: int = 0
    """That may be spent, of its issuer's primary programme."""
    lots: tuple[Lot, ...] = ()
    """The first of them to be lost."""

    @property
    def at(self) -> CardAt:
        """Where it lives."""
        return CardAt(self.shard, bytes(self.pan_hash))


class Worth(NamedTuple):
    """How many points pay, and how much."""

    points: int = 0
    minor: int = 0


class Plan(NamedTuple):
    """The card that pays, and what comes onto it before."""

    payer: Owned
    emptied: tuple[Owned, ...] = ()
    """Cards whose money does."""
    points: tuple[tuple[Owned, int], ...] = ()
    """Cards of whose points so many do."""


PaidByPoints = Callable[[int, int], Worth]
"""What points of an issuer's cards pay of the amount, of so many that there are."""


def no_points(_issuer: int, _there: int) -> Worth:
    """Money alone pays."""
    return Worth()


def plan_of(
    cards: Sequence[Owned],
    amount_minor: int,
    *,
    takes_part: bool,
    paid_by: PaidByPoints = no_points,
) -> Plan | None:
    """The first issuer's that cover it, as many as it takes; None where there is no card.

    What is never enough is not gathered, but for who takes a part: it is declined as it is.
    """
    if not cards:
        return None
    for issuer in dict.fromkeys(card.issuer for card in cards):
        plan = _covering(_of_issuer(cards, issuer), amount_minor, paid_by)
        if plan is not None:
            return plan
    first = next((card for card in cards if card.free_minor > 0), cards[0])
    if not takes_part:
        return Plan(first)
    return _of_all(_of_issuer(cards, first.issuer), paid_by)


def _of_issuer(cards: Sequence[Owned], issuer: int) -> list[Owned]:
    return [card for card in cards if card.issuer == issuer]


def _covering(cards: Sequence[Owned], amount_minor: int, paid_by: PaidByPoints) -> Plan | None:
    most = max(cards, key=lambda card: card.points)
    worth, moved = _points_onto(most, cards, paid_by)
    if worth >= amount_minor:
        return Plan(most, (), moved)
    emptied: list[Owned] = []
    sum_minor = 0
    for card in cards:
        if card.free_minor <= 0:
            continue
        sum_minor += card.free_minor
        worth, moved = _points_onto(card, cards, paid_by)
        if sum_minor + worth >= amount_minor:
            return Plan(card, tuple(emptied), moved)
        emptied.append(card)
    return None


def _of_all(cards: Sequence[Owned], paid_by: PaidByPoints) -> Plan:
    """All there is, on the last card that has money; without any, where most points are."""
    *emptied, payer = [card for card in cards if card.free_minor > 0] or [
        max(cards, key=lambda card: card.points)
    ]
    return Plan(payer, tuple(emptied), _points_onto(payer, cards, paid_by)[1])


def _points_onto(
    payer: Owned, cards: Sequence[Owned], paid_by: PaidByPoints
) -> tuple[int, tuple[tuple[Owned, int], ...]]:
    """What points would pay on this card, and how many of each other's have to come for that.

    What it owes is not spent: others bring that first.
    """
    lots = _first_lots(payer, cards)
    there = payer.points + sum(lot.points for card, lot in lots if card.id != payer.id)
    points, minor = paid_by(payer.issuer, there)
    left = points + max(-payer.points, 0) if points else 0
    moved: dict[int, int] = {}
    for card, lot in lots:
        taken = min(lot.points, left)
        left -= taken
        if taken and card.id != payer.id:
            moved[card.id] = moved.get(card.id, 0) + taken
    return minor, tuple((card, moved[card.id]) for card in cards if card.id in moved)


def _first_lots(payer: Owned, cards: Sequence[Owned]) -> list[tuple[Owned, Lot]]:
    """Those that are lost first of all cards, as many as may come, and of each what is free.

    All that its own lots have beyond those that were looked at is taken with the last one of them.
    """
    lots: list[tuple[Owned, Lot]] = []
    for card in cards:
        free = max(card.points, 0)
        for lot in card.lots:
            lots.append((card, Lot(lot.last_day, min(lot.points, free))))
            free -= lots[-1][1].points
        if card.id == payer.id and card.lots:
            last = lots.pop()[1]
            lots.append((card, Lot(last.last_day, last.points + free)))
    lots.sort(key=lambda one: (one[1].last_day, one[0].id != payer.id))
    others = [one for one in lots if one[0].id != payer.id and one[1].points][:LOTS_MAX]
    return [one for one in lots if one[0].id == payer.id or one in others]
