"""Who works at an enterprise: one by one, and by a file."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from host.office import files
from host.office.action import Acting, Action, Result
from host.office.fields import Name, Note, Number, Phone, Values
from host.office.jobs import AtWork, begin_job
from host.office.phones import mask_phone
from host.office.places import Scope
from host.office.reading import Fault, refuse_faults
from host.office.refusals import FIELD, Refusal
from host.office.roles import HR
from host.office.rows.enterprises import SQL, Code
from host.office.rows.intake import FILE, sent_content
from host.office.staff_in import look_at_staff, take_staff
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.stock.batches import By
from host.stock.lives import member_of

IMPORT: Final = "staff.import"
FAULTS_SHOWN_MAX: Final = 200
"""Of the rows that are left out, those that are named."""
Employee = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{1,32}$")]
Grade = Annotated[str, Meta(max_length=40)]


class StaffSave(Values, frozen=True, kw_only=True):
    """Somebody new needs name, phone and department; of who is there what is said is another."""

    enterprise: Code
    employee: Employee
    name: Name | None = None
    phone: Phone | None = None
    department: Name | None = None
    grade: Grade | None = None
    employee_state: Literal["working", "left"] = "working"


class StaffImport(Values, frozen=True, kw_only=True):
    """Employees out of a file, by number: all of its rows or none, or the good ones alone."""

    enterprise: Code
    file: Number
    good_alone: bool = False
    note: Note = "staff list"


def _save(acting: Acting, values: StaffSave) -> Result:
    was = acting.about.content if acting.about is not None else {}
    told: dict[str, Any] = {
        "enterprise": acting.find("enterprise", values.enterprise).id,
        "code": values.employee,
        "state": values.employee_state,
        "by": acting.who.login,
        "now": acting.now,
    }
    for name in ("name", "department", "grade"):
        said = getattr(values, name)
        told[name] = was.get(name) if said is None else said
    told["grade"] = told["grade"] or ""
    told["member"], told["masked"] = was.get("member_id"), was.get("phone_masked")
    if values.phone is not None:
        by = By(acting.who.login, acting.now)
        told["member"] = member_of(acting.connection, acting.hsm, values.phone, by)
        told["masked"] = mask_phone(values.phone)
    for name, said in (("name", told["name"]), ("phone", told["member"])):
        if said is None:
            raise Refusal(FIELD, field=name, problem="a new employee needs it")
    _find_department(acting, values, told["department"])
    if acting.about is None:
        acting.connection.execute(SQL["save_employee"], told)
    else:
        acting.connection.execute(SQL["edit_employee"], {**told, "id": acting.about.id})
    return Result(key=_key_of(values))


def _find_department(acting: Acting, values: StaffSave, department: str | None) -> None:
    if department is None:
        raise Refusal(FIELD, field="department", problem="a new employee needs it")
    acting.find("department", f"{values.enterprise}/{department}")


def _key_of(values: StaffSave) -> str:
    return f"{values.enterprise}/{values.employee}"


def _import(acting: Acting, values: StaffImport) -> Result:
    enterprise = int(acting.subject.id)
    content = sent_content(acting, values.file)
    looked = look_at_staff(acting.connection, acting.hsm, enterprise, content)
    if not values.good_alone or not looked.good:
        refuse_faults(looked.faults)
    left_out = len({one.line for one in looked.faults})
    plan = {"file": values.file, "enterprise": enterprise, "by": acting.who.login}
    job = begin_job(acting, IMPORT, acting.subject, total=len(looked.good), plan=plan)
    told = {"employees": len(looked.good), "left_out": left_out, "job": job}
    return Result(told=told | _told_of(looked.faults), beside=told)


def _told_of(faults: list[Fault]) -> dict[str, Any]:
    """The lines that are left out, each by line and column."""
    told = [one.said._asdict() for one in faults[:FAULTS_SHOWN_MAX]]
    return {"faults": told} if faults else {}


def take_file_of_staff(at_work: AtWork) -> int:
    """All good rows of a file in one transaction: the step of the job that takes them."""
    plan: dict[str, Any] = at_work.job.plan
    content = files.content_of(at_work.connection, at_work.hsm, plan["file"])
    told = (at_work.connection, at_work.hsm, plan["enterprise"])
    looked = look_at_staff(*told, content)
    take_staff(*told, looked.good, By(plan["by"], at_work.now))
    files.end_file(at_work.connection, plan["file"])
    return at_work.job.total


SAVE: Final = Action(
    id="staff.save",
    en="Add or edit an employee",
    zh="员工",
    values=StaffSave,
    roles=frozenset({HR}),
    do=_save,
    about=lambda values: Ref("employee", _key_of(values)),
    within=lambda values: Ref("enterprise", values.enterprise),
)
IMPORTS: Final = Action(
    id=IMPORT,
    en="Import employees",
    zh="导入员工",
    values=StaffImport,
    roles=frozenset({HR}),
    do=_import,
    about=lambda values: Ref("enterprise", values.enterprise),
    takes=FILE,
)
STAFF: Final = View(
    id="staff",
    en="Employees",
    zh="员工名单",
    roles=frozenset({HR}),
    scopes=frozenset({Scope.ENTERPRISE}),
    columns=(
        Column(name="enterprise"),
        Column(name="employee"),
        Column(name="name", is_masked=True),
        Column(name="phone", is_masked=True),
        Column(name="department", opens="departments"),
        Column(name="grade"),
        Column(name="employee_state"),
        Column(name="may_goods", kind=bool),
        Column(name="may_services", kind=bool),
    ),
    order=("employee",),
    filters=(
        Filter(name="enterprise", column="enterprise"),
        Filter(name="employee", column="employee", beside="enterprise"),
        Filter(name="department", column="department"),
        Filter(name="grade", column="grade"),
        Filter(name="employee_state", column="employee_state", words=("working", "left")),
    ),
    actions=("staff.save",),
    exports="CX",
)
