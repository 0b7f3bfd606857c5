"""Whatever is sold, disputed, held back, paid and sent back: what is owed is all of it, once."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clearing.run import run_clearing
from clearing.verify import audit
from config.run.database import Dsns
from host.office.payable import SQL, all_due, refusal_of
from host.office.rows.payouts import keep_payouts
from host.store.changes import note_what_differs
from tests.clearing.conftest import DAY, Posted, SmallLedger, opened_ledger
from tests.clearing.test_adverts import booked
from tests.conftest import Databases, copied

Connection = psycopg.Connection[Any]


class Day(NamedTuple):
    """What happens on a date, and after its night."""

    trades: Sequence[tuple[str, int, int, int]]
    """Kind, card, merchant and amount; a refund is of what its merchant has sold."""
    reserve: tuple[int, int] | None
    """From this date on: percent, days."""
    disputes: Sequence[tuple[int, bool | None]]
    """Which sale, and what is said to it while the next date is open."""
    comes_back: bool = False
    """Whether the bank sends the date's payments back."""
    advert: int | None = None
    """Which merchant has advertising on it."""


DAYS = st.lists(
    st.builds(
        Day,
        trades=st.lists(
            st.tuples(
                st.sampled_from(["buy", "buy", "load", "refund"]),
                st.integers(1, 6),
                st.integers(1, 2),
                st.integers(1, 9_999),
            ),
            min_size=3,
            max_size=6,
        ),
        reserve=st.tuples(st.integers(0, 100), st.integers(1, 3)) | st.none(),
        disputes=st.lists(
            st.tuples(st.integers(0, 3), st.sampled_from([True, False, None])),
            min_size=1,
            max_size=2,
        ),
        comes_back=st.booleans(),
        advert=st.integers(1, 2) | st.none(),
    ),
    min_size=4,
    max_size=4,
)
BUSY = [
    Day(
        [("buy", 1, 1, 5_000), ("buy", 2, 2, 700), ("buy", 4, 1, 90)],
        (10, 1),
        [(0, True)],
        comes_back=True,
        advert=2,
    ),
    Day(
        [("buy", 1, 1, 3_001), ("buy", 3, 2, 800), ("load", 5, 2, 9)],
        None,
        [(0, False)],
        comes_back=True,
    ),
    Day([("buy", 6, 1, 1_000), ("refund", 1, 1, 500)], (50, 2), [(0, None)]),
    Day([("buy", 1, 2, 400)], (0, 1), [], comes_back=True),
    Day([("buy", 2, 1, 1)], None, [], advert=1),
]
"""What came back is paid, and comes back again; each verdict is given, each reserve let go; and
advertising costs less than a date is worth, and more."""
OWED = """
SELECT
    (SELECT coalesce(sum(s.payable_minor), 0) FROM settlement_statement AS s
        WHERE s.merchant_id = m.id)::bigint AS payable,
    (SELECT coalesce(sum(s.payable_minor - s.reserved_minor), 0) FROM settlement_statement AS s
        WHERE s.merchant_id = m.id)::bigint AS earned,
    (SELECT coalesce(sum(h.amount_minor), 0) FROM reserve_held AS h
        LEFT JOIN reserve_released AS r USING (business_date, merchant_id, issuer_id)
        WHERE h.merchant_id = m.id AND r.journal_id IS NULL)::bigint AS reserved,
    (SELECT coalesce(sum(p.amount_minor), 0) FROM payout AS p
        LEFT JOIN payout_return AS r ON p.id = r.payout_id
        WHERE p.merchant_id = m.id AND r.payout_id IS NULL)::bigint AS paid,
    (SELECT coalesce(sum(p.amount_minor), 0) FROM payout AS p
        INNER JOIN payout_return AS r ON p.id = r.payout_id
        LEFT JOIN payout_again AS a ON p.id = a.returned_id
        WHERE p.merchant_id = m.id AND a.payout_id IS NULL)::bigint AS came_back,
    (SELECT coalesce(sum(d.due_minor), 0) FROM statement_due AS d
        LEFT JOIN payout_statement AS p USING (business_date, place)
        WHERE d.merchant_id = m.id AND p.payout_id IS NULL)::bigint AS unpaid,
    (SELECT coalesce(sum(h.held_minor), 0) FROM statement_held AS h
        INNER JOIN settlement_statement AS s USING (business_date, place)
        LEFT JOIN payout_held AS p USING (business_date, place, side)
        LEFT JOIN statement_correction AS c USING (business_date, place, side)
        WHERE s.merchant_id = m.id AND p.payout_id IS NULL AND c.journal_id IS NULL
    )::bigint AS held_out
FROM merchant AS m
ORDER BY m.id
"""
BALANCES = """
SELECT
    coalesce(sum(moved.minor) FILTER (
        WHERE a.chart NOT IN ('merchant_reserve', 'merchant_fees', 'alliance_fund')
    ), 0)::bigint,
    coalesce(sum(moved.minor) FILTER (WHERE a.chart = 'merchant_reserve'), 0)::bigint
FROM merchant AS m
INNER JOIN account AS a ON m.id = a.merchant_id AND a.unit = 'CNY'
CROSS JOIN LATERAL (
    SELECT coalesce(sum(
        CASE WHEN a.id = e.credit_account THEN e.amount_minor ELSE -e.amount_minor END
    ), 0) AS minor
    FROM entry AS e
    WHERE a.id IN (e.debit_account, e.credit_account)
) AS moved
GROUP BY m.id
ORDER BY m.id
"""


