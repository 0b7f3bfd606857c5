"""`posswitch keys seat`: a terminal's master key for a web front, in a directory of the front's."""

from pathlib import Path

from config.run.house import house_and_settings
from config.run.seats import make_seat_key
from config.settings import resolved
from config.tasks.keys import opened_keys
from config.tasks.operators import operator_name
from host.keys import KeyCeremonyError
from host.store import keys as rows


def make_seat(
    data: Path, settings: Path | None, terminal_id: str, to: Path | None, *, replace: bool
) -> tuple[Path, str]:
    """Make the key, and the front's own where it has none; where it is, and its check value.

    Raises:
        OperatorError, KeyCeremonyError, SeatKeyError: nothing was made, or it cannot be written.
    """
    places, told = house_and_settings(data, settings)
    directory = (to or Path(resolved(told, places).web.seats)).absolute()
    with opened_keys(data, settings) as keys:
        has_one = any(one.purpose == "tmk" for one in rows.list_keys(keys.connection, terminal_id))
        if has_one and not replace:
            raise KeyCeremonyError(
                f"terminal {terminal_id} has a master key, and who holds it would not sign on any "
                "more. Next: --replace, if that is meant"
            )
        return make_seat_key(keys.connection, keys.hsm, terminal_id, directory, by=operator_name())
