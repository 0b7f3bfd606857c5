"""Who is signed in at this command line: a token in a file that only its owner may read.

It is kept in the user's own state directory, one for each data directory, so that the acting person
is never a word of the command line.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Final, NamedTuple

from config.errors import SurroundingsError
from config.places import Places
from host.model.secrets import Secret

STATE_VARIABLE: Final = "XDG_STATE_HOME"
STATE: Final = Path("~/.local/state")
CLOSED: Final = 0o077
"""What a file with a token lets others do: nothing."""


class SignedIn(NamedTuple):
    """A session that was begun here."""

    login: str
    acting_as: str
    token: Secret


def session_file(places: Places) -> Path:
    """Where the token of this data directory's person is."""
    state = Path(os.environ.get(STATE_VARIABLE) or STATE).expanduser()
    mark = hashlib.sha256(os.fsencode(places.data)).hexdigest()[:16]
    return state / "posswitch" / f"session-{mark}.json"


def keep_session(places: Places, who: SignedIn) -> None:
    """Keep it until `sign-out`, or until the office ends it."""
    file = session_file(places)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = {"login": who.login, "acting_as": who.acting_as, "token": who.token.reveal().decode()}
    new = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(told, stream)
    new.replace(file)


def session_here(places: Places) -> SignedIn:
    """Whoever signed in.

    Raises:
        SurroundingsError: nobody did, or others may read the file.
    """
    file = session_file(places)
    try:
        mode = file.stat().st_mode
        told = json.loads(file.read_text())
        who = SignedIn(told["login"], told["acting_as"], Secret(told["token"].encode()))
    except (FileNotFoundError, ValueError, KeyError, AttributeError):
        raise SurroundingsError(
            "nobody is signed in here. Next: posswitch sign-in", "E-SIGNED-OUT"
        ) from None
    if mode & CLOSED:
        raise SurroundingsError(
            f"others than you may read {file}, which signs in as {who.login}. "
            f"Next: posswitch sign-out, and posswitch sign-in",
            "E-SIGNED-OUT",
        )
    return who


def forget_session(places: Places) -> None:
    """Nobody is signed in here any more."""
    session_file(places).unlink(missing_ok=True)
