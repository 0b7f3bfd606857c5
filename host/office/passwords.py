"""Passwords: hashed by Argon2id, refused where they are easy, never said why to who signs in."""

from importlib.resources import files
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from host.model.secrets import Secret
from host.office.refusals import PASSWORD, Refusal

CHARACTERS_MIN: Final = 10
BYTES_MAX: Final = 256
COMMON: Final = frozenset(
    (files("host.office") / "common_passwords.txt").read_text(encoding="ascii").split()
)
"""What guessers try first, of those that are long enough."""

_HASHER: Final = PasswordHasher()
"""With the library's costs: 64 MiB, three passes."""
_NOBODYS: Final = _HASHER.hash("nobody has this password")


def hash_password(password: Secret) -> str:
    """What is kept of a password: with its salt and its costs."""
    return _HASHER.hash(password.reveal())


def is_password(password: Secret, kept: str | None) -> bool:
    """Whether it is the one that was hashed. It takes as long where there is none."""
    try:
        _HASHER.verify(kept or _NOBODYS, password.reveal())
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def refuse_easy(password: Secret, login: str) -> None:
    """Return where it is good enough.

    Raises:
        Refusal: it is short, common, of one letter, or says the login.
    """
    problem = _problem(password, login)
    if problem:
        raise Refusal(PASSWORD, field="new", problem=problem)


def _problem(password: Secret, login: str) -> str:
    try:
        text = password.reveal().decode()
    except UnicodeDecodeError:
        return "it is not text"
    plain = text.casefold()
    if len(text) < CHARACTERS_MIN:
        return f"it has fewer than {CHARACTERS_MIN} characters"
    if len(password) > BYTES_MAX:
        return f"it is longer than {BYTES_MAX} bytes"
    if login in plain:
        return "it contains the login"
    if plain in COMMON or len(set(plain)) < 4 or _is_a_row(plain):
        return "it is one of those that are tried first"
    return ""


def _is_a_row(text: str) -> bool:
    """Whether each letter follows on the one before, up or down."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}
