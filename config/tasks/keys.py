"""What `posswitch keys` does: hold of the database and the security module, prompts, lists.

Components come in by a prompt that shows nothing, never on the command line, which a process list
and a shell's history show. They go out one to a screen, or one to a file.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import typer

from config.as_json import print_json
from config.errors import SettingsError, SurroundingsError, say_nothing
from config.language import speech, tell
from config.places import Places
from config.run.database import dsn_of, opened_database
from config.run.house import house_and_settings
from config.run.hsm import open_hsm
from config.screen import Column, Sheet, screen
from config.settings import Settings
from config.tasks.operators import operator_name, person_name
from host.clock import utc_now
from host.hsm.dukpt import is_exhausted
from host.hsm.interface import Hsm
from host.hsm.purposes import check_value_of
from host.key_faults import cure_of
from host.keys import (
    Entered,
    Entry,
    KeyCeremonyError,
    Target,
    checked_target,
    enter_component,
    generate_tmk,
    give_up_entry,
)
from host.model.secrets import Secret
from host.private_files import private_file
from host.store import keys as rows
from host.store.connecting import SHORT, connect

KEY_COLUMNS: Final = tuple(
    map(Column, ("whose", "key", "generation", "check value", "header", "entered by"))
)
CLEAR_SCREEN: Final = "\x1b[H\x1b[2J\x1b[3J"
"""The scroll-back too."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The database as its owner, and the security module that its keys are under."""

    connection: psycopg.Connection[Any]
    hsm: Hsm


@dataclass(frozen=True, slots=True)
class Generated:
    """A new master key: its components, and the check value of the whole."""

    terminal_id: str
    components: list[Secret]
    check_value: str


@contextmanager
def opened_keys(data: Path, settings: Path | None) -> Iterator[Keys]:
    """The keys of a data directory.

    Raises:
        OperatorError, LmkError, HsmError: no database, no LMK, or the settings make no sense.
    """
    with opened_owner(data, settings) as (told, places, owner):
        hsm = open_hsm(told.host.hsm, places, owner)
        with connect(owner, SHORT, autocommit=True) as connection:
            yield Keys(connection, hsm)


@contextmanager
def opened_owner(data: Path, settings: Path | None) -> Iterator[tuple[Settings, Places, str]]:
    """The database of a data directory, up, with its owner's connection string.

    Raises:
        OperatorError: there is no such database, or the settings make no sense.
    """
    places, told = house_and_settings(data, settings)
    with opened_database(told.database, places, must_exist=True, say=say_nothing):
        yield told, places, dsn_of("owner", told.database, places.cluster)


def target_of(owner: str, *, is_transport: bool, is_zone: bool, key_id: str | None) -> Target:
    """The key that a command line means.

    Raises:
        SettingsError: it means more than one.
    """
    if is_transport + is_zone + (key_id is not None) > 1:
        raise SettingsError(
            "a key is one of these: --transport, --zone, --key-id. Next: leave the others out",
            "E-COMMAND-LINE",
        )
    if is_transport:
        return Target(purpose="transport", owner=owner)
    if is_zone:
        return Target(purpose="zpk", owner=owner)
    if key_id is not None:
        return Target(purpose="ik", owner=owner, key_id=key_id.upper())
    return Target(purpose="tmk", owner=owner)


def generate(keys: Keys, terminal_id: str, count: int, *, to: Path | None, replace: bool) -> str:
    """Make a master key, hand out its components, and store it; gives its check value.

    Raises:
        OperatorError, KeyCeremonyError: nothing is stored.
    """
    if to is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SettingsError(
            "components are shown at a terminal, one after the other, and this is none. "
            "Next: run it at a terminal, or say --to DIR",
            "E-KEYS-CEREMONY",
        )
    if to is not None and not to.is_dir():
        raise SettingsError(
            f"{to} is no directory. Next: make it, where only you may look", "E-FILE"
        )
    has_one = any(one.purpose == "tmk" for one in rows.list_keys(keys.connection, terminal_id))
    if has_one and not replace:
        raise KeyCeremonyError(
            f"terminal {terminal_id} has a master key, and would not sign on until it holds the "
            "new one. Next: --replace, if that is meant"
        )

    def hand_out(components: list[Secret], check_value: str) -> None:
        made = Generated(terminal_id, components, check_value)
        if to is None:
            _show(made)
        else:
            _write(made, to)

    return generate_tmk(
        keys.connection, keys.hsm, terminal_id, hand_out,
        count=count, by=operator_name(), now=utc_now(),
    )  # fmt: skip


def _show(made: Generated) -> None:
    """Each component alone on the screen, until its custodian has written it down."""
    for number in range(1, len(made.components) + 1):
        _wait(f"custodian {number}, alone at the screen, press Enter")
        tell(_written(made, number))
        _wait("written down? Enter clears the screen")
        typer.echo(CLEAR_SCREEN, nl=False)


def _wait(what: str) -> None:
    """Until somebody presses Enter."""
    typer.prompt(speech.said(what), default="", show_default=False)


def _write(made: Generated, directory: Path) -> None:
    """Each component in a file that only its owner may read: all of them, or none.

    Raises:
        SurroundingsError: a file is there already, or cannot be written.
    """
    files = [
        directory / f"{made.terminal_id}-component-{number}.txt"
        for number in range(1, len(made.components) + 1)
    ]
    written: list[Path] = []
    for number, path in enumerate(files, 1):
        try:
            with private_file(path, is_new=True) as file:
                file.write(_written(made, number).encode() + b"\n")
        except OSError as error:
            for one in written:
                one.unlink(missing_ok=True)
            raise SurroundingsError(
                f"{path} cannot be written: {error.strerror}. No key was made, and the terminal "
                "keeps the one that it has. Next: mend that (a file that is there already is not "
                "written over: move it away), and run it again",
                "E-FILE",
            ) from error
        written.append(path)
    for number, path in enumerate(files, 1):
        tell(f"component {number} is in {path}")


