"""`posswitch audit`, and what may come of what it finds."""

from pathlib import Path
from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.cli.telling import remark, settings_told
from config.errors import FOUND_WRONG
from config.homes import DATA
from config.language import tell

app = typer.Typer(
    help="Recompute every balance, seal and promise from the ledger. Exit status 1: violations.",
    invoke_without_command=True,
    epilog=epilog("posswitch audit changes"),
)


@app.callback()
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
        _refuse_options_before(context)
        return
    places, told = settings_told(data, settings)
    violations = find_violations(told, places, record, say=remark)
    print_violations(violations, as_json=as_json)
    if violations:
        raise typer.Exit(FOUND_WRONG)


def _refuse_options_before(context: typer.Context) -> None:
    """What stands before `changes` or `accept` would be read by neither.

    Raises:
        SettingsError: something does.
    """
    from config.errors import SettingsError

    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise SettingsError(
                f"an option before {context.invoked_subcommand} is not read by it. Next: write it "
                f"behind: posswitch audit {context.invoked_subcommand} --{name} …",
                "E-COMMAND-LINE",
            )


@app.command()
def changes(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Rows that somebody changed by hand, column by column. Exit status 1: there are some."""
    from config.errors import FOUND_WRONG
    from config.tasks.takeovers import opened_estate, print_hand_made
    from host.store.takeovers import hand_made

    with opened_estate(data, settings) as connection:
        found = hand_made(connection)
    print_hand_made(found, as_json=as_json)
    if found:
        raise typer.Exit(FOUND_WRONG)


@app.command()
def accept(
    table: Annotated[
        str | None, typer.Argument(metavar="[TABLE", help="Of the estate; none: all.")
    ] = None,
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]]", help="Of one row, as `changes` shows it.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why it was done; the first person says it.", metavar="TEXT")
    ] = None,
    data: DataOption = DATA,
    settings: SettingsOption = None,
) -> None:
    """Take over edits of the estate that were made by hand. Two people, by login name.

    The first says why, the second agrees to the same rows: then the audit is content with them.
    """
    from config.tasks.takeovers import accept_edits, opened_estate

    with opened_estate(data, settings) as connection:
        for line in accept_edits(connection, table, key, reason):
            tell(line)
