"""Batches of terminals: how each stands, and where a terminal and the host have other totals.

Nobody edits one: a terminal settles it, and uploads it where the two differ.
"""

import datetime as dt
from typing import Final

from host.office.places import Scope
from host.office.roles import AU, FN, MO, PA, PO, SM
from host.office.view import Column, Filter, Own, View

STATES: Final = ("reconciled", "awaiting_upload", "closed")
_OF_TERMINAL: Final = ("terminal_id", "settled_at", "channel", "epoch")
_OF_DAY: Final = ("business_date", "terminal_id", "channel", "epoch")

TERMINAL_BATCHES: Final = View(
    id="terminal_batches",
    en="Terminal batches",
    zh="终端批次",
    roles=frozenset({PA, PO, FN, AU, MO, SM}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT, Scope.STORE}),
    columns=(
        Column(name="business_date", kind=dt.date),
        Column(name="terminal_id", opens="terminals"),
        Column(name="channel"),
        Column(name="epoch"),
        Column(name="merchant", opens="merchants"),
        Column(name="store", kind=int, opens="stores"),
        Column(name="terminal_batch_state"),
        Column(name="told_totals", kind=list),
        Column(name="counted_totals", kind=list),
        Column(name="totals_apart", kind=list),
        Column(name="differs", kind=bool),
        Column(name="settled_at", kind=dt.datetime),
        Column(name="closed_at", kind=dt.datetime),
    ),
    order=_OF_DAY,
    is_newest_first=True,
    filters=(
        Filter(name="terminal_id", column="terminal_id", order=_OF_TERMINAL),
        Filter(name="date", column="business_date", kind=dt.date, order=_OF_DAY),
        Filter(name="merchant", column="merchant", beside="date", order=_OF_DAY),
        Filter(name="state", column="terminal_batch_state", words=STATES, beside="date"),
        Filter(name="differs", column="differs", kind=bool, beside="date"),
    ),
    exports="C",
    own={
        Scope.MERCHANT: Own(
            among="v.terminal_id = any(array(SELECT f.terminal_id FROM terminal AS f"
            " WHERE f.store_id = any(array(SELECT g.id FROM store AS g"
            " WHERE g.merchant_id = %(scope)s))))",
            order=_OF_TERMINAL,
        ),
        Scope.STORE: Own(
            among="v.terminal_id = any(array(SELECT f.terminal_id FROM terminal AS f"
            " WHERE f.store_id = %(scope)s))",
            order=_OF_TERMINAL,
        ),
    },
)
