"""docs/channels.md: its examples load, and it names every setting of a channel."""

import re
from pathlib import Path

import pytest

from config.settings import load_settings
from switch.channels import CHANNEL_KINDS, ChannelSettings, TlsSettings

PAGE = (Path(__file__).parents[2] / "docs" / "channels.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_settings_file(example: str, tmp_path: Path) -> None:
    file = tmp_path / "posswitch.toml"
    file.write_text(example)
    assert load_settings(file).switch.channels


def test_every_setting_is_named() -> None:
    words = set(re.findall(r"\w+", PAGE))
    missing = {*ChannelSettings.__struct_fields__, *TlsSettings.__struct_fields__} - words
    assert not missing


def test_the_table_of_kinds_is_that_of_the_switch() -> None:
    for name, row in CHANNEL_KINDS.items():
        line = f"| {name} | {row.port} | {row.dialect} | {row.length_codec} | {row.strategy} |"
        assert line in PAGE
