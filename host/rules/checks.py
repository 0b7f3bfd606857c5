"""The questions asked before money moves. Each reads as its question and is true when all is well.

`host.rules.transactions` says which kind asks which, in which order, and what the answer no means.
`pin_refusal` alone has an effect: a wrong PIN is counted, a right one clears the count.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from host.hsm.pin import PinFormatError
from host.model.instruments import PinPolicy
from host.model.money import POINTS_PREFIX
from host.model.numbers import business_date_of, rrn_of
from host.model.own import Direction
from host.model.requests import ExchangeKey, Kind, Request
from host.model.responses import Reason
from host.model.secrets import Secret
from host.rules.dossier import Dossier
from host.rules.earning import earned_by
from host.rules.endings import is_replaced, is_voided
from host.rules.points import spendable
from host.rules.settlement import DATED
from host.rules.state import Purse

VOIDABLE: Final = frozenset(
    {
        Kind.PURCHASE,
        Kind.COMBINED_PURCHASE,
        Kind.POINTS_REDEMPTION,
        Kind.POINTS_EARN,
        Kind.CARD_ACTIVATION,
        Kind.LOTTERY_DRAW,
    }
)
COMPLETIONS: Final = frozenset({Kind.COMPLETION, Kind.COMPLETION_ADVICE})
PAYS_BESIDE_ORIGINAL: Final = frozenset({Kind.PREAUTH_INCREMENT, *COMPLETIONS})
"""Kinds that name an original, and ask more of the card."""
REFUNDABLE: Final = frozenset(
    {Kind.PURCHASE, Kind.COMBINED_PURCHASE, Kind.POINTS_REDEMPTION, *COMPLETIONS}
)

DAYS_BEHIND_MAX: Final = 7
"""How old a till's own date may be: of yesterday's batch, of a refund it repeats till answered."""
DAYS_AHEAD_MAX: Final = 1
"""How far a till's clock and its zone may be before ours."""
UNDATED: Final = "00000000"
"""The date of what needs none."""


def date_is_near(request: Request, now: dt.datetime) -> bool:
    """Whether the date that a till gives, and the one it names an original by, may be.

    What is undone, or an issuer has approved, may be older than what is sold: how old, its own
    rule says. What the switch reports is of whatever day people have to look at.
    """
    if request.kind is Kind.CASE_REPORT:
        return True
    original, today = request.original, now.date()
    named = original.key.epoch if original is not None and original.key is not None else UNDATED
    is_old_too = request.kind is Kind.REVERSAL or request.decision is not None
    return _may_be(request.key.epoch, today, is_old_too=is_old_too) and _may_be(
        named, today, is_old_too=True
    )


def _may_be(text: str, today: dt.date, *, is_old_too: bool) -> bool:
    if text == UNDATED:
        return True
    try:
        date = dt.datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a date alone
    except ValueError:
        return False
    behind = (today - date).days
    return behind >= -DAYS_AHEAD_MAX and (is_old_too or behind <= DAYS_BEHIND_MAX)


def batch_is_current(dossier: Dossier) -> bool:
    """The terminal works in the batch we think it is in; what no terminal asks is of none."""
    key = dossier.request.key
    is_of_none = key.institution in DATED or dossier.is_at_no_counter
    return is_of_none or key.epoch == dossier.item.terminal.epoch


def batch_is_behind(dossier: Dossier) -> bool:
    """The batch that the message names is settled."""
    key = dossier.request.key
    return key.institution not in DATED and dossier.item.terminal.has_left(key.epoch)


def amount_is_positive(dossier: Dossier) -> bool:
    """There is an amount and it is not zero."""
    return dossier.amount > 0


def issuer_is_known(dossier: Dossier) -> bool:
    """The card number begins as one of our active issuers' cards do."""
    issuer = dossier.issuer_named
    return issuer is not None and issuer.is_active


def card_is_known(dossier: Dossier) -> bool:
    """A card with this number exists."""
    return dossier.card is not None


def merchant_accepts_issuer(dossier: Dossier) -> bool:
    """The merchant takes this issuer's cards; what is done at nobody's counter asks none."""
    return (
        dossier.is_at_no_counter
        or dossier.present_card.issuer_id in dossier.item.terminal.merchant.accepts
    )


def card_is_in_nobodys_place(dossier: Dossier) -> bool:
    """Neither it nor its batch has ended: what is put on it could never be spent."""
    card = dossier.present_card
    return not (is_replaced(card) or is_voided(card, dossier))


def card_is_voided(dossier: Dossier) -> bool:
    """It was, or its batch: so what it has is nobody's to spend."""
    return is_voided(dossier.present_card, dossier)


def something_is_brought(dossier: Dossier) -> bool:
    """Money, points or both, and a programme that they are points of."""
    points = dossier.points_brought
    has_programme = dossier.issuer.programme is not None
    return (
        dossier.amount >= 0 <= points
        and dossier.amount + points > 0
        and (has_programme or not points)
    )


