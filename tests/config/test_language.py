"""Chinese beside English: every text that a person reads has its own."""

import ast
import functools
import re
import string
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len
from typer import rich_utils

from clearing.checks import CHECKS as AUDIT
from clearing.findings import FINDINGS
from config.cli.app import app
from config.cli.chinese import FRAMES
from config.doctor.checks import CHECKS
from config.doctor.findings import State
from config.error_kinds import ERROR_KINDS
from config.errors import FOREIGN
from config.language import (
    BETWEEN,
    MESSAGES,
    SYSTEM,
    WORDS,
    Language,
    Speech,
    chinese_of,
    language_of,
)
from config.run.children import READY
from config.tasks.explain import everything
from config.tasks.progress import Fate
from host.cases import CASES
from host.estate.demo import ODD_CARDS
from host.hsm.pkcs11 import WHYS as DEVICE_WHYS
from host.model.requests import Kind
from host.office.catalogue import listed
from host.office.constraints import CHECKED
from host.office.fields import FORMS, SAID
from host.office.refusals import OUT_OF_RANGE
from host.office.schemas import schemas_of
from host.office.stock_refusals import ALL_REFUSALS
from host.office.tables import ACTIONS
from simulators.issuer import MAGIC_AMOUNTS
from switch.web.openapi import ABOUT, sentences_of
from switch.whys import WHYS
from switch.wire.tls import WHYS as TLS_WHYS
from terminals.describe.meanings import CATEGORIES
from terminals.recorded import WHY_NOT
from terminals.remedies import OTHERS as OTHER_REMEDY
from terminals.remedies import REMEDIES
from tests.commands import run_command

ROOT = Path(__file__).parents[2]
ROWS = tomllib.loads((ROOT / "config" / "zh.toml").read_text("utf-8"))
CATALOGUE = {**ROWS, **ROWS[WORDS]}
del CATALOGUE[WORDS], CATALOGUE[MESSAGES], CATALOGUE[SYSTEM]
SAYS = {"say", "_say", "remark", "_remark", "said", "tell", "_wait", "_asked"}
"""Functions whose first argument a person reads."""
PRINTING = (
    *(f"config/tasks/{name}.py" for name in (
        "demo", "explain", "keys", "link", "night", "nights", "night_findings", "progress",
        "simulate", "story", "takeovers",
        "terminals", "watching", "reach", "loops", "recording", "replaying", "failed", "lives",
        "office", "office_words", "sessions", "beginning",
        "tracing", "cards", "gifts", "lottery", "demo_lottery",
    )),
    "config/top/screen.py", "config/cli", "config/doctor", "config/run/reloading.py",
    "config/run/host_reloading.py", "config/run/tending.py", "config/run/recording.py",
    "simulators/till", "simulators/recording.py", "simulators/remade.py",
    "simulators/remade_till.py", "simulators/replay.py",
)  # fmt: skip
"""Modules whose texts are for people."""
FINDING = ("clearing/changed.py", "clearing/heads.py", "clearing/seals.py")
"""What the audit computes, and says in its own words."""
PROVING = ("terminals/lottery_proof.py",)
"""What a verifier says that imports nothing of ours."""
COLUMNS = {"Column", "number", "prose", "words"}
NO_SENTENCE = re.compile(
    r"%Y|\n$|^\w+ \| None$"
    r"|^tuple\[|^posswitch:? [^,;]*$|^posswitch record --help; |^posswitch \{\}, schema "
    r"|^error |^\"secrets/|^, by$|^p[0-9.]+ |^\{\} ms$|^F39$"
    r"|^(?:purchase|load|redeem) \{\} |^… |^Receipt \|"
    r"|^TEA 100% "
    r"|^SELECT|^chmod |^\n\[\[|^Opens |^\. Next: $|^\{\} \{\} ms$|^host\.|^Example: posswitch"
)
"""Of texts: a date's format, a type, a command, the head of an error, a name of the field."""
GLUE = re.compile(r"(?:\{\}|%|MB|s|of|on|from|to|by|than|and|[^a-zA-Z{}])+")
"""Two things put side by side."""
NAMED = re.compile(r"^error (?:E-[A-Z-]+|\{\}): |^error \{\}$")
TYPERS = {
    *(getattr(rich_utils, name) for name in FRAMES),
    "Show this message and exit.",
    "No such option: {}",
    "No such command {}",
    "No such command {}. Did you mean {}?",
    "No such option: {} (Possible options: {})",
    "Missing argument {}",
    "Missing option {}",
    "Missing command",
    "Invalid value for {}: {}",
    "Option {} requires an argument",
    "Option {} does not take a value",
    "Got unexpected extra argument(s) ({})",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid number, unable to parse string as a number",
    "Input should be greater than or equal to {}",
    "Input should be less than or equal to {}",
    "{} is not one of {}",
}
"""What typer says."""
COMPOSED = {"debit {} in {}, credit {} in {}; debit {} in {}, credit {} in {}"}
"""Of several texts of the sources."""
SETTINGS = (
    "config/listening.py", "host/link/settings.py", "host/settings.py", "host/sms.py",
    "switch/channels.py", "switch/issuer_settings.py", "switch/settings.py", "switch/strategy.py",
    "switch/web_settings.py",
)  # fmt: skip
"""Modules that hold a settings file against what it may say."""
AT = re.compile(r"^(?:[a-z_]+|\{\}): ")
"""The name of a setting, before what is wrong with it."""
ROOMS = ("clearing", "config", "host", "simulators", "switch", "terminals")
TOLD = {name for _, name, _ in FOREIGN} | {
    "SettingsError",
    "SurroundingsError",
    "PostgresError",
    "LiabilityError",
}
"""Errors that are a sentence for whoever is at the keyboard."""


