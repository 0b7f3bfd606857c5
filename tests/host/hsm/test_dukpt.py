import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

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


PUBLISHED_TDES_KEYS = {
    Usage.PIN: "630C706D9546E47D4449313F61C4D4AB",
    Usage.MAC_GENERATE: "5D8FD787E8A796D07035FFCA9B5800BB",
    Usage.DATA_ENCRYPT: "BD44121C223F831446A01EE3A4CB58D2",
}
"""ANSI X9.24-3:2017, supplementary test vectors, two-key TDES of an AES-128 BDK, counter 1."""


@pytest.mark.parametrize("usage", PUBLISHED_TDES_KEYS)
def test_an_aes_device_has_the_published_tdes_working_keys(usage: Usage) -> None:
    bdk = Secret.from_hex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
    key = dukpt_aes.working_key(bdk, aes_ksn(1), usage, dukpt_aes.TDES_2KEY)
    assert key == Secret.from_hex(PUBLISHED_TDES_KEYS[usage])
    # The published transaction key, and the derivation data written out by hand.
    transaction_key = AES(bytes.fromhex("4F21B565BAD9835E112B6465635EAE44"))
    data = bytes.fromhex(f"0101{usage:04X}000000809012345600000001")
    by_hand = Cipher(transaction_key, modes.ECB()).encryptor().update(data)
    assert key == Secret(by_hand)
    assert key != dukpt_aes.working_key(bdk, aes_ksn(1), usage)


def test_a_bdk_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="BDK is 16 bytes"):
        dukpt_tdes.session_keys(Secret(bytes(8)), tdes_ksn(1))
    with pytest.raises(ValueError, match="BDK is 16 bytes"):
        dukpt_aes.working_key(Secret(bytes(32)), aes_ksn(1), Usage.PIN)
