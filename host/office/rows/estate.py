"""The estate: issuers, merchants, stores, terminals and card makers, as people change them.

What is written here is in force from the next message on: each function says which rows running
hosts have to read again.
"""

import datetime as dt
from typing import Any, Final, Literal

import msgspec

from host.model.money import NUMBER_BY_CURRENCY
from host.model.terminal import MacAlgorithm
from host.office.accounts import SQL, open_for_issuer, open_for_merchant
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import (
    Currency,
    InstitutionId,
    Login,
    MerchantId,
    Money,
    Name,
    Note,
    Number,
    Phone,
    Prefix,
    TerminalId,
    Text,
    Tries,
    Values,
)
from host.office.places import Scope
from host.office.refusals import (
    BATCH,
    FIELD,
    ID,
    NO_MASTER_KEY,
    NOT_YOUR_ROLE,
    OPEN,
    PREFIX,
    STATE,
    Refusal,
)
from host.office.roles import BM, IM, MO, PA, PO, RK, ROLES
from host.office.rows.people import PersonSave, make_person
from host.office.subjects import THE_PLATFORM, Found, Ref
from host.office.words import Word
from host.store.estate_versions import Followed
from host.store.keys import ask_rotation

FIRST_EPOCH: Final = "000001"


class IssuerSave(Values, frozen=True, kw_only=True):
    """A new issuer needs all; of one that is there prefix and currency stay."""

    institution_id: InstitutionId
    name: Name | None = None
    pan_prefix: Prefix | None = None
    currency: Currency | None = None
    amount_minor_max: Money | None = None
    balance_minor_max: Money | None = None
    pin_tries_max: Tries | None = None


class IssuerSuspend(Values, frozen=True, kw_only=True):
    """Suspended, or taken again."""

    institution_id: InstitutionId
    is_suspended: bool = True
    note: Note


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
    is_active: bool | None = None


class TerminalSave(Values, frozen=True, kw_only=True):
    """A new terminal needs a store; of one that is there what it is and how it seals stay."""

    terminal_id: TerminalId
    store: Number | None = None
    family: Literal["pos", "mis", "softpos"] = "pos"
    mac_algorithm: MacAlgorithm = MacAlgorithm.X9_19
    serial: Text | None = None
    settles_points: bool | None = None


class TerminalDisable(Values, frozen=True, kw_only=True):
    """Not heard any more, or heard again."""

    terminal_id: TerminalId
    is_disabled: bool = True
    with_open_batch: bool = False
    """Whether a batch that it has not settled may stay open."""
    note: Note


class TerminalRotate(Values, frozen=True, kw_only=True):
    """It is asked to sign on for new working keys."""

    terminal_id: TerminalId


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
    told = _told(values)
    _refuse_missing(told, "a new issuer needs it")
    if values.currency not in NUMBER_BY_CURRENCY:
        problem = f"messages name no such currency, but {' '.join(NUMBER_BY_CURRENCY)}"
        raise Refusal(FIELD, field="currency", problem=problem)
    _refuse_overlap(acting, values)
    told["id"] = _next(acting, "next_issuer")
    acting.connection.execute(SQL["add_issuer"], told)
    open_for_issuer(acting.connection, told["id"])
    acting.move(Followed.ISSUER, told["id"])
    return Result(key=values.institution_id)


def _edit_issuer(acting: Acting, about: Found, values: IssuerSave) -> Result:
    for fixed in ("pan_prefix", "currency"):
        if getattr(values, fixed) not in {None, about.content[fixed]}:
            raise Refusal(FIELD, field=fixed, problem="it stays: cards are made and valued by it")
    acting.connection.execute(SQL["edit_issuer"], _merged(about, values))
    acting.move(Followed.ISSUER, about.id)
    return OK


def _refuse_overlap(acting: Acting, values: IssuerSave) -> None:
    told = {"institution_id": values.institution_id, "prefix": values.pan_prefix}
    row = acting.connection.execute(SQL["overlapping"], told).fetchone()
    if row is not None:
        raise Refusal(PREFIX, field="pan_prefix", other=row[0])


