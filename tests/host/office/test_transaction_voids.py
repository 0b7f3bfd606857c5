"""What was sold is voided by people of its merchant, as its till would have voided it."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec
import psycopg
import pytest
import trio

from clearing.verify import ask
from host.cases import CASES, CaseKind
from host.model.numbers import number_of_rrn, rrn_of
from host.model.office import Done, Refused, Told, Waiting
from host.model.requests import VOIDED_AT_OFFICE, Kind, Totals
from host.model.responses import Reason
from host.office.subjects import SUBJECTS, Ref, find
from host.rules.transactions import TRANSACTIONS
from tests.host.conftest import FIRST, NOW, TERMINALS, Till, asking_of
from tests.host.office.conftest import OTHER_STORE, Bureau, Person
from tests.host.office.test_voucher_use import Desk as VoucherDesk
from tests.host.office.test_voucher_use import made_desk
from tests.host.rules.test_advices import DECISION
from tests.host.terminal_day import ZERO, Day
from tests.host.test_preauths import about, hold
from tests.host.test_vouchers import redeem

CARD, OTHER_CARD, POINTS_CARD = 21, 22, 25
SUM, LIMIT = 12_345, 20_000
SPENT_SUM = 50_000


@dataclass
class Desk:
    """A store with its manager, who may void so much alone, and the till that sells there."""

    bureau: Bureau
    till: Till
    manager: Person
    operator: Person
    day: Day

    async def void(self, rrn: str, who: Person | None = None, **told: Any) -> Told:
        """Asked, and its job done."""

        def ask() -> Told:
            done = self.bureau.do(who or self.manager, "transaction.void", rrn=rrn, **told)
            self.bureau.do_jobs()
            return done

        return await trio.to_thread.run_sync(ask)

    async def agreed(self, told: Told, by: Person) -> Told:
        """By another person, and its job done."""
        assert isinstance(told, Waiting), told

        def agree() -> Told:
            decided = self.bureau.do(
                by, "approval.decide", approval=told.approval, decision="approve"
            )
            self.bureau.do_jobs()
            return decided

        return await trio.to_thread.run_sync(agree)

    async def refused(self, rrn: str, who: Person | None = None) -> str:
        told = await self.void(rrn, who)
        assert isinstance(told, Refused), told
        return told.code

    def job(self) -> tuple[str, str]:
        """How the newest ended."""
        [row] = self.bureau.sql("SELECT state, error FROM job ORDER BY id DESC LIMIT 1")
        return row[0], row[1]

    def journal(self) -> tuple[Any, ...]:
        """The newest that the office has posted."""
        [row] = self.bureau.sql(
            "SELECT j.kind, j.origin, j.made_by, m.merchant_id, j.terminal_id, j.amount_minor,"
            " j.original_id FROM journal AS j JOIN merchant AS m ON m.id = j.merchant_id"
            " WHERE j.slot LIKE 'office/%%' ORDER BY j.id DESC LIMIT 1"
        )
        return row


@pytest.fixture
async def desk(bureau: Bureau, till: Till) -> Desk:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)

    def made() -> Desk:
        manager = bureau.person("store_manager")
        till.sql(
            "UPDATE person_grant SET limit_minor = %s FROM person AS p"
            " WHERE p.id = person_grant.person_id AND p.login = %s", LIMIT, manager.login,
        )  # fmt: skip
        operator = bureau.person("merchant_operator")
        return Desk(bureau, till, manager, operator, Day(till, FIRST, TERMINALS[FIRST].epoch))

    return await trio.to_thread.run_sync(made)


def number(rrn: str) -> int:
    found = number_of_rrn(rrn, NOW.date())
    assert found is not None
    return found


async def test_a_sale_is_voided_by_its_rrn_as_its_till_would(desk: Desk) -> None:
    """S4-59, S1-42: money, points, counters and the usage go back, and history says who."""
    before = desk.till.balances(CARD)
    _, answer = await desk.till.sell(Kind.PURCHASE, CARD, SUM)
    assert desk.till.balances(CARD) == (before[0] - SUM, before[1] + answer.points_earned)
    assert answer.points_earned
    told = await desk.void(answer.rrn)
    assert isinstance(told, Done), told
    assert desk.job() == ("done", "")
    assert desk.till.balances(CARD) == before
    merchant = desk.bureau.sql("SELECT merchant_id FROM merchant ORDER BY id LIMIT 1")[0][0]
    assert desk.journal() == (
        "void", "office", desk.manager.login, merchant, None, SUM, number(answer.rrn),
    )  # fmt: skip
    [usage] = desk.bureau.rows(desk.operator, "usages", card=str(CARD), date="2026-11-22")
    assert (usage["rrn"], usage["is_valid"]) == (answer.rrn, False)
    [line] = desk.bureau.sql(
        "SELECT subject_kind, subject_key, before->>'is_valid', after->>'is_valid', h.outcome"
        " FROM history AS h WHERE action = 'transaction.void' AND source LIKE 'job/%%'"
    )
    assert line == ("transaction", answer.rrn, "true", "false", "done")


async def test_points_that_paid_go_back_and_take_two(desk: Desk) -> None:
    """S4-59: points are no money, so no limit in money covers them."""
    before = desk.till.balances(POINTS_CARD)
    _, answer = await desk.till.sell(Kind.POINTS_REDEMPTION, POINTS_CARD, 300)
    told = await desk.void(answer.rrn)
    assert isinstance(await desk.agreed(told, desk.operator), Done)
    assert desk.till.balances(POINTS_CARD) == before
    assert desk.journal()[:2] == ("void", "office")


async def test_a_completion_and_a_combined_purchase_are_sales_too(desk: Desk) -> None:
    """S4-59."""
    _, held = await hold(desk.till, CARD, SUM)
    completed = await about(desk.till, Kind.COMPLETION, CARD, SUM, held)
    assert isinstance(await desk.void(completed.rrn), Done)
    assert desk.journal()[0] == Kind.COMPLETION_VOID
    _, combined = await desk.till.sell(Kind.COMBINED_PURCHASE, POINTS_CARD, SUM, pin="123456")
    assert isinstance(await desk.void(combined.rrn), Done)
    assert desk.journal()[0] == Kind.VOID


async def test_above_a_limit_another_person_agrees_and_what_changed_meanwhile_is_asked_anew(
    desk: Desk,
) -> None:
    """S4-59: of a store's manager by the merchant's operator; nobody agrees to their own."""
    _, answer = await desk.till.sell(Kind.PURCHASE, CARD, LIMIT)
    assert isinstance(await desk.void(answer.rrn), Done), "as much as the limit is within it"
    sale, large = await desk.till.sell(Kind.PURCHASE, CARD, LIMIT + 1)
    told = await desk.void(large.rrn)
    assert isinstance(told, Waiting)
    own = await desk.agreed(told, desk.manager)
    assert getattr(own, "code", "") == "E-SAME-PERSON"
    assert isinstance(await desk.agreed(told, desk.operator), Done)
    assert desk.job() == ("done", "")
    assert desk.till.journals(sale) == 1
    third, late = await desk.till.sell(Kind.PURCHASE, CARD, LIMIT + 1)
    waiting = await desk.void(late.rrn, desk.operator)
    assert isinstance(waiting, Waiting), "who has no limit never voids alone"
    refund = desk.till.request(Kind.REFUND, CARD, 1, original=desk.till.original(third, late))
    assert (await desk.till.ask(refund)).is_approved
    stale = await desk.agreed(waiting, desk.manager)
    assert getattr(stale, "code", "") in {"E-STALE", "E-UNDONE"}, stale


async def test_the_same_form_gets_the_same_answer_and_another_hears_that_it_was_voided(
    desk: Desk,
) -> None:
    """S4-59: once asked, once posted; so is the till that comes later told why."""
    sale, answer = await desk.till.sell(Kind.PURCHASE, CARD, SUM)
    told = await desk.void(answer.rrn, _once_key="form-1")
    assert isinstance(told, Done)
    assert await desk.void(answer.rrn, _once_key="form-1") == told
    assert await desk.refused(answer.rrn) == "E-UNDONE"
    named = desk.till.original(sale, answer)
    void = await desk.till.ask(desk.till.request(Kind.VOID, CARD, SUM, original=named))
    refund = await desk.till.ask(desk.till.request(Kind.REFUND, CARD, SUM, original=named))
    assert (void.reason, refund.reason) == (Reason.ORIGINAL_VOIDED, Reason.ORIGINAL_VOIDED)
    assert (await desk.till.ask(desk.till.reversal(sale))).is_approved, "nothing is left to undo"
    assert desk.bureau.sql("SELECT count(*) FROM journal WHERE kind = 'void'") == [(1,)]


async def test_of_a_till_and_the_office_at_once_one_has_it(desk: Desk) -> None:
    """S4-59: the card's writer decides, and the other hears why."""
    for _ in range(4):
        sale, answer = await desk.till.sell(Kind.PURCHASE, CARD, 1_000)
        named = desk.till.original(sale, answer)
        told: dict[str, Any] = {}

        async def at_the_till(named: Any = named, told: dict[str, Any] = told) -> None:
            asked = desk.till.request(Kind.VOID, CARD, 1_000, original=named)
            told["till"] = (await desk.till.ask(asked)).reason

        async with trio.open_nursery() as nursery:
            nursery.start_soon(at_the_till)
            done = await desk.void(answer.rrn)
        is_offices = isinstance(done, Done) and desk.job() == ("done", "")
        wanted = Reason.ORIGINAL_VOIDED if is_offices else Reason.APPROVED
        assert told["till"] is wanted, (done, desk.job())
    assert desk.bureau.sql("SELECT count(*) FROM journal WHERE kind = 'void'") == [(4,)]


