"""A small ledger written row by row, so that the night and the audit are tested alone.

It posts as the host does (exchange, journal, entries, balances, lots, undo facts, a seal for
each batch) but shares no code with it except the seal's own text.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
import pytest

from config.run.database import Dsns, embedded_dsns, make_database
from host.ledger import (
    FIRST_SEAL,
    SEAL_FORM,
    batch_row,
    entry_row,
    exchange_row,
    journal_row,
    lot_row,
    seal_digest,
)
from host.model.numbers import number_of, rrn_of
from host.store.changes import note_what_differs
from tests.conftest import Databases, copied

DAY = dt.date(2026, 9, 30)
NOW = dt.datetime(2026, 9, 30, 12, tzinfo=dt.UTC)
EXPIRES = dt.date(2028, 9, 30)
MERCHANTS = {1: "888290054110001", 2: "888290054110002"}
ISSUERS = {1: "99880000", 2: "99770000"}
SHARDS = 2
FINGERPRINT = b"\xaa"
POINTS = {1: "P:RED", 2: "P:BLUE"}
BEGUN = ("opened_day", "traded_day")
"""What a test's database may begin with."""


@dataclass(frozen=True)
class Posted:
    """One journal as a test speaks of it."""

    number: int
    slot: str
    shard: int
    kind: str
    card: int
    merchant: int
    amount: int
    unit: str
    legs: tuple[tuple[int, int, int, str], ...]

    @property
    def rrn(self) -> str:
        return rrn_of(self.number)


def terminal_of(slot: str) -> str | None:
    """Whose key it is; an opening is no terminal's."""
    return None if slot.startswith("estate/") else slot.split("/")[1]


