"""SUBJECTS: what actions are about, and how each is found by the name that people give it.

A subject's place says whose it is; its version is a digest of the row, so that whoever filled a
form from another one, or approves what has moved since, is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from host.office.places import PLATFORM, Place, place_of
from host.store.connecting import Connection
from host.store.deciding import TABLES
from host.store.noting import unseen_of
from host.store.queries import load_queries
from host.store.trace import numbers_of_rrn

SQL: Final = load_queries("host.office", "subjects.sql")
NUMBER_DIGITS_MAX: Final = 18
TRANSACTION: Final = "transaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One row; its statement in `subjects.sql` has its kind for a name."""

    kind: str
    table: str | None
    """None: it is put together out of several, and says what is in `content`."""
    is_numbered: bool = False
    """Whether people name it by its number."""
    content: frozenset[str] = frozenset()


SUBJECTS: Final[Mapping[str, Subject]] = {
    row.kind: row
    for row in (
        Subject(kind="person", table="person"),
        Subject(kind="api_client", table="person"),
        Subject(kind="webhook", table="webhook"),
        Subject(kind="grant", table="person_grant", is_numbered=True),
        Subject(kind="approval", table="approval", is_numbered=True),
        Subject(kind="job", table="job", is_numbered=True),
        Subject(kind="issuer", table="issuer"),
        Subject(kind="programme", table="programme"),
        Subject(kind="alliance", table="alliance"),
        Subject(kind="alliance_member", table="alliance_member"),
        Subject(kind="enterprise", table="enterprise"),
        Subject(kind="department", table="department"),
        Subject(kind="employee", table="employee"),
        Subject(kind="staff_issue", table="staff_issue", is_numbered=True),
        Subject(kind="reminder", table="reminder"),
        Subject(kind="merchant", table="merchant"),
        Subject(kind="store", table="store", is_numbered=True),
        Subject(kind="terminal", table="terminal"),
        Subject(kind="vendor", table="vendor", is_numbered=True),
        Subject(kind="product", table="product", is_numbered=True),
        Subject(kind="rule", table="rule", is_numbered=True),
        Subject(kind="setting", table="office_setting"),
        Subject(kind="card_face", table="card_face", is_numbered=True),
        Subject(kind="sheet", table="sheet", is_numbered=True),
        Subject(kind="card_batch", table="card_batch"),
        Subject(kind="card", table="card", is_numbered=True),
        Subject(kind="member", table="member", is_numbered=True),
        Subject(kind="pickup", table="pickup", is_numbered=True),
        Subject(kind="mail", table="letter", is_numbered=True),
        Subject(kind="gift", table="gift", is_numbered=True),
        Subject(kind="gift_to", table="gift", is_numbered=True),
        Subject(kind="lottery", table="lottery"),
        Subject(kind="hold", table="hold", is_numbered=True),
        Subject(kind="payment", table="port_payment", is_numbered=True),
        Subject(
            kind=TRANSACTION,
            table=None,
            content=frozenset(
                {"kind", "amount_minor", "unit", "terminal", "is_valid", "refunded_minor"}
            ),
        ),
        Subject(kind="business_day", table="business_day"),
        Subject(
            kind="settlement",
            table=None,
            content=frozenset({"business_date", "number", "payable_minor", "unit"}),
        ),
        Subject(kind="ad_slot", table="ad_slot"),
        Subject(kind="ad_booking", table="ad_booking", is_numbered=True),
        Subject(kind="report_schedule", table="report_schedule", is_numbered=True),
        Subject(kind="recon_item", table="recon_item", is_numbered=True),
        Subject(kind="exception_case", table="exception_case", is_numbered=True),
        Subject(kind="office_file", table="office_file", is_numbered=True),
    )
}


class Ref(NamedTuple):
    """A subject as it is named; of the kind `platform` there is one, without a row."""

    kind: str
    key: str


THE_PLATFORM: Final = Ref("platform", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A subject as it is now."""

    ref: Ref
    id: int | str
    """What rows refer to it by."""
    place: Place
    created_by: int | None
    version: str
    content: Mapping[str, Any]
    """Its columns, without what nobody is shown."""


def find(connection: Connection, ref: Ref) -> Found | None:
    """The subject, held until the end of the transaction; None where there is none."""
    if ref == THE_PLATFORM:
        return Found(ref=ref, id=0, place=PLATFORM, created_by=None, version="", content={})
    row = SUBJECTS[ref.kind]
    if row.is_numbered and not _is_number(ref.key):
        return None
    told = {
        "key": ref.key,
        "number": int(ref.key) if row.is_numbered else 0,
        "unseen": unseen_of(TABLES[row.table]) if row.table is not None else [],
    }
    if row.kind == TRANSACTION:
        told |= numbers_of_rrn(connection, ref.key)
    found = connection.execute(SQL[ref.kind], told).fetchone()
    if found is None:
        return None
    number, *place, maker, version, content = found
    return Found(
        ref=ref,
        id=number,
        place=place_of(place),
        created_by=maker,
        version=version,
        content=content,
    )


def changed(before: Found | None, after: Found | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of what a subject said and says, what is another."""
    was = before.content if before else {}
    now = after.content if after else {}
    names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    return (
        {name: was[name] for name in names if name in was},
        {name: now[name] for name in names if name in now},
    )


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) <= NUMBER_DIGITS_MAX
