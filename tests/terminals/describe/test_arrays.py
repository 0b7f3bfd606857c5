"""Arrays of source code, logs and debuggers are the bytes they list, whatever base they are in."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.tasks.describe import described
from terminals.describe.arrays import arrays_in
from tests.terminals.frames import FRAMES, PURCHASE

FRAME = FRAMES[PURCHASE]
ANSWER = FRAMES["purchase-response-approved-remaining-balance-876.55"]
ECHO = bytes.fromhex("082000000000000000100011000000123010")
"""All of whose bytes look alike in decimal and in hexadecimal: 08 20 00 …"""
DIGITS = b"08000020000000000000000001"
"""A message of digits as characters: 48 56 48 …, which might be hexadecimal too."""


def signed(data: bytes) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in data]


def in_lines(items: list[str], many: int = 12) -> str:
    return ",\n    ".join(", ".join(items[at : at + many]) for at in range(0, len(items), many))


def decimals(data: bytes) -> list[str]:
    return [str(byte) for byte in data]


FORMS: dict[str, Callable[[bytes], str]] = {
    "C": lambda data: f"const uint8_t f[118] = {{\n    {in_lines(decimals(data))},\n}};\n",
    "C with comments": lambda data: f"uint8_t f[] = {{ {in_lines(decimals(data))} /* 1, 2 */ }};",
    "C, signed": lambda data: f"char f[] = {{{', '.join(map(str, signed(data)))}}};",
    "C, octal": lambda data: f"{{{', '.join(f'0{byte:o}' for byte in data)}}}",
    "C, mixed": lambda data: f"{{{', '.join(hex(b) if b > 9 else str(b) for b in data)}}}",
    "C, characters": lambda data: (
        "{" + ", ".join(f"'{chr(b)}'" if 0x30 <= b < 0x3A else hex(b) for b in data) + "}"
    ),
    "Java": lambda data: f"byte[] f = new byte[] {{{in_lines(list(map(str, signed(data))))}}};",
    "Java with casts": lambda data: (
        "{" + ", ".join(f"(byte) {byte}" if byte > 127 else str(byte) for byte in data) + "}"
    ),
    "Arrays.toString": lambda data: f"received {signed(data)} from the till",
    "Kotlin": lambda data: f"byteArrayOf({', '.join(map(str, signed(data)))})",
    "C#": lambda data: f"new byte[] {{ {', '.join(decimals(data))} }}",
    "Go": lambda data: f"msg := []byte{{{', '.join(decimals(data))}}}",
    "Go, printed": lambda data: f"[{' '.join(decimals(data))}]",
    "Rust": lambda data: f"let f: [u8; 118] = [{in_lines(decimals(data))}];",
    "Rust with types": lambda data: f"vec![{', '.join(f'{byte}u8' for byte in data)}]",
    "Python list": lambda data: f"frame = {list(data)}",
    "Python bytes": lambda data: f"bytes({tuple(data)})",
    "numpy": lambda data: f"array([{in_lines([f'{b:>3}' for b in data])}], dtype=uint8)",
    "JSON": lambda data: json.dumps(list(data), indent=2),
    "Buffer of node": lambda data: json.dumps({"type": "Buffer", "data": list(data)}),
    "Uint8Array": lambda data: f"Uint8Array(118) [\n  {in_lines(decimals(data))}\n]",
    "Erlang": lambda data: f"<<{','.join(decimals(data))}>>",
    "with leading zeros": lambda data: f"{{{', '.join(f'{byte:03d}' for byte in data)}}}",
    "semicolons": lambda data: f"[{'; '.join(decimals(data))}]",
    "a bare list": lambda data: ", ".join(decimals(data)),
    "a bare column": lambda data: "\n".join(decimals(data)),
    "an assembler's lines": lambda data: "".join(
        f"\t.byte {', '.join(decimals(data[at : at + 8]))}\n" for at in range(0, len(data), 8)
    ),
    "gdb print": lambda data: "$1 = {" + ", ".join(f"{byte} '\\{byte:03o}'" for byte in data) + "}",
    "gdb x/8xb": lambda data: "".join(
        f"0x7ffe{at:04x} <frame+{at}>:\t"
        + "\t".join(f"0x{byte:02x}" for byte in data[at : at + 8])
        + "\n"
        for at in range(0, len(data), 8)
    ),
    "gdb x/8ub": lambda data: "".join(
        f"0x7ffe{at:04x}:\t" + "\t".join(decimals(data[at : at + 8])) + "\n"
        for at in range(0, len(data), 8)
    ),
    "a debugger's lines": lambda data: "\n".join(
        f"[{number}] = {byte}" for number, byte in enumerate(signed(data))
    ),
    "a variable's lines": lambda data: "\n".join(
        f"  {number}: {byte}" for number, byte in enumerate(data)
    ),
    "YAML": lambda data: "frame:\n" + "".join(f"  - {byte}\n" for byte in data),
    "texts of JSON": lambda data: json.dumps(decimals(data)),
    "Perl": lambda data: f"print pack('C*', {', '.join(decimals(data))});",
    "hexadecimal without marks": lambda data: f"{{{', '.join(f'{byte:02x}' for byte in data)}}}",
    "hexadecimal, one digit": lambda data: f"[{', '.join(f'{byte:x}' for byte in data)}]",
}
"""By language, how an array of bytes is written."""


@pytest.mark.parametrize("form", FORMS)
def test_an_array_in_any_base_is_the_bytes_it_lists(tmp_path: Path, form: str) -> None:
    path = tmp_path / "array.txt"
    path.write_text(FORMS[form](FRAME))
    [(_, told)] = described(str(path), None, None)
    assert (told.size, told.title, told.verdict) == (len(FRAME), "purchase 消费", "exact")


@pytest.mark.parametrize("form", FORMS)
def test_an_array_of_a_message_cut_short_says_so(tmp_path: Path, form: str) -> None:
    path = tmp_path / "array.txt"
    path.write_text(FORMS[form](FRAME[2:50]))
    [(_, told)] = described(str(path), None, None)
    assert [(one.field, one.offset, one.short_bytes) for one in told.faults] == [("35", 38, 9)]


@pytest.mark.parametrize(
    ("data", "item", "taken"),
    [
        (ECHO, "02x", "its items read as hexadecimal"),
        (ECHO, "d", "its items read as decimal numbers"),
        (ECHO, "02d", "its items read as decimal numbers"),
        (DIGITS, "d", "its items read as decimal numbers"),
        (DIGITS, "x", "its items read as hexadecimal"),
    ],
)
def test_an_array_of_two_readings_is_the_one_that_is_an_exact_message_and_says_so(
    tmp_path: Path, data: bytes, item: str, taken: str
) -> None:
    path = tmp_path / "array.txt"
    path.write_text(f"{{{', '.join(f'{byte:{item}}' for byte in data)}}}")
    [(place, told)] = described(str(path), None, None)
    assert (told.size, told.verdict) == (len(data), "exact")
    assert place == f"{path}, {taken}"


def test_what_has_one_reading_says_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "array.txt"
    path.write_text(str(list(FRAME)))
    [(place, _)] = described(str(path), None, None)
    assert place == str(path)


def test_several_arrays_are_several_messages(tmp_path: Path) -> None:
    path = tmp_path / "arrays.txt"
    path.write_text(f"byte[] asked = {signed(FRAME)};\nbyte[] told = {signed(ANSWER)};\n")
    told = [each.title for _, each in described(str(path), None, None)]
    assert told == ["purchase 消费", "answer: purchase 消费"]


@given(st.binary(min_size=8, max_size=60), st.sampled_from(["[]", "{}", "()", "<>"]))
def test_every_array_gives_its_bytes_back(data: bytes, around: str) -> None:
    for items in (list(data), signed(data)):
        ways = arrays_in(around[0] + ", ".join(map(str, items)) + around[1])
        assert (data,) in [way.arrays for way in ways]


@given(st.text(alphabet="[]{}(), 0123456789abcfx'\\-\n", max_size=120))
def test_no_text_makes_it_fail(text: str) -> None:
    for way in arrays_in(text):
        assert all(way.arrays)


@pytest.mark.parametrize("text", ["[1, 2, 3]", "f(1, 2)", "{1, 2, 3, 4, 5, 6, 7, 256}", "", "[]"])
def test_a_few_numbers_or_greater_ones_are_no_array(text: str) -> None:
    assert arrays_in(text) == []
