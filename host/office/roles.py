"""ROLES: who may be what, where, and what never lies in one pair of hands.

A grant is a person, a role and a scope, from and until. One is in use at a time; what it may do
stands in the rows of ACTIONS and VIEWS, which name roles by their ids here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from host.office.places import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One row."""

    id: str
    code: str
    """Two letters, as people write it."""
    en: str
    zh: str
    scopes: frozenset[Scope]
    given_by: frozenset[str] = frozenset()
    """Whose holders may give it within their own scope, beside the platform's administrators."""
    signs_in: bool = True
    """Whether a person of it signs in at the office by login and password."""


PA: Final = "platform_admin"
PO: Final = "platform_ops"
RK: Final = "risk"
FN: Final = "finance"
CS: Final = "service"
AU: Final = "auditor"
IM: Final = "issuer_manager"
BM: Final = "batch_maker"
BO: Final = "batch_owner"
AL: Final = "alliance_manager"
HR: Final = "enterprise_hr"
MO: Final = "merchant_owner"
MP: Final = "merchant_operator"
SM: Final = "store_manager"
SC: Final = "store_clerk"
MB: Final = "member"
AP: Final = "api_client"


def _at(*scopes: Scope) -> frozenset[Scope]:
    return frozenset(scopes)


_ROWS: Final = (
    Role(id=PA, code="PA", en="Platform administrator", zh="平台管理员",
         scopes=_at(Scope.PLATFORM)),
    Role(id=PO, code="PO", en="Platform operations", zh="平台运营", scopes=_at(Scope.PLATFORM)),
    Role(id=RK, code="RK", en="Risk", zh="风控", scopes=_at(Scope.PLATFORM)),
    Role(id=FN, code="FN", en="Clearing and finance", zh="清算财务", scopes=_at(Scope.PLATFORM)),
    Role(id=CS, code="CS", en="Customer service", zh="客服",
         scopes=_at(Scope.PLATFORM, Scope.ISSUER), given_by=frozenset({IM})),
    Role(id=AU, code="AU", en="Auditor", zh="审计员", scopes=_at(Scope.PLATFORM)),
    Role(id=IM, code="IM", en="Issuer manager", zh="发卡主管",
         scopes=_at(Scope.ISSUER), given_by=frozenset({IM})),
    Role(id=BM, code="BM", en="Card batch maker", zh="制卡员",
         scopes=_at(Scope.ISSUER), given_by=frozenset({IM})),
    Role(id=BO, code="BO", en="Rights owner", zh="权限所有者",
         scopes=_at(Scope.ISSUER), given_by=frozenset({IM})),
    Role(id=AL, code="AL", en="Alliance manager", zh="联盟管理员",
         scopes=_at(Scope.ALLIANCE), given_by=frozenset({AL})),
    Role(id=HR, code="HR", en="Enterprise HR", zh="企业HR",
         scopes=_at(Scope.ENTERPRISE), given_by=frozenset({HR})),
    Role(id=MO, code="MO", en="Merchant owner", zh="商户负责人",
         scopes=_at(Scope.MERCHANT), given_by=frozenset({PO, MO})),
    Role(id=MP, code="MP", en="Merchant operator", zh="商户操作员",
         scopes=_at(Scope.MERCHANT), given_by=frozenset({MO})),
    Role(id=SM, code="SM", en="Store manager", zh="店长",
         scopes=_at(Scope.STORE), given_by=frozenset({MO})),
    Role(id=SC, code="SC", en="Store clerk", zh="店员",
         scopes=_at(Scope.STORE), given_by=frozenset({MO, SM})),
    Role(id=MB, code="MB", en="Member", zh="会员", scopes=_at(Scope.MEMBER), signs_in=False),
    Role(id=AP, code="AP", en="API client", zh="接口客户端", signs_in=False,
         scopes=_at(Scope.PLATFORM, Scope.ISSUER, Scope.ALLIANCE, Scope.MERCHANT, Scope.STORE)),
)  # fmt: skip

ROLES: Final[Mapping[str, Role]] = {role.id: role for role in _ROWS}

STAFF: Final = frozenset(role.id for role in _ROWS if role.signs_in)
"""Everybody who signs in at the office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two roles that one person may not hold: anywhere, or at one and the same place."""

    one: str
    other: str
    is_everywhere: bool
    why: str


CONFLICTS: Final = (
    Conflict(
        one=BM,
        other=BO,
        is_everywhere=False,
        why="who makes cards of an issuer does not open them",
    ),
    *(
        Conflict(one=AU, other=role, is_everywhere=True, why="who audits does nothing else")
        for role in sorted(ROLES.keys() - {AU})
    ),
)
"""Not in one pair of hands. Looked at when granting and again at each sign-in."""


def conflict_of(one: str, other: str, *, is_same_place: bool) -> Conflict | None:
    """What keeps the two roles from one person."""
    for row in CONFLICTS:
        if {one, other} == {row.one, row.other} and (row.is_everywhere or is_same_place):
            return row
    return None


def may_give(giver: str, role: str) -> bool:
    """Whether a holder of one role may give another, within their own scope."""
    row = ROLES.get(role)
    return row is not None and row.signs_in and (giver == PA or giver in row.given_by)