@dataclass
class SmallLedger:
    """Posts into a migrated database as its owner."""

    connection: psycopg.Connection[Any]
    date: dt.date = DAY
    cards: int = 6
    accounts: dict[tuple[object, ...], int] = field(default_factory=dict)
    seals: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    trails: dict[int, int] = field(default_factory=dict)
    pending_until: dt.date | None = None
    """From when on what is earned may be spent; None: at once."""
    counter: int = 0
    stan: int = 0

    def open(self) -> None:
        run = self.run
        run("INSERT INTO business_day VALUES (%s, 'open', %s, NULL)", self.date, NOW)
        self.take_numbers()
        run("INSERT INTO setting VALUES ('shard_count', %s)", str(SHARDS))
        for issuer, institution in ISSUERS.items():
            run(
                "INSERT INTO issuer VALUES (%s, %s, %s, %s, 'CNY', 1000000, 1000000, 3)",
                *(issuer, institution, f"Issuer {issuer}", f"99{issuer}"),
            )
            run(
                "INSERT INTO programme VALUES (%s, %s, 'P', 1, 100, 10, false, NULL, true)",
                *(POINTS[issuer].removeprefix("P:"), issuer),
            )
        for merchant, name in MERCHANTS.items():
            run("INSERT INTO merchant VALUES (%s, %s, %s)", merchant, name, f"Shop {merchant}")
        for issuer in ISSUERS:
            self._account("issuer_funds", "CNY", issuer, None)
            self._account("points_issued", POINTS[issuer], issuer, None)
            self._account("suspense", "CNY", issuer, None)
            for merchant in MERCHANTS:
                self._account("merchant_payable", "CNY", issuer, merchant)
                self._account("merchant_points", POINTS[issuer], issuer, merchant)
                self._account("load_agent_receivable", "CNY", issuer, merchant)
                for chart in (
                    "merchant_fees",
                    "alliance_payable",
                    "alliance_fund",
                    "merchant_reserve",
                ):
                    self._account(chart, "CNY", issuer, merchant)
            for chart in ("issuer_fees", "issuer_alliance"):
                self._account(chart, "CNY", issuer, None)
        for chart in ("house_fees", "rounding"):
            self._account(chart, "CNY", None, None)
        for card in range(1, self.cards + 1):
            self._card(card)

    def _card(self, card: int) -> None:
        issuer, shard = self.issuer_of(card), card % SHARDS
        value = self._purse(card, shard, "CNY")
        self._purse(card, shard, POINTS[issuer])
        self.run(
            "INSERT INTO card VALUES (%s, %s, %s, %s, 'active', '3012', NULL, 0, %s, '')",
            *(shard, card.to_bytes(16, "big"), card, issuer, f"99{issuer}000******{card:04d}"),
        )
        funds = self.account("issuer_funds", "CNY", issuer)
        self._post("opening", card, 0, "CNY", [(funds, value, 100_000, "CNY")])

    def issuer_of(self, card: int) -> int:
        return 1 + card % len(ISSUERS) if card != 1 else 1

    def account(
        self,
        chart: str,
        unit: str,
        issuer: int | None = None,
        merchant: int | None = None,
    ) -> int:
        return self.accounts[chart, unit, issuer, merchant]

    def purse(self, card: int, chart: str = "card_value") -> int:
        issuer = self.issuer_of(card)
        unit = "CNY" if chart == "card_value" else POINTS[issuer]
        return self.accounts[card, unit]

    def join_alliance(self, code: str) -> str:
        """A programme of an alliance that everybody is in; gives its unit."""
        unit = f"P:{code}"
        self.run("INSERT INTO alliance VALUES (1, %s, %s)", code, code.title())
        self.run(
            "INSERT INTO programme (code, alliance_id, name, earn_points, earn_per_minor,"
            " redemption_points_min, debt_is_allowed, is_primary)"
            " VALUES (%s, 1, 'C', 1, 100, 10, false, false)",
            code,
        )
        for column, numbers in (("issuer_id", ISSUERS), ("merchant_id", MERCHANTS)):
            for number in numbers:
                self.run(
                    f"INSERT INTO alliance_member (alliance_id, {column}, member_from, earns,"
                    " redeems) VALUES (1, %s, %s, true, true)",
                    *(number, self.date),
                )
        for issuer in ISSUERS:
            self._account("points_issued", unit, issuer, None)
            for merchant in MERCHANTS:
                self._account("merchant_points", unit, issuer, merchant)
        for card in range(1, self.cards + 1):
            self._purse(card, card % SHARDS, unit)
        written = ["alliance", "programme", "alliance_member", "account"]
        note_what_differs(self.connection, written)
        return unit

    def purchase(
        self, card: int, amount: int, merchant: int = 1, points: int = 0, unit: str = ""
    ) -> Posted:
        """Points are of the issuer's own programme, or of an alliance's."""
        issuer = self.issuer_of(card)
        payable = self.account("merchant_payable", "CNY", issuer, merchant)
        legs = [(self.purse(card), payable, amount, "CNY")]
        if points:
            unit = unit or POINTS[issuer]
            issued = self.account("points_issued", unit, issuer)
            legs.append((issued, self.accounts[card, unit], points, unit))
        posted = self._post("purchase", card, merchant, "CNY", legs)
        if points:
            self.run(
                "UPDATE purse SET expires_from = %s WHERE account_id = %s",
                *(EXPIRES, self.accounts[card, unit]),
            )
            self.run(
                "INSERT INTO lot (shard, account_id, id, earned_on, expires_on, points, remaining,"
                " available_from) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                *(posted.shard, self.accounts[card, unit], posted.number),
                *(self.date, EXPIRES, points, points, self.pending_until),
            )
            if self.pending_until is not None:
                self.run(
                    "UPDATE purse SET pending_minor = %s, pending_from = %s WHERE account_id = %s",
                    *(points, self.pending_until, self.accounts[card, unit]),
                )
        return posted

    def load(self, card: int, amount: int, merchant: int = 1) -> Posted:
        cash = self.account("load_agent_receivable", "CNY", self.issuer_of(card), merchant)
        legs = [(cash, self.purse(card), amount, "CNY")]
        return self._post("cash_load", card, merchant, "CNY", legs)

    def redeem(
        self, card: int, points: int, lot: Posted, merchant: int = 1, unit: str = ""
    ) -> Posted:
        issuer = self.issuer_of(card)
        unit = unit or POINTS[issuer]
        accepted = self.account("merchant_points", unit, issuer, merchant)
        purse = self.accounts[card, unit]
        posted = self._post("points_redemption", card, merchant, unit, [
            (purse, accepted, points, unit)
        ])  # fmt: skip
        self._use(posted, lot.number, points, purse)
        return posted

    def undo(self, original: Posted, kind: str = "void", slot: str | None = None) -> Posted:
        """A void or reversal of the whole, points lots of a purchase included."""
        legs = [(credit, debit, amount, unit) for debit, credit, amount, unit in original.legs]
        posted = self._post(
            kind, original.card, original.merchant, original.unit, legs, original, slot=slot
        )
        for _, credit, amount, unit in original.legs:
            if unit != "CNY" and credit == self.accounts[original.card, unit]:
                self._use(posted, original.number, amount, credit)
        self._fact(original, posted)
        return posted

    def refund(self, original: Posted, amount: int) -> Posted:
        debit, credit, _, unit = original.legs[0]
        posted = self._post(
            "refund", original.card, original.merchant, unit,
            [(credit, debit, amount, unit)], original,
        )  # fmt: skip
        self._fact(original, posted)
        return posted

    def decline(self, card: int, reason: str = "insufficient_funds", **how: Any) -> str:
        """An exchange that posted nothing; `is_tombstone` holds an original's place."""
        slot: str = how.get("slot") or self.next_slot()
        number, shard, kind = self._number(), card % SHARDS, how.get("kind", "purchase")
        self._exchange(number, slot, shard, kind, reason, card, how)
        fingerprint = how.get("fingerprint", FINGERPRINT).hex()
        self._seal(shard, [exchange_row((slot, number, kind, fingerprint, reason, ""), card)])
        return slot

    def fee(self, number: int, payer: str, percent: str, **said: Any) -> None:
        """A row of fees; `tiers` are those beyond the first: from, percent, flat."""
        tiers = [(0, percent, said.get("flat", 0)), *said.get("tiers", ())]
        self.run(
            "INSERT INTO fee (id, payer, merchant_id, issuer_id, trade, channel, kinds, since,"
            " from_minor, flat_minor, millionths, fee_min_minor, fee_max_minor, is_returned,"
            " made_by) VALUES (%s, %s, %s, %s, '', %s, %s, %s, %s, %s, %s, %s, %s, %s, 'x')",
            *(number, payer, said.get("merchant"), said.get("issuer"), said.get("channel", "")),
            *(list(said.get("kinds", ("purchase",))), said.get("since", self.date)),
            [start for start, _, _ in tiers],
            [flat for _, _, flat in tiers],
            [int(Decimal(share) * 10_000) for _, share, _ in tiers],
            *(said.get("least", 0), said.get("most"), said.get("is_returned", True)),
        )
        note_what_differs(self.connection, ["fee"])

    def turn(self) -> None:
        """What is posted from here on is of the next date, which a night has opened."""
        self.date += dt.timedelta(days=1)
        self.counter = 0
        self.take_numbers()
        note_what_differs(self.connection, ["number_block"])

    def take_numbers(self) -> None:
        """More than any test posts; whoever else posts under the date has others."""
        self.run("INSERT INTO number_block VALUES (%s, 1000000) ON CONFLICT DO NOTHING", self.date)

    def next_slot(self) -> str:
        self.stan += 1
        return f"pos/80010001/000012/{self.stan:06d}/f"

    def run(self, statement: str, *values: object) -> psycopg.Cursor[Any]:
        return self.connection.execute(statement, values)  # type: ignore[call-overload, no-any-return, unused-ignore]

    def _account(self, *name: object) -> int:
        number = len(self.accounts) + 1
        self.run(
            "INSERT INTO account (chart, unit, issuer_id, merchant_id, id)"
            " VALUES (%s, %s, %s, %s, %s)",
            *(*name, number),
        )
        self.accounts[name] = number
        return number

    def _purse(self, card: int, shard: int, unit: str) -> int:
        number = len(self.accounts) + 1
        self.run(
            "INSERT INTO purse (shard, card_id, account_id, unit) VALUES (%s, %s, %s, %s)",
            *(shard, card, number, unit),
        )
        self.accounts[card, unit] = number
        return number

    def _number(self) -> int:
        self.counter += 1
        return number_of(self.date, self.counter)

    def _post(
        self,
        kind: str,
        card: int,
        merchant: int,
        unit: str,
        legs: list[tuple[int, int, int, str]],
        original: Posted | None = None,
        slot: str | None = None,
    ) -> Posted:
        number, shard = self._number(), card % SHARDS
        slot = slot or (f"estate/{card}/000000/000000/f" if kind == "opening" else self.next_slot())
        amount = sum(leg[2] for leg in legs if leg[3] == unit)
        undone = original.number if original else None
        texts = [
            exchange_row((slot, number, kind, FINGERPRINT.hex(), "approved", ""), card),
            journal_row(number, kind, undone or 0, card, self.date.isoformat()),
        ]
        seq = self.seals.get(shard, (0, FIRST_SEAL))[0] + 1
        self._exchange(number, slot, shard, kind, "approved", card, {})
        self.run(
            "INSERT INTO journal (shard, id, seal, home, slot, kind, original_id, card_id,"
            " issuer_id, merchant_id, terminal_id, amount_minor, unit, business_date, previous_id)"
            " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            *(shard, number, seq, 0, slot, kind, undone, card, self.issuer_of(card)),
            *(merchant or None, terminal_of(slot), amount, unit, self.date),
            self.trails.get(card, 0),
        )
        self.trails[card] = number
        for place, (debit, credit, part, leg_unit) in enumerate(legs):
            self.run(
                "INSERT INTO entry VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                *(shard, number, place, debit, credit, part, leg_unit, self.date),
            )
            texts.append(entry_row(number, place, debit, credit, part, leg_unit))
            for account, change in ((debit, -part), (credit, part)):
                self.run(
                    "UPDATE purse SET posted_minor = posted_minor + %s, last_journal = %s"
                    " WHERE account_id = %s",
                    *(change, number, account),
                )
        for _, account, points, _ in legs[1:] if kind == "purchase" else ():
            available = None if self.pending_until is None else self.pending_until.isoformat()
            texts.append(lot_row(number, account, points, EXPIRES.isoformat(), available))
        self._seal(shard, texts)
        return Posted(number, slot, shard, kind, card, merchant, amount, unit, tuple(legs))

    def _exchange(
        self,
        number: int,
        slot: str,
        shard: int,
        kind: str,
        reason: str,
        card: int,
        how: dict[str, Any],
    ) -> None:
        seq = self.seals.get(shard, (0, FIRST_SEAL))[0] + 1
        self.run(
            "INSERT INTO exchange VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            *(0, slot, number, shard, seq, kind, how.get("fingerprint", FINGERPRINT), reason),
            *(how.get("is_tombstone", False), b"", card, terminal_of(slot), self.date, NOW),
        )

    def _seal(self, shard: int, texts: list[str]) -> None:
        seq, previous = self.seals.get(shard, (0, FIRST_SEAL))
        digest = seal_digest(previous, [batch_row(NOW), *texts])
        self.run(
            "INSERT INTO seal VALUES (%s, %s, %s, %s, 1, %s, %s, %s)",
            *(shard, seq + 1, previous, digest, self.date, NOW, SEAL_FORM),
        )
        self.seals[shard] = (seq + 1, digest)

    def _use(self, posted: Posted, lot: int, points: int, purse: int) -> None:
        self.run(
            "INSERT INTO lot_use VALUES (%s, %s, %s, %s, %s)",
            *(posted.shard, posted.number, purse, lot, points),
        )
        self.run("UPDATE lot SET remaining = remaining - %s WHERE id = %s", points, lot)

    def _fact(self, original: Posted, posted: Posted) -> None:
        self.run(
            "INSERT INTO undo (shard, original_id, attempt, journal_id, kind, amount_minor)"
            " SELECT %s, %s, count(*), %s, %s, %s FROM undo WHERE original_id = %s",
            *(posted.shard, original.number, posted.number, posted.kind, posted.amount),
            original.number,
        )


