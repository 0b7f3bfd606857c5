"""A card that was another's before: who has it now sees nothing of what was done by it then."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
import trio

from host.model.office import Page, sought
from host.model.requests import Kind, OrderReference
from host.office.places import Scope
from host.office.roles import MB
from tests.host.conftest import CardPool, Till, audit_ledger, opened
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_gifts import OTHER_PHONE
from tests.host.office.test_holding import NOTE
from tests.host.office.test_members_own import Two, two  # noqa: F401 - a fixture
from tests.host.test_gifts import money

THIRD_PHONE = "13711112222"
WISH, ORDER = "to-your-birthday", "WANG-ORDER-71"
BY_THE_MEMBER = frozenset(
    {"my_gifts", "draws", "jobs", "port_payments", "my_profile", "my_mails", "my_pickups"}
)
"""Views whose rows name the member themselves: nothing follows a card to another."""
BY_CARD = frozenset({"usages", "my_moves", "points", "wallet", "vouchers", "my_stores"})
"""Views that lead from a member to their cards; of vouchers none is given to another in use."""
TO_ANYBODY = frozenset({"directory", "rates", "lotteries", "adverts"})


@pytest.fixture
async def till(bureau: Bureau) -> AsyncIterator[Till]:
    """One whose host has the office's clock."""
    with opened(bureau.dsns, clock=lambda: bureau.now) as poster, ExitStack() as kept:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            yield Till(poster, bureau.dsns, kept=kept)
            nursery.cancel_scope.cancel()


def seen(bureau: Bureau, who: Person) -> dict[str, Page]:
    """All that is told them, view by view."""
    views = [one for one in bureau.office.views.values() if MB in one.roles]
    told = {one.id: bureau.look(who, one.id) for one in views}
    return {name: one for name, one in told.items() if isinstance(one, Page)}


async def test_a_card_that_was_given_away_tells_its_new_member_nothing_of_before(
    two: Two,  # noqa: F811
    pool: CardPool,
) -> None:
    """S1-24, S4-45: in no view that members have, by no filter; and its issuer still sees all."""
    bureau, till, card = two.bureau, two.till, pool.with_points()
    wang, li = (int(one.login.partition(":")[2]) for one in (two.wang, two.li))
    till.sql("UPDATE card SET member_id = %s WHERE id = %s", wang, card)
    _, paid = await till.sell(Kind.PURCHASE, card, 7_771, order=OrderReference(ORDER, ""))
    _, earned = await till.sell(Kind.POINTS_EARN, card, 3_131_00)
    await two.done(
        two.wang, "gift.send", card=card, amount_minor=4_343, phone=THIRD_PHONE, wish=WISH
    )
    assert earned.points_earned
    before = seen(bureau, two.wang)
    lots = bureau.rows(two.wang, "points")
    assert {"points_earn", "purchase"} & {row["source"] for row in lots}, lots
    bureau.later(seconds=60)

    def given() -> None:
        service = bureau.person("service", "platform")
        told: dict[str, Any] = {"card": card, "member": li, "note": NOTE}
        bureau.done_by_two(service, bureau.admin, "card.rebind", **told)

    await trio.to_thread.run_sync(given)
    bureau.later(seconds=60)
    _, own = await till.sell(Kind.PURCHASE, card, 1_100)

    after = seen(bureau, two.li)
    assert after.keys() == before.keys() == BY_THE_MEMBER | BY_CARD | TO_ANYBODY
    for secret in (paid.rrn, earned.rrn, ORDER, WISH, "7771", "4343", "points_earn"):
        was_told, told = (
            [name for name, page in pages.items() if secret in repr(page.rows)]
            for pages in (before, after)
        )
        assert was_told, secret
        assert told == [], secret
    for asked in ({}, {"card": str(card)}, {"member": str(li)}):
        assert [row["rrn"] for row in bureau.rows(two.li, "usages", **asked)] == [own.rrn]
    page = bureau.look(two.li, "usages", filters=sought({"order": ORDER}))
    assert isinstance(page, Page)
    assert page.rows == []
    hidden = [row for row in bureau.rows(two.li, "points") if row["source"] is None]
    assert hidden, "what is left of them is theirs, how it was come by is not"
    assert {(row["rule"], row["earned_on"], row["points"]) for row in hidden} == {(None,) * 3}
    [had] = [row for row in bureau.rows(two.li, "wallet") if row["id"] == card]
    assert (had["waiting_minor"], had["free_minor"]) == (0, money(till, card)[0])
    assert seen(bureau, two.wang)["usages"].rows == [], "the card is not theirs any more"

    manager = bureau.person("service", "platform")
    by_card = [row["rrn"] for row in bureau.rows(manager, "usages", card=str(card))]
    assert by_card == [own.rrn, earned.rrn, paid.rrn]
    of_member = bureau.rows(manager, "usages", phone=OTHER_PHONE)
    assert [row["rrn"] for row in of_member] == [own.rrn], "what somebody paid, not what a card did"
    audit_ledger(bureau.dsns)


async def test_what_a_bearer_paid_is_not_told_to_who_binds_the_card(two: Two) -> None:  # noqa: F811
    """S1-24: it was nobody's, so nobody knows whose it was."""
    bureau, card = two.bureau, two.others
    two.till.sql("UPDATE card SET member_id = NULL WHERE id = %s", card)
    await two.till.sell(Kind.PURCHASE, card, 7_771)
    bureau.later(seconds=1)

    def bound() -> None:
        service = bureau.person("service", "platform")
        li = int(two.li.login.partition(":")[2])
        told: dict[str, Any] = {"card": card, "member": li, "note": NOTE}
        bureau.done_by_two(service, bureau.admin, "card.rebind", **told)

    await trio.to_thread.run_sync(bound)
    assert card in {row["id"] for row in bureau.rows(two.li, "wallet")}
    assert bureau.rows(two.li, "usages") == []


def test_each_view_of_members_says_here_how_it_is_theirs(bureau: Bureau) -> None:
    """A new one has to say whether it follows a card, and is then asked above."""
    views = {one.id for one in bureau.office.views.values() if MB in one.roles}
    assert views == BY_THE_MEMBER | BY_CARD | TO_ANYBODY
    scoped = {one.id for one in bureau.office.views.values() if Scope.MEMBER in one.scopes}
    assert scoped == views