def helps(command: Any) -> Iterator[str]:
    """Every help text below a command, in paragraphs."""
    for told in (command, *command.params):
        for name in ("help", "epilog"):
            for part in (getattr(told, name, None) or "").split("\n\n"):
                yield " ".join(part.split())
    for below in getattr(command, "commands", {}).values():
        yield from helps(below)


def template(node: ast.expr) -> str:
    """A text as it stands in the source, with `{}` for what is put in; empty: it is none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return ""


def sources(rooms: Iterable[str] = ROOMS) -> Iterator[ast.Module]:
    for room in rooms:
        path = ROOT / room
        for file in [path] if path.is_file() else path.rglob("*.py"):
            yield ast.parse(file.read_text("utf-8"))


def sentences() -> Iterator[str]:
    """Every sentence that is said, or that an error for a person is made of."""
    errors = told_errors()
    for node in (node for source in sources() for node in ast.walk(source)):
        if isinstance(node, ast.Call) and node.args:
            name = name_of(node.func)
            if name in SAYS or name in errors:
                text = template(node.args[0])
                yield text if text != "ready" else ""
    yield from sentences_put_in_a_name(errors)


def of_settings() -> Iterator[str]:
    """What is wrong with a setting, without its name."""
    for source in sources(SETTINGS):
        parts = {*inner(source)}
        for node in ast.walk(source):
            if isinstance(node, ast.expr) and id(node) not in parts:
                yield AT.sub("", text) if AT.match(text := template(node)) else ""
            elif isinstance(node, ast.Call) and name_of(node.func) == "DeadlineError":
                yield from map(template, node.args)


def sentences_put_in_a_name(errors: set[str]) -> Iterator[str]:
    """`msg = …` and then `raise HsmError(msg)`: what is said is the same."""
    for source in sources():
        for function in ast.walk(source):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            inside = list(ast.walk(function))
            raised = {
                node.args[0].id
                for node in inside
                if isinstance(node, ast.Call) and node.args and name_of(node.func) in errors
                if isinstance(node.args[0], ast.Name)
            }
            for node in inside:
                if isinstance(node, ast.Assign) and {*map(name_of, node.targets)} & raised:
                    yield template(node.value)


def told_errors() -> set[str]:
    """Names of the errors that are a sentence for a person, and of all below them."""
    nodes = (node for source in sources() for node in ast.walk(source))
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    told, before = set(TOLD), 0
    while len(told) > before:
        before = len(told)
        told |= {one.name for one in classes for base in one.bases if name_of(base) in told}
    return told


def name_of(node: ast.expr) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


def printed() -> Iterator[str]:
    """Every sentence and head of a column in what prints for people."""
    for source in sources(PRINTING):
        prose = {*documentation(source), *inner(source), *typed(source)}
        for node in ast.walk(source):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in prose:
                text = template(node)
                if " " in text.strip() and not NO_SENTENCE.search(text):
                    yield from BETWEEN.split(text)[::2]
            elif isinstance(node, ast.Call):
                yield from columns(node)


def columns(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", "")
    if name == "map" and getattr(call.args[0], "id", "") in COLUMNS:
        for node in ast.walk(call.args[1]):
            yield template(node) if isinstance(node, ast.Constant) else ""
    elif name in COLUMNS:
        yield template(call.args[0])
    elif name == "Sheet":
        yield from (template(each.value) for each in call.keywords if each.arg == "title")


def documentation(source: ast.Module) -> Iterator[int]:
    """Of docstrings, below what they are of."""
    for node in ast.walk(source):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def inner(source: ast.Module) -> Iterator[int]:
    """Parts of a text that is put together, and how what is put in looks."""
    for node in ast.walk(source):
        if isinstance(node, ast.JoinedStr):
            for part in node.values:
                yield id(part)
                if isinstance(part, ast.FormattedValue) and part.format_spec is not None:
                    yield id(part.format_spec)
                    yield from (id(each) for each in ast.walk(part.format_spec))


def typed(source: ast.Module) -> Iterator[int]:
    """What stands there as it is typed, in any language."""
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and name_of(node.func) in {"Command", "FaultWords", "Magic"}:
            for told in node.keywords:
                if told.arg in {"name", "example", "also", "line"}:
                    yield from map(id, ast.walk(told.value))


def everything_written() -> set[str]:
    """Every text of the sources, part by part."""
    nodes = (node for source in sources() for node in ast.walk(source))
    texts = [template(node) for node in nodes if isinstance(node, ast.Constant | ast.JoinedStr)]
    return {part for text in texts for part in (text, sentence_of(text), *BETWEEN.split(text))}


def sentence_of(text: str) -> str:
    """Without the word and the code that stand before an error's sentence."""
    return NAMED.sub("", text)