class Begun(NamedTuple):
    """A database with a ledger in it, from which tests get their own."""

    template: str
    ledger: SmallLedger

    def over(self, connection: psycopg.Connection[Any]) -> SmallLedger:
        """The ledger as it stands in a copy."""
        ledger = self.ledger
        return replace(
            ledger,
            connection=connection,
            accounts=dict(ledger.accounts),
            seals=dict(ledger.seals),
            trails=dict(ledger.trails),
        )


def _begun(
    databases: Databases,
    template: str,
    name: str,
    begin: Callable[[psycopg.Connection[Any]], SmallLedger],
) -> Begun:
    make_database(databases.owner, name, template)
    dsns = embedded_dsns(databases.server.cluster, name)
    with psycopg.connect(dsns.owner, autocommit=True) as connection:
        return Begun(name, begin(connection))


@pytest.fixture(scope="session")
def opened_day(databases: Databases, database_template: str) -> Begun:
    """An open day, once for those who take this fixture from the same place."""
    name = f"posswitch_opened_template_{os.urandom(4).hex()}"
    return _begun(databases, database_template, name, opened_ledger)


@pytest.fixture(scope="session")
def traded_day(databases: Databases, database_template: str) -> Begun:
    """As `opened_day`, with one of everything posted."""
    name = f"posswitch_traded_template_{os.urandom(4).hex()}"
    return _begun(databases, database_template, name, _traded_day)


