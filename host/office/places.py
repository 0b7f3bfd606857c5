"""Where something stands and how far a grant reaches: the one rule of scope.

A place names the issuer, merchant, store, member, alliance and enterprise that a row is of, as
columns that every table of the office has and every view gives. A grant reaches what has its own
number in the column of its scope; one of the platform reaches everything. Who is in an alliance
stays out of its reach: what it sees of its members, a view says by their membership
(`View.members`). Who works at an enterprise is nobody's but its own: not even its issuer's.
"""

import enum
from collections.abc import Iterable, Mapping
from typing import Final, LiteralString

import msgspec


@enum.unique
class Scope(enum.StrEnum):
    """Of whom a grant is."""

    PLATFORM = "platform"
    ISSUER = "issuer"
    ENTERPRISE = "enterprise"
    ALLIANCE = "alliance"
    MERCHANT = "merchant"
    STORE = "store"
    MEMBER = "member"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a row is; none of them is the platform's alone."""

    issuer_id: int | None = None
    merchant_id: int | None = None
    store_id: int | None = None
    member_id: int | None = None
    alliance_id: int | None = None
    enterprise_id: int | None = None


PLATFORM: Final = Place()


def place_of(columns: Iterable[int | None]) -> Place:
    """A place out of its columns, in the order in which it names them."""
    return Place(**dict(zip(Place.__struct_fields__, columns, strict=True)))


SCOPE_COLUMNS: Final[Mapping[Scope, LiteralString]] = {
    Scope.ISSUER: "issuer_id",
    Scope.ENTERPRISE: "enterprise_id",
    Scope.ALLIANCE: "alliance_id",
    Scope.MERCHANT: "merchant_id",
    Scope.STORE: "store_id",
    Scope.MEMBER: "member_id",
}
"""The column that says whose a row is. A scope that is not here reaches nothing yet."""

VIEW_COLUMNS: Final[Mapping[Scope, LiteralString]] = {
    Scope.ISSUER: "of_issuer",
    Scope.ENTERPRISE: "of_enterprise",
    Scope.ALLIANCE: "of_alliance",
    Scope.MERCHANT: "of_merchant",
    Scope.STORE: "of_store",
    Scope.MEMBER: "of_member",
}
"""The same as views yield it: the column that cuts what a grant sees."""


def both(one: Place, other: Place) -> Place:
    """Of what two have together."""
    return place_of(
        own if own is not None else beside
        for own, beside in zip(
            msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True
        )
    )


def reaches(scope: Scope, own: Place, other: Place) -> bool:
    """Whether a grant of this scope, at its own place, reaches another place."""
    if scope is Scope.PLATFORM:
        return True
    column = SCOPE_COLUMNS.get(scope)
    if column is None:
        return False
    number = getattr(own, column)
    return number is not None and number == getattr(other, column)
