"""Every known answer that is not a framed message, each value of it."""

from typing import Any

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from host.hsm import dukpt_aes, dukpt_tdes
from host.hsm.dukpt_aes import Usage
from host.hsm.keys import (
    aes_check_value,
    aes_cmac_check_value,
    check_value,
    deliver,
    receive,
)
from host.hsm.mac import AesCmac, UnionPayEcbMac, X99Mac, X919Mac, pad_one_then_zeros, pad_zeros
from host.hsm.pin import PinBlockReader, clear_block, make_pin_block
from host.hsm.track import TrackCipher, covered_from
from host.model.secrets import Pan, Secret
from tests.vectors.reader import FRAME_ALGORITHM, VECTORS

PADDINGS = {"zero": pad_zeros, "80-then-zero": pad_one_then_zeros}
STEPS_INSIDE = {"xor_block", "hex_expanded", "after_first_encrypt", "after_xor_second_half"} | {
    "after_second_encrypt"
}
"""What the ECB MAC passes through; only its result is anybody's business."""

Values = dict[str, Any]


def union_pay_ecb(given: Values) -> Values:
    mac = UnionPayEcbMac(Secret.from_hex(given["key"]))
    if "mab_a" in given:
        first = mac.compute(bytes.fromhex(given["mab_a"]))
        return {
            "same_mac_for_swapped_blocks": mac.verify(bytes.fromhex(given["mab_b"]), first),
            "same_mac_for_appended_zero_bytes": mac.verify(bytes.fromhex(given["mab_c"]), first),
        }
    tag = mac.compute(bytes.fromhex(given["mab_hex"]))
    return {"f64_hex": hexed(tag), "mac_ascii": tag.decode()}


def x9_9(given: Values) -> Values:
    mac = X99Mac(Secret.from_hex(given["key"]), PADDINGS[given["padding"]])
    return left_and_whole(mac.compute(bytes.fromhex(given["data_hex"])))


def x9_19(given: Values) -> Values:
    mac = X919Mac(Secret.from_hex(given["key"]), PADDINGS[given["padding"]])
    return left_and_whole(mac.compute(bytes.fromhex(given["data_hex"])))


def left_and_whole(tag: bytes) -> Values:
    return {"mac8": hexed(tag), "mac4_left": hexed(tag[:4])}


def aes_cmac(given: Values) -> Values:
    mac = AesCmac(Secret.from_hex(given["key"]))
    return {"mac16": hexed(mac.whole(bytes.fromhex(given["data_hex"])))}


def aes_cmac_cut(given: Values) -> Values:
    mac = AesCmac(Secret.from_hex(given["key"]))
    return aes_cmac(given) | {"mac8_left": hexed(mac.compute(bytes.fromhex(given["data_hex"])))}


def key_hierarchy(given: Values) -> Values:
    """The clear keys are inputs here, so they are read from the blocks we made of them."""
    expected = next(row["expected"] for row in VECTORS if row["inputs"] == given)
    tmk = Secret.from_hex(given["TMK"])
    pik, mak, tdk, single = (
        Secret.from_hex(expected[name]) for name in ("PIK", "MAK", "TDK", "PIK_single")
    )
    short = deliver("001", tmk, single, mak)
    middle = deliver("003", tmk, pik, mak)
    full = deliver("004", tmk, pik, mak, tdk)
    back, back_single = receive("004", tmk, full), receive("001", tmk, short)
    assert receive("003", tmk, middle).mak == mak
    assert back.tdk is not None
    return {
        "TMK_KCV": check_value(tmk),
        "PIK": hexed(back.pik.reveal()),
        "PIK_under_TMK": hexed(full[:16]),
        "PIK_KCV": check_value(back.pik),
        "MAK": hexed(back.mak.reveal()),
        "MAK_under_TMK": hexed(full[20:28]),
        "MAK_KCV": check_value(back.mak),
        "TDK": hexed(back.tdk.reveal()),
        "TDK_under_TMK": hexed(full[40:56]),
        "TDK_KCV": check_value(back.tdk),
        "PIK_single": hexed(back_single.pik.reveal()),
        "PIK_single_under_TMK": hexed(short[:8]),
        "PIK_single_KCV": check_value(back_single.pik),
        "F62_24": hexed(short),
        "F62_40": hexed(middle),
        "F62_60": hexed(full),
    }


def unwrap_under_tmk(given: Values) -> Values:
    """A published key under a published TMK, delivered by layout 001 in both places."""
    tmk, wrapped = Secret.from_hex(given["TMK"]), bytes.fromhex(given["TAK_under_TMK"])
    slot = wrapped + bytes.fromhex("0547DB3E")
    tak = receive("001", tmk, slot + slot).mak
    return {
        "TAK": hexed(tak.reveal()),
        "TAK_KCV4": check_value(tak),
        "TMK_KCV4": check_value(tmk),
    }


def aes_check_values(given: Values) -> Values:
    key = Secret.from_hex(given["key"])
    return {"ecb_zero_left3": aes_check_value(key), "cmac_zero_left5": aes_cmac_check_value(key)}


def track(given: Values) -> Values:
    cipher = TrackCipher(Secret.from_hex(given["TDK"]))
    clear = Secret(given["track2"].encode())
    sealed = cipher.encrypt(clear)
    assert cipher.decrypt(sealed) == clear
    start = covered_from(len(clear))
    covered = slice(start, start + 16)
    return {
        "digit_offset": start,
        "clear_block": clear.reveal()[covered].decode(),
        "cipher_block": sealed.reveal()[covered].decode(),
        "field35_digits": sealed.reveal().decode(),
    }


def pin_of(given: Values) -> tuple[Secret, Pan]:
    return Secret(given["pin"].encode()), Pan(given["pan"])


