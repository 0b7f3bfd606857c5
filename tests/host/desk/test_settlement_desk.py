"""Settlement, upload and the next batch, through the poster and on a real ledger.

Whatever a terminal says, no balance moves; every disagreement is a case of its own kind.
"""

import datetime as dt
import random
from collections.abc import AsyncIterator

import msgspec
import psycopg
import pytest
import trio

from config.run.database import Dsns
from host.cases import CaseKind
from host.hsm.vault import Vault
from host.model.requests import Kind, Request, Response, Totals, UploadRecord
from host.model.responses import Reason
from host.program import opened_poster
from host.rules.settlement import BatchName
from host.settings import HostSettings
from host.store.settlement_view import unacknowledged
from tests.host.conftest import (
    CARDS,
    LMK,
    NOW,
    CardPool,
    Till,
    close_the_date,
    open_the_next,
    trading,
)
from tests.host.terminal_day import (
    FIRST_EPOCH,
    SECOND_EPOCH,
    THIRD_EPOCH,
    ZERO,
    Day,
    ledger,
    unsettled_terminals,
)

TERMINAL_IDS = unsettled_terminals()


@pytest.fixture
def tid() -> str:
    """A terminal that no other test has settled."""
    return next(TERMINAL_IDS)


async def test_totals_that_agree_reconcile_the_batch_and_the_terminal_moves_on(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day, card = Day(shared, tid), pool.city()
    sale, answer = await day.sell(Kind.PURCHASE, card, 12_345)
    await day.sell(Kind.VOID, card, 12_345, original=shared.original(sale, answer))
    await day.sell(Kind.CASH_LOAD, card, 20_000)
    before = ledger(shared)
    money = Totals(12_345, 1, 32_345, 2)
    first = await day.settle(money)
    assert (first.reason, first.totals, first.totals_agree) == (
        Reason.APPROVED,
        (money, ZERO),
        (True, True),
    )
    assert first.business_date == "20261122"
    assert await day.settle(money) == first
    assert day.state() == ("reconciled", SECOND_EPOCH)
    late = await day.buy(card)
    assert (late.reason, late.sign_on_again) == (Reason.BATCH_MISMATCH, True)
    sign_on = shared.request(
        Kind.SIGN_ON, terminal_id=tid, key_generation=0, working_keys="003", epoch=FIRST_EPOCH
    )
    assert (await shared.ask(sign_on)).epoch == SECOND_EPOCH
    assert (await day.end(0)).is_approved
    assert day.state() == ("closed", SECOND_EPOCH)
    assert ledger(shared) == before
    assert day.kinds() == []
    profile = await shared.poster.find_terminal(tid)
    assert profile is not None
    assert profile.epoch == SECOND_EPOCH


async def test_what_counts_where(shared: Till, pool: CardPool, tid: str) -> None:
    """Every kind that moves value, and those that move none, once; reversed ones nowhere."""
    day, card, rich = Day(shared, tid), pool.city(), pool.with_points()
    sale, answer = await day.sell(Kind.PURCHASE, card, 1_000)
    await day.sell(Kind.VOID, card, 1_000, original=shared.original(sale, answer))
    _, answer = await day.sell(Kind.PURCHASE, card, 3_000)
    await day.sell(
        Kind.REFUND,
        card,
        500,
        original=msgspec.structs.replace(shared.original(sale, answer), key=None),
    )
    await day.sell(Kind.CASH_LOAD, card, 700)
    await day.sell(Kind.POINTS_REDEMPTION, rich, 300)
    earning, told = await day.sell(Kind.POINTS_EARN, card, 9_950)
    gone, _ = await day.sell(Kind.PURCHASE, card, 50_000)
    assert (await shared.ask(shared.reversal(gone))).is_approved
    assert (await day.buy(card, 10**6)).reason is not Reason.APPROVED
    lost = shared.request(Kind.CASH_LOAD, card, 40, terminal_id=tid)
    assert (await shared.ask(shared.confirmation(lost))).is_approved
    assert day.counted() == day.summed()
    assert day.counted() == (
        Totals(4_000, 2, 1_000 + 500 + 700 + 40, 4),
        Totals(300, 1, told.points_earned, 1),
    )
    assert earning.amount is not None


async def test_a_terminal_that_counts_no_points_is_not_asked_for_them(
    shared: Till, pool: CardPool, tid: str
) -> None:
    shared.sql("UPDATE terminal SET settles_points = false WHERE terminal_id = %s", tid)
    day = Day(shared, tid)
    await day.sell(Kind.POINTS_REDEMPTION, pool.with_points(), 5_00)
    await day.sell(Kind.PURCHASE, pool.city(), 100)
    answer = await day.settle(Totals(100, 1))
    assert (answer.totals, answer.totals_agree) == ((Totals(100, 1), ZERO), (True, True))
    assert day.kinds() == []


@pytest.mark.parametrize(
    "told",
    [Totals(1_001, 1), Totals(999, 1), Totals(1_000, 2), Totals(1_000, 0), Totals(1_000, 1, 0, 1)],
)
async def test_totals_off_by_one_are_told_the_hosts_own(
    shared: Till, pool: CardPool, tid: str, told: Totals
) -> None:
    day = Day(shared, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    answer = await day.settle(told)
    assert (answer.reason, answer.totals) == (Reason.APPROVED, (Totals(1_000, 1), ZERO))
    assert answer.totals_agree == (False, True)
    assert await day.settle(told) == answer
    assert day.state() == ("awaiting_upload", FIRST_EPOCH)
    assert day.kinds() == [(CaseKind.TOTALS_DIFFER, "")]
    end = await day.upload_all()
    assert end.is_approved
    assert await day.end() == end
    assert day.state() == ("closed", SECOND_EPOCH)
    assert day.kinds() == [(CaseKind.TOTALS_UNEXPLAINED, "")]
    assert await day.settle(told) == answer


async def test_an_upload_names_each_difference_and_posts_nothing(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day, card, other = Day(shared, tid), pool.city(), pool.city()
    stans = [(await day.sell(Kind.PURCHASE, card, 1_000 + n))[0].key.stan for n in range(5)]
    declined = shared.request(Kind.PURCHASE, card, 10**6, terminal_id=tid, pin="123456")
    assert not (await shared.ask(declined)).is_approved
    before = ledger(shared)
    day.records[1] = UploadRecord(stans[1], 1_002, CARDS[card].pan)
    day.records[2] = UploadRecord(stans[2], 1_002, CARDS[other].pan)
    day.records[3] = UploadRecord(stans[3], 1_003, CARDS[card].pan, kind=Kind.REFUND)
    del day.records[0]
    day.records.append(UploadRecord(declined.key.stan, 10**6, CARDS[card].pan))
    day.records.append(UploadRecord("999999", 77, CARDS[card].pan))
    told = sum(record.amount_minor for record in day.records)
    assert (await day.settle(Totals(told, len(day.records)))).totals_agree == (False, True)
    assert (await day.upload_all()).is_approved
    assert sorted(day.kinds()) == sorted(
        [
            (CaseKind.MISSING_AT_TERMINAL, stans[0]),
            (CaseKind.AMOUNT_DIFFERS, stans[1]),
            (CaseKind.CARD_DIFFERS, stans[2]),
            (CaseKind.KIND_DIFFERS, stans[3]),
            (CaseKind.APPROVED_AT_TERMINAL, declined.key.stan),
            (CaseKind.UNKNOWN_STAN, "999999"),
        ]
    )
    assert ledger(shared) == before
    text = " ".join(case.detail for case in day.cases())
    assert CARDS[card].pan.reveal() not in text
    assert CARDS[card].pan.masked in text


async def test_records_are_kept_once_however_often_they_come(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day = Day(shared, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    await day.settle(Totals(999, 1))
    record = day.records[0]
    for _ in range(3):
        assert (await day.upload(record)).is_approved
    assert shared.sql("SELECT count(*) FROM upload_record WHERE terminal_id = %s", tid) == [(1,)]
    assert (await day.upload(msgspec.structs.replace(record, amount_minor=5))).is_approved
    await day.end(1)
    assert day.kinds() == [(CaseKind.RECORD_TWICE, record.stan), (CaseKind.TOTALS_UNEXPLAINED, "")]


async def test_records_of_totals_that_were_taken_back_are_not_compared(
    shared: Till, pool: CardPool, tid: str
) -> None:
    """The terminal settles again with other totals, and uploads anew."""
    day = Day(shared, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    await day.settle(Totals(1_077, 2))
    await day.upload(*day.records, UploadRecord("999998", 77))
    assert (await day.settle(Totals(1_000, 1))).totals_agree == (True, True)
    assert day.state() == ("reconciled", SECOND_EPOCH)
    assert (await day.end(0)).is_approved
    assert day.kinds() == []


async def test_an_upload_without_a_settlement_is_compared_and_noticed(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day = Day(shared, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    garbled = day.message(Kind.SETTLEMENT)
    assert (await shared.ask(garbled)).reason is Reason.FORMAT_ERROR
    assert (await day.upload_all()).is_approved
    assert day.state() == ("closed", SECOND_EPOCH)
    assert day.kinds() == [(CaseKind.UPLOAD_UNASKED, "")]


async def test_an_upload_that_lost_records_says_so(shared: Till, pool: CardPool, tid: str) -> None:
    day = Day(shared, tid)
    for _ in range(3):
        await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    await day.settle(Totals(3_001, 3))
    await day.upload(*day.records[:2])
    await day.end(3)
    assert day.kinds() == [
        (CaseKind.MISSING_AT_TERMINAL, day.records[2].stan),
        (CaseKind.UPLOAD_INCOMPLETE, ""),
    ]


async def test_what_a_chip_refused_comes_without_a_record_and_is_heard(
    shared: Till, tid: str
) -> None:
    day = Day(shared, tid)
    assert (await day.upload()).is_approved
    assert day.kinds() == []


async def test_notices_of_chips_after_totals_that_agreed_miss_nothing(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day = Day(shared, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    await day.sell(Kind.PURCHASE, pool.city(), 2_000)
    await day.settle(Totals(3_000, 2))
    assert (await day.upload(day.records[1])).is_approved
    assert (await day.end(1)).is_approved
    assert day.kinds() == []


async def test_an_empty_batch_reconciles(shared: Till, tid: str) -> None:
    day = Day(shared, tid)
    assert (await day.settle(ZERO)).totals_agree == (True, True)
    assert day.state() == ("reconciled", SECOND_EPOCH)
    day.epoch = SECOND_EPOCH
    assert (await day.settle(ZERO)).totals_agree == (True, True)
    assert day.state() == ("reconciled", THIRD_EPOCH)


async def test_a_batch_nobody_knows_is_77(shared: Till, tid: str) -> None:
    for request in (
        Day(shared, tid, "000099").message(Kind.SETTLEMENT, totals=(ZERO, ZERO)),
        Day(shared, tid, "000099").message(Kind.BATCH_UPLOAD, records=(UploadRecord("1", 1),)),
        Day(shared, tid, "000099").message(Kind.UPLOAD_END),
    ):
        answer = await shared.ask(request)
        assert (answer.reason, answer.sign_on_again) == (Reason.BATCH_MISMATCH, True)


async def test_a_sale_refused_with_77_makes_no_batch(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day = Day(shared, tid, "000099")
    refused = await day.buy(pool.city(), 1_000)
    assert refused.reason is Reason.BATCH_MISMATCH
    answer = await day.settle(ZERO)
    assert (answer.reason, answer.sign_on_again) == (Reason.BATCH_MISMATCH, True)


async def test_a_closed_batch_takes_its_own_records_again_and_no_others(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day = Day(shared, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    await day.settle(Totals(999, 1))
    await day.upload_all()
    assert (await day.upload(*day.records)).is_approved
    foreign = await day.upload(UploadRecord("000077", 1))
    assert (foreign.reason, foreign.sign_on_again) == (Reason.BATCH_MISMATCH, True)
    again = await day.settle(Totals(5, 1))
    assert (again.reason, again.sign_on_again) == (Reason.BATCH_MISMATCH, True)
    assert day.kinds()[1:] == [(CaseKind.UPLOAD_AFTER_CLOSE, ""), (CaseKind.SETTLED_AGAIN, "")]


async def test_a_reconciled_batch_settled_with_other_totals_is_a_case(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day = Day(shared, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    await day.settle(Totals(1_000, 1))
    other = await day.settle(Totals(7, 1))
    assert other.totals_agree == (False, True)
    assert day.state() == ("awaiting_upload", SECOND_EPOCH)
    assert day.kinds() == [(CaseKind.SETTLED_AGAIN, ""), (CaseKind.TOTALS_DIFFER, "")]
    assert (await day.settle(Totals(1_000, 1))).totals_agree == (True, True)
    assert day.kinds() == [(CaseKind.SETTLED_AGAIN, "")]


async def test_two_terminals_with_one_id_are_noticed(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day, card = Day(shared, tid), pool.city()
    await day.sell(Kind.PURCHASE, card, 1_000)
    await day.settle(Totals(1_000, 1))
    assert (await day.buy(card)).reason is Reason.BATCH_MISMATCH
    assert day.kinds() == []
    assert (await day.buy(card, epoch=SECOND_EPOCH)).is_approved
    assert (await day.buy(card)).reason is Reason.BATCH_MISMATCH
    assert (await day.buy(card)).reason is Reason.BATCH_MISMATCH
    assert [(one.kind, one.epoch, one.times) for one in day.cases()] == [
        (CaseKind.CLONED_TERMINAL, FIRST_EPOCH, 2)
    ]


async def test_the_next_batch_and_the_stored_answers_outlive_a_restart(
    audited_estate: Dsns, pool: CardPool, tid: str
) -> None:
    card = pool.city()
    async with trading(audited_estate) as till:
        day = Day(till, tid)
        await day.sell(Kind.PURCHASE, card, 1_000)
        first = await day.settle(Totals(1_000, 1))
    async with trading(audited_estate) as till:
        day.till = till
        assert await day.settle(Totals(1_000, 1)) == first
        assert (await day.buy(card)).reason is Reason.BATCH_MISMATCH
        assert (await day.buy(card, epoch=SECOND_EPOCH)).is_approved


@pytest.fixture
async def one_teller(module_estate: Dsns) -> AsyncIterator[Till]:
    """A till at a desk that answers one at a time, over one connection."""
    async with trading(module_estate, desk_connections=1) as till:
        yield till


async def test_a_settlement_that_cannot_be_stored_leaves_no_batch_to_trade_in(
    one_teller: Till, pool: CardPool, tid: str
) -> None:
    """The commit may have come through: until it is known, nothing is put into either batch."""
    shared = one_teller
    day, card = Day(shared, tid), pool.city()
    await day.sell(Kind.PURCHASE, card, 1_000)
    await day.settle(Totals(1_000, 1, 1, 1))
    shared.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name <> 'posswitch-writer'"
    )
    assert (await day.settle(Totals(1_000, 1))).reason is Reason.HOST_UNREACHABLE
    assert (await day.buy(card)).reason is Reason.BATCH_MISMATCH
    assert (await day.settle(Totals(1_000, 1))).totals_agree == (True, True)
    assert (await day.buy(card, epoch=SECOND_EPOCH)).is_approved


async def test_a_reversal_during_the_upload_is_done_and_noticed(
    audited_estate: Dsns, pool: CardPool, tid: str
) -> None:
    moment = [NOW]
    with opened_poster(
        HostSettings(), dsn=audited_estate.host, hsm=Vault(LMK), clock=lambda: moment[0]
    ) as poster:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            day = Day(Till(poster, audited_estate), tid)
            kept, _ = await day.sell(Kind.PURCHASE, pool.city(), 1_000)
            gone, _ = await day.sell(Kind.PURCHASE, pool.city(), 500)
            await day.settle(Totals(1_000, 1))
            moment[0] += dt.timedelta(seconds=5)
            assert (await day.till.ask(day.till.reversal(gone))).is_approved
            await day.upload(day.records[0])
            await day.end(1)
            nursery.cancel_scope.cancel()
    assert day.kinds() == [(CaseKind.REVERSAL_DURING_UPLOAD, gone.key.stan)]
    assert kept.key.stan == day.records[0].stan


async def test_a_batch_settled_after_its_day_counts_into_that_day(
    till: Till, pool: CardPool, tid: str
) -> None:
    day = Day(till, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    till.turn_the_date()
    answer = await day.settle(Totals(1_000, 1))
    assert (answer.business_date, answer.totals_agree) == ("20261122", (True, True))
    assert [(one.kind, one.is_notice) for one in day.cases()] == [
        (CaseKind.SETTLED_AFTER_DAY, True)
    ]
    fresh = Day(till, next(TERMINAL_IDS))
    assert (await fresh.settle(ZERO)).business_date == "20261123"


async def test_no_batch_is_settled_while_no_day_is_open(till: Till, tid: str) -> None:
    with psycopg.connect(till.dsns.night, autocommit=True) as night:
        close_the_date(night)
        day = Day(till, tid)
        assert (await day.settle(ZERO)).reason is Reason.CUT_OFF_IN_PROGRESS
        open_the_next(night)
    assert (await day.settle(ZERO)).totals_agree == (True, True)


async def test_an_approval_is_unacknowledged_until_the_terminal_goes_on(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day, card = Day(shared, tid), pool.city()

    def waiting() -> list[str]:
        with psycopg.connect(shared.dsns.night) as connection:
            batch = BatchName("pos", tid, FIRST_EPOCH)
            return [one.stan for one in unacknowledged(connection, batch, day.home)]

    first, _ = await day.sell(Kind.PURCHASE, card, 100)
    assert waiting() == [first.key.stan]
    second, _ = await day.sell(Kind.PURCHASE, card, 200)
    assert waiting() == [second.key.stan]
    assert (await shared.ask(shared.reversal(second))).is_approved
    assert waiting() == []
    third, _ = await day.sell(Kind.PURCHASE, card, 300)
    assert [one.stan for one in day.view().unacknowledged] == [third.key.stan]
    await day.settle(Totals(400, 2))
    assert waiting() == []


async def test_status_and_parameters(shared: Till, tid: str) -> None:
    day = Day(shared, tid)
    for status in (b"\x01\x02", b"\x03"):
        answer = await shared.ask(day.message(Kind.STATUS_UPLOAD, status=status))
        assert answer.is_approved
    view = day.view()
    assert (view.status, view.status_at) == (b"\x03", NOW)
    download = await shared.ask(day.message(Kind.PARAMETER_DOWNLOAD))
    assert download.parameters.startswith(b"1260")
    assert view.merchant.encode("gb18030") in download.parameters
    assert (await shared.ask(day.message(Kind.PARAMETER_END))).is_approved


async def test_a_terminal_is_shown_without_a_key_or_card_number(
    shared: Till, pool: CardPool, tid: str
) -> None:
    day = Day(shared, tid)
    await day.sell(Kind.PURCHASE, pool.city(), 100)
    await day.settle(Totals(101, 1))
    view = day.view()
    assert (view.epoch, view.last_seen) == (FIRST_EPOCH, NOW)
    assert {key.usage for key in view.keys} >= {"tmk", "pik", "mak"}
    assert view.totals == {"pos": (Totals(100, 1), ZERO)}
    assert [(one.epoch, one.state, one.told) for one in view.batches] == [
        (FIRST_EPOCH, "awaiting_upload", (Totals(101, 1), ZERO))
    ]
    assert [case.kind for case in view.cases] == [CaseKind.TOTALS_DIFFER]


@pytest.mark.parametrize("seed", range(3))
async def test_what_a_random_batch_adds_up_to_is_the_sum_of_its_parts(
    shared: Till, pool: CardPool, tid: str, seed: int
) -> None:
    """Thirty messages of every kind with voids and reversals between; then an honest settlement."""
    dice, day = random.Random(seed), Day(shared, tid)
    cards = [pool.with_points() for _ in range(3)]
    sold: list[tuple[Request, Response]] = []
    for _ in range(30):
        card, kind = dice.choice(cards), dice.choice(
            [Kind.PURCHASE, Kind.CASH_LOAD, Kind.POINTS_REDEMPTION, Kind.POINTS_EARN, Kind.VOID,
             Kind.REVERSAL]
        )  # fmt: skip
        if kind in {Kind.VOID, Kind.REVERSAL}:
            if not sold:
                continue
            sale, answer = sold.pop(dice.randrange(len(sold)))
            if kind is Kind.REVERSAL:
                await shared.ask(shared.reversal(sale))
            elif sale.kind is not Kind.CASH_LOAD:
                assert sale.amount is not None
                await shared.ask(
                    shared.request(
                        Kind.VOID, None, sale.amount.amount_minor, unit=sale.amount.unit,
                        terminal_id=tid, original=shared.original(sale, answer),
                    )
                )  # fmt: skip
            continue
        amount = dice.randint(100, 900)
        request = shared.request(
            kind, card, amount, terminal_id=tid, pin="123456" if kind is Kind.PURCHASE else None
        )
        answer = await shared.ask(request)
        if answer.is_approved:
            sold.append((request, answer))
    counted = day.counted()
    assert counted == day.summed()
    assert (await day.settle(*counted)).totals_agree == (True, True)
    assert day.kinds() == []