def _suspend_issuer(acting: Acting, values: IssuerSuspend) -> Result:
    _refuse_same(acting.subject, is_active=not values.is_suspended)
    told = {"id": acting.subject.id, "is_active": not values.is_suspended}
    acting.connection.execute(SQL["set_issuer"], told)
    acting.move(Followed.ISSUER, acting.subject.id)
    return OK


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
        acting.connection.execute(SQL["edit_merchant"], _merged(acting.about, values))
        assert isinstance(acting.about.id, int), "merchants are numbered"
        return acting.about.id, OK
    told = {name: value or "" for name, value in _told(values).items()}
    if not values.name:
        raise Refusal(FIELD, field="name", problem="a new merchant needs it")
    number = told["id"] = _next(acting, "next_merchant")
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
    _refuse_same(acting.subject, is_active=not values.is_suspended)
    _set_merchant(acting, is_active=not values.is_suspended, closed_on=None)
    return OK


def _close_merchant(acting: Acting, _values: MerchantClose) -> Result:
    if acting.subject.content["closed_on"] is not None:
        raise Refusal(STATE, state="closed")
    told = {"merchant": acting.subject.id}
    row = acting.connection.execute(SQL["unsettled"], told).fetchone()
    if row is not None and row[0]:
        raise Refusal(OPEN, what=Word(f"{row[0]} terminal batches", f"{row[0]} 个终端批次"))
    _set_merchant(acting, is_active=False, closed_on=acting.now.date())
    return OK


def _set_merchant(acting: Acting, *, is_active: bool, closed_on: dt.date | None) -> None:
    told = {"id": acting.subject.id, "is_active": is_active, "closed_on": closed_on}
    acting.connection.execute(SQL["set_merchant"], told)
    acting.move(Followed.MERCHANT, acting.subject.id)


def _save_store(acting: Acting, values: StoreSave) -> Result:
    acting.connection.execute(SQL["hold_estate"])
    if acting.about is not None:
        if values.merchant is not None:
            raise Refusal(FIELD, field="merchant", problem="a store stays its merchant's")
        acting.connection.execute(SQL["edit_store"], _merged(acting.about, values))
        return OK
    if acting.within is None or not values.name:
        raise Refusal(FIELD, field="name", problem="a new store needs it")
    told = {name: value or "" for name, value in _told(values).items()}
    told |= {"id": _next(acting, "next_store"), "merchant": acting.within.id}
    told["is_active"] = values.is_active is not False
    acting.connection.execute(SQL["add_store"], told)
    return Result(key=str(told["id"]))


def _save_terminal(acting: Acting, values: TerminalSave) -> Result:
    if acting.about is None:
        return _add_terminal(acting, values)
    content = acting.about.content
    store = content["store_id"] if values.store is None else values.store
    if store != content["store_id"]:
        there = acting.find("store", store).place.merchant_id
        if there != acting.about.place.merchant_id:
            raise Refusal(FIELD, field="store", problem="it is another merchant's")
    settles = values.settles_points
    told = {
        "terminal_id": values.terminal_id,
        "store": store,
        "settles_points": content["settles_points"] if settles is None else settles,
    }
    acting.connection.execute(SQL["edit_terminal"], told)
    acting.move(Followed.TERMINAL, values.terminal_id)
    return OK


def _add_terminal(acting: Acting, values: TerminalSave) -> Result:
    assert acting.within is not None, "a new terminal stands in a store"
    told = {
        **_told(values),
        "store": acting.within.id,
        "epoch": FIRST_EPOCH,
        "settles_points": values.settles_points is not False,
    }
    acting.connection.execute(SQL["add_terminal"], told)
    acting.move(Followed.TERMINAL, values.terminal_id)
    return Result(key=values.terminal_id)


