"""Where the chains of seals stood, as it was signed, and whether they are there still.

That a signature is its key's only who has the public key can say: `posswitch audit` does, and
`posswitch audit verify` of an export, without a database.
"""

from typing import Final

from host.office.places import Scope
from host.office.roles import AU, FN, PA, PO
from host.office.view import Column, Filter, View

SEALS: Final = View(
    id="seals",
    en="Seals and checkpoints",
    zh="存证",
    roles=frozenset({PA, PO, AU, FN}),
    scopes=frozenset({Scope.PLATFORM}),
    columns=(
        Column(name="checkpoint", kind=int),
        Column(name="business_date"),
        Column(name="signed_at"),
        Column(name="seals", kind=int),
        Column(name="proof"),
        Column(name="broken_seals"),
        Column(name="digest"),
        Column(name="signature"),
    ),
    order=("checkpoint",),
    is_newest_first=True,
    filters=(
        Filter(name="checkpoint", column="checkpoint", kind=int),
        Filter(name="date", column="business_date"),
    ),
    actions=("ledger.verify",),
    exports="C",
)
