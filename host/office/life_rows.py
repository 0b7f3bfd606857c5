"""The life of one transaction as rows of a view: one step a row, as far as who looks may see it.

Its merchant and its store see what they did and what it left at their side; how the house or its
issuer decided it (rules, lots, holds) is for these.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from host.model.origins import Origin
from host.store.trace_told import HoldOf, Leg, Related, Trace

Row = dict[str, Any]


def rows_of(trace: Trace, *, sees_deciding: bool, party: str) -> list[Row]:
    """In the order in which things came; `party` is the merchant whose legs are seen; empty: all.

    Amounts are in minor units of their `unit`; what else is told of a step stands in `detail`.
    """
    return [
        *_asked(trace),
        *_decided(trace),
        *(_rules(trace) if sees_deciding else ()),
        *_related(trace),
        *_legs(trace, party),
        *(_value(trace) if sees_deciding else ()),
        *_after(trace),
        *(_cases(trace) if sees_deciding and not party else ()),
    ]


def _row(step: str, detail: Mapping[str, Any] | None = None, **told: Any) -> Row:
    told_of = (detail or {}).items()
    kept = {name: value for name, value in told_of if value is not None and value != ""}
    amount = told.pop("amount", None)
    money = {"amount_minor": amount.amount_minor, "unit": amount.unit} if amount else {}
    return {"step": step, "detail": kept or None, **told, **money}


def _asked(trace: Trace) -> Iterator[Row]:
    place, whose = trace.place, trace.whose
    detail = {
        "terminal": place.terminal_id if place else None,
        "store": place.store if place else None,
        "merchant": place.merchant if place else None,
        "channel": trace.name.institution if trace.origin is Origin.TERMINAL else None,
        "pan_masked": whose.masked if whose else None,
        "issuer": whose.issuer if whose else None,
        "order": trace.order.order if trace.order else None,
        "sub_order": trace.order.sub_order if trace.order else None,
    }
    by = str(trace.name) if trace.origin is Origin.TERMINAL else trace.made_by
    yield _row("asked", detail, event=trace.kind, by=by, amount=trace.amount)


def _decided(trace: Trace) -> Iterator[Row]:
    answer = trace.answer
    detail: dict[str, Any] = {"f39": trace.f39}
    if answer is not None:
        detail |= {"auth_code": answer.auth_code, "points": answer.points_balance}
        if answer.balance is not None:
            detail["balance_minor"] = answer.balance.amount_minor
    if trace.advice is not None:
        detail["reference"] = trace.advice.reference
    yield _row("decided", detail, at=trace.decided_at, outcome=trace.reason, source=trace.rrn)


def _rules(trace: Trace) -> Iterator[Row]:
    for one in trace.rules:
        detail = {
            "says": {"en": one.en, "zh": one.zh},
            "had_times": one.had_times or None,
            "had_minor": one.had_minor or None,
            "asked_minor": one.asked_minor or None,
            "limit_minor": one.amount_minor or None,
            "times": one.times or None,
        }
        told = f"{one.rule}/{one.version} {one.name}"
        yield _row("rule", detail, outcome=one.outcome, source=told)


def _related(trace: Trace) -> Iterator[Row]:
    if trace.original is not None:
        yield _about("about", trace.original)
    for one in trace.facts:
        yield _about("undone_by", one)
    for one in trace.same_trace:
        yield _about("same_trace", one)


def _about(step: str, one: Related) -> Row:
    detail = {"is_undone": True} if not one.stands else {}
    return _row(
        step, detail, event=one.kind, source=one.rrn, by=one.name, outcome=one.reason,
        amount=one.amount,
    )  # fmt: skip


def _legs(trace: Trace, party: str) -> Iterator[Row]:
    for leg in trace.legs:
        if not party or party in {leg.debit_of, leg.credit_of}:
            yield _row("leg", _sides(leg), amount=leg.amount)


def _sides(leg: Leg) -> dict[str, str]:
    return {
        "debit": leg.debit,
        "debit_of": leg.debit_of,
        "credit": leg.credit,
        "credit_of": leg.credit_of,
    }


def _value(trace: Trace) -> Iterator[Row]:
    """Where what it moved came from, and what became of it."""
    if trace.hold is not None:
        yield from _hold(trace.hold)
    for lot in trace.lots:
        detail = {"points_left": lot.remaining, "expires_on": lot.expires_on.isoformat()}
        yield _row("lot", detail, points=lot.points)
    for one in trace.earned:
        yield _row("earned", {"rule": one.rule, "name": one.name}, points=one.points.amount_minor)


def _hold(hold: HoldOf) -> Iterator[Row]:
    until: dt.datetime | None = None if hold.ended_by else hold.expires_at
    detail = {"held_minor": hold.held.amount_minor, "until": until.isoformat() if until else None}
    yield _row("hold", detail, at=hold.opened_at, source=hold.rrn, amount=hold.amount)
    for one in hold.steps:
        yield _row(
            "hold_step", event=one.kind, outcome=one.fact.value, source=one.rrn, amount=one.amount
        )


def _after(trace: Trace) -> Iterator[Row]:
    """What came after it was posted: its terminal's batch, its seal, its day."""
    batch, seal, day = trace.batch, trace.seal, trace.day
    if batch is not None:
        detail = {"agrees": batch.agrees, "is_counted": batch.is_counted}
        yield _row(
            "terminal_batch", detail, at=batch.settled_at, source=batch.epoch, outcome=batch.state
        )
    elif trace.origin is Origin.TERMINAL:
        yield _row("terminal_batch", source=trace.name.epoch, outcome="open")
    if seal is not None:
        source = f"{seal.shard}/{seal.seq}"
        yield _row("seal", {"digest": seal.digest.hex()[:16]}, at=seal.sealed_at, source=source)
    files = [one.name for one in day.files]
    yield _row(
        "day", {"files": files or None}, at=day.cleared_at, source=day.business_date.isoformat(),
        outcome=day.state,
    )  # fmt: skip


def _cases(trace: Trace) -> Iterator[Row]:
    for one in trace.cases:
        yield _row("case", source=f"{one.id}", event=one.kind.value)
