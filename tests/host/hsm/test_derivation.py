import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.derivation import derive, purpose_inputs
from host.model.secrets import Secret


@given(
    key=st.binary(min_size=32, max_size=32),
    inputs=st.lists(st.binary(max_size=15), min_size=1, max_size=3).map(tuple),
)
def test_each_block_of_a_derived_key_is_the_cmac_of_its_input(
    key: bytes, inputs: tuple[bytes, ...]
) -> None:
    expected = b""
    for one in inputs:
        state = CMAC(AES(key))
        state.update(one)
        expected += state.finalize()
    assert derive(Secret(key), inputs, len(expected)).reveal() == expected


def test_every_purpose_and_length_has_a_key_of_its_own() -> None:
    key = Secret(bytes(range(32)))
    made = [
        derive(key, purpose_inputs(purpose, size), size).reveal()[:16]
        for purpose in ("pvk", "pan-hash", "pan-seal")
        for size in (16, 32)
    ]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("purpose", ["", "thirteen-long", "zweck-ö"])
def test_a_purpose_that_does_not_fit_is_refused(purpose: str) -> None:
    with pytest.raises(ValueError, match="1 to 12 ASCII"):
        purpose_inputs(purpose, 16)
