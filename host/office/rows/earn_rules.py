"""Earn rules of a programme, as people write them: dated rows, of which the latest stands.

A rule that has begun stays as it was on the days before: what is said of it later is another row.
It ends by its last day. Who writes one is asked about the programme, and by two people.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Count, MerchantId, Money, Name, Number, ProductCode, Text, Values
from host.office.places import Scope
from host.office.refusals import FIELD, Refusal
from host.office.roles import AL, AU, FN, IM, PA, PO
from host.office.rows.programmes import Code, business_date, tell_of_programme
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "programmes.sql")
Fraction = Annotated[str, Meta(pattern=r"^[0-9]{1,4}(/[1-9][0-9]{0,3})?$")]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3])[0-5][0-9]$")]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Rank = Annotated[int, Meta(ge=0, le=999)]


class EarnRuleSave(Values, frozen=True, kw_only=True):
    """What it does not name is any; said again from a later day on, it is another from then."""

    programme: Code
    rule: ProductCode
    name: Name
    since: dt.date | None = None
    until: dt.date | None = None
    priority: Rank = 100
    """The least is asked first, and the first that applies decides."""
    merchants: tuple[MerchantId, ...] = ()
    stores: tuple[Number, ...] = ()
    categories: tuple[Text, ...] = ()
    goods: tuple[Text, ...] = ()
    products: tuple[Number, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    time_from: Clock | None = None
    time_until: Clock | None = None
    amount_min_minor: Count = 0
    amount_max_minor: Money | None = None
    times: Fraction = "1"
    """What all sales earn, so many times: 2, or 3/2."""
    bonus: Count = 0
    points_max: Count | None = None
    """Of one sale."""
    points_max_day: Count | None = None
    """Of a card on one business date."""
    points_max_month: Count | None = None


def _save(acting: Acting, values: EarnRuleSave) -> Result:
    today = business_date(acting)
    since = values.since or today
    if since < today:
        raise Refusal(FIELD, field="since", problem="it begins today at the earliest")
    about = acting.subject.content
    of = {"issuer": about["issuer_id"], "alliance": about["alliance_id"]}
    times, _, per = values.times.partition("/")
    told = {
        **msgspec.structs.asdict(values),
        "since": since,
        "time_from": values.time_from or "",
        "time_until": values.time_until or "",
        "times": int(times),
        "per": int(per or 1),
        "merchants": _numbers(acting, "merchants", values.merchants, of),
        "stores": _numbers(acting, "stores", values.stores, of),
        "products": _numbers(acting, "products", values.products, of),
    }
    acting.connection.execute(SQL["save_earn_rule"], _lists(told))
    tell_of_programme(acting, about["issuer_id"], about["alliance_id"])
    return Result(beside={"earn_rule": f"{values.rule} {since}", "times": values.times})


def _numbers(acting: Acting, field: str, named: Sequence[Any], of: dict[str, Any]) -> Sequence[int]:
    """The house's own numbers of merchants, stores and products that the programme's issuers know.

    Raises:
        Refusal: one is none of theirs.
    """
    if not named:
        return []
    told = {**of, "named": [str(one) for one in named]}
    found = dict(acting.connection.execute(SQL[f"{field}_of_programme"], told).fetchall())
    for one in named:
        if str(one) not in found:
            raise Refusal(FIELD, field=field, problem=f"there is none that is called {one}")
    return list(found.values())


def _lists(told: dict[str, Any]) -> dict[str, Any]:
    return {name: list(one) if isinstance(one, tuple) else one for name, one in told.items()}


SAVE: Final = Action(
    id="earn_rule.save",
    en="Say what earns more, or less",
    zh="累积规则",
    values=EarnRuleSave,
    roles=frozenset({PA, IM, AL}),
    do=_save,
    about=lambda values: Ref("programme", values.programme),
    second=Second.ALWAYS,
    step=Step.NO,
    approvers=frozenset({PA, IM, AL}),
)
RULES: Final = View(
    id="earn_rules",
    en="Earn rules",
    zh="累积规则",
    roles=frozenset({PA, PO, AU, FN, IM, AL}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.ALLIANCE}),
    columns=(
        Column(name="programme", opens="programmes"),
        Column(name="rule"),
        Column(name="name"),
        Column(name="since", kind=dt.date),
        Column(name="until", kind=dt.date),
        Column(name="priority", kind=int),
        Column(name="times"),
        Column(name="bonus", kind=int),
        Column(name="points_max", kind=int),
        Column(name="points_max_day", kind=int),
        Column(name="points_max_month", kind=int),
        Column(name="amount_min_minor", kind=int),
        Column(name="amount_max_minor", kind=int),
        Column(name="merchants", kind=list),
        Column(name="stores", kind=list),
        Column(name="categories", kind=list),
        Column(name="goods", kind=list),
        Column(name="products", kind=list),
        Column(name="weekdays", kind=list),
        Column(name="time_from"),
        Column(name="time_until"),
    ),
    order=("programme", "rule", "since"),
    filters=(Filter(name="programme", column="programme"), Filter(name="rule", column="rule")),
    few=frozenset({Scope.ISSUER, Scope.ALLIANCE}),
    actions=("earn_rule.save",),
    exports="C",
)