async def test_what_a_terminal_has_settled_is_refunded_and_not_voided(desk: Desk) -> None:
    """S4-59: at once, and by the poster where it was settled after the action was taken."""
    _, answer = await desk.till.sell(Kind.PURCHASE, CARD, SUM)
    _, other = await desk.till.sell(Kind.PURCHASE, OTHER_CARD, SUM)
    asked, desk.bureau.office = desk.bureau.office, replace(desk.bureau.office, ask=None)
    assert isinstance(await desk.void(other.rrn), Done), "its job waits for the poster"
    assert (await desk.day.settle(Totals(2 * SUM, 2))).totals_agree == (True, True)
    desk.bureau.office = asked
    desk.bureau.later(seconds=40)
    await trio.to_thread.run_sync(desk.bureau.do_jobs)
    state, error = desk.job()
    assert (state, "it is settled" in error) == ("failed", True)
    assert await desk.refused(answer.rrn) == "E-WINDOW"
    assert desk.bureau.sql("SELECT count(*) FROM journal WHERE kind = 'void'") == [(0,)]


async def test_a_batch_counts_what_the_office_voided_and_its_terminals_upload_names_it(
    desk: Desk,
) -> None:
    """S4-59, S4-14: the totals differ by one case of its own, and nothing is unexplained."""
    sold = [(await desk.day.sell(Kind.PURCHASE, CARD, SUM, pin="123456")) for _ in range(2)]
    sale, answer = sold[0]
    assert isinstance(await desk.void(answer.rrn), Done)
    counted = Totals(2 * SUM, 2, SUM, 1)
    assert desk.day.counted() == (counted, ZERO)
    told = await desk.day.settle(Totals(2 * SUM, 2))
    assert (told.totals, told.totals_agree) == ((counted, ZERO), (False, True))
    assert (await desk.day.upload_all()).is_approved
    assert [(one.kind, one.stan, one.amount_minor) for one in desk.day.cases()] == [
        (CaseKind.VOIDED_AT_OFFICE, sale.key.stan, SUM)
    ]
    assert CASES[CaseKind.VOIDED_AT_OFFICE].is_notice


