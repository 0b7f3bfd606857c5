"""Whether the ledger is as it was sealed and signed: asked at the office, found out by a job.

The job reads as the login that writes nothing, exports what was posted and changed on the dates,
and holds that against the public keys; what is wrong is told by the first row that is.
"""

import datetime as dt
from typing import Final

import msgspec

from host.office.action import Acting, Action, Result
from host.office.fields import Values
from host.office.jobs import AtWork, JobRefusedError, NotKnownError, begin_job
from host.office.people import Grant
from host.office.proofs import BadRowError, NothingSignedError
from host.office.records import DONE, write_line
from host.office.refusals import BAD_ROW, FIELD, Refusal
from host.office.roles import AU, FN, PA
from host.office.subjects import THE_PLATFORM

VERIFY: Final = "ledger.verify"


class LedgerVerify(Values, frozen=True, kw_only=True):
    """From a business date to another; without them all that is signed."""

    since: dt.date | None = None
    until: dt.date | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    since: dt.date | None
    until: dt.date | None
    login: str
    grant: Grant
    approval: int | None = None


def prove(at_work: AtWork) -> int:
    """Look at all of it: the one step of the job."""
    plan = msgspec.convert(at_work.job.plan, Plan)
    if at_work.proves is None:
        raise NotKnownError
    line = at_work.line(plan)
    try:
        proof = at_work.proves(plan.since, plan.until)
    except BadRowError as error:
        refusal = Refusal(BAD_ROW, line=error.line, what=error.what)
        raise JobRefusedError(refusal, line) from error
    except NothingSignedError as error:
        problem = "no checkpoint was signed since then"
        raise JobRefusedError(Refusal(FIELD, field="since", problem=problem), line) from error
    line.after = msgspec.structs.asdict(proof)
    write_line(at_work.connection, line, DONE)
    return at_work.job.total


def _verify(acting: Acting, values: LedgerVerify) -> Result:
    if values.since is not None and values.until is not None and values.until < values.since:
        raise Refusal(FIELD, field="until", problem="it ends before it begins")
    plan = Plan(since=values.since, until=values.until, login=acting.who.login, grant=acting.grant)
    return Result(told={"job": begin_job(acting, VERIFY, acting.subject, total=1, plan=plan)})


LEDGER_VERIFY: Final = Action(
    id=VERIFY,
    en="Verify the ledger against its seals and signatures",
    zh="校验存证",
    values=LedgerVerify,
    roles=frozenset({AU, PA, FN}),
    do=_verify,
    about=lambda _values: THE_PLATFORM,
)
