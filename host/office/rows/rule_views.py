"""The house's own rules, and who has which pack of them, as people look at them."""

import datetime as dt
from typing import Final

from host.house_rules.rule import Says
from host.office.places import Scope
from host.office.roles import AL, AU, CS, IM, MO, PA, PO, RK
from host.office.view import Column, Filter, View

RULES: Final = View(
    id="rules",
    en="Rules",
    zh="规则",
    roles=frozenset({PA, PO, AU, RK, CS, IM, MO, AL}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT, Scope.ALLIANCE}),
    columns=(
        Column(name="rule", kind=int),
        Column(name="version", kind=int),
        Column(name="name"),
        Column(name="state"),
        Column(name="says"),
        Column(name="amount_minor", kind=int),
        Column(name="unit"),
        Column(name="times", kind=int),
        Column(name="period"),
        Column(name="counted_by"),
        Column(name="priority", kind=int),
        Column(name="pack"),
        Column(name="issuer", opens="issuers"),
        Column(name="merchant", opens="merchants"),
        Column(name="alliance"),
        Column(name="kinds", kind=list),
        Column(name="stores", kind=list),
        Column(name="terminals", kind=list),
        Column(name="categories", kind=list),
        Column(name="regions", kind=list),
        Column(name="channels", kind=list),
        Column(name="goods", kind=list),
        Column(name="is_registered", kind=bool),
        Column(name="valid_from", kind=dt.date),
        Column(name="valid_to", kind=dt.date),
        Column(name="counted_today", kind=int),
        Column(name="refused_today", kind=int),
        Column(name="made_by"),
        Column(name="tried_on", kind=dt.date),
        Column(name="would_change", kind=int),
        Column(name="activated_by"),
    ),
    order=("rule", "version"),
    filters=(
        Filter(name="rule", column="rule", kind=int),
        Filter(name="state", column="state", words=("draft", "active", "retired")),
        Filter(name="says", column="says", kind=Says),
        Filter(name="pack", column="pack"),
        Filter(name="issuer", column="issuer"),
        Filter(name="merchant", column="merchant"),
        Filter(name="alliance", column="alliance"),
    ),
    actions=("rule.save", "rule.dry_run", "rule.activate", "rule.retire"),
    exports="C",
    few=frozenset({Scope.ISSUER, Scope.MERCHANT, Scope.ALLIANCE}),
)
PACKS: Final = View(
    id="rule_packs",
    en="Packs of rules",
    zh="规则包",
    roles=frozenset({PA, PO, AU, RK, IM}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER}),
    columns=(
        Column(name="pack", opens="rules"),
        Column(name="name"),
        Column(name="meaning"),
        Column(name="issuer", opens="issuers"),
        Column(name="since", kind=dt.date),
        Column(name="until", kind=dt.date),
    ),
    order=("pack", "id", "since"),
    filters=(Filter(name="pack", column="pack"),),
    actions=("rule_pack.switch",),
    exports="C",
    few=frozenset({Scope.ISSUER}),
)
