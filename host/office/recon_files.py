"""LAYOUTS: how files to be reconciled are written, a row each, and what stands in one.

A file is read whole or not at all, and says itself where it ends: one that was cut short anywhere
is refused. How it was sent is no part of it: in another order it says the same.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from host.model.money import HOUSE_CURRENCY
from host.model.recon import Layout, Source
from host.model.secrets import Secret
from host.office.camt import read_statement
from host.office.detail_files import read_detail
from host.office.port_bills import read_wechat
from host.office.told_lines import Told


class Read(NamedTuple):
    """What a file says: its lines, and the currency of its account where it is a bank's."""

    lines: list[Told]
    unit: str = HOUSE_CURRENCY


class LayoutRow(msgspec.Struct, frozen=True, kw_only=True):
    """One layout: whose it is, and how it is read."""

    source: Source
    meaning: str
    read: Callable[[Secret, str], Read]
    """Of a file of whom: the id that a merchant or an issuer is known by."""
    port: str | None = None
    """Of a payment port: its name in PORTS."""


def _read_merchant(content: Secret, party: str) -> Read:
    return Read(read_detail(content, "merchant_id", party))


def _read_issuer(content: Secret, party: str) -> Read:
    return Read(read_detail(content, "issuer_id", party))


def _read_wechat(content: Secret, _party: str) -> Read:
    return Read(read_wechat(content))


def _read_bank(content: Secret, _party: str) -> Read:
    return Read(*read_statement(content))


LAYOUTS: Final[Mapping[Layout, LayoutRow]] = {
    Layout.MERCHANT_CSV: LayoutRow(
        source=Source.MERCHANT,
        meaning="CSV as the night writes it: DETAIL rows, TOTAL rows, and one END with their count",
        read=_read_merchant,
    ),
    Layout.ISSUER_CSV: LayoutRow(
        source=Source.ISSUER,
        meaning="the same, of an issuer",
        read=_read_issuer,
    ),
    Layout.BANK_CAMT053: LayoutRow(
        source=Source.BANK,
        meaning="ISO 20022 camt.053: one statement, whose balances its booked entries explain",
        read=_read_bank,
    ),
    Layout.WECHAT_BILL: LayoutRow(
        source=Source.PORT,
        meaning="the day's bill of WeChat Pay, of all that was paid and given back (ALL)",
        read=_read_wechat,
        port="wechat",
    ),
}


def payment_reference(date: dt.date, merchant: str) -> str:
    """What a payment of a date to a merchant is named by, in its end-to-end id."""
    return f"{date:%Y%m%d}-{merchant}"
