"""Card batches and their parts: made, opened by another person, suspended, voided.

Each runs in the transaction of who calls it, and refuses with `StockRefusal`. What holds from the
next message says so to the estate's version as its last step.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from host.hsm.interface import Hsm
from host.model.instruments import BatchState, Form
from host.model.secrets import Pan
from host.model.vouchers import ProductKind
from host.rules.batch_states import BATCH_STATES, PART_STATES
from host.rules.states import StateError, after
from host.shards import shard_of
from host.stock import making
from host.stock.days import today_of
from host.stock.numbers import Fault, LineFault, Range, read_chosen
from host.stock.refusals import StockRefusal, Why
from host.store import arrays
from host.store.book import read_shard_count
from host.store.connecting import Connection
from host.store.estate_versions import Followed, note_estate_change
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "batches.sql")
GROWING: Final = frozenset(
    {BatchState.GENERATED, BatchState.OPENED, BatchState.SUSPENDED, BatchState.GENERATING}
)
"""To a batch that stands so cards may be added."""
EDITABLE: Final = frozenset({BatchState.DRAFT, BatchState.GENERATING, BatchState.GENERATED})
"""Of a batch that stands so the days and the maker may still be changed."""


class By(NamedTuple):
    """Who does it, by login, and when."""

    who: str
    at: dt.datetime


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Cards that are to be made under a product's newest version."""

    product: int
    name: str
    cards: int
    responsible: str
    vendor: int | None = None
    """The card maker; physical cards have one."""
    face_minor: int | None = None
    """Where the product has a range."""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    """Narrower than the product's, where those are dates."""
    note: str = ""
    merchants: tuple[int, ...] = ()
    """Who takes its vouchers; none: whoever takes its issuer's cards."""
    stores: tuple[int, ...] = ()
    """In which stores; none: in all of theirs."""
    claims_max: int | None = None
    """How many of its vouchers a member may claim."""
    is_reviewed: bool = False
    """Whether somebody else looks at it when one of its vouchers is redeemed by hand."""


