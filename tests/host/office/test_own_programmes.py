"""A merchant's own programme: good at that merchant's alone, and revised by its owner."""

from dataclasses import dataclass
from typing import Any

import pytest
import trio

from host.model.office import Done, Refused, Told, Waiting
from host.model.requests import Kind
from host.model.responses import Reason
from host.office.tables import ACTIONS
from tests.host.conftest import MERCHANT_OF, CardPool, Till
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.test_programmes import BOOKS, GROCERY, NOODLES, points

OWN, SHARED = "QUAY", "ALLQUAY"
MADE: dict[str, Any] = {
    "name": "Quay stamps", "earn_points": 1, "earn_per_minor": 1_000, "redemption_points_min": 2,
    "lot_life": "never",
}  # fmt: skip


@dataclass
class Quay:
    """An issuer's people, the owner of a merchant and of another, and tills of both."""

    bureau: Bureau
    till: Till
    manager: Person
    second: Person
    owner: Person
    stranger: Person

    async def make(self, code: str = OWN, **more: Any) -> Done:
        """One that the issuer keeps for the merchant, agreed to by another of its people."""
        told = {"issuer": HOME["issuer"], "merchant": HOME["merchant"], **MADE, **more}
        return await self.by_two(self.manager, programme=code, **told)

    async def by_two(self, asker: Person, by: Person | None = None, **values: Any) -> Done:
        return await trio.to_thread.run_sync(
            lambda: self.bureau.done_by_two(asker, by or self.second, "programme.revise", **values)
        )

    async def asked(self, who: Person, **values: Any) -> Told:
        return await trio.to_thread.run_sync(
            lambda: self.bureau.do(who, "programme.revise", **values)
        )


@pytest.fixture
async def quay(bureau: Bureau, till: Till) -> Quay:
    def made() -> Quay:
        return Quay(
            bureau,
            till,
            bureau.person("issuer_manager"),
            bureau.person("issuer_manager"),
            bureau.person("merchant_owner"),
            bureau.person("merchant_owner", "merchant", MERCHANT_OF[NOODLES]),
        )

    return await trio.to_thread.run_sync(made)


async def test_its_points_are_earned_and_spent_at_that_merchants_alone(
    quay: Quay, pool: CardPool
) -> None:
    """S4-01, S4-71: elsewhere it is as if it were not there, and what undoes a sale takes them."""
    await quay.make()
    card, till = pool.city(), quay.till
    sale, answer = await till.sell(Kind.PURCHASE, card, 10_000, terminal_id=GROCERY)
    for terminal_id in (NOODLES, BOOKS):
        await till.sell(Kind.PURCHASE, card, 10_000, terminal_id=terminal_id)
    assert points(till, card) == {"CITY": 300, OWN: 10}
    spent = [
        await till.ask(
            till.request(Kind.POINTS_REDEMPTION, card, 4, unit=f"P:{OWN}", terminal_id=terminal_id)
        )
        for terminal_id in (NOODLES, BOOKS, GROCERY)
    ]
    assert [one.reason for one in spent] == [
        Reason.INVALID_AMOUNT, Reason.INVALID_AMOUNT, Reason.APPROVED,
    ]  # fmt: skip
    assert points(till, card) == {"CITY": 300, OWN: 6}
    void = till.request(
        Kind.VOID, card, 10_000, terminal_id=GROCERY, original=till.original(sale, answer)
    )
    assert (await till.ask(void)).reason is Reason.INSUFFICIENT_FUNDS, "four of its ten are spent"
    pear = pool.pear()
    await till.sell(Kind.PURCHASE, pear, 10_000, terminal_id=GROCERY)
    assert points(till, pear) == {"PEAR": 200}, "another issuer keeps none of it"