def _disable_terminal(acting: Acting, values: TerminalDisable) -> Result:
    content = acting.subject.content
    _refuse_same(acting.subject, is_active=not values.is_disabled)
    told = {"terminal_id": values.terminal_id, "family": content["family"]}
    row = acting.connection.execute(SQL["open_batches"], told).fetchone()
    if values.is_disabled and not values.with_open_batch and row is not None and row[0]:
        raise Refusal(BATCH, field="with_open_batch", terminal=values.terminal_id)
    told["is_active"] = not values.is_disabled
    acting.connection.execute(SQL["set_terminal"], told)
    acting.move(Followed.TERMINAL, values.terminal_id)
    return OK


def _rotate_terminal(acting: Acting, values: TerminalRotate) -> Result:
    asked = ask_rotation(acting.connection, [values.terminal_id], acting.who.login, acting.now)
    if not asked:
        raise Refusal(NO_MASTER_KEY, field="terminal_id", terminal=values.terminal_id)
    return OK


def _save_vendor(acting: Acting, values: VendorSave) -> Result:
    acting.connection.execute(SQL["hold_estate"])
    if acting.about is not None:
        acting.connection.execute(SQL["edit_vendor"], _merged(acting.about, values))
        return OK
    if acting.within is None or not values.name:
        raise Refusal(FIELD, field="name", problem="a new card maker needs it")
    if not values.contact:
        raise Refusal(FIELD, field="contact", problem="a new card maker needs it")
    told = {name: value or "" for name, value in _told(values).items()}
    told |= {"id": _next(acting, "next_vendor"), "issuer": acting.within.id}
    acting.connection.execute(SQL["add_vendor"], told)
    return Result(key=str(told["id"]))


def _told(values: Values) -> dict[str, Any]:
    return msgspec.structs.asdict(values)


def _merged(about: Found, values: Values) -> dict[str, Any]:
    """What a row says, and what is to be another; what was not said stays."""
    said = {name: value for name, value in _told(values).items() if value is not None}
    return {**about.content, **said, "id": about.id}


def _refuse_missing(told: dict[str, Any], problem: str) -> None:
    for name, value in told.items():
        if value is None:
            raise Refusal(FIELD, field=name, problem=problem)


def _refuse_same(found: Found, *, is_active: bool) -> None:
    content = found.content
    if content.get("closed_on") is not None:
        raise Refusal(STATE, state="closed")
    if content["is_active"] == is_active:
        raise Refusal(STATE, state="active" if is_active else "suspended")


def _next(acting: Acting, name: str) -> int:
    row = acting.connection.execute(SQL[name]).fetchone()
    assert row is not None, "an aggregate is a row"
    number: int = row[0]
    return number


def _of_store(values: StoreSave) -> Ref:
    return Ref("store", "" if values.store is None else str(values.store))


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
TERMINAL_SAVE: Final = Action(
    id="terminal.save",
    en="Register or edit a terminal",
    zh="终端",
    values=TerminalSave,
    roles=frozenset({PA, PO, MO}),
    do=_save_terminal,
    about=lambda values: Ref("terminal", values.terminal_id),
    within=lambda values: Ref("store", str(values.store or "")),
    taken=ID,
    second=Second.WHEN,
    second_when=lambda acting, _values: acting.grant.role == MO,
    approvers=frozenset({PA, PO}),
)
TERMINAL_DISABLE: Final = Action(
    id="terminal.disable",
    en="Disable or enable a terminal",
    zh="停用/启用终端",
    values=TerminalDisable,
    roles=frozenset({PA, PO, RK, MO}),
    do=_disable_terminal,
    about=lambda values: Ref("terminal", values.terminal_id),
)
TERMINAL_ROTATE: Final = Action(
    id="terminal.rotate",
    en="Replace a terminal's working keys",
    zh="更换工作密钥",
    values=TerminalRotate,
    roles=frozenset({PA, PO}),
    do=_rotate_terminal,
    about=lambda values: Ref("terminal", values.terminal_id),
    step=Step.OWN,
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
