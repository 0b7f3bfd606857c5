"""Who works here: the first administrator, signing in and out, what waits for a second person."""

from typing import Annotated

import typer

from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.homes import DATA

app = typer.Typer()


@app.command(epilog=epilog("posswitch init --login wang --name Wang"))
def init(
    login: Annotated[str, typer.Option(help="Of the first administrator.", metavar="LOGIN")],
    name: Annotated[str, typer.Option(help="Their name.", metavar="NAME")],
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a database with nothing in it but its first administrator; print their invitation.

    It is shown once and good for a day. Where there is somebody already nothing is done.
    """
    from config.as_json import print_json
    from config.errors import say_nothing
    from config.language import tell
    from config.tasks.beginning import begin

    invitation = begin(data, settings, login=login, name=name, say=say_nothing)
    if as_json:
        print_json({"login": login, "invitation": invitation})
        return
    tell(f"{login} is the first administrator")
    tell(f"invitation, shown once: {invitation}")
    tell("Next: posswitch invitation accept, then posswitch sign-in")


@app.command("sign-in", epilog=epilog("posswitch sign-in wang"))
def sign_in(
    login: Annotated[
        str | None, typer.Argument(metavar="LOGIN", help="Who; asked for without it.")
    ] = None,
    grant: Annotated[
        int | None, typer.Option(min=1, help="Which grant of several, by its number.")
    ] = None,
    data: DataOption = DATA,
    settings: SettingsOption = None,
) -> None:
    """Sign in: the password and a one-time code are asked for, and shown nowhere.

    What is done from here on is done by this person, until sign-out.
    """
    from config.tasks.office import sign_in as begin_session

    begin_session(data, settings, login, grant)


@app.command("sign-out", epilog=epilog("posswitch sign-out"))
def sign_out(data: DataOption = DATA, settings: SettingsOption = None) -> None:
    """Sign out: the session is ended, and forgotten here."""
    from config.tasks.office import sign_out as end_session

    end_session(data, settings)


@app.command(epilog=epilog("posswitch approvals"))
def approvals(
    everything: Annotated[
        bool, typer.Option("--all", help="Not only those that wait for somebody like you.")
    ] = False,
    data: DataOption = DATA,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """What waits for a second person. Decide with posswitch approval decide NUMBER."""
    from config.tasks.office import look
    from host.model.office import Show, sought

    filters = {} if everything else {"to_decide": "true"}
    command = "posswitch approvals" + (" --all" if everything else "")
    asked = Show(view="approvals", filters=sought(filters))
    look(data, settings, asked, as_json=as_json, command=command)
