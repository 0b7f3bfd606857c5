"""The device against the software: one LMK, the same values. SoftHSM2 stands for the device."""

import gc
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.hsm.ciphers import CLEAR_CIPHERS
from host.hsm.interface import Hsm
from host.hsm.keys import deliver, new_working_keys, receive
from host.hsm.pin import PinBlockReader, PinKey, make_pin_block, translate_pin_block
from host.hsm.pkcs11 import HsmError, PinRefusedError, Pkcs11Hsm, Token
from host.hsm.purposes import KeyName
from host.hsm.vault import Vault, VaultError
from host.model.requests import PinBlock
from host.model.secrets import Pan, Secret

MODULE = next(
    (
        str(path)
        for path in (
            Path("/usr/lib/softhsm/libsofthsm2.so"),
            Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
            Path("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"),
            Path("/usr/lib64/pkcs11/libsofthsm2.so"),
        )
        if path.exists()
    ),
    None,
)
pytestmark = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None,
    reason="SoftHSM2 is not installed (Debian: apt-get install softhsm2)",
)

LMK = Secret(bytes(range(32)))
CARD = Pan("9988000000000015")
PIK = KeyName(purpose="pik", owner="80010001", generation=3)
PIN = Secret(b"4321")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """A new token with the LMK in it."""
    home = tmp_path_factory.mktemp("softhsm")
    (home / "tokens").mkdir()
    (home / "softhsm2.conf").write_text(f"directories.tokendir = {home}/tokens\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(home / "softhsm2.conf")
    init = ["softhsm2-util", "--init-token", "--free", "--label", "posswitch"]
    subprocess.run([*init, "--so-pin", "1234", "--pin", "4321"], check=True, capture_output=True)
    token = Token(str(MODULE), "posswitch", PIN)
    token.put_lmk("lmk", LMK)
    yield token
    token.close()
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture(scope="module")
def device(token: Token) -> Hsm:
    return Pkcs11Hsm(token, "lmk")


@pytest.fixture(scope="module")
def vault() -> Hsm:
    return Vault(LMK)


def test_both_fillings_show_the_same_lmk(device: Hsm, vault: Hsm) -> None:
    assert device.check_value == vault.check_value


@given(pan=st.text("0123456789", min_size=12, max_size=19).map(Pan))
def test_cards_are_found_and_opened_by_either(device: Hsm, vault: Hsm, pan: Pan) -> None:
    assert device.pan_hash(pan) == vault.pan_hash(pan)
    assert vault.open_pan(device.seal_pan(pan)) == pan
    assert device.open_pan(vault.seal_pan(pan)) == pan


@given(value=st.binary(max_size=100).map(Secret))
def test_secrets_are_found_and_opened_by_either_in_their_place(
    device: Hsm, vault: Hsm, value: Secret
) -> None:
    assert device.hash_secret(value, "phone") == vault.hash_secret(value, "phone")
    assert vault.open_secret(device.seal_secret(value, "a/1"), "a/1") == value
    sealed = vault.seal_secret(value, "a/1")
    assert device.open_secret(sealed, "a/1") == value
    with pytest.raises(VaultError):
        device.open_secret(sealed, "a/2")


@pytest.mark.parametrize("size", [8, 16, 24])
def test_keys_are_stored_by_either_and_opened_by_the_other(
    device: Hsm, vault: Hsm, size: int
) -> None:
    key = Secret(os.urandom(size))
    assert vault.unwrap(device.wrap(key, PIK), PIK) == key
    assert device.unwrap(vault.wrap(key, PIK), PIK) == key


def test_what_was_altered_does_not_open(device: Hsm) -> None:
    block, sealed = device.wrap(Secret(bytes(16)), PIK), device.seal_pan(CARD)
    with pytest.raises(VaultError):
        device.unwrap(block[:-1] + ("0" if block[-1] != "0" else "1"), PIK)
    with pytest.raises(VaultError):
        device.open_pan(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(VaultError):
        device.open_pan(sealed[:5])


def test_pins_are_verified_alike(device: Hsm, vault: Hsm) -> None:
    pin = Secret(b"123456")
    value = vault.pin_verifier().value(CARD, pin)
    assert device.pin_verifier().value(CARD, pin) == value
    assert device.pin_verifier().matches(CARD, pin, value)
    assert not device.pin_verifier().matches(CARD, Secret(b"123457"), value)


@pytest.mark.parametrize("size", [8, 16, 24])
def test_des_keys_encrypt_alike(device: Hsm, size: int) -> None:
    key, data = Secret(os.urandom(size)), os.urandom(24)
    sealed = device.ciphers.des_encryptor(key)(data)
    assert sealed == CLEAR_CIPHERS.des_encryptor(key)(data)
    assert device.ciphers.des_decryptor(key)(sealed) == data


@pytest.mark.parametrize("size", [16, 24, 32])
def test_aes_keys_encrypt_alike(device: Hsm, size: int) -> None:
    key, data = Secret(os.urandom(size)), os.urandom(32)
    sealed = device.ciphers.aes_encryptor(key)(data)
    assert sealed == CLEAR_CIPHERS.aes_encryptor(key)(data)
    assert device.ciphers.aes_decryptor(key)(sealed) == data


def test_pin_blocks_are_read_and_translated_in_the_device(device: Hsm) -> None:
    terminal, onward = Secret(bytes(range(1, 17))), PinKey(Secret(bytes(16)), 4)
    block = make_pin_block(terminal, Secret(b"123456"), CARD, 0)
    reader = PinBlockReader(terminal, device.ciphers)
    assert reader.read(block, 0, CARD) == Secret(b"123456")
    translated = translate_pin_block(PinBlock(0, block), reader, onward, CARD, device.ciphers)
    assert PinBlockReader(onward.key).read(translated.block, 4, CARD) == Secret(b"123456")


def test_working_keys_are_delivered_from_the_device(device: Hsm) -> None:
    tmk, keys = Secret(bytes(range(1, 17))), new_working_keys("004")
    encryptor = device.ciphers.des_encryptor
    block = deliver("004", tmk, keys.pik, keys.mak, keys.tdk, encryptor=encryptor)
    assert receive("004", tmk, block) == keys


def test_threads_share_a_device(device: Hsm, vault: Hsm) -> None:
    pans = [Pan(f"9988{number:012d}") for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(device.pan_hash, pans)) == [vault.pan_hash(pan) for pan in pans]


def test_key_objects_go_with_those_who_used_them(device: Hsm, token: Token) -> None:
    for _ in range(20):
        device.ciphers.des_encryptor(Secret(bytes(range(16))))(bytes(8))
    gc.collect()
    before = len(list(token._session.get_objects()))
    for _ in range(50):
        device.ciphers.des_encryptor(Secret(bytes(range(16))))(bytes(8))
    gc.collect()
    assert len(list(token._session.get_objects())) <= before + 1


@pytest.mark.usefixtures("device")
def test_nothing_derived_can_be_read_from_the_device(token: Token) -> None:
    import pkcs11

    found = list(token._session.get_objects({pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES}))
    assert len(found) >= 4
    for key in found:
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]
        assert not key[pkcs11.Attribute.EXTRACTABLE]


def test_a_device_can_make_an_lmk_that_nobody_has_seen(token: Token, vault: Hsm) -> None:
    token.put_lmk("fresh")
    fresh = Pkcs11Hsm(token, "fresh")
    assert fresh.check_value != vault.check_value
    assert fresh.unwrap(fresh.wrap(Secret(bytes(16)), PIK), PIK) == Secret(bytes(16))
    with pytest.raises(VaultError):
        fresh.open_pan(vault.seal_pan(CARD))


def test_an_lmk_that_is_not_there_is_told_with_the_way_out(token: Token) -> None:
    with pytest.raises(HsmError, match=r"0 AES keys labelled 'none'.*Next:"):
        Pkcs11Hsm(token, "none")


@pytest.mark.parametrize(
    ("module", "label", "pin", "why"),
    [
        ("/none.so", "posswitch", "4321", "the module cannot be loaded"),
        (MODULE, "other", "4321", "no token of that label"),
    ],
)
@pytest.mark.usefixtures("token")
def test_a_device_that_does_not_open_is_told_with_the_way_out(
    module: str, label: str, pin: str, why: str
) -> None:
    with pytest.raises(HsmError, match="cannot be opened: ") as refused:
        Token(module, label, Secret(pin.encode()))
    assert re.search(why, str(refused.value))
    assert " Next: " in str(refused.value)
    assert pin not in str(refused.value)


def test_a_second_session_of_a_process_opens_the_same(token: Token) -> None:
    """The login is the process's: a second one is no second try of the PIN."""
    first, second = (
        Pkcs11Hsm(each, "lmk") for each in (token, Token(str(MODULE), "posswitch", PIN))
    )
    assert first.check_value == second.check_value


@pytest.fixture
def lost(token: Token) -> Iterator[Pkcs11Hsm]:
    """One whose session the device has forgotten, as it does when it was taken out."""
    of_its_own = token.again()
    hsm = Pkcs11Hsm(of_its_own, "lmk")
    assert hsm.answers()
    of_its_own.close()
    yield hsm
    of_its_own.close()  # once more is no trouble


def test_a_session_that_is_lost_is_told_of_the_device_and_not_of_what_is_sealed(
    lost: Pkcs11Hsm, vault: Vault
) -> None:
    assert not lost.answers()
    for asked in (
        lambda: lost.open_pan(vault.seal_pan(CARD)),
        lambda: lost.pan_hash(CARD),
        lambda: lost.unwrap(vault.wrap(Secret(bytes(16)), PIK), PIK),
        lambda: lost.ciphers.des_encryptor(Secret(bytes(range(16)))),
    ):
        with pytest.raises(HsmError, match=r"does not answer \(\w+\)\. Next: posswitch doctor"):
            asked()


def test_who_opens_it_anew_is_answered_and_the_others_are_left_alone(
    lost: Pkcs11Hsm, device: Hsm
) -> None:
    assert lost.would_answer_anew()
    assert device.answers()


def test_a_pin_that_was_refused_is_not_tried_again(
    lost: Pkcs11Hsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token locks itself after a few."""
    tried: list[Token] = []

    def again(one: Token) -> Token:
        tried.append(one)
        raise PinRefusedError("its PIN is another")

    monkeypatch.setattr(Token, "again", again)
    assert [lost.would_answer_anew() for _ in range(3)] == [False] * 3
    assert len(tried) == 1
