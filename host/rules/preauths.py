"""Pre-authorisations: what is kept for a merchant, and what its completion takes of that.

A hold is found by what its slip says: the authorisation code and the date, or the reference, or,
at the terminal that asked for it, batch and trace. It ends once: completed, voided, reversed,
released by a person, or by the clock. Until one of these was posted it stands, whatever a clock
says meanwhile; what is brought back by the void of a completion comes back only while it is in
time, and as far as the card still covers it.
"""

import datetime as dt
from typing import Final

from host.cases import CaseKind
from host.model.holds import HoldFact, HoldOwner
from host.model.numbers import business_date_of, rrn_of
from host.model.requests import Kind, Original
from host.model.responses import Reason
from host.rules.dossier import Dossier, Moot, Posting
from host.rules.hold import Hold
from host.rules.holding import (
    bring_back,
    decrease,
    increase,
    open_hold,
    purse_of,
    release,
    settle,
)
from host.rules.postings import post_purchase
from host.rules.undoing import Result, note_undone, undo_whole

CODES: Final = 1_000_000
"""An authorisation code is so much of the end of an exchange's number."""
ENDED_BY_CLOCK: Final = Kind.HOLD_EXPIRY.value
COMPLETED: Final = Kind.COMPLETION.value
"""By what a hold was ended that was paid out of, by whichever message."""
HELD_ALONE: Final = frozenset({Kind.PREAUTH, Kind.PREAUTH_INCREMENT, Kind.PREAUTH_VOID})
"""What moves nothing but a hold."""
HOLD_ENDS: Final = frozenset({Kind.HOLD_EXPIRY, Kind.HOLD_RELEASE})
"""What is asked by no terminal: the clock's and a person's."""
_DAY: Final = dt.timedelta(days=1)
_PERCENT: Final = 100


def hold_of(dossier: Dossier) -> Hold | None:
    """The hold that is named; the newest, where a slip's code and date fit several."""
    own, named = dossier.item.own, dossier.request.original
    if own is not None:
        return dossier.state.holds.get(own.hold)
    if named is None or dossier.card is None:
        return None
    card = dossier.card
    fitting = [
        hold
        for hold in dossier.state.holds.values()
        if hold.card == card.id and hold.owner is HoldOwner.PREAUTH and _fits(dossier, hold, named)
    ]
    return max(fitting, key=lambda hold: hold.id, default=None)


def _fits(dossier: Dossier, hold: Hold, named: Original) -> bool:
    if named.rrn is not None and rrn_of(hold.id) != named.rrn:
        return False
    if named.auth_code is not None:
        is_its_code = f"{hold.id % CODES:06d}" == named.auth_code
        return is_its_code and _is_of_day(hold, named.local_date)
    if named.rrn is not None:
        return True
    known = dossier.original_known
    return known is not None and known.number == hold.id


def _is_of_day(hold: Hold, local_date: str | None) -> bool:
    """Whether a slip may say this date, MMDD: of the terminal, which may be a day beside ours."""
    if local_date is None:
        return True
    days = {business_date_of(hold.id), hold.opened_on}
    return local_date in {f"{day + n * _DAY:%m%d}" for day in days for n in (-1, 0, 1)}


def hold_is_found(dossier: Dossier) -> bool:
    """There is one, of this card and by this name."""
    return hold_of(dossier) is not None


def hold_is_this_merchants(dossier: Dossier) -> bool:
    """It was opened by the merchant who now asks, at whichever terminal."""
    return _present_hold(dossier).merchant == dossier.merchant_id


def hold_is_not_completed(dossier: Dossier) -> bool:
    """Nobody has been paid out of it."""
    hold = _present_hold(dossier)
    return hold.is_open or hold.ended_by != COMPLETED


def hold_is_in_time(dossier: Dossier) -> bool:
    """The clock has not ended it."""
    hold = _present_hold(dossier)
    return hold.is_open or hold.ended_by != ENDED_BY_CLOCK


def hold_stands(dossier: Dossier) -> bool:
    """Neither a void, nor a reversal, nor a person has released it."""
    return _present_hold(dossier).is_open


def hold_is_ended_by_people(dossier: Dossier) -> bool:
    """It is a pre-authorisation: what is kept otherwise, who keeps it ends."""
    return _present_hold(dossier).owner is HoldOwner.PREAUTH


def amount_is_the_holds(dossier: Dossier) -> bool:
    """A void is of the whole: what it was opened for and increased by, or what is left of it."""
    hold = _present_hold(dossier)
    return dossier.amount in {hold.amount, hold.held}


def amount_fits_hold(dossier: Dossier) -> bool:
    """Not more than is held, and so many percent that issuer or product allow on top."""
    hold = _present_hold(dossier)
    over = hold.amount * dossier.hold_over_percent // _PERCENT
    return dossier.amount <= hold.held + over


def hold_and_value_cover(dossier: Dossier) -> bool:
    """What is more than is held is free on the card."""
    hold = _present_hold(dossier)
    return dossier.amount <= hold.held + max(purse_of(dossier, hold).available, 0)


def post_preauth(dossier: Dossier) -> Result:
    """Money of the card is kept for the merchant; nothing moves."""
    card, amount = dossier.present_card, dossier.amount
    until = dossier.state.decided_at + dossier.hold_days * _DAY
    open_hold(dossier, card.value, amount, owner=HoldOwner.PREAUTH, expires_at=until)
    return _held_alone(dossier, amount, card.value.unit)


def post_increment(dossier: Dossier) -> Result:
    """More is kept, no longer than before."""
    hold = _present_hold(dossier)
    increase(dossier, hold, dossier.amount)
    return _held_alone(dossier, dossier.amount, hold.unit)


