import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.purposes import PURPOSES, KeyName
from host.hsm.vault import LMK_VARIABLE, LmkError, Vault, VaultError, create_lmk, load_lmk
from host.model.secrets import Pan, Secret
from host.model.terminal import MacAlgorithm

CARD = Pan("9988000000000015")
VAULT = Vault(Secret(bytes(range(32))))
OTHER = Vault(Secret(bytes(range(1, 33))))
PIK = KeyName(purpose="pik", owner="80010001", generation=1)
SIZES = [(purpose, row.sizes) for purpose, row in PURPOSES.items()]


def named(purpose: str) -> KeyName:
    return dataclasses.replace(PIK, purpose=purpose)


PHONE = Secret(b"13800001234")
PHONE_HASH = "9352d372c67d01e75d07d9f0b15dccc9"
PHONE_SEALED = "1220d17d0157499113d388ee79669c5b57ad5e258b57ef738ffe188f06dec6b88a72917602c945"


def test_a_pan_is_found_by_the_same_hash_and_only_under_its_lmk() -> None:
    assert VAULT.pan_hash(CARD) == Vault(Secret(bytes(range(32)))).pan_hash(CARD)
    assert len(VAULT.pan_hash(CARD)) == 16
    assert VAULT.pan_hash(CARD) != OTHER.pan_hash(CARD)
    assert VAULT.pan_hash(CARD) != VAULT.pan_hash(Pan("9988000000000023"))


def test_values_at_rest_do_not_change_between_releases() -> None:
    """A database written by an earlier release must still open: these bytes are a promise."""
    assert VAULT.pan_hash(CARD).hex() == PAN_HASH
    assert VAULT.check_value == "DF86CB"
    assert VAULT.unwrap(BLOCK, PIK) == Secret(bytes(range(16)))
    assert VAULT.open_pan(bytes.fromhex(SEALED)) == CARD
    assert VAULT.pvk == Secret.from_hex(PVK)
    assert VAULT.hash_secret(PHONE, "phone").hex() == PHONE_HASH
    assert VAULT.open_secret(bytes.fromhex(PHONE_SEALED), "person/1/phone") == PHONE


@given(st.text("0123456789", min_size=12, max_size=19).map(Pan))
def test_a_sealed_pan_opens_and_shows_nothing(pan: Pan) -> None:
    sealed = VAULT.seal_pan(pan)
    assert VAULT.open_pan(sealed) == pan
    assert pan.reveal().encode() not in sealed
    assert VAULT.seal_pan(pan) != sealed


@given(st.binary(max_size=200).map(Secret))
def test_a_sealed_secret_opens_in_its_place_alone(value: Secret) -> None:
    sealed = VAULT.seal_secret(value, "person/1/phone")
    assert VAULT.open_secret(sealed, "person/1/phone") == value
    assert VAULT.seal_secret(value, "person/1/phone") != sealed
    for vault, place in ((VAULT, "person/2/phone"), (OTHER, "person/1/phone")):
        with pytest.raises(VaultError, match="sealed value"):
            vault.open_secret(sealed, place)
    with pytest.raises(VaultError, match="sealed value"):
        VAULT.open_secret(sealed[:11], "person/1/phone")


def test_a_secret_is_found_by_a_hash_of_its_use_and_its_lmk() -> None:
    assert len(VAULT.hash_secret(PHONE, "phone")) == 16
    assert VAULT.hash_secret(PHONE, "phone") != VAULT.hash_secret(PHONE, "code")
    assert VAULT.hash_secret(PHONE, "phone") != OTHER.hash_secret(PHONE, "phone")


