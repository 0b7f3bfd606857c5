"""Fees of transactions, as people say them: dated rows, of which that which names most decides.

A fee that has begun stays as it is: what is said later of the same transactions is another row,
which counts from its day on. Nobody says one alone, and none is said of a day that is past, for
what it was charged by is settled.
"""

import datetime as dt
from typing import Annotated, Any, Final, Protocol

from msgspec import Meta

from host.model.fees import MILLION, FeeKind, Payer
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Count, InstitutionId, MerchantId, Money, Text, Values
from host.office.places import Scope
from host.office.refusals import FIELD, Refusal
from host.office.roles import AU, FN, IM, MO, PA, PO
from host.office.rows.programmes import business_date
from host.office.subjects import THE_PLATFORM, Ref
from host.office.view import Column, Filter, View
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "fees.sql")
TIERS_MAX: Final = 20
Share = Annotated[str, Meta(pattern=r"^[0-9]{1,2}(\.[0-9]{1,4})?%$")]
Tier = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,11} [0-9]{1,2}(\.[0-9]{1,4})?% [0-9]{1,9}$")]
Channel = Annotated[str, Meta(pattern=r"^[a-z]{0,16}$")]


class OfParty(Protocol):
    """Values that name a merchant or an issuer."""

    @property
    def merchant(self) -> str | None:
        """By its number of 15 characters."""

    @property
    def issuer(self) -> str | None:
        """By its institution number."""


class FeeSave(Values, frozen=True, kw_only=True):
    """What it does not name is any."""

    payer: Payer
    kinds: tuple[FeeKind, ...]
    merchant: MerchantId | None = None
    issuer: InstitutionId | None = None
    trade: Text = ""
    channel: Channel = ""
    since: dt.date | None = None
    """The first day; the open one without it."""
    until: dt.date | None = None
    percent: Share = "0%"
    """Of the amount, or of what points are worth; with four decimals at most."""
    flat_minor: Count = 0
    """Of each transaction, beside that."""
    tiers: tuple[Tier, ...] = ()
    """From an amount on another percent and another part for itself: 100000 0.38% 50."""
    fee_min_minor: Count = 0
    fee_max_minor: Money | None = None
    is_kept: bool = False
    """A refund gives nothing of it back."""


def _save(acting: Acting, values: FeeSave) -> Result:
    today = business_date(acting)
    since = values.since or today
    if since < today:
        raise _field("since", "it begins today at the earliest")
    if values.until is not None and values.until < since:
        raise _field("until", "it ends before it begins")
    if not values.kinds:
        raise _field("kinds", "it is of one kind at least")
    if values.fee_max_minor is not None and values.fee_max_minor < values.fee_min_minor:
        raise _field("fee_max_minor", "it is below fee_min_minor")
    tiers = _tiers(values)
    told = {
        "payer": values.payer.value,
        **parties_of(acting, values.merchant, values.issuer),
        "trade": values.trade,
        "channel": values.channel,
        "kinds": sorted({kind.value for kind in values.kinds}),
        "since": since,
        "until": values.until,
        "from_minor": [start for start, _, _ in tiers],
        "flat_minor": [flat for _, _, flat in tiers],
        "millionths": [share for _, share, _ in tiers],
        "fee_min_minor": values.fee_min_minor,
        "fee_max_minor": values.fee_max_minor,
        "is_returned": not values.is_kept,
        "made_by": acting.who.login,
    }
    row = acting.connection.execute(SQL["add_fee"], told).fetchone()
    assert row is not None, "a fee was added"
    return Result(beside={"fee": row[0], "since": since.isoformat()})


def _tiers(values: FeeSave) -> list[tuple[int, int, int]]:
    """From which amount on, how many millionths, and how much beside them."""
    tiers = [(0, millionths(values.percent), values.flat_minor)]
    for said in values.tiers:
        start, share, flat = said.split(" ")
        tiers.append((int(start), millionths(share), int(flat)))
    starts = [start for start, _, _ in tiers]
    if starts != sorted(set(starts)):
        raise _field("tiers", "each begins at a larger amount than the one before")
    if len(tiers) > TIERS_MAX:
        raise _field("tiers", f"they are {TIERS_MAX - 1} at most")
    return tiers


def millionths(share: str) -> int:
    """Of a percentage as people write it."""
    whole, _, part = share.removesuffix("%").partition(".")
    return int(whole) * (MILLION // 100) + int(part.ljust(4, "0"))


def parties_of(acting: Acting, merchant: str | None, issuer: str | None) -> dict[str, Any]:
    """The numbers of a merchant and an issuer by the names that people know them by.

    Raises:
        Refusal: there is none that is called so.
    """
    named = {"merchant": merchant, "issuer": issuer}
    row = acting.connection.execute(SQL["party"], named).fetchone()
    assert row is not None, "a row of two look-ups"
    found = dict(zip(named, row, strict=True))
    for field, name in named.items():
        if name is not None and found[field] is None:
            raise _field(field, f"there is none that is called {name}")
    return {"merchant_id": found["merchant"], "issuer_id": found["issuer"]}


def _field(field: str, problem: str) -> Refusal:
    return Refusal(FIELD, field=field, problem=problem)


def about_party(values: OfParty) -> Ref:
    """Whose it is: the merchant's, else the issuer's, else the platform's."""
    if values.merchant is not None:
        return Ref("merchant", values.merchant)
    return THE_PLATFORM if values.issuer is None else Ref("issuer", values.issuer)


SAVE: Final = Action(
    id="fee.save",
    en="Say what transactions cost",
    zh="费率",
    values=FeeSave,
    roles=frozenset({FN}),
    do=_save,
    about=about_party,
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA}),
    step=Step.OWN,
)
FEES: Final = View(
    id="fees",
    en="Fees",
    zh="费率",
    roles=frozenset({PA, PO, AU, FN, IM, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT}),
    columns=(
        Column(name="fee", kind=int),
        Column(name="payer"),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer", opens="issuers"),
        Column(name="trade"),
        Column(name="channel"),
        Column(name="kinds", kind=list),
        Column(name="tiers", kind=list),
        Column(name="fee_min_minor", kind=int),
        Column(name="fee_max_minor", kind=int),
        Column(name="is_returned", kind=bool),
        Column(name="since", kind=dt.date),
        Column(name="until", kind=dt.date),
        Column(name="made_by"),
    ),
    order=("payer", "since", "fee"),
    filters=(
        Filter(name="payer", column="payer", kind=Payer),
        Filter(name="merchant", column="merchant"),
        Filter(name="issuer", column="issuer"),
    ),
    actions=("fee.save",),
    exports="C",
    few=frozenset({Scope.ISSUER, Scope.MERCHANT}),
)
