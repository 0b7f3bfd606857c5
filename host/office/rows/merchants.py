"""Actions about merchants and their stores."""

import datetime as dt
from typing import Final

from host.model.coordinates import read_coordinates
from host.model.word import Word
from host.office.accounts import SQL, open_for_merchant
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import (
    InstitutionId,
    Login,
    MerchantId,
    Name,
    Note,
    Number,
    Phone,
    ProductCode,
    Text,
    Values,
)
from host.office.places import Scope
from host.office.refusals import (
    FIELD,
    NOT_YOUR_ROLE,
    OPEN,
    STATE,
    Refusal,
)
from host.office.roles import MO, PA, PO, RK, ROLES
from host.office.rows.adverts import end_bookings_of
from host.office.rows.estate import merged, next_number, refuse_same, told_of_values
from host.office.rows.people import PersonSave, make_person
from host.office.subjects import THE_PLATFORM, Ref
from host.stock.days import today_of
from host.store.estate_versions import Followed


class MerchantSave(Values, frozen=True, kw_only=True):
    """A new merchant needs a name; with an owner's login that person is invited."""

    merchant_id: MerchantId
    name: Name | None = None
    trade: Text | None = None
    city: Text | None = None
    contact: Text | None = None
    issuers: tuple[InstitutionId, ...] | None = None
    """Whose cards it takes, all of them."""
    owner: Login | None = None
    owner_name: Name | None = None
    owner_phone: Phone | None = None


class MerchantSuspend(Values, frozen=True, kw_only=True):
    """Suspended, or trading again."""

    merchant_id: MerchantId
    is_suspended: bool = True
    note: Note


class MerchantClose(Values, frozen=True, kw_only=True):
    """For good."""

    merchant_id: MerchantId
    note: Note


class StoreSave(Values, frozen=True, kw_only=True):
    """A new store has no number yet, and needs a merchant and a name."""

    store: Number | None = None
    merchant: MerchantId | None = None
    name: Name | None = None
    address: Text | None = None
    hours: Text | None = None
    phone: Text | None = None
    region: ProductCode | None = None
    """Where it lies, as vouchers say that are for some regions alone."""
    coordinates: Text | None = None
    """Latitude and longitude, as 31.2304,121.4737: members find it by them."""
    is_active: bool | None = None


def _save_merchant(acting: Acting, values: MerchantSave) -> Result:
    acting.connection.execute(SQL["hold_estate"])
    number, result = _keep_merchant(acting, values)
    if values.issuers is not None:
        _accept(acting, number, values.issuers)
    acting.move(Followed.MERCHANT, number)
    return result


def _keep_merchant(acting: Acting, values: MerchantSave) -> tuple[int, Result]:
    if acting.about is not None:
        if values.owner is not None:
            raise Refusal(FIELD, field="owner", problem="the merchant is there: use person.save")
        acting.connection.execute(SQL["edit_merchant"], merged(acting.about, values))
        assert isinstance(acting.about.id, int), "merchants are numbered"
        return acting.about.id, OK
    told = {name: value or "" for name, value in told_of_values(values).items()}
    if not values.name:
        raise Refusal(FIELD, field="name", problem="a new merchant needs it")
    number = told["id"] = next_number(acting, "next_merchant")
    acting.connection.execute(SQL["add_merchant"], told)
    open_for_merchant(acting.connection, number)
    return number, _with_owner(acting, values)


def _with_owner(acting: Acting, values: MerchantSave) -> Result:
    if values.owner is None:
        return Result(key=values.merchant_id)
    person = PersonSave(
        login=values.owner,
        name=values.owner_name or values.name,
        phone=values.owner_phone,
        role=MO,
        scope=Scope.MERCHANT,
        scope_key=values.merchant_id,
    )
    invited = make_person(acting, person, acting.find("merchant", values.merchant_id))
    return Result(key=values.merchant_id, shown_once=invited)


def _accept(acting: Acting, merchant: int, named: tuple[str, ...]) -> None:
    rows = acting.connection.execute(SQL["issuers_named"], {"named": list(named)}).fetchall()
    numbers = dict(rows)
    for name in named:
        if name not in numbers:
            raise Refusal(FIELD, field="issuers", problem=f"there is no issuer {name}")
    told = {"merchant": merchant, "issuers": list(numbers.values())}
    acting.connection.execute(SQL["take_no_more"], told)
    acting.connection.execute(SQL["accept"], told)


