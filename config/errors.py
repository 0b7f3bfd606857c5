"""What went wrong for the person at the keyboard: what, why, and the next command to type.

These reach the terminal as a sentence without a traceback; everything else is a bug and keeps its
traceback.
"""

import errno
import os
import sys
from collections.abc import Callable
from typing import Final

FOUND_WRONG: Final = 1
"""Exit status: the work was done and something does not balance."""
SETTINGS_WRONG: Final = 2
"""Exit status: the command line or the settings make no sense. Nothing was begun."""
SURROUNDINGS_WRONG: Final = 3
"""Exit status: a port, a file, the database or a child process failed us."""

FOREIGN: Final = (
    ("clearing.night", "ClearingError"),
    ("psycopg", "OperationalError"),
    ("host.hsm.pkcs11", "HsmError"),
    ("host.hsm.vault", "LmkError"),
    ("host.hsm.vault", "VaultError"),
    ("host.keys", "KeyCeremonyError"),
    ("host.link.address", "AddressError"),
    ("host.link.credentials", "CredentialsError"),
    ("host.store.book", "NoEstateError"),
    ("host.store.cases", "CaseError"),
    ("host.store.estates", "EstateError"),
    ("host.store.migrate", "MigrationError"),
    ("host.store.safety", "UnsafeDatabaseError"),
    ("host.store.settlement_view", "TerminalUnknownError"),
    ("host.store.writer", "ShardTakenError"),
    ("switch.wire.descriptors", "TooFewFilesError"),
    ("switch.memory.route_file", "RouteError"),
    ("switch.memory.saf_file", "SafError"),
    ("switch.wire.tls", "TlsFileError"),
    ("switch.memory.token_file", "TokenFileError"),
    ("terminals.describe.errors", "UnreadableError"),
    ("terminals.dialects", "DialectError"),
)
"""Errors of lower floors that are written for the operator: module and name, so that saying
which they are imports nothing."""


CURES: Final = {
    errno.EACCES: "run it as the user whom that belongs to, or have them let you in",
    errno.EPERM: "run it as the user whom that belongs to, or have them let you in",
    errno.EROFS: "mount that file system for writing, or name another directory with --data",
    errno.ENOSPC: "make room there, and run it again",
    errno.EDQUOT: "make room there, and run it again",
    errno.EMFILE: "raise the limit of open files (ulimit -n), and run it again",
    errno.ENFILE: "close what has so many files open on this machine, and run it again",
}
OF_A_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
"""Errors that only a file has, whether it is named or not."""
OTHER_CURE: Final = "check that name, and what is there (ls -ld)"

Say = Callable[[str], None]
"""Tells the operator something that is not a command's output."""


class OperatorError(Exception):
    """The tree's top: its text is what the operator reads."""

    exit_status = SURROUNDINGS_WRONG


class SettingsError(OperatorError):
    """A setting is unknown, of another type, or out of its bounds; names the file and the key."""

    exit_status = SETTINGS_WRONG


class SurroundingsError(OperatorError):
    """What we stand on is missing or in use: a directory, a port, the database, a child."""


def operator_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """What an `except` at the top of a program catches, and others.

    What was never imported was not raised.
    """
    found = (getattr(sys.modules.get(module), name, None) for module, name in FOREIGN)
    return (OperatorError, *(kind for kind in found if kind is not None), *others)


def exit_status_of(error: Exception) -> int:
    """The exit status that tells a script what kind of error this was."""
    return getattr(error, "exit_status", SURROUNDINGS_WRONG)


def misspelled(error: UnicodeEncodeError) -> SettingsError | None:
    """A word of the command line that is no text, as a sentence; None: that is not what it was.

    Such a word may be a file's name, so it is told where it is taken for text.
    """
    words = [word for word in sys.argv if not _is_text(word)]
    if not words or _is_text(error.object):
        return None
    return SettingsError(f"{words[0]!a} is not UTF-8. Next: write it in UTF-8")


def _is_text(word: str) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for letter in word)


def explained(error: OSError) -> SurroundingsError | None:
    """A file that the machine will not let us have, as a sentence; None: it is no file's error.

    Where the output goes has no name, and a disk that is full is no mistake of ours.
    """
    if error.filename is None and error.errno not in OF_A_DISK:
        return None
    nameless = error.filename is None or isinstance(error.filename, int)
    path = "a file" if nameless else os.fsdecode(error.filename)
    cure = CURES.get(error.errno or 0, OTHER_CURE)
    return SurroundingsError(f"cannot use {path}: {error.strerror}. Next: {cure}")
