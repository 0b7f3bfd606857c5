"""The whole life of one transaction, for people: from its message to its clearing line.

It is found by its RRN, or by what its terminal calls it: trace number and terminal, and the batch
where that trace came more than once. What is read is a few rows by their keys, in one snapshot.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import psycopg

from host.cases import CaseKind
from host.model.money import Money
from host.model.numbers import business_date_of, number_of_rrn, rrn_of
from host.model.origins import Origin, origin_of
from host.model.requests import Family, OrderReference, Response, read_answer
from host.model.responses import RESPONSE_CODES, Reason
from host.shards import home_of
from host.store.book import SQL as BOOK_SQL
from host.store.cases import StoredCase
from host.store.loading import SQL as POSTING_SQL
from host.store.queries import load_queries
from host.store.settlement_view import SQL as TERMINAL_SQL

SQL: Final = load_queries("host.store", "life.sql")
BATCHES_BACK_MAX: Final = 100
"""In so many batches of each channel a trace number is looked for, the newest first."""
YEARS_BACK_MAX: Final = 8
"""An RRN names a day of the year: how often it may have come before."""
CANDIDATES_MAX: Final = 64
_RRN: Final = re.compile(r"[0-9]{4}[0-9A-Z][0-9]{7}")
_TRACE: Final = re.compile(r"([0-9]{1,6})@([^@/\s]{8})(?:/([^@/\s]{1,16}))?")

Connection = psycopg.Connection[Any]


class NotTracedError(Exception):
    """Nothing is known by this name: says why, and what to do."""


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """How the terminal's side calls a message: its key, without the family."""

    institution: str
    terminal_id: str
    epoch: str
    stan: str

    @classmethod
    def of_slot(cls, slot: str) -> "Name":
        """From the key as it is stored."""
        institution, terminal_id, epoch, stan, _ = slot.split("/")
        return cls(institution=institution, terminal_id=terminal_id, epoch=epoch, stan=stan)

    @property
    def prefix(self) -> str:
        """What the slots of its message, confirmation and reversal begin with."""
        return f"{self.institution}/{self.terminal_id}/{self.epoch}/{self.stan}/"

    def __str__(self) -> str:
        return f"{self.stan}@{self.terminal_id}/{self.epoch}"


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Another message that is about this one, or that this one is about."""

    rrn: str
    kind: str
    name: str
    """STAN@TERMINAL/BATCH."""
    amount: Money | None = None
    reason: str = Reason.APPROVED.value
    stands: bool = True
    """False: it was itself reversed since."""
    is_moot: bool = False
    """It found nothing left to undo, and posted nothing."""


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One leg: which accounts, and whose they are: a mask, a merchant's or an issuer's number."""

    amount: Money
    debit: str
    debit_of: str
    credit: str
    credit_of: str


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Points that it gave (a lot of its own), took from a lot (negative) or gave back to one."""

    points: int
    remaining: int
    """Of that lot, now."""
    expires_on: dt.date
    is_new: bool


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """How the terminal settled the batch that it was counted in."""

    epoch: str
    state: str
    business_date: dt.date
    settled_at: dt.datetime
    closed_at: dt.datetime | None
    agrees: bool | None
    """Whether terminal and host had the same totals; None: it uploaded without settling."""
    is_counted: bool
    """False: it came after that settlement."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The link of the hash chain that covers it."""

    shard: int
    seq: int
    digest: bytes
    items: int
    sealed_at: dt.datetime


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A clearing file of its date in which a party of it is told."""

    name: str
    side: str


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Its business date."""

    business_date: dt.date
    state: str
    cleared_at: dt.datetime | None
    files: tuple[File, ...]
    """None before it was cleared, and of what moved nothing between parties."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was asked."""

    terminal_id: str
    store: str
    merchant_id: str
    merchant: str


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """The card, masked, and who issued it. No number: an external issuer's card."""

    card: int | None
    masked: str
    status: str
    issuer_id: str
    issuer: str


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """How an external issuer knows what it decided."""

    reference: str
    auth_code: str | None


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction, from its message to its clearing line. No card number is in it."""

    rrn: str
    number: int
    name: Name
    origin: Origin
    made_by: str
    """The terminal's id, or who at the office, which timer, which step."""
    family: Family
    kind: str
    is_tombstone: bool
    """It holds the place of a message that its reversal overtook."""
    decided_at: dt.datetime
    reason: str
    f39: str
    answer: Response | None
    """As it was told; None where nothing of it is kept."""
    place: Place | None
    whose: Whose | None
    amount: Money | None
    """None: nothing was posted, and what was asked for is not kept."""
    order: OrderReference | None
    """What it paid for or gave back, where its terminal said so."""
    advice: Advice | None
    original: Related | None
    """What it undoes or confirms."""
    facts: tuple[Related, ...]
    """What undid it since."""
    same_trace: tuple[Related, ...]
    """Its reversal or confirmation under the same trace, or its original."""
    also: tuple[str, ...]
    """The same trace in other batches of the terminal, by name."""
    legs: tuple[Leg, ...]
    lots: tuple[Lot, ...]
    batch: Batch | None
    seal: Seal | None
    day: Day
    cases: tuple[StoredCase, ...]


