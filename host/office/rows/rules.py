"""Writing, activating and retiring the house's own rules; in force from the next message.

A rule is of a set: an issuer's, a merchant's, an alliance's, the platform's, or a pack's, whose
rules are in force for the issuers that have it. It is written as a draft and activated by a second
person; the version that was in force holds until then.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.house_rules.contradictions import contradiction
from host.house_rules.rule import ACCEPTANCE, By, HouseRule, Period, Says
from host.house_rules.sentence import sentence
from host.model.money import HOUSE_CURRENCY, POINTS_PREFIX
from host.model.requests import Kind
from host.office.action import OK, Acting, Action, Result, Second
from host.office.fields import (
    InstitutionId,
    MerchantId,
    Money,
    Name,
    Note,
    Number,
    TerminalId,
    Text,
    Values,
)
from host.office.refusals import FIELD, STATE, Refusal
from host.office.roles import AL, IM, MO, PA, RK
from host.office.rows.programmes import business_date
from host.office.rule_refusals import CONTRADICT, DRY_RUN
from host.office.subjects import THE_PLATFORM, Ref
from host.rules.ruling import aim_of
from host.rules.transactions import TRANSACTIONS
from host.store.estate_versions import Followed
from host.store.locks import RULES_LOCK
from host.store.queries import load_queries
from host.store.rulebook import rule_of
from host.store.usage import RULED

SQL: Final = load_queries("host.office", "rules.sql")
PackCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
AllianceCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
Clock = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3])[0-5][0-9])?$")]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Times = Annotated[int, Meta(ge=1, le=1_000_000)]
Priority = Annotated[int, Meta(ge=-1000, le=1000)]
Words = tuple[Text, ...]
NAMED: Final = ("merchants", "stores", "terminals", "products", "cards", "members")
"""Facets whose values name things, each by the statement of its name."""
LISTS: Final = (*NAMED, "kinds", "categories", "regions", "channels", "goods", "weekdays")
OWNERS: Final = ("issuer_id", "merchant_id", "alliance_id")
FIELDS: Final[Mapping[str, str]] = {"cards": "these_cards"}
"""What a facet is asked by, where its name is that of a number of cards."""
ROLES: Final = frozenset({IM, MO, AL, RK})
NOBODY_YET: Final = "-"
"""Who has agreed, while it is only looked at whether it could be done."""


class RuleSave(Values, frozen=True, kw_only=True):
    """A new rule, or a draft of the next version of one: what is not said stays."""

    house_rule: Number | None = None
    name: Name | None = None
    pack: PackCode | None = None
    """Of whose set it is: a pack's,"""
    issuer: InstitutionId | None = None
    """an issuer's,"""
    merchant: MerchantId | None = None
    """a merchant's,"""
    alliance: AllianceCode | None = None
    """an alliance's, for sales of its partners; the platform's without any."""
    says: Says | None = None
    amount_minor: Money | None = None
    in_points: bool | None = None
    times: Times | None = None
    period: Period | None = None
    counted_by: By | None = None
    priority: Priority | None = None
    kinds: tuple[Kind, ...] | None = None
    products: tuple[Number, ...] | None = None
    these_cards: tuple[Number, ...] | None = None
    members: tuple[Number, ...] | None = None
    merchants: tuple[MerchantId, ...] | None = None
    stores: tuple[Number, ...] | None = None
    terminals: tuple[TerminalId, ...] | None = None
    categories: Words | None = None
    regions: Words | None = None
    channels: Words | None = None
    goods: Words | None = None
    is_registered: bool | None = None
    weekdays: tuple[Weekday, ...] | None = None
    time_from: Clock | None = None
    time_until: Clock | None = None
    valid_to: dt.date | None = None


class RuleActivate(Values, frozen=True, kw_only=True):
    """In force from a business date on."""

    house_rule: Number
    since: dt.date


class RuleRetire(Values, frozen=True, kw_only=True):
    """The first business date on which it is not in force any more."""

    house_rule: Number
    at: dt.date
    note: Note


class PackSwitch(Values, frozen=True, kw_only=True):
    """A pack of rules for an issuer's cards, from a day on, until its last."""

    pack: PackCode
    issuer: InstitutionId
    since: dt.date
    until: dt.date | None = None


def _save(acting: Acting, values: RuleSave) -> Result:
    acting.connection.execute(SQL["hold_rules"], (RULES_LOCK,))
    was = acting.about.content if acting.about is not None else {}
    told = _as_it_was(was) if was else _new(acting, values)
    told |= _said(values)
    told |= {"made_by": acting.who.login, "made_at": acting.now}
    for name in NAMED:
        if (named := getattr(values, FIELDS.get(name, name))) is not None:
            told[name] = _numbers(acting, told, name, named)
    _measure(told, values)
    if was and was["state"] == "draft":
        acting.connection.execute(SQL["drop_draft"], told)
    elif was:
        told["version"] = was["version"] + 1
    acting.connection.execute(SQL["add_version"], told)
    rule = _refuse_contradictions(acting, told)
    said = sentence(rule)
    return Result(
        key=str(told["id"]), told={"version": told["version"], "en": said.en, "zh": said.zh}
    )


