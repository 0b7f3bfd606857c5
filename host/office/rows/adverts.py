"""Advertising: a merchant books days of a place where members look, and the platform agrees.

What a day costs is the place's price when it was booked. Days begin tomorrow at the earliest, so
whatever the night of a date charges (`clearing.adverts`) was said before that date began.
"""

import datetime as dt
from typing import Annotated, Any, Final, Literal, get_args

from msgspec import Meta

from host.model.money import HOUSE_CURRENCY
from host.office.action import OK, Acting, Action, Result, Second
from host.office.advert_refusals import TAKEN
from host.office.fields import Currency, InstitutionId, MerchantId, Money, Name, Number, Values
from host.office.places import Scope
from host.office.refusals import FIELD, STATE, Refusal
from host.office.roles import AU, FN, MB, MO, PA, PO
from host.office.rows.programmes import business_date
from host.office.subjects import THE_PLATFORM, Ref
from host.office.view import Column, Filter, How, View
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "adverts.sql")
DAYS_MAX: Final = 92
"""Of one booking."""
AHEAD_DAYS_MAX: Final = 366
_NOBODY_YET: Final = "-"
"""Who has agreed, while it is only tried what it would do."""
SlotCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
ShownAt = Literal["member_home", "stores"]
Line = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f\ufffe\uffff]+$")]


class AdSlotSave(Values, frozen=True, kw_only=True):
    """A place, by its code; what is said of one that is there holds for whoever books then."""

    slot: SlotCode
    name: Name
    shown_at: ShownAt
    price_minor: Money
    """A day."""
    currency: Currency = HOUSE_CURRENCY
    """For good: of one that is there it is not changed."""
    is_active: bool = True
    """Whether it may be booked; what is booked stays."""


class AdSlotBook(Values, frozen=True, kw_only=True):
    """Which days of which place, from tomorrow on, and what members read there."""

    merchant: MerchantId
    slot: SlotCode
    issuer: InstitutionId
    """In whose settlement with the merchant each day is taken."""
    first_on: dt.date
    last_on: dt.date
    title: Name
    advert_text: Line


class AdSlotEnd(Values, frozen=True, kw_only=True):
    """Which booking, and from which day on; what was charged before stays charged."""

    booking: Number
    ended_on: dt.date | None = None
    """The first day that is free again; tomorrow without it."""


def _save(acting: Acting, values: AdSlotSave) -> Result:
    told = {
        "code": values.slot,
        "shown_at": values.shown_at,
        "name": values.name,
        "price_minor": values.price_minor,
        "unit": values.currency,
        "state": "open" if values.is_active else "ended",
        "by": acting.who.login,
        "now": acting.now,
    }
    if acting.about is None:
        acting.connection.execute(SQL["add_ad_slot"], told)
        return Result(key=values.slot)
    if acting.about.content["unit"] != values.currency:
        problem = "a place keeps its currency: add another one"
        raise Refusal(FIELD, field="currency", problem=problem)
    acting.connection.execute(SQL["edit_ad_slot"], told)
    return OK


def _book(acting: Acting, values: AdSlotBook) -> Result:
    if acting.subject.content["closed_on"] is not None:
        raise Refusal(STATE, state="closed")
    _refuse_days(acting, values)
    told: dict[str, Any] = {
        "slot": values.slot,
        "merchant_id": acting.subject.id,
        "issuer": values.issuer,
        "first_on": values.first_on,
        "last_on": values.last_on,
        "title": values.title,
        "advert_text": values.advert_text,
        "by": acting.who.login,
        "agreed_by": acting.agreed_by or _NOBODY_YET,
        "now": acting.now,
    }
    slot = acting.connection.execute(SQL["ad_slot_open"], told).fetchone()
    if slot is None:
        problem = "no place of that name may be booked: posswitch show ad-slots"
        raise Refusal(FIELD, field="slot", problem=problem)
    told["slot_id"], told["price_minor"], told["unit"] = slot
    issuer = acting.connection.execute(SQL["taken_in_settlement"], told).fetchone()
    if issuer is None:
        problem = "the merchant takes no cards of it, or it settles in another currency"
        raise Refusal(FIELD, field="issuer", problem=problem)
    told["issuer_id"] = issuer[0]
    number = acting.connection.execute(SQL["add_ad_booking"], told).fetchone()
    assert number is not None, "RETURNING"
    _take_days(acting, told | {"booking": number[0]})
    days = (values.last_on - values.first_on).days + 1
    return Result(
        told={"booking": number[0], "amount_minor": days * told["price_minor"]},
        beside={"booking": number[0], "slot": values.slot, "price_minor": told["price_minor"]},
    )


def _refuse_days(acting: Acting, values: AdSlotBook) -> None:
    today = business_date(acting)
    if values.first_on <= today:
        raise Refusal(FIELD, field="first_on", problem="it begins tomorrow at the earliest")
    if not 0 <= (values.last_on - values.first_on).days < DAYS_MAX:
        problem = f"it is the first day or a later one, {DAYS_MAX} days in all at most"
        raise Refusal(FIELD, field="last_on", problem=problem)
    if (values.last_on - today).days > AHEAD_DAYS_MAX:
        problem = f"it is within {AHEAD_DAYS_MAX} days from today"
        raise Refusal(FIELD, field="last_on", problem=problem)


