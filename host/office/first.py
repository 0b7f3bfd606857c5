"""The first administrator: made on a database where there is nobody, by who owns the machine."""

import datetime as dt

import psycopg

from host.model.secrets import Secret
from host.office.grants import SQL, Given, add_grant
from host.office.people import SYSTEM
from host.office.places import PLATFORM, Scope
from host.office.records import DONE, Line, write_line
from host.office.refusals import STATE, Refusal
from host.office.roles import PA
from host.office.rows.entries import INVITED
from host.office.subjects import Ref
from host.office.tokens import new_token, token_hash
from host.store.connecting import Connection


def make_first(
    connection: Connection, login: str, name: str, *, source: str, now: dt.datetime
) -> Secret:
    """A platform administrator; gives the invitation, good once for a day.

    Raises:
        Refusal: there is somebody already, who can invite others.
        psycopg.errors.CheckViolation: the login has letters that none has.
    """
    with connection.transaction():
        connection.execute(SQL["hold_people"])
        if connection.execute(SQL["anybody"]).fetchone() == (True,):
            raise Refusal(STATE, state="not empty")
        person = _number(
            connection.execute(
                SQL["add_person"],
                {
                    "login": login,
                    "name": name,
                    "phone_hash": None,
                    "phone_sealed": None,
                    "phone_masked": "",
                    "issuer_id": None,
                    "merchant_id": None,
                    "store_id": None,
                    "alliance_id": None,
                    "enterprise_id": None,
                    "now": now,
                    "by": None,
                },
            )
        )
        given = Given(role=PA, scope=Scope.PLATFORM, from_at=now)
        add_grant(connection, person, PLATFORM, given, by=None)
        token = new_token()
        connection.execute(
            SQL["add_invitation"],
            {
                "token_hash": token_hash(token),
                "person": person,
                "now": now,
                "by": None,
                "expires_at": now + INVITED,
            },
        )
        line = Line(at=now, action="person.save", source=source, who=SYSTEM)
        line.about, line.after = Ref("person", login), {"login": login, "name": name}
        write_line(connection, line, DONE)
    return token


def _number(cursor: "psycopg.Cursor[tuple[int]]") -> int:
    row = cursor.fetchone()
    assert row is not None, "RETURNING"
    return row[0]
