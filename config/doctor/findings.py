"""What a check has found, and what a check may look at."""

import enum
from dataclasses import dataclass
from pathlib import Path

import msgspec

from config.places import Places
from config.run.look import Look
from config.settings import Settings
from host.store.connecting import Connection

NEXT = ". Next: "
"""Between what an error says and its cure."""


@enum.unique
class State(enum.StrEnum):
    """How grave it is."""

    GOOD = "ok"
    DOUBT = "warning"
    """It works, and will not for ever."""
    WRONG = "wrong"
    UNSEEN = "not seen"
    """What it needs is not there, so nobody can say."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    state: State
    found: str
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What checks look at, as far as it could be had."""

    places: Places
    file: Path
    """Of the settings."""
    exists: bool
    """Whether the data directory is there."""
    settings: Settings | None
    """As programs have them; None: they make no sense."""
    trouble: str = ""
    """Why there are no settings."""
    looks: tuple[Look, ...] = ()
    look_trouble: str = ""
    """Why a running program could not be looked at."""
    connection: Connection | None = None
    """As a login that reads everything."""
    poster: Connection | None = None
    """As the host has it: what is set for its role holds here."""
    dsn: str = ""
    """Of the first."""
    database_trouble: str = ""
    """Why there is no connection."""
    database_state: State = State.WRONG
    """How grave that is."""


def good(found: str) -> Finding:
    """As it should be."""
    return Finding(State.GOOD, found)


def doubt(found: str, cure: str) -> Finding:
    """A warning."""
    return Finding(State.DOUBT, found, cure)


def wrong(found: str, cure: str) -> Finding:
    """To be mended."""
    return Finding(State.WRONG, found, cure)


def unseen(found: str, cure: str = "") -> Finding:
    """Not to be looked at now."""
    return Finding(State.UNSEEN, found, cure)


def of_sentence(state: State, sentence: str) -> Finding:
    """An error as it is told elsewhere: what and why, and behind `Next:` its cure."""
    found, _, cure = sentence.partition(NEXT)
    return Finding(state, found, cure)
