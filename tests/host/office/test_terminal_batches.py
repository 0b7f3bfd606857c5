"""Batches of terminals are seen by who trades at them: what either side counted, and where not."""

from host.model.requests import Kind, Totals
from tests.host.conftest import MERCHANT_OF, CardPool, Till
from tests.host.office.conftest import Bureau
from tests.host.terminal_day import Day, unsettled_terminals


async def test_a_store_sees_how_its_terminals_batches_stand_and_nothing_of_others(
    till: Till, pool: CardPool, bureau: Bureau
) -> None:
    """S3-31, S4-21: one agrees, one has a sale more than the host."""
    terminals = unsettled_terminals()
    agreed, other = Day(till, next(terminals)), Day(till, next(terminals))
    for day in (agreed, other):
        await day.sell(Kind.PURCHASE, pool.city(), 12_300)
    await agreed.settle(Totals(12_300, 1, 0, 0))
    await other.settle(Totals(13_300, 2, 0, 0))
    stores = dict(bureau.sql("SELECT terminal_id, store_id FROM terminal"))
    finance = bureau.person("finance")
    date = bureau.sql("SELECT business_date FROM business_day WHERE state = 'open'")[0][0]
    seen = {
        row["terminal_id"]: row
        for row in bureau.rows(finance, "terminal_batches", date=date.isoformat())
    }
    same, apart = seen[agreed.tid], seen[other.tid]
    assert same["told_totals"] == same["counted_totals"] == [12_300, 1, *[0] * 6]
    assert (same["differs"], same["terminal_batch_state"]) == (False, "reconciled")
    assert apart["totals_apart"] == [1_000, 1, *[0] * 6]
    assert (apart["differs"], apart["terminal_batch_state"]) == (True, "awaiting_upload")
    for day in (agreed, other):
        keeper = bureau.person("store_manager", "store", str(stores[day.tid]))
        own = {row["terminal_id"] for row in bureau.rows(keeper, "terminal_batches")}
        assert own == {one for one in seen if stores[one] == stores[day.tid]}
        owner = bureau.person("merchant_owner", "merchant", MERCHANT_OF[day.tid])
        theirs = {row["terminal_id"] for row in bureau.rows(owner, "terminal_batches")}
        assert theirs == {one for one in seen if MERCHANT_OF[one] == MERCHANT_OF[day.tid]}
    strange = min(set(stores.values()) - {stores[one] for one in seen})
    stranger = bureau.person("store_manager", "store", str(strange))
    assert bureau.rows(stranger, "terminal_batches") == []
    told = {"date": date.isoformat(), "differs": "true"}
    [found] = bureau.rows(finance, "terminal_batches", **told)
    assert found["terminal_id"] == other.tid
    [found] = bureau.rows(finance, "terminal_batches", terminal_id=agreed.tid)
    assert found["epoch"] == agreed.epoch
