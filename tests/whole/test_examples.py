"""The clients in docs/examples, as a reader runs them: from sign-on to settlement."""

import ast
import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from host.estate.demo import FIRST_TERMINAL, UNPACKED_TERMINAL, demo_estate
from tests.whole.house import SECONDS_MAX, Up

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
EXAMPLES = sorted(FOLDER.glob("*_client.py"))
NODE_EXAMPLE = FOLDER / "bcd_client.mjs"
NODE = shutil.which("node")
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
NODE_LINES_MAX = 200
ESTATE = demo_estate()
[OTHER] = [one for one in ESTATE.terminals if one.terminal_id == UNPACKED_TERMINAL]
TERMINALS = (FIRST_TERMINAL.terminal_id, OTHER.terminal_id)
MASTER_KEYS = (FIRST_TERMINAL.tmk.reveal().hex().upper(), OTHER.tmk.reveal().hex().upper())
MERCHANTS = (ESTATE.merchant_of(FIRST_TERMINAL).merchant_id, ESTATE.merchant_of(OTHER).merchant_id)
"""The example's own, and those of a terminal that no example uses."""


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


@pytest.mark.skipif(NODE is None, reason="node is not installed: apt-get install nodejs")
def test_the_example_in_javascript_trades_from_sign_on_to_settlement(up: Up) -> None:
    """Every answer but those of management and settlement is sealed, and says 00."""
    assert NODE is not None
    for _ in range(2):  # its second day goes on in the batch that the first left
        ran = subprocess.run(
            [NODE, NODE_EXAMPLE, "127.0.0.1", str(up.ports["pos"])],
            cwd=NODE_EXAMPLE.parent,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert not ran.returncode, ran.stderr
        *trades, settled, ended = [line.split() for line in ran.stdout.splitlines()]
        types = ["0810", "0210", "0210", "0210", "0810", "0410", "0210", "0230", "0210"]
        assert [type_ for _, type_, *_ in trades] == types
        codes = {code for _, type_, code, *_ in trades if type_ != "0410"}
        assert codes == {"00"}
        assert (settled[1], ended[1:]) == ("0510", ["0330", "00", "0000"])


def test_the_example_in_javascript_is_short_and_needs_node_alone() -> None:
    text = NODE_EXAMPLE.read_text("utf-8")
    assert len(text.splitlines()) < NODE_LINES_MAX
    taken = re.findall(r'(?<!\.)\b(?:from|import|require)[\s(]*"(.*?)"', text)
    assert set(taken) == {"node:crypto", "node:net"}


@pytest.fixture
def till(up: Up) -> Iterator[dict[str, Any]]:
    """What stands in the packed example once another terminal's day has begun in it."""
    functions, _, day = (FOLDER / "bcd_client.py").read_text().partition("\nline = ")
    names: dict[str, Any] = {}
    exec(functions.replace(*TERMINALS).replace(*MASTER_KEYS).replace(*MERCHANTS), names)
    names["sys"] = SimpleNamespace(argv=["", "127.0.0.1", up.ports["pos"]])
    exec("line = " + day.partition("totals = ")[0], names)
    with names["line"]:
        yield names


def test_the_manuals_words_hold_beyond_its_example(till: dict[str, Any]) -> None:
    """wire.md of what the example leaves out, said with the example's own functions: an upload of
    records, the next batch, a void, a refund, points, a load and its confirmation, and totals that
    count each on its side."""
    key, batch, sale = till["mac_key"], till["batch"], till["sale"]
    traces = itertools.count(10)

    def ask(mti: str, fields: dict[int, Any], *, key: bytes | None = None) -> dict[int, Any]:
        return till["ask"](till["line"], mti, {11: f"{next(traces):06d}", **fields}, key)

    def told(mti: str, fields: dict[int, Any]) -> dict[int, Any]:
        answer = ask(mti, {49: b"156", 25: "00", **fields}, key=key)
        assert answer[39] == b"00", (mti, fields, answer)
        return answer

    def settled(money: str, points: str) -> str:
        flags = ask("0500", {48: money + points, 49: b"156", 60: f"00{batch}201"})[48]
        return flags[30] + flags[61]

    assert settled(half(0, 0, 0, 0), half(0, 0, 0, 0)) == "21"
    record = f"0100000002{till['CARD']:0>20}000000012345"
    assert ask("0320", {48: record, 60: f"00{batch}201"})[39] == b"00"
    assert ask("0320", {48: "0001", 60: f"00{batch}202"})[39] == b"00"
    assert ask("0200", sale, key=key)[39] == b"77"

    batch, traces = f"{int(batch) + 1:06d}", itertools.count(1)
    card = {2: till["CARD"], 14: till["EXPIRY"], 22: "012"}
    first = told("0200", {**sale, **till["typed"], 60: f"22{batch}"})
    named = {37: first[37], 38: first[38], 61: f"{batch}000001"}
    whole = {**card, 3: "200000", 4: sale[4], 60: f"23{batch}"}
    told("0200", {**whole, **named})
    second = told("0200", {**sale, **till["typed"], 60: f"22{batch}"})
    part = {4: "000000000345", 37: second[37], 60: f"25{batch}", 61: "0" * 12 + second[13]}
    told("0220", {**whole, **part})
    points = {**card, 3: "000000", 4: "000000005000", 25: "65", 60: f"22{batch}000500048"}
    assert told("0200", {**points, 62: b"P0001".ljust(30)})[62].startswith(b"0000005000")
    load = {**card, 3: "630000", 4: "000000020000", 60: f"48{batch}", 11: "000900"}
    told("0200", load)
    told("0220", {**load, 61: f"{batch}000900"})
    assert settled(half(24690, 2, 32690, 3), half(5000, 1, 0, 0)) == "11"
    assert ask("0320", {48: "0000", 60: f"00{batch}207"})[39] == b"00"


def test_under_other_keys_a_reversal_is_silence_until_the_terminal_signs_on(
    till: dict[str, Any],
) -> None:
    """wire.md, *Repeats and silence*: A0 comes without a code, a reversal gets nothing, and once
    the terminal signed on the same reversal is answered 25, and its original from then on 94."""
    line, batch, other = till["line"], till["batch"], bytes.fromhex("0101010101010101")
    sale = {**till["sale"], 11: "000500"}
    undo = {**sale, 39: b"98"}
    declined = till["ask"](line, "0200", {**sale, **till["typed"]}, other)
    assert declined[39] == b"A0"
    assert 64 not in declined

    deaf = SimpleNamespace(sendall=line.sendall, recv=None)
    with pytest.raises(TypeError):
        till["ask"](deaf, "0400", undo, other)
    told = till["ask"](line, "0800", {11: "000501", 60: f"00{batch}003"})
    assert told[11] == "000501"  # what would have been said of the reversal stood before this

    key = till["des"](till["TMK"], told[62][20:28], back=True)
    assert till["ask"](line, "0400", undo, key)[39] == b"25"
    assert till["ask"](line, "0200", {**sale, **till["typed"]}, key)[39] == b"94"


def half(debit: int, debits: int, credit: int, credits_: int) -> str:
    """One half of F48 of a settlement, with its flag."""
    return f"{debit:012d}{debits:03d}{credit:012d}{credits_:03d}0"
