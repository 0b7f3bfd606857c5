"""Vouchers for the staff of an enterprise: by department and grade, out of its budget."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import trio

from clearing.verify import audit
from host.hsm.voucher_codes import open_code
from host.model.office import Done, Refused, Waiting
from host.model.responses import Reason
from host.model.voucher_codes import VoucherCode
from host.office import staff_issuing
from host.office.jobs import AtWork
from host.office.tables import WORKS
from host.store.changes import note_what_differs
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.office.test_enterprises import NOTE, House
from tests.host.stock.conftest import HSM
from tests.host.test_vouchers import FACE, redeem

PRICE, BUDGET = 4_500, 100_000
LINES = (
    "E1,Wang,13800000001,Sales,M1\nE2,Li,13800000002,Sales,M3\n"
    "E3,Wu,13800000003,Office,M3\nE4,Bai,13800000004,Office,M1\n"
)


class Works(House):
    """An enterprise of four, with a budget and a batch of vouchers that it may hand out."""

    def __init__(self, bureau: Bureau, vouchers: int = 12) -> None:
        super().__init__(bureau)
        lines = "employee,name,phone,department,grade\n" + LINES
        bureau.done(self.hr, "staff.import", enterprise="ACME", file=self.sent(lines))
        bureau.do_jobs()
        finance = bureau.person("finance")
        granted = {"enterprise": "ACME", "amount_minor": BUDGET, "note": NOTE}
        bureau.done_by_two(self.manager, finance, "enterprise.grant", **granted)
        self.batch = self.made(vouchers)
        self.offer(self.batch)
        self.limit(1_000_000)

    def made(self, vouchers: int, **more: Any) -> str:
        product = int(
            self.bureau.done(
                self.manager, "product.revise", issuer=HOME["issuer"],
                code=f"BOX{next(self.bureau.numbers)}",
                name="Gift box", form="paper", makes="amount_voucher", face_minor_min=FACE,
                may_load=True, valid_from="2026-01-01", valid_to="2029-12-31",
            ).subject
        )  # fmt: skip
        batch = self.bureau.done(
            self.manager, "voucher_batch.create", product=product, name="Box", cards=vouchers,
            responsible=self.manager.login, **more,
        ).subject  # fmt: skip
        self.bureau.do_jobs()
        owner = self.bureau.person("batch_owner")
        opened = self.bureau.with_code(owner, "voucher_batch.open", batch=batch)
        assert isinstance(opened, Done), opened
        return batch

    def offer(self, batch: str, **more: Any) -> None:
        told = {"enterprise": "ACME", "batch": batch, "price_minor": PRICE, **more}
        self.bureau.done(self.manager, "enterprise.offer", **told)

    def limit(self, minor: int) -> None:
        """What HR may spend alone, as if a program had said it."""
        with psycopg.connect(self.bureau.dsns.owner, autocommit=True) as owner:
            owner.execute(
                "UPDATE person_grant SET limit_minor = %s WHERE role = 'enterprise_hr'", (minor,)
            )
            note_what_differs(owner, ["person_grant"])

    def issue(self, *, do: bool = True, who: Person | None = None, **more: Any) -> Any:
        values = {"enterprise": "ACME", "batch": self.batch, "name": "Dragon boat", **more}
        told = self.bureau.with_code(who or self.hr, "staff.issue", **values)
        if do:
            self.bureau.do_jobs()
        return told

    def budget(self) -> tuple[int, int]:
        [row] = self.bureau.rows(self.hr, "enterprises")
        return row["spent_minor"], row["budget_left_minor"]

    def states(self, issue: str) -> list[tuple[str, str]]:
        rows = self.bureau.rows(self.hr, "staff_vouchers", issue=issue)
        return [(row["employee"], row["staff_voucher_state"]) for row in rows]

    def codes(self, state: str = "claimed") -> dict[str, VoucherCode]:
        """Of employees who have one."""
        rows = self.bureau.sql(
            "SELECT e.code, c.pan_sealed, c.id FROM staff_voucher AS g"
            " JOIN employee AS e ON e.id = g.employee_id JOIN card AS c ON c.id = g.card_id"
            " WHERE c.status = %s", state,
        )  # fmt: skip
        return {code: open_code(HSM, sealed, card) for code, sealed, card in rows}

    def findings(self) -> list[str]:
        with psycopg.connect(self.bureau.dsns.owner, autocommit=True) as connection:
            return [str(one) for one in audit(connection)]


@pytest.fixture
def works(bureau: Bureau) -> Works:
    return Works(bureau)


def test_departments_and_grades_say_who_gets_a_voucher_and_what_it_costs(works: Works) -> None:
    """S2-19, S2-46, S4-77: told before it is done, with what is left of the budget."""
    told = works.bureau.done(
        works.hr, "staff.issue", enterprise="ACME", batch=works.batch, name="Dragon boat",
        departments=["Sales"], each=2, _is_dry_run=True,
    ).told  # fmt: skip
    assert (told["employees"], told["vouchers"], told["cost_minor"]) == (2, 4, 4 * PRICE)
    assert told["budget_left_minor"] == BUDGET - 4 * PRICE
    assert works.budget() == (0, BUDGET), "nothing was done"
    first = works.issue(departments=["Sales"], each=2)
    assert works.states(first.subject) == [("E1", "issued")] * 2 + [("E2", "issued")] * 2
    second = works.issue(grades=["M3"])
    assert works.states(second.subject) == [("E2", "issued"), ("E3", "issued")]
    assert works.budget() == (6 * PRICE, BUDGET - 6 * PRICE)
    third = works.issue()
    assert len(works.states(third.subject)) == 4, "of none: all who work there"
    channel = works.bureau.sql("SELECT DISTINCT channel FROM voucher_claim")
    assert channel == [("enterprise",)]
    assert works.findings() == []


def test_a_budget_that_is_short_names_the_gap_and_nothing_is_issued(works: Works) -> None:
    """S2-19."""
    works.offer(works.batch, price_minor=BUDGET // 3)
    told = works.issue()
    assert isinstance(told, Refused)
    assert told.code == "E-BUDGET"
    assert "short by 333.32 CNY: 1000.00 CNY" in told.en.replace(",", ""), told.en
    assert works.bureau.rows(works.hr, "staff_issues") == []
    works.offer(works.batch, is_offered=False)
    assert works.issue().code == "E-NOT-FOUND"


def test_above_its_limit_another_person_agrees(works: Works) -> None:
    """S2-19."""
    works.limit(2 * PRICE)
    asked = works.issue()
    assert isinstance(asked, Waiting), asked
    assert works.budget() == (0, BUDGET)
    row = max(works.bureau.rows(works.manager, "approvals"), key=lambda one: one["id"])
    assert row["foretold"]["cost_minor"] == 4 * PRICE
    told = works.bureau.do(works.manager, "approval.decide", approval=asked.approval,
                           decision="approve")  # fmt: skip
    if isinstance(told, Refused):
        told = works.bureau.with_code(
            works.manager, "approval.decide", approval=asked.approval, decision="approve"
        )
    assert isinstance(told, Done), told
    works.bureau.do_jobs()
    assert works.budget()[0] == 4 * PRICE
    assert works.findings() == []


def test_a_row_that_cannot_be_is_given_back_and_the_others_are_issued(bureau: Bureau) -> None:
    """S2-19: one has had as many as the batch lets one have."""
    works = Works(bureau)
    works.batch = works.made(8, claims_max=1)
    works.offer(works.batch)
    works.issue(departments=["Sales"])
    told = works.issue()
    assert sorted(works.states(told.subject)) == [
        ("E1", "refused"), ("E2", "refused"), ("E3", "issued"), ("E4", "issued"),
    ]  # fmt: skip
    [row, _first] = works.bureau.rows(works.hr, "staff_issues")
    assert (row["planned"], row["issued"], row["not_issued"]) == (4, 2, 2)
    assert works.budget() == (4 * PRICE, BUDGET - 4 * PRICE)
    assert works.findings() == []


def test_a_job_that_was_killed_goes_on_and_one_that_is_stopped_gives_back(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S2-19: each row once."""
    monkeypatch.setattr(staff_issuing, "ROWS_PER_STEP", 3)
    monkeypatch.setitem(WORKS, "staff.issue", killed_after(1))
    told = works.issue()
    assert [state for _, state in works.states(told.subject)] == ["issued"] * 3 + ["waiting"]
    monkeypatch.undo()
    works.bureau.later(minutes=1)
    works.bureau.do_jobs()
    assert {state for _, state in works.states(told.subject)} == {"issued"}
    assert works.budget()[0] == 4 * PRICE
    stopped = works.issue(do=False)
    works.bureau.done(works.bureau.admin, "job.stop", job=stopped.told["job"])
    works.bureau.later(minutes=2)
    works.bureau.do_jobs()
    assert {state for _, state in works.states(stopped.subject)} == {"refused"}
    assert works.budget() == (4 * PRICE, BUDGET - 4 * PRICE)
    assert works.findings() == []