async def test_its_merchants_owner_revises_it_once_its_issuer_agrees(
    quay: Quay, pool: CardPool
) -> None:
    """S4-01: from the next message on; history and the list are the merchant's to see, too."""
    await quay.make()
    [row] = quay.bureau.rows(quay.manager, "programmes", programme=OWN)
    assert (row["issuer"], row["merchant"]) == (HOME["issuer"], HOME["merchant"])
    card, till = pool.city(), quay.till
    await till.sell(Kind.PURCHASE, card, 10_000)
    told = await quay.asked(quay.owner, programme=OWN, earn_points=3)
    assert isinstance(told, Waiting)
    own = quay.bureau.do(quay.owner, "approval.decide", approval=told.approval, decision="approve")
    assert isinstance(own, Refused)
    await quay.by_two(quay.owner, programme=OWN, earn_points=2, name="Quay stars")
    await till.sell(Kind.PURCHASE, card, 10_000)
    assert points(till, card) == {"CITY": 200, OWN: 10 + 20}
    [row] = quay.bureau.rows(quay.owner, "programmes")
    assert (row["programme"], row["name"], row["merchant"], row["version"]) == (
        OWN, "Quay stars", HOME["merchant"], 2,
    )  # fmt: skip
    assert quay.bureau.rows(quay.stranger, "programmes") == []
    stays = await quay.asked(quay.owner, programme=OWN, merchant=HOME["merchant"])
    assert getattr(stays, "code", "") == "E-FIELD"


async def test_another_merchants_owner_learns_nothing_of_it(quay: Quay) -> None:
    """S4-01, S1-47: what is there and what is not are told alike, and nobody makes one alone."""
    await quay.make()
    revised = {"earn_points": 5, "issuer": HOME["issuer"], "merchant": MERCHANT_OF[NOODLES]}
    told = [
        await quay.asked(quay.stranger, programme=code, **more)
        for code in (OWN, "NOWHERE")
        for more in ({"earn_points": 5}, {**MADE, **revised})
    ]
    assert {one.code for one in told if isinstance(one, Refused)} == {"E-NOT-FOUND"}
    assert told[0] == told[2]
    assert told[1] == told[3]
    issuers = await quay.asked(quay.owner, programme="CITY", earn_points=5)
    assert getattr(issuers, "code", "") == "E-NOT-FOUND", "nor of its issuer's own"
    assert quay.bureau.sql("SELECT version FROM programme WHERE code = %s", OWN) == [(1,)]


async def test_of_one_that_an_alliance_keeps_its_members_say_where(
    quay: Quay, pool: CardPool
) -> None:
    """S4-02: and who manages the alliance does not revise it."""
    bureau, till = quay.bureau, quay.till
    second = await trio.to_thread.run_sync(lambda: bureau.person("platform_admin"))
    till.sql("INSERT INTO alliance VALUES (1, 'HARBOUR', 'Harbour circle')")
    till.sql(
        "INSERT INTO alliance_member SELECT 1, i.id, NULL, '2026-01-01', NULL, true, true"
        " FROM issuer AS i WHERE i.institution_id = %s", HOME["issuer"],
    )  # fmt: skip
    till.sql(
        "INSERT INTO alliance_member SELECT 1, NULL, m.id, '2026-01-01', NULL, true, true"
        " FROM merchant AS m WHERE m.merchant_id = %s", MERCHANT_OF[NOODLES],
    )  # fmt: skip
    told = {"alliance": "HARBOUR", "merchant": HOME["merchant"], **MADE}
    await quay.by_two(second, bureau.admin, programme=SHARED, **told)
    card = pool.city()
    for terminal_id in (GROCERY, NOODLES):
        await till.sell(Kind.PURCHASE, card, 10_000, terminal_id=terminal_id)
    assert points(till, card) == {"CITY": 200, SHARED: 10}, "its members are where it is good"
    manager = await trio.to_thread.run_sync(lambda: bureau.person("alliance_manager"))
    refused = await quay.asked(manager, programme=SHARED, earn_points=9)
    assert getattr(refused, "code", "") == "E-NOT-YOUR-ROLE"
    await quay.by_two(quay.owner, second, programme=SHARED, earn_points=2)
    await till.sell(Kind.PURCHASE, card, 10_000, terminal_id=NOODLES)
    assert points(till, card)[SHARED] == 30


async def test_the_first_programme_of_an_issuer_is_no_merchants(quay: Quay) -> None:
    """What is meant where a message names none is good wherever its cards are."""
    quay.till.sql(
        "INSERT INTO issuer (id, institution_id, name, pan_prefix, currency, amount_minor_max,"
        " balance_minor_max, pin_tries_max, is_active) VALUES (9, '48889999', 'New', '998877',"
        " 'CNY', 1000, 1000, 3, true)"
    )
    told = {"programme": "FIRST", "issuer": "48889999", "merchant": HOME["merchant"], **MADE}
    refused = await quay.asked(quay.bureau.admin, **told)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == ("E-FIELD", "merchant")


def test_who_agrees_is_of_who_keeps_it() -> None:
    assert "merchant_owner" not in ACTIONS["programme.revise"].may_approve
