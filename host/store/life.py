"""Reads the life of one transaction: a few rows by their keys, in the transaction that is open."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from host.cases import CaseKind
from host.house_rules.sentence import sentence
from host.model.holds import HoldFact
from host.model.money import Money
from host.model.numbers import rrn_of
from host.model.origins import origin_of
from host.model.requests import Family, OrderReference, read_answer
from host.model.responses import RESPONSE_CODES, Reason
from host.rules.state import Fact
from host.store.cases import StoredCase
from host.store.connecting import Connection
from host.store.loading import SQL as POSTING_SQL
from host.store.loading import facts_by_original
from host.store.queries import load_queries
from host.store.rulebook import rule_of
from host.store.trace_told import (
    Advice,
    Batch,
    CountedPoints,
    Day,
    Decided,
    EarnedByRule,
    File,
    HoldOf,
    HoldStep,
    Leg,
    Lot,
    Name,
    Place,
    RateOf,
    Related,
    Seal,
    Trace,
    Whose,
)

SQL: Final = load_queries("host.store", "life.sql")


class Exchange(msgspec.Struct, frozen=True):
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
        """Of what kind its message is."""
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


def exchanges(connection: Connection, home: int, name: Name) -> list[Exchange]:
    """All messages under one trace of a terminal: it, its confirmation, its reversal."""
    wanted = {"home": home, "first": name.prefix, "end": f"{name.prefix[:-1]}0"}
    rows = connection.execute(SQL["exchanges_of_slot"], wanted).fetchall()
    return [Exchange(*row) for row in rows]


class Reader:
    """Reads one life by what its exchange says."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def life(self, home: int, name: Name, family: Family | None, also: tuple[str, ...]) -> Trace:
        """The message of this family, else the one that began it."""
        rows = exchanges(self._connection, home, name)
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
            rules=self._rules(one),
            earned=self._earned(one) if journal is not None else (),
            earn_counted=self._earn_counted(one) if journal is not None else (),
            rate=self._rate(one) if journal is not None else None,
            hold=self._hold(one) if journal is not None else None,
        )

    def _hold(self, one: Exchange) -> HoldOf | None:
        for hold, unit, amount, held, opened_at, expires_at, ended_by in self._ask(
            "hold_told", shard=one.shard, number=one.number
        ):
            return HoldOf(
                rrn=rrn_of(hold),
                amount=Money(amount, unit),
                held=Money(held, unit),
                opened_at=opened_at,
                expires_at=expires_at,
                ended_by=ended_by,
                steps=tuple(
                    HoldStep(
                        rrn=rrn_of(number), kind=kind, fact=HoldFact(fact), amount=Money(of, unit)
                    )
                    for number, kind, fact, of in self._ask(
                        "hold_steps", shard=one.shard, hold=hold
                    )
                ),
            )
        return None

    def _earned(self, one: Exchange) -> tuple[EarnedByRule, ...]:
        rows = self._ask("earned_told", shard=one.shard, number=one.number)
        return tuple(
            EarnedByRule(
                points=Money(points, unit),
                rule=rule,
                since=since,
                name=name,
                times=times,
                per=per,
                bonus=bonus,
                points_max=most,
            )
            for unit, points, rule, since, name, times, per, bonus, most in rows
        )

    def _earn_counted(self, one: Exchange) -> tuple[CountedPoints, ...]:
        rows = self._ask("earn_counted_told", shard=one.shard, number=one.number)
        return tuple(
            CountedPoints(
                points=Money(points, unit),
                rule=rule,
                period=period,
                since=since,
                had=had,
                asked=asked,
                points_max=most,
            )
            for unit, rule, period, since, points, had, asked, most in rows
        )

    def _rate(self, one: Exchange) -> RateOf | None:
        for rate, source, target, times, per, since in self._ask(
            "rate_told", shard=one.shard, number=one.number
        ):
            gives, takes = Money.points(target, times), Money.points(source, per)
            return RateOf(rate=rate, gives=gives, takes=takes, since=since)
        return None

    def _rules(self, one: Exchange) -> tuple[Decided, ...]:
        """Rules of the house that had to do with it."""
        found = []
        for outcome, had_times, had_minor, asked_minor, *row in self._ask(
            "rules_told", shard=one.shard, number=one.number
        ):
            rule = rule_of(row)
            said = sentence(rule)
            found.append(
                Decided(
                    rule=rule.id,
                    version=rule.version,
                    name=rule.name,
                    outcome=outcome,
                    en=said.en,
                    zh=said.zh,
                    says=rule.says,
                    period=rule.period,
                    counted_by=rule.by,
                    had_times=had_times,
                    had_minor=had_minor,
                    asked_minor=asked_minor,
                    amount_minor=rule.amount_minor,
                    times=rule.times,
                    unit=rule.unit,
                )
            )
        return tuple(found)

    def _ask(self, statement: str, **told: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(SQL[statement], told).fetchall()

    def _journal(self, one: Exchange) -> _Journal | None:
        rows = self._ask("journal", shard=one.shard, number=one.number)
        return _Journal(*rows[0]) if rows else None

    def _place(self, one: Exchange, journal: _Journal | None) -> Place | None:
        if one.terminal_id is None:
            return None
        merchant = None if journal is None else journal.merchant
        rows = self._ask("place", terminal_id=one.terminal_id, merchant=merchant or None)
        for terminal_id, store, merchant_id, name in rows:
            return Place(
                terminal_id=terminal_id, store=store, merchant_id=merchant_id, merchant=name
            )
        return None

    def _whose(self, one: Exchange, journal: _Journal | None) -> Whose | None:
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

    def _advices(self, one: Exchange, journal: _Journal | None) -> list[tuple[Any, ...]]:
        if one.card or journal is None:
            return []
        numbers = [one.number, *([journal.original] if journal.original else [])]
        return self._ask("advice", shard=one.shard, numbers=numbers)

    def _advice(self, one: Exchange, journal: _Journal | None) -> Advice | None:
        for reference, auth_code, _ in self._advices(one, journal):
            return Advice(reference=reference, auth_code=auth_code)
        return None

    def _original(self, one: Exchange, journal: _Journal | None) -> Related | None:
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

    def _facts(self, one: Exchange, journal: _Journal | None) -> tuple[Related, ...]:
        if journal is None:
            return ()
        facts = facts_of(self._connection, [(one.shard, one.number)]).get(one.number, [])
        slots = {
            number: slot
            for number, slot, *_ in self._ask(
                "journals", shard=one.shard, numbers=[fact.journal for fact in facts]
            )
        }
        return tuple(
            Related(
                rrn=rrn_of(fact.journal),
                kind=fact.kind,
                name=str(Name.of_slot(slots[fact.journal])) if fact.journal in slots else "",
                amount=Money(fact.amount_minor, journal.unit),
                stands=fact.stands,
                is_moot=fact.is_moot,
            )
            for fact in facts
        )

    def _legs(self, one: Exchange) -> tuple[Leg, ...]:
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

    def _lots(self, one: Exchange) -> tuple[Lot, ...]:
        rows = self._ask("lots", shard=one.shard, number=one.number)
        return tuple(
            Lot(
                points=points,
                remaining=remaining,
                expires_on=expires_on,
                is_new=is_new,
                available_from=first,
            )
            for points, remaining, expires_on, is_new, first in rows
        )

    def _batch(self, name: Name, one: Exchange) -> Batch | None:
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

    def _seal(self, one: Exchange) -> Seal | None:
        for digest, items, sealed_at in self._ask("seal", shard=one.shard, seq=one.seal):
            return Seal(
                shard=one.shard, seq=one.seal, digest=digest, items=items, sealed_at=sealed_at
            )
        return None

    def _day(self, one: Exchange, _journal: _Journal | None) -> Day:
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


def _meant(rows: Sequence[Exchange], family: Family | None) -> Exchange:
    """Of the messages under one trace the one of this family, else the one that began it."""
    wanted = family or Family.FINANCIAL
    return next((row for row in rows if row.family is wanted), rows[0])


def _order(journal: _Journal | None) -> OrderReference | None:
    if journal is None or journal.order is None:
        return None
    return OrderReference(journal.order, journal.sub_order or "")


def _related(row: Exchange) -> Related:
    return Related(
        rrn=rrn_of(row.number),
        kind=row.kind,
        name=str(Name.of_slot(row.slot)),
        reason=row.reason,
    )


def facts_of(connection: Connection, journals: Sequence[tuple[int, int]]) -> dict[int, list[Fact]]:
    """What became of these journals, by shard and number, since: under their numbers."""
    keys = ([shard for shard, _ in journals], [number for _, number in journals])
    return facts_by_original(connection.execute(POSTING_SQL["facts"], keys))


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
