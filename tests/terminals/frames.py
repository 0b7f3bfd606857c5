"""The framed messages of the vectors, for the tests of everything terminals say."""

from typing import Any

from host.hsm.mac import Mac, mac_for
from host.model.requests import ASKED_BY_NO_TERMINAL, Kind
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from tests.vectors.reader import FRAME_ALGORITHM, VECTORS

SAID_BY_NO_TERMINAL = {Kind.CASE_REPORT, Kind.PIN_TRANSLATION, *ASKED_BY_NO_TERMINAL}
"""What the switch itself asks of the host, or the host of itself."""

FRAME_VECTORS: dict[str, dict[str, Any]] = {
    vector["id"].removeprefix("frame-"): vector
    for vector in VECTORS
    if vector["algorithm"] == FRAME_ALGORITHM
}
FRAMES: dict[str, bytes] = {
    name: bytes.fromhex(vector["expected"]["frame_hex"]) for name, vector in FRAME_VECTORS.items()
}
"""Whole frames, length first."""
PAYLOADS: dict[str, bytes] = {name: frame[2:] for name, frame in FRAMES.items()}
BODIES: dict[str, bytes] = {name: frame[13:] for name, frame in FRAMES.items()}
"""From the message type on."""
BINARY_FIELDS = {"52", "55", "62", "64"}
"""Fields the vectors write in either case of hexadecimal."""

PURCHASE = "stored-value-purchase-123.45-with-PIN"


def fields_of(name: str) -> dict[str, str]:
    """The fields of a vector as the codec gives them, message type included."""
    inputs = FRAME_VECTORS[name]["inputs"]
    fields = {
        number: text.upper() if number in BINARY_FIELDS else text
        for number, text in inputs["fields"].items()
    }
    return {"t": inputs["mti"]} | fields


WORKED_MAK = bytes.fromhex("2568ADE013579BDF")
"""The key that seals the worked messages."""


def worked_mac() -> Mac:
    """What checks them."""
    return mac_for(MacAlgorithm.UNIONPAY_ECB, Secret(WORKED_MAK))


ASCII_FIELDS: dict[str, dict[str, str]] = {
    "purchase": {
        "t": "0200",
        "3": "000000",
        "4": "000000012345",
        "7": "1122093101",
        "11": "000002",
        "22": "021",
        "25": "00",
        "26": "12",
        "35": "9988000000000015=3012120",
        "41": "80010001",
        "42": "888290054110001",
        "49": "156",
        "52": "71F9B13D35BD37AF",
        "53": "2600000000000000",
        "60": "22000012000500",
        "64": "0011223344556677",
    },
    "keyed void": {
        "t": "0200",
        "2": "9988000000000015",
        "3": "200000",
        "4": "000000012345",
        "11": "000004",
        "14": "3012",
        "22": "012",
        "25": "00",
        "37": "112200000001",
        "38": "A00002",
        "41": "80010001",
        "42": "888290054110001",
        "49": "156",
        "60": "23000012000500",
        "61": "000012000002",
        "64": "0011223344556677",
    },
    "reversal": {
        "t": "0420",
        "3": "000000",
        "4": "000000012345",
        "11": "000003",
        "22": "021",
        "25": "00",
        "33": "48882900",
        "39": "98",
        "41": "80010001",
        "42": "888290054110001",
        "49": "156",
        "60": "22000012000500",
        "90": "0200000002112209310100000000000" + "0" * 11,
        "128": "0011223344556677",
    },
    "sign-on": {
        "t": "0800",
        "7": "1122093000",
        "11": "000001",
        "41": "80010001",
        "42": "888290054110001",
        "60": "00000012003",
        "62": b"Sequence No12312580010001".hex().upper(),
        "70": "001",
    },
    "echo": {
        "t": "0800",
        "7": "1122093000",
        "41": "80010001",
        "42": "888290054110001",
        "70": "301",
    },
    "answer": {
        "t": "0210",
        "3": "000000",
        "11": "000002",
        "28": "C00000100",
        "39": "51",
        "41": "80010001",
        "44": "48882900   48882900   ",
        "54": "1002156C000000087655",
        "55": "9F260800112233445566FF",
        "63": "CUP余额不足",
    },
}
"""Messages of the ASCII dialects: what terminals and networks send, and one answer."""