def killed_after(steps: int) -> Callable[[AtWork], int]:
    """The step, whose runner dies before it is kept a second time."""
    taken = iter(range(steps))

    def step(at_work: AtWork) -> int:
        done = staff_issuing.hand_out(at_work)
        if next(taken, None) is None:
            raise psycopg.OperationalError
        return done

    return step


async def test_what_a_department_may_redeem_is_asked_at_the_counter(
    bureau: Bureau, till: Till
) -> None:
    """S2-47: of goods and of services, as its department stands then, at till and counter."""
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    works = await trio.to_thread.run_sync(Works, bureau)
    await trio.to_thread.run_sync(works.issue)
    codes = works.codes()
    assert (await redeem(till, codes["E1"])).reason is Reason.APPROVED

    def say(**may: bool) -> None:
        values = {"enterprise": "ACME", "department": "Sales", **may}
        bureau.done(works.hr, "department.save", **values)

    await trio.to_thread.run_sync(lambda: say(may_services=True))
    assert (await redeem(till, codes["E2"])).reason is Reason.VOUCHER_NOT_THIS_HOLDER
    clerk = await trio.to_thread.run_sync(bureau.person, "store_clerk")
    told = await trio.to_thread.run_sync(
        lambda: bureau.do(
            clerk, "voucher.redeem", store=int(HOME["store"]),
            voucher_code=codes["E2"].reveal(),
        )
    )  # fmt: skip
    assert isinstance(told, Refused), told
    assert (await redeem(till, codes["E3"])).reason is Reason.APPROVED, "another department"
    left_out = await trio.to_thread.run_sync(lambda: works.issue(departments=["Sales", "Office"]))
    assert (left_out.told["employees"], left_out.told["left_out"]) == (2, 2)
    await trio.to_thread.run_sync(lambda: say(may_goods=True))
    assert (await redeem(till, codes["E2"])).reason is Reason.APPROVED
    assert works.findings() == []


