"""The clients in docs/examples, as a reader runs them: from sign-on to settlement."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole.house import SECONDS_MAX, Up

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("*_client.py"))
CHANNELS = {
    "bcd_client.py": "pos",
    "ascii_client.py": "ascii",
    "mis_json_client.py": "tills",
    "mis_fixed_client.py": "records",
}
"""Which channel of the demo page's settings an example speaks to."""
DEMO = (Path(__file__).parents[2] / "docs" / "demo.md").read_text("utf-8")
[SETTINGS] = re.findall(r"```toml\n(.*?)```", DEMO, re.DOTALL)
FREE = re.sub(r"port = \d+", "port = 0", SETTINGS)
LINES_MAX = 80


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    data = tmp_path_factory.mktemp("examples") / "data"
    data.mkdir()
    (data / "posswitch.toml").write_text(FREE)
    with Up(data) as up:
        yield up


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_trades_from_sign_on_to_settlement(example: Path, up: Up) -> None:
    port = str(up.ports[CHANNELS[example.name]])
    ran = subprocess.run(  # twice: a till that begins anew is a till all the same
        [sys.executable, "-I", example, "127.0.0.1", port],
        cwd=example.parent,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert not ran.returncode, ran.stderr
    assert len(ran.stdout.splitlines()) >= 4


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_short_and_needs_cryptography_alone(example: Path) -> None:
    text = example.read_text("utf-8")
    assert len(text.splitlines()) < LINES_MAX
    roots = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            roots |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").partition(".")[0])
    assert roots <= {"cryptography", *sys.stdlib_module_names}
