"""Jobs as people see them: stopped, and let go on."""

from typing import Final

from host.office.action import OK, Acting, Action, Result
from host.office.fields import Number, Values
from host.office.jobs import SQL, wake
from host.office.refusals import NOT_YOUR_ROLE, PAST, STATE, Refusal
from host.office.roles import PA, ROLES, STAFF
from host.office.subjects import Ref


class JobStop(Values, frozen=True, kw_only=True):
    """Stopped, or let go on where it was."""

    job: Number
    is_stopped: bool = True


def _stop(acting: Acting, values: JobStop) -> Result:
    content = acting.subject.content
    if acting.grant.role != PA and content["asked_by"] != acting.who.person:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[acting.grant.role])
    statement = "stop_job" if values.is_stopped else "resume_job"
    told = {"id": values.job, "now": acting.now}
    if acting.connection.execute(SQL[statement], told).rowcount != 1:
        if values.is_stopped:
            raise Refusal(PAST)
        raise Refusal(STATE, state=content["state"])
    if not values.is_stopped:
        wake(acting.connection)
    return OK


STOP: Final = Action(
    id="job.stop",
    en="Stop a job, or let it go on",
    zh="停止任务",
    values=JobStop,
    roles=STAFF,
    do=_stop,
    about=lambda values: Ref("job", str(values.job)),
)
