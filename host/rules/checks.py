"""The questions asked before money moves. Each reads as its question and is true when all is well.

`host.rules.transactions` says which kind asks which, in which order, and what the answer no means.
`pin_refusal` alone has an effect: a wrong PIN is counted, a right one clears the count.
"""

import datetime as dt
from typing import Final

from host.hsm.pin import PinFormatError
from host.model.money import POINTS_PREFIX
from host.model.numbers import rrn_of
from host.model.requests import Kind, Request
from host.model.responses import Reason
from host.model.secrets import Secret
from host.rules.case import Case
from host.rules.points import points_earned, spendable
from host.rules.settlement import DATED

VOIDABLE: Final = frozenset({Kind.PURCHASE, Kind.POINTS_REDEMPTION, Kind.POINTS_EARN})


DAYS_BEHIND_MAX: Final = 7
"""How old a till's own date may be: of yesterday's batch, of a refund it repeats till answered."""
DAYS_AHEAD_MAX: Final = 1
"""How far a till's clock and its zone may be before ours."""
UNDATED: Final = "00000000"
"""The date of what needs none."""


def date_is_near(request: Request, now: dt.datetime) -> bool:
    """Whether the date that a till gives, and the one it names an original by, may be.

    What is undone may be older than what is sold: how old, its own rule says.
    """
    original, today = request.original, now.date()
    named = original.key.epoch if original is not None and original.key is not None else UNDATED
    is_old_too = request.kind is Kind.REVERSAL
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


def batch_is_current(case: Case) -> bool:
    """The terminal works in the batch we think it is in."""
    key = case.request.key
    return key.institution in DATED or key.epoch == case.item.terminal.epoch


def batch_is_behind(case: Case) -> bool:
    """The batch that the message names is settled."""
    key = case.request.key
    return key.institution not in DATED and case.item.terminal.has_left(key.epoch)


def amount_is_positive(case: Case) -> bool:
    """There is an amount and it is not zero."""
    return case.amount > 0


def issuer_is_known(case: Case) -> bool:
    """The card number begins as one of our active issuers' cards do."""
    issuer = case.issuer_named
    return issuer is not None and issuer.is_active


def card_is_known(case: Case) -> bool:
    """A card with this number exists."""
    return case.card is not None


def merchant_accepts_issuer(case: Case) -> bool:
    """The merchant takes this issuer's cards."""
    return case.present_card.issuer_id in case.item.terminal.merchant.accepts


def card_is_activated(case: Case) -> bool:
    """It has been sold and switched on."""
    return case.present_card.status != "inactive"


def card_is_not_frozen(case: Case) -> bool:
    """Nobody has frozen it."""
    return case.present_card.status != "frozen"


def card_is_not_lost(case: Case) -> bool:
    """Its holder has not reported it lost."""
    return case.present_card.status != "lost"


def card_is_not_stolen(case: Case) -> bool:
    """Its holder has not reported it stolen."""
    return case.present_card.status != "stolen"


def card_has_not_expired(case: Case) -> bool:
    """Today is not after the month the card is valid to, and the date sent is the card's."""
    expiry = case.present_card.expiry
    return expiry >= case.state.month and case.request.expiry in {None, expiry}


def currency_is_the_issuers(case: Case) -> bool:
    """The amount is in the unit the card holds."""
    money = case.request.amount
    return money is not None and money.unit == case.issuer.currency


def amount_is_within_limit(case: Case) -> bool:
    """Not above what the issuer allows one transaction."""
    return case.amount <= case.issuer.amount_minor_max


def value_covers_amount(case: Case) -> bool:
    """Posted less held is enough."""
    return case.amount <= case.present_card.value.available


def balance_stays_within_limit(case: Case) -> bool:
    """A load does not lift the card above what the issuer allows it to hold."""
    return case.present_card.value.available + case.amount <= case.issuer.balance_minor_max


def issuer_has_programme(case: Case) -> bool:
    """There are points to spend at all."""
    return case.programme is not None


def amount_earns_points(case: Case) -> bool:
    """At least one whole point, so that an approval always has something to undo."""
    programme = case.programme
    return programme is not None and points_earned(programme, case.amount) > 0


def amount_is_in_points(case: Case) -> bool:
    """The amount counts points: of any programme, or of the card's own by name."""
    money = case.request.amount
    return money is not None and money.unit in {POINTS_PREFIX, case.present_card.points.unit}


def points_reach_threshold(case: Case) -> bool:
    """Not below the smallest redemption the programme allows."""
    programme = case.programme
    return programme is not None and case.amount >= programme.redemption_points_min


