"""The manual's pages are what the tables say, and every table of theirs stands on a page."""

import functools
import re
import shlex
from pathlib import Path

import pytest

from config.manual.page import NoSuchBlockError, filled, names
from config.manual.pages import BLOCKS, WHOLE, written
from config.settings import load_settings
from tests.commands import every_command

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"(?:^ {4}|^|`)posswitch ([a-z][^`\n]*)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@functools.cache
def as_they_should_be() -> dict[Path, str]:
    return written(DOCS)


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_a_page_says_what_the_tables_say(file: Path) -> None:
    assert file.read_text("utf-8") == as_they_should_be()[file], "next: python -m config.manual"


def test_every_page_that_is_written_is_there() -> None:
    assert as_they_should_be().keys() == set(PAGES)


def test_every_block_stands_on_one_page() -> None:
    named = sorted(name for file in PAGES for name in names(file.read_text("utf-8")))
    assert named == sorted(BLOCKS)
    assert set(WHOLE) <= {file.name for file in PAGES}


def test_a_block_that_nothing_writes_is_named() -> None:
    with pytest.raises(NoSuchBlockError, match=r"wire\.weather"):
        filled("<!-- written: wire.weather -->\n<!-- end -->\n", BLOCKS)


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_links_lead_to_files_that_are_there(file: Path) -> None:
    missing = [link for link in LINK.findall(file.read_text("utf-8")) if not (DOCS / link).exists()]
    assert not missing


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_settings_that_a_page_shows_load(file: Path, tmp_path: Path) -> None:
    for number, example in enumerate(TOML.findall(file.read_text("utf-8"))):
        shown = tmp_path / f"{number}.toml"
        shown.write_text(example)
        load_settings(shown)


@pytest.mark.parametrize("file", [*PAGES, DOCS.parent / "README.md"], ids=lambda file: file.name)
def test_commands_that_a_page_shows_are_there(file: Path) -> None:
    for words in COMMAND.findall(file.read_text("utf-8").replace("\\\n", " ")):
        command = every_command()
        is_optional = False
        for word in shlex.split(re.split("[#|]", words)[0]):
            below = None if is_optional else getattr(command, "commands", None)
            # A group that does something by itself has its own options, and no command behind them.
            is_optional |= word.startswith("-")
            if below is not None and not word.startswith("-"):
                assert word in below, f"posswitch {words}"
                command = below[word]
            elif word.startswith("--"):
                options = {"--help"} | {name for one in command.params for name in one.opts}
                assert word in options, f"posswitch {words}"
