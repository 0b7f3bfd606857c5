"""`posswitch trace`: one transaction, from its message to its clearing line."""

from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.homes import DATA

app = typer.Typer()


@app.command(epilog=epilog("posswitch trace 000123@80010001"))
def trace(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Its RRN (F37), or STAN@TERMINAL, or STAN@TERMINAL/BATCH for an older one.",
        ),
    ],
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """The whole life of one transaction, from its message to its clearing line.

    What was asked and told, what it posted, what undid it since, its terminal batch, its seal, its
    business date and its lines in clearing files, and cases about it.
    """
    from config.tasks.tracing import trace_transaction

    trace_transaction(data, settings, name, as_json=as_json)