def adjustment_is_covered(dossier: Dossier) -> bool:
    """What is taken is there."""
    is_debit = dossier.adjustment.direction is Direction.DEBIT
    return not is_debit or value_covers_amount(dossier)


def adjustment_leaves_room(dossier: Dossier) -> bool:
    """What is given does not lift the card above what it may hold."""
    is_credit = dossier.adjustment.direction is Direction.CREDIT
    return not is_credit or balance_stays_within_limit(dossier)


def currency_is_the_issuers(dossier: Dossier) -> bool:
    """The amount is in the unit the card holds."""
    money = dossier.request.amount
    return money is not None and money.unit == dossier.issuer.currency


def amount_is_within_limit(dossier: Dossier) -> bool:
    """Not above what the issuer, and the card's product, allow one transaction."""
    return dossier.amount <= dossier.amount_minor_max


def value_covers_amount(dossier: Dossier) -> bool:
    """Posted less held is enough."""
    return dossier.amount <= dossier.present_card.value.available


def balance_stays_within_limit(dossier: Dossier) -> bool:
    """A load does not lift the card above what issuer and product allow it to hold."""
    return dossier.present_card.value.available + dossier.amount <= dossier.balance_minor_max


def card_is_reloadable(dossier: Dossier) -> bool:
    """Its product lets it be loaded."""
    terms = dossier.terms
    return terms is None or terms.is_reloadable


def issuer_has_programme(dossier: Dossier) -> bool:
    """There are points to spend at all."""
    return dossier.redeemed is not None or dossier.programme is not None


def amount_earns_points(dossier: Dossier) -> bool:
    """At least one whole point, so that an approval always has something to undo."""
    programme = dossier.programme
    return programme is not None and earned_by(programme, dossier) > 0


def amount_is_in_points(dossier: Dossier) -> bool:
    """The amount counts points: of no programme by name, or of one that is redeemed here."""
    money = dossier.request.amount
    return money is not None and money.is_points and dossier.redeemed is not None


def points_reach_threshold(dossier: Dossier) -> bool:
    """Not below the smallest redemption the programme allows."""
    programme = dossier.redeemed
    return programme is not None and dossier.amount >= programme.redemption_points_min


def points_cover_amount(dossier: Dossier) -> bool:
    """Enough points in lots that have not expired."""
    return dossier.amount <= spendable(dossier.points, dossier.today)


def original_is_found(dossier: Dossier) -> bool:
    """What is to be undone was approved, and by this card where a card is presented."""
    original = dossier.original
    return original is not None and (dossier.item.pan_hash is None or original.card is dossier.card)


def original_has_this_rrn(dossier: Dossier) -> bool:
    """The RRN sent with a void or refund, where one is sent, is the original's."""
    named = dossier.request.original
    if named is None or named.rrn is None:
        return True
    return rrn_of(dossier.present_original.number) == named.rrn


def original_can_be_voided(dossier: Dossier) -> bool:
    """Its kind is one that a void undoes."""
    return dossier.present_original.kind in VOIDABLE


def original_is_a_completion(dossier: Dossier) -> bool:
    """It was paid out of a hold."""
    return dossier.present_original.kind in COMPLETIONS


def original_is_of_this_batch(dossier: Dossier) -> bool:
    """The terminal has not settled since: after that a sale is refunded, not voided."""
    named = dossier.request.original
    if named is None or named.key is None:
        return True
    if dossier.item.own is not None:
        return not _is_left(dossier, named.key) and dossier.settled is None
    return named.key.epoch == dossier.request.key.epoch and dossier.settled is None


def _is_left(dossier: Dossier, key: ExchangeKey) -> bool:
    """Whether the terminal that sold it is in another batch by now. A counter has none."""
    terminal = dossier.book.terminals.get(key.terminal_id)
    return terminal is not None and key.institution not in DATED and terminal.has_left(key.epoch)


def original_is_of_today(dossier: Dossier) -> bool:
    """It is of the open business date."""
    return business_date_of(dossier.present_original.number) == dossier.today


def original_can_be_refunded(dossier: Dossier) -> bool:
    """Its kind is one that a refund gives back."""
    return dossier.present_original.kind in REFUNDABLE


def original_is_this_merchants(dossier: Dossier) -> bool:
    """It was sold by the merchant who now takes it back."""
    return dossier.present_original.merchant == dossier.merchant_id


def original_stands(dossier: Dossier) -> bool:
    """No void or reversal has taken it back."""
    return not dossier.present_original.is_undone


def original_is_not_refunded(dossier: Dossier) -> bool:
    """No part of it has been given back."""
    return dossier.present_original.refunded_minor == 0


