"""Keys as rows: components being entered, keys stored and listed, rotations asked for."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import psycopg

from host.hsm.interface import Hsm
from host.hsm.key_blocks import KeyBlockFormatError, header_of
from host.hsm.purposes import KeyName, check_value_of
from host.key_faults import UNUSABLE, KeyFault, idle_fault, is_idle
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "keys.sql")
Connection = psycopg.Connection[Any]
NAMED: Final = {"transport": "transport_key", "zpk": "zone_key"}
"""Keys that are no terminal's, to the tables that hold them by name."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """An operator wants this terminal to replace its keys up to a generation."""

    number: int
    terminal_id: str
    through_generation: int


@dataclass(frozen=True, slots=True)
class StoredComponent:
    """A part of a key that is not whole yet."""

    number: int
    count: int
    block: str
    entered_by: str


class ListedKey(msgspec.Struct, frozen=True):
    """A key as people may see it: everything but the key."""

    owner: str
    purpose: str
    generation: int
    check_value: str
    usage: str
    """The header of its key block: usage, algorithm, mode of use, exportability."""
    algorithm: str
    mode: str
    exportability: str
    entered_by: str
    stored_at: dt.datetime
    mac_algorithm: str = ""
    """How its terminal seals; empty for keys that are no terminal's."""
    fault: str = ""
    """Why it cannot be used; known only where it was tried."""


class ListedComponent(msgspec.Struct, frozen=True):
    """A component that waits for the others."""

    target: str
    number: int
    count: int
    check_value: str
    entered_by: str
    entered_at: dt.datetime


class ListedCounter(msgspec.Struct, frozen=True):
    """How far a DUKPT device has come."""

    terminal_id: str
    key_id: str
    counter: int


def read_rotations(connection: Connection, newer_than: int) -> list[Rotation]:
    """Rotations asked for after the one of that number."""
    return [Rotation(*row) for row in connection.execute(SQL["rotations"], (newer_than,))]


def ask_rotation(
    connection: Connection, named: Sequence[str] | None, asked_by: str, now: dt.datetime
) -> int:
    """Ask terminals to sign on, all where none are named; gives how many hold working keys."""
    values = {
        "named": None if named is None else list(named),
        "asked_by": asked_by,
        "now": now,
    }
    return connection.execute(SQL["rotate"], values).rowcount


def waiting_rotations(connection: Connection) -> set[str]:
    """Terminals that were asked and have not come yet."""
    return {row[0] for row in connection.execute(SQL["waiting_rotations"])}


def mac_algorithm_of(connection: Connection, terminal_id: str) -> MacAlgorithm | None:
    """How a terminal seals; None where there is no such terminal."""
    row = connection.execute(SQL["terminal"], (terminal_id,)).fetchone()
    return MacAlgorithm(row[0]) if row is not None else None


def components_of(connection: Connection, target: str) -> list[StoredComponent]:
    """What has been entered of a key; nobody else enters until the transaction ends."""
    connection.execute(SQL["lock_components"])
    return [StoredComponent(*row) for row in connection.execute(SQL["components"], (target,))]


def add_component(
    connection: Connection, target: str, component: StoredComponent, check: str, now: dt.datetime
) -> None:
    """Keep one component until the others have come."""
    numbers = (target, component.number, component.count)
    about = (component.block, check, component.entered_by, now)
    connection.execute(SQL["add_component"], (*numbers, *about))


def drop_components(connection: Connection, target: str) -> int:
    """Forget what was entered of a key; gives how many components that were."""
    return connection.execute(SQL["drop_components"], (target,)).rowcount


def next_generation(connection: Connection, terminal_id: str) -> int:
    """The generation of this terminal's next key of any kind."""
    row = connection.execute(SQL["newest_generation"], (terminal_id,)).fetchone()
    assert row is not None
    return int(row[0]) + 1


