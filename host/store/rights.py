"""RIGHTS: what each role of the database may do, column by column.

A role may do what the statements of its programs do, and nothing else. What they need PostgreSQL
itself tells a test, and another walks the catalogue: every table, every column, every role. So a
right is a row here and a GRANT in a migration, once a statement needs it; what no statement needs
any longer is taken out of both. Each login's rows stand beside this module: `rights_host`,
`rights_office`, `rights_reader`.

`posswitch_auditor` has no rows: it reads every table, and writes none. `posswitch_reader` is for
people and their own tools: it reads every column but those of UNSEEN.
"""

from collections.abc import Mapping
from typing import Final

from host.store.right import Right
from host.store.rights_host import NIGHT, POSTER
from host.store.rights_office import OFFICE

RIGHTS: Final[Mapping[str, Mapping[str, Right]]] = {
    "posswitch_poster": POSTER,
    "posswitch_night": NIGHT,
    "posswitch_office": OFFICE,
}
SEQUENCES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("change_number", "USAGE"): frozenset(
        {"posswitch_poster", "posswitch_night", "posswitch_office"}
    ),
    ("change_number", "SELECT"): frozenset({"posswitch_auditor"}),
    **{
        (f"{name}_number", "USAGE"): frozenset({"posswitch_office"})
        for name in (
            "account",
            "person",
            "grant",
            "approval",
            "history",
            "job",
            "card_sale",
            "member",
            "office_file",
            "disclosure",
            "shipment",
            "lottery",
            "port_payment",
            "letter",
            "pickup",
        )
    },
}
"""(sequence, privilege): who may. Every other number is taken by the owner alone."""
