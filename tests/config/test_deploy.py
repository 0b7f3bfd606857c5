"""What is deployed runs commands that there are, and each program has a unit of its own."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from config.cli.app import app
from config.isolation import ROOT
from config.run.programs import PROGRAMS

UNITS = sorted((ROOT / "deploy").glob("*.service"))
STARTS = re.compile(r"^ExecStart=(.+)$", re.MULTILINE)


def commands_of(unit: Path) -> list[list[str]]:
    return [shlex.split(line) for line in STARTS.findall(unit.read_text())]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_takes_what_it_is_given(unit: Path) -> None:
    assert commands_of(unit)
    for program, *words in commands_of(unit):
        assert program == "/opt/posswitch/bin/posswitch"
        command, left = typer.main.get_command(app), [word.replace("%i", "1") for word in words]
        while hasattr(command, "commands") and not left[0].startswith("-"):
            command = command.commands[left.pop(0)]
        command.make_context("posswitch", left)  # it would exit at an option that is none


def test_each_program_has_a_unit() -> None:
    started = {words[1] for unit in UNITS for words in commands_of(unit)}
    assert started >= set(PROGRAMS)
