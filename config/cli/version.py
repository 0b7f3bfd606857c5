"""`posswitch --version`: what has to agree between machines, on one line."""

import platform
from importlib import metadata
from typing import Final

import typer

from config.isolation import ROOT

PACKAGE: Final = "posswitch"


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
        f"posswitch {_release()}, schema {schema_version()}, link {LINK_VERSION}, "
        f"Python {python}, {ROOT}"
    )


def _release() -> str:
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:  # a tree that was never installed
        return "of a source tree"
