"""`posswitch describe` and `explain`: what people give it, and what they get."""

import base64
import json
import re
import struct
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.tasks.describe import described, difference
from config.tasks.explain import everything, explained
from config.tasks.message_page import page_of
from host.model.responses import RESPONSE_CODES, Reason
from terminals.describe.errors import UnreadableError
from terminals.describe.given import messages_in
from terminals.describe.pcap import streams_of
from tests.commands import run_command
from tests.terminals.frames import FRAMES, PURCHASE
from tests.vectors.reader import TEST_DATA

FRAME = FRAMES[PURCHASE]
ANSWER = FRAMES["purchase-response-approved-remaining-balance-876.55"]
PAN = TEST_DATA["pan"]


def segment(source: int, target: int, sequence: int, data: bytes, flags: int = 0x18) -> bytes:
    tcp = struct.pack(">HHIIBBHHH", source, target, sequence, 0, 0x50, flags, 9000, 0, 0)
    head = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1"
    )
    return head + tcp + data


def capture(packets: list[bytes], link: int = 1, order: str = "<") -> bytes:
    before = {1: bytes(12) + b"\x08\0", 0: b"\2\0\0\0", 101: b""}[link]
    told = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    for packet in packets:
        whole = before + packet
        told += struct.pack(order + "IIII", 0, 0, len(whole), len(whole)) + whole
    return told


@pytest.mark.parametrize(
    "text",
    [
        FRAME.hex(),
        FRAME.hex(" ").upper(),
        "0x" + FRAME[2:].hex(),
        base64.b64encode(FRAME).decode(),
    ],
    ids=["hex", "spaced", "payload", "base64"],
)
def test_a_message_may_be_written_in_several_ways(text: str) -> None:
    ((_, told),) = described(text, None, None)
    assert (told.title, told.is_exact) == ("purchase 消费", True)


@pytest.mark.parametrize(
    "content",
    [
        FRAME + ANSWER,
        (FRAME.hex() + "\n" + ANSWER.hex() + "\n").encode(),
        FRAME.hex().encode() + b"\n" + ANSWER.hex().encode(),
        capture([segment(40000, 8583, 100, FRAME), segment(8583, 40000, 7, ANSWER)]),
    ],
    ids=["stream", "lines", "lines without an end", "pcap"],
)
def test_a_file_may_hold_several_messages(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "messages"
    path.write_bytes(content)
    told = described(str(path), None, None)
    assert [each.title for _, each in told] == ["purchase 消费", "answer: purchase 消费"]


def test_a_dump_of_one_message_over_several_lines_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "dump"
    text = FRAME.hex()
    path.write_text("\n".join(text[at : at + 32] for at in range(0, len(text), 32)))
    assert [found.data for found in messages_in(str(path))] == [FRAME]


@pytest.mark.parametrize(("link", "order"), [(0, "<"), (1, ">"), (101, "<")])
def test_a_stream_is_put_together_in_order(link: int, order: str) -> None:
    packets = [
        segment(40000, 8583, 0xFFFFFFF0 - 1, b"", flags=0x02),
        segment(40000, 8583, (0xFFFFFFF0 + 50) % (1 << 32), FRAME[50:]),
        segment(40000, 8583, 0xFFFFFFF0, FRAME[:60]),
        segment(40000, 8583, 0xFFFFFFF0, FRAME[:60]),
        bytes(30),
    ]
    (stream,) = streams_of(capture(packets, link, order))
    assert stream.data == FRAME
    assert stream.source == "127.0.0.1:40000"
    assert stream.destination == "127.0.0.1:8583"


def test_a_stream_ends_where_bytes_are_missing() -> None:
    packets = [segment(1, 2, 100, FRAME[:20]), segment(1, 2, 130, FRAME[30:])]
    assert streams_of(capture(packets))[0].data == FRAME[:20]


def test_a_capture_cut_anywhere_is_read_as_far_as_it_goes() -> None:
    whole = capture([segment(1, 2, 100, FRAME)])
    for size in range(4, len(whole)):
        try:
            streams_of(whole[:size])
        except UnreadableError as error:
            assert size < 24, error  # noqa: PT017 - whatever else it does, it does not fail


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "this capture is a pcapng. Next: tcpdump"),
        (capture([])[:20] + struct.pack("<I", 105), "link type 105 is not read here. Next:"),
        (b"  \n", "there is nothing in"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=re.escape(why)):
        messages_in(str(path))


