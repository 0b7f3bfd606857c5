"""Vouchers for the staff of an enterprise: which it may hand out, to whom it does, what came of it.

Who hands them out sees who has redeemed and who has not, and never what somebody took for one.
"""

import datetime as dt
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from host.model.vouchers import ProductKind
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Money, Name, Note, Values
from host.office.jobs import begin_job
from host.office.places import Scope
from host.office.refusals import FIELD, NOT_FOUND, STATE, Refusal
from host.office.roles import AU, HR, IM, PA, PO
from host.office.rows.enterprises import Code, left_of, refuse_short
from host.office.rows.staff import Grade
from host.office.rows.vouchers import SQL as OF_BATCHES
from host.office.staff_issuing import SQL, Offer, Plan, chosen, spend
from host.office.subjects import Found, Ref, find
from host.office.view import Column, Filter, View
from host.stock.refusals import StockRefusal, Why

ISSUE: Final = "staff.issue"
PEOPLE_MAX: Final = 20_000
"""In one action."""
Each = Annotated[int, Meta(ge=1, le=20)]
Some = Annotated[tuple[Name, ...], Meta(max_length=200)]
_SEERS: Final = frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.ENTERPRISE})
_OWN: Final = frozenset({Scope.ENTERPRISE})


class EnterpriseOffer(Values, frozen=True, kw_only=True):
    """A batch of vouchers that an enterprise may hand out, what one costs it, and what it gives."""

    enterprise: Code
    batch: str
    price_minor: Money
    gives: Literal["goods", "services"] = "goods"
    is_offered: bool = True


class StaffIssue(Values, frozen=True, kw_only=True):
    """So many vouchers of a batch for all of these departments and grades; of none: for all."""

    enterprise: Code
    batch: str
    name: Name
    departments: Some = ()
    """Who of them may not redeem what it gives is left out."""
    grades: Annotated[tuple[Grade, ...], Meta(max_length=200)] = ()
    each: Each = 1
    note: Note = "for the staff"


