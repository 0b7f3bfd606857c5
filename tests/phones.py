"""Time that goes by for one-time codes alone: nobody in a test waits for half a minute."""

import psycopg

from host.store.queries import load_queries

SQL = load_queries("host.office", "sessions.sql")


def forget_codes(dsn: str, login: str) -> None:
    """What this person's phone has shown is good again, as what it shows after it will be.

    The statement is the office's own: what it writes is noted, and the audit finds nothing.
    """
    with psycopg.connect(dsn) as owner:
        [(number,)] = owner.execute("SELECT id FROM person WHERE login = %s", [login]).fetchall()
        owner.execute(SQL["use_code"], {"id": number, "totp_step": 0})
