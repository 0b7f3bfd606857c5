"""What people do and look at from the command line, by the tables of the office.

It runs the office's own runner on the database, as the login that may do no more than that: so the
first merchant is made before any host runs, and what is done while one runs is in force with its
next batch, by the version of the estate. Who acts is who has signed in. What has to be posted
before it is answered is asked of the running host, which has the poster.
"""

import base64
import json
import shlex
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from config.as_json import print_json
from config.errors import SettingsError
from config.language import tell
from config.screen import Column, Sheet, number, screen
from config.tasks.office_desk import Desk, opened_desk, refused, sentence_of
from config.tasks.office_jobs import follow_job
from config.tasks.office_words import label, shown
from config.tasks.operators import operator_name
from config.tasks.papers import Paper, begun_paper, read_paper
from config.tasks.sessions import SignedIn, forget_session, keep_session, session_here
from config.tasks.typed import prompted
from host.model.office import Do, Done, Page, Refused, Show, Told, Waiting
from host.model.secrets import Secret
from host.office.tables import ACTIONS, VIEWS

NEEDS_CODE: Final = "E-STEP-UP"
SEND: Final = "file.send"
NAME_CHARACTERS_MAX: Final = 40
SIGN_IN: Final = "session.sign_in"
SIGN_OUT: Final = "session.sign_out"
OUTCOME: Final = "outcome"
"""What an approval keeps of what it agreed to."""


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
            if action.may_print and isinstance(told, Done) and not asked.is_dry_run:
                _print_content(base64.b64decode(told.shown_once["content"]))
                return
            _print_outcome(told, asked)
            _follow(desk, session, told, asked)
            return
        with begun_paper(asked.to) as paper:
            told = _ask(desk, asked, session)
            _hand_on(told, asked, paper)


def _print_content(content: bytes) -> None:
    """What an action hands out, where it is text.

    Raises:
        SettingsError: it is none.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = "what comes is no text: a terminal cannot show it. Next: name a file with --to"
        raise SettingsError(message, "E-COMMAND-LINE") from None
    screen().out(text, end="")


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
        code = prompted(sentence_of(told))
        told = desk.do(msgspec.structs.replace(form, code=Secret(code.encode())))
    if not isinstance(told, Done | Waiting):
        raise refused(told)
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
        raise refused(told)
    return told


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
        if told.subject:
            tell(f"only looked at, nothing is kept: {told.subject}")
        else:
            tell("only looked at, nothing is kept")
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


def _as_who_looks(desk: Desk, asked: Show) -> Show:
    """As who has signed in; what anybody sees, as whoever stands at this machine."""
    if VIEWS[asked.view].is_public:
        return msgspec.structs.replace(asked, source=operator_name())
    return msgspec.structs.replace(asked, session=session_here(desk.places).token)


def look(
    data: Path, settings: Path | None, asked: Show, *, as_json: bool, command: str = ""
) -> None:
    """Print a page of a view, and how to get the next.

    Raises:
        OfficeRefusedError: the office says no.
    """
    with opened_desk(data, settings) as desk:
        told = desk.show(_as_who_looks(desk, asked))
    if not isinstance(told, Page):
        raise refused(told)
    if as_json:
        print_json(msgspec.to_builtins(told))
        return
    kinds = {column.name: column.kind for column in VIEWS[asked.view].columns}
    columns = tuple(
        number(label(name, asked.view))
        if kinds.get(name) is int
        else Column(label(name, asked.view))
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
    told = dict(zip(columns, row, strict=True))
    subject = str(told.get("action") or "").partition(".")[0]
    return [shown(name, value, told.get("unit"), subject) for name, value in told.items()]
