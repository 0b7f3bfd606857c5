"""Exceptions: what a program must not mend by itself, seen and resolved by people, for good.

Nothing is posted by resolving one: whoever does says how it was mended, and a case of more than the
limit of a grant is agreed to by another.
"""

import datetime as dt
from typing import Any, Final

from host.model.money import Money
from host.office.action import Acting, Action, Result, Second
from host.office.fields import Note, Number, Values
from host.office.places import Scope
from host.office.refusals import STATE, Refusal
from host.office.roles import AU, FN, PA, PO
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.store.cases import CaseError, resolve_case

RESOLVE: Final = "exception.resolve"


class ExceptionResolve(Values, frozen=True, kw_only=True):
    """Which case, and how it was mended, or why nothing had to be."""

    exception: Number
    note: Note


def _resolve(acting: Acting, values: ExceptionResolve) -> Result:
    try:
        resolve_case(
            acting.connection,
            values.exception,
            note=values.note,
            by=acting.who.login,
            now=acting.now,
        )
    except CaseError:
        raise Refusal(STATE, state="resolved") from None
    return Result(beside=_at_stake(acting))


def _is_above_limit(acting: Acting, _values: ExceptionResolve) -> bool:
    limit = acting.grant.limit_minor
    at_stake: int = acting.subject.content["amount_minor"]
    return at_stake > 0 and (limit is None or at_stake > limit)


def _at_stake(acting: Acting) -> dict[str, str]:
    content = acting.subject.content
    told = {"kind": str(content["kind"])}
    if content["unit"]:
        told["at_stake"] = str(Money(content["amount_minor"], content["unit"]))
    return told


def _foretold(acting: Acting, _values: ExceptionResolve) -> dict[str, Any]:
    """What it is of."""
    return _at_stake(acting)


RESOLVES: Final = Action(
    id=RESOLVE,
    en="Resolve an exception",
    zh="处理差错",
    values=ExceptionResolve,
    roles=frozenset({FN}),
    do=_resolve,
    about=lambda values: Ref("exception_case", str(values.exception)),
    second=Second.WHEN,
    second_when=_is_above_limit,
    approvers=frozenset({FN, PA}),
    foretold=_foretold,
)
EXCEPTIONS: Final = View(
    id="exceptions",
    en="Open exceptions",
    zh="未结差错",
    roles=frozenset({PA, PO, FN, AU}),
    scopes=frozenset({Scope.PLATFORM}),
    columns=(
        Column(name="id", kind=int),
        Column(name="kind"),
        Column(name="terminal_id", opens="terminals"),
        Column(name="epoch"),
        Column(name="trace"),
        Column(name="what_is_known"),
        Column(name="amount_minor", kind=int),
        Column(name="unit"),
        Column(name="seen_times", kind=int),
        Column(name="opened_at", kind=dt.datetime),
        Column(name="seen_at", kind=dt.datetime),
        Column(name="age_days", kind=int),
        Column(name="is_notice", kind=bool),
    ),
    order=("id",),
    filters=(
        Filter(name="id", column="id", kind=int),
        Filter(name="terminal_id", column="terminal_id"),
    ),
    actions=(RESOLVE,),
    exports="CX",
)
