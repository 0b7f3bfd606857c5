"""Enterprises, what they may spend, and who works there: one by one and by a file."""

import base64
from typing import Any

import pytest

from host.model.office import Done, Refused
from tests.host.office.conftest import HOME, Bureau, Person

NOTE = "agreed for the year"
HEADS = "employee,name,phone,department,grade\n"
GOOD = HEADS + "E1,王小明,13800000001,Sales,M3\nE2,Li,13800000002,Office,M1\n"
FAULTY = (
    GOOD + "E3,Wu,1380000,Sales,M1\nE1,Twice,13800000004,Sales,M1\n,Nobody,13800000005,Sales,\n"
)


class House:
    """An issuer's people and an enterprise with somebody of HR."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.manager = bureau.person("issuer_manager")
        self.hr = self.enterprise("ACME")

    def enterprise(self, code: str) -> Person:
        """Another one; gives who is HR there."""
        values = {"enterprise": code, "name": f"{code} at work", "contact": "Wu"}
        self.bureau.done(self.manager, "enterprise.save", issuer=HOME["issuer"], **values)
        return self.bureau.person("enterprise_hr", "enterprise", code)

    def sent(self, content: str, who: Person | None = None) -> int:
        told = self.bureau.done(
            who or self.hr, "file.send", name="staff.csv",
            content=base64.b64encode(content.encode()).decode(),
        )  # fmt: skip
        return int(told.told["file"])

    def staff(self) -> dict[str, Any]:
        return {row["employee"]: row for row in self.bureau.rows(self.hr, "staff")}


@pytest.fixture
def house(bureau: Bureau) -> House:
    return House(bureau)


def test_a_budget_is_said_by_two_and_never_less_than_what_is_spent(house: House) -> None:
    """S2-21."""
    bureau = house.bureau
    finance = bureau.person("finance")
    asked = {"enterprise": "ACME", "amount_minor": 50_000, "note": NOTE}
    bureau.done_by_two(house.manager, finance, "enterprise.grant", **asked)
    [row] = bureau.rows(house.hr, "enterprises")
    assert (row["granted_minor"], row["spent_minor"], row["budget_left_minor"]) == (
        50_000, 0, 50_000,
    )  # fmt: skip
    told = bureau.with_code(
        house.manager, "enterprise.grant", **{**asked, "amount_minor": 60_000}, is_taken_back=True
    )
    assert isinstance(told, Refused)
    assert told.code == "E-BUDGET"
    assert "short by 100.00 CNY" in told.en, told.en
    kept = bureau.sql("SELECT amount_minor, given_by <> agreed_by FROM enterprise_grant")
    assert kept == [(50_000, True)]


def test_who_is_hr_sees_and_does_what_is_its_own_enterprises_alone(house: House) -> None:
    """S2-21."""
    bureau = house.bureau
    other = house.enterprise("OTHER")
    bureau.done(other, "department.save", enterprise="OTHER", department="Sales")
    values = {"name": "Wu", "phone": "13800000009", "department": "Sales"}
    bureau.done(other, "staff.save", enterprise="OTHER", employee="E9", **values)
    assert [row["enterprise"] for row in bureau.rows(house.hr, "enterprises")] == ["ACME"]
    assert bureau.rows(house.hr, "staff") == []
    for enterprise in ("OTHER", "NOWHERE"):
        assert (
            bureau.refused(house.hr, "staff.save", enterprise=enterprise, employee="E9", **values)
            == "E-NOT-FOUND"
        )
    assert bureau.refused(house.manager, "staff.save", enterprise="OTHER", employee="E9", **values)
    assert len(bureau.rows(house.manager, "enterprises")) == 2
    again = {"enterprise": "ACME", "name": "Twice", "contact": "x", "issuer": HOME["issuer"]}
    assert bureau.refused(bureau.person("issuer_manager"), "staff.save", enterprise="ACME",
                          employee="E9", **values) == "E-NOT-YOUR-ROLE"  # fmt: skip
    bureau.done(house.manager, "enterprise.save", **again)


def test_an_employee_is_added_edited_and_leaves(house: House) -> None:
    """S2-21."""
    bureau = house.bureau
    values: dict[str, Any] = {"enterprise": "ACME", "employee": "E1"}
    bureau.done(house.hr, "department.save", enterprise="ACME", department="Sales", may_goods=True)
    told = bureau.do(house.hr, "staff.save", **values, name="王小明", department="Sales")
    assert isinstance(told, Refused)
    assert told.field == "phone"
    person = {"name": "王小明", "phone": "13812345678", "department": "Sales", "grade": "M3"}
    bureau.done(house.hr, "staff.save", **values, **person)
    row = house.staff()["E1"]
    assert (row["name"], row["phone"], row["employee_state"]) == ("王*", "138****5678", "working")
    assert (row["may_goods"], row["may_services"]) == (True, False)
    other = {"enterprise": "ACME", "employee": "E2", **person}
    assert bureau.refused(house.hr, "staff.save", **other) == "E-ID"
    bureau.done(house.hr, "staff.save", **values, employee_state="left")
    row = house.staff()["E1"]
    assert (row["employee_state"], row["grade"]) == ("left", "M3")


def test_a_file_of_employees_is_taken_whole_or_names_each_fault(house: House) -> None:
    """S2-21."""
    bureau = house.bureau
    asked = {"enterprise": "ACME", "file": house.sent(FAULTY)}
    told = bureau.do(house.hr, "staff.import", **asked)
    assert isinstance(told, Refused)
    for fault in (
        "line 4, phone: not 11 digits", "line 5, employee number: twice", "line 6, employee number",
    ):  # fmt: skip
        assert fault.replace(" number", "") in told.en, told.en
    assert "第 4 行, 手机" in told.zh
    assert house.staff() == {}
    looked = bureau.done(house.hr, "staff.import", **asked, good_alone=True, _is_dry_run=True)
    assert (looked.told["employees"], looked.told["left_out"]) == (2, 3)
    assert [one["zh"].partition(",")[0] for one in looked.told["faults"]] == [
        "第 4 行", "第 5 行", "第 6 行",
    ]  # fmt: skip
    bureau.done(house.hr, "staff.import", **asked, good_alone=True)
    bureau.do_jobs()
    assert house.staff().keys() == {"E1", "E2"}
    assert {row["department"] for row in bureau.rows(house.hr, "departments")} == {
        "Sales", "Office",
    }  # fmt: skip


def test_the_same_file_again_says_the_same_and_another_says_what_changed(house: House) -> None:
    bureau = house.bureau
    for content in (GOOD, GOOD):
        bureau.done(house.hr, "staff.import", enterprise="ACME", file=house.sent(content))
        bureau.do_jobs()
    before = house.staff()
    assert len(before) == 2
    exchanged = HEADS.replace("grade", "grade,employee_state") + (
        "E1,王小明,13800000002,Office,M4,\nE2,Li,13800000001,Office,M1,离职\n"
    )
    bureau.done(house.hr, "staff.import", enterprise="ACME", file=house.sent(exchanged))
    bureau.do_jobs()
    after = house.staff()
    assert after["E1"]["phone"] == before["E2"]["phone"]
    assert (after["E1"]["grade"], after["E2"]["employee_state"]) == ("M4", "left")
    taken = HEADS + "E7,New,13800000001,Sales,\n"
    told = bureau.do(house.hr, "staff.import", enterprise="ACME", file=house.sent(taken))
    assert isinstance(told, Refused)
    assert "line 2, phone: it is that of employee E2" in told.en


def test_a_file_that_another_sent_is_not_there(house: House) -> None:
    other = house.enterprise("OTHER")
    file = house.sent(GOOD, other)
    asked = {"enterprise": "ACME", "file": file}
    assert house.bureau.refused(house.hr, "staff.import", **asked) == "E-NOT-FOUND"
    done = house.bureau.do(other, "staff.import", enterprise="OTHER", file=file)
    assert isinstance(done, Done)
