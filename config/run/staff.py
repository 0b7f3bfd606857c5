"""People of the demo estate at its office, invited as they are needed, each with their own phone.

They are people like all others: the first is made by who owns the machine, invites the rest, and
each has a password, one-time codes and one role. What they do runs through the office's one runner,
so that who may not do a thing is told so. Nobody else knows their passwords: they end with the
process.
"""

import datetime as dt
import json
import secrets
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pyotp

from config.errors import SettingsError, SurroundingsError
from config.places import Places
from config.run.database import dsn_of
from config.run.hsm import open_hsm
from config.settings import Settings
from host.clock import utc_now
from host.estate.demo import CITY, MERCHANTS, PEOPLE, DemoPerson
from host.estate.plan import CardPlan
from host.hsm.interface import Hsm
from host.model.office import NOBODY, Do, Done, Outcome, Refused, Waiting
from host.model.secrets import Secret
from host.office.codes import STEP_SECONDS
from host.office.doing import run_action
from host.office.first import make_first
from host.office.office import Office
from host.office.places import Scope
from host.office.refusals import Refusal
from host.office.roles import PA, ROLES
from host.office.tables import ACTIONS, VIEWS
from host.office.visitors import PAY_PIN, signed_in
from host.store.connecting import LONG, SHORT, connect
from host.store.queries import load_queries

SQL: Final = load_queries("config.run", "staff.sql")
ESTATE: Final = "demo"
SOURCE: Final = "demo"
NEEDS_CODE: Final = frozenset({"E-STEP-UP", "E-PAY-PIN"})
OLD_CODE_SECONDS_MIN: Final = 10
"""The code of the step before is given while it is good for so long at least."""
PASSWORD_BYTES: Final = 16
"""In hexadecimal, so that no login can be in it."""
DONE: Final = "done"
WAITING: Final = "waiting"
PLACES: Final = ((Scope.ISSUER, CITY.institution_id), (Scope.PLATFORM, ""),
                 (Scope.MERCHANT, MERCHANTS[0].merchant_id))  # fmt: skip
"""Where a role is given: at the first of these that it may be held at."""


@dataclass(slots=True)
class Colleague:
    """Somebody at the office, with their session and their phone."""

    login: str
    session: Secret = NOBODY
    seed: str = ""
    step: int = 0
    """Of the last code that was given: each is good once."""
    pin: Secret | None = None
    """Of a member, who gives it in place of a code."""

    def code(self) -> Secret:
        """The next that is good; waits where all of now have been given."""
        if self.pin is not None:
            return self.pin
        now = time.time()
        at = int(now) // STEP_SECONDS
        is_good_for = STEP_SECONDS - now % STEP_SECONDS
        self.step = max(self.step + 1, at - 1 if is_good_for > OLD_CODE_SECONDS_MIN else at)
        _wait_until((self.step - 1) * STEP_SECONDS)
        code = pyotp.TOTP(self.seed, interval=STEP_SECONDS).at(self.step * STEP_SECONDS)
        return Secret(code.encode())


