"""What a QR code of ours says: a URL with an opaque token; only who has the LMK makes and opens it.

Of a printed voucher the token names the voucher and the code it had: another code for it, and all
that was printed before is dead. Of who comes to pick up it names the voucher, until when, and is
good once: the hash of those that were used is kept (`host.stock.pickups`). A link that is sent to
an employee names the row of an issue that their voucher is in.
"""

import base64
import binascii
import datetime as dt
import hashlib
import io
import os
import struct
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.hsm.vault import VaultError
from host.model.secrets import Secret

VOUCHER_PLACE: Final = "qr/voucher"
PICKUP_PLACE: Final = "qr/pickup"
HANDED_OUT_PLACE: Final = "link/staff-voucher"
STAMP_BYTES: Final = 8
TOKEN_CHARACTERS_MIN: Final = 40
"""Fewer than any has, and more than a voucher's code."""
TOKEN_CHARACTERS_MAX: Final = 200
PICKUP_LIFETIME: Final = dt.timedelta(minutes=5)
PICKUP_LIFETIME_MAX: Final = dt.timedelta(minutes=15)
"""Longer is never believed, whatever a token says."""
_PATH: Final = "/v/"
_VOUCHER: Final = struct.Struct(f">q{STAMP_BYTES}s")
_HANDED_OUT: Final = struct.Struct(">qq")
_PICKUP: Final = struct.Struct(f">qqq{STAMP_BYTES}s{STAMP_BYTES}s")


class Printed(NamedTuple):
    """What a printed voucher's QR code names."""

    card: int
    stamp: bytes
    """The start of what its code was found by when it was printed."""

    def is_of(self, pan_hash: bytes) -> bool:
        """Whether the voucher still has that code."""
        return pan_hash[:STAMP_BYTES] == self.stamp


class Pickup(NamedTuple):
    """What a pick-up code names, and when it is good."""

    card: int
    stamp: bytes
    begins_at: dt.datetime
    expires_at: dt.datetime
    used_hash: bytes
    """What is kept of it once it was used."""

    def is_of(self, pan_hash: bytes) -> bool:
        """Whether the voucher still has the code that it had then."""
        return pan_hash[:STAMP_BYTES] == self.stamp

    def is_good(self, now: dt.datetime) -> bool:
        """Whether it is one of now, used or not."""
        is_short = self.expires_at - self.begins_at <= PICKUP_LIFETIME_MAX
        return is_short and self.begins_at <= now < self.expires_at


def token_in(text: str) -> str | None:
    """The token of what was scanned, alone or as a URL; None: it is too short for one."""
    token = text.strip().rpartition(_PATH)[2]
    return token if len(token) >= TOKEN_CHARACTERS_MIN else None


def url_of(base: str, token: str) -> str:
    """What is put into the picture."""
    return f"{base.rstrip('/')}{_PATH}{token}"


def printed_token(hsm: Hsm, card: int, pan_hash: bytes) -> str:
    """Of a voucher that is printed; each time another one."""
    return _sealed(hsm, _VOUCHER.pack(card, pan_hash[:STAMP_BYTES]), VOUCHER_PLACE)


def read_printed(hsm: Hsm, token: str) -> Printed | None:
    """What it names; None: it is none of ours."""
    clear = _opened(hsm, token, VOUCHER_PLACE)
    return None if clear is None else Printed(*_VOUCHER.unpack(clear))


def pickup_token(
    hsm: Hsm,
    card: int,
    pan_hash: bytes,
    now: dt.datetime,
    lifetime: dt.timedelta = PICKUP_LIFETIME,
) -> str:
    """Of who comes to pick up, from now on and for so long."""
    begin, end = _micros(now), _micros(now + min(lifetime, PICKUP_LIFETIME_MAX))
    stamp = pan_hash[:STAMP_BYTES]
    once = os.urandom(STAMP_BYTES)
    return _sealed(hsm, _PICKUP.pack(card, begin, end, stamp, once), PICKUP_PLACE)


def read_pickup(hsm: Hsm, token: str) -> Pickup | None:
    """What it names, be it used or over; None: it is none of ours."""
    clear = _opened(hsm, token, PICKUP_PLACE)
    if clear is None:
        return None
    card, begin, end, stamp, once = _PICKUP.unpack(clear)
    return Pickup(card, stamp, _at(begin), _at(end), hashlib.sha256(once + clear).digest())


def handed_out_link(hsm: Hsm, issue: int, place: int) -> str:
    """What a link ends with that leads an employee to a voucher; each time another one."""
    return _sealed(hsm, _HANDED_OUT.pack(issue, place), HANDED_OUT_PLACE)


def read_handed_out(hsm: Hsm, token: str) -> tuple[int, int] | None:
    """Of which issue, in which place; None: it is none of ours."""
    clear = _opened(hsm, token, HANDED_OUT_PLACE)
    return None if clear is None else _HANDED_OUT.unpack(clear)


def svg_of(text: str) -> str:
    """The picture, for a page."""
    import segno

    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(drawn, kind="svg", xmldecl=False, border=4)
    return drawn.getvalue().decode()


def png_of(text: str, scale: int = 8) -> bytes:
    """The picture, for what shows no SVG; `scale` is a module's width."""
    import segno

    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(drawn, kind="png", scale=scale, border=4)
    return drawn.getvalue()


def modules_of(text: str, error_level: str = "L") -> tuple[tuple[int, ...], ...]:
    """The picture as rows of dark (1) and light modules, without its quiet border.

    The level is L, M, Q or H (ISO/IEC 18004), or a higher one where that takes no more modules.
    """
    import segno

    drawn = segno.make_qr(text, error=error_level)
    return tuple(tuple(int(bool(one)) for one in row) for row in drawn.matrix)


def _sealed(hsm: Hsm, clear: bytes, place: str) -> str:
    sealed = hsm.seal_secret(Secret(clear), place)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _opened(hsm: Hsm, token: str, place: str) -> bytes | None:
    """One spelling alone opens: whoever appends to a token has another one, which is none."""
    if len(token) > TOKEN_CHARACTERS_MAX or not token.isascii():
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
        if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != token:
            return None
        return hsm.open_secret(sealed, place).reveal()
    except (binascii.Error, VaultError, ValueError):
        return None


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _at(micros: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=micros)
