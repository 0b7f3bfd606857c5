"""The simulated payment port: what somebody says became of an order is what it tells."""

import datetime as dt
import enum
from typing import Final, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "simulated_port.sql")
SILENT: Final = dt.timedelta(seconds=20)
"""So long it says nothing, where that is to be played."""


@enum.unique
class Event(enum.StrEnum):
    """What may be played."""

    PAID = "paid"
    PAID_TWICE = "paid_twice"
    PAID_ANOTHER_AMOUNT = "paid_another_amount"
    NOT_PAID = "not_paid"
    SILENT = "silent"


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """One payment, by the port's own number."""

    reference: str
    amount_minor: int
    at: dt.datetime
    is_refunded: bool = False


class Told(NamedTuple):
    """An order, as it is remembered."""

    amount_minor: int
    is_closed: bool
    silent_until: dt.datetime | None
    paid: tuple[Paid, ...]


def open_order(connection: Connection, order: str, amount_minor: int) -> None:
    """It is to be paid."""
    connection.execute(SQL["open_order"], {"order": order, "amount_minor": amount_minor})


def told_of(connection: Connection, order: str) -> Told:
    """What became of it so far."""
    row = connection.execute(SQL["told_of"], {"order": order}).fetchone()
    assert row is not None, "it was opened"
    amount, is_closed, silent_until, paid = row
    return Told(amount, is_closed, silent_until, msgspec.convert(paid, tuple[Paid, ...]))


def close_order(connection: Connection, order: str) -> None:
    """Nobody pays it any more; but who has begun to may still come late."""
    _say(connection, order, told_of(connection, order)._replace(is_closed=True))


def refund(connection: Connection, order: str, reference: str) -> None:
    """One payment is given back; again is the same."""
    told = told_of(connection, order)
    paid = tuple(
        msgspec.structs.replace(one, is_refunded=True) if one.reference == reference else one
        for one in told.paid
    )
    _say(connection, order, told._replace(paid=paid))


def simulate(connection: Connection, order: str, event: Event, now: dt.datetime) -> None:
    """It becomes of it what is said."""
    told = told_of(connection, order)
    if event is Event.NOT_PAID:
        told = told._replace(is_closed=True)
    elif event is Event.SILENT:
        told = told._replace(silent_until=now + SILENT)
    else:
        short = 1 if event is Event.PAID_ANOTHER_AMOUNT else 0
        times = 2 if event is Event.PAID_TWICE else 1
        told = told._replace(
            paid=(
                *told.paid,
                *(
                    Paid(
                        reference=f"SIM-{order}-{len(told.paid) + each}",
                        amount_minor=told.amount_minor - short,
                        at=now,
                    )
                    for each in range(times)
                ),
            )
        )
    _say(connection, order, told)


def _say(connection: Connection, order: str, told: Told) -> None:
    connection.execute(
        SQL["say"],
        {
            "order": order,
            "is_closed": told.is_closed,
            "silent_until": told.silent_until,
            "paid": Jsonb(msgspec.to_builtins(told.paid)),
        },
    )
