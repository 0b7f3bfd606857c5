"""What is held, as people look at it and let go of it."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import trio

from host.model.numbers import number_of_rrn
from host.model.office import Done, Refused, Told, Waiting
from host.model.requests import Kind
from tests.host.conftest import NOW, Till, asking_of
from tests.host.office.conftest import Bureau, Person
from tests.host.test_preauths import about, hold, left

CARD, OTHER = 21, 22
SUM = 60_000


@dataclass
class Desk:
    """Customer service of an issuer, its manager, and a till that holds."""

    bureau: Bureau
    till: Till
    service: Person
    manager: Person

    async def held(self, card: int = CARD, amount: int = SUM) -> tuple[int, Any]:
        """A hold, by its number."""
        _, answer = await hold(self.till, card, amount)
        number = number_of_rrn(answer.rrn, NOW.date())
        assert number is not None
        return number, answer

    async def asked(self, who: Person, **values: Any) -> Told:
        """With a code; what waits is agreed to; its job is done."""

        def ask() -> Told:
            told = self.bureau.with_code(who, "hold.release", note="the guest has left", **values)
            if isinstance(told, Waiting):
                told = self.bureau.with_code(
                    self.bureau.admin, "approval.decide", approval=told.approval, decision="approve"
                )
            self.bureau.do_jobs()
            return told

        return await trio.to_thread.run_sync(ask)


@pytest.fixture
async def desk(bureau: Bureau, till: Till) -> Desk:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(
        lambda: Desk(
            bureau, till, bureau.person("service", "issuer"), bureau.person("issuer_manager")
        )
    )


def number_in(told: Told) -> int:
    assert isinstance(told, Done), told
    return int(told.told.get("job") or told.told["outcome"]["told"]["job"])


async def test_what_is_held_is_listed_and_let_go_of_by_hand(desk: Desk) -> None:
    number, _ = await desk.held()
    [row] = desk.bureau.rows(desk.service, "holds", card=str(CARD))
    shown = {"id": number, "hold_kind": "preauth", "card": CARD, "held_minor": SUM}
    assert {name: row[name] for name in shown} == shown
    told = await desk.asked(desk.service, hold=number)
    job = number_in(told)
    assert desk.bureau.sql("SELECT state, error FROM job WHERE id = %s", job) == [("done", "")]
    assert left(desk.till, CARD) == (100_000, 0)
    assert desk.bureau.rows(desk.service, "holds", card=str(CARD)) == []
    [line] = desk.bureau.sql(
        "SELECT before->>'held_minor', after->>'held_minor' FROM history"
        " WHERE action = 'hold.release' AND source LIKE 'job/%%'"
    )
    assert line == (str(SUM), "0")
    assert (await desk.till.buy(CARD, 100_000)).is_approved


async def test_who_has_no_limit_needs_a_second_person_to_let_go(desk: Desk) -> None:
    number, _ = await desk.held()
    told = await trio.to_thread.run_sync(
        lambda: desk.bureau.with_code(
            desk.service, "hold.release", hold=number, note="the guest has left"
        )
    )
    assert isinstance(told, Waiting)
    assert left(desk.till, CARD) == (100_000, SUM)


@pytest.mark.parametrize("meanwhile", [Kind.PREAUTH_VOID, Kind.COMPLETION])
async def test_what_is_held_no_more_is_not_let_go_of(desk: Desk, meanwhile: Kind) -> None:
    number, answer = await desk.held()
    assert (await about(desk.till, meanwhile, CARD, SUM, answer)).is_approved
    told = await desk.asked(desk.service, hold=number)
    assert isinstance(told, Refused)
    assert told.code == "E-RELEASED"


async def test_a_completion_that_comes_before_the_job_stands(desk: Desk) -> None:
    """The poster has the last word: nothing is left to let go of, and nothing moves back."""
    number, answer = await desk.held()
    waiting = await trio.to_thread.run_sync(
        lambda: desk.bureau.with_code(
            desk.service, "hold.release", hold=number, note="the guest has left"
        )
    )
    assert isinstance(waiting, Waiting)
    assert (await about(desk.till, Kind.COMPLETION, CARD, SUM, answer)).is_approved
    told = await trio.to_thread.run_sync(
        lambda: desk.bureau.with_code(
            desk.bureau.admin, "approval.decide", approval=waiting.approval, decision="approve"
        )
    )
    await trio.to_thread.run_sync(desk.bureau.do_jobs)
    assert isinstance(told, Refused | Done)
    assert left(desk.till, CARD) == (40_000, 0)


async def test_what_nobody_holds_is_not_found(desk: Desk) -> None:
    told = await trio.to_thread.run_sync(
        lambda: desk.bureau.do(desk.service, "hold.release", hold=4_711, note="nobody knows it")
    )
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-FOUND"


async def test_whose_till_held_it_sees_it_and_no_others(desk: Desk) -> None:
    number, _ = await desk.held()
    await desk.held(OTHER, 1_000)
    owner = await trio.to_thread.run_sync(lambda: desk.bureau.person("merchant_owner"))
    assert number in {row["id"] for row in desk.bureau.rows(owner, "holds")}
    other = await trio.to_thread.run_sync(
        lambda: desk.bureau.person("merchant_owner", key="888290058120002")
    )
    assert desk.bureau.rows(other, "holds") == []