async def test_a_month_is_reported_by_department(bureau: Bureau, till: Till) -> None:
    """S2-48: what was handed out, redeemed and spent, and in how many days; never by whom."""
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    works = await trio.to_thread.run_sync(Works, bureau)
    await trio.to_thread.run_sync(lambda: works.issue(each=2))
    codes = works.codes()
    assert (await redeem(till, codes["E1"])).is_approved
    assert (await redeem(till, codes["E3"])).is_approved
    assert (await redeem(till, codes["E4"])).is_approved
    month = f"{bureau.now:%Y-%m}"
    page = await trio.to_thread.run_sync(lambda: bureau.rows(works.hr, "staff_report", month=month))
    told = {
        row["department"]: (row["issued"], row["redeemed"], row["not_redeemed"],
                            row["redeemed_percent"], row["cost_minor"])
        for row in page
    }  # fmt: skip
    assert told == {"Sales": (4, 1, 3, 25, 4 * PRICE), "Office": (4, 2, 2, 50, 4 * PRICE)}
    assert all(abs(float(row["days_mean"])) < 1 for row in page)
    other = await trio.to_thread.run_sync(works.enterprise, "OTHER")
    assert await trio.to_thread.run_sync(bureau.rows, other, "staff_report") == []


BROKEN = {
    "enterprise_not_what_was_granted": "UPDATE enterprise SET granted_minor = granted_minor {} 1",
    "enterprise_not_what_was_spent": "UPDATE enterprise SET spent_minor = spent_minor {} -1",
    "staff_issue_not_its_rows": "UPDATE staff_issue SET issued = issued {} -1",
    "staff_voucher_not_claimed": "UPDATE staff_voucher SET member_id = member_id {} 1000"
    " WHERE place = 1",
}


def test_the_audit_names_what_was_spent_otherwise(works: Works) -> None:
    """S2-19."""
    works.issue()
    with psycopg.connect(works.bureau.dsns.owner, autocommit=True) as connection:
        for name, statement in BROKEN.items():
            connection.execute(statement.format("+").encode())
            found = {one.test for one in audit(connection)}
            connection.execute(statement.format("-").encode())
            assert name in found, found
            assert audit(connection) == []


def test_hr_never_sees_which_goods_somebody_took(works: Works) -> None:
    told = works.issue()
    page = works.bureau.show(works.hr, "staff_vouchers", issue=told.subject)
    assert set(page.columns) == {
        "issue", "place", "employee", "name", "department", "staff_voucher_state", "why",
        "issued_at",
    }  # fmt: skip
