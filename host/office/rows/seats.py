"""Seats: tills in browsers. Who sits down at one, and who has left; all else a seat does as a till.

A seat is a terminal whose keys a web front holds. So that front says who is at it, one at a time;
here it is said who may be, and kept who was.
"""

from typing import Final

from host.model.terminal import DUKPT, MacAlgorithm
from host.office.accounts import SQL
from host.office.action import OK, Acting, Action, Result
from host.office.fields import TerminalId, Values
from host.office.refusals import FIELD, Refusal
from host.office.roles import MO, MP, SM
from host.office.subjects import Ref

FAMILY: Final = "pos"
MAY_SIT: Final = frozenset({MP, MO, SM})
IN_CHARGE: Final = frozenset({MO, SM})
"""Whose refunds have no limit, and who take a seat over that somebody has not left."""


class SeatOpen(Values, frozen=True, kw_only=True):
    """Which terminal: it tells the front what a till has in its head."""

    terminal_id: TerminalId


class SeatClose(Values, frozen=True, kw_only=True):
    """Which terminal."""

    terminal_id: TerminalId


def _open(acting: Acting, values: SeatOpen) -> Result:
    content = acting.subject.content
    if not content["is_active"]:
        raise Refusal(FIELD, field="terminal_id", problem="it is disabled")
    algorithm = MacAlgorithm(content["mac_algorithm"])
    if content["family"] != FAMILY or algorithm in DUKPT:
        raise Refusal(FIELD, field="terminal_id", problem="no seat speaks as it does")
    row = acting.connection.execute(SQL["seat"], (values.terminal_id,)).fetchone()
    assert row is not None, "it is the subject"
    merchant_id, merchant, store_id, store = row
    grant = acting.grant
    limit = None if grant.role in IN_CHARGE else grant.limit_minor or 0
    told = {
        "merchant_id": merchant_id,
        "merchant": merchant,
        "store": store,
        "store_id": store_id,
        "mac_algorithm": algorithm.value,
        "grant": grant.id,
        "refund_minor_max": limit,
        "takes_over": grant.role in IN_CHARGE,
    }
    return Result(told=told)


def _close(_acting: Acting, _values: SeatClose) -> Result:
    return OK


SEAT_OPEN: Final = Action(
    id="seat.open",
    en="Sit down at a seat",
    zh="座席开机",
    values=SeatOpen,
    roles=MAY_SIT,
    do=_open,
    about=lambda values: Ref("terminal", values.terminal_id),
    is_for_people=True,
)
SEAT_CLOSE: Final = Action(
    id="seat.close",
    en="Leave a seat",
    zh="座席关机",
    values=SeatClose,
    roles=MAY_SIT,
    do=_close,
    about=lambda values: Ref("terminal", values.terminal_id),
    is_for_people=True,
)
