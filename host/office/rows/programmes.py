"""Points programmes and alliances, as people change them; in force from the next message on.

A programme is an issuer's, or an alliance's, and may be a merchant's own which one of them keeps:
then that merchant's owner revises it, once who keeps it agrees. Whose it is and whether its points
may go below zero stay, for purses are made by that. Who is invited into an alliance agrees by a
person of their own, or an administrator does for them: whoever manages one asks in whom it does not
reach, and hears of them no more than whether they are there.
"""

import datetime as dt
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.office.accounts import open_for_issuer
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import InstitutionId, MerchantId, Name, Number, Values
from host.office.places import Scope
from host.office.refusals import FIELD, IN_IT, NOT_YOUR_ROLE, Refusal
from host.office.roles import AL, IM, MO, PA, ROLES
from host.office.subjects import THE_PLATFORM, Found, Ref, find
from host.programmes import LotLife
from host.stock.days import today_of
from host.store.estate_versions import Followed
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "programmes.sql")
Code = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
Some = Annotated[int, Meta(ge=0, le=1_000_000)]
"""So that the points of the largest amount are still a number that can be kept."""
Lasting = Annotated[int, Meta(ge=0, le=3650)]
Pending = Annotated[int, Meta(ge=0, le=366)]


class ProgrammeRevise(Values, frozen=True, kw_only=True):
    """A new programme needs all; of one that is there what is not said stays."""

    programme: Code
    issuer: InstitutionId | None = None
    """Whose it is, or"""
    alliance: Code | None = None
    merchant: MerchantId | None = None
    """Whose own it is, where they keep it for a merchant."""
    name: Name | None = None
    earn_points: Some | None = None
    """For every"""
    earn_per_minor: Number | None = None
    redemption_points_min: Some | None = None
    lot_life: LotLife | None = None
    """How the last day of points is found; those that were given keep theirs."""
    lot_count: Lasting | None = None
    """So many days, or months."""
    pending_days: Pending | None = None
    """They may be spent so many days after they were earned."""
    since: dt.date | None = None
    """The first day on which points are good for that; today without it."""
    debt_is_allowed: bool | None = None


class AllianceSave(Values, frozen=True, kw_only=True):
    """What it is called."""

    alliance: Code
    name: Name


class AllianceInvite(Values, frozen=True, kw_only=True):
    """A merchant or an issuer, from a day and until another; asked again, it ends or goes on."""

    alliance: Code
    since: dt.date
    merchant: MerchantId | None = None
    issuer: InstitutionId | None = None
    until: dt.date | None = None
    """The last day; none known without it."""
    earns: bool | None = None
    redeems: bool | None = None


def _revise(acting: Acting, values: ProgrammeRevise) -> Result:
    return _edit(acting, acting.about, values) if acting.about else _add(acting, values)


def _add(acting: Acting, values: ProgrammeRevise) -> Result:
    assert acting.within is not None, "a new one is an issuer's, or an alliance's"
    if values.issuer is not None and values.alliance is not None:
        raise Refusal(FIELD, field="issuer", problem="an issuer's or an alliance's, one of them")
    told = msgspec.structs.asdict(values)
    told["debt_is_allowed"] = bool(values.debt_is_allowed)
    for name in ("name", "earn_points", "earn_per_minor", "redemption_points_min", "lot_life"):
        if told[name] is None:
            raise Refusal(FIELD, field=name, problem="a new programme needs it")
    issuer = acting.within.place.issuer_id
    told["issuer_id"] = issuer
    told["alliance_id"] = None if issuer is not None else acting.within.id
    has_primary = issuer is None or _is(acting, "has_primary", (issuer,))
    told["merchant_id"] = None
    if values.merchant is not None:
        if not has_primary:
            raise Refusal(FIELD, field="merchant", problem="the first of an issuer is its own")
        merchant = find(acting.connection, Ref("merchant", values.merchant))
        assert merchant is not None, "the runner finds it"
        told["merchant_id"] = merchant.id
    acting.connection.execute(SQL["add_programme"], {**told, "is_primary": not has_primary})
    life = _keep_life(acting, values)
    tell_of_programme(acting, issuer, told["alliance_id"])
    return Result(key=values.programme, beside=life)


