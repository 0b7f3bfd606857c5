"""What a member reads of their own cards: everything that came onto them and left them."""

import datetime as dt
from typing import Final

from host.model.requests import Kind
from host.office.member_moves import Way, my_moves
from host.office.places import Scope
from host.office.roles import MB
from host.office.view import Column, Filter, How, View

ASKED: Final = (
    Kind.PURCHASE,
    Kind.COMBINED_PURCHASE,
    Kind.POINTS_REDEMPTION,
    Kind.POINTS_EARN,
    Kind.REFUND,
    Kind.VOID,
    Kind.CASH_LOAD,
    Kind.CASH_TAKEN,
    Kind.PORT_LOAD,
    Kind.LOAD_BY_CODE,
    Kind.LOAD_BY_PHONE,
    Kind.GIFT_SEND,
    Kind.GIFT_CLAIM,
    Kind.POINTS_CONVERSION,
    Kind.LOTTERY_DRAW,
)
"""What one looks for by itself."""

MY_MOVES: Final = View(
    id="my_moves",
    en="What came and went",
    zh="收支明细",
    roles=frozenset({MB}),
    scopes=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="id", kind=int),
        Column(name="rrn"),
        Column(name="at", kind=dt.datetime),
        Column(name="business_date", kind=dt.date),
        Column(name="event"),
        Column(name="card", kind=int),
        Column(name="pan_masked", is_masked=True),
        Column(name="amount_minor", kind=int),
        Column(name="balance_minor", kind=int),
        Column(name="points", kind=int),
        Column(name="at_merchant"),
        Column(name="at_store"),
        Column(name="is_valid", kind=bool),
    ),
    order=("id",),
    filters=(
        Filter(name="card", column="id", kind=int),
        Filter(name="direction", column="direction", how=How.WALKED, kind=Way),
        Filter(name="event", column="event", how=How.WALKED, words=ASKED),
        Filter(name="since", column="since", how=How.WALKED, kind=dt.date),
        Filter(name="until", column="until", how=How.WALKED, kind=dt.date),
    ),
    few=frozenset({Scope.MEMBER}),
    walk=my_moves,
)
