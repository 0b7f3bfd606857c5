"""What members pay over ports for cards: ordered, paid, loaded, or given back; once, and as told.

Only what its port says counts. What is paid is put onto its card by a job, which asks the poster
under the payment's own key; what the card does not take, and whatever was paid late, twice or as
another amount, is given back. While a port says nothing nothing is known, and it is asked again.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from psycopg.types.json import Jsonb

from host.rules.guesses import WRONG_MAX, WRONG_MINUTES
from host.stock.lives import SQL as LIVES
from host.stock.payment_ports import PORTS, Calls, Looked, PortSilentError
from host.stock.refusals import StockRefusal, Why
from host.stock.simulated_port import Paid
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "port_payments.sql")
TO_PAY, PAID, UNPAID = "to_pay", "paid", "unpaid"
REFUNDING, REFUNDED = "refunding", "refunded"
OPEN_FOR: Final = dt.timedelta(minutes=15)
"""So long an order may be paid; then its port is to close it."""
LOOKS_SOON: Final = 40
SOON, LATER = dt.timedelta(seconds=3), dt.timedelta(seconds=30)
"""Between two looks at what is to be paid: so often soon, then later."""
AFTERWARDS: Final = (dt.timedelta(minutes=10), dt.timedelta(hours=1), dt.timedelta(days=1))
"""Between the looks at what has ended: it may still be paid again."""


class ToPay(NamedTuple):
    """A card that is to be loaded."""

    shard: int
    issuer: int
    currency: str
    masked: str
    may_be_loaded: bool
    room_minor: int
    most_minor: int


class Payment(NamedTuple):
    """One, as it is known."""

    id: int
    port: str
    order: str
    member: int
    asked_by: int
    issuer: int
    card: int
    amount_minor: int
    plan: dict[str, Any]
    expires_at: dt.datetime
    state: str
    reference: str | None
    paid_at: dt.datetime | None
    """When its port says it was paid."""
    looks: int


class Asked(NamedTuple):
    """Who pays over which port, how much, for which card; and what the job is left with."""

    port: str
    member: int
    person: int
    card: int
    amount_minor: int
    plan: dict[str, Any]


def card_to_pay(connection: Connection, card: int, amount_minor: int) -> ToPay:
    """A card that takes so much, as far as is known before it is paid.

    Raises:
        StockRefusal: it is not loaded, or has no room for so much.
    """
    row = connection.execute(SQL["card_to_pay"], {"card": card}).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, card=card)
    found = ToPay(*row)
    if not found.may_be_loaded:
        raise StockRefusal(Why.CARD, card=found.masked)
    room = max(min(found.room_minor, found.most_minor), 0)
    if amount_minor > room:
        raise StockRefusal(Why.CAP, room_minor=room)
    return found


def card_of_phone(connection: Connection, phone_hash: bytes, by: str, now: dt.datetime) -> int:
    """Which card a phone number loads. What was counted has to be kept, also of a refusal.

    Raises:
        StockRefusal: whoever has it has none that may be loaded, or nobody has it, told alike; or
            too many were none lately, and no more is told.
    """
    counted = [f"phone {by}"]
    told = {"by": counted, "now": now, "since": now - dt.timedelta(minutes=WRONG_MINUTES)}
    [(_by, tries)] = connection.execute(LIVES["count_tries"], told).fetchall()
    if tries > WRONG_MAX:
        raise StockRefusal(Why.TRIES, minutes=WRONG_MINUTES)
    row = connection.execute(SQL["card_of_phone"], {"phone": phone_hash}).fetchone()
    if row is None:
        raise StockRefusal(Why.NO_CARD)
    connection.execute(LIVES["give_back_tries"], {"by": counted})
    return int(row[0])


def say_payment(connection: Connection, asked: Asked, found: ToPay, now: dt.datetime) -> int:
    """An order that is to be paid, told to its port; gives its number.

    Raises:
        PortSilentError: the port has not taken it.
    """
    [(number,)] = connection.execute(SQL["next_number"]).fetchall()
    order = f"L{now:%y%m%d}{number:08d}"
    row = connection.execute(
        SQL["add_payment"],
        {
            "id": number,
            "port": asked.port,
            "order": order,
            "member": asked.member,
            "asked_by": asked.person,
            "issuer": found.issuer,
            "shard": found.shard,
            "card": asked.card,
            "amount_minor": asked.amount_minor,
            "plan": Jsonb({**asked.plan, "payment": number}),
            "now": now,
            "expires_at": now + OPEN_FOR,
            "next_look_at": now + SOON,
        },
    ).fetchone()
    assert row is not None, "RETURNING"
    PORTS[asked.port].opened(connection, now).open(order, asked.amount_minor)
    return int(row[0])


def look_soon(connection: Connection, payment: int, now: dt.datetime) -> None:
    """Its port is to be asked at once."""
    connection.execute(SQL["look_at"], {"id": payment, "now": now})


def give_back(connection: Connection, payment: int, refusal: str, now: dt.datetime) -> None:
    """The card does not take what was paid for it: it goes back over its port."""
    connection.execute(SQL["give_back"], {"id": payment, "refusal": refusal, "now": now})


def due(connection: Connection, now: dt.datetime, limit: int) -> list[int]:
    """Payments of which the port is to be asked now."""
    return [one for (one,) in connection.execute(SQL["due"], {"now": now, "limit": limit})]


def look(connection: Connection, payment: int, now: dt.datetime) -> Payment | None:
    """Ask the port what became of one, and keep it; gives it where it has to be put onto its card.

    What was already given to a job is not given again.
    """
    row = connection.execute(SQL["payment"], {"id": payment}).fetchone()
    assert row is not None, "payments are never taken out"
    known = Payment(*row)
    calls = PORTS[known.port].opened(connection, now)
    try:
        is_over = known.state == TO_PAY and now >= known.expires_at
        looked = calls.close(known.order) if is_over else calls.look(known.order)
        stands = _stands(known, looked)
        _return_the_rest(connection, calls, stands, looked.paid, now)
        if stands.state == REFUNDING:
            calls.refund(known.order, stands.reference or "")
            stands = stands._replace(state=REFUNDED)
    except PortSilentError:
        _keep(connection, known._replace(looks=known.looks + 1), now, now + LATER)
        return None
    has_ended = stands.state not in {TO_PAY, PAID}
    looks = 0 if has_ended and stands.state != known.state else known.looks + 1
    _keep(connection, stands._replace(looks=looks), now, _next_look(stands.state, looks, now))
    return stands if (known.state, stands.state) == (TO_PAY, PAID) else None


def _stands(known: Payment, looked: Looked) -> Payment:
    """How it stands by what its port says."""
    fits = [one for one in looked.paid if one.amount_minor == known.amount_minor]
    fits = [one for one in fits if not one.is_refunded]
    if known.state == TO_PAY and looked.is_closed and not fits:
        return known._replace(state=UNPAID)
    if known.state in {TO_PAY, UNPAID} and fits:
        first, state = fits[0], PAID if known.state == TO_PAY else REFUNDING
        return known._replace(state=state, reference=first.reference, paid_at=first.at)
    return known


def _return_the_rest(
    connection: Connection, calls: Calls, stands: Payment, paid: Iterable[Paid], now: dt.datetime
) -> None:
    """What was paid beside the one that counts goes back, each once."""
    for one in paid:
        if one.reference == stands.reference or one.is_refunded:
            continue
        told = {"id": stands.id, "reference": one.reference, "now": now}
        more = {"amount_minor": one.amount_minor, "paid_at": one.at}
        connection.execute(SQL["more_paid"], {**told, **more})
        calls.refund(stands.order, one.reference)
        connection.execute(SQL["more_refunded"], told)


def _next_look(state: str, looks: int, now: dt.datetime) -> dt.datetime | None:
    if state == TO_PAY:
        return now + (SOON if looks < LOOKS_SOON else LATER)
    return now + AFTERWARDS[looks] if looks < len(AFTERWARDS) else None


def _keep(
    connection: Connection, stands: Payment, now: dt.datetime, next_look: dt.datetime | None
) -> None:
    connection.execute(
        SQL["stands"],
        {
            "id": stands.id,
            "state": stands.state,
            "reference": stands.reference,
            "paid_at": stands.paid_at,
            "refunded": REFUNDED,
            "is_late": stands.state in {REFUNDING, REFUNDED},
            "looks": stands.looks,
            "now": now,
            "next_look_at": next_look,
        },
    )
