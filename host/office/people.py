"""Who somebody is at the office: a person, the grant in use, and the session that says so."""

from dataclasses import dataclass
from typing import Final

from host.office.places import PLATFORM, Place, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role at a place, as it is in force."""

    id: int
    role: str
    scope: Scope
    place: Place
    rights: frozenset[str] = frozenset()
    limit_minor: int | None = None
    held_at: str = ""
    """What people call its place by: an institution id, a merchant id, a store's number."""
    actions: frozenset[str] = frozenset()
    """Of a program: the actions that it may do, and no others of its role."""
    views: frozenset[str] = frozenset()
    """Of a program: the views that it may look at."""

    @property
    def words(self) -> str:
        """As history names it."""
        return f"{self.role}@{self.scope}" + (f"/{self.held_at}" if self.held_at else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Somebody who asks."""

    person: int | None
    login: str
    grant: Grant | None
    session_hash: bytes = b""
    has_totp: bool = False
    """Whether they have proved who they are by more than a password: by a code of their phone."""
    has_given_pin: bool = False
    """A member, who has typed their pay PIN in this session."""

    @property
    def is_member(self) -> bool:
        """Whether it is somebody for themselves, and not at work here."""
        return self.grant is not None and self.grant.scope is Scope.MEMBER

    @property
    def acting_as(self) -> str:
        """The grant in use, in words."""
        return self.grant.words if self.grant else ""


NOBODY: Final = Who(person=None, login="", grant=None)
SYSTEM_GRANT: Final = Grant(id=0, role="system", scope=Scope.PLATFORM, place=PLATFORM)
SYSTEM: Final = Who(person=None, login="system", grant=SYSTEM_GRANT)
"""The scheduler, the night and timers: they act by the same rows, and are named in history."""
