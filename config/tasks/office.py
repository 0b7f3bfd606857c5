"""What people do and look at from the command line, by the tables of the office.

It runs the office's own runner on the database, as the login that may do no more than that: so the
first merchant is made before any host runs, and what is done while one runs is in force with its
next batch, by the version of the estate. Who acts is who has signed in. What has to be posted
before it is answered is asked of the running host, which has the poster.
"""

import base64
import json
import shlex
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
import trio
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from config.as_json import print_json
from config.errors import OperatorError, SettingsError, SurroundingsError, say_nothing
from config.language import Language, speech, tell
from config.places import Places
from config.run.database import dsn_of, opened_database
from config.run.house import house_and_settings
from config.run.hsm import open_hsm
from config.screen import Column, Sheet, number, screen
from config.settings import resolved
from config.tasks.office_words import label, shown, word_here
from config.tasks.operators import operator_name
from config.tasks.papers import Paper, begun_paper, read_paper
from config.tasks.sessions import SignedIn, forget_session, keep_session, session_here
from host.clock import utc_now
from host.link.address import Address
from host.link.credentials import Credentials
from host.link.frames import LinkError
from host.link.office import opened_office
from host.model.office import Do, Done, Page, Refused, Show, Told, Waiting, sought
from host.model.secrets import Secret
from host.office.doing import run_action
from host.office.looking import read_view
from host.office.office import Office
from host.office.refusals import FIELD
from host.office.stock_refusals import ALL_REFUSALS
from host.office.tables import ACTIONS, VIEWS
from host.store.connecting import SHORT, connect
from switch.settings import SwitchSettings

NEEDS_CODE: Final = "E-STEP-UP"
SEND: Final = "file.send"
NAME_CHARACTERS_MAX: Final = 40
SIGN_IN: Final = "session.sign_in"
SIGN_OUT: Final = "session.sign_out"
JOB_POLL_SECONDS: Final = 0.5
JOB_BEGUN_SECONDS: Final = 5.0
"""A job that nobody has begun by then waits for a host."""
OUTCOME: Final = "outcome"
"""What an approval keeps of what it agreed to."""
CURES: Final[Mapping[str, str]] = {
    "E-ENROL": ". Next: posswitch totp enrol",
    "E-SIGNED-OUT": ". Next: posswitch sign-in",
    "E-NO-GRANT": ". Next: posswitch sign-in, which names the grants that are yours",
}
"""What to type next, where one command is it; of others posswitch explain tells."""
ENDED: Final = frozenset({"done", "failed", "stopped"})
"""Of a job."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a command line asks for an action."""

    action: str
    values: Mapping[str, Any]
    is_dry_run: bool = False
    as_json: bool = False
    sends: tuple[str, Path] | None = None
    """The field that is a file's number, and the file that is sent first."""
    to: Path | None = None
    """Where a file goes that it hands out."""


@contextmanager
def opened_desk(data: Path, settings: Path | None) -> Iterator[Desk]:
    """The office's own login on the database of a data directory.

    Raises:
        OperatorError, LmkError: no database, no LMK, or the settings make no sense.
    """
    places, told = house_and_settings(data, settings)
    with opened_database(told.database, places, must_exist=True, say=say_nothing):
        dsn = dsn_of("office", told.database, places.cluster)
        hsm = open_hsm(told.host.hsm, places, dsn)
        with connect(dsn, SHORT, autocommit=True) as connection:
            office = Office(hsm=hsm, clock=utc_now, actions=ACTIONS, views=VIEWS)
            yield Desk(office, connection, places, resolved(told, places).switch)


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


# Signing in. --------------------------------------------------------------------------------


def sign_in(data: Path, settings: Path | None, login: str | None, grant: int | None) -> None:
    """Ask for the proofs, begin a session and keep it.

    Raises:
        OfficeRefusedError: they are not right.
    """
    with opened_desk(data, settings) as desk:
        login = login or prompted("login")
        values: dict[str, Any] = {"login": login, "password": prompted("password", is_hidden=True)}
        code = prompted("one-time code; empty where there is none yet", may_be_empty=True)
        told = desk.do(_do(SIGN_IN, {**values, "code": code or None, "grant": grant}))
        done = _done(told)
        token = Secret(done.shown_once["session"].encode())
        keep_session(desk.places, SignedIn(login, done.told["acting_as"], token))
    tell(f"signed in: {login}, acting as {done.told['acting_as']}")
    others = [one for one in done.told["grants"] if one["grant"] != done.told["grant"]]
    for one in others:
        tell(f"another grant: {one['acting_as']}. Next: posswitch session use-grant {one['grant']}")
    if not done.told["has_totp"]:
        tell("one-time codes are needed before anything else. Next: posswitch totp enrol")


