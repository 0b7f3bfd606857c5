"""An event loop for one act of a command, whose error comes out as it was raised."""

import errno
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import trio

from config.errors import SurroundingsError, alone
from host.link.ports import REASONS

Given = TypeVar("Given")

CURES: Final = {
    errno.EADDRINUSE: "end what listens there, or name another with --port",
    errno.EACCES: "name one above 1023 with --port, or run it as a user who may take that one",
    errno.EADDRNOTAVAIL: "name an address of this machine with --host",
    errno.EAFNOSUPPORT: "name an address of IPv4 with --host",
}
"""What to do where a command was to listen and cannot."""


def run_loop(act: Callable[..., Awaitable[Given]], *words: Any) -> Given:
    """Run it to its end.

    Raises:
        SurroundingsError: it was to listen where it cannot.
        KeyboardInterrupt: so it ended.
    """
    try:
        return trio.run(act, *words)
    except BaseExceptionGroup as group:
        error = _one_of(group)
        if error is group:
            raise
        raise error from None


def port_refused(error: OSError) -> SurroundingsError:
    """That nobody can listen there, as a sentence."""
    why, _ = REASONS.get(error.errno or 0, ((error.strerror or str(error)).lower(), ""))
    cure = CURES.get(error.errno or 0, "name another with --port")
    return SurroundingsError(f"cannot listen there: {why}. Next: {cure}", "E-PORT")


def _one_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What a person has to be told of it: Ctrl-C, whatever else fell with it, or the one error."""
    if group.subgroup(KeyboardInterrupt) is not None:
        return KeyboardInterrupt()
    error = alone(group)
    if isinstance(error, OSError) and error.filename is None and error.errno in CURES:
        return port_refused(error)
    return error
