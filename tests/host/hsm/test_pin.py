import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.ciphers import des_encryptor
from host.hsm.pin import (
    FORMATS,
    PinBlockReader,
    PinFormatError,
    PinKey,
    clear_block,
    make_pin_block,
    translate_pin_block,
)
from host.model.requests import X9_8_WITHOUT_PAN, PinBlock
from host.model.secrets import Pan, Secret

PIK = Secret.from_hex("1C3B5E7092B5D6F80B2C4F6185A7C8EA")
CARD = Pan("9988000000000015")
OTHER_CARD = Pan("9988000000000023")

pins = st.text("0123456789", min_size=4, max_size=12).map(str.encode).map(Secret)
pans = st.text("0123456789", min_size=12, max_size=19).map(Pan)
every_format = pytest.mark.parametrize("iso_format", FORMATS)


@every_format
@given(pin=pins, pan=pans)
def test_what_a_pin_pad_makes_the_host_reads(iso_format: int, pin: Secret, pan: Pan) -> None:
    reader = PinBlockReader(PIK)
    assert reader.read(make_pin_block(PIK, pin, pan, iso_format), iso_format, pan) == pin
    assert reader.read(make_pin_block(PIK, pin, pan, iso_format), iso_format, pan) == pin


@every_format
@given(block=st.binary(min_size=8, max_size=8) | st.binary(min_size=16, max_size=16))
def test_noise_is_a_pin_or_a_format_error_and_nothing_else(iso_format: int, block: bytes) -> None:
    try:
        pin = PinBlockReader(PIK).read(Secret(block), iso_format, CARD).reveal()
    except PinFormatError:
        return
    assert pin.isdigit()
    assert 4 <= len(pin) <= 12


@pytest.mark.parametrize(
    ("iso_format", "clear"),
    [
        pytest.param(0, "1612345FFFFFFFFF", id="control digit of another format"),
        pytest.param(0, "03123FFFFFFFFFFF", id="three digits"),
        pytest.param(0, "0D1234567890123F", id="thirteen digits"),
        pytest.param(0, "0F12345678901234", id="length beyond the block"),
        pytest.param(0, "06123A56FFFFFFFF", id="a digit that is not decimal"),
        pytest.param(0, "0612345FFFFFFFFF", id="shorter than it says"),
        pytest.param(0, "06123456FFFFFFF0", id="wrong filler at the end"),
        pytest.param(0, "061234567FFFFFFF", id="longer than it says"),
        pytest.param(3, "36123456ABCDEF9A", id="filler of format 3 is never decimal"),
        pytest.param(3, "06123456FFFFFFFF", id="format 0 read as format 3"),
        pytest.param(1, "06123456FFFFFFFF", id="format 0 read as format 1"),
    ],
)
def test_a_block_not_of_its_format_is_refused_without_showing_it(
    iso_format: int, clear: str
) -> None:
    field = int(clear, 16) ^ (int("800000000001", 16) if FORMATS[iso_format].is_xored else 0)
    block = Secret(des_encryptor(PIK)(field.to_bytes(8, "big")))
    with pytest.raises(PinFormatError) as refused:
        PinBlockReader(PIK).read(block, iso_format, CARD)
    assert "1234" not in str(refused.value)


def test_x9_8_without_the_pan_is_format_0_before_the_pan_comes_in() -> None:
    """F53.1 = 1, as pads send it: under the key stands 06123456FFFFFFFF, for any card."""
    sent = Secret(des_encryptor(PIK)(bytes.fromhex("06123456FFFFFFFF")))
    assert make_pin_block(PIK, Secret(b"123456"), CARD, X9_8_WITHOUT_PAN) == sent
    for pan in (CARD, OTHER_CARD):
        assert PinBlockReader(PIK).read(sent, X9_8_WITHOUT_PAN, pan) == Secret(b"123456")
    with_pan = make_pin_block(PIK, Secret(b"123456"), CARD, 0)
    for other in (with_pan, make_pin_block(PIK, Secret(b"123456"), CARD, 1)):
        with pytest.raises(PinFormatError):
            PinBlockReader(PIK).read(other, X9_8_WITHOUT_PAN, CARD)


def test_x9_8_with_the_pan_is_format_0_or_3_as_the_block_says() -> None:
    for made in (0, 3):
        block = make_pin_block(PIK, Secret(b"123456"), CARD, made)
        assert PinBlockReader(PIK).read(block, 0, CARD) == Secret(b"123456")


@pytest.mark.parametrize("iso_format", [0, 4])
def test_a_block_made_for_another_card_is_refused(iso_format: int) -> None:
    block = make_pin_block(PIK, Secret(b"123456"), OTHER_CARD, iso_format)
    with pytest.raises(PinFormatError):
        PinBlockReader(PIK).read(block, iso_format, CARD)


def test_a_block_of_another_length_is_refused_before_the_cipher_sees_it() -> None:
    reader = PinBlockReader(PIK)
    for size in (0, 7, 9, 16):
        with pytest.raises(PinFormatError, match="8 bytes"):
            reader.read(Secret(bytes(size)), 0, CARD)
    pin = Secret(b"123456")
    assert reader.read(make_pin_block(PIK, pin, CARD, 0), 0, CARD) == pin


@pytest.mark.parametrize("iso_format", [-1, 2, 5])
def test_an_unknown_format_is_refused(iso_format: int) -> None:
    with pytest.raises(PinFormatError, match="not supported"):
        PinBlockReader(PIK).read(Secret(bytes(8)), iso_format, CARD)


@pytest.mark.parametrize(
    "pin", [b"", b"123", b"1234567890123", b"12a4", "١٢٣٤".encode(), b"\xb2" * 4]
)
def test_what_is_no_pin_makes_no_block(pin: bytes) -> None:
    with pytest.raises(PinFormatError, match="4 to 12"):
        make_pin_block(PIK, Secret(pin), CARD, 0)


def test_a_fill_of_another_length_is_refused() -> None:
    for iso_format, fill in ((3, "ABC"), (3, "ABCDEFABCDEF"), (4, "0011"), (4, "00" * 9)):
        with pytest.raises(ValueError, match="fill"):
            clear_block(Secret(b"1234"), CARD, iso_format, fill)


@pytest.mark.parametrize("iso_format", [1, 3, 4])
def test_the_same_pin_makes_another_block_each_time(iso_format: int) -> None:
    pin = Secret(b"1234")
    made = {make_pin_block(PIK, pin, CARD, iso_format).reveal() for _ in range(8)}
    assert len(made) > 1


def test_a_single_length_key_cannot_read_an_aes_block() -> None:
    with pytest.raises(ValueError, match="AES key is 16 or 24 or 32 bytes"):
        PinBlockReader(Secret(bytes(8))).read(Secret(bytes(16)), 4, CARD)


@pytest.mark.parametrize("source_format", [0, 3, 4])
@pytest.mark.parametrize("target_format", [0, 3, 4])
def test_a_pin_block_is_translated_between_keys_and_formats(
    source_format: int, target_format: int
) -> None:
    target = PinKey(Secret(bytes(range(1, 17))), target_format)
    block = make_pin_block(PIK, Secret(b"123456"), CARD, source_format)
    pin, onward = PinBlock(source_format, block), PinBlockReader(target.key)
    translated = translate_pin_block(pin, PinBlockReader(PIK), target, CARD)
    assert translated.iso_format == target_format
    assert onward.read(translated.block, target_format, CARD) == Secret(b"123456")
    with pytest.raises(PinFormatError):
        translate_pin_block(pin, onward, target, CARD)
