"""What members come to pick up: said on a phone, ready at the store, handed over by its code."""

from typing import Any

import trio

from host.model.office import Done, Refused
from tests.host.office.conftest import HOME, PAY_PIN, STORE, Person
from tests.host.office.test_voucher_use import OTHER_PHONE, PHONE, Desk, desk
from tests.host.test_vouchers import redeem

__all__ = ["desk"]


async def came(desk: Desk) -> tuple[Person, int]:
    """A member with a voucher."""

    def made() -> tuple[Person, int]:
        member = desk.bureau.member(PHONE)
        told = desk.bureau.done(
            desk.service, "voucher.claim", batch=desk.batch, phone=PHONE, channel="wechat"
        )
        return member, int(told.told["vouchers"][0])

    return await trio.to_thread.run_sync(made)


def queue(desk: Desk, who: Person) -> list[dict[str, Any]]:
    return desk.bureau.rows(who, "pickup_queue")


async def test_what_a_member_comes_for_is_made_ready_and_handed_over_by_a_code(desk: Desk) -> None:
    """S2-26, S2-44, S2-25: the store has it as soon as it is said; its member sees that it is
    ready; and the code that they show ends it."""
    bureau = desk.bureau
    member, card = await came(desk)
    asked = bureau.done(member, "pickup.ask", card=card, store=int(STORE), minutes=30)
    [row] = queue(desk, desk.clerk)
    assert (row["pickup"], row["pickup_state"]) == (asked.told["pickup"], "to_prepare")
    [[masked]] = bureau.sql("SELECT pan_masked FROM card WHERE id = %s", card)
    assert row["code_last"] == masked[-4:]
    bureau.done(desk.clerk, "pickup.prepare", pickup=row["pickup"])
    assert bureau.refused(desk.clerk, "pickup.prepare", pickup=row["pickup"]) == "E-STATE"
    [mine] = bureau.rows(member, "my_pickups")
    assert mine["pickup_state"] == "prepared"
    assert bureau.refused(member, "voucher.show_pickup", card=card) == "E-PAY-PIN"
    shown = bureau.do(member, "voucher.show_pickup", _code=PAY_PIN, card=card)
    assert isinstance(shown, Done), shown
    assert isinstance(await desk.redeem(shown.shown_once["code"]), Done)
    assert desk.job() == ("done", "")
    assert queue(desk, desk.clerk) == bureau.rows(member, "my_pickups") == []
    assert bureau.sql("SELECT state FROM pickup") == [("handed_over",)]
    assert desk.findings() == []


async def test_a_queue_is_its_stores_and_a_members_voucher_their_own(desk: Desk) -> None:
    """S2-26, S2-09: another hour or store takes the place of what was said before."""
    bureau = desk.bureau
    member, card = await came(desk)
    other = await trio.to_thread.run_sync(bureau.member, OTHER_PHONE)
    assert bureau.refused(other, "pickup.ask", card=card, store=int(STORE)) == "E-NOT-FOUND"
    assert bureau.refused(member, "pickup.ask", card=card, store=9_999) == "E-NOT-FOUND"
    owner = bureau.person("merchant_owner")
    wing = bureau.done(owner, "store.save", merchant=HOME["merchant"], name="Wing").subject
    keeper = bureau.person("store_clerk", "store", wing)
    first = bureau.done(member, "pickup.ask", card=card, store=int(STORE)).told["pickup"]
    bureau.done(member, "pickup.ask", card=card, store=int(wing), minutes=15)
    assert queue(desk, desk.clerk) == []
    [row] = queue(desk, keeper)
    for who in (desk.clerk, other):
        assert bureau.refused(who, "pickup.call_off", pickup=row["pickup"]) == "E-NOT-FOUND"
    assert bureau.refused(desk.clerk, "pickup.prepare", pickup=first) == "E-STATE"
    bureau.done(member, "pickup.call_off", pickup=row["pickup"])
    assert queue(desk, keeper) == []


async def test_what_a_till_has_taken_is_in_no_queue_and_ends_by_the_clock(desk: Desk) -> None:
    """S2-26: so does what nobody came for."""
    bureau = desk.bureau
    member, card = await came(desk)
    bureau.done(member, "pickup.ask", card=card, store=int(STORE))
    place = sorted(row["id"] for row in desk.vouchers()).index(card)
    assert (await redeem(desk.till, desk.codes()[place])).is_approved
    assert queue(desk, desk.clerk) == []
    again = bureau.do(member, "pickup.ask", card=card, store=int(STORE))
    assert isinstance(again, Refused)
    assert again.code == "E-USED"
    bureau.later(days=2)
    await trio.to_thread.run_sync(bureau.do_jobs)
    assert bureau.sql("SELECT state FROM pickup") == [("called_off",)]
    assert desk.findings() == []