def put_key(
    connection: Connection, hsm: Hsm, name: KeyName, key: Secret, by: str, now: dt.datetime
) -> str:
    """Store a key in the place of the one before it; gives its check value."""
    check = check_value_of(key, name.algorithm_of(len(key)))
    block = hsm.wrap(key, name)
    if name.purpose in NAMED:
        connection.execute(SQL[f"put_{NAMED[name.purpose]}"], (name.owner, block, check, by, now))
    else:
        connection.execute(SQL["drop_usage"], (name.owner, name.purpose))
        row = (name.owner, name.purpose, name.generation, block, check, by, now)
        connection.execute(SQL["add_terminal_key"], row)
    return check


def read_key(
    connection: Connection, hsm: Hsm, purpose: str, owner: str
) -> tuple[str, Secret] | None:
    """A stored key with its key block; None where there is none.

    Raises:
        VaultError: it is under another LMK, another's, or altered.
    """
    if purpose in NAMED:
        found = connection.execute(SQL[NAMED[purpose]], (owner,)).fetchone()
        row = None if found is None else (0, found[0])
    else:
        row = connection.execute(SQL["terminal_key"], (owner, purpose)).fetchone()
    if row is None:
        return None
    name = KeyName(purpose=purpose, owner=owner, generation=row[0])
    return row[1], hsm.unwrap(row[1], name)


def list_keys(
    connection: Connection, owner: str | None = None, hsm: Hsm | None = None
) -> list[ListedKey]:
    """Every key, or one terminal's. With a security module each is tried, for its `fault`."""
    found = connection.execute(SQL["keys"], {"owner": owner}).fetchall()
    devices = _devices(found)
    return [_listed(row, hsm, devices) for row in found]


def key_faults(connection: Connection, hsm: Hsm) -> list[KeyFault]:
    """Every key of terminals and zones that cannot be used."""
    found = connection.execute(SQL["served_keys"]).fetchall()
    devices = _devices(found)
    return [
        KeyFault(owner=row[0], purpose=row[1], generation=row[2], why=why)
        for row in found
        if (why := _why_unusable(row, hsm, devices))
    ]


def list_components(connection: Connection) -> list[ListedComponent]:
    """Components that wait for others."""
    return [ListedComponent(*row) for row in connection.execute(SQL["all_components"])]


def list_counters(connection: Connection, owner: str | None = None) -> list[ListedCounter]:
    """Counters of devices."""
    rows = connection.execute(SQL["device_counters"], {"owner": owner})
    return [ListedCounter(*row) for row in rows]


def _devices(found: Sequence[tuple[Any, ...]]) -> set[str]:
    """The terminals that have an initial DUKPT key."""
    return {row[0] for row in found if row[1] == "ik"}


def _listed(row: tuple[Any, ...], hsm: Hsm | None, devices: set[str]) -> ListedKey:
    owner, purpose, generation, check_value, block, seals_by, entered_by, stored_at = row
    try:
        header = header_of(block)
        told = (header.usage, header.algorithm, header.mode, header.exportability)
    except KeyBlockFormatError:
        told = ("?", "?", "?", "?")
    usage, algorithm, mode, exportability = told
    return ListedKey(
        owner=owner,
        purpose=purpose,
        generation=generation,
        check_value=check_value,
        usage=usage,
        algorithm=algorithm,
        mode=mode,
        exportability=exportability,
        entered_by=entered_by,
        stored_at=stored_at,
        mac_algorithm=seals_by or "",
        fault=_why_unusable(row, hsm, devices) if hsm is not None else "",
    )


def _why_unusable(row: tuple[Any, ...], hsm: Hsm, devices: set[str]) -> str:
    owner, purpose, generation, check_value, block, algorithm, *_ = row
    if is_idle(purpose, algorithm):
        return "" if owner in devices else idle_fault(purpose, algorithm)
    name = KeyName(
        purpose=purpose,
        owner=owner,
        generation=generation,
        mac_algorithm=MacAlgorithm(algorithm) if purpose in {"mak", "ik"} else None,
    )
    try:
        key = hsm.unwrap(block, name)
        found = check_value_of(key, header_of(block).algorithm)
    except UNUSABLE as error:
        return str(error)
    return "" if found == check_value else "its check value is another key's"
