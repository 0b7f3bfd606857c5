"""Merchant tills name a date, not a batch: what they trade after a settlement is its next part."""

import datetime as dt

import msgspec
import pytest

from config.run.database import Dsns
from host.cases import CaseKind
from host.model.numbers import rrn_of
from host.model.origins import Origin
from host.model.own import Counter, OwnKey, OwnRequest
from host.model.requests import KINDS, ExchangeKey, Kind, Original, Request, Response, Totals
from host.model.responses import Reason
from host.rules.checks import DAYS_BEHIND_MAX
from host.rules.settlement import Halves
from tests.host.conftest import CardPool, Till, asking_of, audit_ledger, card_at
from tests.host.rules.test_advices import DECISION
from tests.host.terminal_day import ZERO

DATE = "20261122"


class MisTill:
    """A till of the mis kind; its date is its epoch."""

    def __init__(self, till: Till, tid: str, date: str = DATE) -> None:
        self.till, self.tid, self.date = till, tid, date

    def request(
        self, kind: Kind, card: int | None = None, amount: int | None = None, **more: object
    ) -> Request:
        request = self.till.request(kind, card, amount, terminal_id=self.tid, **more)
        number = f"{next(self.till.stans):012d}"
        key = ExchangeKey("mis", self.tid, self.date, number, KINDS[kind].family)
        return msgspec.structs.replace(request, key=key)

    async def buy(self, card: int, amount: int) -> Request:
        sale = self.request(Kind.PURCHASE, card, amount, pin="123456")
        assert (await self.till.ask(sale)).is_approved
        return sale

    async def settle(self, money: Totals, *, is_proved: bool = True) -> Response:
        settling = self.request(Kind.SETTLEMENT, totals=(money, ZERO), is_proved=is_proved)
        return await self.till.ask(settling)

    def reversal(self, sale: Request) -> Request:
        reversal = self.till.reversal(sale)
        return msgspec.structs.replace(
            reversal, key=sale.key.of_family(KINDS[Kind.REVERSAL].family)
        )

    def voided(self, sale: Request, card: int) -> OwnRequest:
        """As the office asks for it."""
        [(number,)] = self.till.sql("SELECT id FROM journal WHERE slot = %s", sale.key.text)
        return OwnRequest(
            kind=Kind.VOID,
            key=OwnKey(Origin.OFFICE, "manager", "transaction.void", f"job-{number}"),
            card=card_at(self.till, card),
            amount=sale.amount,
            counter=Counter(self.till.poster.terminals[self.tid].merchant.id, 1),
            original=Original(key=sale.key, rrn=rrn_of(number)),
            till=self.tid,
        )

    def cases(self) -> list[str]:
        rows = self.till.sql(
            "SELECT kind FROM exception_case WHERE terminal_id = %s ORDER BY id", self.tid
        )
        return [row[0] for row in rows]

    def parts(self) -> list[tuple[str, str, int]]:
        """Epoch, state and debit side of each part."""
        return [
            (row[0], row[1], row[2])
            for row in self.till.sql(
                "SELECT epoch, state, counted[1] FROM terminal_batch WHERE terminal_id = %s"
                " ORDER BY length(epoch), epoch",
                self.tid,
            )
        ]


async def test_what_is_traded_after_a_settlement_is_the_next_part_of_the_date(
    shared: Till, pool: CardPool, module_estate: Dsns
) -> None:
    mis = MisTill(shared, "80030002")
    card = pool.city()
    first = await _settled(mis, card, 5_000)
    for number in (2, 3):
        audit_ledger(module_estate)
        assert await _settled(mis, card, 300) == ((Totals(300, 1), ZERO), (True, True))
        assert mis.parts()[-1] == (f"{DATE}.{number}", "reconciled", 300)
    assert first == ((Totals(5_000, 1), ZERO), (True, True))
    assert mis.cases() == []


async def _settled(mis: MisTill, card: int, amount: int) -> tuple[Halves | None, object]:
    await mis.buy(card, amount)
    answer = await mis.settle(Totals(amount, 1))
    assert await mis.settle(Totals(amount, 1)) == answer, "a repeat settles nothing twice"
    return answer.totals, answer.totals_agree


async def test_a_till_that_sold_nothing_since_settles_nothing(shared: Till, pool: CardPool) -> None:
    mis = MisTill(shared, "80030003")
    await mis.buy(pool.city(), 700)
    await mis.settle(Totals(700, 1))
    for _ in range(2):
        answer = await mis.settle(ZERO)
        assert (answer.totals, answer.totals_agree) == ((ZERO, ZERO), (True, True))
    assert mis.parts() == [(DATE, "reconciled", 700), (f"{DATE}.2", "reconciled", 0)]
    assert mis.cases() == []


async def test_what_a_settled_part_has_is_neither_voided_nor_reversed(
    shared: Till, pool: CardPool
) -> None:
    mis, card = MisTill(shared, "80030004"), pool.city()
    sale = await mis.buy(card, 700)
    await mis.settle(Totals(700, 1))
    void = mis.request(Kind.VOID, card, 700, original=Original(key=sale.key))
    assert (await shared.ask(void)).reason is Reason.OUTSIDE_WINDOW
    assert (await shared.ask(mis.reversal(sale))).reason is Reason.ORIGINAL_NOT_FOUND
    assert mis.cases() == [CaseKind.REVERSAL_OF_SETTLED]
    later = await mis.buy(card, 200)
    assert (await shared.ask(mis.reversal(later))).is_approved
    assert shared.balances(card)[0] == 99_300