class MadeBatch(NamedTuple):
    """A batch that is there now, as a draft, and its first part."""

    batch: int
    code: str
    part: int


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What of a batch is to be another; None stays as it is."""

    name: str | None = None
    responsible: str | None = None
    note: str | None = None
    vendor_id: int | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class _Product(NamedTuple):
    issuer: int
    version: int
    form: str
    face_minor_min: int
    face_minor_max: int
    valid_from: dt.date | None
    valid_to: dt.date | None
    valid_days: int | None
    prefix: str
    kind: str


class _Batch(NamedTuple):
    state: str
    made_by: str
    responsible: str
    suspended_by: str | None
    issuer: int
    prefix: str
    kind: str


def create_batch(
    connection: Connection, new: NewBatch, by: By, *, is_chosen: bool = False
) -> MadeBatch:
    """A draft with one part, whose cards are made by a job (`making.make_step`).

    Raises:
        StockRefusal: no such product, no card maker, another face or other days than it has, or a
            range too narrow.
    """
    product = _product(connection, new.product)
    _check_maker(product, new)
    if not is_chosen and product.kind == ProductKind.CARD:
        _check_range(connection, product.issuer, product.prefix, new.cards)
    values = msgspec.structs.asdict(new)
    values |= {"issuer_id": product.issuer, "product_id": new.product, "vendor_id": new.vendor}
    values |= {"product_version": product.version, "face_minor": _face_of(product, new)}
    values |= _days_of(product, new)
    values |= {"merchants": list(new.merchants), "stores": list(new.stores)}
    values |= {"made_by": by.who, "made_at": by.at, "year": f"{today_of(connection, by.at):%Y}"}
    connection.execute(SQL["hold_numbers"])
    row = connection.execute(SQL["add_batch"], values).fetchone()
    assert row is not None, "it returns what it wrote"
    batch, code = row
    return MadeBatch(batch, code, _add_part(connection, batch, new.cards, by, is_chosen=is_chosen))


def add_part(
    connection: Connection, batch: int, cards: int, by: By, *, is_chosen: bool = False
) -> int:
    """Cards to be added to a batch: a part that is made, and opened, by itself. Gives its number.

    Raises:
        StockRefusal: no such batch, one that has ended, or a range too narrow.
    """
    found = _batch(connection, batch)
    if found.state not in GROWING:
        raise StockRefusal(Why.STATE, state=found.state)
    if not is_chosen and found.kind == ProductKind.CARD:
        _check_range(connection, found.issuer, found.prefix, cards)
    return _add_part(connection, batch, cards, by, is_chosen=is_chosen)


def chosen_numbers(
    connection: Connection, hsm: Hsm, product: int, lines: Sequence[str]
) -> list[Pan]:
    """The numbers of a file for a product's cards, one a line.

    Raises:
        StockRefusal: `faults` are the lines that cannot be taken: then none is.
    """
    found = _product(connection, product)
    of = making.range_of(connection, found.issuer, found.prefix)
    chosen = read_chosen(lines, of)
    taken = _in_use(connection, hsm, list(chosen.numbers.values()))
    faults = [
        *chosen.faults,
        *(LineFault(line, Fault.IN_USE) for line, pan in chosen.numbers.items() if pan in taken),
    ]
    if faults:
        raise StockRefusal(Why.NUMBERS, faults=tuple(sorted(faults)))
    return list(chosen.numbers.values())


def make_chosen(connection: Connection, hsm: Hsm, part: int, pans: Sequence[Pan]) -> None:
    """Make the cards of a part whose numbers somebody chose, all at once.

    Raises:
        StockRefusal: somebody has one of them meanwhile.
    """
    found = making.read_part(connection, part)
    maker = making.Maker(hsm, Range(found.prefix, ()), read_shard_count(connection))
    ids = [making.card_id(part, place) for place in range(1, len(pans) + 1)]
    if making.store(connection, found, [maker.cards(ids, pans)]) != len(pans):
        raise StockRefusal(Why.NUMBERS, faults=())
    making.note_made(connection, found, len(pans))


def open_part(connection: Connection, part: int, by: By) -> None:
    """A part's cards may be sold, bound and used from the next message on.

    Raises:
        StockRefusal: it is not made yet or opened already, its batch has ended, or who opens it has
            made or added cards of this batch, or is responsible for it.
    """
    row = connection.execute(SQL["part"], (part,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, part=part)
    batch, _number, state, cards, made, added_by, brings_value = row
    found = _batch(connection, batch)
    if by.who in {added_by, found.made_by, found.responsible}:
        raise StockRefusal(Why.SAME_PERSON, who=by.who)
    if state in {BatchState.DRAFT, BatchState.GENERATING}:
        raise StockRefusal(Why.GENERATING, made=made, cards=cards)
    if found.state not in {BatchState.GENERATED, BatchState.OPENED, BatchState.SUSPENDED}:
        raise StockRefusal(Why.STATE, state=found.state)
    opened = _after(PART_STATES, state, "card_batch.open")
    connection.execute(SQL["open_part"], (opened, by.who, by.at, part))
    if brings_value:
        told = {"part": part, "today": today_of(connection, by.at)}
        connection.execute(SQL["cards_were_in_use"], told)
    if found.state == BatchState.GENERATED:
        _set_state(connection, batch, found, "card_batch.open")
    note_estate_change(connection, Followed.CARD_PART, part)


def open_batch(connection: Connection, batch: int, parts: Sequence[int], by: By) -> None:
    """Several parts of a batch at once; each as `open_part`."""
    for part in parts:
        open_part(connection, part, by)
    assert parts, f"batch {batch} has parts"


def suspend_batch(connection: Connection, batch: int, by: By) -> None:
    """Nothing of it works from the next message on.

    Raises:
        StockRefusal: it is not opened.
    """
    found = _batch(connection, batch)
    _set_state(connection, batch, found, "card_batch.suspend", suspended_by=by.who)


def resume_batch(connection: Connection, batch: int) -> None:
    """It works again from the next message on.

    Raises:
        StockRefusal: it is not suspended.
    """
    _set_state(connection, batch, _batch(connection, batch), "card_batch.resume")


def void_batch(connection: Connection, batch: int, by: By, *, is_given_up: bool = False) -> None:
    """None of its cards is ever spent, bound, sold or loaded again, from the next message on.

    What is left on them is written back by a job (`host.stock.ends`). One whose cards are not all
    made is voided once that `is_given_up`: nobody is at it any more.

    Raises:
        StockRefusal: it has ended already, its cards are being made, or who voids it has made it.
    """
    found = _batch(connection, batch)
    if by.who == found.made_by:
        raise StockRefusal(Why.SAME_PERSON, who=by.who)
    is_early = found.state in {BatchState.DRAFT, BatchState.GENERATING}
    if is_early and not is_given_up:
        raise StockRefusal(Why.GENERATING)
    _set_state(connection, batch, found, "give up" if is_early else "card_batch.void")


def edit_batch(connection: Connection, batch: int, changes: Changes) -> None:
    """What may still be changed: once it is opened its name, who is responsible, and the note.

    Raises:
        StockRefusal: it has ended, or it is opened and its days or its maker are to be others.
    """
    found = _batch(connection, batch)
    is_early = found.state in EDITABLE
    is_wide = (changes.vendor_id, changes.valid_from, changes.valid_to) != (None, None, None)
    if found.state not in EDITABLE | GROWING or (is_wide and not is_early):
        raise StockRefusal(Why.STATE, state=found.state)
    connection.execute(SQL["edit_batch"], {**msgspec.structs.asdict(changes), "id": batch})


def _product(connection: Connection, product: int) -> _Product:
    row = connection.execute(SQL["product"], (product,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, product=product)
    return _Product(*row)


def _batch(connection: Connection, batch: int) -> _Batch:
    row = connection.execute(SQL["batch"], (batch,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, batch=batch)
    return _Batch(*row)


def _check_maker(product: _Product, new: NewBatch) -> None:
    if product.form == Form.PHYSICAL and new.vendor is None:
        raise StockRefusal(Why.VENDOR)


def _check_range(connection: Connection, issuer: int, prefix: str, cards: int) -> None:
    """Room for these beside all that were made, or are to be, of this issuer's numbers."""
    row = connection.execute(SQL["numbers_given"], (issuer,)).fetchone()
    assert row is not None, "a sum"
    if not making.range_of(connection, issuer, prefix).holds(row[0] + cards):
        raise StockRefusal(Why.RANGE_FULL, prefix=prefix)


