"""`posswitch --version`: what has to agree between machines, on one line."""

import platform

import typer

from config.isolation import ROOT
from config.release import release


def show_version(is_wanted: bool) -> None:
    """Print it and end, where it is asked for.

    Raises:
        typer.Exit: it was.
    """
    if is_wanted:
        typer.echo(version_line())
        raise typer.Exit


def version_line() -> str:
    """The release; the schema and the link that it speaks; what it runs on and from where."""
    from host.link.frames import LINK_VERSION
    from host.store.migrate import schema_version

    python = platform.python_version()
    return (
        f"posswitch {release()}, schema {schema_version()}, link {LINK_VERSION}, "
        f"Python {python}, {ROOT}"
    )