def amount_is_the_originals(dossier: Dossier) -> bool:
    """A void is of the whole; there is no partial void."""
    return dossier.amount == dossier.amount_to_name


def refund_fits_original(dossier: Dossier) -> bool:
    """All refunds together do not exceed what was paid."""
    original = dossier.present_original
    return dossier.amount + original.refunded_minor <= original.amount_minor


def points_refund_is_whole(dossier: Dossier) -> bool:
    """Points are refunded whole or not at all."""
    original = dossier.present_original
    return original.kind is not Kind.POINTS_REDEMPTION or dossier.amount == original.amount_minor


def unit_is_the_originals(dossier: Dossier) -> bool:
    """The same money is given back for money, points for points."""
    money, original = dossier.request.amount, dossier.present_original
    if money is None:
        return False
    unit = original.unit
    if original.kind is Kind.POINTS_EARN and not money.is_points:
        unit = original.card.value.unit
    return money.unit == unit or (money.unit == POINTS_PREFIX and unit.startswith(POINTS_PREFIX))


def is_for_what_is_held(dossier: Dossier, otherwise: int) -> bool:
    """Whether what is short would be there if nothing were held, and no gift of it waited.

    `otherwise` of what a sale is of is paid by another tender.
    """
    for purse, needed in _needed(dossier, otherwise):
        held = purse.held
        if dossier.card is not None and purse is dossier.card.value:
            held += dossier.state.waiting.get(dossier.card.id, 0)
        if held and needed <= purse.available + held:
            return True
    return False


def _needed(dossier: Dossier, otherwise: int) -> Iterator[tuple[Purse, int]]:
    """What the card was to pay, and out of what."""
    card, original, money = dossier.card, dossier.original, dossier.request.amount
    if card is None:
        return
    if original is not None and dossier.request.kind not in PAYS_BESIDE_ORIGINAL:
        if not original.legs:
            yield original.card.value, original.amount_minor
        for leg in original.legs:
            purse = original.card.purse_of(leg.credit)
            if purse is not None:
                yield purse, leg.amount_minor
    else:
        is_in_points = money is not None and money.is_points
        yield (dossier.points if is_in_points else card.value), dossier.amount - otherwise


def ksn_refusal(dossier: Dossier) -> Reason | None:
    """Why its DUKPT keys do not let this pass: one was used before. Counts them as used if not."""
    used = dossier.item.used
    if used is None or dossier.state.use_keys(dossier.item.terminal.terminal_id, used):
        return None
    return Reason.KSN_REFUSED


def pin_refusal(dossier: Dossier, *, is_required: bool) -> Reason | None:
    """Why the PIN does not let this pass, None when it does. Counts wrong ones."""
    card = dossier.present_card
    if card.pin_value is None:
        return None
    if card.pin_failures >= dossier.issuer.pin_tries_max:
        return Reason.PIN_TRIES_EXCEEDED
    if dossier.request.pin is None:
        return Reason.WRONG_PIN if is_required and not dossier.state.is_trial else None
    pin = _clear_pin(dossier)
    if pin is None:
        return Reason.PIN_FORMAT
    assert dossier.request.pan is not None
    if not dossier.pins.matches(dossier.request.pan, pin, card.pin_value):
        return _count_failure(dossier)
    _clear_failures(dossier)
    return None


def pin_refusal_of_product(dossier: Dossier) -> Reason | None:
    """The same of a card of a batch, whose product says whether a PIN is asked for.

    Where it wants one, a card that has none is not used.
    """
    card, terms = dossier.present_card, dossier.terms
    if terms is None or terms.pin is PinPolicy.NEVER:
        return None
    is_required = terms.pin is PinPolicy.REQUIRED
    if card.pin_value is None and is_required:
        return Reason.WRONG_PIN
    return pin_refusal(dossier, is_required=is_required)


def _clear_pin(dossier: Dossier) -> Secret | None:
    """The PIN out of its block; None where the block cannot be read under the terminal's key.

    A ValueError is a format whose cipher the terminal's key does not fit.
    """
    request = dossier.request
    if request.pan is None or request.pin is None:
        return None
    reader = dossier.item.terminal.pin_reader(request.pin, request.key_generation)
    if reader is None:
        return None
    try:
        return reader.read(request.pin.block, request.pin.iso_format, request.pan)
    except (PinFormatError, ValueError):
        return None


def _clear_failures(dossier: Dossier) -> None:
    card = dossier.present_card
    if card.pin_failures:
        card.pin_failures = 0
        card.pin_failures_changed = True


def _count_failure(dossier: Dossier) -> Reason:
    card = dossier.present_card
    card.pin_failures += 1
    card.pin_failures_changed = True
    is_last = card.pin_failures >= dossier.issuer.pin_tries_max
    return Reason.PIN_TRIES_EXCEEDED if is_last else Reason.WRONG_PIN
