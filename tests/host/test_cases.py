"""Exception cases: opened with the answer that caused them, counted, resolved once, never lost."""

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import psycopg
import pytest
from psycopg import errors

from config.run.database import Dsns
from host.cases import CaseKind, NewCase
from host.model.money import Money
from host.model.requests import KINDS, ExchangeKey, Family, Kind, Original, Request
from host.model.responses import Reason
from host.rules.reversals import REVERSAL_DAYS_MAX
from host.store.cases import (
    LISTED_MAX,
    CaseError,
    StoredCase,
    list_cases,
    open_case,
    report_case_once,
    resolve_case,
    settle_case,
)
from tests.host.conftest import CARDS, FIRST, NOW, CardPool, Till
from tests.host.owner import owners_hand

LATER = NOW + dt.timedelta(hours=1)
OTHER = "80010002"


def cases_of(till: Till, request: Request) -> list[tuple[CaseKind, int, str, int]]:
    with psycopg.connect(till.dsns.night) as connection:
        found = list_cases(connection, terminal_id=request.key.terminal_id)
    return [
        (case.kind, case.amount_minor, case.unit, case.times)
        for case in found
        if case.stan == request.key.stan
    ]


def of_batch(request: Request, epoch: str, family: Family) -> Request:
    """The same in another batch."""
    key = ExchangeKey("pos", request.key.terminal_id, epoch, request.key.stan, family)
    return msgspec.structs.replace(request, key=key)


async def test_a_reversal_of_a_spent_load_opens_a_case_of_what_is_missing(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    load, _ = await shared.sell(Kind.CASH_LOAD, card, 5_000)
    await shared.sell(Kind.PURCHASE, card, 103_000)
    reversal = shared.reversal(load)
    for _ in range(3):
        assert (await shared.ask(reversal)).reason is Reason.INSUFFICIENT_FUNDS
    assert cases_of(shared, load) == [(CaseKind.REVERSAL_OF_SPENT, 3_000, "CNY", 1)]


async def test_money_and_points_that_were_spent_are_a_case_each(
    shared: Till, pool: CardPool
) -> None:
    card = pool.pear()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 50_000)
    void, _ = await shared.sell(Kind.VOID, card, 50_000, original=shared.original(sale, answer))
    await shared.sell(Kind.PURCHASE, card, 100_000)
    assert (await shared.ask(shared.reversal(void))).reason is Reason.INSUFFICIENT_FUNDS
    assert cases_of(shared, void) == [(CaseKind.REVERSAL_OF_SPENT, 50_000, "CNY", 1)]
    poor = pool.pear()
    earning, told = await shared.sell(Kind.POINTS_EARN, poor, 50_000)
    await shared.sell(Kind.POINTS_REDEMPTION, poor, told.points_earned)
    assert (await shared.ask(shared.reversal(earning))).reason is Reason.INSUFFICIENT_FUNDS
    assert cases_of(shared, earning) == [
        (CaseKind.REVERSAL_OF_SPENT, told.points_earned, "P:PEAR", 1)
    ]
    sold = pool.pear()
    sale, told = await shared.sell(Kind.PURCHASE, sold, 50_000)
    await shared.sell(Kind.POINTS_REDEMPTION, sold, told.points_earned)
    assert (await shared.ask(shared.reversal(sale))).is_approved
    assert cases_of(shared, sale) == [
        (CaseKind.REVERSAL_NOT_WHOLE, told.points_earned, "P:PEAR", 1)
    ]


async def test_a_reversal_of_a_sale_that_was_refunded_in_part_is_a_case_of_the_rest(
    shared: Till, pool: CardPool
) -> None:
    """Refused with 22 alone, the rest would be in nobody's hands and on nobody's list."""
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 1_000)
    by_rrn = Original(rrn=answer.rrn)
    refund, _ = await shared.sell(Kind.REFUND, card, 400, original=by_rrn)
    for _ in range(2):
        assert (await shared.ask(shared.reversal(sale))).reason is Reason.ORIGINAL_VOIDED
    assert cases_of(shared, sale) == [(CaseKind.REVERSAL_REFUSED, 600, "CNY", 1)]
    refused = await shared.ask(shared.reversal(refund))
    assert refused.reason is Reason.FUNCTION_NOT_SUPPORTED
    assert cases_of(shared, refund) == [(CaseKind.REVERSAL_REFUSED, 400, "CNY", 1)]


