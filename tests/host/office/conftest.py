"""An office on a real PostgreSQL, people in it, and their phones, whose codes we make ourselves."""

import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import re
import secrets
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

import psycopg
import pytest
from msoffcrypto.method.ecma376_agile import ECMA376Agile

from config.run.database import Dsns, embedded_dsns, make_database
from host.hsm.vault import Vault
from host.model.office import NOBODY, Do, Done, Page, Refused, Show, Told, Waiting
from host.model.secrets import Secret
from host.office.doing import run_action
from host.office.first import make_first
from host.office.jobs import Clerk
from host.office.looking import read_view
from host.office.office import Office
from host.office.roles import ROLES
from host.office.tables import ACTIONS, VIEWS, WORKS
from host.office.timers import TIMERS
from host.office.trials import trying
from host.settings import HostSettings
from host.sms import SENDERS, Sms, Text
from host.store.book import read_estate
from host.store.connecting import SHORT, connect
from host.store.following import Following
from host.store.held import Held
from tests.conftest import Databases, copied
from tests.host.conftest import LMK, NOW

PASSWORD = "seven green otters"
PAY_PIN = "480219"
STORE, OTHER_STORE = "1", "4"
HOME = {
    "platform": "", "issuer": "48882900", "alliance": "HARBOUR", "merchant": "", "store": STORE,
    "enterprise": "HOME-CO",
}  # fmt: skip


READY = {
    ("finance", "platform"): 3,
    ("platform_ops", "platform"): 1,
    ("platform_admin", "platform"): 1,
    ("risk", "platform"): 1,
    ("service", "platform"): 1,
    ("service", "issuer"): 1,
    ("issuer_manager", "issuer"): 2,
    ("batch_maker", "issuer"): 1,
    ("batch_owner", "issuer"): 1,
    ("merchant_owner", "merchant"): 1,
    ("merchant_operator", "merchant"): 1,
    ("store_manager", "store"): 1,
    ("store_clerk", "store"): 1,
}
"""People whom tests invite most, by role and scope, at home in it: how many of them are there
already where an office begins."""
STILL_FRESH = dt.timedelta(minutes=15)
"""For so long they are as people are who have just signed in."""


