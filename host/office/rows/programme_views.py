"""Programmes, alliances and who is in them, as people look at them."""

import datetime as dt
from typing import Final

from host.office.places import Scope
from host.office.roles import AL, AU, FN, IM, MB, MO, PA, PO
from host.office.view import Column, Filter, View

PROGRAMMES: Final = View(
    id="programmes",
    en="Points programmes",
    zh="积分计划",
    roles=frozenset({PA, PO, AU, FN, IM, AL, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.ALLIANCE, Scope.MERCHANT}),
    columns=(
        Column(name="programme"),
        Column(name="name"),
        Column(name="issuer", opens="issuers"),
        Column(name="alliance", opens="alliances"),
        Column(name="merchant", opens="merchants"),
        Column(name="earn_points", kind=int),
        Column(name="earn_per_minor", kind=int),
        Column(name="redemption_points_min", kind=int),
        Column(name="lot_life"),
        Column(name="lot_count", kind=int),
        Column(name="pending_days", kind=int),
        Column(name="next_life"),
        Column(name="price_points", kind=int),
        Column(name="price_minor", kind=int),
        Column(name="debt_is_allowed", kind=bool),
        Column(name="is_primary", kind=bool),
        Column(name="version", kind=int),
    ),
    order=("programme",),
    filters=(
        Filter(name="programme", column="programme"),
        Filter(name="issuer", column="issuer"),
        Filter(name="alliance", column="alliance"),
        Filter(name="merchant", column="merchant"),
    ),
    actions=("programme.revise", "points_price.save"),
    exports="C",
)
ALLIANCES: Final = View(
    id="alliances",
    en="Alliances",
    zh="联盟商圈",
    roles=frozenset({PA, PO, AU, FN, AL}),
    scopes=frozenset({Scope.PLATFORM, Scope.ALLIANCE}),
    columns=(
        Column(name="alliance"),
        Column(name="name"),
        Column(name="programmes", kind=list),
        Column(name="issuers_in", kind=int, opens="directory"),
        Column(name="merchants_in", kind=int, opens="directory"),
    ),
    order=("alliance",),
    filters=(Filter(name="alliance", column="alliance"),),
    actions=("alliance.save", "alliance.invite"),
    exports="C",
)
DIRECTORY: Final = View(
    id="directory",
    en="Alliance directory",
    zh="联盟企业名册",
    roles=frozenset({PA, PO, AU, FN, AL, IM, MO, MB}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.ALLIANCE, Scope.MERCHANT, Scope.MEMBER}),
    open_to=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="membership"),
        Column(name="alliance", opens="alliances"),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer", opens="issuers"),
        Column(name="name"),
        Column(name="since", kind=dt.date),
        Column(name="until", kind=dt.date),
        Column(name="earns", kind=bool),
        Column(name="redeems", kind=bool),
        Column(name="introduction_zh"),
        Column(name="introduction_en"),
        Column(name="service_phone"),
    ),
    order=("membership",),
    filters=(
        Filter(name="alliance", column="alliance"),
        Filter(name="merchant", column="merchant"),
        Filter(name="issuer", column="issuer"),
    ),
    actions=("alliance.invite",),
    exports="CP",
)
