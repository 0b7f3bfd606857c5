"""What is given out once and known again: session tokens, invitations. Only their hash is kept."""

import hashlib
import secrets

from host.model.secrets import Secret

TOKEN_BYTES = 32
TOKEN_CHARACTERS_MAX = 64


def new_token() -> Secret:
    """256 random bits, in letters that need no quoting anywhere."""
    return Secret(secrets.token_urlsafe(TOKEN_BYTES).encode())


def token_hash(token: Secret) -> bytes:
    """What is kept of it: it cannot be guessed, so it needs no salt."""
    return hashlib.sha256(token.reveal()).digest()
