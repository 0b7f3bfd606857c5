"""An alliance of a plan: all its issuers with points, all its merchants, a programme of its own."""

import datetime as dt
from typing import Final

import msgspec

from host.estate.plan import AllianceMemberPlan, AlliancePlan, EstatePlan, ProgrammePlan

SINCE: Final = dt.date(2020, 1, 1)
ALLIANCE: Final = AlliancePlan(id=1, code="CIRCLE", name="Circle")
SHARED: Final = ProgrammePlan(
    code="CIRCLE",
    issuer_id=None,
    name="Circle points",
    earn_points=1,
    earn_per_minor=100,
    redemption_points_min=1,
    lot_months=24,
    debt_is_allowed=True,
    alliance_id=ALLIANCE.id,
    is_primary=False,
)


def in_circle(plan: EstatePlan) -> EstatePlan:
    """The plan with the alliance in it: every sale earns its points, too."""
    with_points = dict.fromkeys(
        one.issuer_id for one in plan.programmes if one.issuer_id is not None
    )
    members = (
        *(
            AllianceMemberPlan(alliance_id=ALLIANCE.id, issuer_id=issuer, member_from=SINCE)
            for issuer in with_points
        ),
        *(
            AllianceMemberPlan(alliance_id=ALLIANCE.id, merchant_id=one.id, member_from=SINCE)
            for one in plan.merchants
        ),
    )
    return msgspec.structs.replace(
        plan,
        programmes=(*plan.programmes, SHARED),
        alliances=(ALLIANCE,),
        alliance_members=members,
    )
