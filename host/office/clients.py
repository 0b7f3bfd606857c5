"""Programs that ask: whose a key is, from where it may be used, and how often.

A key is given out once and only its hash is kept, with how it begins, by which people tell it from
another. It is good until its end; a new one leaves those before it some hours, so that a program
changes over without a gap.
"""

import datetime as dt
import ipaddress
from dataclasses import replace
from typing import Final

from host.model.office import Asked
from host.model.secrets import Secret
from host.office.calls import Calls
from host.office.people import Who
from host.office.refusals import NO_GRANT, SIGNED_OUT, TOO_MANY, Refusal
from host.office.sessions import TOUCHED_EVERY, grant_of
from host.office.tokens import TOKEN_CHARACTERS_MAX, new_token, token_hash
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "clients.sql")
KEY_MARK: Final = b"psk_"
"""So begins every key: who finds one somewhere knows what it is."""
PREFIX_CHARACTERS: Final = len(KEY_MARK) + 8


def new_key() -> Secret:
    """Of 256 random bits."""
    return Secret(KEY_MARK + new_token().reveal())


def prefix_of(key: Secret) -> str:
    """How it begins, which may be shown."""
    return key.reveal()[:PREFIX_CHARACTERS].decode()


def is_key(token: Secret) -> bool:
    """Whether it is a program's, by how it begins."""
    return token.reveal().startswith(KEY_MARK)


def who_calls(connection: Connection, asked: Asked, now: dt.datetime, calls: Calls) -> Who:
    """The program of a key, with its grant.

    Raises:
        Refusal: there is no such key, it may not be used from there, or it asks too often.
    """
    if len(asked.session) > TOKEN_CHARACTERS_MAX:
        raise Refusal(SIGNED_OUT)
    told = {"token_hash": token_hash(asked.session), "now": now}
    row = connection.execute(SQL["client_of_key"], told).fetchone()
    if row is None:
        raise Refusal(SIGNED_OUT)
    person, login, used_at, actions, views, networks, a_minute, *held = row
    if held[0] is None:
        raise Refusal(NO_GRANT)
    if networks and not _is_within(asked.source, networks):
        raise Refusal(SIGNED_OUT)
    if not calls.takes(person, a_minute, now):
        raise Refusal(TOO_MANY)
    if used_at is None or now - used_at > TOUCHED_EVERY:
        connection.execute(SQL["touch_key"], told)
    grant = replace(grant_of(*held), actions=frozenset(actions), views=frozenset(views))
    return Who(person=person, login=login, grant=grant, has_totp=True)


def _is_within(source: str, networks: list[str]) -> bool:
    """Whether an address, as a front tells it, lies in one of the networks."""
    try:
        address = ipaddress.ip_address(source.rpartition("/")[2])
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(one) for one in networks)
