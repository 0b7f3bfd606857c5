"""Another reader of ISO 8583:1987 sees in our ASCII messages what we wrote: Wireshark's.

Its dissector has faults that our messages here go around: it takes F53 for 8 digits where the
standard has 16; with binary data "not encoded" it writes track 2 beyond its own buffer, and takes
no bitmap whose bytes happen to make a text of 16 bytes in UTF-8.
"""

import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from host.hsm.mac import mac_for
from host.model.money import Money
from host.model.requests import Response, Totals
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from terminals.dialects.ascii87 import ASCII87_BINARY, ASCII87_HEXADECIMAL
from terminals.framing import wrap
from terminals.isodialect import IsoDialect
from tests.terminals.frames import ASCII_FIELDS

TSHARK = shutil.which("tshark")
PORT = 8583
MAC = mac_for(MacAlgorithm.X9_19, Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"))
WAYS = {
    "ascii87-bin": (ASCII87_BINARY, "Bin data not encoded", {"35", "53"}),
    "ascii87-hex": (ASCII87_HEXADECIMAL, "Bin data represented as Hex Ascii characters", {"53"}),
}
TOLD = Response(
    reason=Reason.APPROVED,
    rrn="112200000002",
    auth_code="A00002",
    local_time="20261122093102",
    business_date="20261122",
    balance=Money(87655, "CNY"),
    acquirer_id="48882900",
    issuer_id="48882900",
    epoch="000013",
    key_block=bytes(range(40)),
    totals=(Totals(12345, 1, 0, 0), Totals()),
    totals_agree=(True, False),
)
MORE = {
    "settlement": {"t": "0500", "11": "000009", "48": "0" * 62, "49": "156", "60": "00000012201"},
    "upload": {"t": "0320", "11": "000010", "48": "01" + "0" * 40, "60": "00000012201"},
    "chip": {"t": "0200", "3": "000000", "11": "000011", "55": "9F2608", "60": "22000012"},
}
NAMED = {"41": "80010001", "42": "888290054110001"}


def conversation(dialect: IsoDialect, unreadable: set[str]) -> list[bytes]:
    """Every message we know as a terminal sends it, and our answer to each that is asked."""
    payloads = []
    for fields in (*ASCII_FIELDS.values(), *({**row, **NAMED} for row in MORE.values())):
        if fields["t"][2] == "1":
            continue
        sent = {name: text for name, text in fields.items() if name not in unreadable}
        if "35" in fields and "35" in unreadable:
            sent["2"] = "9988000000000015"
        is_sealed = sent.pop("64", None) or sent.pop("128", None)
        payload = dialect.compose(b"", b"", sent, MAC if is_sealed else None)
        message = dialect.read(payload)
        payloads += [payload, dialect.answer(message, TOLD, MAC)]
    return payloads


def capture(payloads: list[bytes]) -> bytes:
    """A pcap file of raw IP packets, one TCP segment each, every one of its own connection."""
    packets = [packet(number, wrap(payload)) for number, payload in enumerate(payloads)]
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    return head + b"".join(
        struct.pack("<IIII", 0, 0, len(data), len(data)) + data for data in packets
    )


def packet(number: int, frame: bytes) -> bytes:
    here = bytes((127, 0, 0, 1))
    tcp = struct.pack(">HHIIBBHHH", 40000 + number, PORT, 1, 1, 0x50, 0x18, 65535, 0, 0) + frame
    size = 20 + len(tcp)
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, number, 0, 64, 6, 0, here, here) + tcp


def dissected(path: Path, binary: str) -> list[dict[str, Any]]:
    """What tshark makes of each message."""
    assert TSHARK
    settings = {
        "iso8583.len_endian": "Big endian",
        "iso8583.charset": "Digits represented as ASCII Characters",
        "iso8583.binencode": binary,
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}:{value}")]
    command = [TSHARK, "-r", str(path), "-d", f"tcp.port=={PORT},iso8583", *options, "-T", "json"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    return [entry["_source"]["layers"] for entry in json.loads(done.stdout)]


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed: apt-get install tshark")
@pytest.mark.parametrize("way", WAYS)
def test_tshark_reads_every_field_and_finds_none_malformed(way: str, tmp_path: Path) -> None:
    dialect, binary, unreadable = WAYS[way]
    payloads = conversation(dialect, unreadable)
    assert len(payloads) == 16
    path = tmp_path / "terminals.pcap"
    path.write_bytes(capture(payloads))
    for payload, layers in zip(payloads, dissected(path, binary), strict=True):
        read = layers["iso8583"]
        assert "MALFORMED" not in json.dumps(layers)
        written = dialect.codec.decode(payload)
        assert read["iso8583.mti"] == written["t"]
        for name, text in written.items():
            if name not in {"t", "p", "1"}:
                assert read[f"iso8583.bit{name}"].startswith(text), name


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed: apt-get install tshark")
def test_tshark_would_have_said_what_is_malformed(tmp_path: Path) -> None:
    spoilt = ASCII87_HEXADECIMAL.codec.encode(ASCII_FIELDS["echo"]).replace(
        b"1122093000", b"11220930XX"
    )
    path = tmp_path / "spoilt.pcap"
    path.write_bytes(capture([spoilt]))
    assert "MALFORMED" in json.dumps(dissected(path, WAYS["ascii87-hex"][1]))
