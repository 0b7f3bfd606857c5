"""What is picked up: a store's queue, for its tablet, and a member's own page of it."""

from collections.abc import Mapping
from typing import Any, Final

from host.model.office import ROWS_MAX
from terminals.web.member_parts import MINE, to_use
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen

LIVE_SECONDS: Final = 3.0
PREPARE: Final = "pickup.prepare"
MINUTES: Final = (15, 30, 60, 120, 24 * 60)
"""In which they may come, as they are offered."""


def _queue(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    rows = parts["queue"].rows
    return {
        "queue": [
            (row, next((one for one in row.actions if one.action == PREPARE), None)) for row in rows
        ],
        "more": parts["queue"].more,
    }


def _own(_reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    rows = {name: part.rows for name, part in parts.items()}
    return {
        "pickups": rows.get("pickups", ()),
        "stores": rows.get("stores", ()),
        "vouchers": to_use(parts.get("vouchers")),
        "card": given.get("card", ""),
        "minutes": MINUTES,
    }


QUEUE: Final = Screen(
    id="pickups",
    path="/pickups",
    en="To be picked up",
    zh="自提队列",
    template="pickups.html",
    parts={"queue": Part(view="pickup_queue", goes_on="after")},
    arrange=_queue,
    live_seconds=LIVE_SECONDS,
    is_heard=True,
)
OWN: Final = Screen(
    id="me_pickup",
    path="/me/pickup",
    en="Pick up at a store",
    zh="到店自提",
    template="me_pickup.html",
    roles=MINE,
    asks=("card",),
    parts={
        "pickups": Part(view="my_pickups"),
        "vouchers": Part(view="vouchers"),
        "stores": Part(view="my_stores", rows_max=ROWS_MAX),
    },
    arrange=_own,
)
