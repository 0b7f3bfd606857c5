"""A member draws in a lottery: a job of one step, which asks the poster as a till does.

Whoever asks again by the same form has the same draw. What was drawn stands in the list of the
lottery by a key that says nobody's number: the list is everybody's.
"""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from host.hsm.interface import Hsm
from host.model.lottery import LotteryState
from host.model.money import Money
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind
from host.model.responses import Reason
from host.model.secrets import Secret
from host.office.action import Acting, Action, Result
from host.office.fields import Number, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.lottery_refusals import DRAWN_ENOUGH, NOT_DRAWN
from host.office.people import Grant
from host.office.records import DONE, write_line
from host.office.refusals import SHORT, Refusal
from host.office.roles import MB
from host.office.rows.programmes import Code
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.stock import gifts
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "lotteries.sql")
DRAW: Final = "lottery.draw"
DRAWER_USE: Final = "draws"
DRAWER_CHARACTERS: Final = 16
Cost = Annotated[int, Meta(ge=1, le=1_000_000_000)]
WHY_NOT: Final[Mapping[Reason, Refusal]] = {
    Reason.LOTTERY_NOT_OPEN: Refusal(NOT_DRAWN),
    Reason.FREQUENCY_LIMIT: Refusal(DRAWN_ENOUGH),
    Reason.INSUFFICIENT_FUNDS: Refusal(SHORT),
}


class LotteryDraw(Values, frozen=True, kw_only=True):
    """In which lottery, with the points of which card, for what it was said to cost."""

    card: Number
    lottery: Code
    cost_points: Cost


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job of a draw is left with."""

    card: int
    drawer: str
    lottery: str
    cost: Money
    login: str
    grant: Grant
    approval: int | None = None


def post_draw(at_work: AtWork) -> int:
    """Ask the poster to draw: the one step of the job."""
    plan, job = msgspec.convert(at_work.job.plan, Plan), at_work.job
    answer = at_work.ask(
        OwnRequest(
            kind=Kind.LOTTERY_DRAW,
            key=OwnKey(Origin.MEMBER, plan.drawer, job.action, f"job-{job.id}"),
            card=gifts.card_at(at_work.connection, plan.card),
            amount=plan.cost,
            lottery=plan.lottery,
        )
    )
    line = at_work.line(plan)
    if not answer.is_approved:
        refusal = WHY_NOT.get(answer.reason)
        raise JobRefusedError(refusal or refusal_of(gifts.refusal_of(answer.reason)), line)
    drawn = answer.besides.draw if answer.besides is not None else None
    assert drawn is not None, "an approval of a draw says what was drawn"
    line.after = {"lottery": plan.lottery, "draw": drawn.draw, "won": drawn.text}
    write_line(at_work.connection, line, DONE)
    return job.total


def _draw(acting: Acting, values: LotteryDraw) -> Result:
    card = gifts.card_of_somebody(acting.connection, values.card)
    row = acting.connection.execute(SQL["to_draw"], (values.lottery,)).fetchone()
    if row is None or row[0] != LotteryState.OPEN:
        raise Refusal(NOT_DRAWN, field="lottery")
    plan = Plan(
        card=card.id,
        drawer=_drawer(acting.hsm, card.member),
        lottery=values.lottery,
        cost=Money(values.cost_points, row[1]),
        login=acting.who.login,
        grant=acting.grant,
        approval=acting.approval,
    )
    return Result(told={"job": begin_job(acting, DRAW, acting.subject, total=1, plan=plan)})


def _drawer(hsm: Hsm, member: int) -> str:
    """A member in the keys of their draws: the same in each, and nobody's number."""
    return hsm.hash_secret(Secret(b"%d" % member), DRAWER_USE).hex()[:DRAWER_CHARACTERS]


LOTTERY_DRAW: Final = Action(
    id=DRAW,
    en="Draw in a lottery",
    zh="抽奖",
    values=LotteryDraw,
    roles=frozenset({MB}),
    do=_draw,
    about=lambda values: Ref("card", str(values.card)),
)
