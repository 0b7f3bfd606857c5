"""Messages to programs: made of what was posted, taken when they are due, and what came of each.

A message is a row until it was taken: at least once, and of one line (a card, a subject) each after
the one before. It is taken for a while by whoever sends it, and no transaction is open while
somebody is spoken to; killed between, it is sent again. Who takes nothing is asked less and less
often, with one message at a time, and stopped after some days.
"""

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

from psycopg.rows import class_row

from host.hsm.interface import Hsm
from host.model.numbers import business_date_of, rrn_of
from host.model.secrets import Secret
from host.office.events import POSTED, SQL, body_of
from host.office.people import SYSTEM
from host.office.places import Place
from host.office.records import DONE, Line, write_line
from host.office.subjects import Ref
from host.store.book import read_shard_count
from host.store.connecting import Connection

STOP: Final = "webhook.stop"
"""What the clock does to who takes nothing; nobody asks for it."""
KEY_BYTES: Final = 32
SECRET_MARK: Final = b"whsec_"
"""So begins every secret (Standard Webhooks 1.0.0)."""
TAKEN: Final = dt.timedelta(minutes=2)
"""For so long nobody else tries it."""
WAIT_MIN: Final = dt.timedelta(seconds=5)
WAIT_MAX: Final = dt.timedelta(hours=1)
STOPPED_AFTER: Final = dt.timedelta(days=5)
AT_A_TIME: Final = 200
"""Journals of one shard that are read at once."""
OF_ONE: Final = 20
"""Messages of one program in a round."""
ERROR_CHARACTERS_MAX: Final = 200
GONE: Final = 410
"""What an end says that wants no more (RFC 9110)."""


class Message(NamedTuple):
    """One that was taken, with where it goes."""

    id: int
    webhook: str
    url: str
    secret_sealed: bytes
    body: str
    attempts: int
    taken_until: dt.datetime


