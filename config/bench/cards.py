"""How fast the cards of a batch are made, beside a bare COPY of the same rows.

A batch is made step by step, each kept by itself, as its job does it: numbers drawn, hashed and
sealed, passwords too, every row noted under the chain. Then the same rows are copied into a table
without a key, an index or a note, in the same round: what PostgreSQL writes at the least. CPU is
counted by process, which is steady where a rate is not.
"""

import datetime as dt
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from config.bench.cpu import CpuClock
from config.bench.ledger import Figures
from config.errors import Say
from config.places import Places, places_of
from config.run.database import embedded_dsns, opened_database
from config.run.estates import NO_DEVICE, loader
from config.run.hsm import open_hsm
from config.settings import Settings
from host.clock import utc_now
from host.estate.demo import bench_estate
from host.hsm.interface import Hsm
from host.model.instruments import Form
from host.stock.batches import By, NewBatch, create_batch
from host.stock.making import make_step
from host.stock.products import NewVersion, revise_product
from host.store.connecting import LONG, Connection, connect

CORE_US_MAX: Final = 50.0
"""Of the dearer process a card: the two work side by side, and 20,000 cards a second are wanted."""
SETTINGS: Final = Settings()
VALID_TO: Final = dt.date(2099, 12, 31)
BARE: Final = "CREATE TABLE card_bare (LIKE card)"
OUT: Final = "COPY (SELECT * FROM card WHERE part_id = %s) TO STDOUT (FORMAT binary)"
IN: Final = "COPY card_bare FROM STDIN (FORMAT binary)"


class CardsBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much is made."""

    messages: int = 350_000
    """Cards a round; the book holds those of the rounds before."""
    rounds: int = 3


class _Database(NamedTuple):
    """Where cards are made."""

    office: Connection
    """As the login that makes them."""
    owner: Connection
    hsm: Hsm
    product: int


class Made(NamedTuple):
    """What a round's cards took."""

    part: int
    seconds: float
    own_us: float
    """CPU of this process a card."""
    postgres_us: float
    """CPU of PostgreSQL's process a card."""


def measure_cards(told: CardsBench, say: Say) -> dict[str, Any]:
    """Cards a second, their CPU, and the ratio to a bare COPY; medians and each round's values."""
    figures = Figures()
    with _database(say) as there:
        for number in range(1, told.rounds + 1):
            made = _make(there, told.messages)
            copied = _copy(there, made.part)
            rate, bare = told.messages / made.seconds, told.messages / copied
            figures.add(
                cards_rate=round(rate),
                bare_rate=round(bare),
                bare_ratio=round(rate / bare, 3),
                own_cpu_us=made.own_us,
                postgres_cpu_us=made.postgres_us,
            )
            say(f"round {number} of {told.rounds}: {rate:,.0f} cards/s, bare COPY {bare:,.0f}")
    return {
        **figures.medians(),
        "rounds": figures.values,
        "settings": msgspec.to_builtins(told),
    }


@contextmanager
def _database(say: Say) -> Iterator[_Database]:
    with tempfile.TemporaryDirectory(prefix="posswitch-cards-") as home:
        Path(home).chmod(0o711)  # see config.bench.history
        places = places_of(Path(home, "data"))
        places.make()
        dsns = embedded_dsns(places.cluster)
        with opened_database(SETTINGS.database, places, say=say):
            loader(bench_estate(1, 1), SETTINGS.host.timezone)(dsns.owner, places)
            with (
                connect(dsns.office, LONG, autocommit=True) as office,
                connect(dsns.owner, LONG, autocommit=True) as owner,
            ):
                yield _ready(office, owner, places, dsns.owner)


def _ready(office: Connection, owner: Connection, places: Places, dsn: str) -> _Database:
    version = NewVersion(
        form=Form.VIRTUAL, face_minor_min=10_000, face_minor_max=10_000, valid_to=VALID_TO
    )
    with office.transaction():
        product, _ = revise_product(office, 1, ("GIFT", "Gift"), version, ("bench", utc_now()))
    return _Database(office, owner, open_hsm(NO_DEVICE, places, dsn), product)


def _make(there: _Database, cards: int) -> Made:
    """A batch of so many, as its job makes it."""
    office = there.office
    new = NewBatch(product=there.product, name="Bench", cards=cards, responsible="bench")
    with office.transaction():
        part = create_batch(office, new, By("bench", utc_now())).part
    own, postgres = CpuClock.read([os.getpid()]), CpuClock.read([office.info.backend_pid])
    started, done = time.monotonic(), 0
    while done < cards:
        with office.transaction():
            done = make_step(office, there.hsm, part)
    seconds = time.monotonic() - started
    return Made(part, seconds, own.us_each(cards), postgres.us_each(cards))


def _copy(there: _Database, part: int) -> float:
    """Seconds in which the same rows are copied into a table that is nothing but rows."""
    owner = there.owner
    with owner.cursor() as cursor, cursor.copy(OUT, (part,)) as rows:
        blocks = [bytes(block) for block in rows]
    owner.execute(BARE)
    started = time.monotonic()
    with owner.cursor() as cursor, cursor.copy(IN) as copy:
        for block in blocks:
            copy.write(block)
    seconds = time.monotonic() - started
    owner.execute("DROP TABLE card_bare")
    return seconds
