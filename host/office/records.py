"""What is kept of an action: its line of history, its approval where it waits, its form's key."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from psycopg.types.json import Jsonb

from host.hsm.interface import Hsm
from host.model.office import Done, Outcome, Waiting
from host.model.secrets import Secret
from host.office.action import Acting
from host.office.events import announce
from host.office.people import NOBODY, Who
from host.office.places import PLATFORM, Place
from host.office.subjects import THE_PLATFORM, Found, Ref
from host.store.connecting import Connection
from host.store.office_settings import APPROVAL_HOURS, value_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "records.sql")
FORM_CHARACTERS_MAX: Final = 64
DONE: Final = "done"
ASKED: Final = "asked"

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(slots=True, kw_only=True)
class Line:
    """A line of history as it comes about."""

    at: dt.datetime
    action: str
    source: str
    who: Who = NOBODY
    about: Ref = THE_PLATFORM
    place: Place = PLATFORM
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    note: str = ""
    approval: int | None = None

    def of(self, found: Found | None) -> None:
        """It is about this."""
        if found is not None:
            self.about, self.place = found.ref, found.place


def write_line(connection: Connection, line: Line, outcome: str) -> None:
    """For ever."""
    connection.execute(
        SQL["add_line"],
        {
            "at": line.at,
            "person": line.who.person,
            "acting_as": line.who.acting_as,
            "action": line.action,
            **_of(line.about, line.place),
            "before": None if line.before is None else Jsonb(line.before),
            "after": None if line.after is None else Jsonb(line.after),
            "note": line.note,
            "approval": line.approval,
            "source": line.source,
            "outcome": outcome,
        },
    )
    said = (line.action, outcome, line.at)
    announce(connection, said, line.about, line.place, line.approval)


def was_done_by(connection: Connection, role: str, action: str, ref: Ref) -> bool:
    """Whether the last time that this was done to it, a holder of that role did it."""
    told = {"action": action, "kind": ref.kind, "key": ref.key}
    row = connection.execute(SQL["last_done"], told).fetchone()
    return row is not None and row[0].partition("@")[0] == role


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """Values as they are kept until somebody decides: what is shown, and what is never."""

    asked: dict[str, Any]
    typed: Secret | None
    """Passwords among them, as JSON by their fields: sealed until then, and dropped with it."""


def frozen(values: msgspec.Struct) -> Frozen:
    """Values as they are kept until they are approved."""
    told = msgspec.structs.asdict(values)
    typed = {name: each for name, each in told.items() if isinstance(each, Secret)}
    clear = {name: each.reveal().decode() for name, each in typed.items()}
    shown = {name: each for name, each in told.items() if name not in typed}
    return Frozen(
        asked=msgspec.json.decode(_encode(shown)), typed=Secret(_encode(clear)) if clear else None
    )


def thawed(hsm: Hsm, asked: dict[str, Any], sealed: bytes | None, digest: bytes) -> bytes:
    """Values as they were asked for, as JSON."""
    if sealed is None:
        return _encode(asked)
    typed = hsm.open_secret(sealed, _sealed_place(digest)).reveal()
    return _encode({**asked, **msgspec.json.decode(typed)})


def digest_of(action: str, ref: Ref, values: dict[str, Any]) -> bytes:
    """What an approver agrees to, in 32 bytes."""
    return hashlib.sha256(_encode([action, ref.kind, ref.key, values])).digest()


def wait_for_approval(
    acting: Acting, line: Line, values: Frozen, foretold: dict[str, Any]
) -> Waiting:
    """Put it where another person finds it."""
    assert line.who.grant is not None, "who asks for approval has one in use"
    connection, found = acting.connection, acting.about
    until = line.at + dt.timedelta(hours=value_of(connection, APPROVAL_HOURS))
    digest = digest_of(line.action, line.about, values.asked)
    sealed = None
    if values.typed is not None:
        sealed = acting.hsm.seal_secret(values.typed, _sealed_place(digest))
    row = connection.execute(
        SQL["add_approval"],
        {
            "action": line.action,
            **_of(line.about, line.place),
            "asked": Jsonb(values.asked),
            "sealed": sealed,
            "foretold": Jsonb(msgspec.to_builtins(foretold)),
            "digest": digest,
            "seen": found.version if found else "",
            "asked_by": line.who.person,
            "asked_as": line.who.grant.id,
            "asked_at": line.at,
            "expires_at": until,
        },
    ).fetchone()
    assert row is not None, "RETURNING"
    line.approval = row[0]
    return Waiting(approval=row[0], until=until.isoformat())


def told_before(connection: Connection, who: Who, key: str) -> tuple[bytes, Outcome] | None:
    """What the form of this key was told, with the digest of what was sent; None: it is new."""
    if not key or who.person is None:
        return None
    connection.execute(SQL["hold_form"], (f"{who.person}/{key}",))
    row = connection.execute(SQL["form"], {"person": who.person, "key": key}).fetchone()
    if row is None:
        return None
    return bytes(row[0]), msgspec.convert(row[1], Done | Waiting)


def remember(
    connection: Connection, line: Line, key: str, digest: bytes, outcome: Done | Waiting
) -> None:
    """What this form was told, without what is shown once."""
    if not key or line.who.person is None:
        return
    kept = msgspec.structs.replace(outcome, shown_once={}) if isinstance(outcome, Done) else outcome
    connection.execute(
        SQL["add_form"],
        {
            "person": line.who.person,
            "key": key,
            "digest": digest,
            "outcome": Jsonb(msgspec.json.decode(msgspec.json.encode(kept))),
            "at": line.at,
        },
    )


def _sealed_place(digest: bytes) -> str:
    return f"approval/{digest.hex()}"


def _of(ref: Ref, place: Place) -> dict[str, Any]:
    return {"kind": ref.kind, "key": ref.key, **msgspec.structs.asdict(place)}