@functools.cache
def read_by_people() -> list[str]:
    texts = {
        *helps(typer.main.get_command(app)),
        *(text for kind in ERROR_KINDS for text in (kind.what, kind.why, kind.next)),
        *explanations(),
        *findings(),
        *map(sentence_of, sentences()),
        *of_settings(),
        *printed(),
        *(kind.value.replace("_", " ") for kind in Kind),
        *map(str, Fate),
        *map(str, State),
        *(check.name for check in CHECKS),
        *(odd.why for odd in ODD_CARDS.values()),
        *(magic.why for magic in MAGIC_AMOUNTS.values()),
        *WHY_NOT.values(),
        *TLS_WHYS.values(),
        *DEVICE_WHYS.values(),
        *(text for row in FINDINGS for text in (row.meaning, row.next)),
        *of_the_api(),
    }
    return sorted(
        text for text in texts if text and not NO_SENTENCE.search(text) and not GLUE.fullmatch(text)
    )


def of_the_api() -> Iterator[str]:
    """What actions and kinds of values say of themselves where the API is described."""
    yield from sentences_of(ABOUT)
    actions = tuple(ACTIONS.values())
    for action in listed(actions, ())[0]:
        yield from sentences_of(action.about)
    for schema in schemas_of(actions, ()).components.values():
        yield from sentences_of(schema.get("description", ""))


def findings() -> Iterator[str]:
    """What the audit says of what it finds."""
    for check in AUDIT:
        yield from (re.sub(r"\{\w+\}", "{}", test.reads) for test in check.tests)
    for file in ("changed.sql", "audit_facts.sql"):
        yield from re.findall(r"THEN\s+'([^']+\S)'", (ROOT / "clearing" / file).read_text("utf-8"))
    yield "it covers {} changes, {} are there"
    for source in sources(PROVING):
        for node in ast.walk(source):
            if isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant | ast.JoinedStr):
                yield template(node.value)
    for source in sources(FINDING):
        said = {*documentation(source), *inner(source)}
        for node in ast.walk(source):
            if isinstance(node, ast.Yield) and isinstance(node.value, ast.JoinedStr):
                yield from (text for text in [template(node.value)] if not GLUE.fullmatch(text))
            elif isinstance(node, ast.Dict) and id(node) not in said:
                yield from filter(None, map(template, node.values))


