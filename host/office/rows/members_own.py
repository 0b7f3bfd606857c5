"""What a member looks at of themselves, and the stores where their cards are taken."""

import datetime as dt
from typing import Final

from host.office.places import Scope
from host.office.roles import MB
from host.office.view import Column, Filter, View

MY_STORES: Final = View(
    id="my_stores",
    en="Stores that take my cards",
    zh="附近门店",
    roles=frozenset({MB}),
    scopes=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="id", kind=int),
        Column(name="name"),
        Column(name="at_merchant"),
        Column(name="address"),
        Column(name="hours"),
        Column(name="phone"),
        Column(name="region"),
        Column(name="coordinates"),
    ),
    order=("id",),
    filters=(Filter(name="region", column="region"),),
    few=frozenset({Scope.MEMBER}),
)
MY_PROFILE: Final = View(
    id="my_profile",
    en="My profile",
    zh="我的资料",
    roles=frozenset({MB}),
    scopes=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="member", kind=int),
        Column(name="name"),
        Column(name="phone", is_masked=True),
        Column(name="state"),
        Column(name="made_at", kind=dt.datetime),
        Column(name="has_pay_pin", kind=bool),
    ),
    order=("member",),
    few=frozenset({Scope.MEMBER}),
    actions=("member.edit", "member.close"),
)
