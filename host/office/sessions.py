"""Sessions: who signs in, what keeps them out, and who it is that asks.

One text for everything that keeps a person out. Five wrong passwords or codes shut a login for a
quarter of an hour, whichever they were; a code is good once. A session ends by itself.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.office.codes import step_of
from host.office.passwords import is_password
from host.office.people import Grant, Who
from host.office.places import Place, Scope
from host.office.refusals import CONFLICT, FIELD, NO_GRANT, SIGN_IN, SIGNED_OUT, Refusal
from host.office.roles import MB, ROLES, conflict_of
from host.office.tokens import TOKEN_CHARACTERS_MAX, new_token, token_hash
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "sessions.sql")
TRIES_MAX: Final = 5
SHUT: Final = dt.timedelta(minutes=15)
SESSION_LONGEST: Final = dt.timedelta(hours=12)
SESSION_IDLE: Final = dt.timedelta(minutes=30)
TOUCHED_EVERY: Final = dt.timedelta(minutes=1)
NOBODYS_GRANT: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """What is known of a person at the door."""

    id: int
    login: str
    password_hash: str | None
    totp_sealed: bytes | None
    totp_is_on: bool
    totp_step: int
    state: str
    failures: int
    locked_until: dt.datetime | None
    member: int | None = None
    """Whom they are as a member; None: who works here."""
    pay_pin_hash: bytes | None = None

    def is_shut(self, now: dt.datetime) -> bool:
        """Whether nobody of that login is let in now."""
        is_locked = self.locked_until is not None and self.locked_until > now
        return self.state != "active" or is_locked

    def step_of(self, hsm: Hsm, code: Secret | None, now: dt.datetime) -> int | None:
        """The step of a good code; None where it is not good."""
        if code is None or self.totp_sealed is None:
            return None
        seed = hsm.open_secret(self.totp_sealed, totp_place(self.login))
        return step_of(seed, code, now, self.totp_step)


def totp_place(login: str) -> str:
    """Where the seed of a person's codes is at home."""
    return f"person/{login}/totp"


def keeper_of(connection: Connection, login: str) -> Keeper | None:
    """A person at the door, held until the end of the transaction."""
    row = connection.execute(SQL["person_of_login"], (login,)).fetchone()
    if row is None:
        return None
    number, password, totp, is_on, step, state, failures, until, member, pay_pin = row
    return Keeper(
        id=number,
        login=login,
        password_hash=password,
        totp_sealed=totp,
        totp_is_on=is_on,
        totp_step=step,
        state=state,
        failures=failures,
        locked_until=until,
        member=member,
        pay_pin_hash=pay_pin,
    )


def let_in(
    connection: Connection, hsm: Hsm, told: tuple[str, Secret, Secret | None], now: dt.datetime
) -> Keeper:
    """Who proves to be the person of a login; `told` is login, password and code.

    Raises:
        Refusal: not proved, in one text; what was counted is kept.
    """
    login, password, code = told
    keeper = keeper_of(connection, login)
    is_right = is_password(password, keeper.password_hash if keeper else None)
    if keeper is None or keeper.is_shut(now):
        raise Refusal(SIGN_IN, is_kept=True)
    step = keeper.step_of(hsm, code, now) if keeper.totp_is_on else keeper.totp_step
    if not is_right or step is None:
        fail(connection, keeper, now)
        raise Refusal(SIGN_IN, is_kept=True)
    connection.execute(SQL["take_in"], {"id": keeper.id, "now": now, "totp_step": step})
    return keeper


def fail(connection: Connection, keeper: Keeper, now: dt.datetime) -> None:
    """Count a wrong password or code."""
    failures = keeper.failures + 1
    is_over = failures >= TRIES_MAX
    connection.execute(
        SQL["count_failure"],
        {
            "id": keeper.id,
            "failures": 0 if is_over else failures,
            "locked_until": now + SHUT if is_over else None,
        },
    )


