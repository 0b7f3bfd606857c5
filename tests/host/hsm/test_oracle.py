"""Our crypto against another library's, over values nobody chose.

psec reaches TripleDES at its old place with short keys, which cryptography warns of.
"""

import psec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.keys import check_value
from host.hsm.mac import TdesCbcMac, X99Mac, X919Mac, pad_one_then_zeros, pad_zeros
from host.hsm.pin import PinBlockReader, clear_block, make_pin_block
from host.hsm.pvv import PinVerifier
from host.model.secrets import Pan, Secret

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*TripleDES.*:cryptography.utils.CryptographyDeprecationWarning"
)
PADDINGS = pytest.mark.parametrize(("pad", "number"), [(pad_zeros, 1), (pad_one_then_zeros, 2)])

keys = st.binary(min_size=16, max_size=16)
messages = st.binary(min_size=1, max_size=300)
pins = st.text("0123456789", min_size=4, max_size=12)
pans = st.text("0123456789", min_size=13, max_size=19)


@PADDINGS
@given(key=st.binary(min_size=8, max_size=8), data=messages)
def test_x9_9_agrees(pad, number: int, key: bytes, data: bytes) -> None:
    theirs = psec.mac.generate_cbc_mac(key, data, number, algorithm=psec.mac.Algorithm.DES)
    assert X99Mac(Secret(key), pad).compute(data) == theirs


@PADDINGS
@given(key=keys, data=messages)
def test_tdes_cbc_agrees(pad, number: int, key: bytes, data: bytes) -> None:
    theirs = psec.mac.generate_cbc_mac(key, data, number, algorithm=psec.mac.Algorithm.DES)
    assert TdesCbcMac(Secret(key), pad).compute(data) == theirs


@PADDINGS
@given(key=keys, data=messages)
def test_x9_19_agrees(pad, number: int, key: bytes, data: bytes) -> None:
    theirs = psec.mac.generate_retail_mac(key[:8], key[8:], data, number)
    assert X919Mac(Secret(key), pad).compute(data) == theirs


@given(pin=pins, pan=pans)
def test_format_0_agrees(pin: str, pan: str) -> None:
    theirs = psec.pinblock.encode_pinblock_iso_0(pin, pan)
    assert clear_block(Secret(pin.encode()), Pan(pan), 0).reveal() == theirs


@given(pin=pins, pan=pans)
def test_they_read_our_format_3(pin: str, pan: str) -> None:
    ours = clear_block(Secret(pin.encode()), Pan(pan), 3).reveal()
    assert psec.pinblock.decode_pinblock_iso_3(ours, pan) == pin


@given(key=keys, pin=pins, pan=pans)
def test_format_4_is_read_both_ways(key: bytes, pin: str, pan: str) -> None:
    theirs = psec.pinblock.encipher_pinblock_iso_4(key, pin, pan)
    read = PinBlockReader(Secret(key)).read(Secret(theirs), 4, Pan(pan))
    ours = make_pin_block(Secret(key), read, Pan(pan), 4).reveal()
    assert read.reveal().decode() == pin
    assert psec.pinblock.decipher_pinblock_iso_4(key, ours, pan) == pin


@given(pvk=keys, pin=st.text("0123456789", min_size=4, max_size=4), pan=pans)
def test_the_value_of_a_four_digit_pin_is_the_visa_pvv(pvk: bytes, pin: str, pan: str) -> None:
    theirs = psec.pin.generate_visa_pvv(pvk, "1", pin, pan)
    assert PinVerifier(Secret(pvk)).value(Pan(pan), Secret(pin.encode())) == theirs


@given(pvk=keys, pin=st.text("0123456789", min_size=6, max_size=6), pan=pans)
def test_the_value_of_a_six_digit_pin_is_two_of_them(pvk: bytes, pin: str, pan: str) -> None:
    first = psec.pin.generate_visa_pvv(pvk, "1", pin[:4], pan)
    second = psec.pin.generate_visa_pvv(pvk, "3", pin[2:], pan)
    assert PinVerifier(Secret(pvk)).value(Pan(pan), Secret(pin.encode())) == first + second


@given(keys)
def test_check_values_agree(key: bytes) -> None:
    theirs = psec.des.encrypt_tdes_ecb(key, bytes(8))[:4].hex().upper()
    assert check_value(Secret(key)) == theirs
