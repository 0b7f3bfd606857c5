"""What a merchant sees of its own data, and what of that its own people edit: PROFILE.

What it is called, sells and where, is the platform's to say; where it is paid takes two people
(`payout_account.save`).
"""

import datetime as dt
from typing import Annotated, Any, Final

from msgspec import Meta

from host.office.accounts import SQL
from host.office.action import OK, Acting, Action, Result
from host.office.fields import MerchantId, Text, Values
from host.office.places import Scope
from host.office.refusals import STATE, Refusal
from host.office.roles import AU, FN, MO, MP, PA, PO
from host.office.rows.estate import merged
from host.office.subjects import Ref
from host.office.view import Column, Filter, View

Line = Annotated[str, Meta(max_length=100)]
PROFILE: Final = ("introduction_zh", "introduction_en", "contact", "service_phone", "hours")
"""Columns of its row that a merchant's own people write."""


class MerchantEditProfile(Values, frozen=True, kw_only=True):
    """What is not said stays."""

    merchant_id: MerchantId
    introduction_zh: Text | None = None
    introduction_en: Text | None = None
    contact: Line | None = None
    service_phone: Line | None = None
    hours: Line | None = None


def _edit(acting: Acting, values: MerchantEditProfile) -> Result:
    if acting.subject.content["closed_on"] is not None:
        raise Refusal(STATE, state="closed")
    told: dict[str, Any] = merged(acting.subject, values)
    acting.connection.execute(SQL["edit_profile"], told)
    return OK


EDIT_PROFILE: Final = Action(
    id="merchant.edit_profile",
    en="Edit a merchant's profile",
    zh="编辑商户简介",
    values=MerchantEditProfile,
    roles=frozenset({MO, MP}),
    do=_edit,
    about=lambda values: Ref("merchant", values.merchant_id),
)
PROFILES: Final = View(
    id="merchant_profiles",
    en="A merchant's own data",
    zh="商户资料",
    roles=frozenset({PA, PO, AU, FN, MO, MP}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="merchant_id", opens="merchant_profiles"),
        Column(name="name"),
        Column(name="trade"),
        Column(name="city"),
        *(Column(name=name) for name in PROFILE),
        Column(name="issuers", kind=list),
        Column(name="account_holder"),
        Column(name="payout_account", is_masked=True),
        Column(name="bank_code"),
        Column(name="account_set_at", kind=dt.datetime),
        Column(name="is_active", kind=bool),
    ),
    order=("merchant_id",),
    filters=(Filter(name="merchant_id", column="merchant_id"),),
    actions=("merchant.edit_profile", "payout_account.save"),
    few=frozenset({Scope.MERCHANT}),
)
STAT_MEMBERS: Final = View(
    id="stat_members",
    en="Member statistics",
    zh="会员统计",
    roles=frozenset({PA, PO, AU, MO, MP}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="merchant", opens="merchants"),
        Column(name="starts_on", kind=dt.date),
        Column(name="members_new", kind=int),
        Column(name="members_left", kind=int),
        Column(name="members", kind=int),
        Column(name="members_with_card", kind=int),
        Column(name="members_active", kind=int),
    ),
    order=("merchant", "starts_on"),
    is_newest_first=True,
    filters=(Filter(name="merchant", column="merchant"),),
    needs=frozenset({"merchant"}),
    exports="CX",
    few=frozenset({Scope.MERCHANT}),
)
