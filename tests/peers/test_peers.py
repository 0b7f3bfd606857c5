"""The tills of another make: they know nothing of ours, and say what the published messages say."""

import ast
from pathlib import Path

import pytest

from tests.peers import codes
from tests.peers.bcd import Fields, hear, say
from tests.vectors.reader import FRAME_ALGORITHM, VECTORS

OURS = {"switch", "host", "clearing", "terminals", "simulators", "config"}
FRAMES = [vector for vector in VECTORS if vector["algorithm"] == FRAME_ALGORITHM]
CODES = {
    "UNIONPAY-ECB-MAC": (codes.up_ecb, "mab_hex", "f64_hex"),
    "X9.9 / ISO9797-1 alg 1 DES-CBC-MAC": (codes.x99, "data_hex", "mac8"),
    "X9.19 / ISO9797-1 alg 3 retail MAC": (codes.x919, "data_hex", "mac8"),
    "AES-CMAC": (codes.cmac, "data_hex", "mac16"),
}
"""How a published code is computed, what over, and what it is. Zeros fill the last block."""


@pytest.mark.parametrize(
    "path", [path for path in Path(__file__).parent.glob("*.py") if path.name != "test_peers.py"]
)
def test_a_peer_imports_nothing_of_ours(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not OURS & {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("vector", FRAMES, ids=lambda vector: vector["id"])
def test_a_peer_says_the_worked_messages(vector: dict) -> None:
    payload = bytes.fromhex(vector["expected"]["frame_hex"])[2:]
    heard = hear(payload)
    assert say(heard.fields, tpdu=heard.tpdu, header=heard.header) == payload


@pytest.mark.parametrize("algorithm", CODES)
def test_a_peer_seals_as_the_published_codes_do(algorithm: str) -> None:
    make, over, told = CODES[algorithm]
    tried = 0
    for vector in VECTORS:
        given, expected = vector["inputs"], vector["expected"]
        if vector["algorithm"] != algorithm or given.get("padding", "zero") != "zero":
            continue
        if over in given and told in expected:
            tag = make(bytes.fromhex(given["key"]))(bytes.fromhex(given[over]))
            assert tag.hex().upper() == expected[told][:16]
            tried += 1
    assert tried


def test_a_peer_hears_what_it_said() -> None:
    fields: Fields = {"t": "0200", "3": "000000", "22": "022", "23": "001", "35": "9" * 37}
    fields |= {"41": "80010001", "54": "金额", "60": "2200001", "63": "01 "}
    tag = codes.up_ecb(bytes(8))
    heard = hear(say(fields, tag))
    assert heard.is_sealed_by(tag)
    assert not heard.is_sealed_by(codes.x99(bytes(8)))
    assert {name: heard.fields[name] for name in fields} == fields
