"""Reserves: how much of what a merchant is paid is held back, for how long, and what is held.

Terms are dated rows of a merchant; what has begun stays as it is, for what was held by it is let go
by it. The night holds and lets go (`clearing.reserves`).
"""

import datetime as dt
from typing import Final

from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import HoldDays, MerchantId, Values
from host.office.places import Scope
from host.office.refusals import FIELD, Refusal
from host.office.roles import AU, FN, IM, MO, PA
from host.office.rows.fees import Share, millionths
from host.office.rows.programmes import business_date
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "reserves.sql")
SAVE: Final = "reserve.save"
_NOBODY_YET: Final = "-"
"""Who has agreed, while it is only tried what it would do."""


class ReserveSave(Values, frozen=True, kw_only=True):
    """Of which merchant; 0% holds nothing more, and what is held is let go on its day."""

    merchant: MerchantId
    percent: Share
    """Of what a date comes to with each issuer, where it is for the merchant."""
    held_days: HoldDays
    since: dt.date | None = None
    """The first date; the open one without it."""


def _save(acting: Acting, values: ReserveSave) -> Result:
    today = business_date(acting)
    since = values.since or today
    if since < today:
        raise Refusal(FIELD, field="since", problem="it begins today at the earliest")
    told = {
        "merchant_id": acting.subject.id,
        "since": since,
        "millionths": millionths(values.percent),
        "held_days": values.held_days,
        "said_by": acting.who.login,
        "agreed_by": acting.agreed_by or _NOBODY_YET,
    }
    row = acting.connection.execute(SQL["add_reserve_terms"], told).fetchone()
    assert row is not None, "RETURNING"
    said = {"percent": values.percent, "held_days": values.held_days, "since": since.isoformat()}
    return Result(beside={"terms": row[0], **said})


SAVES: Final = Action(
    id=SAVE,
    en="Say how much of a merchant's payouts is held back",
    zh="设定预留",
    values=ReserveSave,
    roles=frozenset({FN}),
    do=_save,
    about=lambda values: Ref("merchant", values.merchant),
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA}),
    step=Step.OWN,
)
TERMS: Final = View(
    id="reserve_terms",
    en="Terms of reserves",
    zh="预留条件",
    roles=frozenset({PA, FN, AU, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="terms", kind=int),
        Column(name="merchant", opens="merchants"),
        Column(name="since", kind=dt.date),
        Column(name="percent"),
        Column(name="held_days", kind=int),
        Column(name="made_by", hidden_from=frozenset({Scope.MERCHANT})),
        Column(name="agreed_by", hidden_from=frozenset({Scope.MERCHANT})),
    ),
    order=("terms",),
    is_newest_first=True,
    filters=(Filter(name="merchant", column="merchant"),),
    actions=(SAVE,),
    exports="C",
)
RESERVES: Final = View(
    id="reserves",
    en="Reserves",
    zh="预留",
    roles=frozenset({PA, FN, AU, IM, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT}),
    columns=(
        Column(name="business_date", kind=dt.date),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer", opens="issuers"),
        Column(name="base_minor", kind=int),
        Column(name="amount_minor", kind=int),
        Column(name="unit"),
        Column(name="terms", kind=int),
        Column(name="due_on", kind=dt.date),
        Column(name="released_on", kind=dt.date),
        Column(name="rrn"),
    ),
    order=("business_date", "id"),
    is_newest_first=True,
    filters=(Filter(name="date", column="business_date", kind=dt.date),),
    exports="C",
)
