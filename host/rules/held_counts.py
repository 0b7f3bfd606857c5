"""What a hold has counted: as much as it keeps, then as much as was paid out of it.

A pre-authorisation is counted as a purchase is, when it is opened. Whatever happens to its hold
afterwards brings that to what it is then: more by an increment, the rest of it back by a completion
that takes less, all of it by a void, a reversal, a person or the clock; and again what is kept
anew where a completion is voided. It is counted where its opening was, by the rules of then.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from host.model.holds import HoldOwner
from host.model.requests import Kind
from host.rules.dossier import Dossier, Posting
from host.rules.hold import Hold, HoldNote
from host.rules.usage import Outcome, ToldRule

COMPLETIONS: Final = frozenset({Kind.COMPLETION, Kind.COMPLETION_ADVICE})


def hold_moved(dossier: Dossier, posting: Posting) -> Hold | None:
    """The pre-authorisation's hold that it is about, were it there no more; not one it opens."""
    holds = dossier.state.holds
    if not holds:
        return None
    named = {note.hold for note in dossier.beside or () if isinstance(note, HoldNote)}
    original = posting.undoes.number if posting.undoes is not None else 0
    for hold in holds.values():
        is_about = hold.id in named or (original and hold.facts_of(original))
        if is_about and hold.owner is HoldOwner.PREAUTH:
            return hold
    return None


def told_of_hold(dossier: Dossier, hold: Hold, posting: Posting) -> Iterator[ToldRule]:
    """What has to be counted more, or given back, of each rule that counted its opening."""
    counted = dossier.state.counted
    numbers = {hold.id, *(fact.journal for fact in hold.facts if fact.journal)}
    rows = [told for number in numbers for told in counted.get(number, ())]
    for opening in [told for told in counted.get(hold.id, ()) if told.times > 0]:
        of_rule = [told for told in rows if told.key == opening.key]
        times, amount = _difference(dossier, hold, posting, of_rule)
        if not times and not amount:
            continue
        told = msgspec.structs.replace(
            opening,
            outcome=Outcome.COUNTED if amount > 0 or times > 0 else Outcome.GAVE_BACK,
            times=times,
            amount_minor=amount,
            had_times=0,
            had_minor=0,
        )
        counted[hold.id].append(told)
        yield told


def _difference(
    dossier: Dossier, hold: Hold, posting: Posting, of_rule: list[ToldRule]
) -> tuple[int, int]:
    """Times and amount, from what is counted to what is to be."""
    original = posting.undoes
    if posting.undo_kind is Kind.REFUND and original is not None:
        is_whole = original.refunded_minor + posting.amount_minor >= original.amount_minor
        return -int(is_whole), -posting.amount_minor
    is_to_be = _standing(dossier, hold, posting)
    times = sum(told.times for told in of_rule)
    return int(is_to_be > 0) - times, is_to_be - sum(told.amount_minor for told in of_rule)


def _standing(dossier: Dossier, hold: Hold, posting: Posting) -> int:
    """What is kept by it, or was paid out of it."""
    if hold.is_open:
        return hold.held
    original = posting.undoes
    is_paid = dossier.request.kind in COMPLETIONS or (
        original is not None and original.kind is Kind.COMPLETION_VOID
    )
    return posting.amount_minor if is_paid else 0
