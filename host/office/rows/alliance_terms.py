"""What points of an alliance cost who gives them out and bring who takes them, as people say it.

Terms are dated rows of a programme, or of one merchant in it. What has begun stays as it is, for
what was given out by it is settled by it; what is said later counts from its day on.
"""

import datetime as dt
from typing import Annotated, Any, Final

from msgspec import Meta

from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import MerchantId, Values
from host.office.places import Scope
from host.office.refusals import FIELD, Refusal
from host.office.roles import AL, AU, FN, IM, MO, PA, PO
from host.office.rows.fees import Share, millionths
from host.office.rows.programmes import Code, business_date
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.rules.alliances import ACTS, HELD, Settled
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "alliances.sql")
Points = Annotated[int, Meta(ge=1, le=1_000_000)]
Price = Annotated[int, Meta(ge=0, le=1_000_000)]


class AllianceTermsSave(Values, frozen=True, kw_only=True):
    """Of a programme; of the merchant that it names alone."""

    programme: Code
    settled: Settled
    """When points are paid for by who gave them out."""
    per_points: Points
    """So many points cost and bring:"""
    issued_minor: Price
    """what who gives them out pays,"""
    redeemed_minor: Price
    """what who takes them is paid."""
    percent: Share = "0%"
    """The house's fee, of what is paid for points that are taken."""
    share: Share = "0%"
    """What of that fee the card's issuer has."""
    merchant: MerchantId | None = None
    since: dt.date | None = None
    """The first day; the open one without it."""


def _save(acting: Acting, values: AllianceTermsSave) -> Result:
    today = business_date(acting)
    alliance = acting.subject.content["alliance_id"]
    if alliance is None:
        raise _field("programme", "it is an issuer's: only points of an alliance are settled")
    told: dict[str, Any] = {
        "programme": values.programme,
        "since": values.since or today,
        "settled": values.settled.value,
        "per_points": values.per_points,
        "issued_minor": values.issued_minor,
        "redeemed_minor": values.redeemed_minor,
        "fee_millionths": millionths(values.percent),
        "share_millionths": millionths(values.share),
        "made_by": acting.who.login,
    }
    if told["since"] < today:
        raise _field("since", "it begins today at the earliest")
    told["merchant_id"] = _merchant(acting, values, {**told, "alliance_id": alliance})
    if acting.connection.execute(SQL["terms_said"], told).fetchone() == (True,):
        raise _field("since", "there are terms from that day on: say them from another day on")
    row = acting.connection.execute(SQL["add_terms"], told).fetchone()
    assert row is not None, "terms were added"
    return Result(beside={"terms": row[0], "since": told["since"].isoformat()})


def _merchant(acting: Acting, values: AllianceTermsSave, told: dict[str, Any]) -> int | None:
    if values.merchant is None:
        return None
    told["merchant"] = values.merchant
    row = acting.connection.execute(SQL["merchant_in"], told).fetchone()
    if row is None:
        raise _field("merchant", "it is not in the programme's alliance: invite it first")
    number: int = row[0]
    return number


def _field(field: str, problem: str) -> Refusal:
    return Refusal(FIELD, field=field, problem=problem)


SAVE: Final = Action(
    id="alliance_terms.save",
    en="Say what an alliance's points cost and bring",
    zh="联盟结算条件",
    values=AllianceTermsSave,
    roles=frozenset({FN, PA, AL}),
    do=_save,
    about=lambda values: Ref("programme", values.programme),
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA, AL}),
    step=Step.OWN,
)
TERMS: Final = View(
    id="alliance_terms",
    en="Terms of alliances' points",
    zh="联盟结算条件",
    roles=frozenset({PA, PO, AU, FN, AL}),
    scopes=frozenset({Scope.PLATFORM, Scope.ALLIANCE}),
    columns=(
        Column(name="terms", kind=int),
        Column(name="programme"),
        Column(name="alliance", opens="alliances"),
        Column(name="merchant", opens="merchants"),
        Column(name="since", kind=dt.date),
        Column(name="settled"),
        Column(name="per_points", kind=int),
        Column(name="issued_minor", kind=int),
        Column(name="redeemed_minor", kind=int),
        Column(name="percent"),
        Column(name="share"),
        Column(name="made_by"),
    ),
    order=("programme", "since", "terms"),
    filters=(
        Filter(name="programme", column="programme"),
        Filter(name="alliance", column="alliance"),
    ),
    actions=("alliance_terms.save",),
    exports="C",
)
SETTLED: Final = View(
    id="alliance_settlements",
    en="Settled points of alliances",
    zh="联盟积分结算",
    roles=frozenset({PA, FN, AU, IM, AL, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.ALLIANCE, Scope.MERCHANT}),
    columns=(
        Column(name="business_date", kind=dt.date),
        Column(name="programme"),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer", opens="issuers"),
        Column(name="act"),
        Column(name="points", kind=int),
        Column(name="unit"),
        Column(name="net_minor", kind=int),
        Column(name="terms", kind=int),
        Column(name="is_prefunded", kind=bool),
    ),
    order=("business_date", "id"),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="merchant", column="merchant", beside="date"),
        Filter(name="act", column="act", words=(*ACTS, HELD), beside="date"),
    ),
    exports="C",
)