def post_preauth_void(dossier: Dossier) -> Result:
    """All that is left may be spent again."""
    return _release_all(dossier, _present_hold(dossier))


def post_end(dossier: Dossier) -> Result:
    """The clock, or a person, ends it. Where it has ended before, nothing is left to do."""
    hold = hold_of(dossier)
    return _release_all(dossier, hold) if hold is not None and hold.is_open else None


def post_completion(dossier: Dossier) -> Result:
    """A purchase that is paid out of what was held; the rest may be spent again."""
    settle(dossier, _present_hold(dossier), dossier.amount, Kind.COMPLETION)
    dossier.tell(held_minor=dossier.present_card.value.held)
    return post_purchase(dossier)


def post_completion_void(dossier: Dossier) -> Result:
    """The completion's own legs the other way, and its hold stands again."""
    return undo_completion(dossier, Kind.COMPLETION_VOID)


def undo_completion(dossier: Dossier, kind: Kind) -> Result:
    """As `undo_whole`. What comes back onto the card covers at least what the hold had paid.

    Of a completion that stands again, for its void was reversed, the hold has paid what it had
    left then: nothing, where it had ended otherwise meanwhile.
    """
    original = dossier.present_original
    result = undo_whole(dossier, kind)
    hold = _touched_hold(dossier)
    if not isinstance(result, Posting) or hold is None or not _is_in_time(dossier, hold):
        return result
    taken = hold.moved_by(original.standing_by, HoldFact.USED, HoldFact.RELEASED)
    purse = purse_of(dossier, hold)
    back = min(taken, max(purse.available + original.amount_minor, 0))
    if back:
        bring_back(dossier, hold, back)
    return result


def redo_completion(dossier: Dossier) -> Result:
    """A completion's void is reversed: it is paid again, out of what its void brought back."""
    original, hold = dossier.present_original, _touched_hold(dossier)
    if hold is None or not hold.is_open:
        return undo_whole(dossier, Kind.REVERSAL)
    purse = purse_of(dossier, hold)
    if original.amount_minor <= hold.held + max(purse.available, 0):
        settle(dossier, hold, original.amount_minor, Kind.COMPLETION)
    return undo_whole(dossier, Kind.REVERSAL)


def reverse_held(dossier: Dossier) -> Result:
    """The reversal of what moved nothing but a hold."""
    original, hold = dossier.present_original, _touched_hold(dossier)
    assert hold is not None, "what moves a hold alone has a fact of it"
    if original.kind is Kind.PREAUTH_VOID:
        return _keep_again(dossier, hold)
    if original.kind is Kind.PREAUTH and hold.ended_by != COMPLETED:
        hold.was_reversed = True
    if not hold.is_open:
        return _reverse_ended(dossier, hold)
    if original.kind is Kind.PREAUTH:
        return _undone(dossier, _release_all(dossier, hold))
    part = min(original.amount_minor, hold.held)
    decrease(dossier, hold, part)
    return _undone(dossier, _held_alone(dossier, part, hold.unit))


def _reverse_ended(dossier: Dossier, hold: Hold) -> Moot | Reason:
    """Nothing is left to undo; unless it was paid out of it, which stands."""
    original = dossier.present_original
    if hold.ended_by != COMPLETED:
        return Moot(original)
    _open_case(dossier, CaseKind.REVERSAL_REFUSED, "it was completed before; 22 was answered")
    return Reason.HOLD_COMPLETED


def _keep_again(dossier: Dossier, hold: Hold) -> Result:
    """The void of a pre-authorisation never was: the hold stands again, if it is in time."""
    original = dossier.present_original
    if hold.is_open or hold.was_reversed or not _is_in_time(dossier, hold):
        return Moot(original)
    if original.amount_minor > purse_of(dossier, hold).available:
        _open_case(dossier, CaseKind.REVERSAL_OF_SPENT, "what was held is spent")
        return Reason.INSUFFICIENT_FUNDS
    bring_back(dossier, hold, original.amount_minor)
    return _undone(dossier, _held_alone(dossier, original.amount_minor, hold.unit))


def _release_all(dossier: Dossier, hold: Hold) -> Posting:
    left = hold.held
    release(dossier, hold, left)
    return _held_alone(dossier, left, hold.unit)


def _held_alone(dossier: Dossier, amount: int, unit: str) -> Posting:
    """A posting without legs: its amount is what its facts of the hold say."""
    card = dossier.present_card
    dossier.tell(held_minor=card.value.held)
    return Posting(card, dossier.merchant_id, amount, unit, [])


def _undone(dossier: Dossier, posting: Posting) -> Posting:
    note_undone(posting, dossier.present_original, Kind.REVERSAL)
    return posting


def _present_hold(dossier: Dossier) -> Hold:
    hold = hold_of(dossier)
    assert hold is not None, "a check before has made sure of it"
    return hold


def _touched_hold(dossier: Dossier) -> Hold | None:
    """The hold that the original opened, changed or was paid out of."""
    number = dossier.present_original.number
    holds = dossier.state.holds.values()
    return next((hold for hold in holds if hold.facts_of(number)), None)


def _is_in_time(dossier: Dossier, hold: Hold) -> bool:
    return dossier.state.decided_at < hold.expires_at


def _open_case(dossier: Dossier, kind: CaseKind, detail: str) -> None:
    original, stan = dossier.present_original, dossier.request.key.stan
    amount, unit = original.amount_minor, original.unit
    dossier.open_case(kind, f"{original.kind}: {detail}", amount, unit, stan=stan)
