"""What a terminal guesses at, codes of vouchers and phone numbers alike: counted, and soon refused.

Whoever has sent too many that are none learns nothing of any for a while.
"""

import datetime as dt
from typing import Final

from host.rules.dossier import Dossier
from host.rules.state import NO_VOUCHERS, WrongCodes

WRONG_MAX: Final = 5
"""Of a terminal, within the time below; then none is looked at."""
WRONG_MINUTES: Final = 15


def may_look(dossier: Dossier) -> bool:
    """It has not guessed wrong too often."""
    wrong = _wrong_of(dossier)
    return wrong.tries < WRONG_MAX or wrong.began_at <= _since(dossier)


def count_wrong(dossier: Dossier) -> None:
    """One more that is none."""
    wrong = _wrong_of(dossier)
    if not wrong.tries or wrong.began_at <= _since(dossier):
        wrong.tries, wrong.began_at = 0, dossier.state.decided_at
    wrong.tries += 1
    wrong.is_changed = True


def _wrong_of(dossier: Dossier) -> WrongCodes:
    return (dossier.state.vouchers or NO_VOUCHERS).wrong_of(dossier.item.terminal.terminal_id)


def _since(dossier: Dossier) -> dt.datetime:
    return dossier.state.decided_at - dt.timedelta(minutes=WRONG_MINUTES)
