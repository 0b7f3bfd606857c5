"""Gifts between the three cards: sent, claimed by whichever, withdrawn, declined, and again."""

import itertools
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import rule

from host.model.gifts import GiftEnd, GiftNamed, GiftSent
from host.model.money import Money
from host.model.numbers import number_of_rrn
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.model.responses import Reason
from tests.host.conftest import card_at
from tests.host.stateful.machine import ANY, WHICH, Tills
from tests.host.stateful.model import OK, Card

FORMS = itertools.count(1)


@dataclass
class Gift:
    """One that was sent."""

    giver: Card
    amount: int
    number: int
    is_open: bool = True


def sent(card: Card, amount: int) -> Reason:
    """It leaves its card at once."""
    if amount > card.terms.amount_max:
        return Reason.AMOUNT_LIMIT
    if amount > card.free:
        return card.too_little(amount)
    card.value -= amount
    card.waiting += amount
    return OK


def claimed(gift: Gift, card: Card) -> Reason:
    """By another card of the issuer, whole, once."""
    if not gift.is_open:
        return Reason.GIFT_GONE
    if card is gift.giver or card.terms is not gift.giver.terms:
        return Reason.NOT_PERMITTED_TO_CARD
    if card.free + gift.amount > card.terms.balance_max:
        return Reason.AMOUNT_LIMIT
    gift.is_open = False
    gift.giver.waiting -= gift.amount
    card.value += gift.amount
    return OK


def returned(gift: Gift) -> Reason:
    """Back onto the card it left."""
    if not gift.is_open:
        return Reason.GIFT_GONE
    gift.is_open = False
    gift.giver.waiting -= gift.amount
    gift.giver.value += gift.amount
    return OK


class Gifts(Tills):
    """They leave their card when they are sent, and end once."""

    def __init__(self) -> None:
        super().__init__()
        self.gifts: list[Gift] = []

    @rule(which=WHICH, amount=st.sampled_from([1, 3_000, 30_000, 90_000, 500_001]))
    def send_a_gift(self, which: int, amount: int) -> None:
        """For whoever has its link."""
        card, form = self.cards[which], f"model-{next(FORMS)}"
        answer = self._ask(
            OwnRequest(
                kind=Kind.GIFT_SEND,
                key=OwnKey(Origin.MEMBER, str(self.house.members[which]), "gift.send", form),
                card=card_at(self.house.till, card.number),
                amount=Money(amount, "CNY"),
                member=self.house.members[which],
                gift=GiftSent(hours=72, token_hash=form.encode()),
            ),
            sent(card, amount),
        )
        if answer.is_approved:
            number = number_of_rrn(answer.rrn, self.house.today)
            assert number is not None
            self.gifts.append(Gift(card, amount, number))

    @rule(number=ANY, which=WHICH)
    def claim_a_gift(self, number: int, which: int) -> None:
        """Onto any card, be it the one it left."""
        if not self.gifts:
            return
        gift, card = self.gifts[-1 - number % len(self.gifts)], self.cards[which]
        giver = card_at(self.house.till, gift.giver.number)
        request = OwnRequest(
            kind=Kind.GIFT_CLAIM,
            key=OwnKey(
                Origin.MEMBER, str(self.house.members[which]), "gift.claim", f"model-{next(FORMS)}"
            ),
            card=card_at(self.house.till, card.number),
            to=giver,
            amount=Money(gift.amount, "CNY"),
            member=self.house.members[which],
            ended_gift=GiftNamed(giver.shard, gift.number, GiftEnd.CLAIMED),
        )
        self._ask(request, claimed(gift, card))

    @rule(number=ANY, end=st.sampled_from([GiftEnd.WITHDRAWN, GiftEnd.DECLINED, GiftEnd.EXPIRED]))
    def take_a_gift_back(self, number: int, end: GiftEnd) -> None:
        """By who sent it, by who will not have it, or by the clock."""
        if not self.gifts:
            return
        gift = self.gifts[-1 - number % len(self.gifts)]
        giver = card_at(self.house.till, gift.giver.number)
        request = OwnRequest(
            kind=Kind.GIFT_RETURN,
            key=OwnKey(
                Origin.CLOCK if end is GiftEnd.EXPIRED else Origin.MEMBER,
                "71",
                "gift.withdraw",
                f"model-{next(FORMS)}",
            ),
            card=giver,
            ended_gift=GiftNamed(giver.shard, gift.number, end),
        )
        self._ask(request, returned(gift))

    def _ask(self, request: OwnRequest, expected: Reason) -> Response:
        """And once more: the same key gets the same answer."""
        answer = self.house.ask_own(request)
        assert answer.reason is expected, (request.kind, expected, answer)
        assert self.house.ask_own(request) == answer
        return answer
