"""`posswitch rules`: which rule decided what, and which would."""

import datetime as dt
import enum
from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.homes import DATA


class Tries(enum.StrEnum):
    """`host.store.trial.TRIED`, without importing that for a help text; a test compares."""

    PURCHASE = "purchase"
    COMBINED_PURCHASE = "combined_purchase"
    POINTS_REDEMPTION = "points_redemption"
    PREAUTH = "preauth"
    CASH_LOAD = "cash_load"
    POINTS_EARN = "points_earn"
    CARD_ACTIVATION = "card_activation"


app = typer.Typer(
    no_args_is_help=True,
    help="Rules of the house: what they decided, and what they would decide.",
    epilog=epilog("posswitch rules explain 000123@80010001"),
)


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


@app.command("what-if", epilog=epilog("posswitch rules what-if 0015@CITY 100.00 80010001"))
def what_if(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    card: Annotated[
        str,
        typer.Argument(
            metavar="CARD",
            help="last4@ISSUER or an id; - reads the whole number from a pipe, or asks for it.",
        ),
    ],
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="As 100.00, or points as a whole number.")
    ],
    terminal: Annotated[str, typer.Argument(metavar="TERMINAL", help="Its eight characters.")],
    kind: Annotated[Tries, typer.Option(help="What would be asked.")] = Tries.PURCHASE,
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="On which it would be asked: pos, ascii87, mis, softpos."
        ),
    ] = None,
    goods: Annotated[
        str | None, typer.Option(metavar="CODE", help="Which goods the till would name.")
    ] = None,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a till would be told now, which rule decides, and by which figures.

    It is decided as a real message is, over the database as it is, and nothing is posted, counted
    or kept. A PIN is not asked for.
    """
    from config.cli.card import remark
    from config.tasks.cards import asked_for_card
    from config.tasks.what_if import Asked
    from config.tasks.what_if import what_if as tell
    from host.model.requests import Kind

    asked = Asked(
        card=asked_for_card(card, remark),
        amount=amount,
        terminal=terminal,
        kind=Kind(kind),
        channel=channel,
        goods=goods,
    )
    tell(data, settings, asked, as_json=as_json)


@app.command("dry-run", epilog=epilog("posswitch rules dry-run --date 2026-11-22 --proposed"))
def dry_run(
    date: Annotated[
        dt.datetime,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="A business date that was."),
    ],
    proposed: Annotated[
        bool,
        typer.Option("--proposed", help="With drafts, and what is to begin later; else as of now."),
    ] = False,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which answers and which sums of a past day the rules of now would change.

    That day is asked once more, message by message; nothing is posted or counted. What it cannot
    know is told with it.
    """
    from config.tasks.dry_run import dry_run as tell

    tell(data, settings, date.date(), is_proposed=proposed, as_json=as_json)
