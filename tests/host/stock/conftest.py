"""A database with a product, and who makes and opens cards of it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from config.run.database import Dsns
from host.hsm.vault import Vault
from host.model.instruments import Form
from host.stock import batches, making, products
from host.stock.batches import By, MadeBatch, NewBatch
from host.stock.products import NewVersion
from tests.host.conftest import LMK, NOW

CITY, PEAR = 1, 2
MAKER, OWNER = By("bai", NOW), By("bo", NOW)
HSM = Vault(LMK)
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Makes batches as people do, each doing in a transaction of its own."""

    connection: Connection
    dsns: Dsns

    def product(self, code: str = "GIFT", issuer: int = CITY, **terms: Any) -> int:
        """One of 100.00, by its code; `terms` say otherwise."""
        told = {
            "form": Form.VIRTUAL,
            "face_minor_min": 10_000,
            "face_minor_max": 10_000,
            "valid_from": dt.date(2026, 1, 1),
            "valid_to": dt.date(2029, 12, 31),
            **terms,
        }
        with self.connection.transaction():
            product, _ = products.revise_product(
                self.connection, issuer, (code, "Gift card"), NewVersion(**told), ("ma", NOW)
            )
        return product

    def draft(self, cards: int = 3, product: int | None = None, **more: Any) -> MadeBatch:
        """A batch whose cards are not made yet."""
        new = NewBatch(
            product=self.product() if product is None else product,
            name="Autumn",
            cards=cards,
            responsible="li",
            **more,
        )
        with self.connection.transaction():
            return batches.create_batch(self.connection, new, MAKER)

    def make(self, part: int, cards: int = making.CARDS_PER_STEP) -> int:
        """The next cards of a part; gives how many are there."""
        with self.connection.transaction():
            return making.make_step(self.connection, HSM, part, cards)

    def open(self, part: int) -> None:
        """By another person."""
        with self.connection.transaction():
            batches.open_part(self.connection, part, OWNER)

    def opened(self, cards: int = 3, **more: Any) -> MadeBatch:
        """A batch that is made and opened."""
        made = self.draft(cards, **more)
        self.make(made.part)
        self.open(made.part)
        return made

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What is there."""
        return self.connection.execute(statement, values).fetchall()


@pytest.fixture
def stock(estate_database: Dsns) -> Iterator[Stock]:
    with psycopg.connect(estate_database.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=estate_database)
