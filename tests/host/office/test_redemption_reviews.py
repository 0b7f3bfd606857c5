"""A redemption at a counter that waits for a review: agreed to, refused, and too late."""

from dataclasses import replace
from typing import Any

import pytest
import trio

from host.model.office import Done, Refused, Told, Waiting
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_voucher_use import Desk, made_desk
from tests.host.test_vouchers import redeem


@pytest.fixture
async def reviewed(bureau: Bureau, till: Till) -> Desk:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_desk(bureau, till, is_reviewed=True))


def asked(desk: Desk, code: str) -> Waiting:
    told = desk.bureau.do(desk.clerk, "voucher.redeem", store=desk.store, voucher_code=code)
    assert isinstance(told, Waiting), told
    return told


async def decided(desk: Desk, who: Person, waiting: Waiting, decision: str, **more: Any) -> Told:
    def decide() -> Told:
        told = desk.bureau.do(
            who, "approval.decide", approval=waiting.approval, decision=decision, **more
        )
        desk.bureau.do_jobs()
        return told

    return await trio.to_thread.run_sync(decide)


def standing(desk: Desk) -> list[str]:
    return [row["voucher_status"] for row in desk.vouchers()]


async def test_a_manager_agrees_to_what_a_clerk_has_scanned(reviewed: Desk) -> None:
    """S2-16: nothing is taken before; who reviews sees the voucher and never its code."""
    desk, code = reviewed, reviewed.codes()[0]
    looked = desk.bureau.do(
        desk.clerk, "voucher.redeem", _is_dry_run=True, store=desk.store,
        voucher_code=code.reveal(),
    )  # fmt: skip
    assert isinstance(looked, Done), looked
    assert looked.told["is_reviewed"] is True
    waiting = asked(desk, code.reveal())
    assert set(standing(desk)) == {"issued"}
    manager = desk.bureau.person("store_manager")
    [row] = desk.bureau.rows(manager, "approvals", to_decide="true")
    assert row["foretold"]["voucher"] == code.masked
    assert code.reveal() not in str(row)
    mine = await decided(desk, desk.clerk, waiting, "approve")
    assert isinstance(mine, Refused), "who asked does not decide"
    told = await decided(desk, manager, waiting, "approve")
    assert isinstance(told, Done), told
    assert desk.job() == ("done", "")
    assert "redeemed" in standing(desk)
    [line] = desk.bureau.rows(desk.clerk, "counter_work", mine="true")
    assert (line["voucher"], line["outcome"]) == (code.masked, "done")
    assert desk.findings() == []


async def test_what_is_refused_or_used_elsewhere_meanwhile_is_not_taken(reviewed: Desk) -> None:
    """S2-16: a till that took it first has it; and who refuses says why."""
    desk = reviewed
    first, second, *_ = desk.codes()
    manager = desk.bureau.person("store_manager")
    refused = asked(desk, first.reveal())
    blank = await decided(desk, manager, refused, "refuse")
    assert isinstance(blank, Refused)
    assert isinstance(await decided(desk, manager, refused, "refuse", note="torn"), Done)
    assert set(standing(desk)) == {"issued"}
    waiting = asked(desk, second.reveal())
    assert (await redeem(desk.till, second)).is_approved
    late = await decided(desk, manager, waiting, "approve")
    assert isinstance(late, Refused)
    assert late.code == "E-USED"
    wrong = desk.bureau.do(desk.clerk, "voucher.redeem", store=desk.store, voucher_code="0" * 24)
    assert getattr(wrong, "code", "") == "E-VOUCHER-CODE"
    assert desk.findings() == []


async def test_a_pick_up_code_counts_as_it_was_when_it_was_scanned(reviewed: Desk) -> None:
    """S2-16, S2-25: the review may take longer than the code lives."""
    desk = reviewed
    _card, shown = await desk.shown()
    waiting = asked(desk, shown)
    desk.bureau.later(minutes=20)
    manager = desk.bureau.person("store_manager")
    assert isinstance(await decided(desk, manager, waiting, "approve"), Done)
    assert desk.job() == ("done", "")
    again = desk.bureau.do(desk.clerk, "voucher.redeem", store=desk.store, voucher_code=shown)
    assert getattr(again, "code", "") == "E-PICKED-UP"
