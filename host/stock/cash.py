"""Cash that people take for cards at counters: what each may take, owes, and hands in.

A load is said here with its receipt, so that one receipt is one load; the posting takes it
(`host.rules.cash`). Until it is handed in, and counted by somebody else, its taker owes it.
"""

from typing import Final, NamedTuple

from host.model.own import Counter
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.office_settings import CASH_POSITION_MINOR_MAX, value_of
from host.store.queries import load_queries
from host.store.trace import open_date

SQL: Final = load_queries("host.stock", "cash.sql")


class Load(NamedTuple):
    """One, as the poster is asked for it."""

    id: int
    card: int
    amount_minor: int
    currency: str


class Said(NamedTuple):
    """A load that was said: its number, and whether its receipt had been used for it before."""

    id: int
    state: str
    is_known: bool


class Asked(NamedTuple):
    """What is to be taken: on which card, how much, on which receipt, at which counter."""

    card: int
    amount_minor: int
    receipt: str
    counter: Counter | None


def say_load(connection: Connection, asked: Asked, by: By) -> Said:
    """Say that somebody takes cash for a card. The same receipt again is the same load.

    Raises:
        StockRefusal: there is no such card here, the receipt was written for something else, or
            they would owe more than one may.
    """
    merchant = asked.counter.merchant if asked.counter is not None else None
    told = {"card": asked.card, "merchant": merchant}
    found = connection.execute(SQL["card_to_load"], told).fetchone()
    if found is None or not found[-1]:
        raise StockRefusal(Why.NOT_FOUND, card=asked.card)
    connection.execute(SQL["hold_taker"], (by.who,))
    known = connection.execute(SQL["of_receipt"], (by.who, asked.receipt)).fetchone()
    if known is not None:
        return _known(known, asked)
    _refuse_beyond(connection, asked.amount_minor, by.who)
    shard, _, issuer, *_ = found
    row = connection.execute(
        SQL["add_load"],
        {
            "receipt": asked.receipt,
            "taken_by": by.who,
            "merchant_id": merchant,
            "store_id": asked.counter.store if asked.counter is not None else None,
            "issuer_id": issuer,
            "shard": shard,
            "card": asked.card,
            "amount_minor": asked.amount_minor,
            "now": by.at,
            "today": open_date(connection),
        },
    ).fetchone()
    assert row is not None, "RETURNING"
    return Said(row[0], "asked", is_known=False)


def _known(known: tuple[int, int, int, str], asked: Asked) -> Said:
    number, card, amount, state = known
    if (card, amount) != (asked.card, asked.amount_minor):
        raise StockRefusal(Why.RECEIPT, card=card, amount_minor=amount)
    return Said(number, state, is_known=True)


def _refuse_beyond(connection: Connection, amount_minor: int, taker: str) -> None:
    owed, most = owed_by(connection, taker), value_of(connection, CASH_POSITION_MINOR_MAX)
    if owed + amount_minor > most:
        raise StockRefusal(Why.POSITION, owed_minor=owed, cash_position_minor_max=most)


def owed_by(connection: Connection, taker: str) -> int:
    """What somebody owes, with what they are about to take. Minor units."""
    row = connection.execute(SQL["owed"], (taker,)).fetchone()
    assert row is not None, "a sum always has a row"
    return int(row[0])


def load_of(connection: Connection, load: int) -> Load:
    """One that was said."""
    row = connection.execute(SQL["load_of"], (load,)).fetchone()
    assert row is not None, "no load is taken out"
    return Load(*row)


def masked_card(connection: Connection, card: int) -> str:
    """Its number as it is shown, for who takes the cash to hold against the card."""
    row = connection.execute(SQL["masked_card"], (card,)).fetchone()
    assert row is not None, "it is to be loaded"
    return str(row[0])


def refuse_load(connection: Connection, load: int) -> None:
    """It was not taken: its receipt may be used again."""
    connection.execute(SQL["refuse_load"], (load,))


def hand_in(
    connection: Connection, taker: str, amount_minor: int, slip: str, counted: By
) -> tuple[int, int]:
    """All that somebody owes is handed in, and counted; gives its number, and how many loads it is.

    Raises:
        StockRefusal: it is another sum than they owe.
    """
    connection.execute(SQL["hold_taker"], (taker,))
    loads = connection.execute(SQL["open_loads"], (taker,)).fetchall()
    owed = sum(amount for _, amount in loads)
    if owed != amount_minor:
        raise StockRefusal(Why.DIFFERS, owed_minor=owed)
    row = connection.execute(
        SQL["add_hand_in"],
        {
            "taken_by": taker,
            "amount_minor": amount_minor,
            "slip": slip,
            "counted_by": counted.who,
            "today": open_date(connection),
            "now": counted.at,
        },
    ).fetchone()
    assert row is not None, "RETURNING"
    connection.execute(SQL["put_into"], (row[0], [number for number, _ in loads]))
    return int(row[0]), len(loads)


def next_of(connection: Connection, handed: int) -> tuple[Load, int] | None:
    """Of what was handed in the next that the ledger has not heard of, and how many there are."""
    row = connection.execute(SQL["next_of"], (handed,)).fetchone()
    return None if row is None else (Load(*row[:-1]), int(row[-1]))
