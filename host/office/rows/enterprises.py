"""Enterprises: customers of an issuer, who hand its vouchers to their staff out of a budget.

What an enterprise may spend is said by two people, and counted where it is spent; nothing of it is
posted, for a voucher is nobody's debt before it is used (`host.rules.vouchers`).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import Meta

from host.model.money import HOUSE_CURRENCY
from host.model.money import Money as Amount
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.enterprise_refusals import BUDGET
from host.office.fields import InstitutionId, Money, Name, Note, Values
from host.office.places import Scope
from host.office.refusals import FIELD, ID, Refusal
from host.office.roles import AU, FN, HR, IM, PA, PO
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "enterprises.sql")
Code = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
_NOBODY_YET: Final = "nobody yet"
_SEERS: Final = frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.ENTERPRISE})


class EnterpriseSave(Values, frozen=True, kw_only=True):
    """A new one says whose customer it is; of one that is there what is said is another then."""

    enterprise: Code
    name: Name
    contact: Name
    issuer: InstitutionId | None = None
    """Whose vouchers it hands out, for good."""
    is_active: bool = True


class EnterpriseGrant(Values, frozen=True, kw_only=True):
    """So much more that it may spend on vouchers; or less, as far as it is not spent."""

    enterprise: Code
    amount_minor: Money
    is_taken_back: bool = False
    note: Note


class DepartmentSave(Values, frozen=True, kw_only=True):
    """What its people may redeem; it holds from the next redemption on."""

    enterprise: Code
    department: Name
    may_goods: bool = False
    may_services: bool = False


def _save(acting: Acting, values: EnterpriseSave) -> Result:
    told: dict[str, Any] = {
        "name": values.name,
        "contact": values.contact,
        "state": "active" if values.is_active else "suspended",
    }
    if acting.about is not None:
        if (
            values.issuer is not None
            and acting.find("issuer", values.issuer).id != (acting.about.content["issuer_id"])
        ):
            raise Refusal(FIELD, field="issuer", problem="it stays the customer of its issuer")
        acting.connection.execute(SQL["edit_enterprise"], {**told, "id": acting.about.id})
        return OK
    if values.issuer is None:
        raise Refusal(FIELD, field="issuer", problem="a new enterprise is an issuer's customer")
    made = {"issuer": acting.find("issuer", values.issuer).id, "code": values.enterprise}
    by = {"by": acting.who.login, "now": acting.now}
    acting.connection.execute(SQL["add_enterprise"], told | made | by)
    return Result(key=values.enterprise)


def _grant(acting: Acting, values: EnterpriseGrant) -> Result:
    amount = -values.amount_minor if values.is_taken_back else values.amount_minor
    left = left_of(acting.subject.content)
    refuse_short(left + amount, left)
    told = {"id": acting.subject.id, "amount": amount}
    acting.connection.execute(SQL["grant_enterprise"], told)
    by = {"by": acting.who.login, "agreed_by": acting.agreed_by or _NOBODY_YET}
    acting.connection.execute(
        SQL["add_grant"], {**told, **by, "note": values.note, "now": acting.now}
    )
    return Result(told={"budget_left_minor": left + amount}, beside={"amount_minor": amount})


def left_of(content: Mapping[str, Any]) -> int:
    """Of an enterprise as it is: what it may still spend, in minor units."""
    left: int = content["granted_minor"] - content["spent_minor"]
    return left


def refuse_short(after: int, left: int) -> None:
    """Return where there is enough.

    Raises:
        Refusal: names the gap, and what is left.
    """
    if after < 0:
        short, has = Amount(-after, HOUSE_CURRENCY), Amount(left, HOUSE_CURRENCY)
        raise Refusal(BUDGET, short=short, left=has)


def _save_department(acting: Acting, values: DepartmentSave) -> Result:
    told = {
        "enterprise": acting.find("enterprise", values.enterprise).id,
        "name": values.department,
        "goods": values.may_goods,
        "services": values.may_services,
    }
    statement = "add_department" if acting.about is None else "edit_department"
    acting.connection.execute(SQL[statement], told)
    return Result(key=f"{values.enterprise}/{values.department}")


SAVE: Final = Action(
    id="enterprise.save",
    en="Add or edit an enterprise",
    zh="企业客户",
    values=EnterpriseSave,
    roles=frozenset({PO, IM}),
    do=_save,
    about=lambda values: Ref("enterprise", values.enterprise),
    within=lambda values: Ref("issuer", values.issuer or ""),
    taken=ID,
)
GRANT: Final = Action(
    id="enterprise.grant",
    en="Raise or lower what an enterprise may spend",
    zh="企业预存",
    values=EnterpriseGrant,
    roles=frozenset({FN, IM}),
    do=_grant,
    about=lambda values: Ref("enterprise", values.enterprise),
    second=Second.ALWAYS,
    approvers=frozenset({FN, IM, PA}),
    step=Step.OWN,
)
DEPARTMENT: Final = Action(
    id="department.save",
    en="Say what a department may redeem",
    zh="部门权限",
    values=DepartmentSave,
    roles=frozenset({HR}),
    do=_save_department,
    about=lambda values: Ref("department", f"{values.enterprise}/{values.department}"),
    within=lambda values: Ref("enterprise", values.enterprise),
)
ENTERPRISES: Final = View(
    id="enterprises",
    en="Enterprise customers",
    zh="企业客户",
    roles=frozenset({PA, PO, AU, FN, IM, HR}),
    scopes=_SEERS,
    columns=(
        Column(name="enterprise"),
        Column(name="name"),
        Column(name="contact"),
        Column(name="issuer"),
        Column(name="granted_minor", kind=int),
        Column(name="spent_minor", kind=int),
        Column(name="budget_left_minor", kind=int),
        Column(name="state"),
    ),
    order=("enterprise",),
    filters=(
        Filter(name="enterprise", column="enterprise"),
        Filter(name="issuer", column="issuer"),
    ),
    actions=("enterprise.save", "enterprise.grant", "staff.import"),
    exports="C",
)
DEPARTMENTS: Final = View(
    id="departments",
    en="Departments",
    zh="部门",
    roles=frozenset({HR}),
    scopes=frozenset({Scope.ENTERPRISE}),
    columns=(
        Column(name="enterprise"),
        Column(name="department"),
        Column(name="may_goods", kind=bool),
        Column(name="may_services", kind=bool),
        Column(name="employees", kind=int),
    ),
    order=("department",),
    filters=(
        Filter(name="enterprise", column="enterprise"),
        Filter(name="department", column="department", beside="enterprise"),
    ),
    actions=("department.save",),
    exports="C",
)
