"""Reads the estate into the `Book`, and keeps the key sets that sign-ons mint."""

from collections.abc import Iterable
from typing import Any, Final

import psycopg

from host.book import Book, Issuer, KeySet, Merchant, Programme, Terminal
from host.hsm.keys import check_value
from host.hsm.pin import PinBlockReader
from host.hsm.vault import Vault
from host.ledger import Chart
from host.model.money import POINTS_PREFIX
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from host.shards import home_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "book.sql")
Connection = psycopg.Connection[Any]


class NoEstateError(Exception):
    """The database has no estate: there is nobody to serve."""


def read_book(connection: Connection, vault: Vault) -> Book:
    """Everything the poster needs of the estate, keys unwrapped into their types.

    Raises:
        NoEstateError: no estate was ever loaded.
        VaultError: keys were wrapped under another LMK.
    """
    row = connection.execute(SQL["shard_count"]).fetchone()
    if row is None:
        raise NoEstateError("the database holds no estate: run `posswitch up --estate demo`")
    shard_count: int = row[0]
    merchants = {row[0]: _merchant(row) for row in connection.execute(SQL["merchants"])}
    keys = _key_sets(connection.execute(SQL["terminal_keys"]), vault)
    return Book(
        shard_count=shard_count,
        issuers={row[0]: _issuer(row) for row in connection.execute(SQL["issuers"])},
        merchants=merchants,
        terminals={
            row[0]: _terminal(row, merchants, shard_count, keys.get(row[0], ()))
            for row in connection.execute(SQL["terminals"])
        },
        accounts={
            (Chart(chart), unit, issuer, merchant): number
            for chart, unit, issuer, merchant, number in connection.execute(SQL["house_accounts"])
        },
    )


def add_keys(
    connection: Connection,
    vault: Vault,
    terminal_id: str,
    key_sets: tuple[KeySet, ...],
    pik: Secret,
) -> None:
    """Store the first of these key sets, just minted, and drop every set not among them."""
    newest = key_sets[0]
    with connection.transaction():
        for usage, key in (("pik", pik), ("mak", newest.mak)):
            wrapped = vault.wrap(key, key_usage(usage, terminal_id, newest.generation))
            row = (terminal_id, usage, newest.generation, wrapped, check_value(key))
            connection.execute(SQL["add_key"], row)
        kept = [keys.generation for keys in key_sets]
        connection.execute(SQL["drop_keys"], (terminal_id, kept))


def confirm_keys(connection: Connection, terminal_id: str, generation: int) -> None:
    """Remember that the terminal holds this key set: older ones are not loaded again."""
    connection.execute(SQL["confirm_generation"], (generation, terminal_id))


def note_serial(connection: Connection, terminal_id: str, serial: str | None) -> None:
    """Keep what the terminal says of its hardware."""
    connection.execute(SQL["note_sign_on"], (serial, terminal_id))


def newest_generation(connection: Connection, terminal_id: str) -> int:
    """The highest generation of working keys the terminal was ever sent."""
    row = connection.execute(SQL["newest_generation"], (terminal_id,)).fetchone()
    assert row is not None
    generation: int = row[0]
    return generation


def read_tmk(connection: Connection, vault: Vault, terminal_id: str) -> Secret | None:
    """The terminal's master key; None where none was ever loaded.

    Raises:
        VaultError: it was wrapped under another LMK, for another terminal, or altered.
    """
    row = connection.execute(SQL["tmk"], (terminal_id,)).fetchone()
    if row is None:
        return None
    generation, wrapped = row
    return vault.unwrap(bytes(wrapped), key_usage("tmk", terminal_id, generation))


def key_usage(usage: str, terminal_id: str, generation: int) -> str:
    """What a stored key is bound to: one terminal's key does not unwrap in another's row."""
    return f"{usage}/{terminal_id}/{generation}"


def _issuer(row: tuple[Any, ...]) -> Issuer:
    number, institution, prefix, currency, amount_max, balance_max, tries, is_active, *rest = row
    return Issuer(
        id=number,
        institution_id=institution,
        pan_prefix=prefix,
        currency=currency,
        amount_minor_max=amount_max,
        balance_minor_max=balance_max,
        pin_tries_max=tries,
        is_active=is_active,
        programme=_programme(rest),
    )


def _programme(row: list[Any]) -> Programme | None:
    code, earn_points, earn_per_minor, redemption_min, lot_months, debt_is_allowed = row
    if code is None:
        return None
    return Programme(
        code=code,
        unit=POINTS_PREFIX + code,
        earn_points=earn_points,
        earn_per_minor=earn_per_minor,
        redemption_points_min=redemption_min,
        lot_months=lot_months,
        debt_is_allowed=debt_is_allowed,
    )


def _merchant(row: tuple[Any, ...]) -> Merchant:
    number, merchant_id, is_active, accepts = row
    return Merchant(
        id=number, merchant_id=merchant_id, is_active=is_active, accepts=frozenset(accepts)
    )


def _terminal(
    row: tuple[Any, ...],
    merchants: dict[int, Merchant],
    shard_count: int,
    key_sets: Iterable[KeySet],
) -> Terminal:
    terminal_id, merchant, is_active, epoch, algorithm, proved = row
    return Terminal(
        terminal_id=terminal_id,
        merchant=merchants[merchant],
        is_active=is_active,
        epoch=epoch,
        mac_algorithm=MacAlgorithm(algorithm),
        home=home_of(terminal_id, shard_count),
        key_sets=tuple(keys for keys in key_sets if keys.generation >= proved),
    )


def _key_sets(rows: Iterable[tuple[Any, ...]], vault: Vault) -> dict[str, list[KeySet]]:
    found: dict[str, dict[int, dict[str, Secret]]] = {}
    for terminal_id, usage, generation, wrapped in rows:
        keys = found.setdefault(terminal_id, {}).setdefault(generation, {})
        keys[usage] = vault.unwrap(bytes(wrapped), key_usage(usage, terminal_id, generation))
    return {
        terminal_id: [
            KeySet(generation=number, mak=keys["mak"], pin_reader=PinBlockReader(keys["pik"]))
            for number, keys in generations.items()
        ]
        for terminal_id, generations in found.items()
    }
