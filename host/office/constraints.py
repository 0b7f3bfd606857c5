"""Values that are good one by one and that no row may have together: of which field that is told.

The database has the last word, by a CHECK constraint; its name is a row here, or says the column.
What is not here is a fault of ours.
"""

from collections.abc import Collection, Mapping
from typing import Final

from psycopg import errors

from host.office.refusals import FIELD, Refusal

CHECKED: Final[Mapping[str, tuple[str, str]]] = {
    "alliance_member_days": ("until", "it is before the first day"),
    "card_batch_days": ("valid_to", "the last day is before the first"),
    "card_face_qr_inside": ("qr_size", "the QR code does not lie within the picture"),
    "card_sale_order_reference_check": ("order", "it says nothing"),
    "earn_rule_amounts": ("amount_max_minor", "it is less than the smallest amount"),
    "earn_rule_days": ("until", "it is before the first day"),
    "earn_rule_gives": ("times", "up to 1000 times, of a 1000th at least, and a bonus to 1000000"),
    "lottery_days": ("closes_on", "it is before its first day"),
    "person_grant_span": ("until", "it ends before it begins"),
    "points_life_counted": (
        "lot_count",
        "days are 1 to 3650, months 1 to 120, and of what ends otherwise there is none",
    ),
    "product_activation": ("activation", "a card has to be activated by somebody"),
    "product_breakage": ("breakage_days", "only what is left on a card is anybody's"),
    "product_buys": ("buys", "it is of what is bought so often alone, and needed there"),
    "product_entries": ("entries", "one, but of goods, tickets, and what is bought so often"),
    "product_loads": ("may_load", "only what is worth money or points is put onto a card"),
    "product_voucher_terms": (
        "makes",
        "a smallest sale, days of grace (366 at most), articles and regions are a voucher's",
    ),
    "product_worth": ("face_minor_min", "it has one where it is worth money or points, else none"),
    "product_face": ("face_minor_max", "it is less than the smallest face value"),
    "rule_days": ("valid_to", "it is before the first day"),
    "rule_of_a_place": ("stores", "it has to say where, or which goods"),
    "rule_pack_use_days": ("until", "it is before the first day"),
    "product_validity": (
        "valid_to",
        "a card is good from a day until a later one, or for so many days from its activation",
    ),
}
"""By constraint: the field, and what is wrong with it."""
OF_A_COLUMN: Final = "_check"
"""How PostgreSQL ends the name of a constraint of one column: the table, the column, and this."""


def refusal_of_check(error: errors.CheckViolation, fields: Collection[str]) -> Refusal | None:
    """What it says no with; `fields` are those of the action. None: it is a fault of ours."""
    name, table = error.diag.constraint_name or "", error.diag.table_name or ""
    column = name.removeprefix(f"{table}_").removesuffix(OF_A_COLUMN)
    if name in CHECKED:
        field, problem = CHECKED[name]
    elif name.endswith(OF_A_COLUMN) and column in fields:
        field, problem = column, "it says nothing, or is none that can be kept"
    else:
        return None
    return Refusal(FIELD, field=field, problem=problem)