def test_the_page_needs_nothing_else_and_shows_no_secret() -> None:
    told = [described(frame.hex(), None, None)[0] for frame in FRAMES.values()]
    page = page_of(told)
    assert "<script" not in page
    for outside in ("http:", "https:", "//", "src=", "href=", "url(", "@import"):
        assert outside not in page
    for secret in (PAN, TEST_DATA["pan19"], "71F9B13D35BD37AF", TEST_DATA["PIK_under_TMK"]):
        assert secret not in page
        assert secret not in page.replace(" ", "")
    assert page.count("<section") == page.count("</section>") == len(FRAMES)


def test_the_page_escapes_what_a_message_says() -> None:
    message = json.dumps({"op": "echo", "goods": "<b>&"}).encode()
    page = page_of(described(message.hex(), None, None))
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;" in page


def test_two_messages_differ_where_their_bytes_do_even_covered_ones() -> None:
    other = bytearray(FRAME)
    other[31] = 0x46
    other[86] ^= 0xFF
    ((_, a),), ((_, b),) = described(FRAME.hex(), None, None), described(other.hex(), None, None)
    rows = difference(a, b)
    assert [(row["name"], row["is_covered"]) for row in rows] == [("4", False), ("52", True)]
    assert (rows[0]["a"], rows[0]["b"]) == ("000000012345", "000000012346")
    assert not difference(a, a)


def test_a_field_of_one_message_only_is_a_difference() -> None:
    ((_, a),), ((_, b),) = described(FRAME.hex(), None, None), described(ANSWER.hex(), None, None)
    absent = {row["name"] for row in difference(a, b) if row["a"] is None}
    assert {"2", "39", "54"} <= absent


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        ("39=51", "51", "insufficient_funds"),
        ("A0", "A0", "mac_wrong"),
        ("a0", "A0", "keys_missing"),
        ("wrong PIN", "55", "wrong_pin"),
        ("card-frozen", "62", "card_frozen"),
        ("BA", "BA", "original_voided"),
    ],
)
def test_codes_and_reasons_are_explained(words: str, code: str, reason: str) -> None:
    assert (code, reason) in {(row["code"], row["reason"]) for row in explained(words)}


def test_a_code_this_house_never_gives_is_explained_too() -> None:
    assert explained("39=05")[0]["english"] == "do not honour"
    with pytest.raises(SettingsError, match="is no response code"):
        explained("ZZ")


def test_94_is_explained_with_the_sign_on_it_asks_for_and_every_cause() -> None:
    [row] = [row for row in explained("94") if row.get("reason") == "duplicate"]
    said = " ".join(row.values())
    for words in ("next trace", "sign on", "next batch", "reversed", "two with one id",
                  "one batch begun twice", "before its original"):  # fmt: skip
        assert words in said


def test_every_reason_is_explained_by_its_word_and_its_code() -> None:
    assert {row["reason"] for row in everything() if "reason" in row} == set(Reason)
    for reason in Reason:
        told = explained(reason.value)
        assert told[0]["code"] == RESPONSE_CODES[reason].f39
        assert reason.value in {row.get("reason") for row in explained(told[0]["code"])}


def test_the_command_reads_stdin_and_prints_json_without_a_secret() -> None:
    done = run_command("describe", "--json", given=FRAME)
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert (told["dialect"], told["is_exact"]) == ("pos", True)
    assert PAN not in done.stdout


def test_the_command_says_what_is_wrong_and_exits_with_one() -> None:
    done = run_command("describe", FRAME[:50].hex())
    assert done.returncode == 1
    assert "byte 40, field 35: expected 19 bytes of track 2, found 10 are left" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_command_compares_and_writes_pages(tmp_path: Path) -> None:
    other = FRAME.hex().replace("000000012345", "000000012346")
    done = run_command("describe", FRAME.hex(), "--diff", other)
    assert done.returncode == 1
    assert "000000012346" in done.stdout
    assert run_command("describe", FRAME.hex(), "--diff", FRAME.hex()).returncode == 0
    page = tmp_path / "page.html"
    assert run_command("describe", FRAME.hex(), "--html", str(page)).returncode == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["describe", "no-such-file"], "that is no file, no hexadecimal and no base64. Next:"),
        (["describe", "00", "--dialect", "iso"], "there is no dialect 'iso'. Next:"),
        (["explain", "ZZ"], "'ZZ' is no response code, reason, case, error code"),
    ],
)
def test_a_mistake_is_a_sentence(words: list[str], why: str) -> None:
    done = run_command(*words)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr
