"""Logs are JSON and never show what they must not."""

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from config.logging import configure_logging
from host.model.secrets import Pan, Secret


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    stream = io.BytesIO()
    configure_logging("info", stream)
    yield stream
    structlog.reset_defaults()


def test_a_line_is_json_with_its_fields(lines: io.BytesIO) -> None:
    structlog.get_logger().info("answered", terminal="80010001", stan=7)
    row = json.loads(lines.getvalue())
    assert row["event"] == "answered"
    assert (row["terminal"], row["stan"], row["level"]) == ("80010001", 7, "info")
    assert row["timestamp"].endswith("Z")


def test_lines_below_the_level_are_not_written(lines: io.BytesIO) -> None:
    structlog.get_logger().debug("noise")
    assert lines.getvalue() == b""


def test_secrets_at_any_depth_are_masked(lines: io.BytesIO) -> None:
    pan, key = Pan("9988000000000015"), Secret(b"\x11" * 16)
    structlog.get_logger().info("seen", pan=pan, deep={"keys": [key], "pans": (pan,)})
    text = lines.getvalue().decode()
    assert "998800******0015" in text
    assert "9988000000000015" not in text
    assert "11111111" not in text


def test_a_traceback_carries_no_local_values(lines: io.BytesIO) -> None:
    def fail() -> None:
        track = "9988000000000015=30122011"
        raise ValueError(len(track))

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")
    row = json.loads(lines.getvalue())
    assert row["exception"][0]["exc_type"] == "ValueError"
    assert "30122011" not in lines.getvalue().decode()
