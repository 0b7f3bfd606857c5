"""`posswitch describe` of what testers have in hand: dumps, arrays, literals, logs, odd heads."""

import base64
import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.tasks.describe import described
from terminals.describe.description import Description, every_part
from terminals.describe.dumps import dumps_in
from terminals.describe.heads import Asked
from tests.commands import run_command
from tests.terminals.frames import FRAMES, PURCHASE

DUMPS = Path(__file__).with_name("dumps")
FRAME = FRAMES[PURCHASE]
ANSWER = FRAMES["purchase-response-approved-remaining-balance-876.55"]


def told_of(name: str, **how: str) -> Description:
    [(_, told)] = described(str(DUMPS / name), how.get("dialect"), how.get("length"))
    return told


def values_of(told: Description) -> dict[str, str]:
    return {part.name: part.value for _, part in every_part(told.parts)}


def characters(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)


def lines_of(data: bytes, width: int = 16) -> Iterable[tuple[int, bytes]]:
    return ((at, data[at : at + width]) for at in range(0, len(data), width))


def xxd(data: bytes) -> str:
    return "".join(
        f"{at:08x}: {line.hex(' ', 2):<39}  {characters(line)}\n" for at, line in lines_of(data)
    )


def hexdump_c(data: bytes) -> str:
    told = "".join(
        f"{at:08x}  {line[:8].hex(' ')}  {line[8:].hex(' '):<23}  |{characters(line)}|\n"
        for at, line in lines_of(data)
    )
    return f"{told}{len(data):08x}\n"


def hexdump_words(data: bytes) -> str:
    told = ""
    for at, line in lines_of(data):
        even = line + bytes(len(line) % 2)
        words = struct.unpack(f"<{len(even) // 2}H", even)
        told += f"{at:07x} {' '.join(f'{word:04x}' for word in words)}\n"
    return f"{told}{len(data):07x}\n"


def od(base: str, item: str) -> Callable[[bytes], str]:
    """od in the radix of its addresses, and bytes in hexadecimal or octal."""

    def written(data: bytes) -> str:
        told = "".join(
            f"{at:07{base}} {' '.join(f'{byte:{item}}' for byte in line)}\n"
            for at, line in lines_of(data)
        )
        return f"{told}{len(data):07{base}}\n"

    return written


def cell(byte: int) -> str:
    """A byte as `od -c` shows it."""
    named = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
    return named.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"{byte:03o}")


def wireshark(data: bytes) -> str:
    return "".join(
        f"{at:04x}   {line.hex(' '):<47}   {characters(line)}\n" for at, line in lines_of(data)
    )


def tcpdump(data: bytes) -> str:
    told = "".join(
        f"\t0x{at:04x}:  {line.hex(' ', 2):<39}  {characters(line)}\n"
        for at, line in lines_of(data)
    )
    return f"09:31:02.112233 IP 127.0.0.1.40000 > 127.0.0.1.8583: Flags [P.], length 1\n{told}"


def jpos(data: bytes) -> str:
    return "".join(
        f"{at:04X}  {line[:8].hex(' ').upper():<23}  {line[8:].hex(' ').upper():<23}  "
        f"{characters(line)}\n"
        for at, line in lines_of(data)
    )


def c_array(data: bytes) -> str:
    body = ",\n  ".join(
        ", ".join(f"0x{byte:02x}" for byte in line) for _, line in lines_of(data, 12)
    )
    return f"/* 0x00 is not of it */\nunsigned char frame[0x{len(data):x}] = {{\n  {body}\n}};\n"