def pin_format_0(given: Values) -> Values:
    pin, pan = pin_of(given)
    clear = {"clear": hexed(clear_block(pin, pan, 0).reveal())}
    if "PIK" not in given:
        return clear
    pik = Secret.from_hex(given["PIK"])
    block = make_pin_block(pik, pin, pan, 0)
    assert PinBlockReader(pik).read(block, 0, pan) == pin
    return clear | {"encrypted_tdes": hexed(block.reveal())}


def pin_format_3(given: Values) -> Values:
    pin, pan = pin_of(given)
    return {"clear": hexed(clear_block(pin, pan, 3, given["fill"]).reveal())}


def pin_format_4(given: Values) -> Values:
    pin, pan = pin_of(given)
    key = Secret.from_hex(given["key"])
    block = make_pin_block(key, pin, pan, 4, given["random8"])
    assert PinBlockReader(key).read(block, 4, pan) == pin
    excess = len(given["pan"]) - 12
    return {
        "pin_field": hexed(clear_block(pin, pan, 4, given["random8"]).reveal()),
        "pan_field": f"{excess}{given['pan']}".ljust(32, "0"),
        "encrypted": hexed(block.reveal()),
    }


def dukpt_over_tdes(given: Values) -> Values:
    bdk, ksn = Secret.from_hex(given["BDK"]), bytes.fromhex(given["KSN"])
    data = given["mac_and_data_input_ascii"].encode()
    initial = dukpt_tdes.initial_key(bdk, ksn)
    keys = dukpt_tdes.session_keys(bdk, ksn)
    return {
        "IK": hexed(initial.reveal()),
        "txn_key": hexed(dukpt_tdes.transaction_key(initial, ksn).reveal()),
        "pin_key": hexed(keys.pin.reveal()),
        "encrypted_pin_block": hexed(make_pin_block(keys.pin, *pin_of(given), 0).reveal()),
        "mac_req_key": hexed(keys.mac_request.reveal()),
        "mac_request_left4": hexed(X919Mac(keys.mac_request).compute(data)[:4]),
        "mac_resp_key": hexed(keys.mac_response.reveal()),
        "mac_response_left4": hexed(X919Mac(keys.mac_response).compute(data)[:4]),
        "data_req_key": hexed(keys.data_request.reveal()),
        "data_ciphertext_cbc_zero_iv": hexed(cbc(keys.data_request, pad_zeros(data))),
    }


def cbc(key: Secret, data: bytes) -> bytes:
    whole = key.reveal() + key.reveal()[:8]
    return Cipher(TripleDES(whole), modes.CBC(bytes(8))).encryptor().update(data)


def dukpt_over_aes(given: Values) -> Values:
    bdk, ksn = Secret.from_hex(given["BDK"]), bytes.fromhex(given["KSN"])
    initial = dukpt_aes.initial_key(bdk, bytes.fromhex(given["IKID"]))
    keys = {usage: dukpt_aes.working_key(bdk, ksn, usage) for usage in Usage}
    purchase = bytes.fromhex(
        "0200302004C020C0981100000000000001234500000202100012379988000000000015D3012120000000"
        "00000000383030313030303138383832393030353431313030303131353671F9B13D35BD37AF26000000"
        "00000000001422000012000500"
    )
    block = make_pin_block(keys[Usage.PIN], *pin_of(given), 4, given["random8"])
    return {
        "IK": hexed(initial.reveal()),
        "txn_key": hexed(dukpt_aes.transaction_key(initial, ksn).reveal()),
        "pin_key": hexed(keys[Usage.PIN].reveal()),
        "mac_gen_key": hexed(keys[Usage.MAC_GENERATE].reveal()),
        "mac_ver_key": hexed(keys[Usage.MAC_VERIFY].reveal()),
        "data_enc_key": hexed(keys[Usage.DATA_ENCRYPT].reveal()),
        "data_dec_key": hexed(keys[Usage.DATA_DECRYPT].reveal()),
        "cmac8_of_purchase_mab": hexed(AesCmac(keys[Usage.MAC_GENERATE]).compute(purchase)),
        "purchase_mab": hexed(purchase),
        "iso4_pin_block": hexed(block.reveal()),
    }


def hexed(value: bytes) -> str:
    return value.hex().upper()


CHECKS = {
    "UNIONPAY-ECB-MAC": union_pay_ecb,
    "X9.9 / ISO9797-1 alg 1 DES-CBC-MAC": x9_9,
    "X9.19 / ISO9797-1 alg 3 retail MAC": x9_19,
    "AES-CMAC": aes_cmac,
    "AES-CMAC truncated to 8": aes_cmac_cut,
    "TMK wraps session keys (TDES-ECB), KCV = left 4 bytes of E_key(00*8)": key_hierarchy,
    "TMK unwraps TAK (TDES-ECB decrypt)": unwrap_under_tmk,
    "AES key check value": aes_check_values,
    "UnionPay track encryption (TDK, one block before the last packed byte)": track,
    "PIN block ISO 9564 format 0": pin_format_0,
    "PIN block ISO 9564 format 3": pin_format_3,
    "PIN block ISO 9564 format 4 (AES)": pin_format_4,
    "DUKPT TDES X9.24-1:2009": dukpt_over_tdes,
    "DUKPT AES-128 X9.24-3:2017": dukpt_over_aes,
}


@pytest.mark.parametrize(
    "vector",
    [row for row in VECTORS if row["algorithm"] != FRAME_ALGORITHM],
    ids=lambda row: row["id"],
)
def test_the_known_answer_comes_out(vector: dict[str, Any]) -> None:
    expected = {
        name: value for name, value in vector["expected"].items() if name not in STEPS_INSIDE
    }
    assert CHECKS[vector["algorithm"]](vector["inputs"]) == expected
