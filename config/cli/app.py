"""The command `posswitch`: thin commands over the programs, each importing what it needs only then.

Exit status: 0 done; 1 done, and something does not balance; 2 the command line or the settings
make no sense; 3 the surroundings failed us (a port, a file, the database, a child); 4 a fault of
ours, with a traceback; 130 stopped at the keyboard. Where nobody reads the output any more it ends
by SIGPIPE, which a shell calls 141.
"""

import contextlib
import functools
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from config.cli.audit import app as auditing
from config.cli.audit import refuse_options_before
from config.cli.card import app as cards
from config.cli.complete import benches, business_dates, estates
from config.cli.describe import app as describing
from config.cli.keys import app as keys
from config.cli.link import app as link
from config.cli.options import (
    DataOption,
    JsonOption,
    SettingsOption,
    epilog,
    with_whole_paragraphs,
)
from config.cli.people import app as people
from config.cli.plain import keep_brackets
from config.cli.recording import app as recording
from config.cli.simulate import app as simulating
from config.cli.terminal import app as terminals
from config.cli.tracing import app as tracing
from config.cli.version import show_version
from config.cli.watch import app as watching
from config.cli.whole import add_office, needs_office
from config.errors import (
    BUG,
    FAULT_OF_OURS,
    FOUND_WRONG,
    INTERRUPTED,
    SETTINGS_WRONG,
    exit_status_of,
    explained,
    misspelled,
    operator_errors,
    told,
)
from config.homes import BENCH, DATA, DEMO
from config.language import OPTION, Language, language_of, speech, tell
from config.run.closed_output import (
    came_of_closed_output,
    end_by_sigpipe,
    give_up_what_waits,
)
from config.run.memory import keep_to_ourselves

if TYPE_CHECKING:  # imported by the commands, so that --help stays fast
    from config.places import Places
    from config.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks would show local values
)
database = typer.Typer(
    no_args_is_help=True, help="The database.", epilog=epilog("posswitch db migrate")
)
night = typer.Typer(
    no_args_is_help=True,
    help="The night: what closes a business day.",
    epilog=epilog("posswitch clearing run --dry-run"),
)
app.add_typer(database, name="db")
app.add_typer(night, name="clearing")
app.add_typer(simulating, name="simulate")
app.add_typer(terminals, name="terminal")
app.add_typer(cards, name="card")
app.add_typer(keys, name="keys")
app.add_typer(link, name="link")
app.add_typer(watching)
app.add_typer(tracing)
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


@app.command()
def up(
    data: DataOption = DATA,
    settings: SettingsOption = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of the first channel; 0 takes a free one.")
    ] = None,
    estate: Annotated[
        str | None,
        typer.Option(
            help="Load an estate first, unless it is there: demo.", autocompletion=estates
        ),
    ] = None,
) -> None:
    """Run everything on this machine: PostgreSQL, the host and the switch. Ctrl-C stops all."""
    from config.run.estates import estate_named, loader
    from config.run.supervisor import interrupted_by_signals, running_posswitch

    places, told = _told(data, settings, may_be_new=True)
    load = (
        None if estate is None else loader(estate_named(estate), told.host.timezone, told.host.hsm)
    )
    try:
        with (
            interrupted_by_signals(),
            running_posswitch(
                told, places, port=port, load_estate=load, file=settings, say=_remark
            ) as running,
        ):
            for line in (*running.listeners, "ready"):
                typer.echo(line)
            sys.stdout.flush()
            running.watch()
    except KeyboardInterrupt:
        _remark("stopped")


@app.command()
def host(data: DataOption = DATA, settings: SettingsOption = None) -> None:
    """Run the accounting host alone. SIGHUP reads estate and keys again.

    The embedded PostgreSQL is started unless it runs.
    """
    from config.run.database import opened_database, tended_database
    from config.run.programs import run_host, say_ready
    from config.settings import resolved

    places, told = _told(data, settings)
    with (
        opened_database(told.database, places, must_exist=True, say=_remark) as server,
        tended_database(told.database, places, server, _remark) as database,
    ):
        run_host(resolved(told, places), places, say_ready, database=database)


