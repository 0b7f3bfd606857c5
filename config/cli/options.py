"""Options that commands of every group share."""

import inspect
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
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def epilog(command: str) -> str:
    """The end of a group's help: what one types."""
    return f"Example: {command}"


def with_whole_paragraphs(app: typer.Typer) -> typer.Typer:
    """Its commands' help with no line ends but those between paragraphs, whatever a docstring has.

    The width of a terminal is not that of our sources.
    """
    for command in app.registered_commands:
        text = inspect.getdoc(command.callback) if command.callback is not None else None
        if text and not command.help:
            paragraphs = text.split("\n\n")
            command.help = "\n\n".join(" ".join(each.split()) for each in paragraphs)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            with_whole_paragraphs(group.typer_instance)
    return app
