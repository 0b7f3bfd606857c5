"""What the manual works out is right by others' code: codes, keys, PINs, derivations."""

import base64
import json
import re
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from simulators.certificates import attestation_key
from tests.peers.bcd import hear, say
from tests.peers.codes import check_value, cmac, pin_block, under, up_ecb, x99, x919
from tests.peers.tokens import bound_to

DOCS = Path(__file__).parents[2] / "docs"
WIRE = (DOCS / "wire.md").read_text("utf-8")
SOFTPOS = (DOCS / "softpos.md").read_text("utf-8")
CODES = {"up-ecb": up_ecb, "up-ecb-tdes": up_ecb, "x9.9": x99, "x9.19": x919, "cmac": cmac}


def block(page: str, name: str) -> str:
    [text] = re.findall(rf"<!-- written: {re.escape(name)} -->(.*?)<!-- end -->", page, re.DOTALL)
    return text


def values(page: str, name: str) -> dict[str, str]:
    """A table of two columns, without the marks of code."""
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", block(page, name), re.MULTILINE)
    return {what.strip("`"): value.strip("`") for what, value in rows}


COVERED = bytes.fromhex(re.sub(r"[`\n]", "", block(WIRE, "macs.covered")))


@pytest.mark.parametrize("algorithm", CODES)
def test_a_worked_code_is_that_of_a_till_of_another_make(algorithm: str) -> None:
    [(key, told)] = re.findall(
        rf"^\| `{re.escape(algorithm)}` \| `(\w+)` \| `(\w+)` \|$",
        block(WIRE, "macs.codes"),
        re.MULTILINE,
    )
    assert CODES[algorithm](bytes.fromhex(key))(COVERED).hex().upper() == told


def test_worked_keys_open_under_the_master_key() -> None:
    told = {name: bytes.fromhex(text) for name, text in list(values(WIRE, "wire.keys").items())[2:]}
    assert under(told["TMK"], told["pik"]) == told["PIK, clear"]
    assert under(told["TMK"], told["mak"]) == told["MAK, clear"]
    assert check_value(told["PIK, clear"]) == told["pik check"]
    assert check_value(told["MAK, clear"]) == told["mak check"]


def test_the_worked_pin_block_is_that_of_a_till_of_another_make() -> None:
    told = values(WIRE, "wire.pin")
    block_told = pin_block(bytes.fromhex(told["PIK"]), told["PIN"], told["card"])
    assert block_told.hex().upper() == told["F52"]


def test_worked_messages_are_said_alike_by_a_till_of_another_make() -> None:
    frames = re.findall(r"```\n([0-9A-F\n]+)```", block(WIRE, "wire.messages"))
    assert len(frames) >= 20
    for frame in frames:
        payload = bytes.fromhex(frame)[2:]
        heard = hear(payload)
        assert say(heard.fields, tpdu=heard.tpdu, header=heard.header) == payload


def test_keys_are_derived_as_the_page_says() -> None:
    """softpos.md, *Keys*, in its own words and with bare AES."""
    told = values(SOFTPOS, "softpos.keys")
    owner, ksn = bytes.fromhex(told["initial key id"]), bytes.fromhex(told["KSN"])
    counter = int.from_bytes(ksn[8:])
    key, walked = bytes.fromhex(told["initial key"]), 0
    for bit in reversed(range(32)):
        if counter >> bit & 1:
            walked |= 1 << bit
            key = derived(key, "8000", owner[4:] + walked.to_bytes(4))
    named = {re.findall(r"\d{4}", what)[-1]: value for what, value in told.items() if "(" in what}
    assert {usage: derived(key, usage, ksn[4:]).hex().upper() for usage in named} == named
    bdk = bytes.fromhex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
    assert derived(bdk, "8001", owner).hex().upper() == told["initial key"]


def derived(key: bytes, usage: str, whose: bytes) -> bytes:
    """One step: AES-128 of `0101`, the usage, `00020080`, and whose it is."""
    cipher = Cipher(AES(key), modes.ECB()).encryptor()
    return cipher.update(bytes.fromhex(f"0101{usage}00020080") + whose)


def test_the_worked_app_is_sealed_as_the_page_says() -> None:
    """softpos.md: canonical spelling, both codes, card and PIN block, by json and bare AES."""
    keys = {
        re.findall(r"\d{4}", what)[-1]: bytes.fromhex(value)
        for what, value in values(SOFTPOS, "softpos.keys").items()
        if "(" in what
    }
    covers, asked, told = re.findall(r"```\n(.*?)\n```", block(SOFTPOS, "softpos.purchase"))
    for text, usage in ((asked, "2000"), (told, "2001")):
        value = json.loads(text)
        tag = base64.b64decode(value.pop("mac"))
        body = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert cmac(keys[usage])(body.encode()) == tag
        assert usage == "2001" or body == covers
    value = json.loads(asked)
    card = base64.b64decode(value["pan_block"])
    opened = Cipher(AES(keys["3000"]), modes.CBC(bytes(16))).decryptor().update(card)
    pan = opened.partition(b"D")[0].decode()
    assert opened.rstrip(b"\0").endswith(b"\x80")
    pin = base64.b64decode(value["pin"]["block"])
    bare = Cipher(AES(keys["1000"]), modes.ECB())
    inner = int.from_bytes(bare.decryptor().update(pin)) ^ int(f"{len(pan) - 12}{pan:0<31}", 16)
    assert bare.decryptor().update(inner.to_bytes(16)).hex().startswith("46123456aaaaaaaa")


def test_the_worked_token_is_what_another_library_takes() -> None:
    asked = re.findall(r"```\n(.*?)\n```", block(SOFTPOS, "softpos.purchase"))[1]
    value = json.loads(asked)
    key = attestation_key().public_key()
    claims = jwt.decode(value["attestation"], key, ["EdDSA"], options={"verify_iat": False})
    assert claims["sub"] == value["instance"]
    assert claims["nonce"] == bound_to(value["msgid"])
    assert claims["verdict"] == "pass"
