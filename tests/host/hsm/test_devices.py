"""DUKPT devices as the host knows them: by the published keys of X9.24."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm import dukpt_aes, dukpt_tdes
from host.hsm.dukpt import AesDevice, TdesDevice, checked_key_id, device_of, is_exhausted, seal_data
from host.hsm.ksn import KsnError
from host.hsm.pin import PinFormatError, make_pin_block
from host.hsm.track import TrackError, card_of
from host.model.requests import X9_8_WITHOUT_PAN, SealedPan
from host.model.secrets import Pan, Secret

AES_IK = Secret.from_hex("1273671EA26AC29AFA4D1084127652A1")
AES_ID = "1234567890123456"
TDES_IK = Secret.from_hex("6AC292FAA1315B4D858AB3A3D7D5933A")
TDES_ID = "FFFF9876543210E00000"
AES, TDES = device_of(AES_IK, AES_ID), device_of(TDES_IK, TDES_ID)
CARD = Pan("4111111111111111")


def test_the_kind_of_device_follows_from_its_key_id() -> None:
    assert isinstance(AES, AesDevice)
    assert isinstance(TDES, TdesDevice)
    assert (AES.key_id, TDES.key_id) == (AES_ID, TDES_ID)


def test_an_aes_device_reads_the_published_pin_block() -> None:
    block = Secret.from_hex("A912150391AB65A67E52883D81CE2D15")
    assert AES.pin_reader(f"{AES_ID}00000001").read(block, 4, CARD) == Secret(b"1234")
    with pytest.raises(PinFormatError):
        AES.pin_reader(f"{AES_ID}00000002").read(block, 4, CARD)


@pytest.mark.parametrize("iso_format", [0, 1, 3, X9_8_WITHOUT_PAN])
def test_an_aes_device_reads_a_block_of_8_bytes_under_its_tdes_key(iso_format: int) -> None:
    """By X9.24-3 the PIN key of such a block is two-key TDES, not the AES key of the KSN."""
    key = Secret.from_hex("630C706D9546E47D4449313F61C4D4AB")
    block = make_pin_block(key, Secret(b"1234"), CARD, iso_format)
    reader = AES.pin_reader(f"{AES_ID}00000001", len(block))
    assert reader.read(block, iso_format, CARD) == Secret(b"1234")


def test_a_tdes_device_opens_no_block_under_aes() -> None:
    ksn = "FFFF9876543210E00001"
    key = dukpt_tdes.device_keys(TDES_IK, bytes.fromhex(ksn)).pin
    block = make_pin_block(key, Secret(b"1234"), CARD, 4)
    with pytest.raises(PinFormatError, match="TDES"):
        TDES.pin_reader(ksn, len(block)).read(block, 4, CARD)


def test_a_short_ksn_is_a_tdes_one_that_lost_its_f_on_the_left() -> None:
    key = Secret.from_hex("75A2DA799E4361FBA7C479FE5225FB1F")
    device = device_of(key, checked_key_id("75A2DA0000200000"))
    assert isinstance(device, TdesDevice)
    assert device.key_id == "FFFF75A2DA0000200000"
    short, whole = "75A2DA0000200016", "FFFF75A2DA0000200016"
    assert device.counter(short) == device.counter(f"FF{short}") == device.counter(whole) == 22
    pin = dukpt_tdes.device_keys(key, bytes.fromhex(whole)).pin
    block = make_pin_block(pin, Secret(b"1234"), CARD, 0)
    assert device.pin_reader(short, 8).read(block, 0, CARD) == Secret(b"1234")
    for wrong in ("A2DA0000200016", "A75A2DA0000200016", f"{whole}00"):
        with pytest.raises(KsnError):
            device.counter(wrong)


def test_who_knows_the_kind_of_a_key_says_so() -> None:
    """An AES id may end as a counter of zero does; then only the kind tells them apart."""
    assert checked_key_id("75a2da0000200000") == "FFFF75A2DA0000200000"
    assert checked_key_id("75A2DA0000200000", is_tdes=False) == "75A2DA0000200000"
    assert isinstance(device_of(AES_IK, "75A2DA0000200000", is_tdes=False), AesDevice)
    with pytest.raises(KsnError, match="counter is zero"):
        checked_key_id(AES_ID, is_tdes=True)
    with pytest.raises(KsnError, match="8 bytes"):
        checked_key_id(TDES_ID, is_tdes=False)


@pytest.mark.parametrize(
    ("ksn", "block"),
    [("FFFF9876543210E00001", "1B9C1845EB993A7A"), ("FFFF9876543210F00000", "73EC88AD0AC5830E")],
)
def test_a_tdes_device_reads_the_published_pin_blocks(ksn: str, block: str) -> None:
    pan = Pan("4012345678909")
    assert TDES.pin_reader(ksn).read(Secret.from_hex(block), 0, pan) == Secret(b"1234")


@given(digits=st.text("0123456789D", min_size=1, max_size=40), counter=st.integers(1, 0xFFFF))
def test_what_an_app_sealed_opens_under_its_ksn_alone(digits: str, counter: int) -> None:
    ksn = f"{AES_ID}{counter:08X}"
    sealed = seal_data(AES_IK, ksn, Secret(digits.encode()))
    assert AES.open_data(sealed) == Secret(digits.encode())
    assert digits.encode() not in sealed.block.reveal() or len(digits) < 4


def test_tdes_data_is_opened_too() -> None:
    ksn = f"{TDES_ID[:-1]}7"
    keys = dukpt_tdes.device_keys(TDES_IK, bytes.fromhex(ksn))
    block = psec_cbc(keys.data_request, b"4012345678909D987\x80".ljust(24, b"\x00"))
    assert TDES.open_data(SealedPan(Secret(block), ksn)) == Secret(b"4012345678909D987")


def psec_cbc(key: Secret, data: bytes) -> bytes:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    cipher = Cipher(TripleDES((key.reveal() * 2)[:24]), modes.CBC(bytes(8)))
    return cipher.encryptor().update(data)


@pytest.mark.parametrize("size", [0, 8, 15, 16, 33])
def test_data_that_was_not_sealed_under_this_ksn_is_refused(size: int) -> None:
    with pytest.raises(TrackError):
        AES.open_data(SealedPan(Secret(bytes(size)), f"{AES_ID}00000001"))


@pytest.mark.parametrize(
    ("ksn", "why"),
    [
        (f"{AES_ID}00000000", "one-bits"),
        (f"{AES_ID}0001FFFF", "one-bits"),
        ("123456789012345700000001", "another device"),
        (f"{AES_ID}0000000", "hexadecimal"),
        (f"{AES_ID}0001", "12 bytes"),
        ("FFFF9876543210E00001", "12 bytes"),
        ("", "12 bytes"),
        (f"{AES_ID}0000000G", "hexadecimal"),
    ],
)
def test_a_ksn_that_is_not_this_devices_derives_nothing(ksn: str, why: str) -> None:
    for use in (AES.counter, AES.pin_reader, lambda one: AES.open_data(SealedPan(CIPHER, one))):
        with pytest.raises(KsnError, match=why):
            use(ksn)


def test_another_tdes_devices_ksn_is_refused() -> None:
    with pytest.raises(KsnError, match="another device"):
        TDES.counter("FFFF9876543211E00001")


def test_the_last_counter_is_the_highest_a_device_may_use() -> None:
    aes_max, tdes_max = dukpt_aes.COUNTER_MAX, dukpt_tdes.COUNTER_MAX
    assert AES.counter(f"{AES_ID}{aes_max:08X}") == aes_max
    assert TDES.counter(f"{int(TDES_ID, 16) + tdes_max:020X}") == tdes_max
    for key_id, last in ((AES_ID, aes_max), (TDES_ID, tdes_max)):
        assert is_exhausted(key_id, last)
        assert not is_exhausted(key_id, last - 1)
    for above in range(dukpt_tdes.COUNTER_MAX + 1, 1 << dukpt_tdes.COUNTER_BITS):
        assert above.bit_count() > dukpt_tdes.ONE_BITS_MAX


@pytest.mark.parametrize("key_id", ["", "12", "FFFF9876543210E00001", "zz34567890123456"])
def test_what_is_no_key_id_is_refused(key_id: str) -> None:
    with pytest.raises(KsnError):
        checked_key_id(key_id)


@pytest.mark.parametrize(
    ("track", "card"),
    [
        (b"9988000000000015D30121200000000000000", (Pan("9988000000000015"), "3012")),
        (b"9988000000000015=3012", (Pan("9988000000000015"), "3012")),
        (b"9988000000000015", (Pan("9988000000000015"), None)),
    ],
)
def test_a_track_tells_its_card(track: bytes, card: tuple[Pan, str | None]) -> None:
    assert card_of(Secret(track)) == card


@pytest.mark.parametrize(
    "track", [b"", b"D3012", b"99880000000000F5D3012", b"9988000000000015D30", b"9" * 20, b"\xff"]
)
def test_a_track_without_a_card_is_refused(track: bytes) -> None:
    with pytest.raises(TrackError):
        card_of(Secret(track))


def test_a_pin_block_of_the_device_reads_for_its_card_alone() -> None:
    key = dukpt_aes.device_key(AES_IK, bytes.fromhex(f"{AES_ID}00000003"), dukpt_aes.Usage.PIN)
    block = make_pin_block(key, Secret(b"123456"), CARD, 4)
    reader = AES.pin_reader(f"{AES_ID}00000003")
    assert reader.read(block, 4, CARD) == Secret(b"123456")
    with pytest.raises(PinFormatError):
        reader.read(block, 4, Pan("4111111111111112"))


CIPHER = Secret(bytes(16))
