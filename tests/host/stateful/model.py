"""What cards have, and what each message is to be answered: sums, lots and what became of deals.

It shares no code with the host. A method says what the host is to answer, and changes the model as
that answer says. Points are kept in lots, each with its last day, for that is where they differ.
"""

import datetime as dt
from dataclasses import dataclass, field

from host.model.responses import Reason

OK = Reason.APPROVED
PART = Reason.PARTLY_APPROVED
NO_MONEY = Reason.INSUFFICIENT_FUNDS


@dataclass(frozen=True)
class Terms:
    """What an issuer of the demo's estate lets its cards do."""

    amount_max: int
    balance_max: int
    points_per_yuan: int
    redemption_min: int
    may_owe: bool
    months: int
    unit: str
    pin_tries: int = 3
    earns_more: bool = False
    """From an amount on, to a day's and a month's end: see `MORE`."""


CITY = Terms(500_000, 1_000_000, 1, 100, may_owe=True, months=24, unit="P:CITY", earns_more=True)
PEAR = Terms(200_000, 500_000, 2, 500, may_owe=False, months=12, unit="P:PEAR")


MORE = (20_000, 3, 1_500, 4_000)
"""From which amount on how many times the points, and how many a card has by that at most in a
day, and in a month."""


@dataclass
class Lot:
    """Points that came together."""

    place: int
    """In the order in which they came."""
    until: dt.date
    left: int


@dataclass
class Card:
    """What one card has."""

    number: int
    terms: Terms
    value: int
    lots: list[Lot] = field(default_factory=list)
    others: list[Lot] = field(default_factory=list)
    """Of points that it has in another programme, which no till deals in."""
    wrong_pins: int = 0
    owed_by_merchants: int = 0
    held: int = 0
    """Of its value, for merchants."""
    earned_more: "list[Deal]" = field(default_factory=list)
    """Deals that have earned by the rule that gives more."""
    waiting: int = 0
    """What has left it as gifts that nobody has taken yet."""

    @property
    def free(self) -> int:
        """Value that nobody holds."""
        return self.value - self.held

    def short(self, amount: int) -> Reason:
        """Why so much cannot be taken back: it is held, or not there at all."""
        return Reason.VALUE_HELD if self.held and amount <= self.value else NO_MONEY

    def too_little(self, amount: int) -> Reason:
        """Why so much cannot be spent: it is held, waits as a gift, or is not there at all."""
        kept = self.held + self.waiting
        return Reason.VALUE_HELD if kept and amount <= self.free + kept else NO_MONEY

    @property
    def points(self) -> int:
        """All of them, expired ones that nobody wrote off yet, too."""
        return sum(lot.left for lot in self.lots)

    def spendable(self, on: dt.date) -> int:
        """Points that a till may take."""
        return spendable(self.lots, on)

    def in_order(self, first: Lot | None = None) -> list[Lot]:
        """As they are taken from: one before all others, then by their last days."""
        return sorted(self.lots, key=lambda lot: (lot is not first, lot.until, lot.place))


def spendable(lots: list[Lot], on: dt.date) -> int:
    """Points without what has expired; what that paid of a debt is not lost."""
    points = sum(lot.left for lot in lots)
    gone = sum(lot.left for lot in lots if lot.left > 0 and lot.until < on)
    owed = -sum(lot.left for lot in lots if lot.left < 0)
    return min(points, points - (gone - owed)) if gone else points


def fresh(lots: list[Lot], on: dt.date) -> list[Lot]:
    """Those that have not expired, as they are taken from."""
    return sorted((lot for lot in lots if lot.until >= on), key=lambda lot: (lot.until, lot.place))


Takings = list[tuple[Lot, int]]
"""Out of which lots how many points went; below zero: came."""


def take(lots: list[Lot], points: int) -> Takings:
    """As many as there are in each, one after the other."""
    taken: Takings = []
    for lot in lots:
        part = min(points, lot.left)
        if part > 0:
            lot.left -= part
            points -= part
            taken.append((lot, part))
    return taken if not points else [*taken, (lots[0], owe(lots[0], points))]


def owe(lot: Lot, points: int) -> int:
    """What no lot has any more."""
    lot.left -= points
    return points


def give(taken: Takings) -> Takings:
    """To the very lots that they were taken from."""
    for lot, points in taken:
        lot.left += points
    return [(lot, -points) for lot, points in taken]


@dataclass
class Deal:
    """Something that was asked about a card, and what has become of it."""

    card: Card
    amount: int
    kind: str
    answer: Reason = OK
    earned: Lot | None = None
    worth: int = 0
    """What of it points have paid."""
    points: int = 0
    """That it earned."""
    more_on: dt.date | None = None
    """The day on which it earned by the rule that gives more."""
    taken: Takings = field(default_factory=list)
    refunded: int = 0
    voids: int = 0
    is_reversed: bool = False
    is_final: bool = False
    """It never stands again, whatever undid it: a reversal has said so."""
    of: "Deal | None" = None

    @property
    def is_approved(self) -> bool:
        """The whole of it, or a part."""
        return self.answer in {OK, PART}

    @property
    def is_part(self) -> bool:
        """Less than was asked."""
        return self.answer is PART

    @property
    def is_undone(self) -> bool:
        """By a void that stands, or by its reversal."""
        return self.voids > 0 or self.is_reversed

    @property
    def points_kept(self) -> int:
        """Of those that it earned."""
        if self.is_undone:
            return 0
        return self.points - _part(self.points, self.amount - self.worth, self.refunded)


