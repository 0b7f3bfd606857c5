"""Attestation tokens: what the attestation service signed about an app, checked by our own rules.

A token is a compact JWS (RFC 7515) over JSON claims, signed with Ed25519 (`EdDSA`, RFC 8037) or
ECDSA on P-256 (`ES256`, RFC 7518). What the phone says of itself counts for nothing, and what
the token's header says counts for no more than which of the channel's keys to try:

- the algorithm is the key's; a header that names another, or a critical extension, is refused;
- base64url without padding, spelled in the one way it can be;
- it is about this app instance (`sub`), passed (`verdict`), and is bound to this message: `nonce`
  is the SHA-256 of its `msgid`;
- `iat` is at most 60 seconds ago, and not ahead of us by more than clocks differ;
- it has not been used before. The same message again may bring the same token again; a token
  that comes with another message is refused. What is remembered is what was signed, not the
  token's text, because one signature can be written in more than one way.

What remembers the tokens (`UsedTokens`) is the caller's: a channel that is made anew and another
process must know what was used before. It is bounded and never forgets a token that would still
pass: once it is full of those, new tokens are refused until the oldest have aged.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from host.named_files import read_named

TOKEN_CHARACTERS_MAX: Final = 2048
AGE_SECONDS_MAX: Final = 60.0
AHEAD_SECONDS_MAX: Final = 5.0
"""How far the service's clock may be before ours."""
REPEAT_SECONDS_MAX: Final = 600.0
"""How long a message may come again with the token it first came with."""
TOKENS_MAX: Final = 100_000
PASSED: Final = "pass"
_P256_BYTES: Final = 32
_ES256: Final = ECDSA(SHA256())

T = TypeVar("T")
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey
PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey


class AttestationError(ValueError):
    """A token that proves nothing. Says which rule it breaks and quotes nothing of it."""


class AttestationKeyError(ValueError):
    """A channel's attestation key that cannot be used. Says which file and what to do."""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing else may stand there: `crit`, `jwk` or `x5u` would be for others to choose keys."""

    alg: str
    kid: str
    typ: str = "JWT"


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What was signed. A service may say more; that is not ours to read."""

    sub: str
    """The app instance, as `instance` of the message."""
    iat: int
    """When it was issued, seconds since 1970."""
    nonce: str
    """`nonce_of` the message's id."""
    verdict: str


class UsedTokens(Protocol):
    """Which tokens have been used, by digests: of what was signed, and of the message."""

    @property
    def since(self) -> float:
        """When remembering began: what was issued before may have been used unseen."""
        ...

    def find(self, token: bytes) -> bytes | None:
        """The message a token came with; None where it is new.

        Raises:
            AttestationError: that cannot be said now.
        """
        ...

    def add(self, token: bytes, message: bytes, passes: float, kept: float) -> bytes | None:
        """Remember a token; gives the message that it serves, which may be another that was first.

        It is kept for so many seconds, and where there is no room only for as long as it would
        pass. None: there is no room for that either.

        Raises:
            AttestationError: it cannot be remembered now.
        """
        ...


class TokensInMemory:
    """A filling of `UsedTokens` for one process and one life of it."""

    __slots__ = ("_clock", "_tokens_max", "_used", "since")

    def __init__(
        self, clock: Callable[[], float] = time.time, tokens_max: int = TOKENS_MAX
    ) -> None:
        self._clock = clock
        self._tokens_max = tokens_max
        self._used: OrderedDict[bytes, tuple[bytes, float, float]] = OrderedDict()
        """Token to its message, until when it passes, and until when it is kept."""
        self.since = 0.0

    def find(self, token: bytes) -> bytes | None:
        """As `UsedTokens`."""
        message, _, kept_until = self._used.get(token, (None, 0.0, 0.0))
        return message if self._clock() <= kept_until else None

    def add(self, token: bytes, message: bytes, passes: float, kept: float) -> bytes | None:
        """As `UsedTokens`."""
        now = self._clock()
        while self._used:
            oldest, (_, passes_until, kept_until) = next(iter(self._used.items()))
            is_full = len(self._used) >= self._tokens_max
            if now <= (passes_until if is_full else kept_until):
                break
            del self._used[oldest]
        if len(self._used) >= self._tokens_max:
            return None
        return self._used.setdefault(token, (message, now + passes, now + kept))[0]


