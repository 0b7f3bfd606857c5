"""What was traded in a day, a week or a month: how much, how often, what was refused and why."""

import datetime as dt
from typing import Final

from host.model.requests import Kind
from host.office.places import Scope
from host.office.roles import AL, AU, FN, MO, PA, PO, SM
from host.office.view import Column, Filter, Own, View

PERIODS: Final = ("day", "week", "month")
_OF_HOUSE: Final = frozenset({Scope.ALLIANCE})
"""What a merchant pays is no business of others in its alliance."""
_ORDER: Final = ("starts_on", "period", "merchant", "store", "kind", "channel")

STAT_TRANSACTIONS: Final = View(
    id="stat_transactions",
    en="Transaction statistics",
    zh="交易统计",
    roles=frozenset({PA, PO, FN, AU, AL, MO, SM}),
    scopes=frozenset({Scope.PLATFORM, Scope.ALLIANCE, Scope.MERCHANT, Scope.STORE}),
    members=Scope.MERCHANT,
    columns=(
        Column(name="period"),
        Column(name="starts_on", kind=dt.date),
        Column(name="merchant", opens="merchants"),
        Column(name="store"),
        Column(name="kind"),
        Column(name="channel"),
        Column(name="transactions", kind=int),
        Column(name="net_minor", kind=int),
        Column(name="mean_minor", kind=int),
        Column(name="points_earned", kind=int),
        Column(name="points_taken", kind=int),
        Column(name="declines", kind=int),
        Column(name="declined_percent"),
        Column(name="decline_reasons", kind=list),
        Column(name="merchant_fee_minor", kind=int, hidden_from=_OF_HOUSE),
        Column(name="issuer_fee_minor", kind=int, hidden_from=_OF_HOUSE),
    ),
    order=_ORDER,
    is_newest_first=True,
    filters=(
        Filter(name="date", column="starts_on", kind=dt.date),
        Filter(name="period", column="period", words=PERIODS, beside="date"),
        Filter(name="merchant", column="merchant", beside="date"),
        Filter(name="store", column="store", beside="date"),
        Filter(name="kind", column="kind", kind=Kind, beside="date"),
        Filter(name="channel", column="channel", beside="date"),
    ),
    needs=frozenset({"date"}),
    exports="C",
    own={
        Scope.STORE: Own(
            among="v.of_merchant = (SELECT s.merchant_id FROM store AS s WHERE s.id = %(scope)s)",
            order=_ORDER,
        )
    },
)
