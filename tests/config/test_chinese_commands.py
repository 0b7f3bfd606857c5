"""Every command, its help and what it says to a mistake, read for English by who has Chinese.

Words of the programs' own stay English for everybody: commands, options, names of fields and files.
So a line is English where two English words that no command knows stand next to each other.
"""

import ast
import errno
import importlib
import inspect
import os
import re
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from config.cli.app import app
from config.cli.generated import groups
from config.errors import CODES, CURES
from config.language import CATALOGUE, SYSTEM, Language, chinese_of, speech
from config.tasks.explain import brief, everything, lines_of
from config.tasks.failed import OTHER_CURES
from simulators.swarm import EXTERNAL_TRADES, TRADES, TradeRow
from tests.commands import run_command

RESOLVER = {
    "name or service not known",
    "temporary failure in name resolution",
    "no address associated with hostname",
    "non-recoverable failure in name resolution",
}
TLS_REASONS = importlib.import_module("_ssl").err_codes_to_names.values()
ENGLISH = re.compile(r"[A-Za-z]{2,}[,;:]? [A-Za-z']{2,}")
TYPED = re.compile(
    r"posswitch [\w./:=@\[\] -]+|<\w+ range>|\[[\d.]*<?=?x<?=?>?=?[\d.]*\]|LMK [0-9A-F]+"
    r"|ss -ltnp 'sport = :\d+'"
    r"|\[OPTIONS\].*|keys generate|\bE-[A-Z-]+:?|docs/demo.md，Other channels|(?<=[（(])ANSI X9"
)
"""What is typed, and names that are the same everywhere."""
ENDLESS = {"up", "host", "switch", "web", "demo", "bench", "top", "record", "issuer", "amounts"}
"""What would begin to run, or tells of what is typed, is asked for its help alone."""
SCENE = {"LC_ALL": "zh_CN.UTF-8", "COLUMNS": "400"}


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that is written by hand, by what is typed."""
    yield words
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*words, name))


COMMANDS = sorted(commands(typer.main.get_command(app)))
FOR_TOOLS = {("openapi",)}
"""What is printed is a document that tools read; it has both languages in it."""
ALONE = [
    words for words in COMMANDS if words and not ENDLESS & set(words) and words not in FOR_TOOLS
]


def english_in(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if ENGLISH.search(TYPED.sub("", line))]


def said(*words: str) -> str:
    done = run_command(*words, environ=os.environ | SCENE)
    return done.stdout + done.stderr


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """No house, and a port that nobody listens on: whatever runs on this machine is not asked."""
    monkeypatch.setenv("POSSWITCH_DATA", str(tmp_path))
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        settings = f'[[channels]]\nname = "pos"\nhost = "127.0.0.1"\nport = {port}\n'
        (tmp_path / "posswitch.toml").write_text(settings)
        yield port


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "language", Language.CHINESE)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_its_help_is_chinese(words: tuple[str, ...]) -> None:
    assert english_in(said(*words, "--help")) == []


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("subject", sorted({*groups()} - {"show"}))
def test_what_a_group_of_the_office_is_about_has_a_chinese_word(subject: str) -> None:
    told = groups()[subject].info.help
    assert re.search("[A-Za-z]", chinese_of(str(told))) is None


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("words", ALONE, ids=" ".join)
def test_what_it_says_where_there_is_nothing_is_chinese(words: tuple[str, ...]) -> None:
    assert english_in(said(*words)) == []
    assert english_in(said(*words, "--data", "mistyped")) == []


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    "words",
    [
        ("explain", "--nosuch"),
        ("explan",),
        ("terminal", "show"),
        ("terminal", "resolve", "x", "y"),
        ("up", "--port", "x"),
        ("up", "--port", "70000"),
        ("explain", "51", "52", "53"),
        ("simulate", "scenario", "purchase"),
        ("simulate", "pos", "--host", "nohost.invalid", "--port", "1"),
        ("replay", "/etc"),
        ("replay", "/etc/hostname"),
        ("describe", "/dev/null"),
        ("describe", "no such file"),
        ("doctor",),
        ("clearing", "run", "--date", "soon"),
    ],
    ids=" ".join,
)
def test_what_is_said_to_a_mistake_is_chinese(words: tuple[str, ...]) -> None:
    told = said(*words)
    assert english_in(told) == []
    assert "消费 不是场景" not in told, "a file is called what it is called"


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("row", [*TRADES, *EXTERNAL_TRADES], ids=lambda row: row.name)
def test_what_a_swarm_trades_has_a_chinese_name(row: TradeRow) -> None:
    told = chinese_of(f"unexpected: {row.name} was answered 22, 6 times")
    assert re.search("[A-Za-z]{2}", told) is None, told


def test_a_port_that_another_has_is_chinese(nowhere: int) -> None:
    told = said("doctor")
    assert f"pos 无法监听 127.0.0.1:{nowhere}：那里已有程序在监听" in told
    assert english_in(told) == []


@pytest.mark.usefixtures("chinese")
def test_every_code_and_every_word_of_the_logs_is_explained_in_chinese() -> None:
    for row in everything():
        named, *told = lines_of(row, 200)
        short = brief(row).removeprefix(row["code"])
        assert english_in("\n".join((*told, short))) == [], named


def test_what_the_system_says_is_chinese_where_it_is_put_into_a_sentence() -> None:
    given = "cannot use purchase: No such file or directory. Next: look"
    assert chinese_of(given).startswith("无法使用 purchase：没有那个文件或目录。")
    given = "the host cannot be started: [Errno 13] Permission denied: '/a/the host'"
    assert chinese_of(given) == "主机 启动不了：权限不够：'/a/the host'"


SAID_OF_SYSTEM = tomllib.loads(CATALOGUE.read_text("utf-8"))[SYSTEM]
NUMBERS = {*CODES, *CURES, *OTHER_CURES, errno.EACCES, errno.ENOENT, errno.EISDIR, errno.EIO}


def test_what_the_system_may_say_of_files_and_networks_has_its_chinese() -> None:
    missing = {os.strerror(number).lower() for number in NUMBERS} - {*SAID_OF_SYSTEM}
    assert not missing


def test_no_chinese_is_of_what_no_system_says() -> None:
    of_tls = {name.replace("_", " ").lower() for name in TLS_REASONS}
    known = {os.strerror(number).lower() for number in errno.errorcode} | of_tls
    known |= {word.replace("sslv3 alert", "ssl/tls alert") for word in of_tls} | RESOLVER
    toml = ast.parse(inspect.getsource(tomllib._parser))  # type: ignore[attr-defined]
    told = (node.value for node in ast.walk(toml) if isinstance(node, ast.Constant))
    known |= {text.lower() for text in told if isinstance(text, str)}
    assert {text for text in SAID_OF_SYSTEM if "{}" not in text} - known == set()