class Attestations:
    """The keys of a channel's attestation services, and the tokens that have been used."""

    __slots__ = ("_age_seconds_max", "_clock", "_keys", "_used")

    def __init__(
        self,
        keys: Mapping[str, PublicKey],
        *,
        clock: Callable[[], float] = time.time,
        age_seconds_max: float = AGE_SECONDS_MAX,
        used: UsedTokens | None = None,
    ) -> None:
        self._keys = dict(keys)
        self._clock = clock
        self._age_seconds_max = age_seconds_max
        self._used = used if used is not None else TokensInMemory(clock)

    def accept(self, token: str, *, instance: str, msgid: str, message: bytes) -> None:
        """Take a token for a message, whose bytes tell a repeat from another use.

        Raises:
            AttestationError: it proves nothing for this message.
        """
        signed, claims = self._signed(token)
        if claims.sub != instance:
            raise AttestationError("the attestation is another app instance's")
        if not hmac.compare_digest(claims.nonce.encode(), nonce_of(msgid).encode()):
            raise AttestationError("the attestation is not bound to this message")
        if claims.verdict != PASSED:
            raise AttestationError("the attestation service did not pass this app")
        use, digest = hashlib.sha256(signed).digest(), hashlib.sha256(message).digest()
        serves = self._used.find(use)
        if serves is None:
            self._check_age(claims.iat, self._clock())
            passes = self._age_seconds_max + AHEAD_SECONDS_MAX
            serves = self._used.add(use, digest, passes, max(REPEAT_SECONDS_MAX, passes))
        if serves is None:
            raise AttestationError("too many attestations at once to remember another")
        if not hmac.compare_digest(serves, digest):
            raise AttestationError("the attestation was used before, with another message")

    def _signed(self, token: str) -> tuple[bytes, Claims]:
        """What the token signs and says, its signature proved."""
        parts = token.split(".")
        if len(token) > TOKEN_CHARACTERS_MAX or len(parts) != 3:
            raise AttestationError("an attestation is three parts, joined by dots")
        header = _json(_part(parts[0]), _Header)
        key = self._keys.get(header.kid)
        if key is None:
            raise AttestationError("the attestation names no key of this channel")
        if header.alg != algorithm_of(key) or header.typ != "JWT":
            raise AttestationError("the attestation is not of its key's algorithm")
        signed = f"{parts[0]}.{parts[1]}".encode()
        if not _is_signed(key, _part(parts[2]), signed):
            raise AttestationError("the attestation's signature is wrong")
        return signed, _json(_part(parts[1]), Claims)

    def _check_age(self, issued: int, now: float) -> None:
        if issued > now + AHEAD_SECONDS_MAX:
            raise AttestationError("the attestation is from the future: compare the clocks")
        if issued < now - self._age_seconds_max:
            raise AttestationError("the attestation is too old")
        if issued < self._used.since:
            raise AttestationError("the attestation is older than our memory of used ones")


def nonce_of(msgid: str) -> str:
    """What binds a token to a message: SHA-256 of its id, base64url without padding."""
    return _text(hashlib.sha256(msgid.encode()).digest())


def algorithm_of(key: PublicKey | PrivateKey) -> str:
    """The one JWS algorithm a key may be used with."""
    return "EdDSA" if isinstance(key, Ed25519PublicKey | Ed25519PrivateKey) else "ES256"


def sign_attestation(key: PrivateKey, kid: str, claims: Claims) -> str:
    """A token as the attestation service makes it: for simulators and tests."""
    header = msgspec.json.encode(_Header(alg=algorithm_of(key), kid=kid))
    signed = f"{_text(header)}.{_text(msgspec.json.encode(claims))}"
    if isinstance(key, Ed25519PrivateKey):
        signature = key.sign(signed.encode())
    else:
        r, s = decode_dss_signature(key.sign(signed.encode(), _ES256))
        signature = r.to_bytes(_P256_BYTES) + s.to_bytes(_P256_BYTES)
    return f"{signed}.{_text(signature)}"


def load_attestation_keys(paths: Mapping[str, str]) -> dict[str, PublicKey]:
    """A channel's keys, by key id, from PEM files.

    Raises:
        AttestationKeyError: a file cannot be read, or holds no Ed25519 or P-256 public key.
    """
    return {kid: _load(kid, Path(path)) for kid, path in paths.items()}


def _load(kid: str, path: Path) -> PublicKey:
    what = "Next: give the PEM file of an Ed25519 or P-256 public key"
    try:
        key = load_pem_public_key(read_named(path))
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        msg = f"attestation key {kid!r}: {path} cannot be read ({type(error).__name__}). {what}"
        raise AttestationKeyError(msg) from None
    is_p256 = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if isinstance(key, Ed25519PublicKey) or (isinstance(key, EllipticCurvePublicKey) and is_p256):
        return key
    msg = f"attestation key {kid!r}: {path} holds a key of another kind. {what}"
    raise AttestationKeyError(msg)


def _is_signed(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, signed)
        elif len(signature) == 2 * _P256_BYTES:
            r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), signed, _ES256)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _part(text: str) -> bytes:
    """One part of a token: base64url without padding, spelled in its only way."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise AttestationError("a part of the attestation is not base64url") from None
    if _text(value) != text:
        raise AttestationError("a part of the attestation is not base64url without padding")
    return value


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _json(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AttestationError("a part of the attestation is not the JSON it should be") from None
