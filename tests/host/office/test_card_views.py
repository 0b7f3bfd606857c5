"""What is seen of cards: by number, phone and part; their lives, activations and usages."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
import trio

from host.model.money import Money
from host.model.office import Refused
from host.model.requests import Kind, Original, Request
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import HOME, Bureau
from tests.host.office.test_holding import FACE, NOTE, PHONE, Shop, made_shop
from tests.host.test_activation import activate


@pytest.fixture
async def shop(bureau: Bureau, till: Till) -> Shop:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_shop(bureau, till))


async def sold(shop: Shop, card: int, amount: int, kind: Kind = Kind.PURCHASE) -> Original:
    """A sale that is approved, as a void or refund names it."""
    sale = shop.till.request(kind, None, amount, pan=shop.pan(card))
    answer = await shop.till.ask(sale)
    assert answer.is_approved, answer
    return Original(key=sale.key, rrn=answer.rrn, kind=kind)


async def test_what_a_card_was_used_for_is_split_by_what_it_was_paid_with(shop: Shop) -> None:
    """S1-41, S1-42, S1-43, S1-45: and what was taken back is no longer valid."""
    [card, *_], till, bureau = shop.cards, shop.till, shop.bureau
    await activate(till, shop.pan(card))
    await sold(shop, card, 4_000)
    voided = await sold(shop, card, 1_000)
    void = till.request(Kind.VOID, None, 1_000, pan=shop.pan(card), original=voided)
    assert (await till.ask(void)).is_approved
    refunded = await sold(shop, card, 500)
    for amount in (200, 300):
        refund = till.request(Kind.REFUND, None, amount, pan=shop.pan(card), original=refunded)
        assert (await till.ask(refund)).is_approved
    cash = till.request(Kind.POINTS_EARN, None, 2_000, pan=shop.pan(card))
    earned = (await till.ask(cash)).points_earned
    redeemed = till.request(Kind.POINTS_REDEMPTION, None, earned, pan=shop.pan(card))
    redeemed = replace_points(redeemed, earned)
    is_redeemed = (await till.ask(redeemed)).is_approved

    rows = bureau.rows(shop.manager, "usages", card=str(card))
    told = [(one["event"], one["gift_card_minor"], one["cash_minor"], one["refunded_minor"],
             one["is_valid"]) for one in reversed(rows)]  # fmt: skip
    assert told[:4] == [
        ("purchase", 4_000, 0, 0, True),
        ("purchase", 1_000, 0, 0, False),
        ("purchase", 500, 0, 500, False),
        ("points_earn", 0, 2_000, 0, True),
    ]
    if is_redeemed:
        assert (rows[0]["event"], rows[0]["points"], rows[0]["is_valid"]) == (
            "points_redemption", earned, True
        )  # fmt: skip
    assert {one["merchant"] for one in rows} == {HOME["merchant"]}

    seen: list[Any] = []
    after: list[str] = []
    while True:
        page = bureau.look(shop.manager, "usages", filters={"card": str(card)}, rows_max=1,
                           after=after)  # fmt: skip
        seen += [row[0] for row in page.rows]
        after = page.next
        if not after:
            break
    assert seen == [one["id"] for one in rows], "page after page, each once"


def replace_points(request: Request, points: int) -> Request:
    return msgspec.structs.replace(request, amount=Money(points, "P:"))


async def test_the_life_of_a_card_is_one_list_of_all_that_happened(shop: Shop) -> None:
    """S1-38, S1-40, S1-43: how it was made, what people did, and each message."""
    [card, *_], bureau = shop.cards, shop.bureau
    await activate(shop.till, shop.pan(card))
    await sold(shop, card, 4_000)
    bureau.later(minutes=5)
    bureau.done(shop.manager, "card.freeze", card=card, kind="freeze", note=NOTE)
    rows = bureau.rows(shop.manager, "card_events", card=str(card))
    assert rows[0]["event"] == "card.freeze"
    assert shop.manager.login in rows[0]["by"]
    events = {one["event"]: one for one in rows}
    assert {"made", "opened", "card_activation", "purchase", "card.freeze"} <= events.keys()
    assert (events["purchase"]["amount_minor"], events["purchase"]["balance_minor"]) == (
        -4_000, FACE - 4_000
    )  # fmt: skip
    assert events["made"]["source"] == shop.batch

    seen: list[Any] = []
    after: list[str] = []
    while True:
        page = bureau.look(shop.manager, "card_events", filters={"card": str(card)}, rows_max=2,
                           after=after)  # fmt: skip
        seen += page.rows
        after = page.next
        if not after:
            break
    assert seen == bureau.show(shop.manager, "card_events", card=str(card)).rows
    bad = bureau.look(shop.manager, "card_events", filters={"card": str(card)}, after=["x"])
    assert isinstance(bad, Refused)
    assert bad.code == "E-FIELD"


async def test_activations_of_a_batch_say_how_for_whom_and_what_became_of_it(shop: Shop) -> None:
    """S1-22, S1-39, S1-40."""
    [at_till, by_office, _], bureau = shop.cards, shop.bureau
    await activate(shop.till, shop.pan(at_till))
    await shop.activate(by_office)
    bureau.done(shop.manager, "card.freeze", card=at_till, kind="freeze", note=NOTE)
    rows = bureau.rows(shop.manager, "activations", batch=shop.batch)
    assert [(one["card"], one["way"], one["amount_minor"], one["card_status"], one["phone"])
            for one in rows] == [
        (by_office, "office", FACE, "active", "138****1234"),
        (at_till, "till", FACE, "frozen", None),
    ]  # fmt: skip
    assert rows[1]["merchant"] == HOME["merchant"]
    assert rows[0]["made_by"] == shop.manager.login
    assert len(bureau.rows(shop.manager, "activations", batch=shop.batch, way="till")) == 1


async def test_cards_are_found_by_number_and_by_phone_and_hashed_on_the_way(shop: Shop) -> None:
    """S1-46, S4-75."""
    [card, other, _], bureau = shop.cards, shop.bureau
    await shop.activate(card)
    [row] = bureau.rows(shop.manager, "cards", number=shop.pan(card).reveal())
    assert (row["id"], row["balance_minor"], row["card_status"]) == (card, FACE, "active")
    assert row["pan_masked"].count("*") == 6
    assert [one["id"] for one in bureau.rows(shop.manager, "cards", phone=PHONE)] == [card]
    assert bureau.rows(shop.manager, "cards", phone="13911112222") == []
    assert bureau.rows(shop.manager, "cards", number="no number") == []
    found = bureau.rows(shop.manager, "cards", batch=shop.batch, card_status="inactive")
    assert other in {one["id"] for one in found}
    assert card not in {one["id"] for one in found}
    told = bureau.look(shop.manager, "cards", filters={"card_status": "active"})
    assert isinstance(told, Refused), "nobody walks through all cards of the house"


async def test_of_anothers_card_nothing_is_seen(shop: Shop) -> None:
    """S1-47."""
    [card, *_], bureau = shop.cards, shop.bureau
    await activate(shop.till, shop.pan(card))
    [other] = bureau.sql("SELECT institution_id FROM issuer ORDER BY id OFFSET 1 LIMIT 1")
    foreign = bureau.person("issuer_manager", "issuer", other[0])
    assert bureau.rows(foreign, "activations", batch=shop.batch) == []
    for view in ("cards", "card_events", "usages"):
        assert bureau.rows(foreign, view, card=str(card)) == [], view
        assert bureau.rows(shop.manager, view, card=str(card)) != [] or view == "usages", view


async def test_the_life_of_a_sale_says_how_it_was_decided_and_what_became_of_it(
    shop: Shop,
) -> None:
    """S4-29, S4-53: found by its RRN or by what its terminal calls it, as far as each may see."""
    [card, *_], till, bureau = shop.cards, shop.till, shop.bureau
    await activate(till, shop.pan(card))
    sale = await sold(shop, card, 4_000)
    refund = till.request(Kind.REFUND, None, 500, pan=shop.pan(card), original=sale)
    assert (await till.ask(refund)).is_approved
    assert sale.rrn is not None
    rows = bureau.rows(shop.manager, "transactions", transaction=sale.rrn)
    steps = [one["step"] for one in rows]
    assert steps[:2] == ["asked", "decided"]
    assert {"leg", "undone_by", "terminal_batch", "seal", "day"} <= set(steps)
    [asked, decided] = rows[:2]
    assert (asked["event"], asked["amount_minor"], asked["unit"]) == ("purchase", 4_000, "CNY")
    assert asked["detail"]["pan_masked"].count("*")
    assert (decided["outcome"], decided["detail"]["f39"]) == ("approved", "00")
    [since] = [one for one in rows if one["step"] == "undone_by"]
    assert (since["event"], since["amount_minor"]) == ("refund", 500)
    key = sale.key
    named = f"{key.stan}@{key.terminal_id}/{key.epoch}"
    assert bureau.rows(shop.manager, "transactions", transaction=named) == rows
    for other in ("none", "000001000001", f"999999@{key.terminal_id}"):
        assert bureau.rows(shop.manager, "transactions", transaction=other) == []


async def test_why_a_sale_was_declined_is_told_at_once(shop: Shop) -> None:
    """S4-29: and its merchant sees its own side of it, another merchant nothing."""
    [card, *_], till, bureau = shop.cards, shop.till, shop.bureau
    await activate(till, shop.pan(card))
    sale = till.request(Kind.PURCHASE, None, FACE * 1_000, pan=shop.pan(card))
    answer = await till.ask(sale)
    assert not answer.is_approved
    operator = bureau.person("platform_ops")
    rows = bureau.rows(operator, "transactions", transaction=answer.rrn)
    [decided] = [one for one in rows if one["step"] == "decided"]
    assert decided["outcome"] == answer.reason.value
    assert not [one for one in rows if one["step"] == "leg"]
    owner = bureau.person("merchant_owner", "merchant")
    seen = bureau.rows(owner, "transactions", transaction=answer.rrn)
    assert [one["outcome"] for one in seen if one["step"] == "decided"] == [answer.reason.value]
    stranger = bureau.person("merchant_owner", "merchant", "888290058120002")
    assert bureau.rows(stranger, "transactions", transaction=answer.rrn) == []