class DemoStaff:
    """A `simulators.wanted.Staff`. To be used by one thread at a time."""

    def __init__(
        self,
        office: Office,
        connection: psycopg.Connection[Any],
        invitation: Secret,
        owner: str,
    ) -> None:
        self._office = office
        self._owner = owner
        self._connection = connection
        self.shown = ""
        """What was shown once, when something was last done."""
        self._people: dict[str, Colleague] = {}
        first = self.take_up(PEOPLE[PA].login, invitation.reveal().decode())
        self._people[PA] = first

    @property
    def hsm(self) -> Hsm:
        """Of the house."""
        return self._office.hsm

    def act(self, by: str, action: str, values: Mapping[str, object], agreed_by: str = "") -> str:
        """Do it, and have it agreed to; gives `done`, `waiting`, or the code of why not."""
        told = self.ask(by, action, values)
        if isinstance(told, Waiting) and agreed_by:
            decision = {"approval": told.approval, "decision": "approve"}
            told = self.ask(agreed_by, "approval.decide", decision)
        if isinstance(told, Refused):
            return told.code
        if isinstance(told, Done):
            self.shown = next(iter((told.shown_once or {}).values()), "")
        return DONE if isinstance(told, Done) else WAITING

    def let_gifts_be_due(self) -> None:
        """The days that they wait are over at once: nobody who plays a story waits for days."""
        with connect(self._owner, SHORT, autocommit=True) as connection:
            connection.execute(SQL["let_gifts_be_due"])

    def open_date(self) -> dt.date:
        """The business date that is open."""
        with connect(self._owner, SHORT, autocommit=True) as connection:
            row = connection.execute(SQL["open_date"]).fetchone()
        assert row is not None, "shops are open"
        found: dt.date = row[0]
        return found

    def value_of(self, card: int) -> int:
        """What is on a card, in minor units."""
        with connect(self._owner, SHORT, autocommit=True) as connection:
            row = connection.execute(SQL["value_of_card"], {"card": card}).fetchone()
        return int(row[0]) if row is not None else 0

    def is_tried(self, rule: int) -> bool:
        """Whether a rule was held against a day since it was written."""
        with connect(self._owner, SHORT, autocommit=True) as connection:
            return connection.execute(SQL["is_tried"], {"rule": rule}).fetchone() == (True,)

    def ask(self, by: str, action: str, values: Mapping[str, object]) -> Outcome:
        """What came of it; a one-time code is given where one is asked for."""
        who = self.person(by)
        form = uuid.uuid4().hex
        told = self._ask(who, action, values, form=form)
        if isinstance(told, Refused) and told.code in NEEDS_CODE:
            told = self._ask(who, action, values, form=form, code=who.code())
        return told

    def done(self, by: str, action: str, values: Mapping[str, object]) -> Done:
        """The same, of what has to be done.

        Raises:
            SurroundingsError: it was not.
        """
        return _done(self.ask(by, action, values), action)

    def agreed(self, by: str, action: str, values: Mapping[str, object], agreed_by: str) -> None:
        """The same, of what another person has to agree to.

        Raises:
            SurroundingsError: it was not done.
        """
        told = self.ask(by, action, values)
        if isinstance(told, Waiting):
            decision = {"approval": told.approval, "decision": "approve"}
            told = self.ask(agreed_by, "approval.decide", decision)
        _done(told, action)

    def member(self, phone: str) -> str:
        """Whoever has this phone signs in, with a pay PIN where they had none; as whom to ask."""
        with connect(self._owner, SHORT, autocommit=True) as connection:
            session = signed_in(connection, self._office.hsm, phone, utc_now())
        self._people[phone] = Colleague(phone, session, pin=PAY_PIN)
        return phone

    def person(self, by: str) -> Colleague:
        """Somebody of that role, invited where nobody is; a word behind it tells others apart."""
        if by not in self._people:
            self._people[by] = self._invite(*by.partition(" ")[::2])
        return self._people[by]

    def _invite(self, role: str, other: str) -> Colleague:
        scope, key = place_of(role)
        named = PEOPLE.get(role) or DemoPerson(role.replace("_", "-"), ROLES[role].en)
        login = f"{named.login}{other}"
        values = {"login": login, "name": named.name, "role": role}
        told = self.done(PA, "person.save", values | {"scope": scope.value, "scope_key": key})
        return self.take_up(login, told.shown_once["invitation"])

    def take_up(self, login: str, invitation: str) -> Colleague:
        """Choose a password, sign in, and turn one-time codes on."""
        who, password = Colleague(login), secrets.token_hex(PASSWORD_BYTES)
        self._done(who, "invitation.accept", {"token": invitation, "new": password})
        values = {"login": login, "password": password}
        session = self._done(who, "session.sign_in", values).shown_once["session"]
        who.session = Secret(session.encode())
        who.seed = self._done(who, "totp.enrol", {}).shown_once["seed"]
        self._done(who, "totp.enrol", {"code": who.code().reveal().decode()})
        return who

    def _done(self, who: Colleague, action: str, values: Mapping[str, object]) -> Done:
        return _done(self._ask(who, action, values, form=uuid.uuid4().hex), action)

    def _ask(
        self,
        who: Colleague,
        action: str,
        values: Mapping[str, object],
        *,
        form: str,
        code: Secret | None = None,
    ) -> Outcome:
        asked = Do(
            session=who.session,
            action=action,
            values=Secret(json.dumps(values, default=str).encode()),
            once_key=form,
            code=code,
            source=SOURCE,
        )
        return run_action(self._office, self._connection, asked)


def embossed(owner: str, hsm: Hsm, batch: str) -> list[CardPlan]:
    """What the card maker has put on the cards of a batch, as many as are made; in their order."""
    with connect(owner, SHORT, autocommit=True) as connection:
        rows = connection.execute(SQL["cards_of_batch"], {"batch": batch}).fetchall()
    return [
        CardPlan(id=number, issuer_id=issuer, pan=hsm.open_pan(sealed), pin=None, expiry=expiry)
        for number, issuer, sealed, expiry in rows
    ]


def place_of(role: str) -> tuple[Scope, str]:
    """Where people of the demo hold it.

    Raises:
        SettingsError: there is no such role, or nobody of the demo estate can hold it.
    """
    if role in ROLES:
        for scope, key in PLACES:
            if scope in ROLES[role].scopes:
                return scope, key
    held = sorted(each.id for each in ROLES.values() if not each.scopes.isdisjoint(dict(PLACES)))
    raise SettingsError(
        f"nobody of the demo estate can be {role}. Next: say by one of {', '.join(held)}",
        "E-SIMULATOR",
    )


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


def _done(told: Outcome, action: str) -> Done:
    if isinstance(told, Done):
        return told
    why = f"{told.code}: {told.en}" if isinstance(told, Refused) else "it waits for another person"
    raise SurroundingsError(f"{action} was not done at the demo's office: {why}", "E-SIMULATOR")


@contextmanager
def opened_staff(settings: Settings, places: Places, estate: str = ESTATE) -> Iterator[DemoStaff]:
    """The first person of a running house of a made-up estate, who invites all others.

    Raises:
        OperatorError: it is another estate, or there are people at its office already.
    """
    database = settings.database
    owner = dsn_of("owner", database, places.cluster)
    office_dsn = dsn_of("office", database, places.cluster)
    hsm = open_hsm(settings.host.hsm, places, owner)
    with connect(owner, LONG, autocommit=True) as connection:
        invitation = _begin(connection, estate)
    with connect(office_dsn, SHORT, autocommit=True) as connection:
        office = Office(
            hsm=hsm,
            clock=utc_now,
            zone=settings.host.timezone,
            actions=ACTIONS,
            views=VIEWS,
        )
        yield DemoStaff(office, connection, invitation, owner)


def _begin(connection: psycopg.Connection[Any], estate: str) -> Secret:
    row = connection.execute("SELECT value FROM setting WHERE name = 'estate'").fetchone()
    if row != (estate,):
        raise SettingsError(
            "people are only made up for the demo estate. Next: posswitch up --estate demo "
            "--data NEW",
            "E-SIMULATOR",
        )
    try:
        return make_first(connection, *PEOPLE[PA], source=SOURCE, now=utc_now())
    except Refusal:
        raise SurroundingsError(
            "there are people at this office already, and nobody acts for them. Next: posswitch "
            "up --estate demo --data NEW",
            "E-SIMULATOR",
        ) from None
