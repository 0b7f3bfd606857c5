"""Options that commands of every group share."""

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="POSSWITCH_DATA",
        help="The data directory; doctor says which it is by itself.",
        show_default=False,  # a path is longer than there is room for
        metavar="DIR",
        readable=False,  # what cannot be read is told by us, with what to do
    ),
]
SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="A TOML file; DIR/posswitch.toml by itself.",
        metavar="FILE",
        readable=False,
    ),
]


def epilog(command: str) -> str:
    """The end of a group's help: what one types."""
    return f"Example: {command}"
