from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.mac import MACS, Mac, X99Mac, mac_for, pad_one_then_zeros, pad_zeros
from host.model.secrets import Secret
from host.model.terminal import DUKPT, MacAlgorithm

KEY_BYTES = {
    MacAlgorithm.UNIONPAY_ECB: 8,
    MacAlgorithm.UNIONPAY_ECB_TDES: 16,
    MacAlgorithm.X9_9: 8,
    MacAlgorithm.X9_19: 16,
    MacAlgorithm.TDES_CBC: 16,
    MacAlgorithm.AES_CMAC: 16,
}
every_algorithm = pytest.mark.parametrize("algorithm", KEY_BYTES)


def fresh(algorithm: MacAlgorithm) -> Mac:
    return mac_for(algorithm, Secret(bytes(range(1, KEY_BYTES[algorithm] + 1))))


def test_every_algorithm_has_its_row() -> None:
    """A DUKPT device's key seals nothing itself: each message has a key of its own."""
    assert set(MACS) == set(KEY_BYTES) == set(MacAlgorithm) - DUKPT


@every_algorithm
@given(messages=st.lists(st.binary(max_size=300), min_size=1, max_size=8))
def test_a_kept_mac_remembers_nothing_of_earlier_messages(
    algorithm: MacAlgorithm, messages: list[bytes]
) -> None:
    kept = fresh(algorithm)
    assert [kept.compute(data) for data in messages] == [
        fresh(algorithm).compute(data) for data in messages
    ]


@every_algorithm
def test_threads_that_share_a_mac_all_get_right_answers(algorithm: MacAlgorithm) -> None:
    shared = fresh(algorithm)
    messages = [bytes([number]) * (number % 90 + 1) for number in range(200)] * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shared.compute, messages))
    assert found == [fresh(algorithm).compute(data) for data in messages]


@every_algorithm
@given(data=st.binary(min_size=1, max_size=200), bit=st.integers(min_value=0))
def test_one_flipped_bit_of_the_message_or_the_tag_is_refused(
    algorithm: MacAlgorithm, data: bytes, bit: int
) -> None:
    mac = fresh(algorithm)
    tag = mac.compute(data)
    assert mac.verify(data, tag)
    assert not mac.verify(flipped(data, bit), tag)
    assert not mac.verify(data, flipped(tag, bit))


def flipped(data: bytes, bit: int) -> bytes:
    number = int.from_bytes(data, "big") ^ 1 << bit % (len(data) * 8)
    return number.to_bytes(len(data), "big")


@every_algorithm
@pytest.mark.parametrize("tag", [b"", b"\x00" * 7, b"\x00" * 9, b"\xff" * 8])
def test_a_tag_of_another_length_is_wrong_and_no_error(algorithm: MacAlgorithm, tag: bytes) -> None:
    assert not fresh(algorithm).verify(b"message", tag)


@every_algorithm
def test_a_tag_is_eight_bytes_even_of_nothing(algorithm: MacAlgorithm) -> None:
    assert len(fresh(algorithm).compute(b"")) == 8


@every_algorithm
@pytest.mark.parametrize("size", [0, 7, 15, 33])
def test_a_key_of_another_length_is_refused_without_showing_it(
    algorithm: MacAlgorithm, size: int
) -> None:
    with pytest.raises(ValueError, match="MAC key is") as refused:
        mac_for(algorithm, Secret(b"K" * size))
    assert "KK" not in str(refused.value)


@given(data=st.binary(max_size=600))
def test_an_ecb_tag_is_that_of_the_blocks_laid_on_top_of_each_other(data: bytes) -> None:
    whole = data + bytes(-len(data) % 8)
    on_top = bytearray(8)
    for place, byte in enumerate(whole):
        on_top[place % 8] ^= byte
    mac = fresh(MacAlgorithm.UNIONPAY_ECB)
    assert mac.compute(data) == mac.compute(bytes(on_top))


def test_a_lower_case_ecb_tag_is_wrong() -> None:
    mac = fresh(MacAlgorithm.UNIONPAY_ECB)
    tag = next(tag for tag in map(mac.compute, map(bytes, range(99))) if tag != tag.lower())
    assert tag.isupper()
    assert not mac.verify(b"", tag.lower())


@given(st.binary(max_size=64))
def test_padding_two_can_always_be_undone(data: bytes) -> None:
    padded = pad_one_then_zeros(data)
    assert len(padded) % 8 == 0
    assert padded.rstrip(b"\x00")[:-1] == data


def test_padding_one_leaves_whole_blocks_and_fills_an_empty_one() -> None:
    assert pad_zeros(b"12345678") == b"12345678"
    assert pad_zeros(b"") == bytes(8)


def test_the_padding_is_the_owners_choice() -> None:
    key = Secret(bytes(range(8)))
    assert X99Mac(key).compute(b"a") != X99Mac(key, pad_one_then_zeros).compute(b"a")
