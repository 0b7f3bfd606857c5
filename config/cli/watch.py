"""`posswitch top` and `posswitch doctor`: how the house is."""

import sys
from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, SettingsOption
from config.homes import DATA

app = typer.Typer()


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
    from config.run.supervisor import interrupted_by_signals
    from config.top.watch import print_once, watch

    places = house_at(data)
    if once or as_json or not sys.stdout.isatty():
        print_once(places, every, as_json=as_json)
    else:
        with interrupted_by_signals():
            watch(places, every)


@app.command()
def doctor(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Look at all that a house stands on, each with its cure. Exit status 1: something is wrong.

    Directory, secrets, disks, settings, limits, programs, ports, certificates; the database: its
    schema, durability, clock, date, keys. An embedded one that is down is started to be looked at.
    """
    from config.doctor.checks import examine, is_well
    from config.doctor.report import print_report
    from config.errors import FOUND_WRONG
    from config.logging import configure_logging

    configure_logging("error")
    found = examine(data, settings)
    print_report(found, as_json=as_json)
    if not is_well(found):
        raise typer.Exit(FOUND_WRONG)
