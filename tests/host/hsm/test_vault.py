import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.vault import LMK_VARIABLE, LmkError, Vault, VaultError, create_lmk, load_lmk
from host.model.secrets import Pan, Secret

CARD = Pan("9988000000000015")
VAULT = Vault(Secret(bytes(range(32))))
OTHER = Vault(Secret(bytes(range(1, 33))))


def test_a_pan_is_found_by_the_same_hash_and_only_under_its_lmk() -> None:
    assert VAULT.pan_hash(CARD) == Vault(Secret(bytes(range(32)))).pan_hash(CARD)
    assert len(VAULT.pan_hash(CARD)) == 16
    assert VAULT.pan_hash(CARD) != OTHER.pan_hash(CARD)
    assert VAULT.pan_hash(CARD) != VAULT.pan_hash(Pan("9988000000000023"))


def test_values_at_rest_do_not_change_between_releases() -> None:
    """A database written by an earlier release must still open: these bytes are a promise."""
    assert VAULT.pan_hash(CARD).hex() == "925fd6f3ace25097fc0eef30e6d44486"
    assert VAULT.check_value == "85E48F"
    assert VAULT.wrap(Secret(bytes(range(16))), "pik").hex() == WRAPPED
    assert VAULT.open_pan(bytes.fromhex(SEALED)) == CARD
    assert VAULT.pvk == Secret.from_hex(PVK)


@given(st.text("0123456789", min_size=12, max_size=19).map(Pan))
def test_a_sealed_pan_opens_and_shows_nothing(pan: Pan) -> None:
    sealed = VAULT.seal_pan(pan)
    assert VAULT.open_pan(sealed) == pan
    assert pan.reveal().encode() not in sealed
    assert VAULT.seal_pan(pan) != sealed


@pytest.mark.parametrize("size", [8, 16, 24, 32])
def test_a_wrapped_key_opens_for_its_usage(size: int) -> None:
    key = Secret(os.urandom(size))
    assert VAULT.unwrap(VAULT.wrap(key, "tmk"), "tmk") == key


def test_a_key_put_in_another_keys_place_does_not_open() -> None:
    wrapped = VAULT.wrap(Secret(bytes(16)), "mak")
    with pytest.raises(VaultError, match="'pik'"):
        VAULT.unwrap(wrapped, "pik")


def test_nothing_opens_under_another_lmk() -> None:
    with pytest.raises(VaultError, match="LMK"):
        OTHER.unwrap(VAULT.wrap(Secret(bytes(16)), "tmk"), "tmk")
    with pytest.raises(VaultError, match="LMK"):
        OTHER.open_pan(VAULT.seal_pan(CARD))


def test_an_altered_value_does_not_open() -> None:
    wrapped, sealed = VAULT.wrap(Secret(bytes(16)), "tmk"), VAULT.seal_pan(CARD)
    for place in range(len(wrapped)):
        with pytest.raises(VaultError):
            VAULT.unwrap(altered(wrapped, place), "tmk")
    for place in range(len(sealed)):
        with pytest.raises(VaultError):
            VAULT.open_pan(altered(sealed, place))


@pytest.mark.parametrize("size", [0, 1, 7, 12, 15, 27])
def test_a_cut_value_does_not_open(size: int) -> None:
    with pytest.raises(VaultError):
        VAULT.unwrap(bytes(size), "tmk")
    with pytest.raises(VaultError):
        VAULT.open_pan(bytes(size))


def altered(value: bytes, place: int) -> bytes:
    return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]


def test_an_lmk_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="LMK is 32 bytes"):
        Vault(Secret(bytes(16)))


def test_a_created_lmk_loads_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "lmk"
    created = create_lmk(path)
    assert load_lmk(path, {}) == created
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_lmks_differ(tmp_path: Path) -> None:
    assert create_lmk(tmp_path / "one") != create_lmk(tmp_path / "two")


def test_an_lmk_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "lmk"
    created = create_lmk(path)
    with pytest.raises(LmkError, match="never overwritten"):
        create_lmk(path)
    assert load_lmk(path, {}) == created


def test_an_lmk_that_others_may_read_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "lmk"
    create_lmk(path)
    path.chmod(0o640)
    with pytest.raises(LmkError, match="chmod 600"):
        load_lmk(path, {})


def test_the_variable_goes_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lmk"
    create_lmk(path)
    assert load_lmk(path, {LMK_VARIABLE: "AB" * 32}) == Secret(b"\xab" * 32)


def test_a_missing_lmk_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(LmkError, match=LMK_VARIABLE):
        load_lmk(tmp_path / "none", {})


@pytest.mark.parametrize("text", ["", "AB" * 31, "AB" * 33, "not an LMK", "ABC"])
def test_what_is_no_lmk_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(LmkError, match="64 hexadecimal") as refused:
        load_lmk(tmp_path / "unused", {LMK_VARIABLE: text})
    assert not text or text not in str(refused.value).replace("is not an LMK", "")


def test_an_lmk_is_not_made_where_there_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(LmkError, match="cannot be written"):
        create_lmk(tmp_path / "none" / "lmk")


WRAPPED = "47b5192dbf5b6e314d5706a715fd9d1d4d1175714d6ea1a3"
SEALED = "54b16122bf06b67a2d00b659fc50aa95d04140089fbed9badba8637254129e7d49e9e72bc64818713bbf3731"
PVK = "83fbe14c20c1a244b6df39b43e9f0f99"