def begin_session(
    connection: Connection, keeper: Keeper, grant: int | None, source: str, now: dt.datetime
) -> tuple[Secret, Grant]:
    """A session under a grant of the person, the oldest in force where none is named.

    Raises:
        Refusal: the person has none, or some that do not go together.
    """
    if keeper.member is not None:
        chosen = own_grant(keeper.member)
    else:
        chosen = choose(grants_of(connection, keeper.id, now), grant)
    token = new_token()
    connection.execute(
        SQL["add_session"],
        {
            "token_hash": token_hash(token),
            "person": keeper.id,
            "grant": chosen.id or None,
            "now": now,
            "expires_at": now + SESSION_LONGEST,
            "source": source,
        },
    )
    return token, chosen


def choose(held: list[Grant], grant: int | None) -> Grant:
    """The grant that is meant.

    Raises:
        Refusal: there is none, or the person holds what nobody may hold together.
    """
    if not held:
        raise Refusal(NO_GRANT)
    found = [one for one in held if grant in {None, one.id}]
    if not found:
        yours = ", ".join(f"{one.id} {one.words}" for one in held)
        raise Refusal(FIELD, field="grant", problem=f"it is none of yours, which are {yours}")
    refuse_conflict(found[0].role, found[0].place, held)
    return found[0]


def refuse_conflict(role: str, place: Place, held: Iterable[Grant]) -> None:
    """Return where a role goes with what a person holds already.

    Raises:
        Refusal: it does not.
    """
    for other in held:
        row = conflict_of(role, other.role, is_same_place=place == other.place)
        if row is not None:
            raise Refusal(CONFLICT, field="role", role=ROLES[other.role], why=row.why)


def grants_of(
    connection: Connection, person: int, now: dt.datetime, *, with_later: bool = False
) -> list[Grant]:
    """What a person may be now, the oldest first; with what begins later, too, where asked for."""
    told = {"person": person, "now": now, "with_later": with_later}
    rows = connection.execute(SQL["grants_of"], told)
    return [grant_of(*row) for row in rows]


def who_is_signed_in(connection: Connection, token: Secret, now: dt.datetime) -> Who:
    """The person of a session, with the grant in use.

    Raises:
        Refusal: there is no such session, or the grant is not in force any more.
    """
    if not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        raise Refusal(SIGNED_OUT)
    hashed = token_hash(token)
    told = {"token_hash": hashed, "now": now, "used_after": now - SESSION_IDLE}
    row = connection.execute(SQL["session"], told).fetchone()
    if row is None:
        raise Refusal(SIGNED_OUT)
    person, login, has_proof, member, has_given_pin, used_at, *grant = row
    if member is None and grant[0] is None:
        raise Refusal(NO_GRANT)
    if now - used_at > TOUCHED_EVERY:
        connection.execute(SQL["touch_session"], told)
    return Who(
        person=person,
        login=login,
        grant=grant_of(*grant) if member is None else own_grant(member),
        session_hash=hashed,
        has_totp=has_proof,
        has_given_pin=has_given_pin,
    )


def names_of_places(connection: Connection, grants: Iterable[Grant]) -> dict[int, str]:
    """What the place of each is called, by the grant's number; nothing of the platform."""
    told = {"grants": [one.id for one in grants]}
    return dict(connection.execute(SQL["names_of_places"], told).fetchall())


def own_grant(member: int) -> Grant:
    """What a member is for themselves, as long as they are one: nobody gives it or takes it."""
    place = Place(member_id=member)
    return Grant(id=NOBODYS_GRANT, role=MB, scope=Scope.MEMBER, place=place, held_at=str(member))


def grant_of(*row: Any) -> Grant:
    """A grant out of the columns that every statement of one gives."""
    number, role, scope, issuer, merchant, store, alliance, enterprise, rights, limit, at = row
    return Grant(
        id=number,
        role=role,
        scope=Scope(scope),
        place=Place(
            issuer_id=issuer,
            merchant_id=merchant,
            store_id=store,
            alliance_id=alliance,
            enterprise_id=enterprise,
        ),
        rights=frozenset(rights),
        limit_minor=limit,
        held_at=at,
    )
