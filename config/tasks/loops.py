"""An event loop for one act of a command, whose error comes out as it was raised."""

import errno
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import trio

from config.errors import SurroundingsError, alone

Given = TypeVar("Given")

_OF_A_PORT: Final = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})


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
    why = (error.strerror or str(error)).lower()
    return SurroundingsError(
        f"cannot listen there: {why}. Next: name another with --port", "E-PORT"
    )


def _one_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What a person has to be told of it: Ctrl-C, whatever else fell with it, or the one error."""
    if group.subgroup(KeyboardInterrupt) is not None:
        return KeyboardInterrupt()
    error = alone(group)
    if isinstance(error, OSError) and error.filename is None and error.errno in _OF_A_PORT:
        return port_refused(error)
    return error