IN_CHARACTERS = b"0820002000000080000000000180010001"
FORMS: dict[str, Callable[[bytes], str]] = {
    "xxd": xxd,
    "hexdump -C": hexdump_c,
    "hexdump": hexdump_words,
    "od -A x -t x1": od("x", "02x"),
    "od -A d -t x1": od("d", "02x"),
    "od -t x1": od("o", "02x"),
    "od -b": od("o", "03o"),
    "wireshark": wireshark,
    "tcpdump -X": tcpdump,
    "jpos": jpos,
    "xxd -b": lambda data: "".join(
        f"{at:08x}: {' '.join(f'{byte:08b}' for byte in line)}  {characters(line)}\n"
        for at, line in lines_of(data, 6)
    ),
    "od -A n -t x1z": lambda data: "".join(
        f" {line.hex(' '):<47}  >{characters(line)}<\n" for _, line in lines_of(data)
    ),
    "offsets in brackets": lambda data: "".join(
        f"[{at:04X}] {line.hex(' '):<47}  {characters(line)}\n" for at, line in lines_of(data)
    ),
    "c array": c_array,
    "java": lambda data: ", ".join(f"(byte)0x{byte:02X}" for byte in data),
    "go": lambda data: "[]byte{" + ", ".join(f"0x{byte:x}" for byte in data) + "}",
    "python": repr,
    "python in lines": lambda data: (
        "(" + "\n ".join(repr(line) for _, line in lines_of(data)) + ")"
    ),
    "bytearray": lambda data: repr(bytearray(data)),
    "fromhex": lambda data: f'bytes.fromhex("{data.hex()}")',
    "json": lambda data: json.dumps(list(data)),
    "signed": lambda data: str([byte - 256 if byte > 127 else byte for byte in data]),
    "escapes": lambda data: "".join(f"\\x{byte:02x}" for byte in data),
    "c string": lambda data: "\n".join(
        '"' + "".join(f"\\x{byte:02X}" for byte in line) + '" \\' for _, line in lines_of(data)
    ),
    "colons": lambda data: data.hex(":"),
    "dashes": lambda data: data.hex("-").upper(),
    "words": lambda data: data.hex(" ", 2),
    "0x bytes": lambda data: " ".join(f"0x{byte:02x}" for byte in data),
    "h bytes": lambda data: " ".join(f"{byte:02X}h" for byte in data),
    "base64": lambda data: base64.encodebytes(data).decode(),
    "base64url": lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="),
    "od -c": lambda data: (
        "".join(
            f"{at:07o}{''.join(f' {cell(byte):>3}' for byte in line)}\n"
            for at, line in lines_of(data)
        )
        + f"{len(data):07o}\n"
    ),
    "od -t u1": od("o", "3d"),
    "bytea": lambda data: f"\\x{data.hex()}",
    "octal escapes": lambda data: "".join(f"\\{byte:03o}" for byte in data),
    "percents": lambda data: "".join(f"%{byte:02X}" for byte in data),
    "log": lambda data: f"2026-11-22 09:31:02,123 DEBUG [line 7] sent 118 bytes: {data.hex()}\n",
}
"""By the name of the tool or language, how it writes bytes."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_form_of_a_dump_is_the_bytes_it_shows(tmp_path: Path, form: str, ends: str) -> None:
    path = tmp_path / "dump.txt"
    path.write_bytes(FORMS[form](FRAME).replace("\n", ends).encode())
    [(_, told)] = described(str(path), None, None)
    assert (told.size, told.title, told.verdict) == (len(FRAME), "purchase 消费", "exact")


@pytest.mark.parametrize("form", FORMS)
def test_so_is_one_of_a_message_that_is_written_in_characters(tmp_path: Path, form: str) -> None:
    """Also where all of them are hexadecimal digits: both may be meant, and one reads."""
    path = tmp_path / "dump.txt"
    path.write_text(FORMS[form](IN_CHARACTERS))
    [(_, told)] = described(str(path), None, None)
    assert (told.size, told.dialect, told.verdict) == (len(IN_CHARACTERS), "ascii87-hex", "exact")


@pytest.mark.parametrize("form", FORMS)
def test_a_dump_of_a_message_cut_short_says_so(tmp_path: Path, form: str) -> None:
    path = tmp_path / "dump.txt"
    path.write_text(FORMS[form](FRAME[2:50]))
    [(_, told)] = described(str(path), None, None)
    assert [(one.field, one.offset, one.short_bytes) for one in told.faults] == [("35", 38, 9)]


@pytest.mark.parametrize("form", ["xxd", "hexdump -C", "wireshark", "jpos", "c array"])
def test_a_short_message_is_read_out_of_its_one_line(tmp_path: Path, form: str) -> None:
    echo = bytes.fromhex("08200000000000000010001100000012")  # no room for more than a line
    path = tmp_path / "dump.txt"
    path.write_text(FORMS[form](echo))
    [(_, told)] = described(str(path), "pos", "none", Asked(tpdu=0, header=0))
    assert told.size == len(echo)


@pytest.mark.parametrize("form", ["xxd", "hexdump -C", "wireshark", "jpos", "tcpdump -X"])
@given(data=st.binary(min_size=1, max_size=80))
def test_a_dump_with_characters_gives_its_bytes_back(form: str, data: bytes) -> None:
    """Also where the characters of its last line look like hexadecimal."""
    assert [data] in dumps_in(FORMS[form](data))


def test_characters_that_look_like_bytes_are_none() -> None:
    digits = b"0123456789abcdef0042"
    for form in ("xxd", "hexdump -C", "wireshark", "jpos"):
        assert dumps_in(FORMS[form](digits))[0] == [digits]


ECHO = bytes.fromhex("001d6000030000603100311000082000000000000000100011000000123010")
TOOLS = [
    *("xxd", "xxd -i", "xxd -p", "xxd -g 1 -c 20", "xxd -b", "xxd -e", "xxd -e -g 2"),
    *("hexdump", "hexdump -C", "hexdump -b", "hexdump -c", "hexdump -d", "hexdump -o"),
    *("od", "od -A x -t x1z", "od -x", "od -b", "od -c", "od -A d -c", "od -d", "od -t u1"),
    *("od -t d1", "od -t d2", "od -t x4", "od -t x8", "od -v -t x1c"),
]


@pytest.mark.parametrize("command", TOOLS)
@pytest.mark.parametrize("frame", [FRAME, ECHO], ids=["purchase", "echo, of an odd size"])
def test_the_tools_themselves_are_understood(tmp_path: Path, frame: bytes, command: str) -> None:
    words = command.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"no {words[0]} here")
    dumped = subprocess.run(words, input=frame, capture_output=True, check=True).stdout
    path = tmp_path / "dump.txt"
    path.write_bytes(dumped)
    [(_, told)] = described(str(path), None, None)
    assert (told.size, told.verdict) == (len(frame), "exact")


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_marks_of_editors_are_passed_over(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "dump.txt"
    path.write_bytes(xxd(FRAME).replace(".", "·").encode(mark))
    [(_, told)] = described(str(path), None, None)
    assert told.verdict == "exact"


def test_squeezed_lines_are_there_again() -> None:
    data = bytes(range(16)) + bytes(64) + b"end"
    lines = hexdump_c(data).splitlines()
    assert dumps_in("\n".join([*lines[:2], "*", *lines[5:]]))[0] == [data]


@pytest.mark.parametrize("form", ["xxd", "hexdump -C", "jpos", "log"])
def test_several_dumps_are_several_messages(tmp_path: Path, form: str) -> None:
    path = tmp_path / "dumps.txt"
    path.write_text(f"sent:\n{FORMS[form](FRAME)}\nreceived:\n{FORMS[form](ANSWER)}")
    told = [each.title for _, each in described(str(path), None, None)]
    assert told == ["purchase 消费", "answer: purchase 消费"]


def test_a_packet_around_the_message_is_taken_off(tmp_path: Path) -> None:
    from tests.config.tasks.test_describe import segment

    for link in (b"", bytes(12) + b"\x08\0"):
        path = tmp_path / "packet.txt"
        path.write_text(tcpdump(link + segment(40000, 8583, 1, FRAME)))
        [(_, told)] = described(str(path), None, None)
        assert (told.size, told.verdict) == (len(FRAME), "exact")


def test_a_dump_of_xxd_and_an_array_are_the_echo_they_show() -> None:
    for name in ("xxd_dump.txt", "c_array.txt"):
        told = told_of(name)
        assert (told.size, told.dialect, told.verdict) == (31, "pos", "exact")
        assert told.title.startswith("echo")


def test_a_hex_log_of_jpos_is_read_as_far_as_it_goes() -> None:
    told = told_of("jpos_log.txt")
    values = values_of(told)
    assert [values[name] for name in ("header", "t", "11", "39")] == [
        "6001230000", "0810", "123456", "00",
    ]  # fmt: skip
    [fault] = told.faults
    assert (fault.field, fault.offset, fault.short_bytes) == ("41", 25, 6)
    done = run_command("describe", str(DUMPS / "jpos_log.txt"))
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "expected 8 bytes of terminal id, found 2 are left: short by 6 bytes" in said


def test_a_tpdu_without_a_header_is_found_out_or_asked_for() -> None:
    told = told_of("tpdu_no_header.hex")
    values = values_of(told)
    assert (values["tpdu"], values["t"], values["60"]) == ("6000030000", "0820", "00000012301")
    assert "header" not in values
    assert told.verdict == "exact"
    done = run_command(
        "describe", str(DUMPS / "tpdu_no_header.hex"), "--header-bytes", "0", "--json"
    )
    assert (done.returncode, json.loads(done.stdout)["is_exact"]) == (0, True)


@pytest.mark.parametrize("cut", [slice(2, None), slice(7, None), slice(13, None)])
def test_no_tpdu_and_no_header_are_found_out_too(cut: slice) -> None:
    [(_, told)] = described(FRAME[cut].hex(), None, None)
    assert (told.title, told.verdict) == ("purchase 消费", "exact")


def test_zeros_between_data_objects_mean_nothing() -> None:
    told = told_of("f55_zero_padding.hex")
    values = values_of(told)
    assert (values["9F27"], values["9F36"]) == ("80", "0349")
    assert (told.verdict, told.is_exact, told.faults) == ("exact", True, ())


def test_a_header_of_a_host_and_a_preamble_of_a_gateway_are_found_out() -> None:
    told = told_of("ascii87_bin_header5.hex")
    values = values_of(told)
    assert (told.dialect, told.verdict) == ("ascii87-bin", "exact")
    assert (values["length"], values["header"], values["70"]) == ("0043", "6001230000", "301")
    told = told_of("nac_preamble10.hex")
    values = values_of(told)
    assert (values["length"], values["preamble"]) == ("007E", "30323136363031323334")
    assert (told.title, told.verdict) == ("purchase 消费", "exact")


def test_options_say_what_stands_before_the_message() -> None:
    path = str(DUMPS / "ascii87_bin_header5.hex")
    five, four = Asked(header=5), Asked(header=4)
    [(_, told)] = described(path, "ascii87-bin", None, five)
    assert told.verdict == "exact"
    [(_, told)] = described(path, "ascii87-bin", None, four)
    assert told.verdict == "not read well"


def test_text_of_hexadecimal_digits_alone_is_what_reads() -> None:
    told = told_of("ascii_text_all_hex_digits.txt")
    assert (told.dialect, told.size, told.verdict) == ("ascii87-hex", 26, "exact")
    assert (values_of(told)["t"], values_of(told)["11"]) == ("0800", "000001")
    text = (DUMPS / "ascii_text_all_hex_digits.txt").read_bytes()
    for given_ in (text, text.hex().encode(), text + b"\n"):
        done = run_command("describe", "--json", given=given_)
        assert json.loads(done.stdout)["dialect"] == "ascii87-hex"


def test_a_field_that_the_dialect_lacks_does_not_hide_the_rest() -> None:
    told = told_of("signon_with_f46.hex")
    parts = {part.name: part for part in told.parts}
    assert [(one.field, one.expected) for one in told.faults] == [
        ("46", "no such field in this dialect")
    ]
    assert parts["46"].label == "additional data, ISO"
    assert [part.value for part in parts["60"].parts] == ["00", "000726", "005"]
    assert (parts["53"].value, parts["63"].value) == ("0400000000000000", "01 ")
    assert "rest" not in parts


def test_bytes_in_a_text_that_nobody_reads_are_kept_as_bytes() -> None:
    told = told_of("f63_sm016.hex")
    assert not told.faults
    assert values_of(told)["63"] == b"SM016".hex().upper() + "CDC489E91786D0BE01F543D813611BCD"


def test_points_of_an_answer_are_split_and_hold_digits() -> None:
    told = told_of("negative_points_answer.hex")
    [points] = [part for part in told.parts if part.name == "62"]
    assert [part.value for part in points.parts] == ["0000000000", "000000000000", "-000000021"]
    assert [(one.field, one.expected) for one in told.faults] == [("62", "decimal digits")]
    assert told.faults[0].offset == points.parts[-1].start


@pytest.mark.parametrize("name", sorted(path.name for path in DUMPS.iterdir()))
def test_verdict_faults_and_exit_status_agree(name: str) -> None:
    done = run_command("describe", str(DUMPS / name), "--json")
    told = json.loads(done.stdout)
    assert (done.returncode == 0) == (not told["faults"]) == told["is_well"]
    assert (told["verdict"] == "not read well") == bool(told["faults"])
    assert told["is_exact"] == (told["verdict"] == "exact")
    shown = run_command("describe", str(DUMPS / name))
    assert (shown.returncode, told["verdict"] in shown.stdout) == (done.returncode, True)


def test_what_the_switch_takes_is_read_well_though_spelled_otherwise() -> None:
    """An F for the pad of an odd track: the switch approves it, and writes a 0 itself."""
    told = told_of("f35_pad_F_verdict.hex")
    assert (told.is_exact, told.is_well, told.faults) == (False, True, ())
    assert told.verdict == "read well, though we would write it otherwise"


def test_a_frame_whose_last_byte_looks_like_a_line_end_is_whole(tmp_path: Path) -> None:
    for end in (0x0A, 0x0D):
        fields = bytes.fromhex("600003000060310031100008200000000000000010") + b"\x00\x11"
        frame = fields + bytes.fromhex("0000001230") + bytes((end,))
        path = tmp_path / "frame.bin"
        path.write_bytes(len(frame).to_bytes(2) + frame)
        [(_, told)] = described(str(path), None, None)
        assert told.size == len(frame) + 2


FIELD_LOG = """<log realm="channel" at="2026-11-22T09:31:02">
  <send>
    <isomsg direction="outgoing">
      <!-- org.jpos.iso.packager.GenericPackager -->
      <field id="0" value="0200"/>
      <field id="2" value="998800______0015"/>
      <field id="3" value="000000"/>
      <field id="4" value="000000012345"/>
      <field id="11" value="000002"/>
      <field id="25" value="00"/>
      <field id="41" value="80010001"/>
      <field id="42" value='888290054110001'/>
      <field id="49" value="156"/>
      <field id="60" value="22000012000"/>
    </isomsg>
  </send>
