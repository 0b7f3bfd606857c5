"""Attestation tokens as a service makes them that is not ours: compact JWS by PyJWT."""

import base64
import hashlib
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def attested(key: Any, kid: str, **claims: Any) -> str:
    """A token with these claims under an Ed25519 (EdDSA) or P-256 (ES256) key."""
    algorithm = "EdDSA" if isinstance(key, Ed25519PrivateKey) else "ES256"
    return jwt.encode(claims, key, algorithm, headers={"kid": kid})


def bound_to(msgid: str) -> str:
    """The nonce of a message: SHA-256 of its id, base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(msgid.encode()).digest()).rstrip(b"=").decode()
