"""Puts cards of the estate into card batches, so that they have money and PINs to trade with."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from host.store.estate_versions import Followed, note_estate_change
from tests.host.conftest import Till

CITY: Final = 1
FOR_YEARS: Final = ("2026-01-01", "2030-12-31")
PRODUCT: Final[dict[str, Any]] = {
    "form": "physical",
    "face_minor_min": 0,
    "face_minor_max": 100_000,
    "valid_from": FOR_YEARS[0],
    "valid_to": FOR_YEARS[1],
    "valid_days": None,
    "is_reloadable": True,
    "pin": "required",
    "activation": ["till", "office", "holder"],
    "amount_minor_max": None,
    "balance_minor_max": None,
    "made_by": "ma",
    "made_at": "2026-11-01",
}


def put_batch(
    till: Till, number: int, cards: Sequence[int], state: str = "opened", **terms: Any
) -> None:
    """A batch of that number with one part of the same, in this state, and these cards in it."""
    product = {**PRODUCT, **terms}
    till.sql("INSERT INTO product VALUES (%s, %s, %s, 'a gift card')", number, CITY, f"G{number}")
    names, places = ", ".join(product), ", ".join("%s" for _ in product)
    till.sql(
        f"INSERT INTO product_version (product_id, version, {names}) VALUES (%s, 1, {places})",
        number,
        *product.values(),
    )
    till.sql(
        "INSERT INTO card_batch (id, code, issuer_id, product_id, product_version, name,"
        " responsible, face_minor, state, made_by, made_at)"
        " VALUES (%s, %s, %s, %s, 1, 'some cards', 'li', 100, %s, 'bai', now())",
        number, f"CB-{number}", CITY, number, state,
    )  # fmt: skip
    part = state if state in {"draft", "generating", "generated"} else "opened"
    opened = ("bo", "2026-11-02") if part == "opened" else (None, None)
    count = max(len(cards), 1)
    till.sql(
        "INSERT INTO card_batch_part (id, batch_id, number, cards, made, state, added_by, added_at,"
        " opened_by, opened_at) VALUES (%s, %s, 1, %s, %s, %s, 'bai', now(), %s, %s)",
        number, number, count, 0 if part == "draft" else count, part, *opened,
    )  # fmt: skip
    till.sql("UPDATE card SET part_id = %s, sale = 'sold' WHERE id = any(%s)", number, list(cards))
    tell(till, "card_batch", number)
    tell(till, "card_batch_part", number)


def set_state(till: Till, number: int, state: str) -> None:
    """A batch is in another state, and hosts are told."""
    till.sql("UPDATE card_batch SET state = %s WHERE id = %s", state, number)
    tell(till, "card_batch", number)


def tell(till: Till, relation: str, key: int | str) -> None:
    """That a row of the estate is to be read again."""
    with psycopg.connect(till.dsns.owner) as connection:
        note_estate_change(connection, Followed(relation), key)
