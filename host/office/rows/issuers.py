"""Actions about issuers, and about who makes their cards."""

from typing import Final

from host.model.holds import HOLD_DAYS
from host.model.money import NUMBER_BY_CURRENCY
from host.model.pay_codes import is_of_codes
from host.model.secrets import CODE_PREFIX
from host.office.accounts import SQL, open_for_issuer
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import (
    Currency,
    HoldDays,
    InstitutionId,
    Money,
    Name,
    Note,
    Number,
    Percent,
    Prefix,
    Text,
    Tries,
    Values,
)
from host.office.refusals import (
    FIELD,
    PREFIX,
    Refusal,
)
from host.office.roles import BM, IM, PA, RK
from host.office.rows.estate import merged, next_number, refuse_missing, refuse_same, told_of_values
from host.office.subjects import THE_PLATFORM, Found, Ref
from host.store.estate_versions import Followed

OF_A_NEW_ISSUER: Final = {"hold_days": HOLD_DAYS, "hold_over_percent": 0}
"""Where nothing is said of it."""


class IssuerSave(Values, frozen=True, kw_only=True):
    """A new issuer needs all; of one that is there prefix and currency stay."""

    institution_id: InstitutionId
    name: Name | None = None
    pan_prefix: Prefix | None = None
    currency: Currency | None = None
    amount_minor_max: Money | None = None
    balance_minor_max: Money | None = None
    pin_tries_max: Tries | None = None
    hold_days: HoldDays | None = None
    hold_over_percent: Percent | None = None


class IssuerSuspend(Values, frozen=True, kw_only=True):
    """Suspended, or taken again."""

    institution_id: InstitutionId
    is_suspended: bool = True
    note: Note


class VendorSave(Values, frozen=True, kw_only=True):
    """A new one has no number yet."""

    vendor: Number | None = None
    issuer: InstitutionId | None = None
    name: Name | None = None
    contact: Text | None = None
    note: Text | None = None


def _save_issuer(acting: Acting, values: IssuerSave) -> Result:
    acting.connection.execute(SQL["hold_estate"])
    if acting.about is not None:
        return _edit_issuer(acting, acting.about, values)
    told = told_of_values(values)
    for name, value in OF_A_NEW_ISSUER.items():
        told[name] = value if told[name] is None else told[name]
    refuse_missing(told, "a new issuer needs it")
    if values.currency not in NUMBER_BY_CURRENCY:
        problem = f"messages name no such currency, but {' '.join(NUMBER_BY_CURRENCY)}"
        raise Refusal(FIELD, field="currency", problem=problem)
    if values.pan_prefix is not None and is_of_codes(values.pan_prefix):
        problem = f"codes to pay by begin with {CODE_PREFIX}"
        raise Refusal(FIELD, field="pan_prefix", problem=problem)
    _refuse_overlap(acting, values)
    told["id"] = next_number(acting, "next_issuer")
    acting.connection.execute(SQL["add_issuer"], told)
    open_for_issuer(acting.connection, told["id"])
    acting.move(Followed.ISSUER, told["id"])
    return Result(key=values.institution_id)


def _edit_issuer(acting: Acting, about: Found, values: IssuerSave) -> Result:
    for fixed in ("pan_prefix", "currency"):
        if getattr(values, fixed) not in {None, about.content[fixed]}:
            raise Refusal(FIELD, field=fixed, problem="it stays: cards are made and valued by it")
    acting.connection.execute(SQL["edit_issuer"], merged(about, values))
    acting.move(Followed.ISSUER, about.id)
    return OK


def _refuse_overlap(acting: Acting, values: IssuerSave) -> None:
    told = {"institution_id": values.institution_id, "prefix": values.pan_prefix}
    row = acting.connection.execute(SQL["overlapping"], told).fetchone()
    if row is not None:
        raise Refusal(PREFIX, field="pan_prefix", other=row[0])


def _suspend_issuer(acting: Acting, values: IssuerSuspend) -> Result:
    refuse_same(acting.subject, is_active=not values.is_suspended)
    told = {"id": acting.subject.id, "is_active": not values.is_suspended}
    acting.connection.execute(SQL["set_issuer"], told)
    acting.move(Followed.ISSUER, acting.subject.id)
    return OK


def _save_vendor(acting: Acting, values: VendorSave) -> Result:
    acting.connection.execute(SQL["hold_estate"])
    if acting.about is not None:
        acting.connection.execute(SQL["edit_vendor"], merged(acting.about, values))
        return OK
    if acting.within is None or not values.name:
        raise Refusal(FIELD, field="name", problem="a new card maker needs it")
    if not values.contact:
        raise Refusal(FIELD, field="contact", problem="a new card maker needs it")
    told = {name: value or "" for name, value in told_of_values(values).items()}
    told |= {"id": next_number(acting, "next_vendor"), "issuer": acting.within.id}
    acting.connection.execute(SQL["add_vendor"], told)
    return Result(key=str(told["id"]))


def _of_vendor(values: VendorSave) -> Ref:
    return Ref("vendor", "" if values.vendor is None else str(values.vendor))


ISSUER_SAVE: Final = Action(
    id="issuer.save",
    en="Add or edit an issuer",
    zh="发卡方",
    values=IssuerSave,
    roles=frozenset({PA}),
    do=_save_issuer,
    about=lambda values: Ref("issuer", values.institution_id),
    within=lambda _values: THE_PLATFORM,
    second=Second.ALWAYS,
    step=Step.OWN,
)
ISSUER_SUSPEND: Final = Action(
    id="issuer.suspend",
    en="Suspend or resume an issuer",
    zh="暂停发卡方",
    values=IssuerSuspend,
    roles=frozenset({PA, RK}),
    do=_suspend_issuer,
    about=lambda values: Ref("issuer", values.institution_id),
    second=Second.WHEN,
    second_when=lambda _acting, values: not values.is_suspended,
    approvers=frozenset({PA}),
)
VENDOR_SAVE: Final = Action(
    id="vendor.save",
    en="Add or edit a card maker",
    zh="制卡公司",
    values=VendorSave,
    roles=frozenset({IM, BM}),
    do=_save_vendor,
    about=_of_vendor,
    within=lambda values: Ref("issuer", values.issuer or ""),
)
