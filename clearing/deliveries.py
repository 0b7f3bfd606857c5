"""Deliveries: each file of a released date, brought to whom it is for as they take it.

What is due is taken for a while by whoever tries it, and no transaction is open while a server is
spoken to. It is made in its form of the file that was handed out, brought there whole with a
signed manifest, and written down. Killed between, it is sent again: at least once, never half,
never before the release. What fails waits twice as long each time, and is given up in the end.
"""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.rows import class_row

from clearing.files import ClearingFile, directory_at, sha256_of
from clearing.forms import FORMS, Made, make_form, name_in
from clearing.handout import MANIFEST, RELEASED, SIGNATURE, manifest_of
from clearing.night import SQL, ClearingError, Connection
from clearing.sending import AnotherDigestError, Far, SendingError, is_acknowledged, send
from host.rules.delivery_states import DeliveryState

TAKEN: Final = dt.timedelta(minutes=30)
"""For so long nobody else tries it."""
TRIES_MAX: Final = 24
"""About a day of them."""
WAIT_MIN: Final = dt.timedelta(minutes=1)
WAIT_MAX: Final = dt.timedelta(hours=1)
ERROR_CHARACTERS_MAX: Final = 300
OVERDUE: Final = "it was not acknowledged"


class Delivery(NamedTuple):
    """One delivery that was taken, with where it goes; no host: a directory of ours."""

    business_date: dt.date
    name: str
    way_id: int
    state: str
    attempts: int
    """With the one that is under way."""
    taken_until: dt.datetime
    """By which it is known that nobody else has taken it since."""
    sent_sha256: bytes | None
    delivered_at: dt.datetime | None
    items: int
    sha256: bytes
    form: str
    directory: str
    host: str | None
    port: int | None
    login: str | None
    host_key: str | None
    is_acknowledged: bool
    schedule_id: int | None
    """Of a report; None: it is a file of the night."""

    @property
    def name_there(self) -> str:
        """How the file is called where it goes: all dates are in one directory there."""
        name = self.name
        if self.schedule_id is None:
            name = name_in(FORMS[self.form], name)
        return f"{self.business_date:%Y%m%d}-{name}"


class Brought(NamedTuple):
    """What came of one attempt; `why` is empty where it is there, or only not acknowledged yet."""

    delivery: Delivery
    state: DeliveryState
    why: str


class Opens(Protocol):
    """What opens the place that a delivery goes to."""

    def __call__(self, delivery: Delivery) -> AbstractContextManager[Far]:
        """The place, while it is used.

        Raises:
            SendingError: it cannot be reached.
        """


def take_due(connection: Connection, now: dt.datetime, limit: int) -> list[Delivery]:
    """Take what is due, the longest due first. `connection` has no transaction open."""
    with connection.transaction():
        told = {"now": now, "until": now + TAKEN, "limit": limit}
        taken = connection.execute(SQL["take_deliveries"], told).fetchall()
        dates, names, ways = zip(*taken, strict=True) if taken else ((), (), ())
        with connection.cursor(row_factory=class_row(Delivery)) as cursor:
            of = {"dates": list(dates), "names": list(names), "ways": list(ways)}
            return cursor.execute(SQL["taken_deliveries"], of).fetchall()


class Errand(NamedTuple):
    """What every delivery needs."""

    connect: Callable[[], AbstractContextManager[Connection]]
    files_dir: Path
    key: Ed25519PrivateKey
    """That signs manifests."""
    opens: Opens
    clock: Callable[[], dt.datetime]


def deliver(errand: Errand, delivery: Delivery) -> Brought:
    """Try one delivery that was taken, and write down what came of it."""
    try:
        if delivery.state == DeliveryState.SENT:
            return _asked(errand, delivery)
        made = _bring(errand, delivery)
    except (SendingError, ClearingError, OSError) as error:
        return _not_brought(errand, delivery, error)
    now = errand.clock()
    wanted = {"is_acknowledged": delivery.is_acknowledged, "next_at": now + WAIT_MIN}
    _record(errand, delivery, "record_sent", now, wanted | made._asdict())
    state = DeliveryState.SENT if delivery.is_acknowledged else DeliveryState.DELIVERED
    return Brought(delivery, state, "")


