"""Finds the card that a person names: by its number, last4@issuer, or its id."""

import re
from typing import Final

from host.hsm.interface import Hsm
from host.model.secrets import Pan
from host.shards import shard_of
from host.store.connecting import Connection
from host.store.queries import load_queries
from host.store.trace import shard_count_of

SQL: Final = load_queries("host.store", "life.sql")
LISTED_MAX: Final = 20
"""Of cards that share their last four digits."""
_LAST_FOUR: Final = re.compile(r"([0-9]{4})@(.+)")
_ID: Final = re.compile(r"#?([0-9]{1,11})")


class CardUnknownError(Exception):
    """No card is meant by this, or more than one: says which, and what to do."""


def find_card(connection: Connection, hsm: Hsm, word: str) -> int:
    """The id of the card that a person names: its number, last4@issuer, or its id.

    Raises:
        CardUnknownError: it is no such name, nothing is known by it, or more than one card is.
    """
    word = word.strip()
    last_four, number = _LAST_FOUR.fullmatch(word), _ID.fullmatch(word)
    if last_four is not None:
        return _by_last_four(connection, last_four[1], last_four[2].strip())
    if number is not None:
        rows = connection.execute(SQL["card_of"], {"card": int(number[1])}).fetchall()
        if not rows:
            raise CardUnknownError(
                f"no card has id {number[1]}. Next: posswitch card show 0015@ISSUER, "
                "with its last four digits and its issuer's number"
            )
        return int(rows[0][0])
    return _by_number(connection, hsm, word)


def _by_number(connection: Connection, hsm: Hsm, word: str) -> int:
    """By the whole number, which no sentence repeats."""
    try:
        pan = Pan(re.sub(r"[\s-]", "", word))
    except ValueError as error:
        raise CardUnknownError(
            "that is no card number (12 to 19 digits), no 0015@ISSUER and no id. "
            "Next: posswitch card show -"
        ) from error
    pan_hash = hsm.pan_hash(pan)
    shard = shard_of(pan_hash, shard_count_of(connection))
    told = {"shard": shard, "pan_hash": pan_hash}
    row = connection.execute(SQL["card_by_hash"], told).fetchone()
    if row is None:
        if not pan.passes_luhn:
            raise CardUnknownError(
                f"no card of ours has this number, {pan.masked}: its check digit is wrong, so it "
                "was mistyped. Next: type it again, or posswitch card show 0015@ISSUER"
            )
        raise CardUnknownError(
            f"no card of ours has this number, {pan.masked}. "
            "Next: type it again, or posswitch card show 0015@ISSUER"
        )
    return int(row[0])


def _by_last_four(connection: Connection, last_four: str, issuer: str) -> int:
    told = {"last_four": last_four, "issuer": issuer, "limit": LISTED_MAX}
    rows = connection.execute(SQL["cards_by_last_four"], told).fetchall()
    if len(rows) == 1:
        return int(rows[0][0])
    if rows:
        found = ", ".join(f"{masked} (id {card}, {status})" for card, masked, status, _ in rows)
        more = " and more" if len(rows) == LISTED_MAX else ""
        raise CardUnknownError(
            f"these end with {last_four}: {found}{more}. Next: posswitch card show ID"
        )
    issuers = ", ".join(name for (name,) in connection.execute(SQL["issuer_names"]).fetchall())
    raise CardUnknownError(
        f"no card of {issuer} ends with {last_four}. Next: check both; issuers are {issuers}"
    )
