"""House accounts for whom people bring into the estate: every row of the chart that concerns them.

An account that is there stays as it is, so whoever asks names more than is missing.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from host.estate.accounts import UNITS, HouseAccount, Units
from host.ledger import CHART, Chart, Owner
from host.model.money import Money
from host.model.vouchers import COUNTED_UNITS
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "estate.sql")


class KeptIn(NamedTuple):
    """An issuer, and what its accounts are kept in."""

    issuer: int
    currency: str
    programmes: tuple[str, ...]

    def units(self, kept: Units) -> Iterator[str]:
        """The ledger's units of a chart row."""
        if kept is Units.COUNTED:
            yield from COUNTED_UNITS
            return
        if kept is not Units.POINTS:
            yield self.currency
        if kept is not Units.MONEY:
            for code in self.programmes:
                yield Money.points(code, 0).unit


def open_for_issuer(connection: Connection, issuer: int) -> None:
    """Its own, and those of every merchant with it."""
    merchants = [number for (number,) in connection.execute(SQL["merchant_numbers"])]
    [kept] = [one for one in _kept(connection) if one.issuer == issuer]
    _open(connection, [*_wanted(kept, merchants)])


def open_for_merchant(connection: Connection, merchant: int) -> None:
    """Its own with every issuer, whether or not it takes that one's cards today."""
    _open(connection, [one for kept in _kept(connection) for one in _wanted(kept, [merchant])])


def _kept(connection: Connection) -> list[KeptIn]:
    rows = connection.execute(SQL["units"]).fetchall()
    return [KeptIn(number, currency, tuple(codes)) for number, currency, codes in rows]


def _wanted(kept: KeptIn, merchants: list[int]) -> Iterator[HouseAccount]:
    for chart, row in CHART.items():
        if Owner.CARD in row.owner:
            continue
        issuer = kept.issuer if Owner.ISSUER in row.owner else None
        for unit in kept.units(UNITS[chart]):
            yield from _for_merchants(chart, unit, issuer, merchants)


def _for_merchants(
    chart: Chart, unit: str, issuer: int | None, merchants: list[int]
) -> Iterator[HouseAccount]:
    for merchant in merchants if Owner.MERCHANT in CHART[chart].owner else [None]:
        yield HouseAccount(chart, unit, issuer, merchant)


def _open(connection: Connection, wanted: list[HouseAccount]) -> None:
    connection.execute(
        SQL["open_accounts"],
        {
            "charts": [one.chart.value for one in wanted],
            "units": [one.unit for one in wanted],
            "issuers": [one.issuer_id for one in wanted],
            "merchants": [one.merchant_id for one in wanted],
        },
    )