async def test_the_office_voids_what_is_of_the_open_part_alone(
    shared: Till, pool: CardPool, module_estate: Dsns
) -> None:
    """S4-59: it counts in that part, and what was settled before stays."""
    mis, card = MisTill(shared, "80030001"), pool.city()
    settled = await mis.buy(card, 700)
    await mis.settle(Totals(700, 1))
    sale = await mis.buy(card, 200)
    assert (await asking_of(shared).ask(mis.voided(settled, card))).reason is Reason.OUTSIDE_WINDOW
    assert (await asking_of(shared).ask(mis.voided(sale, card))).is_approved
    answer = await mis.settle(Totals(200, 1, 200, 1))
    assert answer.totals_agree == (True, True)
    await mis.buy(card, 300)
    assert (await mis.settle(Totals(300, 1))).totals_agree == (True, True)
    audit_ledger(module_estate)
    assert mis.cases() == []


@pytest.mark.parametrize("tid", ["80030005"])
async def test_a_settlement_that_nobody_proved_keeps_no_reversal_out(
    shared: Till, pool: CardPool, tid: str
) -> None:
    mis, card = MisTill(shared, tid), pool.city()
    sale = await mis.buy(card, 700)
    answer = await mis.settle(Totals(700, 1), is_proved=False)
    assert answer.totals_agree == (True, True)
    assert (await shared.ask(mis.reversal(sale))).is_approved
    assert shared.balances(card)[0] == 100_000
    assert mis.cases() == [CaseKind.AFTER_UNPROVED_SETTLEMENT]


TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (0, Reason.APPROVED),
        (1, Reason.APPROVED),
        (-DAYS_BEHIND_MAX, Reason.APPROVED),
        (2, Reason.FORMAT_ERROR),
        (-DAYS_BEHIND_MAX - 1, Reason.FORMAT_ERROR),
        (26_000, Reason.FORMAT_ERROR),
    ],
)
async def test_a_till_sells_on_a_date_near_today(
    days: int, reason: Reason, shared: Till, pool: CardPool
) -> None:
    date = f"{TODAY + dt.timedelta(days=days):%Y%m%d}"
    sale = MisTill(shared, "80030006", date).request(
        Kind.PURCHASE, pool.city(), 5_000, pin="123456"
    )
    assert (await shared.ask(sale)).reason is reason


@pytest.mark.parametrize("date", ["20260230", "20261301", "20991231", "00000001"])
async def test_a_date_that_is_none_is_a_format_error_whatever_is_asked(
    date: str, shared: Till, pool: CardPool
) -> None:
    till, card = MisTill(shared, "80030006", date), pool.city()
    asked = [
        till.request(Kind.PURCHASE, card, 5_000, pin="123456"),
        till.request(Kind.SETTLEMENT, totals=(ZERO, ZERO)),
        till.request(Kind.BALANCE_INQUIRY, card, pin="123456"),
    ]
    assert [(await shared.ask(one)).reason for one in asked] == [Reason.FORMAT_ERROR] * len(asked)


@pytest.mark.parametrize("epoch", ["000001", "00000000", "20260230", "20260701"])
async def test_what_the_switch_reports_of_a_till_is_a_case_whatever_date_it_names(
    epoch: str, shared: Till
) -> None:
    """It may come days later, of a message whose date nobody could read."""
    till = MisTill(shared, "80030006", epoch)
    report = msgspec.structs.replace(
        till.request(Kind.CASE_REPORT), detail="reversal REVS: no JSON", case="unreadable"
    )
    before = till.cases()
    assert (await shared.ask(report)).is_approved
    assert till.cases() == [*before, CaseKind.UNREADABLE.value]


async def test_what_an_issuer_approved_at_a_till_is_posted_however_old_its_date_is(
    shared: Till,
) -> None:
    """The switch may have been owed its delivery for a week, and the till may have been late."""
    long_ago = f"{TODAY - dt.timedelta(days=2 * DAYS_BEHIND_MAX):%Y%m%d}"
    till = MisTill(shared, "80030006", long_ago)
    advice = msgspec.structs.replace(
        till.request(Kind.PURCHASE, amount=1_000), decision=DECISION, key_generation=0
    )
    assert (await shared.ask(advice)).is_approved


@pytest.mark.parametrize(
    ("institution", "tid"),
    [("mis", "80010006"), ("mis", "80040001"), ("softpos", "80010006"), ("softpos", "80030006")],
)
async def test_a_terminal_is_none_in_the_dialects_of_another_family(
    institution: str, tid: str, shared: Till, pool: CardPool
) -> None:
    sale = shared.request(Kind.PURCHASE, pool.city(), 5_000, terminal_id=tid, key_generation=0)
    key = ExchangeKey(institution, tid, DATE, sale.key.stan, sale.key.family)
    refused = msgspec.structs.replace(sale, key=key)
    assert (await shared.ask(refused)).reason is Reason.INVALID_TERMINAL