@pytest.fixture
def database(
    request: pytest.FixtureRequest, databases: Databases, database_template: str
) -> Iterator[Dsns]:
    """A fresh migrated database of this test's own, with its ledger if it has one."""
    began = next((name for name in BEGUN if name in request.fixturenames), None)
    template = request.getfixturevalue(began).template if began else database_template
    yield from copied(databases, template)


@pytest.fixture
def owner(database: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.owner, autocommit=True) as connection:
        yield connection


@pytest.fixture
def night_login(database: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.night, autocommit=True) as connection:
        yield connection


@pytest.fixture
def audit_login(database: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.audit, autocommit=True) as connection:
        yield connection


@pytest.fixture
def ledger(owner: psycopg.Connection[Any], opened_day: Begun) -> SmallLedger:
    """An open day with six cards of 1,000.00 each and nothing sold."""
    return opened_day.over(owner)


@pytest.fixture
def day(owner: psycopg.Connection[Any], traded_day: Begun) -> SmallLedger:
    """The same with one of everything posted."""
    return traded_day.over(owner)


@pytest.fixture(scope="module")
def module_day(module_database: Any) -> Iterator[SmallLedger]:
    """A traded day that the tests of a module share: what one changes it rolls back."""
    with psycopg.connect(module_database.owner, autocommit=True) as connection:
        yield _traded_day(connection)


def opened_ledger(connection: psycopg.Connection[Any]) -> SmallLedger:
    """One whose date is open, and on which nothing is sold."""
    small = SmallLedger(connection)
    with connection.transaction():
        small.open()
        note_what_differs(connection)
    return small


def _traded_day(connection: psycopg.Connection[Any]) -> SmallLedger:
    ledger = opened_ledger(connection)
    with connection.transaction():
        sale = ledger.purchase(1, 12_345, points=123)
        ledger.purchase(2, 5_000, merchant=2)
        ledger.load(3, 20_000)
        ledger.redeem(1, 100, sale)
        ledger.undo(ledger.purchase(4, 7_000, merchant=2, points=70))
        lost = ledger.purchase(5, 100)
        ledger.undo(lost, "reversal", slot=f"{lost.slot[:-1]}r")
        ledger.refund(ledger.purchase(6, 900), 300)
        ledger.decline(2)
        ledger.decline(3, "duplicate", kind="reversal", is_tombstone=True, fingerprint=b"")
    return ledger