async def test_a_void_of_what_was_settled_before_it_is_a_violation(desk: Desk) -> None:
    """S4-59: the audit holds each to the marks of its batch."""
    _, answer = await desk.till.sell(Kind.PURCHASE, CARD, SUM)
    assert isinstance(await desk.void(answer.rrn), Done)
    assert (await desk.day.settle(Totals(SUM, 1, SUM, 1))).totals_agree == (True, True)
    marks = (
        "UPDATE terminal_batch SET marks[j.shard + 1] = j.seal FROM journal AS j"
        f" WHERE j.id = {number(answer.rrn)}"
    )
    sold_by = (
        "UPDATE journal SET merchant_id = (SELECT max(id) FROM merchant)"
        " WHERE kind = 'void' AND terminal_id IS NULL"
    )
    for edit in (marks, sold_by):
        with psycopg.connect(desk.till.dsns.owner) as edited:
            edited.execute(edit.encode())
            assert "void_of_settled" in {one.test for one in ask(edited)}
            edited.rollback()


async def test_a_sale_that_its_till_reversed_as_well_counts_nowhere_and_so_does_its_void(
    desk: Desk,
) -> None:
    """S4-14."""
    _, kept = await desk.day.sell(Kind.PURCHASE, OTHER_CARD, SUM, pin="123456")
    sale, answer = await desk.till.sell(Kind.PURCHASE, CARD, SUM)
    assert isinstance(await desk.void(answer.rrn), Done)
    assert (await desk.till.ask(desk.till.reversal(sale))).is_approved
    assert kept.is_approved
    assert desk.day.counted() == (Totals(SUM, 1), ZERO)
    assert (await desk.day.settle(Totals(SUM, 1))).totals_agree == (True, True)


