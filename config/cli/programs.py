"""The programs of a house, all together or one of them: up, host, switch, reload."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.cli.complete import estates
from config.cli.options import (
    DataOption,
    JsonOption,
    SettingsOption,
    epilog,
)
from config.cli.telling import remark, settings_told
from config.homes import DATA
from config.language import tell

if TYPE_CHECKING:
    from config.run.orders import Orders
    from config.run.supervisor import Running
    from config.settings import Settings

app = typer.Typer()


@app.command()
def up(
    data: DataOption = DATA,
    settings: SettingsOption = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of the first channel; 0 takes a free one.")
    ] = None,
    estate: Annotated[
        str | None,
        typer.Option(
            help="Load an estate first, unless it is there: demo.", autocompletion=estates
        ),
    ] = None,
) -> None:
    """Run everything on this machine: PostgreSQL, host, switch and web. Ctrl-C stops all.

    Where the first channel has another port, the web front takes a free one.
    """
    from config.run.estates import estate_named, loader
    from config.run.supervisor import interrupted_by_signals, running_posswitch

    places, told = settings_told(data, settings, may_be_new=True)
    load = (
        None if estate is None else loader(estate_named(estate), told.host.timezone, told.host.hsm)
    )
    try:
        with (
            interrupted_by_signals(),
            running_posswitch(
                _web_beside(told, port),
                places,
                port=port,
                load_estate=load,
                file=settings,
                say=remark,
            ) as running,
        ):
            pages = [running.pages.line] if running.pages.line else []
            for line in (*running.listeners, *pages):
                typer.echo(line)
            _let_visitors_in(running)
            typer.echo("ready")
            sys.stdout.flush()
            running.watch()
    except KeyboardInterrupt:
        remark("stopped")


def _let_visitors_in(running: "Running") -> None:
    """Of an estate that is the demo's and has people: their links, for who looks at a terminal.

    What is written to a file or a journal instead is told where they are to be had: a link that
    lets somebody in stands in no log.
    """
    from config.tasks.visitors import has_visitors, links_for, say_links

    if not has_visitors(running.settings, running.places):
        return
    if sys.stdout.isatty():
        say_links(links_for(running.settings, running.places))
    else:
        tell("people of each role come in by posswitch links")


@app.command(epilog=epilog("posswitch links"))
def links(
    data: DataOption = DATA, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Print a link for each role of a demo that is up: each lets somebody in once.

    They are good for a quarter of an hour, in a browser on this machine. Older ones are good no
    more.
    """
    from config.as_json import print_json
    from config.settings import resolved
    from config.tasks.visitors import links_for, say_links

    places, told = settings_told(data, settings)
    found = links_for(resolved(told, places), places)
    if as_json:
        print_json({"links": [{"role": one.role, "link": one.address} for one in found]})
    else:
        say_links(found)


def _web_beside(told: "Settings", port: int | None) -> "Settings":
    """Browsers are served unless the settings say no.

    A second house on a machine is told one port, and finds another for its pages.
    """
    import msgspec

    web = told.web
    web = msgspec.structs.replace(
        web, is_on=web.is_on is not False, port=web.port if port is None else 0
    )
    return msgspec.structs.replace(told, web=web)


@app.command()
def web(data: DataOption = DATA, settings: SettingsOption = None) -> None:
    """Run the web front alone. It needs no database, only its link to the host."""
    from config.run.programs import run_web, say_ready
    from config.settings import resolved

    places, told = settings_told(data, settings)
    places.make()
    run_web(resolved(told, places), places, say_ready, _orders(settings))


@app.command()
def host(data: DataOption = DATA, settings: SettingsOption = None) -> None:
    """Run the accounting host alone. SIGHUP reads estate and keys again.

    The embedded PostgreSQL is started unless it runs.
    """
    from config.run.database import opened_database, tended_database
    from config.run.programs import run_host, say_ready
    from config.settings import resolved

    places, told = settings_told(data, settings)
    with (
        opened_database(told.database, places, must_exist=True, say=remark) as server,
        tended_database(told.database, places, server, remark) as database,
    ):
        run_host(resolved(told, places), places, say_ready, _orders(settings), database=database)


@app.command()
def switch(
    data: DataOption = DATA,
    settings: SettingsOption = None,
    number: Annotated[
        int, typer.Option(min=1, help="Which one it is, where switch.processes are several.")
    ] = 1,
) -> None:
    """Run the switch alone. It needs no database, only its link to the host. SIGHUP reloads."""
    from config.run.programs import run_switch, say_ready
    from config.settings import resolved

    places, told = settings_told(data, settings)
    places.make()
    orders = _orders(settings, number)
    run_switch(resolved(told, places, number=number), places, say_ready, orders)


def _orders(settings: Path | None, number: int = 1) -> "Orders":
    """Of a program that runs alone: which file it reads again when it is asked."""
    from config.run.orders import Orders

    return Orders(number=number, file=None if settings is None else str(settings.absolute()))


@app.command()
def reload(data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Have what runs read again: the host its estate and keys, the switch its channels.

    Both read what a tls: link shows and believes. Nobody else is disturbed.
    """
    from config.as_json import print_json
    from config.places import house_at
    from config.run.asking import HOST, WEB
    from config.run.control import reload_running

    *done, last = outcomes = reload_running(house_at(data))
    of_host = [outcome for outcome in outcomes if outcome.number == HOST]
    first_switch = [outcome for outcome in outcomes if outcome.number > HOST][:1]
    of_web = [outcome for outcome in outcomes if outcome.number == WEB]
    if as_json:
        print_json({"programs": outcomes})
    for outcome in [] if as_json else of_host + first_switch + of_web:
        for line in outcome.lines:
            tell(line)
    if last.error:
        changed = ", ".join(_process(outcome.number) for outcome in done)
        before = f"; {changed} has changed before it" if done else ""
        remark(f"error {last.code}: {_process(last.number)} changed nothing{before}: {last.error}")
        raise typer.Exit(last.exit_status)


def _process(number: int) -> str:
    """A program as `reload` names it."""
    from config.run.asking import HOST, WEB

    return {HOST: "the host", WEB: "the web front"}.get(number) or f"switch {number}"