def _face_of(product: _Product, new: NewBatch) -> int:
    face = new.face_minor
    if face is None and product.face_minor_min == product.face_minor_max:
        return product.face_minor_min
    if face is None or not product.face_minor_min <= face <= product.face_minor_max:
        raise StockRefusal(
            Why.FACE,
            face_minor_min=product.face_minor_min,
            face_minor_max=product.face_minor_max,
        )
    return face


def _days_of(product: _Product, new: NewBatch) -> dict[str, dt.date | None]:
    """Those of the batch, where it names some: within the product's."""
    begin, end = new.valid_from, new.valid_to
    named = [day for day in (begin, end) if day is not None]
    first = product.valid_from or dt.date.min
    is_within = product.valid_to is not None and all(
        first <= day <= product.valid_to for day in named
    )
    if named and not (is_within and sorted(named) == named):
        raise StockRefusal(Why.DAYS, valid_from=product.valid_from, valid_to=product.valid_to)
    return {"valid_from": begin, "valid_to": end}


def _add_part(connection: Connection, batch: int, cards: int, by: By, *, is_chosen: bool) -> int:
    values: dict[str, object] = {"batch_id": batch, "cards": cards, "is_chosen": is_chosen}
    values |= {"added_by": by.who, "added_at": by.at}
    connection.execute(SQL["hold_numbers"])
    row = connection.execute(SQL["add_part"], values).fetchone()
    assert row is not None, "it returns what it wrote"
    part: int = row[0]
    return part


def _set_state(
    connection: Connection,
    batch: int,
    found: _Batch,
    action: str,
    *,
    suspended_by: str | None = None,
) -> None:
    state = _after(BATCH_STATES, found.state, action)
    connection.execute(SQL["set_state"], (state, suspended_by, batch))
    note_estate_change(connection, Followed.CARD_BATCH, batch)


def _after(steps: Any, state: str, action: str) -> str:
    try:
        return after(steps, "card batch", state, action)
    except StateError as error:
        raise StockRefusal(Why.STATE, state=error.state) from error


def _in_use(connection: Connection, hsm: Hsm, pans: Sequence[Pan]) -> set[Pan]:
    if not pans:
        return set()
    shard_count = read_shard_count(connection)
    hashes = {hsm.pan_hash(pan): pan for pan in pans}
    shards = [shard_of(pan_hash, shard_count) for pan_hash in hashes]
    keys = (arrays.smallints(shards), arrays.blobs(hashes))
    return {hashes[bytes(found)] for (found,) in connection.execute(making.SQL["in_use"], keys)}