def explanations() -> Iterator[str]:
    """What `explain` knows of codes and words."""
    for remedy in (*REMEDIES.values(), OTHER_REMEDY):
        yield from (remedy.terminal, remedy.house)
    for refusal in ALL_REFUSALS.values():
        yield from (refusal.why, refusal.next)
    for case in CASES.values():
        yield from (case.meaning, case.advice)
    for why in WHYS.values():
        yield from (why.meaning, why.next)
    for category, words in CATEGORIES.items():
        yield from (words, f"{category}, {words}")
    for row in everything():
        yield from (
            name.replace("_", " ")
            for name in row
            if name not in {"code", "reason", "english", "chinese"}
        )


def test_every_text_that_a_person_reads_has_a_chinese_one() -> None:
    missing = [text for text in read_by_people() if text not in CATALOGUE]
    helped = {text for text in helps(typer.main.get_command(app)) if chinese_of(text) != text}
    missing = [text for text in missing if text not in helped]
    assert not missing, "\n".join(missing)


def test_no_chinese_text_is_of_something_that_is_no_longer_said() -> None:
    assert (
        sorted(set(CATALOGUE) - {*read_by_people()} - everything_written() - TYPERS - COMPOSED)
        == []
    )


@pytest.mark.parametrize("english", CATALOGUE)
def test_a_chinese_text_is_chinese_and_puts_in_what_the_english_one_does(english: str) -> None:
    chinese = CATALOGUE[english]
    assert "{" in english or english in ROWS[WORDS] or chinese_of(english) == chinese
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    gaps = [name for _, name, _, _ in string.Formatter().parse(chinese) if name is not None]
    wanted = range(english.count("{}"))
    assert gaps in ([""] * len(wanted), *[sorted(gaps)]) or sorted(map(int, gaps)) == [*wanted]
    assert len(gaps) == len(wanted)


@pytest.mark.parametrize(
    ("words", "environ", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        (["--lang", "zh", "up"], {"LANG": "de_DE"}, "zh"),
        (["--lang=en", "up"], {"LANG": "zh_CN"}, "en"),
        (["explain", "zh"], {}, "en"),
    ],
)
def test_the_language_is_what_was_asked_for_or_the_environments(
    words: list[str], environ: dict[str, str], language: str
) -> None:
    assert language_of(words, environ) == language


def test_a_lone_word_that_is_put_in_stays_unless_it_is_known_as_ours() -> None:
    assert chinese_of("all") == "合计"
    said = chinese_of("'x' is no terminal of channel all. Next: one of files to case")
    assert said == "'x' 不是渠道 all 的终端。下一步：用 files 到 case 之一"
    assert chinese_of("asked for a refund of 5.00 CNY").startswith("请求退货")


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        ("5752 exchanges, 4745 seals; 77 findings", "5752 笔报文，4745 个链封；77 项待处理"),
        ("0 corrections", "0 笔更正"),
    ],
)
def test_what_a_night_and_a_case_say_of_themselves_is_chinese(said: str, chinese: str) -> None:
    assert chinese_of(said) == chinese


def test_what_was_put_in_comes_back_in_chinese() -> None:
    speech = Speech(Language.CHINESE)
    said = speech.said(
        "error E-SETTINGS-FILE: there is no settings file /a. Next: check --settings"
    )
    assert said.startswith("错误 E-SETTINGS-FILE: ")
    assert "/a" in said
    assert chinese_of("what nobody has translated") == "what nobody has translated"


def test_a_command_speaks_chinese_where_its_user_does() -> None:
    done = run_command("--help", environ={"LANG": "zh_CN.UTF-8"})
    assert "数据库" in done.stdout
    done = run_command("--lang", "zh", "explain", "nosuch")
    assert done.returncode == 2
    assert "错误 E-CODE-UNKNOWN: 'nosuch' 不是应答码" in done.stderr
    assert "没有命令 'explan'" in run_command("--lang", "zh", "explan").stderr


