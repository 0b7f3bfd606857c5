"""A stranger without keys settles in a terminal's name: no customer pays for it."""

from host.cases import CaseKind
from host.model.requests import Kind, Totals, UploadRecord
from host.model.responses import Reason
from host.rules.settlement import CASES_PER_BATCH_MAX
from tests.host.conftest import CardPool, Till
from tests.host.terminal_day import ZERO, Day


async def settled_by_a_stranger(day: Day) -> None:
    """Zero totals, then the end of an upload that never was: the batch is closed."""
    assert (await day.settle(ZERO, is_proved=False)).totals_agree == (False, True)
    end = day.message(Kind.UPLOAD_END, upload_count=0, is_proved=False)
    assert (await day.till.ask(end)).is_approved
    assert day.state() == ("closed", "000002")


async def test_a_sealed_reversal_is_taken_after_a_settlement_that_nobody_proved(
    shared: Till, pool: CardPool
) -> None:
    day, card = Day(shared, "80010010"), pool.city()
    sale, _ = await day.sell(Kind.PURCHASE, card, 5_000, pin="123456")
    await settled_by_a_stranger(day)
    told = await shared.ask(shared.reversal(sale))
    assert told.is_approved
    assert await shared.ask(shared.reversal(sale)) == told
    assert shared.balances(card)[0] == 100_000
    assert (CaseKind.AFTER_UNPROVED_SETTLEMENT, sale.key.stan) in day.kinds()


async def test_cash_of_a_load_that_never_came_is_loaded_after_such_a_settlement(
    shared: Till, pool: CardPool
) -> None:
    day, card = Day(shared, "80010011"), pool.city()
    await day.sell(Kind.PURCHASE, pool.city(), 100, pin="123456")
    load = shared.request(Kind.CASH_LOAD, card, 5_000, terminal_id=day.tid, epoch=day.epoch)
    confirm = shared.confirmation(load)
    await settled_by_a_stranger(day)
    assert (await shared.ask(confirm)).is_approved
    assert shared.balances(card)[0] == 105_000
    assert (CaseKind.AFTER_UNPROVED_SETTLEMENT, load.key.stan) in day.kinds()


async def test_a_settlement_that_was_proved_keeps_reversals_out(
    shared: Till, pool: CardPool
) -> None:
    """Also where a stranger settles again after it."""
    day, card = Day(shared, "80010012"), pool.city()
    sale, _ = await day.sell(Kind.PURCHASE, card, 5_000, pin="123456")
    assert (await day.settle(Totals(5_000, 1))).totals_agree == (True, True)
    end = day.message(Kind.UPLOAD_END, upload_count=0, is_proved=False)
    assert (await shared.ask(end)).is_approved
    assert (await shared.ask(shared.reversal(sale))).reason is Reason.ORIGINAL_NOT_FOUND
    assert shared.balances(card)[0] == 95_000


async def test_one_batch_is_not_given_hundreds_of_cases(shared: Till, pool: CardPool) -> None:
    day = Day(shared, "80010013")
    await day.sell(Kind.PURCHASE, pool.city(), 100, pin="123456")
    records = [UploadRecord(f"{number:06d}", 100) for number in range(900_000, 900_800)]
    for start in range(0, len(records), 80):
        assert (await day.upload(*records[start : start + 80])).is_approved
    for again in (1, 2):
        changed = [UploadRecord(one.stan, one.amount_minor + again) for one in records]
        for start in range(0, len(changed), 80):
            assert (await day.upload(*changed[start : start + 80])).is_approved
    assert (await day.end(800)).is_approved
    cases = day.cases()
    assert len(cases) <= CASES_PER_BATCH_MAX + 2
    [more] = [case for case in cases if case.kind is CaseKind.MORE_DIFFERENCES]
    assert more.times == 2 * 800 - CASES_PER_BATCH_MAX + 801
