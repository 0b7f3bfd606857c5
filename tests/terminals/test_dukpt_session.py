"""Message codes under AES DUKPT: known keys, one use of each, and answers that are no requests."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.ksn import KsnError
from host.hsm.mac import AesCmac, X919Mac
from host.model.secrets import Secret
from host.model.terminal import DUKPT, MacAlgorithm
from terminals.dukpt_session import (
    REPEATS_MAX,
    SCHEMES,
    Direction,
    DukptMac,
    Taken,
    session_mac,
)
from tests.vectors.reader import VECTORS

KEYS = [vector for vector in VECTORS if vector["id"].startswith("dukpt-aes-")]
TDES = [vector for vector in VECTORS if vector["id"].startswith("dukpt-tdes-")]
TDES_KSN = bytes.fromhex("FFFF9876543210E00001")
INITIAL = Secret.from_hex("1273671EA26AC29AFA4D1084127652A1")


def ksn(counter: int) -> bytes:
    return bytes.fromhex(f"1234567890123456{counter:08X}")


@pytest.mark.parametrize("vector", KEYS, ids=lambda vector: str(vector["id"]))
def test_each_ksn_has_the_keys_of_the_standard(vector: dict[str, Any]) -> None:
    expected, serial = vector["expected"], bytes.fromhex(vector["inputs"]["KSN"])
    initial = Secret.from_hex(expected["IK"])
    asks = AesCmac(Secret.from_hex(expected["mac_gen_key"])).compute(b"hello")
    tells = AesCmac(Secret.from_hex(expected["mac_ver_key"])).compute(b"hello")
    device, host = DukptMac(initial, Direction.DEVICE), DukptMac(initial)
    assert device.compute(serial + b"hello") == asks
    assert host.compute(serial + b"hello") == tells
    assert host.verify(serial + b"hello", asks)
    assert device.verify(serial + b"hello", tells)


@pytest.mark.parametrize("vector", TDES, ids=lambda vector: str(vector["id"]))
def test_each_tdes_ksn_has_the_codes_of_the_standard(vector: dict[str, Any]) -> None:
    """The standard's codes are the left 4 bytes; F64 has all 8."""
    expected, serial = vector["expected"], bytes.fromhex(vector["inputs"]["KSN"])
    data = serial + vector["inputs"]["mac_and_data_input_ascii"].encode()
    initial, algorithm = Secret.from_hex(expected["IK"]), MacAlgorithm.TDES_DUKPT
    device = DukptMac(initial, Direction.DEVICE, algorithm)
    host = DukptMac(initial, algorithm=algorithm)
    assert device.compute(data)[:4].hex().upper() == expected["mac_request_left4"]
    assert host.compute(data)[:4].hex().upper() == expected["mac_response_left4"]
    assert host.verify(data, device.compute(data))
    assert device.verify(data, host.compute(data))


@pytest.mark.parametrize("algorithm", SCHEMES)
def test_an_answer_is_never_a_request(algorithm: MacAlgorithm) -> None:
    host = DukptMac(INITIAL, algorithm=algorithm)
    serial = TDES_KSN if algorithm is MacAlgorithm.TDES_DUKPT else ksn(1)
    tag = host.compute(serial + b"x")
    assert DukptMac(INITIAL, Direction.DEVICE, algorithm).verify(serial + b"x", tag)
    assert not host.verify(serial + b"x", tag)


def test_a_ksn_may_stand_elsewhere_than_in_front() -> None:
    device, host = DukptMac(INITIAL, Direction.DEVICE), DukptMac(INITIAL)
    tag = device.under(ksn(1)).compute(b"x")
    assert tag == device.compute(ksn(1) + b"x")
    assert host.under(ksn(1)).verify(b"x", tag)
    assert not host.under(ksn(2)).verify(b"x", tag)
    for serial in (b"", ksn(1)[:10], ksn(1) + b"x"):
        assert not host.under(serial).verify(b"x", tag)
        assert not host.under(serial).verify(ksn(1) + b"x", tag)


def test_a_code_belongs_to_its_ksn_and_its_text() -> None:
    device, host = DukptMac(INITIAL, Direction.DEVICE), DukptMac(INITIAL)
    tag = device.compute(ksn(1) + b"x")
    assert not host.verify(ksn(2) + b"x", tag)
    assert not host.verify(ksn(1) + b"y", tag)
    assert not host.verify(ksn(1) + b"x", tag[:7])
    assert not host.verify(ksn(1) + b"x", b"")


@pytest.mark.parametrize("serial", [b"", ksn(0), ksn(0x1FFFF), ksn(1)[:11]])
def test_a_ksn_of_no_device_proves_nothing_and_seals_nothing(serial: bytes) -> None:
    host = DukptMac(INITIAL)
    assert not host.verify(serial, bytes(8))
    with pytest.raises(KsnError):
        host.compute(serial)


def test_counters_only_rise() -> None:
    host = DukptMac(INITIAL)
    assert host.take(ksn(5), b"first") is Taken.NEW
    assert host.take(ksn(4), b"older") is Taken.OLD
    assert host.take(ksn(5), b"other") is Taken.OLD
    assert host.take(ksn(6), b"newer") is Taken.NEW


def test_the_same_message_again_is_a_repeat() -> None:
    host = DukptMac(INITIAL)
    for counter in range(1, 4):
        host.take(ksn(counter), b"%d" % counter)
    assert host.take(ksn(2), b"2") is Taken.REPEAT
    assert host.take(ksn(3), b"3") is Taken.REPEAT


def test_only_so_many_repeats_are_remembered() -> None:
    host = DukptMac(INITIAL)
    for counter in range(1, REPEATS_MAX + 2):
        host.take(ksn(counter), b"tag")
    assert host.take(ksn(1), b"tag") is Taken.OLD
    assert host.take(ksn(2), b"tag") is Taken.REPEAT


def test_the_keys_are_not_in_its_text() -> None:
    assert repr(DukptMac(INITIAL)) == "<DukptMac at counter 0>"


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        DukptMac(Secret(bytes(8)))


def test_a_session_gets_the_mac_of_its_algorithm() -> None:
    key = Secret(bytes(range(16)))
    assert isinstance(session_mac(MacAlgorithm.AES_DUKPT, key), DukptMac)
    assert isinstance(session_mac(MacAlgorithm.X9_19, key), X919Mac)
    assert session_mac(MacAlgorithm.TDES_DUKPT, key).is_of(bytes(10))  # type: ignore[attr-defined]


def test_every_group_under_dukpt_has_its_scheme() -> None:
    assert set(SCHEMES) == DUKPT


@given(st.binary(max_size=60), st.binary(max_size=16))
def test_no_bytes_make_it_crash(data: bytes, tag: bytes) -> None:
    assert not DukptMac(INITIAL).verify(data, tag)