@pytest.mark.parametrize("words", [(), ("clearing", "run"), ("keys", "import"), ("describe",)])
def test_help_in_chinese_fits_a_terminal_of_80_columns(words: tuple[str, ...]) -> None:
    done = run_command("--lang", "zh", *words, "--help", environ={"COLUMNS": "80"})
    assert {cell_len(line) for line in done.stdout.splitlines() if "│" in line} == {80}
    assert "显示本帮助并退出。" in done.stdout


def test_a_code_is_explained_in_chinese_within_the_terminal() -> None:
    done = run_command("--lang", "zh", "explain", "51", environ={"COLUMNS": "60"})
    assert "余额查询可知还剩多少" in done.stdout
    assert max(map(cell_len, done.stdout.splitlines())) <= 60


@pytest.mark.parametrize("words", [("explain", "all", "--json"), ("describe", "--json", "0800")])
def test_what_programs_read_is_the_same_in_every_language(words: tuple[str, ...]) -> None:
    chinese, english = (run_command("--lang", name, *words) for name in Language)
    assert (chinese.stdout, chinese.returncode) == (english.stdout, english.returncode)


def test_the_line_that_says_ready_is_the_same_in_every_language() -> None:
    assert chinese_of(READY) == READY
    assert READY not in CATALOGUE


def test_the_catalogue_is_read_only_for_chinese() -> None:
    ask = (
        "import sys; sys.argv = ['posswitch', 'explain', '51']; from config.cli import app as entry"
        "; sys.exit = lambda _: print('tomllib' in sys.modules); entry.main()"
    )
    for language, is_read in (("C", "False"), ("zh_CN.UTF-8", "True")):
        done = subprocess.run(
            [sys.executable, "-c", ask],
            env={"LC_ALL": language, "PATH": "", "PYTHONUTF8": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == is_read


def test_columns_of_a_line_keep_their_places() -> None:
    lines = ("  last seen  2026", "  batch      2026", "  hardware   2026")
    assert {cell_len(chinese_of(line)) for line in lines} == {len(lines[0])}


@pytest.mark.parametrize(
    "english",
    [
        "2 rows changed by hand",
        "40 of 40 s  1,234 trades  31/s  p50 4 ms  p99 9 ms  p99.9 12 ms  3 lost",
        "host posting, 2 switch linked  3 waiting, 4 in flight, 0 owed",
    ],
)
def test_a_line_of_several_parts_is_chinese_in_each(english: str) -> None:
    assert re.findall(r"[a-z]{4,}", chinese_of(english)) == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "terminal_key 80010003/mak/1 is not what this program last made it, before change 412",
            "terminal_key 80010003/mak/1 与本程序最后写入的不同（在变更 412 之前）",
        ),
        (
            "journal 17 of shard 2 is of 5.00 CNY, its entries make 6.00 CNY",
            "分片 2 的分录 17 为 5.00 CNY，其明细合计 6.00 CNY",
        ),
    ],
)
def test_what_the_audit_finds_is_chinese_where_its_user_is(english: str, chinese: str) -> None:
    assert chinese_of(english) == chinese


def problems() -> Iterator[str]:
    """What is wrong with a value that somebody gave at the office."""
    yield from FORMS.values()
    yield from (said for _, said in SAID)
    yield from (problem for _, problem in CHECKED.values())
    yield OUT_OF_RANGE
    for path in sorted((ROOT / "host" / "office").rglob("*.py")):
        if path.name == "reading.py":  # of the lines of files
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "problem":
                yield from _texts_of(node.value)
            if isinstance(node, ast.Assign) and "problem" in {
                getattr(target, "id", "") for target in node.targets
            }:
                yield from _texts_of(node.value)


def _texts_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield template(node)


@pytest.mark.parametrize("problem", sorted(set(problems())))
def test_what_is_wrong_with_a_value_is_told_in_chinese(problem: str) -> None:
    assert chinese_of(problem.replace("{}", "7")) != problem.replace("{}", "7")