async def test_a_voucher_is_as_it_was_before_at_a_counter_and_at_a_till(
    bureau: Bureau, till: Till
) -> None:
    """S4-59, S1-42, S2-14: until its business date ends."""
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    desk: VoucherDesk = await trio.to_thread.run_sync(lambda: made_desk(bureau, till))
    manager, owner = await trio.to_thread.run_sync(
        lambda: (bureau.person("store_manager"), bureau.person("merchant_owner"))
    )
    first, second, third, _ = desk.codes()
    assert isinstance(await desk.redeem(first), Done)
    at_counter = number_newest(bureau)
    at_till = await redeem(till, second)
    for rrn in (at_counter, at_till.rrn):
        asked = partial(bureau.do, manager, "transaction.void", rrn=rrn)
        waiting = await trio.to_thread.run_sync(asked)
        assert isinstance(waiting, Waiting), "without a limit nobody voids alone"
        decided = await desk.done(
            owner, "approval.decide", approval=waiting.approval, decision="approve"
        )
        assert isinstance(decided, Done), decided
        assert desk.job() == ("done", "")
    assert {one["voucher_status"] for one in desk.vouchers()} == {"issued"}
    assert (await redeem(till, first)).is_approved, "it is handed over again"
    last = await redeem(till, third)
    await trio.to_thread.run_sync(till.turn_the_date)
    asked = partial(bureau.do, manager, "transaction.void", rrn=last.rrn)
    late = await trio.to_thread.run_sync(asked)
    assert getattr(late, "code", "") == "E-WINDOW"
    assert desk.findings() == []


def number_newest(bureau: Bureau) -> str:
    """The RRN of what a job has posted last."""
    [(rrn,)] = bureau.sql(
        "SELECT after->>'rrn' FROM history WHERE source LIKE 'job/%%' ORDER BY id DESC LIMIT 1"
    )
    return str(rrn)


async def test_what_is_no_sale_or_another_stores_is_not_voided(desk: Desk) -> None:
    """S4-59, S1-47: another's is not there at all."""
    _, load = await desk.till.sell(Kind.CASH_LOAD, CARD, SUM)
    told = await desk.void(load.rrn)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-FIELD", "rrn")
    assert await desk.refused("112299999999") == "E-NOT-FOUND"
    _, answer = await desk.till.sell(Kind.PURCHASE, CARD, SUM)
    elsewhere = await trio.to_thread.run_sync(
        lambda: desk.bureau.person("store_manager", "store", OTHER_STORE)
    )
    assert await desk.refused(answer.rrn, elsewhere) == "E-NOT-FOUND"
    assert isinstance(await desk.void(answer.rrn), Done)


async def test_what_another_houses_issuer_approved_is_voided_at_its_till(desk: Desk) -> None:
    """S4-59: that issuer would never hear of it."""
    sale = desk.till.request(Kind.PURCHASE, amount=SUM, key_generation=0)
    answer = await desk.till.ask(msgspec.structs.replace(sale, decision=DECISION))
    assert answer.is_approved, answer
    [(posted,)] = desk.bureau.sql("SELECT id FROM journal WHERE slot = %s", sale.key.text)
    told = await desk.void(rrn_of(posted))
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-FIELD", "rrn")
    assert "its till" in told.en


async def test_points_that_the_card_has_spent_keep_its_sale(desk: Desk) -> None:
    """S4-59: where no debt is allowed, as at a till."""
    pear = 701
    sale, answer = await desk.till.sell(Kind.PURCHASE, pear, SPENT_SUM)
    assert answer.points_earned
    spent = desk.till.request(Kind.POINTS_REDEMPTION, pear, answer.points_earned)
    assert (await desk.till.ask(spent)).is_approved, "it has points to spend"
    waiting = await desk.void(answer.rrn)
    assert isinstance(await desk.agreed(waiting, desk.operator), Done)
    state, error = desk.job()
    assert (state, "has spent the points" in error) == ("failed", True)
    assert desk.till.journals(sale) == 1


async def test_what_a_transaction_is_told_by_is_what_its_row_says(desk: Desk) -> None:
    _, answer = await desk.till.sell(Kind.PURCHASE, CARD, SUM)
    with desk.bureau.connection.transaction():
        found = find(desk.bureau.connection, Ref("transaction", answer.rrn))
    assert found is not None
    assert found.content.keys() == SUBJECTS["transaction"].content
    assert found.id == number(answer.rrn)


def test_whatever_the_office_voids_by_is_what_a_till_voids_by() -> None:
    assert set(VOIDED_AT_OFFICE.values()) <= set(TRANSACTIONS)
