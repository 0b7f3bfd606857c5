"""Which accounts an estate needs: every row of the chart, for everybody it can concern."""

import enum
from collections.abc import Iterator
from typing import Final, NamedTuple

from host.estate.plan import EstatePlan, IssuerPlan
from host.ledger import CHART, Chart, Owner
from host.model.vouchers import COUNTED_UNITS


@enum.unique
class Units(enum.Enum):
    """In which units a chart row is kept."""

    MONEY = enum.auto()
    POINTS = enum.auto()
    BOTH = enum.auto()
    COUNTED = enum.auto()
    """Goods and stamps, which vouchers give."""


UNITS: Final[dict[Chart, Units]] = {
    Chart.CARD_VALUE: Units.MONEY,
    Chart.CARD_POINTS: Units.POINTS,
    Chart.MERCHANT_PAYABLE: Units.MONEY,
    Chart.MERCHANT_POINTS: Units.POINTS,
    Chart.ISSUER_FUNDS: Units.MONEY,
    Chart.POINTS_ISSUED: Units.POINTS,
    Chart.LOAD_AGENT_RECEIVABLE: Units.MONEY,
    Chart.ISSUER_RECEIVABLE: Units.MONEY,
    Chart.FEE_INCOME: Units.MONEY,
    Chart.BREAKAGE: Units.BOTH,
    Chart.IN_TRANSIT: Units.BOTH,
    Chart.ROUNDING: Units.MONEY,
    Chart.SUSPENSE: Units.BOTH,
    Chart.GOODS_PROMISED: Units.COUNTED,
    Chart.MERCHANT_GOODS: Units.COUNTED,
    Chart.CONVERSION: Units.POINTS,
    Chart.CASH_IN_HAND: Units.MONEY,
    Chart.MERCHANT_FEES: Units.MONEY,
    Chart.ISSUER_FEES: Units.MONEY,
    Chart.HOUSE_FEES: Units.MONEY,
    Chart.ALLIANCE_PAYABLE: Units.MONEY,
    Chart.ALLIANCE_FUND: Units.MONEY,
    Chart.ISSUER_ALLIANCE: Units.MONEY,
    Chart.MERCHANT_RESERVE: Units.MONEY,
    Chart.PORT_RECEIVABLE: Units.MONEY,
}


class HouseAccount(NamedTuple):
    """A chart row's account for one issuer and merchant, or for nobody in particular."""

    chart: Chart
    unit: str
    issuer_id: int | None
    merchant_id: int | None


def house_accounts(plan: EstatePlan) -> list[HouseAccount]:
    """Every account that is not a card's, each once, in a stable order.

    Merchants get theirs for every issuer, whether or not they take its cards today.
    """
    found = (
        account
        for chart, row in CHART.items()
        if Owner.CARD not in row.owner
        for issuer in plan.issuers
        for account in _for_issuer(plan, chart, row.owner, issuer)
    )
    return list(dict.fromkeys(found))


def _for_issuer(
    plan: EstatePlan, chart: Chart, owner: Owner, issuer: IssuerPlan
) -> Iterator[HouseAccount]:
    issuer_id = issuer.id if Owner.ISSUER in owner else None
    merchants = [one.id for one in plan.merchants] if Owner.MERCHANT in owner else [None]
    for unit in _units(plan, UNITS[chart], issuer):
        for merchant in merchants:
            yield HouseAccount(chart, unit, issuer_id, merchant)


def _units(plan: EstatePlan, units: Units, issuer: IssuerPlan) -> Iterator[str]:
    if units is Units.COUNTED:
        yield from COUNTED_UNITS
        return
    if units is not Units.POINTS:
        yield issuer.currency
    if units is not Units.MONEY:
        yield from (one.unit for one in plan.programmes_of(issuer.id))