class House:
    """A ledger with its nights, and what people do about each."""

    def __init__(self, dsns: Dsns, owner: Connection, files: Path) -> None:
        self.dsns, self.files = dsns, files
        self.ledger: SmallLedger = opened_ledger(owner)
        self.sales: list[Posted] = []
        self.refunded: set[int] = set()
        self.to_answer: list[tuple[dt.date, int, bool]] = []
        """Of which date and place, and how, once the next date is open."""
        for merchant in (None, 1, 2):
            self.ledger.run(
                "INSERT INTO payout_account (merchant_id, holder, account, account_masked, bank,"
                " set_at, set_by, agreed_by) VALUES (%s, 'X', '12345678', '****5678',"
                " '102100099996', '2026-01-01', 'x', 'y')",
                merchant,
            )
        note_what_differs(owner)

    def live(self, day: Day) -> None:
        """The date, its night, and what is done about it; the sums hold after each."""
        date = self.ledger.date
        self._answer(date)
        if day.reserve is not None:
            self.ledger.run(
                "INSERT INTO reserve_terms (merchant_id, since, millionths, held_days, said_by,"
                " agreed_by) VALUES (1, %s, %s, %s, 'wu', 'li')",
                *(date, day.reserve[0] * 10_000, day.reserve[1]),
            )
        if day.advert is not None:
            booked(self.ledger, days=1, merchant=day.advert, first=date)
        sold = [one for trade in day.trades if (one := self._trade(*trade)) is not None]
        with psycopg.connect(self.dsns.night, autocommit=True) as night:
            run_clearing(night, self.files, date)
        self.ledger.turn()
        self.check()
        self._dispute(date, sold, day.disputes)
        self._settle(date)
        self.check()
        if day.comes_back:
            self.ledger.run(
                "INSERT INTO payout_return (payout_id) SELECT id FROM payout"
                " WHERE business_date = %s", date,
            )  # fmt: skip
            self.ledger.run(
                "INSERT INTO payout_return_said (payout_id, reason, said_by, agreed_by, said_at)"
                " SELECT id, 'closed', 'wu', 'li', now() FROM payout WHERE business_date = %s",
                date,
            )
            self.check()

    def check(self) -> None:
        """Of each merchant: what it has earned is payable or held back; what is payable is paid,
        came back, waits, or is held out; and the books say the same."""
        rows = self.ledger.run(OWED).fetchall()
        for payable, earned, reserved, paid, came_back, unpaid, held_out in rows:
            assert payable == paid + came_back + unpaid + held_out
            assert earned == payable + reserved
        books = [(payable, reserved) for payable, _, reserved, *_ in rows]
        assert self.ledger.run(BALANCES).fetchall() == books

    def _trade(self, kind: str, card: int, merchant: int, amount: int) -> Posted | None:
        if kind == "buy":
            sold = self.ledger.purchase(card, amount, merchant=merchant)
            self.sales.append(sold)
            return sold
        if kind == "load":
            self.ledger.load(card, amount, merchant=merchant)
            return None
        of_it = (one for one in self.sales if one.merchant == merchant)
        back = next((one for one in of_it if one.number not in self.refunded), None)
        if back is not None:
            self.refunded.add(back.number)
            self.ledger.refund(back, min(amount, back.amount))
        return None

    def _dispute(
        self, date: dt.date, sold: Sequence[Posted], disputes: Sequence[tuple[int, bool | None]]
    ) -> None:
        """By the issuer, each statement once."""
        verdicts: dict[int, bool | None] = {}
        for which, verdict in disputes:
            if which < len(sold):
                row = sold[which]
                place = self._place(date, row)
                if place not in verdicts:
                    self._speak(date, place, "issuer", row)
                    verdicts[place] = verdict
        self.to_answer += [
            (date, place, verdict) for place, verdict in verdicts.items() if verdict is not None
        ]

    def _place(self, date: dt.date, row: Posted) -> int:
        [(place,)] = self.ledger.run(
            "SELECT place FROM settlement_statement WHERE business_date = %s AND merchant_id = %s"
            " AND issuer_id = %s",
            *(date, row.merchant, self.ledger.issuer_of(row.card)),
        ).fetchall()
        return int(place)

    def _speak(self, date: dt.date, place: int, side: str, row: Posted) -> None:
        run = self.ledger.run
        run("INSERT INTO statement_confirmed VALUES (%s, %s, %s, 'x', now())", date, place, side)
        run(
            "INSERT INTO statement_dispute SELECT business_date, place, %s, merchant_id, issuer_id,"
            " 'x' FROM settlement_statement WHERE business_date = %s AND place = %s",
            *(side, date, place),
        )
        run(
            "INSERT INTO statement_held VALUES (%s, %s, %s, %s, %s, %s, %s)",
            *(date, place, side, row.shard, row.number, row.amount, row.amount),
        )

    def _answer(self, on: dt.date) -> None:
        for date, place, is_upheld in self.to_answer:
            self.ledger.run(
                "INSERT INTO statement_answer VALUES (%s, %s, 'issuer', %s, 'x', 'wu', NULL,"
                " now(), %s)",
                *(date, place, is_upheld, on),
            )
        self.to_answer = []

    def _settle(self, date: dt.date) -> None:
        """Confirmed by all, released, and paid as far as it may be."""
        run = self.ledger.run
        run(
            "INSERT INTO statement_confirmed SELECT s.business_date, s.place, side, 'x', now()"
            " FROM settlement_statement AS s CROSS JOIN unnest('{merchant,issuer}'::text[]) AS side"
            " WHERE s.business_date = %s ON CONFLICT DO NOTHING", date,
        )  # fmt: skip
        run("INSERT INTO clearing_release VALUES (%s, 'x', now(), 1, 'CNY', NULL, '{z}')", date)
        now = dt.datetime.now(dt.UTC)
        with psycopg.connect(self.dsns.office, autocommit=True) as office, office.transaction():
            found = all_due(office, DAY, date)
            chosen = [due for due in found if refusal_of(due, 1, now) is None]
            if not chosen:
                return
            [(file,)] = office.execute(SQL["next_payout_file"]).fetchall()
            told = {
                "file": file,
                "date": date,
                "pay_on": date,
                "account": 1,
                "payouts": len(chosen),
                "total_minor": sum(due.amount.amount_minor for due in chosen),
                "sha256": bytes(32),
                "asked_by": "wu",
                "agreed_by": "li",
                "now": now,
            }
            office.execute(SQL["add_payout_file"], told)
            keep_payouts(office, chosen, told)


def test_what_is_owed_is_paid_or_held_or_reserved_and_never_twice(
    databases: Databases, database_template: str, tmp_path: Path
) -> None:
    """S4-79, S3-21, S4-54, S4-66: for any nights with disputes, returns, reserves and advertising;
    the audit agrees."""
    places = iter(range(1_000))

    @settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow])
    @example(BUSY)
    @given(DAYS)
    def live(days: list[Day]) -> None:
        for dsns in copied(databases, database_template):
            with psycopg.connect(dsns.owner, autocommit=True) as owner:
                house = House(dsns, owner, tmp_path / str(next(places)))
                for day in days:
                    house.live(day)
                note_what_differs(owner)
            with psycopg.connect(dsns.audit, autocommit=True) as auditor:
                assert [str(one) for one in audit(auditor)] == []

    live()
