"""Pre-authorisations: held, increased, completed, voided, and all of it undone."""

from dataclasses import dataclass

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from host.model.requests import Kind, Original, Request
from host.model.responses import Reason
from tests.host.stateful.machine import AMOUNT, ANY, WHICH, Said, Sales
from tests.host.stateful.model import NO_MONEY, OK, Card, Deal, Takings, pin

HELD_ALONE = {"preauth", "increment", "preauth_void"}
FORTY = Reason.FUNCTION_NOT_SUPPORTED


@dataclass
class Hold:
    """What a merchant was promised."""

    amount: int
    held: int
    ended_by: str = ""
    never_was: bool = False
    """A reversal of its opening has been told that nothing of it stands."""


@dataclass(kw_only=True)
class HoldDeal(Deal):
    """What was asked about a hold."""

    hold: Hold
    out_of_hold: int = 0
    """What a completion took from it, or let go."""
    is_advice: bool = False
    """It is repeated until it is answered, and never reversed."""


class Holds(Sales):
    """Money that is kept for merchants."""

    @rule(which=WHICH, amount=AMOUNT, is_right=st.sampled_from([True] * 9 + [False]))
    def hold(self, which: int, amount: int, is_right: bool) -> None:
        """A pre-authorisation."""
        card = self.cards[which]
        asked = self.house.till.request(
            Kind.PREAUTH, card.number, amount, pin="123456" if is_right else "1111"
        )
        answer = pin(card, is_right=is_right) or _why_not_held(card, amount)
        if answer is OK:
            card.held += amount
        self.say(asked, HoldDeal(card, amount, "preauth", answer, hold=Hold(amount, amount)))

    @rule(number=ANY, amount=AMOUNT)
    def increase(self, number: int, amount: int) -> None:
        """More is kept."""
        opened = self._opened(number)
        if opened is None:
            return
        said, hold = opened
        card = said.deal.card
        answer = (
            (Reason.PIN_TRIES_EXCEEDED if card.wrong_pins >= card.terms.pin_tries else None)
            or _why_not_named(hold)
            or _why_not_held(card, amount)
        )
        if answer is OK:
            hold.amount, hold.held, card.held = (
                hold.amount + amount,
                hold.held + amount,
                (card.held + amount),
            )
        asked = self._about(said, Kind.PREAUTH_INCREMENT, amount)
        self.say(asked, HoldDeal(card, amount, "increment", answer, hold=hold))

    @rule(number=ANY, more=st.sampled_from([0, 0, 0, 1]))
    def let_go(self, number: int, more: int) -> None:
        """The void of a pre-authorisation."""
        opened = self._opened(number)
        if opened is None:
            return
        said, hold = opened
        card, amount = said.deal.card, hold.amount + more
        answer = _why_not_named(hold) or (Reason.ORIGINAL_MISMATCH if more else OK)
        left = hold.held
        if answer is OK:
            card.held -= left
            hold.held, hold.ended_by = 0, "preauth_void"
        asked = self._about(said, Kind.PREAUTH_VOID, amount)
        self.say(asked, HoldDeal(card, left, "preauth_void", answer, hold=hold))

    @rule(
        number=ANY,
        parts=st.sampled_from([1, 1, 2, 3]),
        more=st.sampled_from([0, 0, 0, 1]),
        is_advice=st.booleans(),
    )
    def complete(self, number: int, parts: int, more: int, is_advice: bool) -> None:
        """Paid out of it, all or some."""
        opened = self._opened(number)
        if opened is None:
            return
        said, hold = opened
        card, amount = said.deal.card, max(hold.held // parts, 1) + more
        answer = _why_not_named(hold) or (Reason.AMOUNT_LIMIT if amount > hold.held else OK)
        deal = HoldDeal(card, amount, "completion", answer, hold=hold, is_advice=is_advice)
        if answer is OK:
            _settle(deal)
            card.value -= amount
            self.model.earned(deal, amount)
        asked = self._about(said, Kind.COMPLETION_ADVICE if is_advice else Kind.COMPLETION, amount)
        self.say(asked, deal)

    @rule(number=ANY)
    def void_a_completion(self, number: int) -> None:
        """The sale never was, the hold stands again."""
        sale = self.choose(number, "completion")
        if sale is None:
            return
        deal = sale.deal
        assert isinstance(deal, HoldDeal)
        done = HoldDeal(deal.card, deal.amount, "completion_void", hold=deal.hold, of=deal)
        if deal.is_undone or deal.refunded:
            done.answer = Reason.ORIGINAL_VOIDED
        elif not self.model.has(deal.card, deal.points):
            done.answer = NO_MONEY
        else:
            deal.voids += 1
            done.taken = self._undo_completion(deal)
        asked = self._undoing(Kind.COMPLETION_VOID, sale, deal.amount, "80010001")
        self.say(asked, done)

    def undone(self, deal: Deal) -> Reason:
        """As of any other, but that a hold goes with it."""
        if not isinstance(deal, HoldDeal) or not deal.is_approved or deal.is_reversed:
            return super().undone(deal)
        if deal.is_undone or deal.is_final or (deal.of is not None and deal.of.is_final):
            deal.is_final = deal.is_reversed = True
            return OK
        if deal.is_advice or deal.refunded:
            return FORTY if deal.is_advice else Reason.ORIGINAL_VOIDED
        if deal.kind in HELD_ALONE:
            return _reverse_held(deal)
        return (
            self._reverse_completion(deal)
            if deal.kind == "completion"
            else self._do_completion_again(deal)
        )

    def _reverse_completion(self, deal: HoldDeal) -> Reason:
        deal.is_reversed = True
        self._undo_completion(deal)
        return OK

    def _undo_completion(self, deal: HoldDeal) -> Takings:
        card, hold = deal.card, deal.hold
        back = min(deal.out_of_hold, max(card.free + deal.amount, 0))
        taken = self.model.undo(deal)
        hold.held, card.held = hold.held + back, card.held + back
        if back:
            hold.ended_by = ""
        return taken

    def _do_completion_again(self, void: HoldDeal) -> Reason:
        sale = void.of
        assert isinstance(sale, HoldDeal)
        card, hold = void.card, void.hold
        if hold.held and sale.amount <= hold.held + max(card.free, 0):
            _settle(sale)
        elif card.free < sale.amount:
            return card.short(sale.amount)
        else:
            sale.out_of_hold = 0
        void.is_reversed = True
        sale.voids -= 1
        card.value -= sale.amount
        for lot, points in void.taken:
            lot.left += points
        return OK

    def _opened(self, number: int) -> tuple[Said, Hold] | None:
        said = self.choose(number, "preauth")
        if said is None:
            return None
        assert isinstance(said.deal, HoldDeal)
        return said, said.deal.hold

    def _about(self, said: Said, kind: Kind, amount: int) -> Request:
        """By the code and the date of its slip."""
        told = said.answer
        slip = Original(auth_code=told.auth_code, local_date=told.local_time[4:8], rrn=told.rrn)
        asked = self.house.till.request(kind, said.deal.card.number, amount)
        return msgspec.structs.replace(asked, original=slip)


def _why_not_held(card: Card, amount: int) -> Reason:
    if amount > card.terms.amount_max:
        return Reason.AMOUNT_LIMIT
    return card.too_little(amount) if amount > card.free else OK


def _why_not_named(hold: Hold) -> Reason | None:
    if hold.held:
        return None
    is_completed = hold.ended_by == "completion"
    return Reason.HOLD_COMPLETED if is_completed else Reason.ORIGINAL_VOIDED


def _settle(deal: HoldDeal) -> None:
    """It is paid out of the hold, and what that had more is free again."""
    deal.out_of_hold = deal.hold.held
    deal.card.held -= deal.hold.held
    deal.hold.held, deal.hold.ended_by = 0, "completion"


def _reverse_held(deal: HoldDeal) -> Reason:
    card, hold = deal.card, deal.hold
    if deal.kind == "preauth_void":
        if hold.held or hold.never_was:
            deal.is_reversed = deal.is_final = True
            return OK
        if deal.amount > card.free:
            return card.short(deal.amount)
        deal.is_reversed = True
        hold.held, hold.ended_by, card.held = deal.amount, "", card.held + deal.amount
        return OK
    if not hold.held and hold.ended_by == "completion":
        return Reason.HOLD_COMPLETED
    deal.is_reversed = True
    if not hold.held:
        deal.is_final = True
        hold.never_was = hold.never_was or deal.kind == "preauth"
        return OK
    part = hold.held if deal.kind == "preauth" else min(deal.amount, hold.held)
    hold.held, card.held = hold.held - part, card.held - part
    if deal.kind == "increment":
        hold.amount -= part
    if not hold.held:
        hold.ended_by = "reversal"
    hold.never_was = hold.never_was or deal.kind == "preauth"
    return OK
