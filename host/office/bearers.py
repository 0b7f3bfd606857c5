"""Who asks: a person by a session, or a program by its key. Either is told by how it begins."""

import datetime as dt

from host.model.office import Asked
from host.office.clients import is_key, who_calls
from host.office.office import Office
from host.office.people import Who
from host.office.sessions import who_is_signed_in
from host.store.connecting import Connection


def who_asks(office: Office, connection: Connection, asked: Asked, now: dt.datetime) -> Who:
    """The person or the program, with the grant in use.

    Raises:
        Refusal: there is no such session or key, its grant is not in force any more, or the program
            asks from elsewhere or too often.
    """
    if is_key(asked.session):
        return who_calls(connection, asked, now, office.calls)
    return who_is_signed_in(connection, asked.session, now)