class _Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What it comes to."""

    employees: int
    left_out: int
    vouchers: int
    cost_minor: int
    budget_left_minor: int


def _offer(acting: Acting, values: EnterpriseOffer) -> Result:
    batch = acting.find("card_batch", values.batch)
    row = acting.connection.execute(
        OF_BATCHES["kind_of_product"], (batch.content["product_id"],)
    ).fetchone()
    if row is None or not ProductKind(row[0]).is_voucher:
        raise Refusal(NOT_FOUND, field="batch", what="card_batch")
    if batch.place.issuer_id != acting.subject.place.issuer_id:
        raise Refusal(FIELD, field="batch", problem="it is another issuer's than the enterprise's")
    told = {
        "enterprise": acting.subject.id,
        "batch": batch.id,
        "gives": values.gives,
        "price": values.price_minor,
        "state": "offered" if values.is_offered else "ended",
        "by": acting.who.login,
        "now": acting.now,
    }
    acting.connection.execute(SQL["offer"], told)
    said = {"batch": values.batch, "gives": values.gives, "price_minor": values.price_minor}
    return Result(beside={**said, "state": told["state"]})


def _issue(acting: Acting, values: StaffIssue) -> Result:
    enterprise, offer = _enterprise(acting), _offered(acting, values)
    people, left_out = _people(acting, values, offer)
    counted = _counted(enterprise, offer, values, len(people), left_out)
    refuse_short(counted.budget_left_minor, left_of(enterprise.content))
    _refuse_few(acting, offer, counted.vouchers)
    made = {"enterprise": enterprise.id, "batch": offer.batch, "name": values.name}
    told: dict[str, Any] = {
        **made,
        "gives": offer.gives,
        "price": offer.price_minor,
        "planned": counted.vouchers,
        "month": f"{acting.now.astimezone():%Y-%m}",
        "by": acting.who.login,
        "now": acting.now,
    }
    row = acting.connection.execute(SQL["add_issue"], told).fetchone()
    assert row is not None, "RETURNING"
    number: int = row[0]
    each = [one for one in people for _ in range(values.each)]
    rows = {
        "issue": number,
        "enterprise": enterprise.id,
        "gives": offer.gives,
        "employees": [one.employee for one in each],
        "members": [one.member for one in each],
        "departments": [one.department for one in each],
    }
    acting.connection.execute(SQL["add_rows"], rows)
    spend(acting.connection, int(enterprise.id), counted.cost_minor)
    found = find(acting.connection, Ref("staff_issue", str(number)))
    assert found is not None, "it was made just now"
    plan = Plan(issue=number, by=acting.who.login)
    job = begin_job(acting, ISSUE, found, total=counted.vouchers, plan=plan)
    acting.connection.execute(SQL["done_by"], {"job": job, "issue": number})
    return Result(key=str(number), told={**msgspec.structs.asdict(counted), "job": job})


def _enterprise(acting: Acting) -> Found:
    found = acting.within
    assert found is not None, "it is made within one"
    if found.content["state"] != "active":
        raise Refusal(STATE, state=found.content["state"])
    return found


def _offered(acting: Acting, values: StaffIssue) -> Offer:
    told = {"enterprise": _enterprise(acting).id, "batch": values.batch}
    row = acting.connection.execute(SQL["offered"], told).fetchone()
    if row is None:
        raise Refusal(NOT_FOUND, field="batch", what="card_batch")
    return Offer(*row)


def _people(acting: Acting, values: StaffIssue, offer: Offer) -> tuple[list[Any], int]:
    number = int(_enterprise(acting).id)
    people, left_out = chosen(acting.connection, number, offer, values.departments, values.grades)
    if not people:
        problem = "nobody of them works there and may redeem it"
        raise Refusal(FIELD, field="departments", problem=problem)
    if len(people) * values.each > PEOPLE_MAX:
        problem = "so many at once are handed out in several"
        raise Refusal(FIELD, field="departments", problem=problem)
    return people, left_out


def _counted(
    enterprise: Found, offer: Offer, values: StaffIssue, people: int, left_out: int
) -> _Counted:
    vouchers = people * values.each
    cost = vouchers * offer.price_minor
    return _Counted(
        employees=people,
        left_out=left_out,
        vouchers=vouchers,
        cost_minor=cost,
        budget_left_minor=left_of(enterprise.content) - cost,
    )


def _refuse_few(acting: Acting, offer: Offer, wanted: int) -> None:
    row = acting.connection.execute(SQL["left_of_batch"], (offer.batch, wanted)).fetchone()
    assert row is not None, "a count is a row"
    if row[0] < wanted:
        raise StockRefusal(Why.ALL_CLAIMED)


def _foretold(acting: Acting, values: StaffIssue) -> dict[str, Any]:
    """How many, what it costs, and what is left then."""
    offer = _offered(acting, values)
    people, left_out = _people(acting, values, offer)
    counted = _counted(_enterprise(acting), offer, values, len(people), left_out)
    return msgspec.structs.asdict(counted)


def _is_above_limit(acting: Acting, values: StaffIssue) -> bool:
    """It costs more than who asks may spend alone; without a limit all of it is."""
    limit = acting.grant.limit_minor
    return limit is None or _foretold(acting, values)["cost_minor"] > limit


OFFER: Final = Action(
    id="enterprise.offer",
    en="Offer a batch of vouchers to an enterprise",
    zh="企业可发券",
    values=EnterpriseOffer,
    roles=frozenset({PO, IM}),
    do=_offer,
    about=lambda values: Ref("enterprise", values.enterprise),
)
ISSUES: Final = Action(
    id=ISSUE,
    en="Issue vouchers to staff",
    zh="批量发放员工券",
    values=StaffIssue,
    roles=frozenset({HR}),
    do=_issue,
    about=lambda _values: Ref("staff_issue", ""),
    within=lambda values: Ref("enterprise", values.enterprise),
    second=Second.WHEN,
    second_when=_is_above_limit,
    approvers=frozenset({HR, IM, PA}),
    step=Step.OWN,
    foretold=_foretold,
)
OFFERS: Final = View(
    id="staff_offers",
    en="Vouchers an enterprise may issue",
    zh="可发券",
    roles=frozenset({PA, PO, AU, IM, HR}),
    scopes=_SEERS,
    columns=(
        Column(name="id", kind=int),
        Column(name="enterprise"),
        Column(name="batch"),
        Column(name="name"),
        Column(name="gives"),
        Column(name="price_minor", kind=int),
        Column(name="valid_to", kind=dt.date),
        Column(name="state"),
    ),
    order=("id",),
    filters=(
        Filter(name="enterprise", column="enterprise"),
        Filter(name="batch", column="batch", beside="enterprise"),
    ),
    few=_SEERS - {Scope.PLATFORM},
    actions=("enterprise.offer", ISSUE),
    exports="C",
)
ISSUED: Final = View(
    id="staff_issues",
    en="Vouchers issued to staff",
    zh="员工发券记录",
    roles=frozenset({HR}),
    scopes=_OWN,
    columns=(
        Column(name="issue", kind=int, opens="staff_vouchers"),
        Column(name="name"),
        Column(name="batch"),
        Column(name="planned", kind=int),
        Column(name="issued", kind=int),
        Column(name="not_issued", kind=int),
        Column(name="redeemed", kind=int),
        Column(name="cost_minor", kind=int),
        Column(name="job", kind=int, opens="jobs"),
        Column(name="made_by"),
        Column(name="made_at", kind=dt.datetime),
    ),
    order=("issue",),
    is_newest_first=True,
    filters=(Filter(name="issue", column="issue", kind=int),),
    exports="C",
)
VOUCHERS: Final = View(
    id="staff_vouchers",
    en="Vouchers of employees",
    zh="员工券",
    roles=frozenset({HR}),
    scopes=_OWN,
    columns=(
        Column(name="issue", kind=int),
        Column(name="place", kind=int),
        Column(name="employee"),
        Column(name="name", is_masked=True),
        Column(name="department"),
        Column(name="staff_voucher_state"),
        Column(name="why"),
        Column(name="issued_at", kind=dt.datetime),
    ),
    order=("issue", "place"),
    filters=(Filter(name="issue", column="issue", kind=int),),
    needs=frozenset({"issue"}),
    exports="CX",
)
