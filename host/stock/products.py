"""Products in versions: what a card of one is, what it holds, and how long it may be used.

A card keeps the version that it was made under, so a revision changes no card that is there.
"""

import datetime as dt
from typing import Final

import msgspec

from host.model.instruments import Activation, Form, PinPolicy
from host.model.vouchers import ProductKind
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "batches.sql")


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a product is from now on. Amounts in minor units of the issuer's currency."""

    form: Form
    face_minor_min: int
    face_minor_max: int
    """The same, where every card is worth the same."""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    valid_days: int | None = None
    """From activation, in place of the dates."""
    is_reloadable: bool = False
    is_registered: bool = True
    """To who holds it: one of whom nobody knows the holder is worth less, and never rebound."""
    pin: PinPolicy = PinPolicy.NEVER
    activation: frozenset[Activation] = frozenset(Activation)
    amount_minor_max: int | None = None
    balance_minor_max: int | None = None
    replacement_fee_minor_max: int | None = None
    """What may be taken for a card that replaces one; None: nothing."""
    regifts_max: int | None = None
    """How often what came as a gift may be given on; None: as often as one likes."""
    kind: ProductKind = ProductKind.CARD
    """What its cards are; the rest is of vouchers, as `Terms` has it."""
    entries: int = 1
    buys: int = 0
    may_load: bool = False
    sale_minor_min: int = 0
    grace_days: int = 0
    goods: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    hold_days: int | None = None
    """How long a pre-authorisation lasts; None: as its issuer says."""
    hold_over_percent: int | None = None
    breakage_days: int | None = None
    """After so many days what is left on an expired card is its issuer's; None: never."""
    """How much more its completion may take, in the same way."""


def revise_product(
    connection: Connection,
    issuer: int,
    names: tuple[str, str],
    version: NewVersion,
    by: tuple[str, dt.datetime],
) -> tuple[int, int]:
    """The product of that code (`names` is code and name) in its next version, or a new product.

    `by` is who and when. Gives its number and the version's.

    Raises:
        psycopg.errors.CheckViolation: the constraint names what cannot be.
    """
    product = _first(connection.execute(SQL["add_product"], (issuer, *names)).fetchone())
    values = msgspec.structs.asdict(version)
    values |= {"form": version.form.value, "pin": version.pin.value}
    values |= {"kind": version.kind.value, "goods": sorted(version.goods)}
    values |= {"regions": sorted(version.regions)}
    values |= {"activation": sorted(way.value for way in version.activation)}
    values |= {"product_id": product, "made_by": by[0], "made_at": by[1]}
    return product, _first(connection.execute(SQL["add_version"], values).fetchone())


def _first(row: tuple[int, ...] | None) -> int:
    assert row is not None, "it returns what it wrote"
    return row[0]
