"""Actions about card batches: made, opened, stopped, voided."""

import datetime as dt
from typing import Any, Final

import msgspec

from host.model.secrets import Secret
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import (
    Login,
    Money,
    Name,
    Note,
    Number,
    Text,
    Values,
)
from host.office.grants import find_at_work
from host.office.jobs import AtWork, begin_job
from host.office.refusals import FIELD, STATE, Refusal
from host.office.roles import BM, BO, IM, PA, RK
from host.office.rows.card_ends import begin_write_back
from host.office.rows.stock import by_whom
from host.office.subjects import Ref, find
from host.rules.batch_states import BATCH_STATES
from host.rules.states import begins_at
from host.stock import batches, ends, making
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "stock.sql")
MAKERS: Final = frozenset({BM, IM})
CREATE: Final = "card_batch.create"


class BatchCreate(Values, frozen=True, kw_only=True):
    """Cards under a product's newest version; made by a job, or at once where chosen."""

    product: Number
    name: Name
    cards: Number
    responsible: Login
    vendor: Number | None = None
    face_minor: Money | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    numbers: Secret | None = None
    """Chosen ones, one a line; in one line with commas or blanks between them."""
    note: Text = ""


class BatchAdd(Values, frozen=True, kw_only=True):
    """More cards: a part that is opened by itself."""

    batch: str
    cards: Number


class BatchEdit(Values, frozen=True, kw_only=True):
    """What may still be changed."""

    batch: str
    name: Name | None = None
    responsible: Login | None = None
    vendor: Number | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    note: Text | None = None


class BatchOpen(Values, frozen=True, kw_only=True):
    """One part, or all that wait."""

    batch: str
    part: Number | None = None
    note: Text = ""


class BatchStop(Values, frozen=True, kw_only=True):
    """Why."""

    batch: str
    note: Note


def make_cards(at_work: AtWork) -> int:
    """The next cards of a part: the step of the job that makes a batch."""
    part = at_work.job.plan["part"]
    return making.make_step(at_work.connection, at_work.hsm, part)


def _create(acting: Acting, values: BatchCreate) -> Result:
    find_at_work(acting, values.responsible)
    if values.vendor is not None:
        acting.find("vendor", values.vendor)
    told = msgspec.structs.asdict(values)
    numbers = told.pop("numbers")
    new = batches.NewBatch(**told)
    if numbers is not None:
        return _create_chosen(acting, new, numbers)
    made = batches.create_batch(acting.connection, new, by_whom(acting))
    return Result(key=made.code, told=begin_making(acting, made.code, made.part, new.cards))


def _create_chosen(acting: Acting, new: batches.NewBatch, numbers: Secret) -> Result:
    text = numbers.reveal().decode("ascii", "replace")
    lines = text.splitlines() if "\n" in text else text.replace(",", " ").split()
    pans = batches.chosen_numbers(acting.connection, acting.hsm, new.product, lines)
    if len(pans) != new.cards:
        raise Refusal(FIELD, field="cards", problem=f"there are {len(pans)} numbers")
    made = batches.create_batch(acting.connection, new, by_whom(acting), is_chosen=True)
    batches.make_chosen(acting.connection, acting.hsm, made.part, pans)
    return Result(key=made.code, told={"part": _number(acting, made.part)})


def begin_making(acting: Acting, code: str, part: int, cards: int) -> dict[str, Any]:
    """The job that makes a part's cards."""
    batch = find(acting.connection, Ref("card_batch", code))
    assert batch is not None, "it was made just now"
    job = begin_job(acting, CREATE, batch, total=cards, plan={"part": part})
    return {"part": _number(acting, part), "job": job}


def _number(acting: Acting, part: int) -> int:
    """Of a part, within its batch: as people name it."""
    row = acting.connection.execute(SQL["number_of_part"], {"part": part}).fetchone()
    assert row is not None, "it was made just now"
    number: int = row[0]
    return number


def _add(acting: Acting, values: BatchAdd) -> Result:
    part = batches.add_part(acting.connection, _batch(acting), values.cards, by_whom(acting))
    made = begin_making(acting, values.batch, part, values.cards)
    return Result(told=made, beside={"part": made["part"], "cards": values.cards})


def _edit(acting: Acting, values: BatchEdit) -> Result:
    if values.responsible is not None:
        find_at_work(acting, values.responsible)
    if values.vendor is not None:
        acting.find("vendor", values.vendor)
    told = msgspec.structs.asdict(values)
    told["vendor_id"] = told.pop("vendor")
    del told["batch"]
    batches.edit_batch(acting.connection, _batch(acting), batches.Changes(**told))
    return OK


def open_waiting(acting: Acting, values: BatchOpen) -> Result:
    """The part that is named, or all that wait."""
    told = {"batch": _batch(acting), "number": values.part}
    rows = acting.connection.execute(SQL["waiting_parts"], told).fetchall()
    if not rows:
        raise Refusal(STATE, state=acting.subject.content["state"])
    parts, numbers = zip(*rows, strict=True)
    batches.open_batch(acting.connection, _batch(acting), parts, by_whom(acting))
    opened = list(numbers)
    return Result(told={"opened_parts": opened}, beside={"opened_parts": opened})


