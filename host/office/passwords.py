"""Passwords: hashed by Argon2id, refused where they are easy, never said why to who signs in."""

import functools
from importlib.resources import files
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from host.model.secrets import Secret
from host.model.word import Word
from host.office.refusals import PASSWORD, Refusal

CHARACTERS_MIN: Final = 10
BYTES_MAX: Final = 256
COMMON: Final = frozenset(
    (files("host.office") / "common_passwords.txt").read_text(encoding="ascii").split()
)
"""What guessers try first, of those that are long enough."""

_HASHER: Final = PasswordHasher()
"""With the library's costs: 64 MiB, three passes."""


def hash_password(password: Secret) -> str:
    """What is kept of a password: with its salt and its costs."""
    return _HASHER.hash(password.reveal())


def is_password(password: Secret, kept: str | None) -> bool:
    """Whether it is the one that was hashed. It takes as long where there is none."""
    nobodys = _nobodys()
    try:
        _HASHER.verify(kept or nobodys, password.reveal())
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


@functools.cache
def _nobodys() -> str:
    """Made for the first who signs in, whether there is one of the name or none."""
    return _HASHER.hash("nobody has this password")


def refuse_easy(password: Secret, login: str) -> None:
    """Return where it is good enough.

    Raises:
        Refusal: it is short, common, of one letter, or says the login.
    """
    problem = _problem(password, login)
    if problem is not None:
        raise Refusal(PASSWORD, field="new", problem=problem)


def _problem(password: Secret, login: str) -> Word | None:
    try:
        text = password.reveal().decode()
    except UnicodeDecodeError:
        return Word("it is not text", "不是文本")
    plain = text.casefold()
    if len(text) < CHARACTERS_MIN:
        return Word(f"it has fewer than {CHARACTERS_MIN} characters", f"少于 {CHARACTERS_MIN} 位")
    if len(password) > BYTES_MAX:
        return Word(f"it is longer than {BYTES_MAX} bytes", f"超过 {BYTES_MAX} 字节")
    if login in plain:
        return Word("it contains the login", "含有登录名")
    if plain in COMMON or len(set(plain)) < 4 or _is_a_row(plain):
        return Word("it is one of those that are tried first", "属于最先被猜的密码")
    return None


def _is_a_row(text: str) -> bool:
    """Whether each letter follows on the one before, up or down."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}
