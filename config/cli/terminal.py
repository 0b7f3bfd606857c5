"""`posswitch terminal`: what an operator asks of terminals, and does about their exceptions."""

from typing import Annotated

import typer

from config.cli.complete import case_ids, terminal_ids
from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.homes import DATA
from config.language import tell

app = typer.Typer(
    no_args_is_help=True,
    help="Terminals: their batches and their exceptions.",
    epilog=epilog("posswitch terminal show 80010001"),
)


@app.command()
def exceptions(
    data: DataOption = DATA,
    settings: SettingsOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Those resolved before, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Cases in which terminal and host disagree. Exit status 1: some are open."""
    from config.errors import FOUND_WRONG
    from config.tasks.terminals import opened_desk, print_cases
    from host.store.cases import list_cases

    with opened_desk(data, settings) as connection:
        cases = list_cases(connection, with_resolved=everything)
    print_cases(cases, as_json=as_json)
    if any(case.resolved_at is None and not case.is_notice for case in cases):
        raise typer.Exit(FOUND_WRONG)


@app.command()
def resolve(
    number: Annotated[
        int, typer.Argument(metavar="ID", help="Of the case.", autocompletion=case_ids)
    ],
    note: Annotated[str, typer.Option(help="What was found and done.", metavar="TEXT")],
    by: Annotated[str, typer.Option(help="Who did it.", metavar="NAME")],
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a case off the list, for good, with what was done about it."""
    from config.as_json import print_json
    from config.tasks.terminals import opened_desk
    from host.clock import utc_now
    from host.store.cases import resolve_case

    with opened_desk(data, settings) as connection:
        resolve_case(connection, number, note=note, by=by, now=utc_now())
    if as_json:
        print_json({"case": number, "resolved_by": by, "note": note})
    else:
        tell(f"case {number} is resolved")


@app.command()
def show(
    terminal_id: Annotated[
        str, typer.Argument(metavar="TID", help="The terminal.", autocompletion=terminal_ids)
    ],
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """A terminal: its batch, its keys by check values, when it was last seen, its cases."""
    from config.tasks.terminals import opened_desk, print_terminal
    from host.store.settlement_view import view_terminal

    with opened_desk(data, settings) as connection:
        view = view_terminal(connection, terminal_id)
    print_terminal(view, as_json=as_json)