def sign_out(data: Path, settings: Path | None) -> None:
    """End the session, there and here."""
    with opened_desk(data, settings) as desk:
        who = session_here(desk.places)
        desk.do(_do(SIGN_OUT, {}, session=who.token))
        forget_session(desk.places)
    tell(f"signed out: {who.login}")


# Actions. -----------------------------------------------------------------------------------


def act(data: Path, settings: Path | None, asked: Asked) -> None:
    """Do an action as who has signed in, and print what came of it.

    Raises:
        OfficeRefusedError: the office says no.
    """
    action = ACTIONS[asked.action]
    with opened_desk(data, settings) as desk:
        session = Secret(b"") if action.is_entry else session_here(desk.places).token
        if asked.sends is not None:
            asked = _with_sent(desk, session, asked, *asked.sends)
        if asked.to is None or asked.is_dry_run:
            told = _ask(desk, asked, session)
            _print_outcome(told, asked)
            _follow(desk, session, told, asked)
            return
        with begun_paper(asked.to) as paper:
            told = _ask(desk, asked, session)
            _hand_on(told, asked, paper)


def _with_sent(desk: Desk, session: Secret, asked: Asked, field: str, path: Path) -> Asked:
    """What was asked, with the number of the file that it takes.

    Raises:
        SurroundingsError: the file cannot be read.
        OfficeRefusedError: the office does not take it.
    """
    content = base64.b64encode(read_paper(path)).decode()
    values = {"name": path.name[:NAME_CHARACTERS_MAX].strip() or "file", "content": content}
    told = _done(desk.do(_do(SEND, values, session=session)))
    return replace(asked, values={**asked.values, field: told.told["file"]})


def _follow(desk: Desk, session: Secret, told: Done | Waiting, asked: Asked) -> None:
    """The job that it has begun."""
    job = told.told.get("job") if isinstance(told, Done) else None
    if job is not None and not asked.as_json and not asked.is_dry_run:
        follow_job(desk, session, int(job))


def _hand_on(told: Done | Waiting, asked: Asked, paper: Paper) -> None:
    """Into the file what the action hands out."""
    assert isinstance(told, Done)
    paper.write(base64.b64decode(told.shown_once["content"]))
    told = msgspec.structs.replace(told, shown_once={}, told={**told.told, "to": str(asked.to)})
    _print_outcome(told, asked)


def _ask(desk: Desk, asked: Asked, session: Secret) -> Done | Waiting:
    """Once, and again with a code where one is asked for: the same form is done once."""
    form = _do(asked.action, asked.values, session=session)
    form = msgspec.structs.replace(form, is_dry_run=asked.is_dry_run)
    told = desk.do(form)
    if isinstance(told, Refused) and told.code == NEEDS_CODE:
        code = prompted(_sentence(told))
        told = desk.do(msgspec.structs.replace(form, code=Secret(code.encode())))
    if isinstance(told, Refused | Page):
        raise _refused(told)
    return told


def _do(action: str, values: Mapping[str, Any], session: Secret | None = None) -> Do:
    given = {name: value for name, value in values.items() if value is not None}
    return Do(
        session=session or Secret(b""),
        action=action,
        values=Secret(json.dumps(given, default=str).encode()),
        once_key=uuid.uuid4().hex,
        source=f"cli/{operator_name()}",
    )


def _done(told: Told) -> Done:
    if not isinstance(told, Done):
        raise _refused(told)
    return told


def _refused(told: Told) -> OfficeRefusedError:
    assert isinstance(told, Refused), told
    return OfficeRefusedError(_sentence(told) + CURES.get(told.code, ""), told.code)


def _sentence(told: Refused) -> str:
    if speech.language is not Language.CHINESE:
        return told.en
    if told.code == FIELD.code:  # what is wrong with a value has its Chinese in the catalogue
        return f"{told.field}: {speech.said(told.en.removeprefix(f'{told.field}: '))}"
    return told.zh


def _print_outcome(told: Done | Waiting, asked: Asked) -> None:
    console = screen()
    if asked.as_json:
        print_json(msgspec.to_builtins(told))
        return
    if isinstance(told, Waiting):
        until = shown("until", told.until)
        tell(f"it waits for another person as approval {told.approval}, until {until}")
        tell(f"who decides types: posswitch approval decide {told.approval} approve")
        if ACTIONS[asked.action].gives:
            tell("once it is agreed to, posswitch approvals --all names the file, for 15 minutes")
            tell("Next: posswitch file take NUMBER --to FILE, once")
        return
    if asked.is_dry_run:
        tell(f"only looked at, nothing is kept: {told.subject}")
    else:
        tell(f"done: {told.subject}" if told.subject else "done")
    subject = asked.action.split(".")[0]
    changes = [
        (
            label(name, subject),
            shown(name, told.before.get(name), subject=subject),
            shown(name, told.after.get(name), subject=subject),
        )
        for name in dict.fromkeys([*told.before, *told.after])
        if name != OUTCOME
    ]
    if changes:
        heads = (label("what"), label("before"), label("after"))
        console.print(Sheet(tuple(map(Column, heads)), changes))
    inner = str(told.told.get("action", asked.action)).split(".")[0]
    for name, value in _told(told):
        console.print(f"  {label(name, inner)}: {shown(name, value)}", markup=False)
    for name, value in told.shown_once.items():
        console.print(f"  {label(name, subject)}: {value}", markup=False)
    if told.shown_once:
        tell("what stands above is shown once, and kept nowhere")