class Answer(NamedTuple):
    """What came of one try: the status of who was asked, or why there is none."""

    status: int | None
    why: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether they have it."""
        return self.status is not None and 200 <= self.status < 300


class Desk(NamedTuple):
    """What telling needs."""

    connect: Callable[[], AbstractContextManager[Connection]]
    hsm: Hsm
    clock: Callable[[], dt.datetime]


def new_secret() -> Secret:
    """What messages are signed by, as people are told it."""
    return Secret(SECRET_MARK + base64.b64encode(secrets.token_bytes(KEY_BYTES)))


def secret_place(code: str) -> str:
    """Where it is at home."""
    return f"webhook/{code}"


def headers_of(message: Message, secret: Secret, now: dt.datetime) -> dict[str, str]:
    """Id, time and signature of one try (Standard Webhooks 1.0.0)."""
    number, second = f"msg_{message.id}", str(int(now.timestamp()))
    key = base64.b64decode(secret.reveal().removeprefix(SECRET_MARK))
    signed = b".".join([number.encode(), second.encode(), message.body.encode()])
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": number,
        "webhook-timestamp": second,
        "webhook-signature": f"v1,{signature}",
    }


def secret_of(desk: Desk, message: Message) -> Secret:
    """What it is signed by."""
    return desk.hsm.open_secret(message.secret_sealed, secret_place(message.webhook))


def begin(connection: Connection, events: Collection[str]) -> None:
    """Somebody is about to hear of these: of what is traded from now on, if nobody did."""
    if POSTED.id in events and not _hearing(connection):
        shards = {"shards": list(range(read_shard_count(connection)))}
        connection.execute(SQL["begin_positions"], shards)


def tell_posted(desk: Desk) -> int:
    """Make messages of what was posted since; gives how many journals were read.

    The night's own shard tells nobody: what it posts is on statements.
    """
    with desk.connect() as connection, connection.transaction():
        hearing = _hearing(connection)
        if not hearing:
            return 0
        told = 0
        for shard, after in connection.execute(SQL["positions_of_webhooks"]).fetchall():
            asked = {"shard": shard, "after": after, "limit": AT_A_TIME}
            posted = connection.execute(SQL["posted_since"], asked).fetchall()
            if posted:
                _tell(connection, posted, hearing, desk.clock())
                _move(connection, shard, posted[-1][0])
            told += len(posted)
        return told


def _hearing(connection: Connection) -> list[Any]:
    """Who wants to hear of what is traded, and whose that has to be."""
    return connection.execute(SQL["who_hears"], {"event": POSTED.id}).fetchall()


def _move(connection: Connection, shard: int, number: int) -> None:
    connection.execute(SQL["move_position"], {"shard": shard, "journal_id": number})


def _tell(connection: Connection, posted: list[Any], hearing: list[Any], now: dt.datetime) -> None:
    messages = [
        (code, f"card/{row[3]}", _body(row, now))
        for row in posted
        for code, issuer, merchant in hearing
        if (issuer is None and merchant is None)
        or (issuer is not None and issuer == row[4])
        or (merchant is not None and merchant == row[5])
    ]
    if messages:
        codes, lines, bodies = map(list, zip(*messages, strict=True))
        told = {"event": POSTED.id, "now": now, "webhooks": codes, "lines": lines, "bodies": bodies}
        connection.execute(SQL["tell_posted"], told)


def _body(row: Any, now: dt.datetime) -> str:
    number, kind, original, _card, _issuer, _merchant, terminal, amount, unit, *named = row
    merchant, issuer, card = named
    data = {
        "rrn": rrn_of(number),
        "business_date": business_date_of(number),
        "kind": kind,
        "amount_minor": amount,
        "unit": unit,
        "merchant": merchant,
        "terminal": terminal,
        "issuer": issuer,
        "card": card,
        "original_rrn": rrn_of(original) if original else None,
    }
    return body_of(POSTED, now, data)


def take_due(desk: Desk, busy: Collection[str] = ()) -> list[Message]:
    """Take what is due, of all programs but those that are busy with what was taken before."""
    with desk.connect() as connection, connection.transaction():
        now = desk.clock()
        told = {"now": now, "until": now + TAKEN, "limit": OF_ONE, "busy": list(busy)}
        taken = connection.execute(SQL["take_messages"], told).fetchall()
        if not taken:
            return []
        with connection.cursor(row_factory=class_row(Message)) as cursor:
            ids = [number for (number,) in taken]
            return cursor.execute(SQL["taken_messages"], {"ids": ids}).fetchall()


def record(desk: Desk, message: Message, answer: Answer) -> None:
    """Write down what came of one try."""
    now = desk.clock()
    why = (answer.why or f"{answer.status}")[:ERROR_CHARACTERS_MAX]
    told = {
        "id": message.id,
        "code": message.webhook,
        "now": now,
        "status": answer.status,
        "why": why,
        "next_at": now + wait_after(message.attempts),
        "taken_until": message.taken_until,
        "wait_min": WAIT_MIN.total_seconds(),
        "wait_max": WAIT_MAX.total_seconds(),
        "is_gone": answer.status == GONE,
        "stopped_before": now - STOPPED_AFTER,
    }
    with desk.connect() as connection, connection.transaction():
        if answer.is_taken:
            connection.execute(SQL["message_taken"], told)
            connection.execute(SQL["webhook_hears"], told)
            return
        connection.execute(SQL["message_not_taken"], told)
        found = connection.execute(SQL["webhook_is_deaf"], told).fetchone()
        if found is not None and found[0] == "stopped":
            _write_stop(connection, message.webhook, Place(
                issuer_id=found[1], merchant_id=found[2]), now, why)  # fmt: skip


def _write_stop(
    connection: Connection, code: str, place: Place, now: dt.datetime, why: str
) -> None:
    """History says that it was stopped, and why."""
    line = Line(at=now, action=STOP, source="clock", who=SYSTEM, place=place)
    line.about, line.after = Ref("webhook", code), {"state": "stopped", "last_error": why}
    write_line(connection, line, DONE)


def wait_after(attempts: int) -> dt.timedelta:
    """How long a message is left alone after so many tries."""
    return min(WAIT_MAX, WAIT_MIN * (1 << min(max(attempts - 1, 0), 16)))