def _suspend(acting: Acting, _values: BatchStop) -> Result:
    batches.suspend_batch(acting.connection, _batch(acting), by_whom(acting))
    return OK


def _resume(acting: Acting, _values: BatchStop) -> Result:
    batches.resume_batch(acting.connection, _batch(acting))
    return OK


def _void(acting: Acting, _values: BatchStop) -> Result:
    batch = _batch(acting)
    ends.check_nothing_is_held(acting.connection, batch)
    is_given_up = nobody_is_at_it(acting)
    batches.void_batch(acting.connection, batch, by_whom(acting), is_given_up=is_given_up)
    return begin_write_back(acting, batch)


def nobody_is_at_it(acting: Acting) -> bool:
    """No job makes cards of it: one that is not whole is given up."""
    is_at_work = acting.connection.execute(SQL["is_at_work"], acting.subject.ref).fetchone()
    return is_at_work == (False,)


def _foretold_void(acting: Acting, _values: BatchStop) -> dict[str, Any]:
    """How many cards in each state, and where what they have goes, by unit."""
    told = ends.foretold_void(acting.connection, _batch(acting))
    not_back = {
        "replaced": [_value(each) for each in told.goes_on],
        "debt": [_value(each) for each in told.owed],
    }
    return {
        "cards_by_state": told.cards,
        "written_back": [_value(each) for each in told.written_back],
        "not_written_back": {why: values for why, values in not_back.items() if values},
    }


def _value(value: ends.Value) -> dict[str, Any]:
    amount = value.amount
    return {"cards": value.cards, "unit": amount.unit, "amount": amount.figures}


def _batch(acting: Acting) -> int:
    number = acting.subject.id
    assert isinstance(number, int), "batches are numbered"
    return number


def is_risks(acting: Acting, _values: object = None) -> bool:
    """What risk has stopped is let go by risk, too."""
    told = {"login": acting.subject.content["suspended_by"]}
    row = acting.connection.execute(SQL["stopped_by_risk"], told).fetchone()
    return row == (True,)


def _of_batch(values: BatchAdd | BatchEdit | BatchOpen | BatchStop) -> Ref:
    return Ref("card_batch", values.batch)


BATCH_CREATE: Final = Action(
    id=CREATE,
    en="Make a card batch",
    zh="创建卡批次",
    values=BatchCreate,
    roles=MAKERS,
    do=_create,
    about=lambda _values: Ref("card_batch", ""),
    within=lambda values: Ref("product", str(values.product)),
)
BATCH_ADD: Final = Action(
    id="card_batch.add",
    en="Add cards to a batch",
    zh="添加礼品卡",
    values=BatchAdd,
    roles=MAKERS,
    do=_add,
    about=_of_batch,
    begins=tuple(sorted(batches.GROWING)),
)
BATCH_EDIT: Final = Action(
    id="card_batch.edit",
    en="Edit a card batch",
    zh="修改批次",
    values=BatchEdit,
    roles=MAKERS,
    do=_edit,
    about=_of_batch,
    begins=tuple(sorted(batches.EDITABLE | batches.GROWING)),
    second=Second.WHEN,
    second_when=lambda _acting, values: values.responsible is not None,
)
BATCH_OPEN: Final = Action(
    id="card_batch.open",
    en="Open a card batch",
    zh="开启",
    values=BatchOpen,
    roles=frozenset({BO}),
    do=open_waiting,
    about=_of_batch,
    begins=begins_at(BATCH_STATES, "card_batch.open"),
    second=Second.ITSELF,
    step=Step.OWN,
)
BATCH_SUSPEND: Final = Action(
    id="card_batch.suspend",
    en="Suspend a card batch",
    zh="紧急暂停",
    values=BatchStop,
    roles=frozenset({BO, IM, RK}),
    do=_suspend,
    about=_of_batch,
    begins=begins_at(BATCH_STATES, "card_batch.suspend"),
)
BATCH_RESUME: Final = Action(
    id="card_batch.resume",
    en="Resume a card batch",
    zh="恢复",
    values=BatchStop,
    roles=frozenset({BO}),
    do=_resume,
    about=_of_batch,
    begins=begins_at(BATCH_STATES, "card_batch.resume"),
    second=Second.WHEN,
    second_when=is_risks,
    approvers=frozenset({RK}),
    step=Step.OWN,
)
BATCH_VOID: Final = Action(
    id="card_batch.void",
    en="Void a card batch",
    zh="废弃批次",
    values=BatchStop,
    roles=frozenset({BO}),
    do=_void,
    about=_of_batch,
    begins=begins_at(BATCH_STATES, "card_batch.void", "give up"),
    second=Second.ALWAYS,
    approvers=frozenset({IM, PA}),
    step=Step.OWN,
    foretold=_foretold_void,
)
