"""The framed messages of the vectors, for the tests of everything terminals say."""

from typing import Any

from host.hsm.mac import Mac, mac_for
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from tests.vectors.reader import FRAME_ALGORITHM, VECTORS

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


def worked_mac() -> Mac:
    """The key that seals the worked messages."""
    return mac_for(MacAlgorithm.UNIONPAY_ECB, Secret.from_hex("2568ADE013579BDF"))
