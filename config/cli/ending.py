"""How a command ends: with a status, and, where a person can mend it, with a sentence.

A traceback is a fault of ours.
"""

import re
import sys
import traceback
from collections.abc import Callable

import typer
from typer.exceptions import TyperException

from config.cli.telling import remark
from config.errors import (
    BUG,
    FAULT_OF_OURS,
    INTERRUPTED,
    SETTINGS_WRONG,
    exit_status_of,
    explained,
    misspelled,
    operator_errors,
    told,
)
from config.run.closed_output import (
    came_of_closed_output,
    end_by_sigpipe,
)


def status_of(command: Callable[[], object]) -> int:
    """Run a command; what a person did wrong, or can mend, is a sentence and not a traceback.

    A traceback is a fault of ours, and is followed by what to do about it.
    """
    try:
        status = _with_all_told(command)
    except typer.Abort:
        remark("stopped")
        return INTERRUPTED
    except TyperException as error:
        return _misused(error)
    except Exception as error:  # noqa: BLE001 - the top: whatever it is, a person is told
        sentence = _sentence_of(error)
        if sentence is None:
            traceback.print_exc()
            remark(f"error {BUG}: this is a fault of posswitch. Next: posswitch explain {BUG}")
            return FAULT_OF_OURS
        remark(f"error {told(sentence)}")
        return exit_status_of(sentence)
    return status if isinstance(status, int) else 0


def _misused(error: TyperException) -> int:
    """A command line that makes no sense. No words at all: the help was shown already."""
    sentence = re.sub(r"Value\serror,\s", "", error.format_message()).rstrip(".")
    if sentence:
        context = getattr(error, "ctx", None)
        help_of = "posswitch" if context is None else context.command_path
        remark(f"error E-COMMAND-LINE: {sentence}. Next: {help_of} --help")
    return SETTINGS_WRONG


def _sentence_of(error: Exception) -> Exception | None:
    """What is told of an error without a traceback; None: it is a fault of ours."""
    if isinstance(error, operator_errors()):
        return error
    if isinstance(error, OSError):
        return explained(error)
    return misspelled(error) if isinstance(error, UnicodeEncodeError) else None


def _with_all_told(command: Callable[[], object]) -> object:
    """Run a command until what it printed has left us; an output that is closed ends us."""
    try:
        try:
            return command()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BaseException as error:
        if came_of_closed_output(error):
            end_by_sigpipe()
        raise