def _take_days(acting: Acting, told: dict[str, Any]) -> None:
    """All of them, or none: who comes second is told which was the first's."""
    took = {day for (day,) in acting.connection.execute(SQL["take_ad_days"], told)}
    first, last = told["first_on"], told["last_on"]
    days = [first + dt.timedelta(days=place) for place in range((last - first).days + 1)]
    taken = [day for day in days if day not in took]
    if taken:
        raise Refusal(TAKEN, field="first_on", days=len(taken), first=taken[0])


def _end(acting: Acting, values: AdSlotEnd) -> Result:
    booking = acting.subject.content
    tomorrow = business_date(acting) + dt.timedelta(days=1)
    ended_on = values.ended_on or max(tomorrow, dt.date.fromisoformat(booking["first_on"]))
    if ended_on < tomorrow:
        raise Refusal(FIELD, field="ended_on", problem="it ends tomorrow at the earliest")
    if ended_on > dt.date.fromisoformat(booking["last_on"]):
        raise Refusal(FIELD, field="ended_on", problem="it has no day then: it ends by itself")
    told = {
        "booking": values.booking,
        "ended_on": ended_on,
        "by": acting.who.login,
        "now": acting.now,
    }
    if not acting.connection.execute(SQL["end_ad_booking"], told).rowcount:
        raise Refusal(STATE, state="ended")
    return Result(beside={"ended_on": ended_on.isoformat()})


def end_bookings_of(acting: Acting) -> None:
    """Those of this merchant that have days left: closed, it has none from tomorrow on."""
    told = {
        "merchant": acting.subject.id,
        "tomorrow": business_date(acting) + dt.timedelta(days=1),
        "by": acting.who.login,
        "now": acting.now,
    }
    acting.connection.execute(SQL["end_ad_bookings_of"], told)


SAVE: Final = Action(
    id="ad_slot.save",
    en="Add or edit a place for advertising",
    zh="广告位设置",
    values=AdSlotSave,
    roles=frozenset({PA, PO}),
    do=_save,
    about=lambda values: Ref("ad_slot", values.slot),
    within=lambda _values: THE_PLATFORM,
)
BOOK: Final = Action(
    id="ad_slot.book",
    en="Book days of a place for advertising",
    zh="预订广告位",
    values=AdSlotBook,
    roles=frozenset({MO}),
    do=_book,
    about=lambda values: Ref("merchant", values.merchant),
    second=Second.ALWAYS,
    approvers=frozenset({PO, FN, PA}),
)
END: Final = Action(
    id="ad_slot.end",
    en="End advertising that was booked",
    zh="终止广告预订",
    values=AdSlotEnd,
    roles=frozenset({MO, PO, PA}),
    do=_end,
    about=lambda values: Ref("ad_booking", str(values.booking)),
)
SLOTS: Final = View(
    id="ad_slots",
    en="Places for advertising",
    zh="广告位",
    roles=frozenset({PA, PO, FN, AU, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="slot"),
        Column(name="name"),
        Column(name="shown_at"),
        Column(name="price_minor", kind=int),
        Column(name="unit"),
        Column(name="free_from", kind=dt.date),
        Column(name="state"),
    ),
    order=("slot",),
    filters=(
        Filter(name="slot", column="slot"),
        Filter(name="shown_at", column="shown_at", words=get_args(ShownAt)),
    ),
    actions=("ad_slot.save", "ad_slot.book"),
    exports="C",
    open_to=frozenset({Scope.MERCHANT}),
)
BOOKINGS: Final = View(
    id="ad_bookings",
    en="Advertising that was booked",
    zh="广告预订",
    roles=frozenset({PA, PO, FN, AU, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="booking", kind=int),
        Column(name="slot", opens="ad_slots"),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer"),
        Column(name="first_on", kind=dt.date),
        Column(name="last_on", kind=dt.date),
        Column(name="ended_on", kind=dt.date),
        Column(name="title"),
        Column(name="advert_text"),
        Column(name="price_minor", kind=int),
        Column(name="charged_days", kind=int),
        Column(name="charged_minor", kind=int),
        Column(name="unit"),
        Column(name="made_by"),
        Column(name="agreed_by", hidden_from=frozenset({Scope.MERCHANT})),
    ),
    order=("booking",),
    is_newest_first=True,
    filters=(
        Filter(name="merchant", column="merchant"),
        Filter(name="slot", column="slot_id", how=How.OF_SLOT),
        Filter(name="date", column="booking", how=How.ADVERTISED, kind=dt.date),
    ),
    actions=("ad_slot.book", "ad_slot.end"),
    exports="C",
)
ADVERTS: Final = View(
    id="adverts",
    en="Advertising of today",
    zh="今日推荐",
    roles=frozenset({MB}),
    scopes=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="slot"),
        Column(name="shown_at"),
        Column(name="title"),
        Column(name="advert_text"),
        Column(name="at_merchant"),
    ),
    order=("slot",),
    filters=(Filter(name="shown_at", column="shown_at", words=get_args(ShownAt)),),
    open_to=frozenset({Scope.MEMBER}),
)
