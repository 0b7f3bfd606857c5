"""`posswitch rules`: which rule decided what."""

from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.homes import DATA

app = typer.Typer(
    no_args_is_help=True,
    help="Rules of the house: what they decided.",
    epilog=epilog("posswitch rules explain 000123@80010001"),
)


@app.callback()
def _nothing() -> None:
    """So that a group of one command is one."""


@app.command(epilog=epilog("posswitch rules explain 000123@80010001"))
def explain(
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
    """Which rule decided a transaction, as a sentence, and what was used of it before.

    Where no rule of the house did, which check of its kind said no.
    """
    from config.tasks.rules import explain_rules

    explain_rules(data, settings, name, as_json=as_json)
