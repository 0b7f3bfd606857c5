"""A link that was sent to an employee opens the voucher that was handed out to them, and no more.

It is sealed under the LMK and kept nowhere. Who has it is shown a code to pick up by, again and
again until the voucher is redeemed; whatever is wrong with it is told alike, and counted.
"""

import datetime as dt
from typing import Final, NamedTuple

from host.model.secrets import Secret
from host.office.action import Acting, Action, Result
from host.office.enterprise_refusals import LINK
from host.office.fields import Values
from host.office.refusals import Refusal
from host.office.roles import MB
from host.office.staff_issuing import SQL
from host.office.stock_refusals import refusal_of
from host.rules.guesses import WRONG_MAX, WRONG_MINUTES
from host.stock import binding, pickups
from host.stock.lives import SQL as LIVES
from host.stock.qr import PICKUP_LIFETIME, TOKEN_CHARACTERS_MAX, read_handed_out
from host.stock.refusals import StockRefusal, Why

OPEN: Final = "voucher.open_link"


class VoucherOpenLink(Values, frozen=True, kw_only=True):
    """What the link ends with."""

    link: Secret


class _Linked(NamedTuple):
    """The voucher that it leads to."""

    card: int
    member: int
    name: str
    valid_to: dt.date | None


def _open(acting: Acting, values: VoucherOpenLink) -> Result:
    found = _linked(acting, values.link)
    binding.refuse_member(acting.connection, found.member)
    code = pickups.make_pickup(acting.connection, acting.hsm, found.card, acting.now)
    return Result(
        key="",
        told={
            "name": found.name,
            "valid_to": found.valid_to.isoformat() if found.valid_to is not None else "",
            "minutes": PICKUP_LIFETIME // dt.timedelta(minutes=1),
        },
        beside={"card": found.card, "member": found.member},
        shown_once={"code": code.reveal().decode()},
    )


def _linked(acting: Acting, link: Secret) -> _Linked:
    """Who asks with links that are none is counted, and told no more after some.

    Raises:
        Refusal: it is none, or its voucher does not wait any more.
    """
    source = acting.asked.source if acting.asked is not None else ""
    counted = [f"{OPEN} {source}"]
    since = acting.now - dt.timedelta(minutes=WRONG_MINUTES)
    told = {"by": counted, "now": acting.now, "since": since}
    [(_by, tries)] = acting.connection.execute(LIVES["count_tries"], told).fetchall()
    if tries > WRONG_MAX:
        refusal = refusal_of(StockRefusal(Why.TRIES, minutes=WRONG_MINUTES))
        refusal.is_kept = True
        raise refusal
    is_short = 0 < len(link) <= TOKEN_CHARACTERS_MAX
    named = (
        read_handed_out(acting.hsm, link.reveal().decode("ascii", "replace")) if is_short else None
    )
    if named is None:
        raise Refusal(LINK, is_kept=True)
    acting.connection.execute(LIVES["give_back_tries"], {"by": counted})
    issue, place = named
    row = acting.connection.execute(
        SQL["linked_voucher"], {"issue": issue, "place": place}
    ).fetchone()
    if row is None or not row[-1]:
        raise Refusal(LINK)
    return _Linked(*row[:-1])


VOUCHER_OPEN_LINK: Final = Action(
    id=OPEN,
    en="Open a voucher by the link that was sent",
    zh="凭链接打开礼券",
    values=VoucherOpenLink,
    roles=frozenset({MB}),
    do=_open,
    about=None,
    is_entry=True,
)