class _Exchange(msgspec.Struct, frozen=True):
    """A row of `exchanges_of_slot`."""

    slot: str
    number: int
    shard: int
    seal: int
    kind: str
    reason: str
    is_tombstone: bool
    answer: bytes
    card: int | None
    terminal_id: str | None
    business_date: dt.date
    decided_at: dt.datetime

    @property
    def family(self) -> Family:
        return Family(self.slot[-1])


class _Journal(msgspec.Struct, frozen=True):
    """A row of `journal`."""

    amount_minor: int
    unit: str
    original: int | None
    merchant: int | None
    issuer: int
    order: str | None
    sub_order: str | None


def trace(connection: Connection, word: str) -> Trace:
    """What is known of the transaction that a person names: an RRN, or STAN@TERMINAL[/BATCH].

    Raises:
        NotTracedError: there is none, or the name is no such name.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if _RRN.fullmatch(word):
            home, slot = _of_rrn(connection, word)
            return _Reader(connection).life(home, Name.of_slot(slot), Family(slot[-1]), ())
        found = _TRACE.fullmatch(word)
        if found is None:
            raise NotTracedError(
                f"{word!r} is no RRN (12 characters, F37 of the answer) and no STAN@TERMINAL. "
                "Next: posswitch trace 000123@80010001, or with its batch 000123@80010001/000007"
            )
        return _of_trace(connection, found[1].zfill(6), found[2], found[3])


def _of_rrn(connection: Connection, rrn: str) -> tuple[int, str]:
    """Home and slot of the newest exchange that this RRN names."""
    told = {
        "numbers": possible_numbers(rrn, open_date(connection)),
        "shards": list(range(shard_count_of(connection))),
    }
    row = connection.execute(SQL["slot_of_number"], told).fetchone()
    if row is None:
        raise NotTracedError(
            f"no exchange of ours has RRN {rrn}: none was given it, or an external issuer gave it. "
            "Next: name it as its terminal does: posswitch trace STAN@TERMINAL"
        )
    return row[1], row[2]


def possible_numbers(rrn: str, not_after: dt.date | None) -> list[int]:
    """The numbers that an RRN may be, the newest first: it has no year."""
    numbers: list[int] = []
    while not_after is not None and len(numbers) < YEARS_BACK_MAX:
        number = number_of_rrn(rrn, not_after)
        if number is None:
            break
        numbers.append(number)
        not_after = business_date_of(number) - dt.timedelta(days=1)
    return numbers


def _of_trace(connection: Connection, stan: str, terminal_id: str, epoch: str | None) -> Trace:
    home = home_of(terminal_id, shard_count_of(connection))
    rows = connection.execute(TERMINAL_SQL["institutions"], {"home": home}).fetchall()
    institutions = [name for (name,) in rows]
    found = (
        _newest_traces(connection, home, institutions, terminal_id, stan)
        if epoch is None
        else _in_batch(connection, home, institutions, (terminal_id, epoch, stan))
    )
    if not found:
        raise NotTracedError(_unknown_trace(connection, terminal_id, stan, epoch))
    names = list(dict.fromkeys(Name.of_slot(slot) for slot in found))
    also = tuple(str(name) for name in names[1:])
    return _Reader(connection).life(home, names[0], None, also)


def _newest_traces(
    connection: Connection, home: int, institutions: Sequence[str], terminal_id: str, stan: str
) -> list[str]:
    wanted = {
        "home": home,
        "institutions": list(institutions),
        "terminal_id": terminal_id,
        "stan": stan,
        "batches_max": BATCHES_BACK_MAX - 1,
    }
    return [slot for _, slot in connection.execute(SQL["slots_of_trace"], wanted).fetchall()]


def _in_batch(
    connection: Connection, home: int, institutions: Sequence[str], named: tuple[str, str, str]
) -> list[str]:
    terminal_id, epoch, stan = named
    names = [
        Name(institution=each, terminal_id=terminal_id, epoch=epoch, stan=stan)
        for each in institutions
    ]
    return [row.slot for name in names for row in _exchanges(connection, home, name)]


def _unknown_trace(connection: Connection, terminal_id: str, stan: str, epoch: str | None) -> str:
    told = {"terminal_id": terminal_id, "merchant": None}
    if connection.execute(SQL["place"], told).fetchone() is None:
        return f"there is no terminal {terminal_id!r}. Next: check the eight characters of its id"
    where = f"its last {BATCHES_BACK_MAX} batches" if epoch is None else f"batch {epoch}"
    return (
        f"terminal {terminal_id} sent no trace {stan} in {where}, or what came was never decided. "
        f"Next: posswitch terminal show {terminal_id}; a message that got no answer is in the log"
    )


def open_date(connection: Connection) -> dt.date | None:
    """What an RRN, which has no year, cannot be after."""
    row = connection.execute(POSTING_SQL["open_business_date"]).fetchone()
    return None if row is None else row[0]


def shard_count_of(connection: Connection) -> int:
    """Over how many shards terminals and cards are spread; 1 where nothing is there yet."""
    row = connection.execute(BOOK_SQL["shard_count"]).fetchone()
    return 1 if row is None else row[0]


def _exchanges(connection: Connection, home: int, name: Name) -> list[_Exchange]:
    wanted = {"home": home, "first": name.prefix, "end": f"{name.prefix[:-1]}0"}
    rows = connection.execute(SQL["exchanges_of_slot"], wanted).fetchall()
    return [_Exchange(*row) for row in rows]


class _Reader:
    """Reads one life by what its exchange says."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def life(self, home: int, name: Name, family: Family | None, also: tuple[str, ...]) -> Trace:
        """The message of this family, else the one that began it."""
        rows = _exchanges(self._connection, home, name)
        one = _meant(rows, family)
        others = [row for row in rows if row is not one]
        journal = self._journal(one)
        day = self._day(one, journal)
        return Trace(
            rrn=rrn_of(one.number),
            number=one.number,
            name=name,
            origin=origin_of(one.slot)[0],
            made_by=origin_of(one.slot)[1],
            family=one.family,
            kind=one.kind,
            is_tombstone=one.is_tombstone,
            decided_at=one.decided_at,
            reason=one.reason,
            f39=RESPONSE_CODES[Reason(one.reason)].f39,
            answer=read_answer(one.answer) if one.answer else None,
            place=(place := self._place(one, journal)),
            whose=(whose := self._whose(one, journal)),
            amount=None if journal is None else Money(journal.amount_minor, journal.unit),
            order=_order(journal),
            advice=self._advice(one, journal),
            original=self._original(one, journal),
            facts=self._facts(one, journal),
            same_trace=tuple(map(_related, others)),
            also=also,
            legs=self._legs(one) if journal is not None else (),
            lots=self._lots(one) if journal is not None else (),
            batch=self._batch(name, one),
            seal=self._seal(one),
            day=msgspec.structs.replace(day, files=self._files(day, place, whose, journal)),
            cases=cases_of(self._connection, [name]),
        )

    def _ask(self, statement: str, **told: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(SQL[statement], told).fetchall()

    def _journal(self, one: _Exchange) -> _Journal | None:
        rows = self._ask("journal", shard=one.shard, number=one.number)
        return _Journal(*rows[0]) if rows else None

    def _place(self, one: _Exchange, journal: _Journal | None) -> Place | None:
        if one.terminal_id is None:
            return None
        merchant = None if journal is None else journal.merchant
        rows = self._ask("place", terminal_id=one.terminal_id, merchant=merchant or None)
        for terminal_id, store, merchant_id, name in rows:
            return Place(
                terminal_id=terminal_id, store=store, merchant_id=merchant_id, merchant=name
            )
        return None

    def _whose(self, one: _Exchange, journal: _Journal | None) -> Whose | None:
        if one.card:
            for card, _, masked, status, *_more, institution, name in self._ask(
                "card_of", card=one.card
            ):
                return Whose(
                    card=card, masked=masked, status=status, issuer_id=institution, issuer=name
                )
        if journal is None:
            return None
        [(institution, name)] = self._ask("issuer", issuer=journal.issuer)
        masked = next((row[2] for row in self._advices(one, journal)), "")
        return Whose(card=None, masked=masked, status="", issuer_id=institution, issuer=name)

    def _advices(self, one: _Exchange, journal: _Journal | None) -> list[tuple[Any, ...]]:
        if one.card or journal is None:
            return []
        numbers = [one.number, *([journal.original] if journal.original else [])]
        return self._ask("advice", shard=one.shard, numbers=numbers)

    def _advice(self, one: _Exchange, journal: _Journal | None) -> Advice | None:
        for reference, auth_code, _ in self._advices(one, journal):
            return Advice(reference=reference, auth_code=auth_code)
        return None

    def _original(self, one: _Exchange, journal: _Journal | None) -> Related | None:
        if journal is None or journal.original is None:
            return None
        for number, slot, kind, amount_minor, unit in self._ask(
            "journals", shard=one.shard, numbers=[journal.original]
        ):
            return Related(
                rrn=rrn_of(number),
                kind=kind,
                name=str(Name.of_slot(slot)),
                amount=Money(amount_minor, unit),
            )
        return None

    def _facts(self, one: _Exchange, journal: _Journal | None) -> tuple[Related, ...]:
        if journal is None:
            return ()
        rows = facts_of(self._connection, [(one.shard, one.number)])
        slots = {
            number: slot
            for number, slot, *_ in self._ask(
                "journals", shard=one.shard, numbers=[row[1] for row in rows]
            )
        }
        return tuple(
            Related(
                rrn=rrn_of(number),
                kind=kind,
                name=str(Name.of_slot(slots[number])) if number in slots else "",
                amount=Money(amount_minor, journal.unit),
                stands=stands,
                is_moot=is_moot,
            )
            for _, number, kind, amount_minor, is_moot, stands in rows
        )

    def _legs(self, one: _Exchange) -> tuple[Leg, ...]:
        return tuple(
            Leg(
                amount=Money(amount_minor, unit),
                debit=debit,
                debit_of=debit_of,
                credit=credit,
                credit_of=credit_of,
            )
            for amount_minor, unit, debit, debit_of, credit, credit_of in self._ask(
                "legs", shard=one.shard, number=one.number
            )
        )

    def _lots(self, one: _Exchange) -> tuple[Lot, ...]:
        rows = self._ask("lots", shard=one.shard, number=one.number)
        return tuple(
            Lot(points=points, remaining=remaining, expires_on=expires_on, is_new=is_new)
            for points, remaining, expires_on, is_new in rows
        )

    def _batch(self, name: Name, one: _Exchange) -> Batch | None:
        """The first settlement that counted it, else the last that it came after."""
        told = {
            "institution": name.institution,
            "terminal_id": name.terminal_id,
            "epoch": name.epoch,
        }
        batch = None
        for epoch, state, date, settled_at, closed_at, agrees, marks in self._ask(
            "settled_batches", **told
        ):
            is_counted = marks is None or (one.shard < len(marks) and one.seal <= marks[one.shard])
            batch = Batch(
                epoch=epoch,
                state=state,
                business_date=date,
                settled_at=settled_at,
                closed_at=closed_at,
                agrees=agrees,
                is_counted=is_counted,
            )
            if is_counted:
                break
        return batch

    def _seal(self, one: _Exchange) -> Seal | None:
        for digest, items, sealed_at in self._ask("seal", shard=one.shard, seq=one.seal):
            return Seal(
                shard=one.shard, seq=one.seal, digest=digest, items=items, sealed_at=sealed_at
            )
        return None

    def _day(self, one: _Exchange, _journal: _Journal | None) -> Day:
        [(state, _, cleared_at)] = self._ask("day", business_date=one.business_date)
        return Day(business_date=one.business_date, state=state, cleared_at=cleared_at, files=())

    def _files(
        self, day: Day, place: Place | None, whose: Whose | None, journal: _Journal | None
    ) -> tuple[File, ...]:
        if journal is None or day.cleared_at is None or place is None or whose is None:
            return ()
        rows = self._ask(
            "files",
            business_date=day.business_date,
            merchant=place.merchant_id,
            issuer=whose.issuer_id,
        )
        return tuple(File(name=name, side=side) for name, side in rows)


def _meant(rows: Sequence[_Exchange], family: Family | None) -> _Exchange:
    """Of the messages under one trace the one of this family, else the one that began it."""
    wanted = family or Family.FINANCIAL
    return next((row for row in rows if row.family is wanted), rows[0])


def _order(journal: _Journal | None) -> OrderReference | None:
    if journal is None or journal.order is None:
        return None
    return OrderReference(journal.order, journal.sub_order or "")


def _related(row: _Exchange) -> Related:
    return Related(
        rrn=rrn_of(row.number),
        kind=row.kind,
        name=str(Name.of_slot(row.slot)),
        reason=row.reason,
    )


def facts_of(
    connection: Connection, journals: Sequence[tuple[int, int]]
) -> list[tuple[int, int, str, int, bool, bool]]:
    """What became of these journals, by shard and number, since: see the statement."""
    keys = ([shard for shard, _ in journals], [number for _, number in journals])
    return connection.execute(POSTING_SQL["facts"], keys).fetchall()


def cases_of(connection: Connection, names: Sequence[Name]) -> tuple[StoredCase, ...]:
    """Cases about these messages."""
    wanted = {
        "tids": [name.terminal_id for name in names],
        "epochs": [name.epoch for name in names],
        "stans": [name.stan for name in names],
    }
    fields = StoredCase.__struct_fields__
    return tuple(
        msgspec.structs.replace(case, kind=CaseKind(case.kind))
        for case in (
            StoredCase(**dict(zip(fields, row, strict=True)))
            for row in connection.execute(SQL["cases_of_traces"], wanted)
        )
    )
