"""What was paid is found by card, holder and order, and of a date by merchant and store."""

from typing import Any

import pytest

from host.estate.demo import TILLS
from host.model.office import Page, Refused
from host.model.requests import Besides, ExchangeKey, Family, Kind, OrderReference, Original
from tests.host.conftest import MERCHANT_OF, NOW, Till
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.office.test_card_views import (
    replace_points,
    shop,  # noqa: F401 - a fixture
)
from tests.host.office.test_holding import PHONE, Shop
from tests.host.test_activation import activate

MIS = TILLS[0]
ORDER = OrderReference("T20261122-71", "1")
OTHER = OrderReference("T20261122-71", "2")


async def sold(till: Till, pan: Any, amount: int, **more: Any) -> str:
    sale = till.request(Kind.PURCHASE, None, amount, pan=pan, **more)
    answer = await till.ask(sale)
    assert answer.is_approved, answer
    return answer.rrn


def paged(bureau: Bureau, person: Person, **filters: str) -> list[Any]:
    """RRNs, one a page."""
    found: list[Any] = []
    after: list[str] = []
    while True:
        page = bureau.look(person, "usages", filters=filters, rows_max=1, after=after)
        assert isinstance(page, Page), page
        found += [row[page.columns.index("rrn")] for row in page.rows]
        after = page.next
        if not after:
            return found


async def test_usages_of_an_order_are_all_its_parts_whatever_card_paid(shop: Shop) -> None:  # noqa: F811
    """S1-44, S3-20: the newest first; what gave back is not a usage of its own."""
    first, second, _ = shop.cards
    till, bureau = shop.till, shop.bureau
    for card in (first, second):
        await activate(till, shop.pan(card))
    one = await sold(till, shop.pan(first), 100, order=ORDER)
    await sold(till, shop.pan(first), 5_000)
    two = await sold(till, shop.pan(second), 200, order=OTHER)
    refund = till.request(
        Kind.REFUND, None, 200, pan=shop.pan(second), order=OTHER, original=Original(rrn=two)
    )
    assert (await till.ask(refund)).is_approved
    rows = bureau.rows(shop.manager, "usages", order=ORDER.order)
    rows.sort(key=lambda row: row["sub_order"], reverse=True)
    names = ("rrn", "sub_order", "gift_card_minor", "is_valid", "card")
    assert [tuple(row[name] for name in names) for row in rows] == [
        (two, "2", 200, False, second),
        (one, "1", 100, True, first),
    ]
    assert rows[0]["refunded_minor"] == 200
    assert paged(bureau, shop.manager, order=ORDER.order) == sorted([two, one], reverse=True)
    assert paged(bureau, shop.manager, order=ORDER.order, sub_order="1") == [one]
    assert paged(bureau, shop.manager, order=ORDER.order, card=f"{second}") == [two]
    assert paged(bureau, shop.manager, order=ORDER.order, valid="false") == [two]
    assert bureau.rows(shop.manager, "usages", order="T2026") == []


async def test_usages_of_a_holder_are_those_of_all_their_cards_by_time(shop: Shop) -> None:  # noqa: F811
    """S1-46, S3-20."""
    first, second, _ = shop.cards
    till, bureau = shop.till, shop.bureau
    for card in (first, second):
        await shop.activate(card)
    paid = sorted(
        [await sold(till, shop.pan(card), 100) for card in (first, second, first, first, second)]
    )
    [(member,)] = bureau.sql("SELECT DISTINCT member_id FROM card WHERE id = %s", first)
    for asked in ({"phone": PHONE}, {"member": f"{member}"}):
        rows = bureau.rows(shop.manager, "usages", **asked)
        assert [row["rrn"] for row in rows] == paid[::-1]
        assert {row["card"] for row in rows} == {first, second}
        assert paged(bureau, shop.manager, **asked) == paid[::-1], "page after page, each once"
    assert bureau.rows(shop.manager, "usages", phone="13900000000") == []