def _new(acting: Acting, values: RuleSave) -> dict[str, Any]:
    owners = (values.pack, values.issuer, values.merchant, values.alliance)
    if sum(one is not None for one in owners) > 1:
        raise Refusal(FIELD, field="issuer", problem="a rule is of one set: name one of them")
    for name in ("name", "says"):
        if getattr(values, name) is None:
            raise Refusal(FIELD, field=name, problem="a new rule needs it")
    found = acting.connection.execute(SQL["pack_named"], {"pack": values.pack}).fetchone()
    if values.pack is not None and found is None:
        raise Refusal(FIELD, field="pack", problem="there is no such pack")
    assert acting.within is not None, "a new one is of somebody's set"
    row = acting.connection.execute(SQL["next_rule"]).fetchone()
    assert row is not None, "an aggregate is a row"
    place = acting.within.place
    return {
        "id": row[0],
        "version": 1,
        "pack": values.pack,
        "issuer_id": place.issuer_id,
        "merchant_id": place.merchant_id,
        "alliance_id": place.alliance_id,
        "priority": 0,
        "amount_minor": 0,
        "unit": "",
        "times": 0,
        "period": Period.TRANSACTION,
        "counted_by": By.CARD,
        "is_registered": None,
        "time_from": "",
        "time_until": "",
        "valid_from": None,
        "valid_to": None,
        **{name: [] for name in LISTS},
    }


def _as_it_was(was: Mapping[str, Any]) -> dict[str, Any]:
    return dict(was)


def _said(values: RuleSave) -> dict[str, Any]:
    """What was said, as it is kept."""
    told = msgspec.to_builtins(values)
    given = {name: one for name, one in told.items() if one is not None and name not in NAMED}
    for name in (
        "house_rule",
        "pack",
        "issuer",
        "merchant",
        "alliance",
        "in_points",
        "these_cards",
    ):
        given.pop(name, None)
    for name in given.keys() & set(LISTS):
        given[name] = list(given[name])
    if values.valid_to is not None:
        given["valid_to"] = values.valid_to
    return given


def _measure(told: dict[str, Any], values: RuleSave) -> None:
    """The unit of its amount; what it has no use for is not kept."""
    says = Says(told["says"])
    kinds = {Kind(kind) for kind in told["kinds"]}
    if wrong := kinds - RULED:
        raise Refusal(FIELD, field="kinds", problem=f"no rule is about {min(wrong)}")
    if values.in_points is not None or not told["unit"]:
        told["unit"] = POINTS_PREFIX if values.in_points else HOUSE_CURRENCY
    if says in ACCEPTANCE or says is Says.COUNT_MAX:
        told["amount_minor"], told["unit"] = 0, ""
    elif not told["amount_minor"]:
        raise Refusal(FIELD, field="amount_minor", problem="it needs an amount")
    if says is not Says.COUNT_MAX:
        told["times"] = 0
    elif not told["times"] or told["period"] == Period.TRANSACTION:
        field = "period" if told["times"] else "times"
        raise Refusal(FIELD, field=field, problem="it needs how often, and in which time")
    if says not in {Says.COUNT_MAX, Says.AMOUNT_MAX}:
        told["period"] = Period.TRANSACTION


def _numbers(acting: Acting, told: Mapping[str, Any], name: str, named: Sequence[Any]) -> list[Any]:
    asked = {"named": list(named), **{key: told[key] for key in OWNERS}}
    found = dict(acting.connection.execute(SQL[f"{name}_named"], asked).fetchall())
    missing = [one for one in named if one not in found]
    if missing:
        field = FIELDS.get(name, name)
        raise Refusal(FIELD, field=field, problem=f"there is no {missing[0]} here")
    return [found[one] for one in named]


def _refuse_contradictions(acting: Acting, told: Mapping[str, Any]) -> HouseRule:
    """The rule as it stands now.

    Raises:
        Refusal: it contradicts another of its set that is in force, or is to be.
    """
    rows = acting.connection.execute(SQL["versions_of_set"], told).fetchall()
    rules = [rule_of(row) for row in rows]
    mine = next(one for one in rules if (one.id, one.version) == (told["id"], told["version"]))
    for other in rules:
        if other.id != mine.id and (row := contradiction(mine, other, kinds_about)) is not None:
            raise Refusal(
                CONTRADICT, field="says", rule=other.id, name=other.name, words=row.en,
                words_zh=row.zh,
            )  # fmt: skip
    return mine


def kinds_about(rule: HouseRule) -> frozenset[str]:
    """Kinds that a rule is about."""
    if rule.kinds:
        return rule.kinds
    aims = {kind: aim_of(kind, TRANSACTIONS[kind].use) for kind in RULED if kind in TRANSACTIONS}
    is_balance = rule.says is Says.BALANCE_MAX
    return frozenset(
        kind for kind, aim in aims.items() if (aim.loads if is_balance else aim.spends)
    )