def _edit(acting: Acting, about: Found, values: ProgrammeRevise) -> Result:
    _refuse_of_merchant(acting, about)
    if (values.issuer, values.alliance, values.merchant) != (None, None, None):
        raise Refusal(FIELD, field="issuer", problem="it stays whose it is: cards have points")
    if values.debt_is_allowed not in {None, about.content["debt_is_allowed"]}:
        raise Refusal(FIELD, field="debt_is_allowed", problem="it stays: purses are made by it")
    said = msgspec.structs.asdict(values)
    given = {name: value for name, value in said.items() if value is not None}
    acting.connection.execute(SQL["edit_programme"], {**about.content, **given})
    life = _keep_life(acting, values)
    tell_of_programme(acting, about.content["issuer_id"], about.content["alliance_id"])
    return Result(beside=life)


def _refuse_of_merchant(acting: Acting, about: Found) -> None:
    """Whoever manages an alliance changes nothing that is a merchant's own."""
    if acting.grant.scope is Scope.ALLIANCE and about.place.merchant_id is not None:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[AL])


def _keep_life(acting: Acting, values: ProgrammeRevise) -> dict[str, Any]:
    """How long points are good for from a day on: what is said, and as before what is not."""
    said = (values.lot_life, values.lot_count, values.pending_days)
    if said == (None, None, None):
        if values.since is not None:
            raise Refusal(FIELD, field="since", problem="say how long points are good from then on")
        return {}
    today = business_date(acting)
    since = values.since or today
    if since < today:
        raise Refusal(FIELD, field="since", problem="it begins today at the earliest")
    told = _life_of(acting, values, since)
    acting.connection.execute(SQL["keep_life"], told)
    return {name: str(value) for name, value in told.items() if name != "programme"}


def _life_of(acting: Acting, values: ProgrammeRevise, since: dt.date) -> dict[str, Any]:
    where = {"programme": values.programme, "since": since}
    row = acting.connection.execute(SQL["life_on"], where).fetchone()
    life, count, pending = row if row is not None else (LotLife.NEVER, 0, 0)
    is_another = values.lot_life not in {None, life}
    count = 0 if is_another else count
    return {
        **where,
        "life": (values.lot_life or LotLife(life)).value,
        "life_count": count if values.lot_count is None else values.lot_count,
        "pending_days": pending if values.pending_days is None else values.pending_days,
    }


def tell_of_programme(acting: Acting, issuer: int | None, alliance: int | None) -> None:
    """Accounts for what is new, and hosts that follow: of an issuer, or of all in an alliance."""
    numbers = [issuer] if issuer is not None else _issuers_in(acting, alliance)
    for number in numbers:
        open_for_issuer(acting.connection, number)
        acting.move(Followed.ISSUER, number)
    if alliance is not None:
        acting.move(Followed.ALLIANCE, alliance)


def _issuers_in(acting: Acting, alliance: int | None) -> list[int]:
    rows = acting.connection.execute(SQL["issuers_in"], (alliance,)).fetchall()
    return [number for (number,) in rows]


def _save_alliance(acting: Acting, values: AllianceSave) -> Result:
    told: dict[str, Any] = {"code": values.alliance, "name": values.name}
    if acting.about is not None:
        acting.connection.execute(SQL["edit_alliance"], {**told, "id": acting.about.id})
        return OK
    row = acting.connection.execute(SQL["next_alliance"]).fetchone()
    assert row is not None, "an aggregate is a row"
    acting.connection.execute(SQL["add_alliance"], {**told, "id": row[0]})
    return Result(key=values.alliance)