async def test_usages_of_a_merchant_or_store_on_a_date_are_of_its_terminals(shop: Shop) -> None:  # noqa: F811
    """S3-20, S3-27, S3-30: terminal by terminal, the newest first, whatever batch they came in."""
    card, *_ = shop.cards
    till, bureau = shop.till, shop.bureau
    await activate(till, shop.pan(card))
    [(store, date)] = bureau.sql(
        "SELECT s.id, d.business_date FROM store AS s JOIN terminal AS t ON t.store_id = s.id,"
        " business_day AS d WHERE t.terminal_id = %s AND d.state = 'open'", MIS,
    )  # fmt: skip
    keys = [
        ExchangeKey("mis", MIS, epoch, f"{number:012d}", Family.FINANCIAL)
        for number, epoch in enumerate(("20261117", "20261121", "20261122", "20261122"), 1)
    ]
    paid = sorted(
        [
            await sold(till, shop.pan(card), 100, key=key, merchant_id=MERCHANT_OF[MIS])
            for key in keys
        ]
    )
    merchant = MERCHANT_OF[MIS]
    day = {"date": f"{date}"}
    owner = bureau.person("merchant_owner", "merchant", merchant)
    manager = bureau.person("store_manager", "store", f"{store}")
    for person, asked in (
        (shop.manager, {"merchant": merchant}),
        (shop.manager, {"store": f"{store}"}),
        (owner, {}),
        (owner, {"store": f"{store}"}),
        (manager, {}),
    ):
        rows = bureau.rows(person, "usages", **day, **asked)
        assert [row["rrn"] for row in rows if row["card"] == card] == paid[::-1], (asked, rows)
        assert paged(bureau, person, **day, **asked, terminal=MIS) == [
            row["rrn"] for row in rows if row["terminal"] == MIS
        ]
    assert bureau.rows(shop.manager, "usages", date="2026-01-01", store=f"{store}") == []
    alone = bureau.look(shop.manager, "usages", filters=day)
    assert isinstance(alone, Refused)
    assert alone.code == "E-FIELD"


async def test_a_merchant_sees_of_a_card_what_was_paid_at_its_own_terminals(shop: Shop) -> None:  # noqa: F811
    """S1-47: not what another merchant sold to the same card, nor for the same order."""
    card, *_ = shop.cards
    till, bureau = shop.till, shop.bureau
    await activate(till, shop.pan(card))
    paid = await sold(till, shop.pan(card), 100, order=ORDER)
    [(merchant, store)] = bureau.sql(
        "SELECT m.merchant_id, s.id FROM merchant AS m JOIN store AS s ON s.merchant_id = m.id"
        " WHERE m.merchant_id <> %s ORDER BY s.id LIMIT 1", HOME["merchant"],
    )  # fmt: skip
    owner = bureau.person("merchant_owner", "merchant", HOME["merchant"])
    other = bureau.person("merchant_owner", "merchant", merchant)
    clerk = bureau.person("store_manager", "store", f"{store}")
    [(own_store,)] = bureau.sql(
        "SELECT store_id FROM terminal WHERE terminal_id = %s", till.terminal_id
    )
    day = {"date": f"{NOW.date()}"}
    for asked in (
        {"card": f"{card}"}, {"order": ORDER.order}, {**day, "merchant": HOME["merchant"]},
        {**day, "store": f"{own_store}"},
    ):  # fmt: skip
        assert paid in paged(bureau, owner, **asked), asked
        for foreign in (other, clerk):
            assert paid not in paged(bureau, foreign, **asked), asked


async def test_usages_are_found_by_what_they_were_paid_with(shop: Shop) -> None:  # noqa: F811
    """S1-45: from the card, in cash while the card earns, or in points."""
    card, *_ = shop.cards
    till, bureau = shop.till, shop.bureau
    await activate(till, shop.pan(card))
    paid = await sold(till, shop.pan(card), 5_000)
    earns = till.request(Kind.POINTS_EARN, None, 500_000, pan=shop.pan(card))
    earned = await till.ask(earns)
    points = till.request(Kind.POINTS_REDEMPTION, None, earned.points_earned, pan=shop.pan(card))
    redeemed = await till.ask(replace_points(points, earned.points_earned))
    assert redeemed.is_approved, redeemed
    for asked in ({"card": f"{card}"}, {"date": f"{NOW.date()}", "merchant": HOME["merchant"]}):
        for tender, rrn in (("card", paid), ("cash", earned.rrn), ("points", redeemed.rrn)):
            assert paged(bureau, shop.manager, **asked, tender=tender) == [rrn], tender
    wrong = bureau.look(shop.manager, "usages", filters={"card": f"{card}", "tender": "gold"})
    assert isinstance(wrong, Refused)
    assert wrong.code == "E-FIELD"


