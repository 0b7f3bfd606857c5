"""`posswitch clearing`: the night, what closes a business day."""

from typing import Annotated

import typer

from config.cli.complete import business_dates
from config.cli.options import (
    DataOption,
    JsonOption,
    SettingsOption,
    epilog,
)
from config.cli.telling import remark, settings_told
from config.homes import DATA

app = typer.Typer(
    no_args_is_help=True,
    help="The night: what closes a business day.",
    epilog=epilog("posswitch clearing run --dry-run"),
)


@app.command("run")
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

    places, told = settings_told(data, settings)
    order = Order(date, ahead)
    if dry_run:
        previews = look_ahead(told, places, order, say=remark)
        print_previews(previews, told.host.timezone, as_json=as_json)
    else:
        summaries = clear(told, places, order, say=remark)
        print_summaries(summaries, told.host.timezone, as_json=as_json)