@pytest.mark.parametrize(("purpose", "sizes"), SIZES)
def test_a_wrapped_key_opens_under_its_name(purpose: str, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        key, name = Secret(os.urandom(size)), named(purpose)
        assert VAULT.unwrap(VAULT.wrap(key, name), name) == key


def test_a_key_put_in_another_keys_place_does_not_open() -> None:
    block = VAULT.wrap(Secret(bytes(16)), PIK)
    for changed in ({"purpose": "tmk"}, {"owner": "80010002"}, {"generation": 2}):
        with pytest.raises(VaultError, match="another's place"):
            VAULT.unwrap(block, dataclasses.replace(PIK, **changed))


def test_a_mac_key_does_not_open_for_another_algorithm() -> None:
    name = dataclasses.replace(PIK, purpose="mak", mac_algorithm=MacAlgorithm.X9_19)
    block = VAULT.wrap(Secret(bytes(16)), name)
    assert VAULT.unwrap(block, name) == Secret(bytes(16))
    for other in (MacAlgorithm.UNIONPAY_ECB, MacAlgorithm.AES_CMAC):
        with pytest.raises(VaultError):
            VAULT.unwrap(block, dataclasses.replace(name, mac_algorithm=other))


def test_a_key_that_is_another_says_what_its_header_says_and_what_is_wanted() -> None:
    name = dataclasses.replace(PIK, purpose="mak", mac_algorithm=MacAlgorithm.X9_19)
    block = VAULT.wrap(Secret(bytes(16)), name)
    with pytest.raises(VaultError, match=r"usage M3 and not M6, algorithm T and not A.* by cmac"):
        VAULT.unwrap(block, dataclasses.replace(name, mac_algorithm=MacAlgorithm.AES_CMAC))
    initial = dataclasses.replace(PIK, purpose="ik", key_id="1234567890123456")
    block = VAULT.wrap(Secret(bytes(16)), initial)
    under_tdes = dataclasses.replace(initial, mac_algorithm=MacAlgorithm.TDES_DUKPT)
    with pytest.raises(VaultError, match=r"algorithm A and not T.* by tdes-dukpt"):
        VAULT.unwrap(block, under_tdes)


def test_a_key_that_does_not_open_says_what_its_header_tells() -> None:
    told = r"\(its header says usage P0, algorithm T, mode D, pik/80010001/1\)"
    with pytest.raises(VaultError, match=told):
        OTHER.unwrap(VAULT.wrap(Secret(bytes(16)), PIK), PIK)
    for block, why in (("B" + BLOCK[1:], "begins with 'B'"), ("wrapped 00ff", "before key blocks")):
        with pytest.raises(VaultError, match=why):
            VAULT.unwrap(block, PIK)


def test_a_key_of_a_length_its_purpose_does_not_use_is_not_wrapped() -> None:
    with pytest.raises(ValueError, match="a tmk is 16 or 24 bytes, this one has 8"):
        VAULT.wrap(Secret(bytes(8)), named("tmk"))


def test_nothing_opens_under_another_lmk() -> None:
    with pytest.raises(VaultError, match="LMK"):
        OTHER.unwrap(VAULT.wrap(Secret(bytes(16)), PIK), PIK)
    with pytest.raises(VaultError, match="LMK"):
        OTHER.open_pan(VAULT.seal_pan(CARD))


def test_an_altered_value_does_not_open() -> None:
    block, sealed = VAULT.wrap(Secret(bytes(16)), PIK), VAULT.seal_pan(CARD)
    for place, character in enumerate(block):
        other = "1" if character == "0" else "0"
        with pytest.raises(VaultError):
            VAULT.unwrap(block[:place] + other + block[place + 1 :], PIK)
    for place in range(len(sealed)):
        with pytest.raises(VaultError):
            VAULT.open_pan(altered(sealed, place))


@pytest.mark.parametrize("size", [0, 1, 7, 12, 15, 27])
def test_a_cut_value_does_not_open(size: int) -> None:
    with pytest.raises(VaultError):
        VAULT.unwrap(BLOCK[:size], PIK)
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


PAN_HASH = "5391329f799b8c644d4219805996da5f"
BLOCK = (
    "D0144P0TD00N0200LB12pik/80010001/1KC0E00DDADA161A462C3373E6237868D9B2F3CFC74FD0C"
    "5F5E4876D1E8EA87F5CDFD420348D73C593CC6F09CBC105C3265C71EDA3C6649"
)
SEALED = "d927862295b76a521f23e376d1f56b0a03eda5a22a4894dab24f99baabf7854ab0e8225f4ad1f4dbb12ac0a9"
PVK = "9bff1d65a7246e2bf355af9c0f6f99f5"