class Model:
    """All cards of one run, and the date."""

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self._place = 0

    def lot(self, card: Card, points: int) -> Lot:
        """Points that come today."""
        first = self.today.replace(day=1)
        month = first.year * 12 + first.month + card.terms.months
        until = dt.date(month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
        return self.came(card.lots, points, until)

    def came(self, lots: list[Lot], points: int, until: dt.date) -> Lot:
        """Points with a last day, behind all that came before."""
        self._place += 1
        made = Lot(self._place, until, points)
        lots.append(made)
        return made

    def inquire(self, card: Card, *, pin_is_right: bool) -> Deal:
        """What is there."""
        return Deal(card, 0, "inquiry", pin(card, is_right=pin_is_right) or OK)

    def buy(self, card: Card, amount: int, *, pin_is_right: bool, takes_part: bool = False) -> Deal:
        """Value for goods, and points for it: all of it, or for what there is."""
        deal = Deal(card, amount, "purchase")
        deal.answer = (
            pin(card, is_right=pin_is_right)
            or (Reason.AMOUNT_LIMIT if amount > card.terms.amount_max else None)
            or (card.too_little(amount) if amount > card.free else OK)
        )
        if deal.answer in {NO_MONEY, Reason.VALUE_HELD} and takes_part and card.free > 0:
            deal.answer, deal.amount = PART, card.free
        if deal.is_approved:
            card.value -= deal.amount
            self.earned(deal, deal.amount)
        return deal

    def earn(self, card: Card, amount: int) -> Deal:
        """Points for what was paid elsewhere."""
        deal = Deal(card, amount, "earning")
        if amount > card.terms.amount_max:
            deal.answer = Reason.AMOUNT_LIMIT
        elif not self.points_of(deal, amount):
            deal.answer = Reason.INVALID_AMOUNT
        else:
            self.earned(deal, amount)
        return deal

    def load(self, card: Card, amount: int) -> Deal:
        """Cash to value."""
        deal = Deal(card, amount, "load")
        if amount > card.terms.amount_max or card.free + amount > card.terms.balance_max:
            deal.answer = Reason.AMOUNT_LIMIT
        else:
            card.value += amount
        return deal

    def redeem(self, card: Card, points: int, *, takes_part: bool = False) -> Deal:
        """Points for goods, those first that expire first."""
        deal = Deal(card, points, "redemption")
        if card.wrong_pins >= card.terms.pin_tries:
            deal.answer = Reason.PIN_TRIES_EXCEEDED
        elif points < card.terms.redemption_min:
            deal.answer = Reason.INVALID_AMOUNT
        elif points > (there := card.spendable(self.today)):
            deal.answer = NO_MONEY
            if takes_part and there > 0:
                deal.answer, deal.amount = PART, there
                if there < card.terms.redemption_min:
                    deal.answer = Reason.INVALID_AMOUNT
        if deal.is_approved:
            deal.taken = take(fresh(card.lots, self.today), deal.amount)
        return deal

    def void(self, sale: Deal, amount: int) -> Deal:
        """All of it back."""
        done = Deal(sale.card, amount, "void", of=sale)
        if sale.kind == "load":
            done.answer = Reason.INVALID_TRANSACTION
        elif sale.is_undone or sale.refunded:
            done.answer = Reason.ORIGINAL_VOIDED
        elif amount != sale.amount:
            done.answer = Reason.ORIGINAL_MISMATCH
        elif not self.has(sale.card, sale.points):
            done.answer = NO_MONEY
        return done

    def refund(self, sale: Deal, amount: int) -> Deal:
        """Some or all of a sale back; of points all or nothing."""
        done = Deal(sale.card, amount, "refund", of=sale)
        after, money = sale.refunded + amount, sale.amount - sale.worth
        back = _part(sale.points, money, after) - _part(sale.points, money, sale.refunded)
        if sale.kind not in {"purchase", "combined", "completion", "redemption"}:
            done.answer = Reason.INVALID_TRANSACTION
        elif sale.is_undone:
            done.answer = Reason.ORIGINAL_VOIDED
        elif sale.kind == "redemption" and amount != sale.amount:
            done.answer = Reason.ORIGINAL_MISMATCH
        elif after > sale.amount:
            done.answer = Reason.AMOUNT_LIMIT
        elif not self.has(sale.card, back):
            done.answer = NO_MONEY
        elif sale.kind == "redemption":
            sale.refunded, done.taken = after, give(sale.taken)
        else:
            before, sale.refunded = sale.refunded, after
            sale.card.value += min(after, money) - min(before, money)
            if back:
                done.taken = take(self._payers(sale), back)
            first, last = max(before - money, 0), max(after - money, 0)
            done.taken += give(_last_first(sale.taken, first, last))
        return done

    def reverse(self, deal: Deal) -> Reason:
        """It never happened: or it stands, and that is said."""
        if not deal.is_approved or deal.is_reversed:
            return OK
        if deal.is_undone or (deal.of is not None and deal.of.is_final):
            deal.is_final = deal.is_reversed = True
            return OK
        if deal.kind == "refund":
            return Reason.FUNCTION_NOT_SUPPORTED
        if deal.refunded:
            return Reason.ORIGINAL_VOIDED
        if (short := self._why_not(deal)) is not None:
            return short
        deal.is_reversed = True
        if deal.kind == "void":
            self._do_again(deal)
        else:
            self.undo(deal)
        return OK

    def earned(self, deal: Deal, amount: int) -> None:
        """Points for so much."""
        deal.points = self.points_of(deal, amount)
        if deal.more_on is not None:
            deal.card.earned_more.append(deal)
        if deal.points:
            deal.earned = self.lot(deal.card, deal.points)

    def points_of(self, deal: Deal, amount: int) -> int:
        """What all earn; by the rule that gives more, what is left of it for the day and month."""
        card, each = deal.card, deal.card.terms.points_per_yuan
        least, times, of_day, of_month = MORE
        if not card.terms.earns_more or amount < least:
            return amount * each // 100
        had = {one.more_on: 0 for one in card.earned_more}
        for one in card.earned_more:
            had[one.more_on] += one.points_kept
        month = self.today.replace(day=1)
        room = min(
            of_day - had.get(self.today, 0),
            of_month - sum(kept for on, kept in had.items() if on is not None and on >= month),
        )
        deal.more_on = self.today
        return max(min(amount * each * times // 100, room), 0)

    def undo(self, sale: Deal) -> Takings:
        """Give what it took, take what it gave: of points what the card has, or may owe."""
        card = sale.card
        if sale.kind in {"purchase", "combined", "completion"}:
            card.value += sale.amount - sale.worth
        elif sale.kind == "load":
            card.value -= sale.amount
        elif sale.kind == "redemption":
            return give(sale.taken)
        taken: Takings = []
        if sale.points:
            part = sale.points if card.terms.may_owe else min(sale.points, max(card.points, 0))
            card.owed_by_merchants += sale.points - part
            taken = take(self._payers(sale), part) if part else []
        return taken + give(sale.taken)

    @staticmethod
    def _payers(sale: Deal) -> list[Lot]:
        """Lots that what it earned is taken out of: none that it fills again."""
        filled = {lot.place for lot, _ in sale.taken}
        lots = sale.card.in_order(sale.earned)
        return [lot for lot in lots if lot is sale.earned or lot.place not in filled]

    def _do_again(self, void: Deal) -> None:
        sale = void.of
        assert sale is not None
        sale.voids -= 1
        if sale.kind in {"purchase", "combined"}:
            sale.card.value -= sale.amount - sale.worth
        give(void.taken)

    def _why_not(self, deal: Deal) -> Reason | None:
        """What a load, an earning or a void gave: whoever gave it stays liable once it is spent."""
        card, kind = deal.card, deal.kind
        given = deal.of if kind == "void" else deal
        assert given is not None
        if kind == "void" and given.kind == "redemption":
            return None if self.has(card, given.amount) else NO_MONEY
        if kind == "earning":
            return None if self.has(card, deal.points) else NO_MONEY
        if (kind, given.kind) in {("void", "purchase"), ("void", "combined"), ("load", "load")}:
            money = given.amount - given.worth
            return None if card.free >= money else card.short(money)
        return None

    @staticmethod
    def has(card: Card, points: int) -> bool:
        """Whether so many points can be taken back."""
        return not points or card.terms.may_owe or points <= max(card.points, 0)


def _part(points: int, money: int, refunded: int) -> int:
    """Of points that so much money has earned, what goes back once so much of it did."""
    return points * min(refunded, money) // money if money else 0


def _last_first(taken: Takings, first: int, last: int) -> Takings:
    """Of what was taken out of lots, the last taken first, from so many points up to so many."""
    found: Takings = []
    start = 0
    for lot, points in sorted(taken, key=lambda one: (one[0].until, one[0].place), reverse=True):
        part = min(start + points, last) - max(start, first)
        if part > 0:
            found.append((lot, part))
        start += points
    return found


def pin(card: Card, *, is_right: bool) -> Reason | None:
    """Why it does not pass; wrong ones are counted."""
    if card.wrong_pins >= card.terms.pin_tries:
        return Reason.PIN_TRIES_EXCEEDED
    card.wrong_pins = 0 if is_right else card.wrong_pins + 1
    if is_right:
        return None
    is_last = card.wrong_pins == card.terms.pin_tries
    return Reason.PIN_TRIES_EXCEEDED if is_last else Reason.WRONG_PIN
