"""`posswitch links`: who walks around in a demo that is up gets a link for each role.

Links are printed where whoever runs the machine asked for them, and stand nowhere else: of each
only a hash is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import typer

from config.errors import SettingsError, SurroundingsError, say_nothing
from config.language import Language, speech, tell
from config.places import Places
from config.run.asking import WEB
from config.run.database import dsn_of, opened_database
from config.run.hsm import open_hsm
from config.run.look import looks
from config.settings import Settings
from host.clock import utc_now
from host.office.grants import SQL
from host.office.roles import ROLES
from host.office.visitors import LINK_GOOD, Link, is_demo, make_links
from host.store.connecting import LONG, SHORT, connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A link, and what it lets somebody be."""

    role: str
    address: str


def has_visitors(settings: Settings, places: Places) -> bool:
    """Whether it is the demo's estate, pages are served, and somebody was at its office before.

    Before that `posswitch init` and scenarios make the first people there.
    """
    if not settings.web.is_on:
        return False
    owner = dsn_of("owner", settings.database, places.cluster)
    with connect(owner, SHORT, autocommit=True) as connection:
        return is_demo(connection) and connection.execute(SQL["anybody"]).fetchone() == (True,)


def links_for(settings: Settings, places: Places) -> list[Door]:
    """New links for all of them, to the pages that are served now.

    Raises:
        SettingsError: it is no demo.
        SurroundingsError: no pages are served.
    """
    with opened_database(settings.database, places, must_exist=True, say=say_nothing):
        address = next((one.pages for one in looks(places) if one.number == WEB), "")
        if not address:
            raise SurroundingsError(
                f"no pages of {places.data} are served. Next: posswitch up --data {places.data}",
                "E-SIMULATOR",
            )
        made = _made(settings, places)
    return [
        Door(role=one.visitor.role, address=f"{address}in/{one.token.reveal().decode()}")
        for one in made
    ]


def _made(settings: Settings, places: Places) -> list[Link]:
    owner = dsn_of("owner", settings.database, places.cluster)
    hsm = open_hsm(settings.host.hsm, places, owner)
    with connect(owner, LONG, autocommit=True) as connection:
        if not is_demo(connection):
            raise SettingsError(
                "links are only made into the demo estate, for real people sign in. Next: posswitch"
                " up --estate demo --data NEW",
                "E-SIMULATOR",
            )
        return make_links(connection, hsm, utc_now())


def say_links(found: Sequence[Door]) -> None:
    """A line each, for who opens them in a browser."""
    minutes = int(LINK_GOOD.total_seconds() // 60)
    tell(f"come in by a link: each once, within {minutes} minutes, on this machine")
    for one in found:
        row = ROLES[one.role]
        name = row.zh if speech.language is Language.CHINESE else row.en
        typer.echo(f"  {name:<24} {one.address}")
