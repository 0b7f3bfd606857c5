"""`posswitch lottery export` and `verify`: whether a lottery was drawn as it was frozen."""

from pathlib import Path
from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.errors import FOUND_WRONG
from config.homes import DATA

app = typer.Typer(
    no_args_is_help=True,
    help="Lotteries: made, frozen and closed by people, drawn at tills, checked by anybody.",
    epilog=epilog("posswitch lottery verify FILE"),
)


@app.command(epilog=epilog("posswitch lottery export DEMO --out demo.lottery"))
def export(
    code: Annotated[str, typer.Argument(help="As tills name it.", metavar="CODE")],
    out: Annotated[Path, typer.Option(help="A new file.", metavar="FILE", readable=False)],
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what was frozen of a lottery and every draw, for anybody who wants to check it.

    No card and no member stands in it. The seed is told once the lottery is over: only then are
    draws recomputed.
    """
    from config.tasks.lottery import export_lottery

    export_lottery(data, settings, code, out, as_json=as_json)


@app.command(epilog=epilog("posswitch lottery verify demo.lottery"))
def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An export of a lottery.", readable=False)
    ],
    as_json: JsonOption = False,
) -> None:
    """Recompute every draw of a lottery. Exit status 1: one is wrong, the first is named.

    It needs no database, no settings and no data directory.
    """
    from config.tasks.lottery import print_verdict, verdict_of

    verdict = verdict_of(file)
    print_verdict(verdict, file, as_json=as_json)
    if verdict.faults:
        raise typer.Exit(FOUND_WRONG)
