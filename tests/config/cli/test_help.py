"""The command line's help: quick, 80 columns wide, with an example in every group."""

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import typer
from typer import rich_utils
from typer.main import get_command

from config.cli.app import app
from config.cli.plain import TEXTS, keep_brackets
from config.cli.version import version_line
from host.store.migrate import schema_version
from tests.commands import run_command

WIDTH = 80
IMPORTS_MAX = 450
"""Modules that `--help` may import: a third of what any of the programs needs."""


WHOLE: Any = get_command(app)
"""To look at, and not to change."""


def every_command() -> Iterator[tuple[str, ...]]:
    """The words of every command and group."""

    def below(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*words, name))

    yield from below(WHOLE, ())


COMMANDS = sorted(every_command())


def command_of(words: tuple[str, ...], whole: Any = WHOLE) -> Any:
    command = whole
    for word in words:
        command = command.commands[word]
    return command


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_fits_eighty_columns(words: tuple[str, ...]) -> None:
    done = run_command(*words, "--help", environ={"COLUMNS": str(WIDTH), "PATH": ""})
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    assert "…" not in done.stdout, "something was cut"


@pytest.mark.parametrize(
    "words", [each for each in COMMANDS if hasattr(command_of(each), "commands")], ids=" ".join
)
def test_every_group_shows_an_example_that_is_one_of_its_commands(words: tuple[str, ...]) -> None:
    done = run_command(*words, "--help", environ={"COLUMNS": "200", "PATH": ""})
    example = re.search(r"Example: posswitch (.+)", done.stdout)
    assert example is not None
    typed = tuple(example[1].split())
    assert typed[: len(words)] == words
    assert any(typed[: len(each)] == each for each in COMMANDS if len(each) > len(words))


def test_every_command_says_what_it_does() -> None:
    for words in COMMANDS:
        told = getattr(command_of(words), "help", "") or ""
        assert told.strip(), words


BRACKETED = "Of [database], or of [[channels]]; [red]not[/red] a colour, [/] no end."


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_shows_what_the_source_says(words: tuple[str, ...]) -> None:
    command, kept = command_of(words), command_of(words, get_command(app))
    keep_brackets(kept)
    shown = shown_help(kept)
    for told in (command, *command.params):
        for name in TEXTS:
            text = getattr(told, name, None)
            if text and not getattr(told, "hidden", False):
                assert " ".join(text.split()) in shown


def test_brackets_in_help_are_shown_wherever_they_stand() -> None:
    bracketed = typer.Typer(epilog=BRACKETED)

    @bracketed.command(help=BRACKETED, epilog=BRACKETED)
    def below(_one: Annotated[str, typer.Option("--one", help=BRACKETED)] = "") -> None: ...

    @bracketed.callback(help=BRACKETED)
    def above() -> None: ...

    group: Any = get_command(bracketed)
    keep_brackets(group)
    for command, times in ((group, 3), (group.commands["below"], 3)):
        assert shown_help(command).count(BRACKETED) == times


def shown_help(command: Any) -> str:
    """As a terminal of any width has it, in one line."""
    context = command.make_context("posswitch", ["--help"], resilient_parsing=True)
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setattr(rich_utils, "MAX_WIDTH", 5_000)
        rich_utils.rich_format_help(obj=command, ctx=context, markup_mode="rich")
    return " ".join(re.sub("[│╭╮╰╯─]", " ", out.getvalue()).split())


def test_paragraphs_of_help_are_as_wide_as_the_terminal() -> None:
    done = run_command("doctor", "--help", environ={"COLUMNS": "200", "PATH": ""})
    [line] = [each for each in done.stdout.splitlines() if "certificates; the database" in each]
    assert line.rstrip().endswith("started to be looked at.")


def test_help_imports_few_modules() -> None:
    """What is imported is what takes the time, whatever else the machine does."""
    code = "import sys, config.cli.app; print(len(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) < IMPORTS_MAX


def test_the_version_says_what_has_to_agree_between_machines() -> None:
    done = run_command("--version")
    assert (done.returncode, done.stdout) == (0, f"{version_line()}\n")
    assert re.match(rf"posswitch \d+\.\d+\.\d+, schema {schema_version()}, link \d+,", done.stdout)


def test_no_words_at_all_show_the_help_and_are_a_mistake() -> None:
    done = run_command()
    assert done.returncode == 2
    assert "Usage: posswitch" in done.stdout
    assert "error" not in done.stderr
