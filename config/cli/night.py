"""`posswitch clearing`: the night, what closes a business day."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from config.cli.complete import business_dates
from config.cli.options import (
    DataOption,
    JsonOption,
    SettingsOption,
    epilog,
)
from config.cli.telling import remark, settings_told
from config.errors import FOUND_WRONG
from config.homes import DATA

DateArgument = Annotated[
    str,
    typer.Argument(
        help="The business date, YYYY-MM-DD.", metavar="DATE", autocompletion=business_dates
    ),
]

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
    Each step is told as it ends; with --json on a line, and all of it on the last one.
    """
    from config.tasks.night import (
        Order,
        clear,
        look_ahead,
        print_previews,
        print_run,
    )

    places, told = settings_told(data, settings)
    order = Order(date, ahead)
    if dry_run:
        previews = look_ahead(told, places, order, say=remark)
        print_previews(previews, told.host.timezone, as_json=as_json)
    else:
        print_run(clear(told, places, order, say=remark), told.host.timezone, as_json=as_json)


@app.command("status", epilog=epilog("posswitch clearing status"))
def clearing_status(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Who runs the night, and where the last business dates stand."""
    from config.tasks.nights import look_at, print_status

    places, told = settings_told(data, settings)
    print_status(look_at(told, places, say=remark), as_json=as_json)


@app.command("show", epilog=epilog("posswitch clearing show 2026-11-22"))
def clearing_show(
    date: DateArgument,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the night of a date did, step by step, with digests, positions and files."""
    from config.tasks.nights import look_at_date, print_shown

    places, told = settings_told(data, settings)
    print_shown(look_at_date(told, places, date, say=remark), as_json=as_json)


@app.command("rerun", epilog=epilog("posswitch clearing rerun 2026-11-22"))
def clearing_rerun(
    date: DateArgument,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute a finished night again from the ledger; it must come to the same, byte for byte."""
    from config.tasks.night import print_run
    from config.tasks.nights import run_again

    places, told = settings_told(data, settings)
    again = run_again(told, places, date, say=remark)
    print_run(again, told.host.timezone, as_json=as_json)


@app.command("verify", epilog=epilog("posswitch clearing verify 2026-11-22"))
def clearing_verify(
    date: DateArgument,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold rows and files of a finished night against their digests, without the ledger.

    Ends with 1 where something is not as it was left.
    """
    from config.tasks.nights import find_others, print_others

    places, told = settings_told(data, settings)
    found = find_others(told, places, date, say=remark)
    print_others(found, date, as_json=as_json)
    if found:
        raise typer.Exit(FOUND_WRONG)


@app.command("hand-out", epilog=epilog("posswitch clearing hand-out"))
def clearing_hand_out(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Put the files of released dates where they are fetched, with a signed manifest."""
    from config.tasks.nights import hand_out_released, print_handed_out

    places, told = settings_told(data, settings)
    out = hand_out_released(told, places, say=remark)
    print_handed_out(out, places, as_json=as_json)


@app.command("deliver", epilog=epilog("posswitch clearing deliver"))
def clearing_deliver(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Bring handed-out files to whom they are for, now; a running host does it by itself.

    Ends with 1 where one could not be brought.
    """
    from config.tasks.deliveries import deliver_now, print_brought

    places, told = settings_told(data, settings)
    brought = deliver_now(told, places, say=remark)
    print_brought(brought, as_json=as_json)
    if any(one.why for one in brought):
        raise typer.Exit(FOUND_WRONG)


@app.command("delivery-key", epilog=epilog("posswitch clearing delivery-key"))
def clearing_delivery_key(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Say by which key servers of parties know us; it is made at first use."""
    from config.tasks.deliveries import print_key

    places, told = settings_told(data, settings)
    print_key(told, places, say=remark, as_json=as_json)


@app.command(
    "lay-out", epilog=epilog("posswitch clearing lay-out merchant-888290054110001.csv --out m.txt")
)
def clearing_lay_out(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A file that was handed out.", readable=False),
    ],
    out: Annotated[Path, typer.Option(help="A new file.", metavar="FILE", readable=False)],
    form: Annotated[
        Literal["fixed", "fixed_summary", "xlsx"],
        typer.Option("--form", help="As what it is to be read."),
    ] = "fixed",
    as_json: JsonOption = False,
) -> None:
    """Lay out a handed-out file in fixed width, or as a workbook, with the very same rows.

    It is held against the manifest beside it first. It needs no database and no data directory.
    """
    from config.tasks.forms import lay_out, print_laid_out

    print_laid_out(lay_out(file, out, form), out, as_json=as_json)
