"""OFFICE_SETTINGS: numbers of the office's own that people set, each with its bounds.

A row of `office_setting` has what each is now, so that who reads it needs nothing but the database;
a test holds rows and table equal. What it means stands in the office's words, by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "office_settings.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeSetting:
    """One row."""

    name: str
    normal: int
    """What it is until somebody sets it."""
    smallest: int
    largest: int


APPROVAL_HOURS: Final = OfficeSetting(name="approval_hours", normal=72, smallest=1, largest=240)
INVITATION_HOURS: Final = OfficeSetting(name="invitation_hours", normal=24, smallest=1, largest=168)
REVEALS_A_DAY_MAX: Final = OfficeSetting(
    name="reveals_a_day_max", normal=20, smallest=0, largest=1_000
)
"""Of one person."""
ANONYMOUS_MINOR_MAX: Final = OfficeSetting(
    name="anonymous_minor_max", normal=100_000, smallest=0, largest=100_000_000
)
"""What a card may be worth that is registered to nobody: 1,000 yuan for one of China."""
TRIES_OF_SOURCE_MAX: Final = OfficeSetting(
    name="tries_of_source_max", normal=5, smallest=1, largest=500
)
"""Wrong activation passwords by one source; many holders may come through one front."""
TRIES_OF_CARD_MAX: Final = OfficeSetting(name="tries_of_card_max", normal=5, smallest=1, largest=20)
"""At one card, and for one phone, wherever they come from."""
TRIES_MINUTES: Final = OfficeSetting(name="tries_minutes", normal=60, smallest=10, largest=1_440)
"""So long after the first of them they count."""
CASH_POSITION_MINOR_MAX: Final = OfficeSetting(
    name="cash_position_minor_max", normal=500_000, smallest=0, largest=1_000_000_000
)
"""What one person may have taken in cash and not handed in."""
GIFT_HOURS: Final = OfficeSetting(name="gift_hours", normal=72, smallest=1, largest=720)
"""So long a gift waits to be claimed; then it goes back."""
TRACES_A_MINUTE_MAX: Final = OfficeSetting(
    name="traces_a_minute_max", normal=10, smallest=1, largest=10_000
)
"""Looks by one source at what anybody may see of a number."""
HAND_OUT_MINUTES: Final = OfficeSetting(
    name="hand_out_minutes", normal=1, smallest=0, largest=1_440
)
"""So long after its release the files of a date are handed out; 0: by a command alone."""
PAYOUT_MINOR_MIN: Final = OfficeSetting(
    name="payout_minor_min", normal=10_000, smallest=1, largest=1_000_000_000
)
"""From so much on a merchant is paid; what is less is carried to the next."""
CODES_OF_PHONE_MAX: Final = OfficeSetting(
    name="codes_of_phone_max", normal=5, smallest=1, largest=20
)
"""Codes that are sent to one phone, while tries count."""
CODES_OF_SOURCE_MAX: Final = OfficeSetting(
    name="codes_of_source_max", normal=30, smallest=1, largest=10_000
)
"""The same, asked for by one source."""
PAY_FREE_MINOR_MAX: Final = OfficeSetting(
    name="pay_free_minor_max", normal=20_000, smallest=0, largest=100_000
)
"""Up to so much a member pays a store that they scan without their pay PIN."""
DISPUTE_DAYS: Final = OfficeSetting(name="dispute_days", normal=14, smallest=1, largest=366)
"""So long after it is drawn up rows of a statement may be disputed."""
SIMULATED_PAYMENTS: Final = OfficeSetting(
    name="simulated_payments", normal=0, smallest=0, largest=1
)
"""Whether payments over a port may be played: what is put onto a card by one, nobody has paid."""

OFFICE_SETTINGS: Final[Mapping[str, OfficeSetting]] = {
    row.name: row
    for row in (
        APPROVAL_HOURS,
        INVITATION_HOURS,
        REVEALS_A_DAY_MAX,
        ANONYMOUS_MINOR_MAX,
        TRIES_OF_SOURCE_MAX,
        TRIES_OF_CARD_MAX,
        TRIES_MINUTES,
        CASH_POSITION_MINOR_MAX,
        GIFT_HOURS,
        TRACES_A_MINUTE_MAX,
        HAND_OUT_MINUTES,
        PAYOUT_MINOR_MIN,
        DISPUTE_DAYS,
        CODES_OF_PHONE_MAX,
        CODES_OF_SOURCE_MAX,
        PAY_FREE_MINOR_MAX,
        SIMULATED_PAYMENTS,
    )
}


def value_of(connection: Connection, setting: OfficeSetting) -> int:
    """What it is now."""
    row = connection.execute(SQL["office_setting"], (setting.name,)).fetchone()
    return setting.normal if row is None else int(row[0])


def values_of(connection: Connection, *settings: OfficeSetting) -> list[int]:
    """What they are now, in their order."""
    names = [setting.name for setting in settings]
    found = dict(connection.execute(SQL["office_settings"], (names,)).fetchall())
    return [int(found.get(setting.name, setting.normal)) for setting in settings]
