"""The command `posswitch`: thin commands over the programs, each importing what it needs only then.

Exit status: 0 done; 1 done, and something does not balance; 2 the command line or the settings
make no sense; 3 the surroundings failed us (a port, a file, the database, a child); 4 a fault of
ours, with a traceback; 130 stopped at the keyboard. Where nobody reads the output any more it ends
by SIGPIPE, which a shell calls 141.
"""

import functools
import os
import sys
from typing import Annotated, Any, NoReturn

import typer

from config.cli.audit import app as auditing
from config.cli.card import app as cards
from config.cli.database import app as database
from config.cli.describe import app as describing
from config.cli.ending import status_of
from config.cli.keys import app as keys
from config.cli.link import app as link
from config.cli.lottery import app as lotteries
from config.cli.night import app as night
from config.cli.options import (
    epilog,
    with_whole_paragraphs,
)
from config.cli.people import app as people
from config.cli.plain import keep_brackets
from config.cli.programs import app as programs
from config.cli.recording import app as recording
from config.cli.rules import app as ruling
from config.cli.simulate import app as simulating
from config.cli.terminal import app as terminals
from config.cli.tracing import app as tracing
from config.cli.trying import app as trying
from config.cli.version import show_version
from config.cli.watch import app as watching
from config.cli.whole import add_office, names_in, needs_office
from config.language import OPTION, Language, language_of, speech
from config.lean import look_no_more
from config.run.closed_output import (
    give_up_what_waits,
)
from config.run.memory import keep_to_ourselves

COMPLETING = "_POSSWITCH_COMPLETE"
"""In the environment: a shell asks what may be typed."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks would show local values
)
app.add_typer(programs)
app.add_typer(trying)
app.add_typer(database, name="db")
app.add_typer(night, name="clearing")
app.add_typer(simulating, name="simulate")
app.add_typer(terminals, name="terminal")
app.add_typer(cards, name="card")
app.add_typer(keys, name="keys")
app.add_typer(link, name="link")
app.add_typer(watching)
app.add_typer(tracing)
app.add_typer(ruling, name="rules")
app.add_typer(lotteries, name="lottery")
app.add_typer(people)
app.add_typer(auditing, name="audit")
app.add_typer(describing)
app.add_typer(recording)


@app.callback(epilog=epilog("posswitch up --estate demo"))
def posswitch(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=show_version, is_eager=True, help="Print the version, and end."
        ),
    ] = False,
    _lang: Annotated[
        Language | None,
        typer.Option(
            OPTION, help="What people read, in Chinese or English. LANG says it otherwise."
        ),
    ] = None,
) -> None:
    """An ISO 8583 POS acquiring switch and stored-value host."""


with_whole_paragraphs(app)


def whole_command() -> Any:
    """All of it, what is made from the office's tables too."""
    command = typer.main.get_command(app)
    add_office(command)
    return command


def _words() -> list[str]:
    """The command line, or that which a shell asks to have completed."""
    if COMPLETING not in os.environ:
        return sys.argv[1:]
    asked = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    return asked.split()[1:]


def main() -> NoReturn:
    """The entry of the command."""
    keep_to_ourselves()
    speech.language = language_of(sys.argv[1:])
    command, words = typer.main.get_command(app), _words()
    names = names_in(words)
    is_half_typed = COMPLETING in os.environ and len(names) == 1
    if needs_office(command, words):
        add_office(command, "" if is_half_typed else "".join(names[:1]))
    if speech.language is Language.CHINESE:
        from config.cli.chinese import help_in_chinese

        help_in_chinese(command, names)
    keep_brackets(command)
    status = status_of(functools.partial(command, prog_name="posswitch", standalone_mode=False))
    give_up_what_waits()
    look_no_more()
    sys.exit(status)
