"""`posswitch top` and `posswitch doctor`: how the house is."""

import sys
from typing import Annotated

import typer

from config.cli.options import DataOption
from config.homes import DATA

app = typer.Typer()

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def top(
    data: DataOption = DATA,
    every: Annotated[
        float, typer.Option(min=0.2, max=60, help="Seconds between two looks.", metavar="SECONDS")
    ] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print one moment, and end.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Watch host and switch at work: channels, stations, rates, latency, codes, last declines.

    A live screen on a terminal, until q; one moment elsewhere. The programs are asked, never the
    database.
    """
    from config.places import house_at
    from config.top.watch import print_once, watch

    places = house_at(data)
    if once or as_json or not sys.stdout.isatty():
        print_once(places, every, as_json=as_json)
    else:
        watch(places, every)
