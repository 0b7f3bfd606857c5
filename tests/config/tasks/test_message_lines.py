"""Messages on a screen: never wider than it, amounts whole, in English and in Chinese."""

import ast
import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from config.language import GAP, MESSAGES, Language, chinese_of_message, speech
from config.tasks import describe as describing
from config.tasks.message_lines import (
    label_of,
    meaning_of,
    print_descriptions,
    print_difference,
    title_of,
)
from config.tasks.message_page import page_of
from terminals.describe import meanings
from terminals.describe.arrays import DECIMAL, HEXADECIMAL, OCTAL
from terminals.describe.description import Description, describe, every_part
from terminals.describe.forms import CLEAR_SIZES, HIDDEN, OBJECTS, TEXTS
from terminals.dialects import ascii87_fields, mis_iso, pos
from terminals.dialects.softpos_words import OPERATIONS
from terminals.elsewhere import PACKED
from terminals.framing import LENGTH_CODECS
from terminals.records import CHARSETS
from tests.commands import run_command
from tests.terminals import corpus
from tests.terminals.frames import FRAMES, PURCHASE

ROOT = Path(__file__).parents[3]
TABLE: dict[str, str] = tomllib.loads((ROOT / "config" / "zh.toml").read_text("utf-8"))[MESSAGES]
COMPOSED = {
    "answer: {}",
    "a length of {} bytes at most",
    "a length of {} digits at most",
    "byte {}, field {}: expected {}, found {}",
    "byte {}, field {}: expected {}, found {}: short by {} bytes",
    "composed of its fields but {}, which the log covers",
    "the bytes are not ascii",
    "the bytes are not gb18030",
    "{} (ISO 8583:{})",
    "{} (money)",
    "{} (points, foreign)",
    "{} or {}",
    "{} #{}",
    "member card",
    *(f"{{}} {origin}" for origin in meanings.MTI_ORIGINS.values() if origin),
}
"""Of several texts of the sources."""
SAME = {"TPDU", "CNY", "HKD", "MOP", "USD", "EUR", "JSON", "", "MAC"}
"""What is called the same in both languages."""
AMOUNT = re.compile(r"\d[\d,]*\.\d\d(?: [A-Z]{3})?")
CORPUS = list(corpus.every())


@pytest.fixture(params=list(Language))
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    speech.language = request.param
    yield request.param
    speech.language = Language.ENGLISH


def printed(
    told: Description,
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    print_descriptions([("a/file/whose/name/is/rather/long/" * 2 + "message.txt #12", told)])
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_no_line_is_wider_than_its_screen_and_no_amount_is_cut(
    width: int,
    language: Language,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert language is speech.language
    for data in CORPUS if width == 80 else CORPUS[::7]:
        told = describe(data)
        lines = printed(told, width, monkeypatch, capsys)
        assert max(map(cell_len, lines)) <= width, max(lines, key=cell_len)
        for _, part in every_part(told.parts):
            for amount in AMOUNT.findall(part.meaning):
                assert any(amount in line for line in lines), amount


def test_every_value_is_shown_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for data in corpus.sound():
        told = describe(data)
        text = "".join(line.strip() for line in printed(told, 80, monkeypatch, capsys))
        for _, part in every_part(told.parts):
            assert re.sub(r"\s", "", part.value.strip("*")) in re.sub(r"\s", "", text)


def test_what_differs_fits_the_screen_too(
    language: Language, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert language is speech.language
    monkeypatch.setenv("COLUMNS", "80")
    sound = [describe(data) for data in corpus.sound()]
    for one, other in itertools.pairwise(sound):
        print_difference(describing.difference(one, other))
    assert max(map(cell_len, capsys.readouterr().out.splitlines())) <= 80


def labels() -> Iterator[str]:
    for spec in (pos.SPEC, ascii87_fields.BINARY_SPEC, mis_iso.SPEC, PACKED):
        yield from (field["desc"] for field in spec.values() if field["max_len"])
    yield from (label for label, _ in meanings.SUBFIELDS.values())
    yield from ("message type", "bitmap", "second bitmap", "header", "preamble", "not read", "text")
    yield from (f"length, {name}" for name in LENGTH_CODECS)
    yield from (f"header: {name}" for name in ("magic", "number", "till", "message_code"))
    yield from (*meanings.TAGS.values(), "unknown tag")
    yield from (name.replace("_", " ") for name in {*CLEAR_SIZES, *TEXTS, *OBJECTS, *HIDDEN})
    yield from CHARSETS


def words() -> Iterator[str]:
    tables = [codes for _, codes in meanings.SUBFIELDS.values()]
    tables += [meanings.MTI_CLASSES, meanings.NEXT_STEPS, meanings.APPLICATION_CLASSES]
    tables += [meanings.ENTRY_MODES, meanings.PIN_ENTRIES, meanings.CONDITIONS]
    tables += [meanings.PROCESSING, meanings.REVERSAL_REASONS]
    yield from (word for table in tables for word in table.values())
    for function in meanings.MTI_FUNCTIONS.values():
        for origin in meanings.MTI_ORIGINS.values():
            yield f"{{}} {function} {origin}".strip()
    yield from (f"{kind} {{}}" for kind in (*meanings.BALANCE_KINDS.values(), "balance"))
    yield from (f"operation {name}" for name in OPERATIONS)
    yield from (DECIMAL, HEXADECIMAL, OCTAL)
    yield from ("exact", "not read well", "read well, though we would write it otherwise")


def faults() -> Iterator[str]:
    """What is expected and found, as the sources have it."""
    for path in (ROOT / "terminals" / "describe").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"Fault", "Wrong", "replace"}:
                told = [k.value for k in node.keywords if k.arg in {"expected", "actual"}]
            elif name in {"_TlvError", "_JsonError"}:
                told = node.args[:1]
            elif name == "_fault":
                told = node.args[2:4]
            else:
                continue
            yield from map(template, told)


def template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.Constant) else GAP for each in node.values]
        return "".join(map(str, parts))
    return ""


