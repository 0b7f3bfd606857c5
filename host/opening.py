"""Opens what only the host can: a track under the TDK, a card number under DUKPT, and codes.

Pure, and done once, before a request stands in its terminal's line: whatever comes after sees a
card number and an expiry as if they had come in clear.
"""

import msgspec

from host.book import Terminal
from host.hsm.interface import Hsm
from host.hsm.ksn import KsnError
from host.hsm.phones import hash_of_phone
from host.hsm.track import TrackError, card_of
from host.hsm.voucher_codes import hash_of_code
from host.ksn import Used, used_by
from host.model.requests import Request, SealedPan
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.voucher_codes import read_code
from host.model.vouchers import NO_CODE_USE


def opened(request: Request, terminal: Terminal) -> tuple[Request, Used | None] | Reason:
    """The request with its card, and the DUKPT counters it used; or why it cannot be opened."""
    if request.ksn is None and _has_nothing_sealed(request):
        return request, None
    try:
        used = used_by(request, terminal.device)
        request = _with_secrets(request, terminal)
        track = _track_of(request, terminal)
        if track is None:
            return request, used
        pan, expiry = card_of(track)
    except KsnError:
        return Reason.KSN_REFUSED
    except TrackError:
        return Reason.FORMAT_ERROR
    except LookupError:
        return Reason.KEYS_MISSING
    return (
        msgspec.structs.replace(
            request,
            pan=pan,
            expiry=expiry or request.expiry,
            sealed_pan=None,
            sealed_track=None,
        ),
        used,
    )


def code_hash_of(request: Request, hsm: Hsm) -> bytes | None:
    """By what the voucher is found whose code was sent; None where none was.

    What somebody typed and no code is, whose check letter says so, is hashed for another use: it
    is found nowhere, and is another message than any other.
    """
    sent = request.besides.voucher if request.besides is not None else None
    if sent is None:
        return None
    code = read_code(sent.reveal().decode("utf-8", "replace"))
    if code is None:
        return hsm.hash_secret(sent, NO_CODE_USE)
    return hash_of_code(hsm, code)


def phone_hash_of(request: Request, hsm: Hsm) -> bytes | None:
    """By what the member is found whose phone was sent; None where none was."""
    phone = request.besides.phone if request.besides is not None else None
    return hash_of_phone(hsm, phone) if phone is not None else None


def _has_nothing_sealed(request: Request) -> bool:
    return (
        (request.besides is None or not any(_sealed_besides(request)))
        and request.sealed_pan is None
        and request.sealed_track is None
        and (request.pin is None or request.pin.ksn is None)
    )


def _sealed_besides(request: Request) -> tuple[SealedPan | None, SealedPan | None]:
    """What an app has sealed besides a card: a voucher's code, a phone number."""
    besides = request.besides
    return (None, None) if besides is None else (besides.sealed_voucher, besides.sealed_phone)


def _with_secrets(request: Request, terminal: Terminal) -> Request:
    """With a voucher's code or a phone that an app has sealed, as if they had come in clear."""
    code, phone = _sealed_besides(request)
    besides, device = request.besides, terminal.device
    if besides is None or device is None or (code is None and phone is None):
        return request
    if code is not None:
        opened_code = device.open_data(code)
        besides = msgspec.structs.replace(besides, voucher=opened_code, sealed_voucher=None)
    if phone is not None:
        number = device.open_data(phone)
        besides = msgspec.structs.replace(besides, phone=number, sealed_phone=None)
    return msgspec.structs.replace(request, besides=besides)


def _track_of(request: Request, terminal: Terminal) -> Secret | None:
    """The clear track or card number; None where none came sealed.

    Raises:
        LookupError: the terminal holds no track key of the generation that sealed the message.
    """
    if request.sealed_pan is not None and terminal.device is not None:
        return terminal.device.open_data(request.sealed_pan)
    if request.sealed_track is None:
        return None
    cipher = terminal.track_cipher(request.key_generation)
    if cipher is None:
        raise LookupError(request.key_generation)
    return cipher.decrypt(request.sealed_track)
