"""`posswitch record` and `posswitch replay`: whether two builds answer alike."""

from pathlib import Path
from typing import Annotated

import typer

from config.cli.complete import channel_names, estates
from config.cli.options import DataOption, JsonOption
from config.homes import DATA

app = typer.Typer()


@app.command()
def record(
    file: Annotated[Path, typer.Argument(help="Where to; it must not be there yet.")],
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400, help="For how long.")] = 600,
    channel: Annotated[
        str | None,
        typer.Option(
            help="One of them; all that can be recorded without.",
            metavar="NAME",
            autocompletion=channel_names,
        ),
    ] = None,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Record what a running switch is asked and answers, for replay. Ctrl-C ends it sooner.

    Masked: no PAN, track, PIN, key or MAC is written. A card is a pseudonym whose key is forgotten
    when the recording ends. Channels of phones are not recorded; they are named, with the reason.

    Example: posswitch record monday.jsonl --seconds 3600
    """
    from config.places import house_at
    from config.tasks.recording import record_running, tell_as_json, tell_in_words

    tell = tell_as_json if as_json else tell_in_words
    raise typer.Exit(record_running(house_at(data), file, seconds, channel, tell))


@app.command()
def replay(  # noqa: PLR0913, PLR0917 - a command line has an option for each thing
    file: Annotated[Path, typer.Argument(help="What posswitch record has written.")],
    address: Annotated[
        str, typer.Option("--host", help="Where the other build listens.", metavar="HOST")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0: the channel's own.", metavar="PORT")
    ] = 0,
    speed: Annotated[
        float, typer.Option(min=0, help="Times its pace; 0: as fast as answers come.", metavar="N")
    ] = 0,
    channel: Annotated[
        str | None,
        typer.Option(help="One of the recording's channels; all of them without.", metavar="NAME"),
    ] = None,
    estate: Annotated[
        str,
        typer.Option(
            help="Whose terminals and cards: demo.", metavar="NAME", autocompletion=estates
        ),
    ] = "demo",
    as_json: JsonOption = False,
) -> None:
    """Say a recording again to another build, and report each answer that differs.

    Cards and terminals of the recording are played by those of the estate, messages are made and
    sealed anew, and refer to what the replay was told. What cannot be replayed is counted and
    named. It trades for real: never at a house whose money counts.

    Exit status 1: an answer differs.

    Example: posswitch replay monday.jsonl --port 9583 --speed 10
    """
    from config.tasks.replaying import replay_file
    from config.tasks.simulate import Target

    target = Target(host=address, port=port, estate=estate, as_json=as_json)
    raise typer.Exit(replay_file(target, file, speed, channel))
