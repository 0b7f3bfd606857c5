"""The table of dialect names: what a channel may ask for, and what it costs who does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from terminals.dialects import DIALECTS, DialectError, DialectOptions, dialect_named


@pytest.mark.parametrize("name", DIALECTS)
def test_every_name_makes_a_dialect_with_the_options_it_has_by_default(name: str) -> None:
    assert dialect_named(name).institution


def test_a_name_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(DialectError, match=r"'morse'.*mis-fixed.*pos.*softpos"):
        dialect_named("morse")


def test_options_a_dialect_cannot_work_with_say_what_to_do(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(DialectError, match="Next: "):
        dialect_named("mis-fixed", DialectOptions(layout=missing))
    with pytest.raises(DialectError, match="Next: "):
        dialect_named("softpos", DialectOptions(attestation_keys={"a": missing}))


def test_a_switch_of_pos_terminals_does_not_load_the_others() -> None:
    program = (
        "import sys; from terminals.dialects import dialect_named; dialect_named('pos');"
        "sys.exit(any('softpos' in name or '.mis' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
