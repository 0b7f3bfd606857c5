"""Payment codes as a batch is decided over them: held from their reading until it is stored.

Of two terminals that present one code the second reads it as the first has left it. They are held
in the order of their hashes, so that two batches never wait for each other.
"""

from collections.abc import Sequence
from typing import Any, Final

from host.book import Book
from host.model.pay_codes import PAID_BY_CODE, UNDOES_BY_CODE
from host.rules.dossier import Item
from host.rules.state import PayCode, State, UsedCode, Vouchers
from host.store import arrays
from host.store.queries import load_queries
from host.store.rounds import Reading
from host.store.vouchers import add_guesses, ask_guesses

SQL: Final = load_queries("host.store", "pay_codes.sql")
READS: Final = PAID_BY_CODE | UNDOES_BY_CODE
USED: Final = (arrays.smallints, arrays.bigints, arrays.blobs, arrays.names)


def load_pay_codes(items: Sequence[Item], state: State, _book: Book) -> Reading:
    """Those that are presented, and what terminals have guessed. A trial pays by none."""
    asked = [item for item in items if item.pays is not None]
    if not asked or state.is_trial:
        return
    state.vouchers = state.vouchers or Vouchers()
    hashes = {item.pays.code for item in asked if item.pays is not None and item.pays.code}
    told = (arrays.blobs(sorted(hashes)),)
    held, guesses = yield [(SQL["hold_pay_codes"], told), ask_guesses(asked, READS)]
    for row in held:
        state.pay_codes[row[0]] = PayCode(*row)
    add_guesses(guesses, state.vouchers)


def used_row(shard: int, number: int, used: UsedCode) -> tuple[Any, ...]:
    """As it is stored beside its exchange."""
    return (shard, number, used.hash, used.slot)