def _told(done: Done) -> Iterator[tuple[str, object]]:
    """What it tells; of what it agreed to, what that has changed and told."""
    for name, value in done.told.items():
        if name == OUTCOME and isinstance(value, Mapping):
            yield from {**value.get("after", {}), **value.get("told", {})}.items()
        else:
            yield name, value


# Views. -------------------------------------------------------------------------------------


def look(
    data: Path, settings: Path | None, asked: Show, *, as_json: bool, command: str = ""
) -> None:
    """Print a page of a view, and how to get the next.

    Raises:
        OfficeRefusedError: the office says no.
    """
    with opened_desk(data, settings) as desk:
        told = desk.show(msgspec.structs.replace(asked, session=session_here(desk.places).token))
    if not isinstance(told, Page):
        raise _refused(told)
    if as_json:
        print_json(msgspec.to_builtins(told))
        return
    kinds = {column.name: column.kind for column in VIEWS[asked.view].columns}
    columns = tuple(
        number(label(name)) if kinds.get(name) is int else Column(label(name))
        for name in told.columns
    )
    rows = [_cells(told.columns, row) for row in told.rows]
    if rows:
        screen().print(Sheet(columns, rows))
    else:
        tell("no rows")
    if told.next:
        places = " ".join(part for each in told.next for part in ("--after", shlex.quote(each)))
        tell(f"more: {command} {places}")


def _cells(columns: Sequence[str], row: Sequence[Any]) -> list[str]:
    unit = dict(zip(columns, row, strict=True)).get("unit")
    return [shown(name, value, unit) for name, value in zip(columns, row, strict=True)]


def follow_job(desk: Desk, session: Secret, job: int) -> str:
    """A bar until the job has ended; gives its state. Ctrl-C ends the looking, and not the job."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TextColumn("{task.fields[rate]:,}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen()) as progress:
        bar = progress.add_task(f"{word_here('job')} {job}", total=0, rate=0)
        late, is_told = time.monotonic() + JOB_BEGUN_SECONDS, False
        while (row := _job(desk, session, job)) is not None:
            rate = row["per_second"] or 0
            progress.update(bar, completed=row["done"], total=row["total"], rate=rate)
            if row["state"] in ENDED:
                break
            if row["state"] == "waiting" and not is_told and time.monotonic() > late:
                tell(f"job {job} waits for a host that does it. Next: posswitch up")
                is_told = True
            time.sleep(JOB_POLL_SECONDS)
    state = "" if row is None else str(row["state"])
    if state:
        tell(f"job {job}: {word_here(state)}")
    if row is not None and row["error"]:
        code, _, sentence = row["error"].partition(": ")
        is_no = code in ALL_REFUSALS
        raise OfficeRefusedError(sentence if is_no else row["error"], code if is_no else None)
    return state


def _job(desk: Desk, session: Secret, job: int) -> dict[str, Any] | None:
    told = desk.show(Show(session=session, view="jobs", filters=sought({"id": str(job)})))
    if not isinstance(told, Page):
        return None
    rows = (dict(zip(told.columns, row, strict=True)) for row in told.rows)
    return next(rows, None)


# Asking. ------------------------------------------------------------------------------------


def prompted(words: str, *, is_hidden: bool = False, may_be_empty: bool = False) -> str:
    """What somebody types, or the next line of what was piped in.

    Raises:
        SettingsError: there is no line, and one is needed.
    """
    if sys.stdin.isatty():
        typed = typer.prompt(
            speech.said(words), hide_input=is_hidden, default="" if may_be_empty else None,
            show_default=False,
        )  # fmt: skip
    else:
        typed = sys.stdin.readline().rstrip("\n")
    if not typed and not may_be_empty:
        raise SettingsError(
            f"nothing was typed for: {words}. Next: type it when it is asked for, or pipe it in as "
            "a line of its own",
            "E-COMMAND-LINE",
        )
    return str(typed)


def typed_twice(word: str, first: str) -> None:
    """Return where it is typed again as before.

    Raises:
        SettingsError: it is another.
    """
    if prompted(f"{word} {speech.said('once more')}", is_hidden=True) != first:
        raise SettingsError(
            f"{word}: the two are not the same. Next: type it twice alike, or pipe it in on two "
            "lines",
            "E-COMMAND-LINE",
        )
