"""Gifts: value leaves its card in the posting that makes the gift, and one posting ends it.

From then on it is in transit, and belongs to no card: so whatever becomes of the sender's card
meanwhile, nothing of it is spent, moved or written off twice, and nothing is in the way of that
card's own end. Ending a gift is one posting as well, with the gift's row held from its loading:
onto the receiver's card, or back. Of two that end it at once one finds it ended. What comes back
onto a card that has ended goes on from there, as anything else does.
"""

import datetime as dt
from typing import Final

import msgspec

from host.ledger import Chart, Leg
from host.model.gifts import GiftEnd, GiftNamed, GiftState
from host.model.origins import Origin
from host.rules.dossier import Dossier, Posting
from host.rules.endings import note_late
from host.rules.gift_states import EndedGift, Gift, NewGift
from host.rules.standing import why_not
from host.rules.state import Card
from host.rules.states import Use

NEVER_GIVEN: Final = 0


def card_is_the_members(dossier: Dossier) -> bool:
    """It is bound to who gives, or gets."""
    return dossier.member != 0 and dossier.present_card.member == dossier.member


def card_may_give(dossier: Dossier) -> bool:
    """What came onto it as a gift was given no more often than its product allows again."""
    terms = dossier.terms
    if terms is None or terms.regifts_max is None:
        return True
    return _depth_of(dossier, dossier.present_card) <= terms.regifts_max


def gift_is_open(dossier: Dossier) -> bool:
    """Nobody has claimed it, and it has not come back."""
    gift = _gift(dossier)
    return gift is not None and gift.state == GiftState.RESERVED


def gift_is_in_time(dossier: Dossier) -> bool:
    """It may still be claimed, were the clock late to give it back."""
    gift = _gift(dossier)
    return gift is not None and dossier.state.decided_at < gift.due_at


def gift_may_come_back(dossier: Dossier) -> bool:
    """It came off this card. That its time is over is for the clock to say, and for nobody else."""
    gift, card, own = _gift(dossier), dossier.present_card, dossier.item.own
    is_the_clocks = own is not None and own.key.origin is Origin.CLOCK
    end = _named(dossier).end
    return (
        gift is not None
        and (gift.shard, gift.card) == (card.shard, card.id)
        and end.state is GiftState.RETURNED
        and (end is GiftEnd.EXPIRED) is is_the_clocks
    )


def amount_is_the_gifts(dossier: Dossier) -> bool:
    """All of it, as it was given."""
    gift, money = _gift(dossier), dossier.request.amount
    return (
        gift is not None
        and money is not None
        and (money.amount_minor, money.unit) == (gift.amount_minor, gift.unit)
    )


def card_may_get(dossier: Dossier) -> bool:
    """It is another card of the issuer whose money it is."""
    gift, card, giver = _gift(dossier), dossier.present_card, dossier.other_card
    return (
        gift is not None
        and giver is not None
        and (gift.shard, gift.card) == (giver.shard, giver.id)
        and giver.id != card.id
        and gift.issuer == card.issuer_id
        and _named(dossier).end is GiftEnd.CLAIMED
    )


def sender_may_spend(dossier: Dossier) -> bool:
    """The card it came off could be spent from now: it is not frozen, expired, voided, replaced."""
    of_giver = msgspec.structs.replace(dossier, card=dossier.other_card)
    return why_not(Use.SPEND, of_giver) is None


def post_gift_send(dossier: Dossier) -> Posting:
    """It leaves the card, and waits for whom it is for."""
    card, own, unit = dossier.present_card, dossier.item.own, dossier.issuer.currency
    assert own is not None, "no terminal asks for it"
    assert own.gift is not None, "what is sent is said"
    transit = dossier.book.account(Chart.IN_TRANSIT, unit)
    leg = Leg(card.value.account, transit, dossier.amount, unit)
    now = dossier.state.decided_at
    dossier.keep(
        NewGift(
            card=card.id,
            issuer=card.issuer_id,
            sender=own.member,
            depth=_depth_of(dossier, card) + 1,
            sent_at=now,
            due_at=now + dt.timedelta(hours=own.gift.hours),
            sent=own.gift,
        )
    )
    return Posting(card, dossier.merchant_id, dossier.amount, unit, [leg])


def post_gift_claim(dossier: Dossier) -> Posting:
    """It is on the receiver's card, who may spend it at once."""
    card, gift = dossier.present_card, _gift(dossier)
    assert gift is not None, "it was asked before"
    dossier.state.given[card.id] = max(_depth_of(dossier, card), gift.depth)
    return _ended(dossier, gift, receiver=dossier.member)


def post_gift_return(dossier: Dossier) -> Posting:
    """It is on the card that it left. One that has ended since passes it on."""
    gift = _gift(dossier)
    assert gift is not None, "it was asked before"
    note_late(dossier.present_card, dossier)
    return _ended(dossier, gift, receiver=0)


def _ended(dossier: Dossier, gift: Gift, *, receiver: int) -> Posting:
    card, end = dossier.present_card, _named(dossier).end
    account = dossier.account_of(card.purse_in(gift.unit))
    transit = dossier.book.account(Chart.IN_TRANSIT, gift.unit)
    leg = Leg(transit, account, gift.amount_minor, gift.unit)
    gift.state = end.state
    dossier.keep(
        EndedGift(gift.shard, gift.number, end, receiver, card.id, dossier.state.decided_at)
    )
    return Posting(card, dossier.merchant_id, gift.amount_minor, gift.unit, [leg])


def _named(dossier: Dossier) -> GiftNamed:
    own = dossier.item.own
    assert own is not None, "no terminal asks for it"
    assert own.ended_gift is not None, "which ends is named"
    return own.ended_gift


def _gift(dossier: Dossier) -> Gift | None:
    named = _named(dossier)
    return dossier.state.gifts.get((named.shard, named.number))


def _depth_of(dossier: Dossier, card: Card) -> int:
    return dossier.state.given.get(card.id, NEVER_GIVEN)
