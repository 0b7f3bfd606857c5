"""The office of a data directory, and who is at it: asked here, or by the host that runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import trio

from config.errors import OperatorError, SurroundingsError, say_nothing
from config.language import Language, speech
from config.places import Places
from config.run.database import dsn_of, opened_database
from config.run.house import house_and_settings, tell_time_in
from config.run.hsm import open_hsm
from config.settings import resolved
from host.clock import utc_now
from host.link.address import Address
from host.link.credentials import Credentials
from host.link.frames import LinkError
from host.link.office import opened_office
from host.model.office import Do, Refused, Show, Told
from host.office.doing import run_action
from host.office.looking import read_view
from host.office.office import Office
from host.office.refusals import FIELD
from host.office.tables import ACTIONS, VIEWS
from host.office.trials import trying
from host.sms import opened_sms
from host.store.book import read_estate
from host.store.connecting import SHORT, connect
from host.store.following import Following
from switch.settings import SwitchSettings

CURES: Final[Mapping[str, str]] = {
    "E-ENROL": ". Next: posswitch totp enrol",
    "E-SIGNED-OUT": ". Next: posswitch sign-in",
    "E-NO-GRANT": ". Next: posswitch sign-in, which names the grants that are yours",
}
"""What to type next, where one command is it; of others posswitch explain tells."""


class OfficeRefusedError(OperatorError):
    """The office has said no: its code and its sentence, in the language of who asks."""

    exit_status = 1


@dataclass(frozen=True, slots=True)
class Desk:
    """The office of a data directory, and who is at it."""

    office: Office
    connection: psycopg.Connection[Any]
    places: Places
    link: SwitchSettings
    """Where the host is."""

    def do(self, asked: Do) -> Told:
        """Ask for an action; what is posted while it is answered, of the host."""
        if ACTIONS[asked.action].whole is not None:
            return trio.run(ask_host, self.link, asked)
        return run_action(self.office, self.connection, asked)

    def show(self, asked: Show) -> Told:
        """Ask for a page."""
        return read_view(self.office, self.connection, asked)


@contextmanager
def opened_desk(data: Path, settings: Path | None) -> Iterator[Desk]:
    """The office's own login on the database of a data directory.

    Raises:
        OperatorError, LmkError: no database, no LMK, or the settings make no sense.
    """
    places, told = house_and_settings(data, settings)
    tell_time_in(told.host.timezone)
    with opened_database(told.database, places, must_exist=True, say=say_nothing):
        dsn = dsn_of("office", told.database, places.cluster)
        hsm = open_hsm(told.host.hsm, places, dsn)
        with connect(dsn, SHORT, autocommit=True) as connection:

            def looks() -> psycopg.Connection[Any]:
                audit = dsn_of("audit", told.database, places.cluster)
                return connect(audit, SHORT, autocommit=True)

            def estate_of(reader: psycopg.Connection[Any]) -> Following:
                return Following(read_estate(reader), hsm)

            settings_here = resolved(told, places)
            office = Office(
                hsm=hsm,
                clock=utc_now,
                zone=told.host.timezone,
                actions=ACTIONS,
                views=VIEWS,
                tries=trying(looks, estate_of, told.host, utc_now),
                sms=opened_sms(settings_here.host.sms),
            )
            yield Desk(office, connection, places, settings_here.switch)


async def ask_host(link: SwitchSettings, asked: Do) -> Told:
    """What the running host tells, as it would a switch process of this directory's settings.

    Raises:
        SurroundingsError: there is none, or it was asked and its answer did not come.
    """
    address = Address.parse(link.link)
    credentials = Credentials(link.link_tls, calls=address.host) if link.link_tls else None
    try:
        async with opened_office(address, credentials) as office:
            try:
                return await office.ask(asked)
            except (OSError, LinkError, trio.TooSlowError) as error:
                silence = error
    except (OSError, LinkError, trio.TooSlowError) as error:
        raise SurroundingsError(
            f"the host that posts it cannot be asked at {link.link}: {error}. Next: posswitch up",
            "E-HOST-AWAY",
        ) from error
    raise SurroundingsError(
        f"it is not known whether it was done: the host at {link.link} did not answer: "
        f"{silence}. Next: posswitch show cards --number says where the card stands",
        "E-IN-DOUBT",
    ) from silence


def refused(told: Told) -> OfficeRefusedError:
    """What is raised of a refusal, with what to type next where one command is it."""
    assert isinstance(told, Refused), told
    return OfficeRefusedError(sentence_of(told) + CURES.get(told.code, ""), told.code)


def sentence_of(told: Refused) -> str:
    """In the language of who reads."""
    if speech.language is not Language.CHINESE:
        return told.en
    if told.code == FIELD.code:  # what is wrong with a value has its Chinese in the catalogue
        return f"{told.field}: {speech.said(told.en.removeprefix(f'{told.field}: '))}"
    return told.zh
