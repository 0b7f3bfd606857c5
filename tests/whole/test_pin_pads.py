"""PIN blocks as pads in the field make them, byte for byte, at a whole posswitch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.estate.demo import demo_estate
from host.hsm.ciphers import des_encryptor
from host.model.requests import Kind
from simulators import messages
from tests.whole.house import Up
from tests.whole.till import Till, Voice, fields_in

FRAME = bytes.fromhex(
    (Path(__file__).parents[1] / "vectors" / "f53_1_pin_without_pan.hex").read_text("ascii")
)
"""A purchase of 10.00 of terminal 80010001, F53 1600…, F52 06123456FFFFFFFF under its PIN key."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with Up(tmp_path_factory.mktemp("pads") / "data") as up:
        yield up.port


def test_a_pin_block_without_the_pan_is_read(port: int) -> None:
    with Till(port) as till:
        assert fields_in(till.ask(FRAME))["39"] == "00"


def test_a_wrong_pin_in_it_is_a_wrong_pin(port: int) -> None:
    estate = demo_estate()
    voice, card = Voice(estate, "80010002"), estate.cards[2]
    assert voice.plan.working is not None
    pad = des_encryptor(voice.plan.working.pik)

    def said(clear: str) -> str:
        fields = messages.swiped(Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=100)
        block = pad(bytes.fromhex(clear)).hex().upper()
        return fields_in(till.ask(voice.sealed(fields | {"52": block, "53": f"16{0:014d}"})))["39"]

    with Till(port) as till:
        assert said("06654321FFFFFFFF") == "55"
        assert said("06123456FFFFFFFF") == "00"
        assert said("16123456FFFFFFFF") == "99", "ISO 9564-1 format 1 is another way to write it"
