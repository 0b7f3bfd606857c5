"""A rule tried on a day that is over, before it is put into force.

A job holds the day against the draft, by the login that writes nothing, and keeps with the draft
what would have been another answer. What is told is of the rule's own set: a merchant's rule tells
of that merchant's sales, an issuer's of that issuer's cards.
"""

import datetime as dt
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from psycopg.types.json import Jsonb

from host.model.money import Money
from host.model.numbers import business_date_of, number_of_rrn, rrn_of
from host.office.action import Acting, Action, Result
from host.office.fields import Number, Rrn, Values
from host.office.jobs import AtWork, JobRefusedError, NotKnownError, begin_job
from host.office.people import Grant
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, STATE, Refusal
from host.office.rows.programmes import business_date
from host.office.rows.rules import ROLES, SQL
from host.office.subjects import Ref
from host.rules.replaying import Change, Past, Replayed, Sum
from host.store.book import read_estate
from host.store.replaying import replay

DRY_RUN: Final = "rule.dry_run"
RRNS_MAX: Final = 100


class RuleDryRun(Values, frozen=True, kw_only=True):
    """A draft held against a business date, or against the one of these transactions."""

    house_rule: Number
    date: dt.date | None = None
    rrns: Annotated[tuple[Rrn, ...], Meta(max_length=RRNS_MAX)] = ()
    """Told one by one, whether their answers change or not."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    rule: int
    version: int
    made_at: str
    """When the draft was written: another is not tried by this."""
    day: dt.date
    numbers: tuple[int, ...]
    issuer: int | None
    merchant: int | None
    alliance: int | None
    login: str
    grant: Grant
    approval: int | None = None

    def is_told(self, past: Past) -> bool:
        """Whether a message is of the rule's own set."""
        if self.issuer is not None:
            return past.issuer == self.issuer
        if self.alliance is not None:
            return self.alliance in past.circles
        return self.merchant is None or past.facts.merchants == self.merchant


def try_day(at_work: AtWork) -> int:
    """Hold the day against it, and keep what came of it: the one step of the job."""
    plan = msgspec.convert(at_work.job.plan, Plan)
    if at_work.looks is None:
        raise NotKnownError
    with at_work.looks() as reader:
        tried = replay(
            reader,
            read_estate(reader),
            plan.day,
            (plan.rule,),
            is_told=plan.is_told,
            named=plan.numbers,
        )
    told, line = _told(tried.result, plan.rule), at_work.line(plan)
    kept = {**msgspec.structs.asdict(plan), "tried": Jsonb(told)}
    if at_work.connection.execute(SQL["keep_tried"], kept).rowcount == 0:
        raise JobRefusedError(Refusal(STATE, state="changed"), line)
    line.after = {"tried_on": str(plan.day), "tried": told}
    write_line(at_work.connection, line, DONE)
    return at_work.job.total


def _told(result: Replayed, rule: int) -> dict[str, Any]:
    of_rule = result.by_rule.get(rule, Sum())
    return {
        "asked": result.asked,
        "changed": result.changed,
        "refuses": of_rule.times,
        "lets_pass": of_rule.was_times,
        "largest": [_change(one) for one in sorted(result.largest, reverse=True)],
        "named": [_change(one) for one in result.named],
    }


def _change(one: Change) -> dict[str, Any]:
    amount = str(Money(one.amount, one.unit))
    return {"rrn": rrn_of(one.number), "amount": amount, "was": one.was, "would_be": one.would_be}


def _dry_run(acting: Acting, values: RuleDryRun) -> Result:
    content = acting.subject.content
    if content["state"] != "draft":
        raise Refusal(STATE, state=content["state"])
    day, numbers = _asked(acting, values)
    if acting.connection.execute(SQL["is_a_date"], {"day": day}).fetchone() != (True,):
        raise Refusal(FIELD, field="date", problem="there was no such business date")
    plan = Plan(
        rule=content["id"],
        version=content["version"],
        made_at=content["made_at"],
        day=day,
        numbers=numbers,
        issuer=content["issuer_id"],
        merchant=content["merchant_id"],
        alliance=content["alliance_id"],
        login=acting.who.login,
        grant=acting.grant,
    )
    return Result(told={"job": begin_job(acting, DRY_RUN, acting.subject, total=1, plan=plan)})


def _asked(acting: Acting, values: RuleDryRun) -> tuple[dt.date, tuple[int, ...]]:
    """The day, and what is to be told of it one by one."""
    today = values.date or business_date(acting)
    found = [number_of_rrn(one, today) for one in values.rrns]
    numbers = tuple(number for number in found if number is not None)
    days = {business_date_of(number) for number in numbers}
    if values.date is not None:
        days.add(values.date)
    if len(numbers) < len(found) or len(days) > 1:
        raise Refusal(FIELD, field="rrns", problem="they are not of one business date")
    if not days:
        raise Refusal(FIELD, field="date", problem="name a business date, or RRNs of one")
    return days.pop(), numbers


RULE_DRY_RUN: Final = Action(
    id=DRY_RUN,
    en="Try a rule on a day that was",
    zh="试算",
    values=RuleDryRun,
    roles=ROLES,
    do=_dry_run,
    about=lambda values: Ref("rule", str(values.house_rule)),
    begins=("draft",),
)