def code_at(seed: str, at: dt.datetime) -> str:
    """RFC 6238, by hand."""
    key = base64.b32decode(seed)
    digest = hmac.digest(key, struct.pack(">Q", int(at.timestamp()) // 30), hashlib.sha1)
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


@dataclass
class Person:
    """Somebody, with their phone."""

    login: str
    seed: str = ""
    session: Secret = NOBODY
    password: str = PASSWORD
    phone: str = ""
    """Of a member."""


AnyTold = TypeVar("AnyTold")
ENGLISH_PHRASE = re.compile(r"[a-z]{2,} [a-z]{2,}")


def in_chinese_too(told: AnyTold) -> AnyTold:
    """What is told; a refusal has no English put into its Chinese.

    What is wrong with a value is told by the catalogue, at the screen.
    """
    if isinstance(told, Refused) and told.code != "E-FIELD":
        assert ENGLISH_PHRASE.search(told.zh) is None, told
    return told


@dataclass
class Bureau:
    """The office, its clock and its people."""

    dsns: Dsns
    connection: psycopg.Connection[Any]
    now: dt.datetime = NOW
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    hsm: Vault = field(default_factory=lambda: Vault(LMK))
    office: Office = None  # type: ignore[assignment]
    admin: Person = None  # type: ignore[assignment]
    sent: list[Text] = field(default_factory=list)
    """Texts that went to phones."""
    ready: dict[tuple[str, str, str], list[Person]] = field(default_factory=dict)
    """Who is there and signed in and nobody has asked for, by role, scope and its key."""
    fresh_until: dt.datetime = NOW
    _owner: psycopg.Connection[Any] | None = None
    _clerks: Held | None = None

    def __post_init__(self) -> None:
        looks = partial(connect, self.dsns.audit, SHORT, autocommit=True)
        self.office = Office(
            hsm=self.hsm,
            clock=lambda: self.now,
            zone=HostSettings().timezone,
            actions=ACTIONS,
            views=VIEWS,
            looks=looks,
            sms=Sms(
                sender=SENDERS["console"], send=self.sent.append, link="https://pay.example/me"
            ),
            tries=trying(
                looks,
                lambda reader: Following(read_estate(reader), self.hsm),
                HostSettings(),
                lambda: self.now,
            ),
        )

    def later(self, **span: float) -> None:
        """Time goes by."""
        self.now += dt.timedelta(**span)

    def do(self, who: Person | None, action: str, **values: Any) -> Told:
        """As it crosses the link. Words with an underscore before them are of the asking itself."""
        told = {name[1:]: values.pop(name) for name in list(values) if name.startswith("_")}
        done = run_action(self.office, self.connection, self.asked(who, action, **values)(**told))
        return in_chinese_too(done)

    def asked(self, who: Person | None, action: str, **values: Any) -> Callable[..., Do]:
        """What crosses the link, but for words of the asking itself."""

        def asking(**told: Any) -> Do:
            if isinstance(told.get("code"), str):
                told["code"] = Secret(told["code"].encode())
            return Do(
                session=who.session if who else NOBODY,
                action=action,
                values=Secret(json.dumps(values, default=str).encode()),
                **told,
            )

        return asking

    def done(self, who: Person | None, action: str, **values: Any) -> Done:
        """It must be done."""
        told = self.do(who, action, **values)
        assert isinstance(told, Done), told
        return told

    def refused(self, who: Person | None, action: str, **values: Any) -> str:
        """The code of why not."""
        told = self.do(who, action, **values)
        assert isinstance(told, Refused), told
        return told.code

    def with_code(self, who: Person, action: str, **values: Any) -> Told:
        """Asked, told that a code is needed, and asked again with it."""
        told = self.do(who, action, **values)
        assert isinstance(told, Refused), told
        assert told.code == "E-STEP-UP", told
        return self.do(who, action, _code=self.code(who), **values)

    def code(self, who: Person) -> str:
        """What the phone shows, once the code before is gone."""
        self.later(seconds=31)
        return code_at(who.seed, self.now)

    def show(self, who: Person, view: str, **filters: str) -> Page:
        """A page, which must be shown."""
        told = self.look(who, view, filters=filters)
        assert isinstance(told, Page), told
        return told

    def look(self, who: Person, view: str, **told: Any) -> Page | Refused:
        """A page, or why not."""
        asked = Show(session=who.session, view=view, **told)
        return in_chinese_too(read_view(self.office, self.connection, asked))

    def rows(self, who: Person, view: str, **filters: str) -> list[dict[str, Any]]:
        """A page's rows by their columns."""
        page = self.show(who, view, **filters)
        return [dict(zip(page.columns, row, strict=True)) for row in page.rows]

    def take_up(self, login: str, invitation: str) -> Person:
        """A person with a password and one-time codes, signed in."""
        who = Person(login)
        self.done(None, "invitation.accept", token=invitation, new=PASSWORD)
        self.sign_in(who)
        who.seed = self.done(who, "totp.enrol").shown_once["seed"]
        self.done(who, "totp.enrol", code=self.code(who))
        return who

    def sign_in(self, who: Person, **more: Any) -> Done:
        """With all that it takes."""
        if who.phone:
            return self._sign_in_by_phone(who)
        code = {"code": self.code(who)} if who.seed else {}
        told = self.done(
            None, "session.sign_in", login=who.login, password=who.password, **code, **more
        )
        who.session = Secret(told.shown_once["session"].encode())
        return told

    def person(self, role: str, scope: str = "", key: str | None = None) -> Person:
        """Somebody new of a role, invited by the administrator."""
        scope = scope or min(ROLES[role].scopes)
        key = HOME[scope] if key is None else key
        ready = self.ready.get((role, scope, key))
        if ready and self.now < self.fresh_until:
            return ready.pop(0)
        return self.invited(role, scope, key)

    def invited(self, role: str, scope: str, key: str) -> Person:
        """As `person`, and nobody who was ready."""
        login = f"p{next(self.numbers)}x"
        asked = {
            "login": login, "name": f"{role} {login}", "role": role, "scope": scope,
            "scope_key": key,
        }  # fmt: skip
        told = self.do(self.admin, "person.save", **asked)
        if isinstance(told, Refused) and told.code == "E-STEP-UP":
            told = self.do(self.admin, "person.save", _code=self.code(self.admin), **asked)
        assert isinstance(told, Done), told
        return self.take_up(login, told.shown_once["invitation"])

    def make_ready(self) -> None:
        """Those of `READY`, all in the same minute; in the end the administrator looks at them."""
        then = self.now
        for (role, scope), count in READY.items():
            place = (role, scope, HOME[scope])
            for _ in range(count):
                self.now = then
                self.ready.setdefault(place, []).append(self.invited(*place))
        self.show(self.admin, "people")
        self.fresh_until = self.now + STILL_FRESH

    def member(self, phone: str) -> Person:
        """Whoever has this phone, signed in by the code that was sent to it."""
        member = Person("", phone=phone)
        told = self.sign_in(member)
        member.login = told.subject
        if not told.told["has_pay_pin"]:
            self.done(member, "pay_pin.code")
            self.done(member, "pay_pin.set", new=PAY_PIN, code=self.code_sent())
        return member

    def _sign_in_by_phone(self, who: Person) -> Done:
        self.done(None, "session.code", phone=who.phone)
        told = self.done(None, "session.phone_sign_in", phone=who.phone, code=self.code_sent())
        who.session = Secret(told.shown_once["session"].encode())
        return told

    def code_sent(self) -> str:
        """The newest, as its phone shows it."""
        found = re.search(r"\b[0-9]{6}\b", self.sent[-1].words)
        assert found is not None, "a text without a code"
        return found[0]

    def done_by_two(self, asker: Person, approver: Person, action: str, **values: Any) -> Done:
        """Asked by one, agreed to by the other, each with a code where one is asked for."""
        told = self.do(asker, action, **values)
        if isinstance(told, Refused):
            told = self.with_code(asker, action, **values)
        assert isinstance(told, Waiting), told
        decided = {"approval": told.approval, "decision": "approve"}
        done = self.do(approver, "approval.decide", **decided)
        if isinstance(done, Refused) and done.code == "E-STEP-UP":
            done = self.with_code(approver, "approval.decide", **decided)
        assert isinstance(done, Done), done
        return done

    def do_jobs(self) -> None:
        """Everything that waits, on the connection that a clerk keeps."""
        if self._clerks is None:
            self._clerks = Held(partial(psycopg.connect, self.dsns.office, autocommit=True))
        clerk = Clerk(self.office, self._clerks, WORKS, TIMERS)
        while clerk.do_next():
            pass

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """As the owner."""
        if self._owner is None or self._owner.closed:
            self._owner = psycopg.connect(self.dsns.owner, autocommit=True)
        cursor = self._owner.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []

    def leave(self) -> None:
        """The owner and the clerk go."""
        if self._clerks is not None:
            self._clerks.shut()
        if self._owner is not None:
            self._owner.close()


def opened_bureau(
    dsns: Dsns, *, hsm: Vault | None = None, now: dt.datetime = NOW
) -> Iterator[Bureau]:
    with _entered(dsns, now, hsm or Vault(LMK)) as bureau:
        token = make_first(bureau.connection, "root", "Root", source="test", now=bureau.now)
        bureau.admin = bureau.take_up("root", token.reveal().decode())
        yield bureau


@contextmanager
def _entered(dsns: Dsns, now: dt.datetime, hsm: Vault) -> Iterator[Bureau]:
    """With nobody in it yet whom we know."""
    with ExitStack() as stack:
        connection = stack.enter_context(psycopg.connect(dsns.office, autocommit=True))
        bureau = Bureau(dsns, connection, now, hsm=hsm)
        stack.callback(bureau.leave)
        home = connection.execute(
            "SELECT m.merchant_id, (SELECT institution_id FROM issuer ORDER BY id LIMIT 1)"
            " FROM store AS s JOIN merchant AS m ON m.id = s.merchant_id WHERE s.id = %s",
            [int(STORE)],
        ).fetchone()
        assert home is not None, "the store is there"
        HOME["merchant"], HOME["issuer"] = home
        yield bureau


@pytest.fixture(scope="session", autouse=True)
def sealing_in_life() -> Iterator[Callable[..., Any]]:
    """Here workbooks are sealed at the least cost of trying a password: what it is in life is asked
    by a test."""
    life = ECMA376Agile.encrypt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ECMA376Agile, "encrypt", staticmethod(partial(life, spin_count=1)))
        yield life


class Opened(NamedTuple):
    """A database with an office in it: its name, and the office with its people and its time."""

    template: str
    bureau: Bureau
    """As it was left there, of whose people tests have copies."""


@pytest.fixture(scope="session")
def opened_office(databases: Databases, estate_template: str) -> Opened:
    """What every office begins with, once for those who take this fixture from the same place."""
    name = f"posswitch_office_template_{secrets.token_hex(4)}"
    make_database(databases.owner, name, estate_template)
    with contextmanager(opened_bureau)(embedded_dsns(databases.server.cluster, name)) as bureau:
        bureau.make_ready()
    return Opened(name, bureau)


@pytest.fixture
def estate_database(
    request: pytest.FixtureRequest, databases: Databases, estate_template: str
) -> Iterator[Dsns]:
    """A database with the wide estate in it, for one test, and with its office if it has one."""
    has_office = "opened_office" in request.fixturenames
    office = request.getfixturevalue("opened_office").template if has_office else ""
    yield from copied(databases, office or estate_template)


@pytest.fixture
def bureau(estate_database: Dsns, opened_office: Opened) -> Iterator[Bureau]:
    """An office of this test's own, with one administrator."""
    left = opened_office.bureau
    with _entered(estate_database, left.now, Vault(LMK)) as bureau:
        bureau.admin, bureau.fresh_until = replace(left.admin), left.fresh_until
        bureau.ready = {place: list(map(replace, ready)) for place, ready in left.ready.items()}
        bureau.numbers = itertools.count(1 + sum(READY.values()))
        yield bureau


@pytest.fixture
def empty_bureau(databases: Databases, estate_template: str) -> Iterator[Bureau]:
    """As `bureau`, and nobody is ready in it: who asks who is there finds its administrator."""
    for dsns in copied(databases, estate_template):
        yield from opened_bureau(dsns)


@pytest.fixture
def office(bureau: Bureau) -> Bureau:
    """As `bureau`, of a test in which it is one house with the till."""
    return bureau


@pytest.fixture(scope="module")
def shared_bureau(module_estate: Dsns) -> Iterator[Bureau]:
    """An office of this module's, with one administrator."""
    yield from opened_bureau(module_estate)
