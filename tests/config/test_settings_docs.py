"""docs/settings.md: every key there is, with what it means, and an example that loads."""

import re
from pathlib import Path

import pytest

from config.manual.settings import TableOfKeys, keys, tables
from config.settings import load_settings

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
TABLES = list(tables())


@pytest.mark.parametrize("one", TABLES, ids=lambda one: one.head)
def test_every_key_says_what_it_means(one: TableOfKeys) -> None:
    """A key is a line of the page: its meaning is the docstring beneath it in its struct."""
    silent = [key.name for key in keys(one.struct) if not key.meaning]
    assert not silent, f"next: write a docstring beneath them in {one.struct.__name__}"


@pytest.mark.parametrize("one", TABLES, ids=lambda one: one.head)
def test_every_key_says_its_type_and_stands_on_the_page(one: TableOfKeys) -> None:
    for key in keys(one.struct):
        assert key.type, key.name
        assert f"| `{key.name}` | {key.type} |" in PAGE


def test_the_tables_are_those_a_file_may_have() -> None:
    heads = {one.head for one in TABLES}
    assert {"[switch]", "[host]", "[host.hsm]", "[database]", "[log]"} <= heads
    assert {"[[channels]]", "[channels.tls]", "[[issuers]]", "[[issuers.stand_in]]"} <= heads


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_the_example_is_a_settings_file(example: str, tmp_path: Path) -> None:
    file = tmp_path / "posswitch.toml"
    file.write_text(example)
    assert load_settings(file).switch.issuers