def import_component(keys: Keys, target: Target, number: int, count: int, whole: str | None) -> str:
    """Ask a person for their component, and enter it; says what came of it.

    Raises:
        OperatorError, KeyCeremonyError: nothing is stored.
    """
    target = checked_target(keys.connection, target)
    operator = person_name()
    value = _hexadecimal(_asked(f"{operator}, component {number} of {count}", is_hidden=True))
    check_value = _asked(f"check value of component {number}")
    waiting = rows.list_components(keys.connection)
    there = {one.number for one in waiting if one.target == target.text}
    if whole is None and number not in there and len(there) + 1 == count:
        whole = _asked("check value of the whole key")
    entry = Entry(
        number=number, count=count, value=value, check_value=check_value, entered_by=operator
    )
    entered = enter_component(keys.connection, keys.hsm, target, entry, whole=whole, now=utc_now())
    return _told(target, entered)


def forget_entry(keys: Keys, target: Target) -> str:
    """Give up an entry; says how much there was."""
    target = checked_target(keys.connection, target)
    count = give_up_entry(keys.connection, target)
    return f"{target.text}: {count} components forgotten"


def print_keys(keys: Keys, owner: str | None, *, as_json: bool = False) -> None:
    """Every key but the keys themselves.

    Raises:
        KeyCeremonyError: one is named who has none.
    """
    found = rows.list_keys(keys.connection, owner, keys.hsm)
    counters = rows.list_counters(keys.connection, owner)
    waiting = [
        one
        for one in rows.list_components(keys.connection)
        if owner is None or f"{one.target}/".partition("/")[2].startswith(f"{owner}/")
    ]
    if owner is not None and not (found or counters or waiting):
        raise KeyCeremonyError(
            f"no key of {owner!r} is stored. Next: posswitch keys list shows whose there are; "
            "posswitch keys generate makes a terminal's"
        )
    asked = rows.waiting_rotations(keys.connection)
    console = screen()
    if as_json:
        told = {
            "lmk": keys.hsm.check_value,
            "keys": found,
            "counters": counters,
            "components": waiting,
            "asked_to_sign_on": sorted(asked),
        }
        print_json(told)
        return
    console.print(_key_sheet(found))
    for key in found:
        if key.fault:
            console.print(_fault_told(key), markup=False)
    for terminal_id in sorted(asked & {one.owner for one in found}):
        console.print(f"{terminal_id}: asked to sign on")
    for counter in counters:
        console.print(_counter_told(counter))
    for one in waiting:
        console.print(
            f"{one.target}: component {one.number} of {one.count} ({one.check_value}) entered by "
            f"{one.entered_by}, waiting for the others"
        )
    console.print(f"{len(found):,} keys under LMK {keys.hsm.check_value}")


def _key_sheet(found: list[rows.ListedKey]) -> Sheet:
    told = (
        (
            one.owner,
            one.purpose,
            str(one.generation),
            one.check_value,
            f"{one.usage} {one.algorithm} {one.mode} {one.exportability}",
            one.entered_by,
        )
        for one in found
    )
    return Sheet(KEY_COLUMNS, told)


def _fault_told(one: rows.ListedKey) -> str:
    cure = cure_of(one.purpose, one.owner, one.mac_algorithm)
    return (
        f"{one.owner}: its {one.purpose} {one.generation} cannot be used: {one.fault}. Next: {cure}"
    )


def _counter_told(one: rows.ListedCounter) -> str:
    told = f"{one.terminal_id}: device {one.key_id} is at counter {one.counter}"
    if is_exhausted(one.key_id, one.counter):
        told += ", its last. Next: enter a new initial key with posswitch keys import --key-id"
    return told


def _written(made: Generated, number: int) -> str:
    component = made.components[number - 1]
    text = component.reveal().hex().upper()
    groups = " ".join(text[at : at + 4] for at in range(0, len(text), 4))
    return (
        f"terminal {made.terminal_id}, component {number} of {len(made.components)}\n"
        f"{groups}\n"
        f"check value of this component: {check_value_of(component, 'T')}\n"
        f"check value of the whole key:  {made.check_value}"
    )


def _told(target: Target, entered: Entered) -> str:
    if entered.missing:
        missing = " and ".join(map(str, entered.missing))
        return f"{target.text}: entered; component {missing} is still to come"
    then = ". Next: posswitch reload, for hosts that run" if target.purpose == "zpk" else ""
    return f"{target.text}: key {entered.check_value} stored{then}"


def _asked(what: str, *, is_hidden: bool = False) -> str:
    if sys.stdin.isatty():
        answer: str = typer.prompt(speech.said(what), hide_input=is_hidden)
        return answer.strip()
    line = sys.stdin.readline().strip()
    if not line:
        raise KeyCeremonyError(f"{what}: nothing was entered. Next: run it again, and enter it")
    return line


def _hexadecimal(text: str) -> Secret:
    try:
        return Secret.from_hex(text)
    except ValueError:
        raise KeyCeremonyError(
            "a component is hexadecimal characters, in pairs. Next: enter it again"
        ) from None