async def test_a_reversal_of_a_sale_that_was_refunded_whole_leaves_nothing_open(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 1_000)
    await shared.sell(Kind.REFUND, card, 1_000, original=Original(rrn=answer.rrn))
    assert (await shared.ask(shared.reversal(sale))).reason is Reason.ORIGINAL_VOIDED
    assert cases_of(shared, sale) == []


async def test_a_refund_that_spent_points_stand_in_the_way_of_is_a_case(
    shared: Till, pool: CardPool
) -> None:
    card = pool.pear()
    _, answer = await shared.sell(Kind.PURCHASE, card, 50_000)
    await shared.sell(Kind.POINTS_REDEMPTION, card, answer.points_earned)
    refund = shared.request(Kind.REFUND, card, 50_000, original=Original(rrn=answer.rrn))
    told = await shared.ask(refund)
    assert told.reason is Reason.INSUFFICIENT_FUNDS
    assert cases_of(shared, refund) == [(CaseKind.REFUND_REFUSED, 50_000, "CNY", 1)]


async def test_a_confirmation_that_is_declined_is_a_case_whatever_became_of_its_load(
    shared: Till, pool: CardPool
) -> None:
    """Its terminal says that the cash is in the till, and the card does not have it."""
    card = pool.city()
    undone, _ = await shared.sell(Kind.CASH_LOAD, card, 5_000)
    await shared.ask(shared.reversal(undone))
    declined = shared.request(Kind.CASH_LOAD, 101, 5_000)
    assert (await shared.ask(declined)).reason is Reason.CARD_FROZEN
    another, _ = await shared.sell(Kind.CASH_LOAD, card, 4_000)
    sale, _ = await shared.sell(Kind.PURCHASE, card, 5_000)
    confirms = [shared.confirmation(one) for one in (undone, declined, sale)]
    wrong = msgspec.structs.replace(shared.confirmation(another), amount=Money(5_000, "CNY"))
    for confirm in (*confirms, wrong):
        for _ in range(2):
            assert not (await shared.ask(confirm)).is_approved
        assert cases_of(shared, confirm) == [(CaseKind.CONFIRMATION_REFUSED, 5_000, "CNY", 1)]


async def test_a_reversal_behind_the_confirmation_of_its_load_is_a_case(
    shared: Till, pool: CardPool
) -> None:
    """The terminal says both that it has the cash and that the load never was."""
    load = shared.request(Kind.CASH_LOAD, pool.city(), 5_000)
    assert (await shared.ask(shared.confirmation(load))).is_approved
    assert (await shared.ask(shared.reversal(load))).reason is Reason.FUNCTION_NOT_SUPPORTED
    assert cases_of(shared, load) == [(CaseKind.REVERSAL_REFUSED, 5_000, "CNY", 1)]


async def test_a_confirmation_above_what_a_message_may_load_is_a_case_and_posts_nothing(
    shared: Till, pool: CardPool
) -> None:
    """No message charges a merchant with more than the issuer lets one move; who has it owes it."""
    load = shared.request(Kind.CASH_LOAD, pool.city(), 500_001)
    confirm = shared.confirmation(load)
    for _ in range(2):
        assert (await shared.ask(confirm)).reason is Reason.AMOUNT_LIMIT
    assert shared.journals(confirm) == 0
    assert cases_of(shared, load) == [(CaseKind.CONFIRMATION_REFUSED, 500_001, "CNY", 1)]
    assert (await shared.ask(load)).reason is Reason.DUPLICATE, "a late load is buried"


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Money(999, "CNY")},
        {"original": "another kind"},
        {"pan": CARDS[700].pan},
    ],
    ids=["amount", "kind", "card"],
)
async def test_a_reversal_that_names_something_else_is_25_and_a_case(
    shared: Till, pool: CardPool, wrong: dict[str, object]
) -> None:
    card = pool.city()
    sale, _ = await shared.sell(Kind.PURCHASE, card, 1_000)
    reversal = shared.reversal(sale)
    if "original" in wrong:
        assert reversal.original is not None
        wrong = {"original": msgspec.structs.replace(reversal.original, kind=Kind.CASH_LOAD)}
    answer = await shared.ask(msgspec.structs.replace(reversal, **wrong))
    assert answer.reason is Reason.ORIGINAL_NOT_FOUND
    assert shared.journals(sale) == 1
    assert cases_of(shared, sale) == [(CaseKind.REVERSAL_DIFFERS, 1_000, "CNY", 1)]


