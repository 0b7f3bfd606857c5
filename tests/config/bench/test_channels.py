"""The measure of each channel: every message of it is approved, and a figure comes out."""

import re

import pytest

from config.bench import channels as bench_channels


@pytest.mark.parametrize("row", ["pos, routed", "softpos, in mutual"])
def test_a_row_is_measured(row: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(bench_channels, "UNDER_WAY", (16,))
    assert bench_channels.main([row, "--messages=128", "--rounds=1"]) == 0
    head, figure = capsys.readouterr().out.splitlines()
    assert "16 under way" in head
    assert re.fullmatch(rf"{row}[a-zA-Z ]*[0-9]+\.[0-9]", figure)
