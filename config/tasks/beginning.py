"""`posswitch init`: a database with nobody in it gets its first administrator."""

from pathlib import Path
from zoneinfo import ZoneInfo

from config.errors import Say, SurroundingsError
from config.run.database import dsn_of, opened_database
from config.run.house import house_and_settings
from config.run.hsm import open_hsm
from config.tasks.operators import operator_name
from host.clock import utc_now
from host.estate.plan import EstatePlan
from host.office.first import make_first
from host.office.refusals import Refusal
from host.store.connecting import LONG, connect
from host.store.estates import load_estate

NOTHING = EstatePlan(
    name="office",
    issuers=(),
    programmes=(),
    merchants=(),
    stores=(),
    terminals=(),
    cards=(),
)
"""An estate in which everything is still to be made by people."""


def begin(data: Path, settings: Path | None, *, login: str, name: str, say: Say) -> str:
    """Make the database where there is none, and in it the first administrator.

    Gives the invitation, which is good once.

    Raises:
        SurroundingsError: there is somebody already.
    """
    places, told = house_and_settings(data, settings, may_be_new=True)
    with opened_database(told.database, places, say=say):
        owner = dsn_of("owner", told.database, places.cluster)
        hsm = open_hsm(told.host.hsm, places, owner)
        now = utc_now()
        with connect(owner, LONG, autocommit=True) as connection:
            if connection.execute("SELECT FROM setting WHERE name = 'estate'").fetchone() is None:
                load_estate(
                    connection,
                    NOTHING,
                    hsm,
                    now=now,
                    business_date=now.astimezone(ZoneInfo(told.host.timezone)).date(),
                    pin_verifier=hsm.pin_verifier(),
                )
            try:
                token = make_first(
                    connection, login, name, source=f"cli/{operator_name()}", now=now
                )
            except Refusal:
                raise SurroundingsError(
                    "there is somebody in this office already, who can invite others. "
                    "Next: posswitch sign-in",
                    "E-OFFICE-BEGUN",
                ) from None
    return token.reveal().decode()
