"""`posswitch trace`: the whole life of one transaction on one screen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from clearing.files import directory_at
from clearing.line import Line, lines_of
from config.as_json import as_builtins, print_json
from config.language import speech
from config.places import Places
from config.screen import screen
from config.tasks.earned import points_told
from config.tasks.lives import (
    Labelled,
    labelled_cases,
    opened_books,
    outcome_of,
    print_labelled,
    status_of,
    when,
    words_of,
)
from config.tasks.ruled import rules_told
from host.model.holds import HoldFact
from host.model.origins import ORIGINS, Origin
from host.programmes import NEVER
from host.store.trace import trace
from host.store.trace_told import Batch, Day, HoldOf, Leg, Lot, Related, Trace

DIGEST_SHOWN: Final = 16
HOLD_STEPS: Final[Mapping[HoldFact, str]] = {
    HoldFact.OPENED: "keeps",
    HoldFact.INCREASED: "keeps more:",
    HoldFact.DECREASED: "keeps less:",
    HoldFact.USED: "pays out of it",
    HoldFact.RELEASED: "lets go of",
    HoldFact.RETURNED: "keeps again",
}
"""What a message did to a hold."""


def trace_transaction(data: Path, settings: Path | None, word: str, *, as_json: bool) -> None:
    """Print the life of one transaction.

    Raises:
        NotTracedError: there is none of this name.
    """
    with opened_books(data, settings) as (connection, places, _):
        found = trace(connection, word.strip())
    files = {
        file.name: lines_of(_file(places, found.day, file.name), _rrn_in_files(found))
        for file in found.day.files
    }
    if as_json:
        told = {**as_builtins(found), "lines": as_builtins(files)}
        print_json(told)
    else:
        screen().print(_head(found), markup=False)
        print_labelled(_life(found, files))


def _file(places: Places, day: Day, name: str) -> Path:
    return directory_at(places.files, day.business_date) / name


def _rrn_in_files(found: Trace) -> str:
    """An external issuer's transaction is told by the issuer's own reference."""
    return found.advice.reference if found.advice is not None else found.rrn


def _head(found: Trace) -> str:
    what = words_of(found.kind)
    amount = "" if found.amount is None else f" {found.amount}"
    return f"RRN {found.rrn}  {what}{amount}  {outcome_of(found.reason)}"


def _life(found: Trace, files: dict[str, list[Line]]) -> Labelled:
    yield from _asked(found)
    yield from _ordered(found)
    yield from _told(found)
    yield from rules_told(found.rules)
    yield from _related(found)
    for place, leg in enumerate(found.legs, 1):
        yield from _leg(place, leg)
    if found.hold is not None:
        yield from _held(found.hold)
    yield from points_told(found)
    for lot in found.lots:
        yield ("points" if lot is found.lots[0] else ""), _lot(lot)
    if found.origin is Origin.TERMINAL:
        yield "batch", _batch(found.batch, found.name.epoch)
    yield from _sealed(found)
    yield from _cleared(found, files)
    yield from labelled_cases(found.cases)


def _asked(found: Trace) -> Labelled:
    if found.is_tombstone:
        yield "", "its reversal came first: this holds its place, and it itself was never decided"
    if found.whose is not None:
        status = f", {status_of(found.whose.status)}" if found.whose.status else ""
        yield "card", f"{found.whose.masked or '?'}{status}"
        yield "issuer", f"{found.whose.issuer} ({found.whose.issuer_id})"
    name = found.name
    if found.origin is not Origin.TERMINAL:
        yield "asked", f"made by {speech.said(ORIGINS[found.origin].meaning)}: {found.made_by}"
        return
    yield "asked", f"trace {name.stan} of batch {name.epoch} at terminal {name.terminal_id}"
    place = found.place
    if place is not None:
        yield "", f"store {place.store}, merchant {place.merchant} ({place.merchant_id})"
    yield "", f"by channel {name.institution}"
    if found.also:
        yield "", f"the same trace came in other batches, too: {', '.join(found.also)}"


def _ordered(found: Trace) -> Labelled:
    if found.order is not None:
        part = f", part {found.order.sub_order}" if found.order.sub_order else ""
        yield "order", f"{found.order.order}{part}"


def _told(found: Trace) -> Labelled:
    yield "decided", f"{when(found.decided_at)}, {outcome_of(found.reason)}"
    if found.amount is None:
        yield "", "nothing was posted; the amount that was asked for is not kept"
    answer = found.answer
    if answer is None:
        return
    if answer.auth_code:
        yield "", f"authorisation {answer.auth_code}"
    if answer.balance is not None:
        yield "", f"balance told {answer.balance}"
    if answer.points_balance is not None:
        yield "", f"points balance told {answer.points_balance:,}"
    if found.advice is not None:
        yield "", f"decided by its external issuer, reference {found.advice.reference}"


def _related(found: Trace) -> Labelled:
    if found.original is not None:
        yield "about", f"{_one(found.original)}"
    for fact in found.facts:
        stands = "" if fact.stands else ", which was itself reversed since"
        moot = ", which found nothing left to undo" if fact.is_moot else ""
        yield "since", f"{_one(fact)}{stands}{moot}"
    if not found.facts and found.amount is not None:
        yield "since", "nothing undid it: it stands"
    for other in found.same_trace:
        yield "same trace", f"RRN {other.rrn}, {words_of(other.kind)}, {outcome_of(other.reason)}"


def _one(related: Related) -> str:
    amount = "" if related.amount is None else f" {related.amount}"
    name = f" ({related.name})" if related.name else ""
    return f"RRN {related.rrn}, {words_of(related.kind)}{amount}{name}"


def _leg(place: int, leg: Leg) -> Labelled:
    yield f"leg {place}", f"{leg.amount} from {leg.debit} {leg.debit_of}".rstrip()
    yield "", f"to {leg.credit} {leg.credit_of}".rstrip()


def _held(hold: HoldOf) -> Labelled:
    """What is kept, until when, and what became of it, message by message."""
    yield "hold", f"{hold.amount} kept by RRN {hold.rrn} since {when(hold.opened_at)}"
    if hold.ended_by:
        yield "", f"nothing of it is kept any more: ended by {words_of(hold.ended_by)}"
    else:
        yield "", f"{hold.held} of it is kept, until {when(hold.expires_at)}"
    for step in hold.steps:
        what = speech.said(HOLD_STEPS[step.fact])
        yield "", f"RRN {step.rrn}, {words_of(step.kind)}: {what} {step.amount}"


def _lot(lot: Lot) -> str:
    if lot.expires_on == NEVER:
        return _lasting(lot)
    if lot.is_new and lot.points < 0:
        return (
            f"owes {-lot.points:,} points that another card owed, for a lot until {lot.expires_on}"
        )
    if lot.is_new and lot.available_from is not None:
        return (
            f"gave {lot.points:,} points from {lot.available_from} until {lot.expires_on}, "
            f"{lot.remaining:,} of them left"
        )
    if lot.is_new:
        return f"gave {lot.points:,} points until {lot.expires_on}, {lot.remaining:,} of them left"
    if lot.points < 0:
        return f"took {-lot.points:,} points of a lot until {lot.expires_on}"
    return f"gave {lot.points:,} points back to a lot until {lot.expires_on}"


def _lasting(lot: Lot) -> str:
    """Of points that never expire."""
    if lot.is_new and lot.points < 0:
        return f"owes {-lot.points:,} points that another card owed, for a lot that never expires"
    if lot.is_new and lot.available_from is not None:
        return (
            f"gave {lot.points:,} points from {lot.available_from} for ever, "
            f"{lot.remaining:,} of them left"
        )
    if lot.is_new:
        return f"gave {lot.points:,} points for ever, {lot.remaining:,} of them left"
    if lot.points < 0:
        return f"took {-lot.points:,} points of a lot that never expires"
    return f"gave {lot.points:,} points back to a lot that never expires"


def _batch(batch: Batch | None, epoch: str) -> str:
    if batch is None:
        return f"batch {epoch}, not settled by its terminal yet"
    if not batch.is_counted:
        return f"batch {batch.epoch}, settled {when(batch.settled_at)}, before this came"
    agrees = {True: "totals agreed", False: "totals differed", None: "uploaded without settling"}
    return f"batch {batch.epoch}, settled {when(batch.settled_at)}, {agrees[batch.agrees]}"


def _sealed(found: Trace) -> Labelled:
    if found.seal is None:
        yield "seal", "the link that covers it is missing. Next: posswitch audit"
        return
    seal = found.seal
    digest = seal.digest.hex()[:DIGEST_SHOWN]
    yield "seal", f"link {seal.seq} of shard {seal.shard}, {seal.items} exchanges, digest {digest}…"


def _cleared(found: Trace, files: dict[str, list[Line]]) -> Labelled:
    day = found.day
    if day.cleared_at is None:
        yield "day", f"business date {day.business_date}, not cleared yet"
        return
    yield "day", f"business date {day.business_date}, cleared {when(day.cleared_at)}"
    for name, lines in files.items():
        if not lines:
            yield "file", f"no line of it is in {name} here"
        for line in lines:
            yield "file", f"line {line.number} of {name}: {line.amount} {line.unit}"
