"""`posswitch card`: one card, for whoever serves its holder."""

from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.homes import DATA
from config.language import speech

app = typer.Typer(
    no_args_is_help=True, help="Cards, one at a time.", epilog=epilog("posswitch card show -")
)


@app.command()
def show(
    card: Annotated[
        str | None,
        typer.Argument(
            metavar="CARD",
            help="last4@ISSUER or an id; - reads the whole number from a pipe. Without it the "
            "number is asked for and not shown: a process list shows what stands here.",
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(help="Older ones than this: a page ends with it.", metavar="NUMBER"),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=200, help="Movements on a page.")] = 20,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """A card: whence, status, balances, points that expire, what was asked of it, its cases.

    The newest first, each with the balance behind it. Its number is masked wherever it stands.
    """
    from config.tasks.cards import asked_for_card, show_card
    from host.store.card_view import Page

    page = Page(after=after, count=count)
    show_card(data, settings, asked_for_card(card, remark), page, as_json=as_json)


def remark(text: str) -> None:
    """Beside the output, for whoever reads it."""
    typer.echo(speech.said(text), err=True)