def _bring(errand: Errand, delivery: Delivery) -> Made:
    """Make it, and bring it there after its manifest: who sees the file has that, too."""
    draft = _draft_of(errand, delivery)
    beside = draft.with_suffix(".beside")
    name = delivery.name_there
    try:
        made = _make(errand, delivery, draft)
        file = ClearingFile(name=name, side="", party="", items=delivery.items, sha256=made.sha256)
        manifest = manifest_of([file])
        with errand.opens(delivery) as far:
            for suffix, content in (
                (MANIFEST, manifest),
                (SIGNATURE, f"{errand.key.sign(manifest).hex()}\n".encode()),
            ):
                beside.write_bytes(content)
                send(far, f"{name}.{suffix}", beside)
            send(far, name, draft)
    finally:
        draft.unlink(missing_ok=True)
        beside.unlink(missing_ok=True)
    return made


def _draft_of(errand: Errand, delivery: Delivery) -> Path:
    """Where it is made: beside what was released, of a date that is, or else above those dates."""
    place = errand.files_dir / RELEASED
    of_date = directory_at(place, delivery.business_date)
    if delivery.schedule_id is None:
        place = of_date
    place.mkdir(parents=True, exist_ok=True)
    return place / f".{of_date.name}.{delivery.name}.{delivery.way_id}.made"


def _make(errand: Errand, delivery: Delivery, draft: Path) -> Made:
    """A file of the night in the party's form, or a report as it is kept."""
    if delivery.schedule_id is not None:
        return _take_report(errand, delivery, draft)
    released = directory_at(errand.files_dir / RELEASED, delivery.business_date) / delivery.name
    if sha256_of(released) != delivery.sha256:
        message = f"{released} is not what was released. Next: posswitch clearing verify"
        raise ClearingError(message)
    return make_form(FORMS[delivery.form], released, draft)


def _take_report(errand: Errand, delivery: Delivery, draft: Path) -> Made:
    with errand.connect() as connection:
        row = connection.execute(SQL["report_to_bring"], delivery._asdict()).fetchone()
    assert row is not None, "its delivery names it"
    draft.write_bytes(row[0])
    made = Made(draft.stat().st_size, sha256_of(draft))
    if made.sha256 != delivery.sha256:
        message = f"{delivery.name} is not as it was made. Next: posswitch audit"
        raise ClearingError(message)
    return made


def _asked(errand: Errand, delivery: Delivery) -> Brought:
    """Whether it is acknowledged by now."""
    assert delivery.sent_sha256 is not None, "it was sent"
    with errand.opens(delivery) as far:
        is_there = is_acknowledged(far, delivery.name_there, delivery.sent_sha256)
    if not is_there:
        return _not_brought(errand, delivery, SendingError(OVERDUE))
    _record(errand, delivery, "record_acknowledged", errand.clock(), {})
    return Brought(delivery, DeliveryState.ACKNOWLEDGED, "")


def _not_brought(errand: Errand, delivery: Delivery, error: Exception) -> Brought:
    now, why = errand.clock(), str(error)[:ERROR_CHARACTERS_MAX]
    is_over = delivery.attempts >= TRIES_MAX or isinstance(error, AnotherDigestError)
    told = {"is_over": is_over, "next_at": now + wait_after(delivery.attempts), "last_error": why}
    _record(errand, delivery, "record_not_delivered", now, told)
    return Brought(
        delivery, DeliveryState.FAILED if is_over else DeliveryState(delivery.state), why
    )


def wait_after(attempts: int) -> dt.timedelta:
    """How long it is left alone after so many that failed."""
    return min(WAIT_MAX, WAIT_MIN * (1 << min(attempts - 1, 10)))


def _record(
    errand: Errand, delivery: Delivery, statement: str, now: dt.datetime, told: dict[str, Any]
) -> None:
    named = {
        "business_date": delivery.business_date,
        "name": delivery.name,
        "way_id": delivery.way_id,
        "taken_until": delivery.taken_until,
        "now": now,
    }
    with errand.connect() as connection, connection.transaction():
        connection.execute(SQL[statement], named | told)
