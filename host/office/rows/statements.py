"""Statements of merchants and issuers: what a date comes to, looked at and confirmed by each side.

Nobody edits one: it is the sum of what its date moved. Whose grant it is says which side confirms.
"""

import datetime as dt
from typing import Any, Final

from host.office.action import Acting, Action, Result
from host.office.fields import Number, Values
from host.office.places import Scope
from host.office.refusals import STATE, Refusal
from host.office.roles import AU, FN, IM, MO, PA
from host.office.rows.reports import PRINT
from host.office.subjects import Ref
from host.office.view import Column, Filter, How, View
from host.rules.statement_states import CONFIRM, DISPUTE, StatementState
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "statements.sql")
_SIDES: Final = {Scope.MERCHANT: "merchant", Scope.ISSUER: "issuer"}


class SettlementConfirm(Values, frozen=True, kw_only=True):
    """Which statement: of which date, and which of that."""

    date: dt.date
    number: Number


def statement_of(acting: Acting) -> dict[str, Any]:
    """The statement that it is about, as statements of the office name one."""
    content = acting.subject.content
    return {"business_date": content["business_date"], "place": content["number"]}


def confirm(acting: Acting) -> str:
    """Confirm it for the side whose grant it is; gives that.

    Raises:
        Refusal: that side has spoken.
    """
    side = _SIDES[acting.grant.scope]
    told = {**statement_of(acting), "side": side, "by": acting.who.login, "now": acting.now}
    if not acting.connection.execute(SQL["confirm_statement"], told).rowcount:
        has_disputed = acting.connection.execute(SQL["has_disputed"], told).fetchone()
        spoken = StatementState.DISPUTED if has_disputed else StatementState.CONFIRMED
        raise Refusal(STATE, state=spoken)
    return side


def _confirm(acting: Acting, _values: SettlementConfirm) -> Result:
    return Result(beside={"side": confirm(acting)})


CONFIRMS: Final = Action(
    id=CONFIRM,
    en="Confirm a statement",
    zh="确认结算单",
    values=SettlementConfirm,
    roles=frozenset({MO, IM}),
    do=_confirm,
    about=lambda values: Ref("settlement", f"{values.date:%Y%m%d}-{values.number}"),
)
SETTLEMENTS: Final = View(
    id="settlements",
    en="Statements",
    zh="结算单",
    roles=frozenset({PA, FN, AU, IM, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT}),
    columns=(
        Column(name="settlement", opens="settlements"),
        Column(name="business_date", kind=dt.date, opens="positions"),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer", opens="issuers"),
        Column(name="unit"),
        Column(name="transactions", kind=int),
        Column(name="turnover_minor", kind=int),
        Column(name="returned_minor", kind=int),
        Column(name="alliance_minor", kind=int),
        Column(name="points_taken", kind=int),
        Column(name="points_earned", kind=int),
        Column(name="merchant_fee_minor", kind=int),
        Column(name="issuer_fee_minor", kind=int),
        Column(name="corrected_minor", kind=int),
        Column(name="reserved_minor", kind=int),
        Column(name="advertised_minor", kind=int),
        Column(name="payable_minor", kind=int),
        Column(name="held_out_minor", kind=int),
        Column(name="due_minor", kind=int),
        Column(name="rrns", kind=list),
        Column(name="statement_state"),
        Column(name="merchant_confirmed_by"),
        Column(name="issuer_confirmed_by"),
    ),
    order=("business_date", "id"),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="merchant", column="merchant", beside="date"),
        Filter(name="issuer", column="issuer", beside="date"),
        Filter(
            name="statement_state", column="statement_state", kind=StatementState, beside="date"
        ),
        Filter(name="settlement", column="id", how=How.STATEMENT),
        Filter(name="is_disputed", column="is_disputed", kind=bool, beside="date"),
    ),
    actions=(CONFIRM, DISPUTE, PRINT),
    exports="C",
)
