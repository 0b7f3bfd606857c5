import pytest

from host.hsm.ciphers import des_encryptor
from host.hsm.keys import (
    LAYOUTS,
    MAK_BYTES,
    WEAK_PARTS,
    DeliveredKeys,
    KeyBlockError,
    deliver,
    new_key,
    new_working_keys,
    receive,
    with_odd_parity,
)
from host.hsm.mac import mac_for
from host.model.secrets import Secret
from host.model.terminal import DUKPT, MacAlgorithm

TMK = Secret(bytes(range(1, 17)))
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def delivered(layout: str, keys: DeliveredKeys) -> bytes:
    return deliver(layout, TMK, keys.pik, keys.mak, keys.tdk)


@every_layout
def test_what_is_delivered_is_received(layout: str) -> None:
    keys = new_working_keys(layout)
    assert receive(layout, TMK, delivered(layout, keys)) == keys


@every_layout
def test_the_lengths_are_the_protocols(layout: str) -> None:
    sizes = {"001": 24, "003": 40, "004": 60}
    assert len(delivered(layout, new_working_keys(layout))) == sizes[layout]


@every_layout
def test_a_block_changed_in_any_key_or_check_value_is_refused(layout: str) -> None:
    block = delivered(layout, new_working_keys(layout))
    unused = range(28, 36) if layout != "001" else range(0)
    for place in set(range(len(block))) - set(unused):
        broken = block[:place] + bytes([block[place] ^ 0x10]) + block[place + 1 :]
        with pytest.raises(KeyBlockError, match="check value is wrong"):
            receive(layout, TMK, broken)


@every_layout
def test_a_block_under_another_tmk_is_refused(layout: str) -> None:
    block = delivered(layout, new_working_keys(layout))
    with pytest.raises(KeyBlockError, match="TMK"):
        receive(layout, Secret(bytes(16)), block)


@every_layout
@pytest.mark.parametrize("extra", [-1, 1])
def test_a_block_of_another_length_is_refused(layout: str, extra: int) -> None:
    block = delivered(layout, new_working_keys(layout))
    with pytest.raises(KeyBlockError, match="bytes"):
        receive(layout, TMK, (block + b"\x00")[: len(block) + extra])


def test_an_unknown_layout_names_the_known_ones() -> None:
    with pytest.raises(KeyBlockError, match="001, 003, 004"):
        new_working_keys("401")


def test_a_layout_with_a_track_key_needs_one() -> None:
    keys = new_working_keys("003")
    with pytest.raises(KeyBlockError, match="TDK"):
        deliver("004", TMK, keys.pik, keys.mak)


def test_a_key_too_long_for_its_slot_is_refused() -> None:
    with pytest.raises(ValueError, match="MAK of this layout is 8 bytes"):
        deliver("001", TMK, new_key(8), new_key(16))
    with pytest.raises(KeyBlockError, match="no room for the MAC key of up-ecb-tdes"):
        new_working_keys("001", MacAlgorithm.UNIONPAY_ECB_TDES)


@pytest.mark.parametrize("algorithm", [row for row in MacAlgorithm if row not in DUKPT])
@pytest.mark.parametrize("layout", ["003", "004"])
def test_every_group_is_delivered_keys_of_its_length(layout: str, algorithm: MacAlgorithm) -> None:
    keys = new_working_keys(layout, algorithm)
    assert (len(keys.pik), len(keys.mak)) == (16, MAK_BYTES[algorithm][0])
    block = deliver(layout, TMK, keys.pik, keys.mak, keys.tdk, algorithm)
    assert receive(layout, TMK, block, algorithm) == keys
    mac_for(algorithm, keys.mak)


def test_a_mak_of_16_bytes_seals_the_ecb_mac_too() -> None:
    """PIK and MAK of 16 bytes each, as another host delivered them."""
    tmk = Secret.from_hex("40A1B3C2D5E5F70719293B4A5D6D7F8F")
    block = bytes.fromhex(
        "F4F371C26486D67B9D235CFBDC1D4E61622C2001C01CFF9CFDE384A7691094836B756C72D1345931"
    )
    for algorithm in (MacAlgorithm.UNIONPAY_ECB, MacAlgorithm.UNIONPAY_ECB_TDES):
        keys = receive("003", tmk, block, algorithm)
        assert keys.pik == Secret.from_hex("1C3B5E7092B5D6F80B2C4F6185A7C8EA")
        assert with_odd_parity(keys.mak.reveal()) == with_odd_parity(
            bytes.fromhex("55036372B17543ECB173730768B8D6C4")
        )
        assert deliver("003", tmk, keys.pik, keys.mak, None, algorithm) == block
    with pytest.raises(KeyBlockError, match="MAK's check value is wrong"):
        receive("003", tmk, block, MacAlgorithm.X9_9)


def test_delivered_keys_show_nothing_of_themselves() -> None:
    keys = new_working_keys("004")
    assert keys.pik.reveal().hex() not in repr(keys).lower()
    assert "Secret of 16 bytes" in repr(keys)


@pytest.mark.parametrize("size", [8, 16, 24])
def test_new_keys_have_odd_parity_and_no_weak_or_equal_parts(size: int) -> None:
    for _ in range(50):
        key = new_key(size).reveal()
        parts = [key[at : at + 8] for at in range(0, size, 8)]
        assert all(octet.bit_count() % 2 == 1 for octet in key)
        assert len(set(parts)) == size // 8
        assert not WEAK_PARTS.intersection(parts)


def test_a_weak_part_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    good = bytes.fromhex("2568ADE013579BDF")
    drawn = iter([bytes(8), good, good, bytes([255] * 8), bytes(range(8))])
    monkeypatch.setattr("host.hsm.keys.secrets.token_bytes", lambda _size: next(drawn))
    assert new_key(16).reveal() == good + bytes.fromhex("0101020204040707")


def test_a_key_of_another_size_is_not_made() -> None:
    with pytest.raises(ValueError, match="8, 16 or 24"):
        new_key(32)


def test_weak_keys_are_those_that_undo_themselves_or_each_other() -> None:
    block = b"posswich"
    for key in WEAK_PARTS:
        once = des_encryptor(Secret(key))(block)
        assert any(des_encryptor(Secret(other))(once) == block for other in WEAK_PARTS)
    assert len(WEAK_PARTS) == 16