async def test_usages_of_a_card_batch_are_those_of_its_cards_one_after_the_other(
    shop: Shop,  # noqa: F811
) -> None:
    """S1-45: and within a merchant's date only those; a merchant is not told of batches."""
    first, second, third = shop.cards
    till, bureau = shop.till, shop.bureau
    for card in (first, third):
        await activate(till, shop.pan(card))
    paid = {
        card: [await sold(till, shop.pan(card), amount) for amount in (100, 200)]
        for card in (third, first)
    }
    assert (await till.buy(1, 300)).is_approved
    [(batch,)] = bureau.sql("SELECT code FROM card_batch")
    newest_first = [rrn for card in (first, third) for rrn in reversed(paid[card])]
    assert [row["rrn"] for row in bureau.rows(shop.manager, "usages", batch=batch)] == newest_first
    assert paged(bureau, shop.manager, batch=batch) == newest_first, "each once, page after page"
    assert paged(bureau, shop.manager, batch=batch, card=f"{third}") == paid[third][::-1]
    assert paged(bureau, shop.manager, batch=batch, card=f"{second}") == []
    assert paged(bureau, shop.manager, batch="CB-none") == []
    day = {"date": f"{NOW.date()}"}
    assert paged(bureau, shop.manager, **day, batch=batch) == newest_first
    at_merchant = paged(bureau, shop.manager, **day, merchant=HOME["merchant"], batch=batch)
    assert sorted(at_merchant) == sorted(newest_first)
    [(other,)] = bureau.sql("SELECT institution_id FROM issuer ORDER BY id OFFSET 1 LIMIT 1")
    stranger = bureau.person("issuer_manager", "issuer", other)
    assert paged(bureau, stranger, batch=batch) == []
    owner = bureau.person("merchant_owner", "merchant", HOME["merchant"])
    told = bureau.look(owner, "usages", filters={**day, "batch": batch})
    assert isinstance(told, Refused)
    assert told.code == "E-FIELD"


@pytest.mark.parametrize("after", ["x", "1:2:3", "9:1"])
async def test_a_place_of_another_page_is_a_field_to_correct(shop: Shop, after: str) -> None:  # noqa: F811
    card, *_ = shop.cards
    for asked in ({"card": f"{card}"}, {"order": "T1"}, {"date": "2026-11-22", "store": "1"}):
        told = shop.bureau.look(shop.manager, "usages", filters=asked, after=[after])
        assert isinstance(told, Refused), (asked, told)
        assert told.code == "E-FIELD"


async def test_a_usage_is_split_into_card_points_and_what_was_paid_otherwise(shop: Shop) -> None:  # noqa: F811
    """S1-41, S1-42, S1-45: it is valid until all of it went back, whichever tender paid it."""
    card, _, _ = shop.cards
    till, bureau = shop.till, shop.bureau
    await activate(till, shop.pan(card))
    earned = till.request(Kind.POINTS_EARN, None, 10_000, pan=shop.pan(card))
    assert (await till.ask(earned)).points_earned == 100
    asked = till.request(
        Kind.COMBINED_PURCHASE,
        None,
        12_000,
        pan=shop.pan(card),
        order=ORDER,
        besides=Besides(takes_part=True),
    )
    sale = await till.ask(asked)
    assert sale.part_minor == 10_100

    def split() -> tuple[Any, ...]:
        [row] = bureau.rows(shop.manager, "usages", order=ORDER.order)
        names = ("gift_card_minor", "points", "cash_minor", "refunded_minor", "is_valid")
        return tuple(row[name] for name in names)

    assert split() == (10_000, 100, 1_900, 0, True)
    for amount, is_valid in ((10_000, True), (100, False)):
        refund = till.request(
            Kind.REFUND, None, amount, pan=shop.pan(card), original=Original(rrn=sale.rrn)
        )
        assert (await till.ask(refund)).is_approved
        assert split()[4] is is_valid
