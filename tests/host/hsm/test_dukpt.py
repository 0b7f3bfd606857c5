import pytest

from host.hsm import dukpt_aes, dukpt_tdes
from host.hsm.dukpt_aes import Usage
from host.hsm.ksn import KsnError
from host.model.secrets import Secret

BDK = Secret.from_hex("0123456789ABCDEFFEDCBA9876543210")
TDES_DEVICE = int("FFFF9876543210E00000", 16)
AES_DEVICE = bytes.fromhex("1234567890123456")


def tdes_ksn(counter: int) -> bytes:
    return (TDES_DEVICE + counter).to_bytes(10, "big")


def aes_ksn(counter: int) -> bytes:
    return AES_DEVICE + counter.to_bytes(4, "big")


def test_every_counter_has_its_own_keys() -> None:
    counters = [1, 2, 3, 4, 5, 0x100000, 0x1FF800]
    tdes = {dukpt_tdes.session_keys(BDK, tdes_ksn(counter)).pin for counter in counters}
    aes = {dukpt_aes.working_key(BDK, aes_ksn(counter), Usage.PIN) for counter in counters}
    assert len(tdes) == len(aes) == len(counters)


def test_every_usage_has_its_own_key() -> None:
    keys = dukpt_tdes.session_keys(BDK, tdes_ksn(1))
    assert len({keys.pin, keys.mac_request, keys.mac_response, keys.data_request}) == 4
    assert len({dukpt_aes.working_key(BDK, aes_ksn(1), usage) for usage in Usage}) == len(Usage)


def test_the_initial_key_is_the_same_at_every_counter() -> None:
    assert dukpt_tdes.initial_key(BDK, tdes_ksn(1)) == dukpt_tdes.initial_key(BDK, tdes_ksn(99))


@pytest.mark.parametrize("counter", [0, 0x7FF, 0x1FFFFF])
def test_a_counter_no_tdes_device_uses_is_refused(counter: int) -> None:
    with pytest.raises(KsnError, match="one-bits"):
        dukpt_tdes.session_keys(BDK, tdes_ksn(counter))


@pytest.mark.parametrize("counter", [0, 0x1FFFF, 0xFFFFFFFF])
def test_a_counter_no_aes_device_uses_is_refused(counter: int) -> None:
    with pytest.raises(KsnError, match="one-bits"):
        dukpt_aes.working_key(BDK, aes_ksn(counter), Usage.PIN)


@pytest.mark.parametrize("size", [0, 7, 8, 9, 11, 13])
def test_a_ksn_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(KsnError, match="bytes"):
        dukpt_tdes.session_keys(BDK, b"\x01" * size)
    with pytest.raises(KsnError, match="bytes"):
        dukpt_aes.working_key(BDK, b"\x01" * size, Usage.PIN)


def test_a_bdk_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="BDK is 16 bytes"):
        dukpt_tdes.session_keys(Secret(bytes(8)), tdes_ksn(1))
    with pytest.raises(ValueError, match="BDK is 16 bytes"):
        dukpt_aes.working_key(Secret(bytes(32)), aes_ksn(1), Usage.PIN)
