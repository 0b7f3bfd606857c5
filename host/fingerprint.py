"""What makes a second message under one key a repeat, and not another message.

A digest of what the message is about, with the keyed hash of the card number in it. A reversal
leaves the card out: a swiped sale is reversed without naming its card, and the switch's own
reversal must be the same message as the terminal's.
"""

import hashlib
from typing import Final

from host.model.requests import Kind, Request

FINGERPRINT_BYTES: Final = 16


def fingerprint_of(request: Request, pan_hash: bytes | None) -> bytes:
    """16 bytes over kind, merchant, amount, card, goods and the original named."""
    amount, original = request.amount, request.original
    about = [
        request.kind.value,
        request.merchant_id,
        f"{amount.amount_minor}{amount.unit}" if amount is not None else "",
        request.goods or "",
    ]
    if original is not None:
        about += [
            original.key.text if original.key is not None else "",
            original.kind.value if original.kind is not None else "",
        ]
        if request.kind is not Kind.REVERSAL:
            about.append(original.rrn or "")
    digest = hashlib.blake2b("|".join(about).encode(), digest_size=FINGERPRINT_BYTES)
    if pan_hash is not None and request.kind is not Kind.REVERSAL:
        digest.update(pan_hash)
    return digest.digest()
