"""What every command says beside its output, and the settings that it reads."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from config.language import speech

if TYPE_CHECKING:  # imported by the commands, so that --help stays fast
    from config.places import Places
    from config.settings import Settings


def settings_told(
    data: Path, settings: Path | None, *, may_be_new: bool = False
) -> "tuple[Places, Settings]":
    """The places of a data directory and its settings; what they need is imported only now."""
    from config.run.house import house_and_settings

    return house_and_settings(data, settings, may_be_new=may_be_new)


def remark(text: str) -> None:
    """Tell the operator something that is not a command's output.

    Where it cannot be told, as into a file on a full disk, the work goes on.
    """
    with contextlib.suppress(OSError):
        typer.echo(f"posswitch: {speech.said(text)}", err=True)