def _invite(acting: Acting, values: AllianceInvite) -> Result:
    if (values.merchant is None) == (values.issuer is None):
        raise Refusal(FIELD, field="merchant", problem="a merchant or an issuer, one of them")
    there = acting.about or find(acting.connection, _invited(values))
    assert there is not None, "the runner finds it, or who is invited"
    alliance = acting.find("alliance", values.alliance)
    told: dict[str, Any] = {
        "alliance_id": alliance.id,
        "issuer_id": there.place.issuer_id,
        "merchant_id": there.place.merchant_id,
        "member_from": values.since,
        "member_until": values.until,
    }
    _refuse_days(acting, values)
    if _is(acting, "in_that_time", told):
        raise Refusal(IN_IT, field="since", key=values.merchant or values.issuer or "")
    _keep_member(acting, values, told)
    tell_of_programme(acting, told["issuer_id"], int(alliance.id))
    return Result(key=_key_of(values))


def _keep_member(acting: Acting, values: AllianceInvite, told: dict[str, Any]) -> None:
    was = acting.about.content if acting.about is not None else {}
    for name in ("earns", "redeems"):
        said = getattr(values, name)
        told[name] = was.get(name, True) if said is None else said
    statement = "add_alliance_member" if acting.about is None else "edit_alliance_member"
    acting.connection.execute(SQL[statement], told)


def _refuse_days(acting: Acting, values: AllianceInvite) -> None:
    today = business_date(acting)
    if acting.about is None and values.since < today:
        raise Refusal(FIELD, field="since", problem="it begins today at the earliest")
    if values.until is not None and values.until < max(values.since, today):
        raise Refusal(FIELD, field="until", problem="its last day is today at the earliest")


def business_date(acting: Acting) -> dt.date:
    """The open one; the day of the house where none is open yet."""
    return today_of(acting.connection, acting.now)


def _is(acting: Acting, statement: str, told: Any) -> bool:
    return acting.connection.execute(SQL[statement], told).fetchone() == (True,)


def _key_of(values: AllianceInvite) -> str:
    return f"{values.alliance}/{values.merchant or values.issuer or ''}/{values.since}"


def _owner_of(values: ProgrammeRevise) -> Ref:
    if values.alliance is not None:
        return Ref("alliance", values.alliance)
    return Ref("issuer", values.issuer or "")


def _invited(values: AllianceInvite) -> Ref:
    if values.merchant is not None:
        return Ref("merchant", values.merchant)
    return Ref("issuer", values.issuer or "")


REVISE: Final = Action(
    id="programme.revise",
    en="Make or revise a points programme",
    zh="积分计划",
    values=ProgrammeRevise,
    roles=frozenset({PA, IM, AL, MO}),
    do=_revise,
    about=lambda values: Ref("programme", values.programme),
    within=_owner_of,
    with_whom=lambda values: Ref("merchant", values.merchant) if values.merchant else THE_PLATFORM,
    second=Second.ALWAYS,
    approvers=frozenset({PA, IM, AL}),
)
SAVE: Final = Action(
    id="alliance.save",
    en="Make or rename an alliance",
    zh="联盟",
    values=AllianceSave,
    roles=frozenset({PA, AL}),
    do=_save_alliance,
    about=lambda values: Ref("alliance", values.alliance),
    within=lambda _values: THE_PLATFORM,
    second=Second.ALWAYS,
    approvers=frozenset({PA, AL}),
    step=Step.OWN,
)
INVITE: Final = Action(
    id="alliance.invite",
    en="Invite into an alliance, or end a membership",
    zh="邀请加盟",
    values=AllianceInvite,
    roles=frozenset({PA, AL}),
    do=_invite,
    about=lambda values: Ref("alliance_member", _key_of(values)),
    within=lambda values: Ref("alliance", values.alliance),
    with_whom=_invited,
    second=Second.ALWAYS,
    approvers=frozenset({PA, IM, MO}),
)