@app.command()
def switch(
    data: DataOption = DATA,
    settings: SettingsOption = None,
    number: Annotated[
        int, typer.Option(min=1, help="Which one it is, where switch.processes are several.")
    ] = 1,
) -> None:
    """Run the switch alone. It needs no database, only its link to the host. SIGHUP reloads."""
    from config.run.orders import Orders
    from config.run.programs import run_switch, say_ready
    from config.settings import resolved

    places, told = _told(data, settings)
    places.make()
    file = None if settings is None else str(settings.absolute())
    orders = Orders(number=number, file=file)
    run_switch(resolved(told, places, number=number), places, say_ready, orders)


@app.command()
def reload(data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Have what runs read again: the host its estate and keys, the switch its channels.

    Both read what a tls: link shows and believes. Nobody else is disturbed.
    """
    from config.as_json import print_json
    from config.places import house_at
    from config.run.asking import HOST
    from config.run.control import reload_running

    *done, last = outcomes = reload_running(house_at(data))
    of_host = [outcome for outcome in outcomes if outcome.number == HOST]
    first_switch = [outcome for outcome in outcomes if outcome.number != HOST][:1]
    if as_json:
        print_json({"programs": outcomes})
    for outcome in [] if as_json else of_host + first_switch:
        for line in outcome.lines:
            tell(line)
    if last.error:
        changed = ", ".join(_process(outcome.number) for outcome in done)
        before = f"; {changed} has changed before it" if done else ""
        _remark(f"error {last.code}: {_process(last.number)} changed nothing{before}: {last.error}")
        raise typer.Exit(last.exit_status)


def _process(number: int) -> str:
    """A program as `reload` names it."""
    from config.run.asking import HOST

    return "the host" if number == HOST else f"switch {number}"


@database.command()
def migrate(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Bring the database's schema up to date. A second run changes nothing."""
    from config.as_json import print_json
    from config.run.database import dsn_of, opened_database
    from host.store.migrate import migrate as apply_migrations
    from host.store.migrate import schema_version

    places, told = _told(data, settings)
    if not told.database.is_embedded:
        apply_migrations(dsn_of("owner", told.database, places.cluster))
    with opened_database(told.database, places, must_exist=True, say=_remark):
        version = schema_version()
        if as_json:
            print_json({"schema_version": version})
        else:
            tell(f"schema version {version}")


@night.command("run")
def clearing_run(
    data: DataOption = DATA,
    settings: SettingsOption = None,
    date: Annotated[
        str | None,
        typer.Option(
            help="The business date to clear, YYYY-MM-DD.",
            metavar="DATE",
            autocompletion=business_dates,
        ),
    ] = None,
    ahead: Annotated[
        bool, typer.Option("--ahead", help="Close a date all the same that has not come yet.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Close the business day while trade goes on: positions, files, trial balance, checkpoint.

    Without a date: the one that is due, and then each that was missed. One after today is refused.
    """
    from config.tasks.night import Order, clear, look_ahead, print_previews, print_summaries

    places, told = _told(data, settings)
    order = Order(date, ahead)
    if dry_run:
        previews = look_ahead(told, places, order, say=_remark)
        print_previews(previews, told.host.timezone, as_json=as_json)
    else:
        summaries = clear(told, places, order, say=_remark)
        print_summaries(summaries, told.host.timezone, as_json=as_json)


@auditing.callback()
def audit(
    context: typer.Context,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    record: Annotated[
        Path | None,
        typer.Option(
            help="What clients were told, as a simulator recorded it.",
            metavar="FILE",
            readable=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute every balance, seal and promise from the ledger. Exit status 1: violations."""
    from config.tasks.night import find_violations, print_violations

    if context.invoked_subcommand is not None:
        refuse_options_before(context)
        return
    places, told = _told(data, settings)
    violations = find_violations(told, places, record, say=_remark)
    print_violations(violations, as_json=as_json)
    if violations:
        raise typer.Exit(FOUND_WRONG)


@app.command()
def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help=f"An unused directory; a new one in {DEMO}.",
            metavar="DIR",
            readable=False,
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long the shops are open.")] = 40,
    terminals: Annotated[int, typer.Option(min=1, max=40, help="How many trade.")] = 40,
    seed: Annotated[int, typer.Option(help="Of the trades and of what goes wrong.")] = 8583,
) -> None:
    """Watch a business day: terminals trade, the night clears, the audit compares."""
    from config.logging import configure_logging
    from config.run.supervisor import interrupted_by_signals
    from config.settings import Settings
    from config.tasks.demo import DemoSettings, fresh_places, run_demo

    configure_logging(Settings().log.level)
    told = DemoSettings(seconds=seconds, terminals=terminals, seed=seed)
    try:
        with interrupted_by_signals():
            status = run_demo(Settings(), fresh_places(data), told, say=_remark)
    except KeyboardInterrupt:
        _remark("stopped before the end of the day")
        raise typer.Exit(INTERRUPTED) from None
    if status:
        raise typer.Exit(status)


@app.command()
def bench(
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="ledger, nac, processes, slow, history, desk, cards or gate; again for more.",
            metavar="NAME",
            autocompletion=benches,
        ),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Everything is measured so often.")
    ] = None,
    messages: Annotated[int | None, typer.Option(min=100, help="Of each load of a round.")] = None,
    report: Annotated[
        Path,
        typer.Option(help="Where the figures go; it is said.", show_default=False, metavar="FILE"),
    ] = BENCH / "bench.json",
) -> None:
    """Measure rates, latencies, CPU and memory. Exit status 1: a figure is not met."""
    from config.bench.rows import Extent, run_benches
    from config.logging import configure_logging
    from config.run.supervisor import interrupted_by_signals

    configure_logging("warning")
    try:
        with interrupted_by_signals():
            missed = run_benches(only or [], Extent(rounds, messages), report, say=_remark)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if missed:
        _remark(f"not met: {', '.join(missed)}")
        raise typer.Exit(FOUND_WRONG)


with_whole_paragraphs(app)


def whole_command() -> Any:
    """All of it, what is made from the office's tables too."""
    command = typer.main.get_command(app)
    add_office(command)
    return command


def _words() -> list[str]:
    """The command line, or that which a shell asks to have completed."""
    if "_POSSWITCH_COMPLETE" not in os.environ:
        return sys.argv[1:]
    asked = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    return asked.split()[1:]


def main() -> NoReturn:
    """The entry of the command."""
    keep_to_ourselves()
    speech.language = language_of(sys.argv[1:])
    command = typer.main.get_command(app)
    if needs_office(command, _words()):
        add_office(command)
    if speech.language is Language.CHINESE:
        from config.cli.chinese import help_in_chinese

        help_in_chinese(command)
    keep_brackets(command)
    status = _status_of(functools.partial(command, prog_name="posswitch", standalone_mode=False))
    give_up_what_waits()
    sys.exit(status)


def _status_of(command: Callable[[], object]) -> int:
    """Run a command; what a person did wrong, or can mend, is a sentence and not a traceback.

    A traceback is a fault of ours, and is followed by what to do about it.
    """
    try:
        status = _with_all_told(command)
    except typer.Abort:
        _remark("stopped")
        return INTERRUPTED
    except TyperException as error:
        return _misused(error)
    except Exception as error:  # noqa: BLE001 - the top: whatever it is, a person is told
        sentence = _sentence_of(error)
        if sentence is None:
            traceback.print_exc()
            _remark(f"error {BUG}: this is a fault of posswitch. Next: posswitch explain {BUG}")
            return FAULT_OF_OURS
        _remark(f"error {told(sentence)}")
        return exit_status_of(sentence)
    return status if isinstance(status, int) else 0


def _misused(error: TyperException) -> int:
    """A command line that makes no sense. No words at all: the help was shown already."""
    sentence = re.sub(r"Value\serror,\s", "", error.format_message()).rstrip(".")
    if sentence:
        context = getattr(error, "ctx", None)
        help_of = "posswitch" if context is None else context.command_path
        _remark(f"error E-COMMAND-LINE: {sentence}. Next: {help_of} --help")
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


def _told(
    data: Path, settings: Path | None, *, may_be_new: bool = False
) -> "tuple[Places, Settings]":
    """The places of a data directory and its settings; what they need is imported only now."""
    from config.run.house import house_and_settings

    return house_and_settings(data, settings, may_be_new=may_be_new)


def _remark(text: str) -> None:
    """Tell the operator something that is not a command's output.

    Where it cannot be told, as into a file on a full disk, the work goes on.
    """
    with contextlib.suppress(OSError):
        typer.echo(f"posswitch: {speech.said(text)}", err=True)
