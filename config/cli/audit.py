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


@app.command()
def key(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """The public key of the ledger's checkpoints, to be given to whoever verifies exports."""
    from config.tasks.proving import print_keys

    places, _told = settings_told(data, settings)
    print_keys(places, as_json=as_json)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.", readable=False)],
    first: Annotated[
        str | None, typer.Option("--from", help="The first business date.", metavar="YYYY-MM-DD")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="The last business date.", metavar="YYYY-MM-DD")
    ] = None,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what was posted and changed, under its seals and signed checkpoints.

    Whoever has the public key verifies it without a database. No card number stands in it.
    """
    from config.tasks.proving import dates_of, export_to, print_exported

    dates = dates_of(first, last)
    places, told = settings_told(data, settings)
    print_exported(export_to(file, dates, told, places, say=remark), file, as_json=as_json)


@app.command()
def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An export of the ledger.", readable=False)
    ],
    key: Annotated[
        str,
        typer.Option(
            "--key",
            help="The public key: a file, or its 64 hexadecimal digits.",
            metavar="KEY",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Recompute an export by the public key alone. Exit status 1: a row is bad, the first is named.

    It needs no database, no settings and no data directory.
    """
    from clearing.proof import Fault
    from config.tasks.proving import keys_of, print_fault, print_proved, verify_file

    try:
        proved = verify_file(file, keys_of(key))
    except Fault as fault:
        print_fault(fault, file, as_json=as_json)
        raise typer.Exit(FOUND_WRONG) from None
    print_proved(proved, as_json=as_json)