def _suspend_merchant(acting: Acting, values: MerchantSuspend) -> Result:
    if not values.is_suspended and acting.grant.role != PA:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[acting.grant.role])
    refuse_same(acting.subject, is_active=not values.is_suspended)
    _set_merchant(acting, is_active=not values.is_suspended, closed_on=None)
    return OK


def _close_merchant(acting: Acting, _values: MerchantClose) -> Result:
    if acting.subject.content["closed_on"] is not None:
        raise Refusal(STATE, state="closed")
    told = {"merchant": acting.subject.id}
    row = acting.connection.execute(SQL["unsettled"], told).fetchone()
    if row is not None and row[0]:
        raise Refusal(OPEN, what=Word(f"{row[0]} terminal batches", f"{row[0]} 个终端批次"))
    _set_merchant(acting, is_active=False, closed_on=today_of(acting.connection, acting.now))
    end_bookings_of(acting)
    return OK


def _set_merchant(acting: Acting, *, is_active: bool, closed_on: dt.date | None) -> None:
    told = {"id": acting.subject.id, "is_active": is_active, "closed_on": closed_on}
    acting.connection.execute(SQL["set_merchant"], told)
    acting.move(Followed.MERCHANT, acting.subject.id)


def _save_store(acting: Acting, values: StoreSave) -> Result:
    acting.connection.execute(SQL["hold_estate"])
    _refuse_coordinates(values.coordinates)
    if acting.about is not None:
        if values.merchant is not None:
            raise Refusal(FIELD, field="merchant", problem="a store stays its merchant's")
        acting.connection.execute(SQL["edit_store"], merged(acting.about, values))
        if values.region is not None:
            _follow_terminals(acting)
        return OK
    if acting.within is None or not values.name:
        raise Refusal(FIELD, field="name", problem="a new store needs it")
    told = {name: value or "" for name, value in told_of_values(values).items()}
    told |= {"id": next_number(acting, "next_store"), "merchant": acting.within.id}
    told["is_active"] = values.is_active is not False
    acting.connection.execute(SQL["add_store"], told)
    return Result(key=str(told["id"]))


def _refuse_coordinates(told: str | None) -> None:
    if not told:
        return
    try:
        read_coordinates(told)
    except ValueError as error:
        raise Refusal(FIELD, field="coordinates", problem=str(error)) from None


def _follow_terminals(acting: Acting) -> None:
    """Hosts hold a store's region with each terminal of it."""
    for (terminal,) in acting.connection.execute(SQL["terminals_of_store"], (acting.subject.id,)):
        acting.move(Followed.TERMINAL, terminal)


def _of_store(values: StoreSave) -> Ref:
    return Ref("store", "" if values.store is None else str(values.store))


MERCHANT_SAVE: Final = Action(
    id="merchant.save",
    en="Add or edit a merchant",
    zh="新增/编辑商户",
    values=MerchantSave,
    roles=frozenset({PA, PO}),
    do=_save_merchant,
    about=lambda values: Ref("merchant", values.merchant_id),
    within=lambda _values: THE_PLATFORM,
)
MERCHANT_SUSPEND: Final = Action(
    id="merchant.suspend",
    en="Suspend or resume a merchant",
    zh="暂停/恢复商户",
    values=MerchantSuspend,
    roles=frozenset({PA, PO, RK}),
    do=_suspend_merchant,
    about=lambda values: Ref("merchant", values.merchant_id),
    second=Second.WHEN,
    second_when=lambda _acting, values: not values.is_suspended,
    approvers=frozenset({PA}),
    step=Step.OWN,
    step_when=lambda _acting, values: not values.is_suspended,
)
MERCHANT_CLOSE: Final = Action(
    id="merchant.close",
    en="Close a merchant",
    zh="删除(关闭)商户",
    values=MerchantClose,
    roles=frozenset({PA}),
    do=_close_merchant,
    about=lambda values: Ref("merchant", values.merchant_id),
    second=Second.ALWAYS,
    step=Step.OWN,
)
STORE_SAVE: Final = Action(
    id="store.save",
    en="Add or edit a store",
    zh="门店",
    values=StoreSave,
    roles=frozenset({PA, PO, MO}),
    do=_save_store,
    about=_of_store,
    within=lambda values: Ref("merchant", values.merchant or ""),
)