@pytest.mark.parametrize("texts", [labels, words, faults])
def test_every_name_and_word_of_a_message_has_a_chinese_one(texts: object) -> None:
    assert callable(texts)
    missing = {text for text in texts() if chinese_of_message(text) == text} - SAME
    assert sorted(missing) == []


@pytest.mark.parametrize("english", TABLE)
def test_a_chinese_one_is_chinese_and_has_the_same_gaps(english: str) -> None:
    assert re.search(r"[\u4e00-\u9fff]", TABLE[english])
    assert TABLE[english].count(GAP) == english.count(GAP)


def test_no_chinese_name_is_of_something_that_no_message_has() -> None:
    told = {*labels(), *words(), *faults(), *texts_of_sources(), *COMPOSED}
    assert sorted(set(TABLE) - told) == []


def texts_of_sources() -> Iterator[str]:
    """Every text of what explains messages and prints them, in parts as well."""
    files = [*(ROOT / "terminals").rglob("*.py"), *(ROOT / "config" / "tasks").glob("*.py")]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant | ast.JoinedStr):
                text = template(node)
                yield text
                yield from re.split(r"[,;] ", text)


def test_the_standard_names_stand_in_chinese(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    speech.language = Language.CHINESE
    try:
        text = "\n".join(printed(describe(FRAMES[PURCHASE]), 80, monkeypatch, capsys))
    finally:
        speech.language = Language.ENGLISH
    for name in ("处理码", "交易金额", "系统跟踪号", "二磁道数据", "终端标识码", "商户标识码",
                 "安全控制信息", "刷磁条，有 PIN", "完全一致", "消费", "123.45 CNY"):  # fmt: skip
        assert name in text
    assert chinese_of_message("PAN") == "主账号"
    assert chinese_of_message("retrieval reference (RRN)").startswith("检索参考号")


def test_no_english_is_left_in_what_is_told_of_the_corpus() -> None:
    speech.language = Language.CHINESE
    try:
        for data in CORPUS:
            told = describe(data)
            said = [speech.of_message(told.verdict), title_of(told)]
            for _, part in every_part(told.parts):
                if part.name not in TEXTS:
                    said += [label_of(part), meaning_of(part)]
            said += [
                speech.of_message(each)
                for one in told.faults
                for each in (one.expected, one.actual)
            ]
            left = [each for each in said if re.search(r"\b(?!hhmmss\b|be2\b)[a-z]{3,}", each)]
            assert left == []
    finally:
        speech.language = Language.ENGLISH


def test_what_was_taken_for_granted_is_said_in_chinese_too() -> None:
    echo = bytes.fromhex("082000000000000000100011000000123010")
    array = f"{{{', '.join(map(str, echo))}}}"
    for text, said in ((array, "数组各项按十进制解读: 回响测试"), (f"{array}; {array}", "第 2 条")):
        done = run_command("--lang", "zh", "describe", text)
        assert (done.returncode, said in done.stdout) == (0, True)


@pytest.mark.parametrize("environ", [{"LANG": "zh_CN.UTF-8"}, {"LC_ALL": "zh_CN.UTF-8"}])
def test_the_command_tells_a_fault_in_chinese_where_its_user_reads_it(
    environ: dict[str, str], tmp_path: Path
) -> None:
    done = run_command("describe", FRAMES[PURCHASE][:50].hex(), environ=environ)
    assert done.returncode == 1
    assert "第 40 字节，域 35：应为19 字节的二磁道数据，实为只剩 10 个" in done.stdout
    assert "未能正确解读" in done.stdout
    page = tmp_path / "page.html"
    run_command("describe", FRAMES[PURCHASE].hex(), "--html", str(page), environ=environ)
    assert '<html lang="zh-CN">' in page.read_text("utf-8")
    assert "交易金额" in page.read_text("utf-8")


def test_the_page_and_the_json_are_as_before_in_english() -> None:
    told = [("", describe(FRAMES[PURCHASE]))]
    assert '<html lang="en">' in page_of(told)
    done = run_command("--lang", "zh", "describe", "--json", FRAMES[PURCHASE].hex())
    assert json.loads(done.stdout)["verdict"] == "exact"
