"""Card batches that come with an estate: rows in the column order of `host/store/estates.sql`."""

import datetime as dt
from typing import Final

from host.estate.ends import LAST_DAY
from host.estate.plan import BatchPlan
from host.model.instruments import Activation, BatchState, PinPolicy
from host.model.vouchers import ProductKind

FIRST_DAY: Final = dt.date(2026, 1, 1)
MAKER, OWNER, RESPONSIBLE = "estate-maker", "estate-owner", "estate"
"""Of whom it is said that they made, opened and answer for what came with an estate."""

Row = tuple[object, ...]


def product_row(batch: BatchPlan) -> Row:
    """Its product."""
    of = "VOUCHER" if batch.kind.is_voucher else "GIFT"
    return batch.id, batch.issuer_id, f"{of}-{batch.id}", batch.name


def version_row(batch: BatchPlan, now: dt.datetime) -> Row:
    """The one version of its product."""
    worth = (batch.face_minor, batch.face_minor, FIRST_DAY, LAST_DAY, True)
    ways = sorted(way.value for way in Activation)
    kind, use = (batch.kind.value, batch.kind is ProductKind.AMOUNT), batch.use
    gives = (use.entries, use.buys, list(use.goods), list(use.regions))
    return (
        batch.id, 1, batch.form.value, *worth, PinPolicy.IF_SENT.value, ways, MAKER, now, *kind,
        *gives,
    )  # fmt: skip


def batch_row(batch: BatchPlan, now: dt.datetime) -> Row:
    """The batch."""
    made = (batch.state.value, MAKER, now)
    product = (batch.id, 1)
    return (
        batch.id, batch.code, batch.issuer_id, *product, batch.name, RESPONSIBLE, batch.face_minor,
        *made, list(batch.use.stores), list(batch.use.merchants),
    )  # fmt: skip


def part_row(batch: BatchPlan, now: dt.datetime) -> Row:
    """Its one part."""
    state, count = batch.part, batch.count
    opened = (OWNER, now) if state is BatchState.OPENED else (None, None)
    return batch.id, batch.id, 1, count, count, True, state.value, MAKER, now, *opened
