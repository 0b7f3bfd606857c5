"""A member puts value onto a card of theirs: by the code of a paper voucher, once."""

from typing import Final

import msgspec

from host.model.origins import Origin
from host.model.own import CardAt, OwnKey, OwnRequest
from host.model.requests import Kind
from host.model.secrets import Secret
from host.office.action import Acting, Action, Result
from host.office.fields import Number, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.records import DONE, write_line
from host.office.roles import MB
from host.office.rows.voucher_use import counted
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.stock import gifts, vouchers

LOAD_CODE: Final = "load.code"


class LoadCode(Values, frozen=True, kw_only=True):
    """Onto which card, and the code as it is scanned or typed."""

    card: Number
    voucher_code: Secret


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job of a load is left with."""

    card: int
    member: int
    voucher: CardAt
    login: str
    grant: Grant
    approval: int | None = None


def post_code(at_work: AtWork) -> int:
    """Ask the poster to put a voucher onto a card: the one step of the job."""
    plan, job = msgspec.convert(at_work.job.plan, Plan), at_work.job
    own = OwnRequest(
        kind=Kind.LOAD_BY_CODE,
        key=OwnKey(Origin.MEMBER, str(plan.member), job.action, f"job-{job.id}"),
        card=gifts.card_at(at_work.connection, plan.card),
        voucher=plan.voucher,
    )
    answer, line = at_work.ask(own), at_work.line(plan)
    if not answer.is_approved:
        raise JobRefusedError(refusal_of(vouchers.load_refusal_of(answer.reason)), line)
    told = answer.besides.voucher if answer.besides is not None else None
    assert told is not None, "what a load is told"
    line.after = {"voucher": told.code, "taken": told.taken, "unit": told.unit, "rrn": answer.rrn}
    write_line(at_work.connection, line, DONE)
    return job.total


def _load_code(acting: Acting, values: LoadCode) -> Result:
    content = acting.subject.content
    found = counted(acting, vouchers.voucher_of_code, values.voucher_code)
    vouchers.refuse_load(found, content["member_id"], content["issuer_id"])
    plan = Plan(
        card=values.card,
        member=content["member_id"],
        voucher=found.at,
        login=acting.who.login,
        grant=acting.grant,
        approval=acting.approval,
    )
    job = begin_job(acting, LOAD_CODE, acting.subject, total=1, plan=plan)
    beside = {"voucher": found.masked}
    told = {"job": job, **beside, "name": found.name, "face_minor": found.face_minor}
    return Result(told={**told, "unit": found.currency}, beside=beside)


LOAD_BY_CODE: Final = Action(
    id=LOAD_CODE,
    en="Put a voucher onto a card",
    zh="兑换码充值",
    values=LoadCode,
    roles=frozenset({MB}),
    do=_load_code,
    about=lambda values: Ref("card", str(values.card)),
)
