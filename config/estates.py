"""Estates that a command line can name, and how one gets into a database."""

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

import psycopg

from config.errors import SettingsError
from config.places import Places
from config.supervisor import LoadEstate
from host.clock import utc_now
from host.estate.demo import demo_estate
from host.estate.plan import EstatePlan
from host.hsm.pvv import PinVerifier
from host.hsm.vault import Vault, load_lmk
from host.store.estates import load_estate

ESTATES: Final[dict[str, Callable[[], EstatePlan]]] = {"demo": demo_estate}


def estate_named(name: str) -> EstatePlan:
    """An estate of the table.

    Raises:
        SettingsError: there is none of that name.
    """
    if name not in ESTATES:
        raise SettingsError(f"there is no estate {name!r}. Next: choose of {', '.join(ESTATES)}")
    return ESTATES[name]()


def loader(plan: EstatePlan, timezone: str) -> LoadEstate:
    """What puts an estate into a database, its first business day being today in that zone."""

    def load(dsn: str, places: Places) -> None:
        vault = Vault(load_lmk(places.lmk))
        now = utc_now()
        with psycopg.connect(dsn) as connection:
            load_estate(
                connection,
                plan,
                vault,
                now=now,
                business_date=now.astimezone(ZoneInfo(timezone)).date(),
                pin_verifier=PinVerifier(vault.pvk),
            )

    return load
