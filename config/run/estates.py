"""Estates that a command line can name, and how one gets into a database."""

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from config.errors import SettingsError
from config.places import Places
from config.run.hsm import open_hsm
from config.run.supervisor import LoadEstate
from host.clock import utc_now
from host.estate.demo import demo_estate
from host.estate.plan import EstatePlan
from host.settings import HsmSettings
from host.store.connecting import LONG, connect
from host.store.estates import load_estate

NO_DEVICE: Final = HsmSettings()
ESTATES: Final[dict[str, Callable[[], EstatePlan]]] = {"demo": demo_estate}


def estate_named(name: str) -> EstatePlan:
    """An estate of the table.

    Raises:
        SettingsError: there is none of that name.
    """
    if name not in ESTATES:
        raise SettingsError(
            f"there is no estate {name!r}. Next: choose of {', '.join(ESTATES)}", "E-ESTATE"
        )
    return ESTATES[name]()


def loader(plan: EstatePlan, timezone: str, hsm_settings: HsmSettings = NO_DEVICE) -> LoadEstate:
    """What puts an estate into a database, its first business day being today in that zone."""

    def load(dsn: str, places: Places) -> None:
        hsm = open_hsm(hsm_settings, places, dsn)
        now = utc_now()
        with connect(dsn, LONG) as connection:
            load_estate(
                connection,
                plan,
                hsm,
                now=now,
                business_date=now.astimezone(ZoneInfo(timezone)).date(),
                pin_verifier=hsm.pin_verifier(),
            )

    return load