</log>
"""


def test_a_log_of_fields_is_composed_again_and_says_what_it_left_out(tmp_path: Path) -> None:
    path = tmp_path / "q2.log"
    path.write_text(FIELD_LOG)
    [(place, told)] = described(str(path), None, None)
    values = values_of(told)
    assert (values["4"], values["41"], told.title) == ("000000012345", "80010001", "purchase 消费")
    assert place.endswith("composed of its fields but 2, which the log covers")
    [(_, told)] = described(str(path), "ascii87-hex", None)
    assert (told.dialect, told.verdict) == ("ascii87-hex", "exact")


def test_a_log_whose_fields_fit_nowhere_says_which(tmp_path: Path) -> None:
    path = tmp_path / "q2.log"
    path.write_text(FIELD_LOG.replace("000000012345", "12.50"))
    done = run_command("describe", str(path))
    assert done.returncode == 2
    assert "no dialect takes the fields of this log (field 4" in done.stderr


def test_messages_of_characters_may_stand_on_lines(tmp_path: Path) -> None:
    text = (DUMPS / "ascii_text_all_hex_digits.txt").read_text("ascii")
    path = tmp_path / "messages.txt"
    path.write_text(f"{text}\n{text[:-1]}2\n")
    told = described(str(path), None, None)
    assert [values_of(each)["11"] for _, each in told] == ["000001", "000002"]
    assert {each.dialect for _, each in told} == {"ascii87-hex"}
