"""`posswitch link`: what an operator does for a switch on another machine than its host."""

from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, epilog
from config.homes import DATA
from config.language import tell

app = typer.Typer(
    no_args_is_help=True,
    help="The tls: link between a switch and a host on another machine.",
    epilog=epilog("posswitch link certificate switch-1"),
)


@app.command()
def certificate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of this end, as the other sees it.")],
    data: DataOption = DATA,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is valid.")] = 825,
    p256: Annotated[
        bool, typer.Option("--p256", help="A P-256 key, where Ed25519 may not be used.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a key and its certificate, or renew the certificate of a key that is there.

    Prints the pin by which the other end knows it. A renewed certificate keeps it; for another
    pin take another NAME.
    """
    from config.as_json import print_json
    from config.places import places_at
    from config.tasks.link import make_certificate

    made = make_certificate(places_at(data), name, days=days, is_p256=p256)
    if as_json:
        print_json(made)
    for line in () if as_json else made.lines:
        tell(line)


@app.command()
def trust(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the other end is called here.")],
    pin: Annotated[str, typer.Argument(metavar="PIN", help="As it was printed there.")],
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Take the other end's pin. Several may stand side by side while a key changes."""
    from config.as_json import print_json
    from config.places import house_at
    from config.tasks.link import trust as take

    taken, file = take(house_at(data), name, pin)
    if as_json:
        told = {"name": taken.name, "pin": taken.text, "fingerprint": taken.fingerprint}
        print_json({**told, "file": file})
        return
    tell(f"{file}: {taken.name} is known by {taken.fingerprint} (SHA-256)")
    tell("next: posswitch reload, where it runs; to forget one, delete its line and reload")
