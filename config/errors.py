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

FAULT_OF_OURS: Final = 4
"""Exit status: a fault of posswitch itself, with a traceback."""
INTERRUPTED: Final = 130
"""Exit status: a person stopped it at the keyboard; what was done is summed up."""
NEXT: Final = "Next:"
"""Before the cure, in every sentence."""
BUG: Final = "E-BUG"
"""The code of whatever nobody foresaw."""

PIN_REFUSED: Final = "E-KEYS-PIN"
"""The code of a device that does not take its PIN, after which nothing tries it again."""

FOREIGN: Final = (
    ("clearing.night", "ClearingError", "E-NIGHT"),
    ("psycopg", "OperationalError", "E-DATABASE-AWAY"),
    ("host.hsm.pkcs11", "HsmError", "E-KEYS-DEVICE"),
    ("host.hsm.pkcs11", "PinRefusedError", PIN_REFUSED),
    ("host.hsm.vault", "LmkError", "E-KEYS-LMK"),
    ("host.hsm.vault", "VaultError", "E-KEYS-SEALED"),
    ("host.keys", "KeyCeremonyError", "E-KEYS-CEREMONY"),
    ("host.link.address", "AddressError", "E-LINK-ADDRESS"),
    ("host.link.credentials", "CredentialsError", "E-LINK-CERTIFICATE"),
    ("host.link.ports", "PortError", "E-PORT"),
    ("host.store.book", "NoEstateError", "E-ESTATE"),
    ("host.store.card_finding", "CardUnknownError", "E-CARD-UNKNOWN"),
    ("host.store.cases", "CaseError", "E-CASE"),
    ("host.store.estates", "EstateError", "E-ESTATE"),
    ("host.store.lottery_file", "LotteryUnknownError", "E-LOTTERY-UNKNOWN"),
    ("host.store.migrate", "MigrationError", "E-DATABASE-SCHEMA"),
    ("host.store.replaying", "DayUnknownError", "E-NIGHT"),
    ("host.store.safety", "UnsafeDatabaseError", "E-DATABASE-UNSAFE"),
    ("host.store.settlement_view", "TerminalUnknownError", "E-TERMINAL-UNKNOWN"),
    ("host.store.trace", "NotTracedError", "E-TRANSACTION-UNKNOWN"),
    ("host.store.takeovers", "TakeoverError", "E-AUDIT-ACCEPT"),
    ("host.store.writer", "ShardTakenError", "E-SHARD-TAKEN"),
    ("switch.wire.descriptors", "TooFewFilesError", "E-FILES-MAX"),
    ("switch.reload", "ReloadError", "E-CHANNELS"),
    ("switch.memory.route_file", "RouteError", "E-SWITCH-ROUTES"),
    ("switch.memory.saf_file", "SafError", "E-SWITCH-SAF"),
    ("switch.seat.keys", "SeatKeyError", "E-KEYS-SEAT"),
    ("switch.wire.tls", "TlsFileError", "E-CHANNEL-TLS"),
    ("switch.memory.token_file", "TokenFileError", "E-SWITCH-ATTESTATIONS"),
    ("terminals.describe.errors", "UnreadableError", "E-MESSAGE"),
    ("terminals.dialects", "DialectError", "E-CHANNEL-DIALECT"),
)
"""Errors of lower floors that are written for the operator: module, name and code, so that saying
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
CODES: Final = {
    errno.EACCES: "E-DATA-OWNER",
    errno.EPERM: "E-DATA-OWNER",
    errno.ENOSPC: "E-DISK-FULL",
    errno.EDQUOT: "E-DISK-FULL",
    errno.EMFILE: "E-FILES-MAX",
    errno.ENFILE: "E-FILES-MAX",
    errno.EADDRINUSE: "E-PORT",
    errno.EADDRNOTAVAIL: "E-PORT",
}
"""What kind of error the kernel's number is; any other is E-FILE."""
OF_A_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
"""Errors that only a file has, whether it is named or not."""
OTHER_CURE: Final = "check that name, and what is there (ls -ld)"

Say = Callable[[str], None]
"""Tells the operator something that is not a command's output."""


def say_nothing(_text: str) -> None:
    """A `Say` for whoever has nothing to add."""


class OperatorError(Exception):
    """The tree's top: its text is what the operator reads, its code what `explain` expands."""

    exit_status = SURROUNDINGS_WRONG
    code = "E-SURROUNDINGS"

    def __init__(self, text: str, code: str | None = None) -> None:
        """`code` is of a row of `config.error_kinds`; none is the class's own."""
        super().__init__(text)
        if code is not None:
            self.code = code


class SettingsError(OperatorError):
    """A setting is unknown, of another type, or out of its bounds; names the file and the key."""

    exit_status = SETTINGS_WRONG
    code = "E-SETTINGS"


class SurroundingsError(OperatorError):
    """What we stand on is missing or in use: a directory, a port, the database, a child."""


def operator_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """What an `except` at the top of a program catches, and others.

    What was never imported was not raised.
    """
    found = (getattr(sys.modules.get(module), name, None) for module, name, _ in FOREIGN)
    return (OperatorError, *(kind for kind in found if kind is not None), *others)


def exit_status_of(error: Exception) -> int:
    """The exit status that tells a script what kind of error this was."""
    return getattr(error, "exit_status", SURROUNDINGS_WRONG)


def code_of(error: BaseException) -> str:
    """The code of the error's kind, for whoever wants to know more."""
    if isinstance(error, OperatorError):
        return error.code
    codes = {(module, name): code for module, name, code in FOREIGN}
    for kind in type(error).__mro__:
        # psycopg gives its errors to the package, whatever module makes them.
        module = kind.__module__.partition(".")[0] if "psycopg" in kind.__module__ else None
        if code := codes.get((module or kind.__module__, kind.__name__)):
            return code
    return CODES.get(error.errno or 0, "E-FILE") if isinstance(error, OSError) else BUG


def told(error: Exception) -> str:
    """The error as it is printed: its code, its sentence, and always what to type next."""
    code, sentence = code_of(error), str(error).strip()
    if NEXT not in sentence:
        sentence = f"{sentence.rstrip('.')}. {NEXT} posswitch explain {code}"
    return f"{code}: {sentence}"


def alone(error: BaseException) -> BaseException:
    """The one error that a group of one holds, however deep: what a nursery makes of it."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        [error] = error.exceptions
    return error


def misspelled(error: UnicodeEncodeError) -> SettingsError | None:
    """A word of the command line that is no text, as a sentence; None: that is not what it was.

    Such a word may be a file's name, so it is told where it is taken for text.
    """
    words = [word for word in sys.argv if not _is_text(word)]
    if not words or _is_text(error.object):
        return None
    return SettingsError(f"{words[0]!a} is not UTF-8. Next: write it in UTF-8", "E-COMMAND-LINE")


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
    return SurroundingsError(f"cannot use {path}: {error.strerror}. Next: {cure}", code_of(error))
