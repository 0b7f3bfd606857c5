"""What makes a second message under one key a repeat, and not another message.

A digest of what the message is about, with the keyed hash of the card number in it, and of a
voucher's code. A reversal
leaves out the card, the goods and the reference: a swiped sale is reversed without naming its
card, and the switch's own reversal must be the same message as the terminal's.
"""

import hashlib
from typing import Final

import msgspec

from host.model.own import OwnRequest
from host.model.requests import Kind, Request

FINGERPRINT_BYTES: Final = 16

_REVERSAL: Final = Kind.REVERSAL
_encode = msgspec.msgpack.Encoder().encode


def fingerprint_of(
    request: Request,
    pan_hash: bytes | None,
    voucher: bytes | None = None,
    phone: bytes | None = None,
) -> bytes:
    """16 bytes over kind, merchant, amount, card, goods, order, besides and the original named.

    `voucher` is the hash of a voucher's code, `phone` that of a number.
    """
    amount, original = request.amount, request.original
    about: list[str | int | None] = [request.kind, request.merchant_id]
    if amount is not None:
        about += [amount.amount_minor, amount.unit]
    if original is not None:
        about += [
            original.key.text if original.key is not None else None,
            original.kind,
        ]
    if request.kind is _REVERSAL:
        return _digest(about, None)
    about += [request.goods, original.rrn if original is not None else None]
    if (order := request.order) is not None:
        about += [order.order, order.sub_order]
    if request.besides is not None:
        without = dict.fromkeys(("voucher", "sealed_voucher", "phone", "sealed_phone"))
        said = msgspec.structs.replace(request.besides, **without)
        about.append(_encode(said).hex())
        about.append(voucher.hex() if voucher is not None else None)
        if phone is not None:
            about.append(phone.hex())
    return _digest(about, pan_hash)


def fingerprint_of_own(own: OwnRequest) -> bytes:
    """16 bytes over all that is asked by what no terminal makes."""
    told = (
        own.member, own.to, own.expires_on, own.points, own.is_debt, own.gift, own.ended_gift,
        own.available_from, own.hold, own.at_rate, own.counter, own.goods, own.cash, own.payer,
        own.pay_code, own.original, own.lottery, own.voucher, own.payment,
    )  # fmt: skip
    more = [one for one in told if one]
    return _digest(
        [own.kind, _encode([own.amount, own.adjustment, *more]).hex()], own.card.pan_hash
    )


def _digest(about: list[str | int | None], pan_hash: bytes | None) -> bytes:
    """MessagePack gives each part its length, so what a terminal types cannot shift them."""
    digest = hashlib.blake2b(_encode(about), digest_size=FINGERPRINT_BYTES)
    if pan_hash is not None:
        digest.update(pan_hash)
    return digest.digest()
