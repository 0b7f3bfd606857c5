"""Attestation tokens: whatever breaks one rule is refused, and each token serves one message."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from terminals.attestation import (
    AttestationError,
    AttestationKeyError,
    Attestations,
    TokensInMemory,
    load_attestation_keys,
)
from tests.peers.tokens import attested, bound_to

ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
P256 = generate_private_key(SECP256R1())
INSTANCE = "1234567890123456"
NOW = 1_800_000_000
BODY = b'{"msgid":"m1"}'


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def attestations(clock: Clock | None = None, tokens_max: int = 100) -> Attestations:
    keys: dict[str, Any] = {"ed": ED.public_key(), "ec": P256.public_key()}
    clock = clock or Clock()
    return Attestations(keys, clock=clock, used=TokensInMemory(clock, tokens_max))


def claims(**other: object) -> dict[str, object]:
    good = {"sub": INSTANCE, "iat": NOW - 10, "nonce": bound_to("m1"), "verdict": "pass"}
    return good | other


def accept(tokens: Attestations, token: str, msgid: str = "m1", body: bytes = BODY) -> None:
    tokens.accept(token, instance=INSTANCE, msgid=msgid, message=body)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_over(header: dict[str, object], payload: bytes) -> str:
    text = f"{encoded(json.dumps(header).encode())}.{encoded(payload)}"
    return f"{text}.{encoded(ED.sign(text.encode()))}"


@pytest.mark.parametrize(("key", "kid"), [(ED, "ed"), (P256, "ec")])
def test_a_good_token_is_accepted(key: Ed25519PrivateKey, kid: str) -> None:
    accept(attestations(), attested(key, kid, **claims()))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"sub": "1234567890123457"}, "another app instance"),
        ({"iat": NOW - 61}, "too old"),
        ({"iat": NOW + 6}, "future"),
        ({"nonce": bound_to("m2")}, "not bound"),
        ({"nonce": "m1"}, "not bound"),
        ({"verdict": "fail"}, "did not pass"),
    ],
)
def test_a_claim_that_is_not_as_it_must_be_is_refused(other: dict[str, object], why: str) -> None:
    with pytest.raises(AttestationError, match=why):
        accept(attestations(), attested(ED, "ed", **claims(**other)))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"alg": "none", "kid": "ed"}, "algorithm"),
        ({"alg": "HS256", "kid": "ed"}, "algorithm"),
        ({"alg": "ES256", "kid": "ed"}, "algorithm"),
        ({"alg": "EdDSA", "kid": "ed", "typ": "JWE"}, "algorithm"),
        ({"alg": "EdDSA", "kid": "other"}, "no key"),
        ({"alg": "EdDSA", "kid": "ed", "crit": ["b64"], "b64": False}, "JSON"),
        ({"alg": "EdDSA", "kid": "ed", "jwk": {}}, "JSON"),
        ({"alg": "EdDSA"}, "JSON"),
    ],
)
def test_a_header_chooses_nothing_but_one_of_our_keys(header: dict[str, object], why: str) -> None:
    good = json.dumps({"sub": INSTANCE, "iat": NOW, "nonce": bound_to("m1"), "verdict": "pass"})
    with pytest.raises(AttestationError, match=why):
        accept(attestations(), signed_over(header, good.encode()))


def test_another_keys_signature_is_refused() -> None:
    stranger = Ed25519PrivateKey.generate()
    with pytest.raises(AttestationError, match="signature"):
        accept(attestations(), attested(stranger, "ed", **claims()))
    with pytest.raises(AttestationError, match="signature"):
        accept(attestations(), attested(generate_private_key(SECP256R1()), "ec", **claims()))


def test_changed_claims_are_refused() -> None:
    head, _, signature = attested(ED, "ed", **claims(verdict="fail")).split(".")
    better = attested(ED, "ed", **claims()).split(".")[1]
    with pytest.raises(AttestationError, match="signature"):
        accept(attestations(), f"{head}.{better}.{signature}")


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "a.b.c", "é.e.e", "=.=.=", "." * 3000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(AttestationError):
        accept(attestations(), token)


def test_a_second_spelling_of_base64_is_refused() -> None:
    token = attested(ED, "ed", **claims())
    with pytest.raises(AttestationError, match="base64url"):
        accept(attestations(), token + "=")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = token[:-1] + last[last.index(token[-1]) ^ 1]
    with pytest.raises(AttestationError, match="base64url"):
        accept(attestations(), other)


def test_a_token_serves_one_message_and_its_repeats() -> None:
    tokens = attestations()
    token = attested(ED, "ed", **claims())
    accept(tokens, token)
    accept(tokens, token)
    with pytest.raises(AttestationError, match="used before"):
        accept(tokens, token, body=b'{"msgid":"m1","amount":2}')


def test_the_other_spelling_of_an_ecdsa_signature_is_no_new_token() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    tokens = attestations()
    token = attested(P256, "ec", **claims())
    accept(tokens, token)
    signed, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    flipped = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    with pytest.raises(AttestationError, match="used before"):
        accept(tokens, f"{signed}.{encoded(flipped)}", body=b"another")


def test_a_repeat_after_a_minute_still_has_its_token_and_another_message_never() -> None:
    clock = Clock()
    tokens = attestations(clock)
    token = attested(ED, "ed", **claims())
    accept(tokens, token)
    clock.now += 120
    accept(tokens, token)
    with pytest.raises(AttestationError, match="used before"):
        accept(tokens, token, body=b"another")
    clock.now += 600
    with pytest.raises(AttestationError, match="too old"):
        accept(tokens, token)


def test_a_full_memory_refuses_rather_than_forgets() -> None:
    clock = Clock()
    tokens = attestations(clock, tokens_max=2)
    kept = [attested(ED, "ed", **claims(nonce=bound_to(f"m{n}"))) for n in range(3)]
    for number in range(2):
        accept(tokens, kept[number], msgid=f"m{number}")
    with pytest.raises(AttestationError, match="too many"):
        accept(tokens, kept[2], msgid="m2")
    clock.now += 66
    late = attested(ED, "ed", **claims(iat=int(clock.now), nonce=bound_to("m2")))
    accept(tokens, late, msgid="m2")


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"))
def test_no_text_makes_the_verifier_crash(token: str) -> None:
    with pytest.raises(AttestationError):
        accept(attestations(), token)


def pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_keys_come_from_files_and_other_kinds_are_refused(tmp_path: Path) -> None:
    good, other, none = tmp_path / "good.pem", tmp_path / "other.pem", tmp_path / "none.pem"
    good.write_bytes(pem(ED))
    other.write_bytes(pem(generate_private_key(SECP384R1())))  # type: ignore[arg-type]
    none.write_bytes(b"hello")
    tokens = Attestations(load_attestation_keys({"ed": str(good)}), clock=Clock())
    accept(tokens, attested(ED, "ed", **claims()))
    for path in (other, none, tmp_path / "missing.pem"):
        with pytest.raises(AttestationKeyError, match="Next: give the PEM file"):
            load_attestation_keys({"ed": str(path)})