async def test_a_reversal_of_a_settled_transaction_is_25_and_a_case(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale, _ = await shared.sell(Kind.PURCHASE, card, 1_000, terminal_id=OTHER)
    epoch = shared.poster._book.terminals[OTHER].epoch
    shared.poster._book.terminals[OTHER].epoch = "000777"
    late = await shared.ask(shared.reversal(sale))
    assert late.reason is Reason.ORIGINAL_NOT_FOUND
    assert await shared.ask(shared.reversal(sale)) == late
    assert shared.balances(card)[0] == 99_000
    assert cases_of(shared, sale) == [(CaseKind.REVERSAL_OF_SETTLED, 1_000, "CNY", 1)]
    shared.poster._book.terminals[OTHER].epoch = epoch


async def test_what_was_undone_before_it_was_settled_is_no_case(
    shared: Till, pool: CardPool
) -> None:
    sale, answer = await shared.sell(Kind.PURCHASE, pool.city(), 1_000)
    await shared.sell(Kind.VOID, None, 1_000, original=shared.original(sale, answer))
    epoch = shared.terminal.epoch
    shared.terminal.epoch = "000777"
    assert (await shared.ask(shared.reversal(sale))).is_approved
    shared.terminal.epoch = epoch
    assert cases_of(shared, sale) == []


async def test_a_reversal_too_late_for_anybody_to_remember_is_25_and_a_case(
    till: Till, pool: CardPool
) -> None:
    sale, _ = await till.sell(Kind.PURCHASE, pool.city(), 1_000)
    kept, _ = await till.sell(Kind.PURCHASE, pool.city(), 1_000)
    for days, reason in (
        (REVERSAL_DAYS_MAX, Reason.APPROVED),
        (REVERSAL_DAYS_MAX + 1, Reason.ORIGINAL_NOT_FOUND),
    ):
        till.turn_the_date(NOW.date() + dt.timedelta(days=days))
        about = kept if reason is Reason.APPROVED else sale
        assert (await till.ask(till.reversal(about))).reason is reason
    assert cases_of(till, kept) == []
    assert cases_of(till, sale) == [(CaseKind.REVERSAL_TOO_OLD, 1_000, "CNY", 1)]


async def test_a_confirmation_into_a_settled_batch_posts_nothing_and_is_a_case(
    shared: Till, pool: CardPool
) -> None:
    card = pool.city()
    load = of_batch(shared.request(Kind.CASH_LOAD, card, 5_000), "000003", Family.FINANCIAL)
    confirm = of_batch(shared.confirmation(load), "000003", Family.CONFIRM)
    answer = await shared.ask(confirm)
    assert (answer.reason, answer.sign_on_again) == (Reason.BATCH_MISMATCH, True)
    assert shared.balances(card)[0] == 100_000
    assert cases_of(shared, load) == [(CaseKind.ADVICE_OF_SETTLED, 5_000, "CNY", 1)]


async def test_what_the_switch_gives_up_is_a_case(shared: Till) -> None:
    report = msgspec.structs.replace(
        shared.request(Kind.CASE_REPORT), detail="reversal of a sale, given up after " + "x" * 600
    )
    assert KINDS[report.kind].family is Family.MANAGEMENT
    assert (await shared.ask(report)).is_approved
    assert cases_of(shared, report) == [(CaseKind.SAF_GAVE_UP, 0, "", 1)]


def given_up(till: Till, detail: str = "advice of a sale, refused") -> Request:
    return msgspec.structs.replace(till.request(Kind.CASE_REPORT), detail=detail)


async def test_a_report_that_comes_again_is_no_second_case_though_it_was_resolved(
    shared: Till, module_estate: Dsns
) -> None:
    report = given_up(shared)
    for _ in range(3):
        assert (await shared.ask(report)).is_approved
    assert cases_of(shared, report) == [(CaseKind.SAF_GAVE_UP, 0, "", 1)]
    with psycopg.connect(module_estate.night, autocommit=True) as connection:
        [case] = [one for one in list_cases(connection) if one.stan == report.key.stan]
        resolve_case(connection, case.id, note="posted by hand", by="Li", now=LATER)
    assert (await shared.ask(report)).is_approved
    assert cases_of(shared, report) == []
    other = msgspec.structs.replace(report, detail="reversal of a sale, refused")
    assert (await shared.ask(other)).is_approved
    assert len(cases_of(shared, report)) == 1, "other words are another report"


async def test_a_report_that_comes_twice_at_once_is_one_case(shared: Till) -> None:
    report = given_up(shared)
    answers = await shared.ask_all([report] * 8)
    assert {one.reason for one in answers} == {Reason.APPROVED}
    assert cases_of(shared, report) == [(CaseKind.SAF_GAVE_UP, 0, "", 1)]


def test_of_hosts_that_are_told_at_the_same_moment_one_opens_the_case(module_estate: Dsns) -> None:
    hosts, together = 8, threading.Barrier(8)
    case = NewCase(
        kind=CaseKind.SAF_GAVE_UP, terminal_id=OTHER, epoch="000012", stan="000077", detail="?"
    )

    def told(_host: int) -> bool:
        with psycopg.connect(module_estate.host, autocommit=True) as connection:
            together.wait()
            return report_case_once(connection, "pos/80010002/000012/000077/m", case, NOW)

    with ThreadPoolExecutor(hosts) as pool:
        assert sorted(pool.map(told, range(hosts))) == [False] * (hosts - 1) + [True]
    with psycopg.connect(module_estate.night) as connection:
        [kept] = [one for one in list_cases(connection) if one.stan == "000077"]
    assert kept.times == 1


@pytest.fixture
def desk(module_estate: Dsns) -> Iterator[psycopg.Connection]:
    """The operator's login, on a database whose cases are this test's own."""
    with owners_hand(module_estate) as owner:
        owner.execute("DELETE FROM exception_case")
    with psycopg.connect(module_estate.night, autocommit=True) as connection:
        yield connection


def opened(dsns: Dsns, **more: object) -> StoredCase:
    """A case, as the poster's login opens it."""
    case = NewCase(
        kind=CaseKind.AMOUNT_DIFFERS, terminal_id=FIRST, epoch="000012", stan="000001", detail="?"
    )
    with psycopg.connect(dsns.host, autocommit=True) as connection:
        open_case(connection, msgspec.structs.replace(case, **more), NOW)
        return list_cases(connection)[-1]


def test_a_case_is_resolved_once_by_somebody_who_says_how(
    module_estate: Dsns, desk: psycopg.Connection
) -> None:
    case = opened(module_estate)
    with pytest.raises(CaseError, match="says how"):
        resolve_case(desk, case.id, note=" ", by="Li", now=LATER)
    resolve_case(desk, case.id, note=" slip compared ", by="Li", now=LATER)
    assert list_cases(desk) == []
    [kept] = list_cases(desk, with_resolved=True)
    assert (kept.resolved_by, kept.note, kept.resolved_at) == ("Li", "slip compared", LATER)
    with pytest.raises(CaseError, match="resolved before, by Li"):
        resolve_case(desk, case.id, note="again", by="Wang", now=LATER)
    with pytest.raises(CaseError, match="there is no case"):
        resolve_case(desk, case.id + 100, note="what", by="Wang", now=LATER)


def test_the_same_case_is_counted_while_open_and_opened_anew_after(
    module_estate: Dsns, desk: psycopg.Connection
) -> None:
    first = opened(module_estate)
    again = opened(module_estate)
    assert (again.id, again.times) == (first.id, 2)
    assert opened(module_estate, unit="CNY").id != first.id
    resolve_case(desk, first.id, note="done", by="Li", now=LATER)
    anew = opened(module_estate)
    assert anew.id != first.id
    assert anew.times == 1


def test_a_batch_resolves_only_its_own_case_of_that_kind(
    module_estate: Dsns, desk: psycopg.Connection
) -> None:
    kept = [opened(module_estate), opened(module_estate, epoch="000013", stan="")]
    gone = opened(module_estate, kind=CaseKind.TOTALS_DIFFER, stan="")
    case = NewCase(kind=CaseKind.TOTALS_DIFFER, terminal_id=FIRST, epoch="000012")
    with psycopg.connect(module_estate.host, autocommit=True) as connection:
        settle_case(connection, case, note="upload compared", now=LATER)
    assert [one.id for one in list_cases(desk)] == [one.id for one in kept]
    [resolved] = [one for one in list_cases(desk, with_resolved=True) if one.id == gone.id]
    assert resolved.resolved_by == "posswitch"


def test_no_login_deletes_a_case_or_rewrites_what_happened(
    module_estate: Dsns, desk: psycopg.Connection
) -> None:
    opened(module_estate)
    with psycopg.connect(module_estate.host, autocommit=True) as poster:
        for connection in (desk, poster):
            for statement in (
                "DELETE FROM exception_case",
                "UPDATE exception_case SET detail = 'nothing'",
                "UPDATE exception_case SET amount_minor = 0",
                "DELETE FROM terminal_batch",
                "DELETE FROM upload_record",
            ):
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(statement)
    with pytest.raises(errors.InsufficientPrivilege):
        desk.execute("UPDATE terminal_batch SET state = 'closed'")
    assert LISTED_MAX > 1
