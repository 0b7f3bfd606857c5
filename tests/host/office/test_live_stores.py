"""Stores of a merchant as they trade today: sums, the last sale, who is silent."""

from typing import Any

from host.model.office import Page
from host.model.requests import Kind, Original
from tests.host.conftest import CardPool, Till
from tests.host.office.conftest import HOME, STORE, Bureau, Person
from tests.host.office.test_voucher_use import Desk, desk
from tests.host.test_vouchers import redeem

__all__ = ["desk"]


def told(bureau: Bureau, who: Person) -> dict[int, dict[str, Any]]:
    return {row["store"]: row for row in bureau.rows(who, "live_stores")}


def figures(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["sales"], row["net_minor"], row["redeemed"], row["store_state"]


def store_of(bureau: Bureau, terminal: str) -> int:
    [(store,)] = bureau.sql("SELECT store_id FROM terminal WHERE terminal_id = %s", terminal)
    return int(store)


async def test_head_office_sees_what_each_store_sells_and_who_is_silent(
    bureau: Bureau, till: Till, pool: CardPool
) -> None:
    """S2-10: what stands of today's sales; a store that sells nothing while another does."""
    card, owner = pool.city(), bureau.person("merchant_owner")
    here = store_of(bureau, till.terminal_id)
    quiet = int(bureau.done(owner, "store.save", merchant=HOME["merchant"], name="Quiet").subject)
    assert {row["store_state"] for row in told(bureau, owner).values()} == {"at_rest"}
    first = await till.buy(card, 2_000)
    await till.buy(card, 1_234)
    third = await till.buy(card, 500)
    assert not (await till.buy(card, 99_000_000)).is_approved
    for kind, original, amount in ((Kind.REFUND, first, 700), (Kind.VOID, third, 500)):
        back = till.request(kind, card, amount, original=Original(rrn=original.rrn))
        assert (await till.ask(back)).is_approved, kind
    stores = told(bureau, owner)
    assert figures(stores[here]) == (2, 2_000 - 700 + 1_234, 0, "trading")
    assert stores[here]["last_at"]
    assert figures(stores[quiet]) == (0, 0, 0, "no_sales")
    assert stores[quiet]["last_at"] is None
    bureau.done(owner, "store.save", store=quiet, is_active=False)
    assert told(bureau, owner)[quiet]["store_state"] == "not_in_use"
    bureau.later(minutes=61)
    bureau.sign_in(owner)
    assert told(bureau, owner)[here]["store_state"] == "at_rest", "nobody sells any more"


async def test_each_page_goes_on_where_the_one_before_ended_and_is_of_ones_own_stores(
    bureau: Bureau,
) -> None:
    """S2-10."""
    owner = bureau.person("merchant_owner")
    for name in ("North", "South"):
        bureau.done(owner, "store.save", merchant=HOME["merchant"], name=name)
    own = bureau.sql(
        "SELECT s.id FROM store AS s JOIN merchant AS m ON m.id = s.merchant_id"
        " WHERE m.merchant_id = %s ORDER BY s.id",
        HOME["merchant"],
    )
    found: list[int] = []
    after: list[str] = []
    while True:
        page = bureau.look(owner, "live_stores", rows_max=1, after=after)
        assert isinstance(page, Page), page
        found += [row[0] for row in page.rows]
        after = page.next
        if not after:
            break
    assert found == [store for (store,) in own]
    assert len(found) >= 3


async def test_what_is_redeemed_by_hand_counts_where_it_was(desk: Desk) -> None:
    """S2-10: beside what tills have taken; what is taken back counts no more."""
    owner = desk.bureau.person("merchant_owner")
    by_hand, at_till, *_ = desk.codes()
    await desk.redeem(by_hand)
    assert (await redeem(desk.till, at_till)).is_approved
    stores = told(desk.bureau, owner)
    till_store = store_of(desk.bureau, desk.till.terminal_id)
    assert sum(row["redeemed"] for row in stores.values()) == 2
    assert stores[till_store]["redeemed"] >= 1
    assert stores[int(STORE)]["last_at"]
    [row] = desk.bureau.rows(desk.clerk, "counter_work", mine="true")
    await desk.done(desk.clerk, "transaction.void", rrn=row["rrn"])
    assert sum(one["redeemed"] for one in told(desk.bureau, owner).values()) == 1
