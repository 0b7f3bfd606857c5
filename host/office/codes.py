"""One-time codes by RFC 6238: six digits, a step of half a minute, each step good once."""

import datetime as dt
import hmac
from typing import Final

import pyotp

from host.model.secrets import Secret

ISSUER: Final = "posswitch"
STEP_SECONDS: Final = 30
STEPS_BESIDE: Final = (0, -1, 1)
"""A phone's clock may be a step away."""


def new_seed() -> Secret:
    """A new seed in base 32, as apps take it."""
    return Secret(pyotp.random_base32().encode())


def link_of(seed: Secret, login: str) -> str:
    """What an app scans (otpauth://)."""
    return _of(seed).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(seed: Secret, code: Secret, now: dt.datetime, used: int) -> int | None:
    """The step whose code it is, newer than the last one used; None: it is not good."""
    at = int(now.timestamp()) // STEP_SECONDS
    for step in (at + beside for beside in STEPS_BESIDE):
        right = _of(seed).at(step * STEP_SECONDS).encode()
        if hmac.compare_digest(right, code.reveal()) and step > used:
            return step
    return None


def _of(seed: Secret) -> pyotp.TOTP:
    return pyotp.TOTP(seed.reveal().decode(), interval=STEP_SECONDS)
