"""Key blocks of version D: as the standard prints them, as another library makes and reads them."""

import psec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.key_blocks import (
    ClearBlockKeys,
    Header,
    KeyBlockFormatError,
    header_of,
    open_key,
    seal_key,
)
from host.model.secrets import Secret

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*TripleDES.*:cryptography.utils.CryptographyDeprecationWarning"
)
KBPK = bytes.fromhex("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6")
KEYS = ClearBlockKeys(Secret(KBPK))
PIN_KEY = Header(usage="P0", algorithm="T", mode="E")

kbpks = st.sampled_from([16, 24, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
texts = st.text("0123456789ABCDEFabc/ -", max_size=60)
options = st.lists(st.tuples(st.sampled_from(["LB", "KS", "KC", "10"]), texts), max_size=4).map(
    lambda found: tuple(dict(found).items())
)


@st.composite
def headers_and_keys(draw) -> tuple[Header, bytes]:
    algorithm, sizes = draw(st.sampled_from([("D", [8]), ("T", [16, 24]), ("A", [16, 24, 32])]))
    header = Header(
        usage=draw(st.sampled_from(["K0", "P0", "M3", "10", "B1"])),
        algorithm=algorithm,
        mode=draw(st.sampled_from("BCDEGNVX")),
        exportability=draw(st.sampled_from("ENS")),
        version=draw(st.sampled_from(["00", "07", "c1"])),
        optional=draw(options),
    )
    size = draw(st.sampled_from(sizes))
    return header, draw(st.binary(min_size=size, max_size=size))


def test_the_standards_own_block_opens() -> None:
    """TR-31:2018, A.7.4."""
    block = (
        "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A2"
        "7E8E31DA05F7425509593D03A457DC34"
    )
    header, key = open_key(KEYS, block)
    assert header == Header(usage="P0", algorithm="A", mode="E", exportability="E")
    assert key == Secret.from_hex("3F419E1CB7079442AA37474C2EFBF8B8")


@given(kbpk=kbpks, made=headers_and_keys())
def test_another_library_reads_what_we_seal(kbpk: bytes, made: tuple[Header, bytes]) -> None:
    header, key = made
    block = seal_key(ClearBlockKeys(Secret(kbpk)), header, Secret(key))
    theirs, found = psec.tr31.unwrap(kbpk, block)
    assert found == key
    assert (theirs.key_usage, theirs.algorithm, theirs.mode_of_use) == (
        header.usage,
        header.algorithm,
        header.mode,
    )
    assert (theirs.version_num, theirs.exportability) == (header.version, header.exportability)
    assert dict(theirs.blocks.items()) == dict(header.optional)


@given(kbpk=kbpks, made=headers_and_keys())
def test_we_read_what_another_library_seals(kbpk: bytes, made: tuple[Header, bytes]) -> None:
    header, key = made
    named = (header.usage, header.algorithm, header.mode, header.version, header.exportability)
    theirs = psec.tr31.Header("D", *named)
    for name, text in header.optional:
        theirs.blocks[name] = text
    block = psec.tr31.wrap(kbpk, theirs, key)
    assert open_key(ClearBlockKeys(Secret(kbpk)), block) == (header, Secret(key))


def test_the_length_of_a_key_does_not_show() -> None:
    sizes = {len(seal_key(KEYS, PIN_KEY, Secret(bytes(size)))) for size in (8, 16, 24)}
    assert len(sizes) == 1


def test_any_changed_character_is_found() -> None:
    block = seal_key(KEYS, Header(usage="K0", algorithm="T", mode="B"), Secret(bytes(range(16))))
    for place, character in enumerate(block):
        for other in "0A":
            if other != character:
                with pytest.raises(KeyBlockFormatError):
                    open_key(KEYS, block[:place] + other + block[place + 1 :])


@given(st.text(max_size=200) | st.from_regex(r"D0[0-9]{3}P0TE00N0[0-9]00[0-9A-F]{0,90}"))
def test_noise_is_refused_as_no_key_block(text: str) -> None:
    with pytest.raises(KeyBlockFormatError):
        open_key(KEYS, text)


def test_another_kbpk_opens_nothing() -> None:
    block = seal_key(KEYS, PIN_KEY, Secret(bytes(16)))
    with pytest.raises(KeyBlockFormatError, match="under another key"):
        open_key(ClearBlockKeys(Secret(bytes(32))), block)


def test_a_header_is_read_without_its_key() -> None:
    header = Header(usage="B1", algorithm="A", mode="X", optional=(("IK", "1234567890123456"),))
    assert header_of(seal_key(KEYS, header, Secret(bytes(16)))) == header
    assert header.option("IK") == "1234567890123456"
    assert header.option("KS") is None


@pytest.mark.parametrize(
    ("header", "size"),
    [
        (PIN_KEY, 32),
        (PIN_KEY, 0),
        (Header(usage="P0", algorithm="Z", mode="E"), 16),
        (Header(usage="P", algorithm="T", mode="E"), 16),
        (Header(usage="P0", algorithm="T", mode="E", optional=(("L", ""),)), 16),
        (Header(usage="P0", algorithm="T", mode="E", optional=(("LB", "x" * 252),)), 16),
        (Header(usage="P0", algorithm="T", mode="E", optional=(("LB", "ä"),)), 16),
    ],
)
def test_what_the_standard_has_not_is_not_sealed(header: Header, size: int) -> None:
    with pytest.raises(ValueError, match=r"key"):
        seal_key(KEYS, header, Secret(bytes(size)))


@pytest.mark.parametrize("size", [0, 8, 31])
def test_a_kbpk_that_is_no_aes_key_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="a key block protection key is 16 or 24 or 32 bytes"):
        ClearBlockKeys(Secret(bytes(size)))
