"""What may be paid now, to whom and where: statements that wait, by merchant."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

from host.model.money import Money
from host.model.word import Word
from host.office.payments import BankAccount
from host.office.payout_refusals import ACCOUNT, ACCOUNT_HOURS, MINIMUM
from host.office.refusals import Refusal
from host.store.connecting import Connection
from host.store.office_settings import PAYOUT_MINOR_MIN, value_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "payouts.sql")
RETURNED: Final = "returned"
HOUSE: Final = 0
"""In the place of a merchant: from where is paid."""
_THE_HOUSE: Final = Word("the house", "本平台")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where one is paid, since when, by whose word."""

    id: int
    bank: BankAccount
    set_at: dt.datetime
    set_by: str
    is_used: bool
    """Whether anything was paid to it yet."""


class Statement(NamedTuple):
    """By its date and its place in that; of a side, what was held out of it by a dispute.

    Of RETURNED it is a payout that came back, by its date and its number.
    """

    date: dt.date
    place: int
    side: str = ""

    @property
    def name(self) -> str:
        """As people name it."""
        return "-".join(filter(None, (f"{self.date:%Y%m%d}", str(self.place), self.side)))


class _Row(NamedTuple):
    """One of the statement `payable`."""

    merchant: str
    merchant_id: int
    unit: str
    business_date: dt.date
    place: int
    side: str
    due_minor: int

    @property
    def statement(self) -> Statement:
        """Which it is."""
        return Statement(self.business_date, self.place, self.side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What one merchant is owed, of which statements."""

    merchant: str
    merchant_id: int
    amount: Money
    statements: tuple[Statement, ...]
    account: Account | None

    def end_to_end_id(self, date: dt.date) -> str:
        """By which the bank's statement names it."""
        return f"{date:%Y%m%d}-{self.merchant}"


def all_due(
    connection: Connection, since: dt.date, date: dt.date, named: Collection[str] = ()
) -> list[Due]:
    """What every merchant is owed of these dates; of statements that are named, of these alone."""
    told = {"since": since, "date": date}
    rows = [_Row(*row) for row in connection.execute(SQL["payable"], told)]
    wanted = [row for row in rows if not named or row.statement.name in named]
    accounts = accounts_of(connection, sorted({row.merchant_id for row in wanted}))
    return [
        Due(
            merchant=merchant,
            merchant_id=number,
            amount=Money(sum(row.due_minor for row in found), unit),
            statements=tuple(row.statement for row in found),
            account=accounts.get(number),
        )
        for (merchant, number, unit), found in _by_payee(wanted)
    ]


def _by_payee(rows: Sequence[_Row]) -> Iterator[tuple[tuple[str, int, str], list[_Row]]]:
    for payee, found in groupby(rows, key=lambda row: (row.merchant, row.merchant_id, row.unit)):
        yield payee, list(found)


def accounts_of(connection: Connection, merchants: Sequence[int]) -> dict[int, Account]:
    """Those that are in force, by merchant; HOUSE among them is the house's own."""
    rows = connection.execute(SQL["accounts_in_force"], {"merchants": list(merchants)})
    return {
        merchant: Account(
            id=number,
            bank=BankAccount(holder=holder, account=account, bank=bank),
            set_at=set_at,
            set_by=set_by,
            is_used=is_used,
        )
        for merchant, number, holder, account, bank, set_at, set_by, is_used in rows
    }


def refusal_of(due: Due, least_minor: int, now: dt.datetime) -> Refusal | None:
    """Why it is not paid now."""
    if due.amount.amount_minor < max(least_minor, 1):
        least = Money(least_minor, due.amount.unit)
        return Refusal(MINIMUM, whose=due.merchant, amount=due.amount, least=least)
    return refusal_of_account(due.account, due.merchant, now)


def refusal_of_account(account: Account | None, whose: str, now: dt.datetime) -> Refusal | None:
    """Why nothing is paid there now."""
    if account is not None and account.set_at + dt.timedelta(hours=ACCOUNT_HOURS) <= now:
        return None
    return Refusal(ACCOUNT, whose=whose or _THE_HOUSE)


def least_of(connection: Connection) -> int:
    """From how much on one is paid, in minor units."""
    return value_of(connection, PAYOUT_MINOR_MIN)
