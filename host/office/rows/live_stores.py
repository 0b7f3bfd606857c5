"""The stores of a merchant as they trade today."""

import datetime as dt
from typing import Final

from host.office.live_stores import live_stores
from host.office.places import Scope
from host.office.roles import MO, MP
from host.office.view import Column, View

LIVE_STORES: Final = View(
    id="live_stores",
    en="Stores today",
    zh="门店实时",
    roles=frozenset({MO, MP}),
    scopes=frozenset({Scope.MERCHANT}),
    columns=(
        Column(name="store", kind=int, opens="stores"),
        Column(name="name"),
        Column(name="region"),
        Column(name="store_state"),
        Column(name="sales", kind=int),
        Column(name="net_minor", kind=int),
        Column(name="redeemed", kind=int),
        Column(name="last_at", kind=dt.datetime),
        Column(name="terminals", kind=int),
    ),
    order=("store",),
    walk=live_stores,
)
