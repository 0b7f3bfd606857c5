import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.components import combine, is_check_value, split
from host.hsm.keys import aes_cmac_check_value, check_value
from host.model.secrets import Secret

KEY = Secret.from_hex("40A1B3C2D5E5F70719293B4A5D6D7F8F")


@given(key=st.binary(min_size=16, max_size=32).map(Secret), count=st.sampled_from([2, 3]))
def test_components_give_their_key_in_any_order(key: Secret, count: int) -> None:
    parts = split(key, count)
    assert len(parts) == count
    assert combine(parts[::-1]) == key


def test_no_component_is_the_key_or_another_component() -> None:
    assert len({*split(KEY, 3), KEY}) == 4
    assert split(KEY, 2) != split(KEY, 2)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_one_component_is_none(count: int) -> None:
    with pytest.raises(ValueError, match="two or three"):
        split(KEY, count)


def test_components_of_different_lengths_are_no_key() -> None:
    with pytest.raises(ValueError, match="as long as the key"):
        combine([KEY, Secret(bytes(24))])


def test_a_check_value_is_told_whole_or_by_its_first_three_bytes() -> None:
    assert check_value(KEY) == "67BF1C06"
    for told in ("67BF1C06", "67bf1c06", "67BF 1C06", "67BF1C"):
        assert is_check_value(told, KEY, "T")
    for told in ("67BF1C07", "67BF1D", "67BF", "", "67BF1C0", "٦٧BF1C"):
        assert not is_check_value(told, KEY, "T")


def test_an_aes_keys_check_value_is_its_cmac() -> None:
    told = aes_cmac_check_value(KEY)
    assert is_check_value(told, KEY, "A")
    assert is_check_value(told[:6], KEY, "A")
    assert not is_check_value(check_value(KEY), KEY, "A")
