"""Value that is kept for somebody: holds are opened, increased, used, released and returned.

Each is a fact that goes with the exchange that is decided (`Dossier.keep`), and moves what its
purse has left to spend. Whoever calls has asked that the purse covers it; a decision that may
still be refused changes nothing here before it cannot be.
"""

import datetime as dt

from host.model.holds import HoldFact, HoldOwner
from host.model.requests import Kind
from host.rules.dossier import Dossier
from host.rules.endings import note_late
from host.rules.hold import ITS_OWN, Hold, HoldNote, NewHold
from host.rules.state import Purse


def open_hold(
    dossier: Dossier, purse: Purse, amount: int, *, owner: HoldOwner, expires_at: dt.datetime
) -> None:
    """Keep so much of a purse, until then; the hold's number is the exchange's."""
    card, state = dossier.present_card, dossier.state
    purse.hold(amount)
    dossier.keep(
        NewHold(
            card=card.id,
            issuer=card.issuer_id,
            account=purse.account,
            unit=purse.unit,
            owner=owner,
            merchant=dossier.merchant_id,
            terminal_id=dossier.item.terminal.terminal_id,
            amount_minor=amount,
            opened_at=state.decided_at,
            expires_at=expires_at,
        )
    )
    dossier.keep(HoldNote(ITS_OWN, 0, HoldFact.OPENED, amount))


def increase(dossier: Dossier, hold: Hold, amount: int) -> None:
    """Keep more."""
    _let(dossier, hold, HoldFact.INCREASED, amount)


def decrease(dossier: Dossier, hold: Hold, amount: int) -> None:
    """An increase of so much never was."""
    _let(dossier, hold, HoldFact.DECREASED, amount)


def use(dossier: Dossier, hold: Hold, amount: int) -> None:
    """So much of it is paid by the legs of this exchange."""
    _let(dossier, hold, HoldFact.USED, amount)


def release(dossier: Dossier, hold: Hold, amount: int) -> None:
    """So much of it may be spent again."""
    _let(dossier, hold, HoldFact.RELEASED, amount)


def bring_back(dossier: Dossier, hold: Hold, amount: int) -> None:
    """So much of what was used or released is kept again."""
    _let(dossier, hold, HoldFact.RETURNED, amount)


def settle(dossier: Dossier, hold: Hold, amount: int, by: Kind) -> None:
    """Pay an amount out of what is kept, as far as that goes; the rest may be spent again.

    It has been ended by this kind then, whatever asks: a completion that stands again as well.
    """
    used = min(amount, hold.held)
    for fact, part in ((HoldFact.USED, used), (HoldFact.RELEASED, hold.held - used)):
        if part:
            _let(dossier, hold, fact, part, by)


def purse_of(dossier: Dossier, hold: Hold) -> Purse:
    """Of which purse it keeps something."""
    purse = dossier.present_card.purse_of(hold.account)
    assert purse is not None, "a hold is of a purse of its card"
    return purse


def _let(dossier: Dossier, hold: Hold, fact: HoldFact, amount: int, by: Kind | None = None) -> None:
    before = hold.held
    note, change = hold.take(fact, amount, (by or dossier.request.kind).value)
    purse_of(dossier, hold).hold(hold.held - before)
    if hold.held < before:
        note_late(dossier.present_card, dossier)
    dossier.keep(note)
    dossier.keep(change)
