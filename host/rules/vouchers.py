"""Vouchers: what is asked before one is redeemed or put onto a card, and what that posts.

The face value of a voucher is posted when it is used: from what its issuer has put behind cards to
the merchant who takes it, or onto a card. So one that nobody uses is nobody's debt, as a card that
nobody activates, and an expired one leaves nothing to write off. It is used once and whole: a sale
of less gets no change, one of more is paid for by other means. What is no money (goods, entries)
is posted as pieces that the issuer promised and the merchant gave.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from host.ledger import Chart, Leg
from host.model.instruments import CardBatch, Terms
from host.model.requests import Kind, ToldBesides
from host.model.responses import Reason
from host.model.vouchers import (
    GOODS_UNIT,
    STAMPS_UNIT,
    ProductKind,
    VoucherState,
    VoucherTold,
)
from host.rules.checklists import RELOADABLE, first_refusal
from host.rules.dossier import Dossier, NewLot, Posting
from host.rules.guesses import count_wrong, may_look
from host.rules.state import Card, Taken, Voucher
from host.rules.states import Use
from host.rules.undoing import Result, undo_whole
from host.rules.voucher_lives import use, voucher_presented
from host.rules.voucher_states import VOUCHER_BATCH_TOLD, VOUCHER_TOLD, told_of_batch
from host.rules.voucher_states import told_of_voucher as told_of


def post_redemption(dossier: Dossier) -> Result:
    """A voucher is handed over at a till."""
    voucher = voucher_presented(dossier)
    reason = _why_not_looked_at(dossier, voucher)
    if reason is not None or voucher is None:
        return reason
    reason = _why_not(Use.SPEND, dossier, voucher) or _why_not_here(dossier, voucher.card)
    if reason is not None:
        return reason
    batch = _batch_of(dossier, voucher.card)
    return _GIVES[batch.terms.kind](dossier, voucher, batch)


def post_load(dossier: Dossier) -> Result:
    """What a voucher is worth goes onto the card that was presented with it, once and whole."""
    voucher = voucher_presented(dossier)
    reason = _why_not_looked_at(dossier, voucher)
    if reason is not None or voucher is None:
        return reason
    reason = _why_not(Use.LOAD, dossier, voucher) or _why_not_loaded(dossier, voucher.card)
    if reason is not None:
        return reason
    batch = _batch_of(dossier, voucher.card)
    is_points = batch.terms.kind is ProductKind.POINTS_CARD
    posting = _load_points(dossier, batch) if is_points else _load_money(dossier, batch)
    use(dossier, voucher, Taken(0, 0), Kind.LOAD_BY_CODE)
    _tell(dossier, voucher, posting)
    return posting


def post_void(dossier: Dossier) -> Result:
    """The use of a voucher is taken back, whole: it is as it was before."""
    return undo_whole(dossier, Kind.VOUCHER_VOID)


def original_used_a_voucher(dossier: Dossier) -> bool:
    """What is to be voided is a redemption, or a load by a code."""
    return dossier.present_original.kind in {Kind.VOUCHER_REDEMPTION, Kind.LOAD_BY_CODE}


# Why not. ----------------------------------------------------------------------------------------


def _why_not_looked_at(dossier: Dossier, voucher: Voucher | None) -> Reason | None:
    """Whoever has sent too many wrong codes learns nothing of any; a wrong one is counted."""
    if not may_look(dossier):
        return Reason.CODE_TRIES_EXCEEDED
    if voucher is not None:
        return None
    count_wrong(dossier)
    return Reason.VOUCHER_UNKNOWN


def _why_not(use_of: Use, dossier: Dossier, voucher: Voucher) -> Reason | None:
    """What its batch, its state, its days, its holder and who gave it say, in this order."""
    card = voucher.card
    if card.status == VoucherState.VOIDED:
        return told_of(card.status, card.sale).to(use_of)
    part = dossier.book.parts.get(card.part)
    if part is None:
        return Reason.VOUCHER_UNKNOWN
    batch = dossier.book.batches[part.batch_id]
    reason = told_of_batch(batch.state, part.state).to(use_of)
    reason = reason or told_of(card.status, card.sale).to(use_of)
    if reason is not None:
        return reason
    if card.valid_from is not None and dossier.today < card.valid_from:
        return Reason.CARD_NOT_YET_VALID
    grace = dt.timedelta(days=batch.terms.grace_days if use_of is Use.SPEND else 0)
    if card.valid_to is not None and dossier.today - grace > card.valid_to:
        return Reason.EXPIRED
    return _why_not_for_them(dossier, voucher)


def _why_not_for_them(dossier: Dossier, voucher: Voucher) -> Reason | None:
    if voucher.card.member in dossier.book.stopped_members:
        return Reason.MEMBER_FROZEN
    return None if voucher.is_permitted else Reason.VOUCHER_NOT_THIS_HOLDER


def _why_not_here(dossier: Dossier, card: Card) -> Reason | None:
    """Who takes it, where, for what: by its batch and its product."""
    batch = _batch_of(dossier, card)
    terms, terminal = batch.terms, dossier.item.terminal
    if terms.kind is ProductKind.POINTS_CARD:
        return Reason.FUNCTION_NOT_SUPPORTED
    if card.issuer_id not in terminal.merchant.accepts or not dossier.issuer.is_active:
        return Reason.VOUCHER_NOT_PERMITTED
    is_elsewhere = batch.merchants and terminal.merchant.id not in batch.merchants
    if is_elsewhere or (batch.stores and terminal.store_id not in batch.stores):
        return Reason.VOUCHER_NOT_THIS_STORE
    if terms.regions and terminal.region not in terms.regions:
        return Reason.VOUCHER_NOT_PERMITTED
    if not _are_its_goods(terms, dossier.request.goods):
        return Reason.VOUCHER_NOT_THESE_GOODS
    return _why_not_the_sale(dossier, terms)


def _are_its_goods(terms: Terms, goods: str | None) -> bool:
    """A till that names none hands out what the voucher is for, where that is one article."""
    if not terms.goods:
        return True
    return len(terms.goods) == 1 if goods is None else goods in terms.goods


def _why_not_the_sale(dossier: Dossier, terms: Terms) -> Reason | None:
    money = dossier.request.amount
    is_foreign = money is not None and money.unit != dossier.issuer.currency
    return Reason.INVALID_AMOUNT if is_foreign or dossier.amount < terms.sale_minor_min else None


def _why_not_loaded(dossier: Dossier, voucher: Card) -> Reason | None:
    """Its product loads, onto cards of its own issuer, as much as they may have."""
    batch, card = _batch_of(dossier, voucher), dossier.present_card
    if not batch.terms.may_load:
        return Reason.FUNCTION_NOT_SUPPORTED
    if voucher.issuer_id != card.issuer_id:
        return Reason.VOUCHER_NOT_PERMITTED
    if batch.terms.kind is ProductKind.POINTS_CARD:
        return None if dossier.programme is not None else Reason.FUNCTION_NOT_SUPPORTED
    is_too_much = card.value.available + batch.face_minor > dossier.balance_minor_max
    return first_refusal(RELOADABLE, dossier) or (Reason.AMOUNT_LIMIT if is_too_much else None)


def _batch_of(dossier: Dossier, card: Card) -> CardBatch:
    """Once its standing was asked, for which there is one."""
    return dossier.book.batches[dossier.book.parts[card.part].batch_id]


# What is posted. ---------------------------------------------------------------------------------


def _give_amount(dossier: Dossier, voucher: Voucher, batch: CardBatch) -> Posting:
    """The face value to the merchant, whatever the sale is: no change is given."""
    issuer, face = dossier.issuer, batch.face_minor
    funds = dossier.book.account(Chart.ISSUER_FUNDS, issuer.currency, issuer.id)
    payable = dossier.book.account(
        Chart.MERCHANT_PAYABLE, issuer.currency, issuer.id, dossier.merchant_id
    )
    legs = [Leg(funds, payable, face, issuer.currency)]
    posting = Posting(voucher.card, dossier.merchant_id, face, issuer.currency, legs)
    use(dossier, voucher, Taken(1, 0), Kind.VOUCHER_REDEMPTION)
    _tell(dossier, voucher, posting, rest_minor=max(dossier.amount - face, 0))
    return posting


def _give_goods(dossier: Dossier, voucher: Voucher, batch: CardBatch) -> Posting:
    """As many pieces as its product says, at once."""
    posting = _pieces(dossier, voucher, batch.terms.entries, GOODS_UNIT)
    use(dossier, voucher, Taken(1, 0), Kind.VOUCHER_REDEMPTION)
    _tell(dossier, voucher, posting)
    return posting


def _give_entry(dossier: Dossier, voucher: Voucher, batch: CardBatch) -> Posting:
    """One of several."""
    posting = _pieces(dossier, voucher, 1, GOODS_UNIT)
    use(dossier, voucher, Taken(1, 0), Kind.VOUCHER_REDEMPTION)
    _tell(dossier, voucher, posting, left=batch.terms.entries - voucher.given)
    return posting


def _give_after_buying(dossier: Dossier, voucher: Voucher, batch: CardBatch) -> Posting:
    """One that is free, where enough were bought; else one more that is bought and counted."""
    terms = batch.terms
    is_free = voucher.bought >= terms.buys
    posting = _pieces(dossier, voucher, 1, GOODS_UNIT if is_free else STAMPS_UNIT)
    used = Taken(1, 0) if is_free else Taken(0, 1)
    use(dossier, voucher, used, Kind.VOUCHER_REDEMPTION)
    left = terms.entries - voucher.given if is_free else terms.buys - voucher.bought
    rest = 0 if is_free else dossier.amount
    _tell(dossier, voucher, posting, left=left, rest_minor=rest, is_free=is_free)
    return posting


def _pieces(dossier: Dossier, voucher: Voucher, pieces: int, unit: str) -> Posting:
    issuer, merchant = dossier.issuer.id, dossier.merchant_id
    promised = dossier.book.account(Chart.GOODS_PROMISED, unit, issuer)
    given = dossier.book.account(Chart.MERCHANT_GOODS, unit, issuer, merchant)
    return Posting(voucher.card, merchant, pieces, unit, [Leg(promised, given, pieces, unit)])


_GIVES: Final[Mapping[ProductKind, Callable[[Dossier, Voucher, CardBatch], Posting]]] = {
    ProductKind.AMOUNT: _give_amount,
    ProductKind.GOODS: _give_goods,
    ProductKind.TICKET: _give_entry,
    ProductKind.BUY_AND_GET: _give_after_buying,
}
"""What a till hands out for a voucher of each kind. The others are not redeemed."""


def _load_money(dossier: Dossier, batch: CardBatch) -> Posting:
    card, issuer, face = dossier.present_card, dossier.issuer, batch.face_minor
    funds = dossier.book.account(Chart.ISSUER_FUNDS, issuer.currency, issuer.id)
    leg = Leg(funds, dossier.account_of(card.value), face, issuer.currency)
    return Posting(card, dossier.merchant_id, face, issuer.currency, [leg])


def _load_points(dossier: Dossier, batch: CardBatch) -> Posting:
    """Into a lot of their own, as points that were earned today."""
    card, programme, points = dossier.present_card, dossier.programme, batch.face_minor
    assert programme is not None, "it was asked for"
    issued = dossier.book.account(Chart.POINTS_ISSUED, programme.unit, card.issuer_id)
    account = dossier.account_of(card.purse_in(programme.unit))
    legs = [Leg(issued, account, points, programme.unit)]
    posting = Posting(card, dossier.merchant_id, points, programme.unit, legs)
    posting.new_lots = [NewLot(account, points, *programme.days_of_lot(dossier.today))]
    posting.points_earned = points
    return posting


def _tell(
    dossier: Dossier,
    voucher: Voucher,
    posting: Posting,
    *,
    rest_minor: int = 0,
    left: int = 0,
    is_free: bool = False,
) -> None:
    told = VoucherTold(
        voucher.masked, posting.amount_minor, posting.unit, rest_minor, left, is_free
    )
    dossier.told = ToldBesides(voucher=told)


def _told_in(use_of: Use) -> frozenset[Reason]:
    tables = (*VOUCHER_BATCH_TOLD.values(), *VOUCHER_TOLD.values())
    return frozenset(reason for one in tables if (reason := one.to(use_of)) is not None)


_ALWAYS: Final = frozenset(
    {
        Reason.VOUCHER_UNKNOWN,
        Reason.CODE_TRIES_EXCEEDED,
        Reason.CARD_NOT_YET_VALID,
        Reason.EXPIRED,
        Reason.MEMBER_FROZEN,
        Reason.FUNCTION_NOT_SUPPORTED,
        Reason.VOUCHER_NOT_PERMITTED,
        Reason.VOUCHER_NOT_THIS_HOLDER,
    }
)
REDEMPTION_DECLINES: Final = tuple(
    sorted(
        _ALWAYS
        | _told_in(Use.SPEND)
        | {Reason.VOUCHER_NOT_THIS_STORE, Reason.VOUCHER_NOT_THESE_GOODS, Reason.INVALID_AMOUNT}
    )
)
LOAD_DECLINES: Final = tuple(sorted(_ALWAYS | _told_in(Use.LOAD) | {Reason.AMOUNT_LIMIT}))
"""Every reason that each can be declined with, by the tables."""