def points_cover_amount(case: Case) -> bool:
    """Enough points in lots that have not expired."""
    return case.amount <= spendable(case.present_card, case.today)


def original_is_found(case: Case) -> bool:
    """What is to be undone was approved, and by this card where a card is presented."""
    original = case.original
    return original is not None and (case.item.pan_hash is None or original.card is case.card)


def original_has_this_rrn(case: Case) -> bool:
    """The RRN sent with a void or refund, where one is sent, is the original's."""
    named = case.request.original
    if named is None or named.rrn is None:
        return True
    return rrn_of(case.present_original.number) == named.rrn


def original_can_be_voided(case: Case) -> bool:
    """Its kind is one that a void undoes."""
    return case.present_original.kind in VOIDABLE


def original_is_of_this_batch(case: Case) -> bool:
    """The terminal has not settled since: after that a sale is refunded, not voided."""
    named = case.request.original
    if named is None or named.key is None:
        return True
    return named.key.epoch == case.request.key.epoch and case.settled is None


def original_can_be_refunded(case: Case) -> bool:
    """Its kind is one that a refund gives back."""
    return case.present_original.kind in {Kind.PURCHASE, Kind.POINTS_REDEMPTION}


def original_is_this_merchants(case: Case) -> bool:
    """It was sold by the merchant who now takes it back."""
    return case.present_original.merchant == case.merchant_id


def original_stands(case: Case) -> bool:
    """No void or reversal has taken it back."""
    return not case.present_original.is_undone


def original_is_not_refunded(case: Case) -> bool:
    """No part of it has been given back."""
    return case.present_original.refunded_minor == 0


def amount_is_the_originals(case: Case) -> bool:
    """A void is of the whole; there is no partial void."""
    return case.amount == case.amount_to_name


def refund_fits_original(case: Case) -> bool:
    """All refunds together do not exceed what was paid."""
    original = case.present_original
    return case.amount + original.refunded_minor <= original.amount_minor


def points_refund_is_whole(case: Case) -> bool:
    """Points are refunded whole or not at all."""
    original = case.present_original
    return original.kind is not Kind.POINTS_REDEMPTION or case.amount == original.amount_minor


def unit_is_the_originals(case: Case) -> bool:
    """The same money is given back for money, points for points."""
    money, original = case.request.amount, case.present_original
    if money is None:
        return False
    unit = original.unit
    if original.kind is Kind.POINTS_EARN and not money.is_points:
        unit = original.card.value.unit
    return money.unit == unit or (money.unit == POINTS_PREFIX and unit.startswith(POINTS_PREFIX))


def ksn_refusal(case: Case) -> Reason | None:
    """Why its DUKPT keys do not let this pass: one was used before. Counts them as used if not."""
    used = case.item.used
    if used is None or case.state.use_keys(case.item.terminal.terminal_id, used):
        return None
    return Reason.KSN_REFUSED


def pin_refusal(case: Case, *, is_required: bool) -> Reason | None:
    """Why the PIN does not let this pass, None when it does. Counts wrong ones."""
    card = case.present_card
    if card.pin_value is None:
        return None
    if card.pin_failures >= case.issuer.pin_tries_max:
        return Reason.PIN_TRIES_EXCEEDED
    if case.request.pin is None:
        return Reason.WRONG_PIN if is_required else None
    pin = _clear_pin(case)
    if pin is None:
        return Reason.PIN_FORMAT
    assert case.request.pan is not None
    if not case.pins.matches(case.request.pan, pin, card.pin_value):
        return _count_failure(case)
    _clear_failures(case)
    return None


def _clear_pin(case: Case) -> Secret | None:
    """The PIN out of its block; None where the block cannot be read under the terminal's key.

    A ValueError is a format whose cipher the terminal's key does not fit.
    """
    request = case.request
    if request.pan is None or request.pin is None:
        return None
    reader = case.item.terminal.pin_reader(request.pin, request.key_generation)
    if reader is None:
        return None
    try:
        return reader.read(request.pin.block, request.pin.iso_format, request.pan)
    except (PinFormatError, ValueError):
        return None


def _clear_failures(case: Case) -> None:
    card = case.present_card
    if card.pin_failures:
        card.pin_failures = 0
        card.pin_failures_changed = True


def _count_failure(case: Case) -> Reason:
    card = case.present_card
    card.pin_failures += 1
    card.pin_failures_changed = True
    is_last = card.pin_failures >= case.issuer.pin_tries_max
    return Reason.PIN_TRIES_EXCEEDED if is_last else Reason.WRONG_PIN
