"""Points of alliances: who gave them out pays, who took them is paid, by dated rows of terms.

A leg for each merchant, issuer, terms and act (`host.rules.alliances`). What a merchant prefunds
waits in its fund, and is netted on the last day of a month. What is settled between a merchant and
an issuer is a line of the date, so it is in positions and in files.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from clearing.alliance_prices import Settlement, settlements
from clearing.booking import Booking, append_posted, book, sum_up_posted
from clearing.fees import lay_out_fees
from clearing.night import ClearingError, Night
from host.ledger import Chart, Leg
from host.model.money import Money
from host.model.requests import Kind
from host.rules.alliances import ACTS, HELD

STEP: Final = "alliances"
"""As the night's table has it, and as keys do."""

_parties: Final = attrgetter("merchant_id", "issuer_id", "unit")
Accounts = Mapping[tuple[str, str, int | None, int | None], int]
"""By chart, unit, issuer and merchant."""


def settle(night: Night) -> str:
    """Reckon what the date's points cost and post it; on a repeat, prove that it is the same.

    Raises:
        ClearingError: an account is missing, or the ledger of a closed date has changed.
    """
    lay_out_fees(night)
    found = _settlements(night)
    if found and not night.is_repeat:
        _post(night, found)
    _compare(night, found)
    append_posted(night, Kind.ALLIANCE_SETTLEMENT, Chart.ALLIANCE_PAYABLE)
    return _told(found)


def is_netted(business_date: dt.date) -> bool:
    """Whether funds are netted on it: it is the last day of a month."""
    return (business_date + dt.timedelta(days=1)).day == 1


def _settlements(night: Night) -> list[Settlement]:
    begun = night.rows("alliances_begun")
    if not begun:
        return []
    told = {"units": [row["unit"] for row in begun], "by_lots": any(r["by_lots"] for r in begun)}
    with night.planned():
        moved = night.rows("alliance_points", **told)
    found = sorted(settlements(moved), key=_parties)
    if is_netted(night.business_date):
        found = sorted([*found, *_netted(night, found)], key=_parties)
    return found


def _netted(night: Night, found: Sequence[Settlement]) -> list[Settlement]:
    """All that stands in the funds with the date, by merchant and issuer."""
    with night.planned():
        rows = night.rows("funds")
    funds = {
        (row["merchant_id"], row["issuer_id"], row["unit"]): row["balance_minor"] for row in rows
    }
    for one in found:
        if one.is_prefunded:
            funds[_parties(one)] = funds.get(_parties(one), 0) + _to_merchant(one)
    return [
        Settlement(None, "", merchant, issuer, "netted", 0, balance, unit, is_prefunded=False)
        for (merchant, issuer, unit), balance in funds.items()
        if balance
    ]


def _to_merchant(one: Settlement) -> int:
    act = ACTS.get(one.act)
    if act is None or Chart.ALLIANCE_PAYABLE not in (act.debit, act.credit):
        return 0
    return one.amount_minor if act.credit is Chart.ALLIANCE_PAYABLE else -one.amount_minor


def _post(night: Night, found: Sequence[Settlement]) -> None:
    accounts = _accounts(night, found)
    groups = [
        (parties, [place for place, _ in same])
        for parties, same in groupby(
            ((place, one) for place, one in enumerate(found) if _is_posted(one)),
            lambda each: _parties(each[1]),
        )
    ]
    bookings = [
        Booking(
            f"{merchant}-{issuer}",
            merchant,
            issuer,
            unit,
            [_leg(night, accounts, found[place]) for place in places],
        )
        for (merchant, issuer, unit), places in groups
    ]
    numbers = book(night, STEP, Kind.ALLIANCE_SETTLEMENT, bookings)
    legs = {
        place: (number, leg)
        for number, (_, places) in zip(numbers, groups, strict=True)
        for leg, place in enumerate(places)
    }
    posted = [legs.get(place, (None, None)) for place in range(len(found))]
    night.run(
        "insert_settlements",
        **{name: [getattr(one, name) for one in found] for name in Settlement._fields},
        journals=[number for number, _ in posted],
        legs=[leg for _, leg in posted],
    )
    sum_up_posted(night, numbers)


def _is_posted(one: Settlement) -> bool:
    return one.act != HELD and one.amount_minor != 0


def _accounts(night: Night, found: Sequence[Settlement]) -> Accounts:
    told = {
        "issuers": sorted({one.issuer_id for one in found}),
        "merchants": sorted({one.merchant_id for one in found}),
    }
    return {
        (row["chart"], row["unit"], row["issuer_id"], row["merchant_id"]): row["id"]
        for row in night.rows("alliance_accounts", **told)
    }


def _leg(night: Night, accounts: Accounts, one: Settlement) -> Leg:
    """As its act says; the other way where more came back than went out."""
    act = ACTS[one.act]
    debit, credit = (_account(accounts, chart, one) for chart in (act.debit, act.credit))
    if debit is None or credit is None:
        raise ClearingError(
            f"points of alliances of {night.business_date} have no account: merchant "
            f"{one.merchant_id}, issuer {one.issuer_id}, {one.unit}. Nothing was settled. Load the "
            "estate again, which makes the accounts that are missing, then run the clearing again"
        )
    leg = Leg(debit, credit, abs(one.amount_minor), one.unit)
    return leg if one.amount_minor > 0 else leg.swapped()


def _account(accounts: Accounts, chart: Chart, one: Settlement) -> int | None:
    if chart in {Chart.HOUSE_FEES, Chart.ROUNDING}:
        return accounts.get((chart, one.unit, None, None))
    if chart is Chart.ISSUER_ALLIANCE:
        return accounts.get((chart, one.unit, one.issuer_id, None))
    if one.is_prefunded and chart is Chart.ALLIANCE_PAYABLE:
        chart = Chart.ALLIANCE_FUND
    return accounts.get((chart, one.unit, one.issuer_id, one.merchant_id))


def _compare(night: Night, found: Sequence[Settlement]) -> None:
    then = [Settlement(**row) for row in night.rows("settled")]
    if then != list(found):
        raise ClearingError(
            f"what points of alliances cost on {night.business_date} is no longer what it was "
            f"({len(set(then) ^ set(found))} rows differ): a closed date, or terms that had begun, "
            "were changed. Run `posswitch audit` to find the row; pay nothing before it is "
            "explained"
        )


def _told(found: Sequence[Settlement]) -> str:
    sums: dict[str, int] = {}
    for one in found:
        if one.act != HELD:
            sums[one.unit] = sums.get(one.unit, 0) + abs(_to_merchant(one))
    return ", ".join(str(Money(sums[unit], unit)) for unit in sorted(sums)) or "no points"