def _activate(acting: Acting, values: RuleActivate) -> Result:
    acting.connection.execute(SQL["hold_rules"], (RULES_LOCK,))
    content = acting.subject.content
    if content["state"] != "draft":
        raise Refusal(STATE, state=content["state"])
    if content["tried_on"] is None:
        raise Refusal(DRY_RUN, rule=content["id"])
    today = business_date(acting)
    if values.since < today:
        raise Refusal(FIELD, field="since", problem="it begins today at the earliest")
    told = {
        **content,
        "since": values.since,
        "by": acting.agreed_by or NOBODY_YET,
        "now": acting.now,
        "is_now": values.since <= today,
        "last_day": values.since - dt.timedelta(days=1),
    }
    acting.connection.execute(SQL["end_before"], told)
    acting.connection.execute(SQL["activate"], told)
    _refuse_contradictions(acting, told)
    acting.move(Followed.RULE, content["id"])
    return OK


def _retire(acting: Acting, values: RuleRetire) -> Result:
    content, today = acting.subject.content, business_date(acting)
    told = {
        "id": content["id"],
        "by": acting.who.login,
        "now": acting.now,
        "last_day": values.at - dt.timedelta(days=1),
    }
    statement = "retire" if values.at <= today else "end_on"
    if acting.connection.execute(SQL[statement], told).rowcount == 0:
        raise Refusal(STATE, state=content["state"])
    acting.move(Followed.RULE, content["id"])
    return OK


def _switch(acting: Acting, values: PackSwitch) -> Result:
    told = {
        "pack": values.pack,
        "issuer": acting.subject.id,
        "since": values.since,
        "until": values.until,
    }
    today = business_date(acting)
    if acting.connection.execute(SQL["pack_named"], told).fetchone() is None:
        raise Refusal(FIELD, field="pack", problem="there is no such pack")
    if values.until is not None and values.until < max(today, values.since):
        raise Refusal(FIELD, field="until", problem="its last day is today at the earliest")
    if acting.connection.execute(SQL["pack_in_use"], told).fetchone() == (True,):
        raise Refusal(FIELD, field="since", problem="it is in force in a part of that time already")
    acting.connection.execute(SQL["use_pack"], told)
    acting.move(Followed.RULE, values.pack)
    told_days = {"pack": values.pack, "since": str(values.since), "until": str(values.until or "")}
    return Result(beside=told_days)


def _foretold(acting: Acting, _values: RuleActivate) -> Mapping[str, Any]:
    """What whoever agrees is shown: the rule as a sentence, and what came of trying it."""
    rows = acting.connection.execute(SQL["versions_of_set"], acting.subject.content).fetchall()
    rules = [rule_of(row) for row in rows]
    content = acting.subject.content
    found = (one for one in rules if (one.id, one.version) == (content["id"], content["version"]))
    said = sentence(next(found))
    tried = {name: content[name] for name in ("tried_on", "tried")}
    return {"en": said.en, "zh": said.zh, **tried}


def _set_of(values: RuleSave) -> Ref:
    if values.issuer is not None:
        return Ref("issuer", values.issuer)
    if values.alliance is not None:
        return Ref("alliance", values.alliance)
    return THE_PLATFORM if values.merchant is None else Ref("merchant", values.merchant)


def _named(values: RuleSave) -> Ref:
    return Ref("rule", "" if values.house_rule is None else str(values.house_rule))


SAVE: Final = Action(
    id="rule.save",
    en="Write a rule, or its next version, as a draft",
    zh="规则草稿",
    values=RuleSave,
    roles=ROLES,
    do=_save,
    about=_named,
    within=_set_of,
)
ACTIVATE: Final = Action(
    id="rule.activate",
    en="Put a rule into force",
    zh="启用规则",
    values=RuleActivate,
    roles=ROLES,
    do=_activate,
    about=lambda values: Ref("rule", str(values.house_rule)),
    begins=("draft",),
    second=Second.ALWAYS,
    approvers=ROLES | {PA},
    foretold=_foretold,
)
RETIRE: Final = Action(
    id="rule.retire",
    en="End a rule",
    zh="停用规则",
    values=RuleRetire,
    roles=ROLES,
    do=_retire,
    about=lambda values: Ref("rule", str(values.house_rule)),
    begins=("active",),
    second=Second.WHEN,
    second_when=lambda acting, _values: acting.grant.role != RK,
    approvers=ROLES | {PA},
)
SWITCH: Final = Action(
    id="rule_pack.switch",
    en="Switch a pack of rules on for an issuer, or off again",
    zh="启用/停用规则包",
    values=PackSwitch,
    roles=frozenset({IM, RK, PA}),
    do=_switch,
    about=lambda values: Ref("issuer", values.issuer),
    second=Second.ALWAYS,
    approvers=frozenset({IM, RK, PA}),
)
