"""Tables and a worked message of `docs/softpos.md`: payment applications on phones."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from config.manual.mis import TOTALS
from config.manual.page import Blocks, codes, listing, table
from config.manual.samples import AMOUNT_MINOR, APPROVED, CARD
from config.manual.shapes import field_rows
from config.manual.told import TOLD_OF_KINDS
from host.estate.demo import PHONES, PIN, demo_estate
from host.estate.plan import DevicePlan
from host.hsm.dukpt import seal_data
from host.hsm.dukpt_aes import Usage, device_key
from host.hsm.pin import make_pin_block
from host.model.requests import Kind
from host.model.secrets import Secret
from simulators.certificates import attestation_key
from simulators.softpos import KID
from terminals.attestation import Claims, nonce_of, sign_attestation
from terminals.describe.meanings import entry_words
from terminals.dialects.softpos import body_of, sealed
from terminals.dialects.softpos_words import (
    ENTRY_MODES,
    OPERATIONS,
    Asked,
    OriginalWords,
    PinWords,
    Told,
    TotalsWords,
    told_of,
)
from terminals.dukpt_session import Direction, DukptMac

ASKED: Final[Mapping[str, str]] = {
    "msgid": "the message's own id; the attestation is bound to it, and a repeat has the same",
    "instance": "the app's initial key id, the first 16 digits of its KSNs",
    "tid": "terminal id; the client certificate names it, too",
    "mid": "merchant id",
    "batch": "the app's batch",
    "seq": "number in the batch, each once",
    "op": "what is asked",
    "ksn": "this message's KSN",
    "mac": "authentication code: 8 bytes in base64",
    "amount": "in the smallest unit, or points",
    "entry": "how the card was read",
    "pan_block": "track 2 or card number under the data key of the KSN, base64",
    "pin": "a PIN block, where there is a PIN",
    "original": "what is undone, given back, or held: the sale or pre-authorisation",
    "original_op": "of a reverse: what it undoes",
    "goods": "of points: product code; of a voucher the article; of a draw the lottery's code",
    "voucher_block": "a voucher's code under the data key of the KSN, base64",
    "phone_block": "the phone number whose card is loaded, likewise",
    "points_max": "of `combined`: how many points may be used; without it as many as there are",
    "partial": "of a sale, for money or points: you take an approval of a part (code 10, `amount` "
    "is the part)",
    "order": "order that is paid or given back, your own number: 1 to 32 characters, no spaces",
    "sub_order": "which part of it, likewise",
    "attestation": "the token: see *Attestation*",
    "totals": "of a settlement: money",
    "points_totals": "of a settlement: points",
}
"""Every word of `Asked`."""
PIN_WORDS: Final[Mapping[str, str]] = {
    "ksn": "the message's own KSN again",
    "block": "ISO 9564-1 format 4 under the PIN key of the KSN: 16 bytes",
}
ORIGINAL: Final[Mapping[str, str]] = {
    "batch": "its batch; without it this message's",
    "seq": "its number",
    "rrn": "its reference, instead or besides",
    "date": "its business date",
    "auth": "its authorisation code",
    "unit": "what it was in: money or points",
}
TOLD: Final[Mapping[str, str]] = {
    "msgid": "as it was asked",
    "tid": "as it was asked",
    "op": "as it was asked",
    "code": "00 approved, else a response code of dialects.md",
    "text": "the same in Chinese, for people",
    "instance": "as it was asked",
    "mid": "as it was asked",
    "batch": "as it was asked",
    "seq": "as it was asked",
    "ksn": "as it was asked: the answer's code is under the other key of it",
    "amount": "of an approval: what was asked, or the part that was approved",
    "rrn": "reference: keep it for a void or refund",
    "auth": "authorisation code",
    "date": "business date, YYYYMMDD",
    "time": "our clock, YYYYMMDDhhmmss",
    "balance": "what the card has left",
    "points": "points the card has left",
    "points_earned": "points this sale gave",
    "points_used": "points this sale took",
    "self_pay_minor": "of points: what is to be paid in money besides",
    **TOLD_OF_KINDS,
    "next_batch": "the batch to go on with, where the host names one",
    "totals": "of a settlement: the host's own money totals",
    "agrees": "whether they agree with the app's",
    "points_totals": "of a settlement: the host's own points",
    "points_agree": "whether they agree with the app's",
}
"""Every word of `Told`; `mac` stands beside them."""
CLAIMS: Final[Mapping[str, str]] = {
    "sub": "the app: `instance` of the message",
    "iat": "when it was issued, seconds since 1970",
    "nonce": "SHA-256 of the message's `msgid`, base64url without padding",
    "verdict": "`pass`; anything else is refused",
}

_PHONE: Final = next(one for one in demo_estate().terminals if one.terminal_id == PHONES[0])
assert _PHONE.device is not None, "an app is loaded with an initial key"
_DEVICE: Final[DevicePlan] = _PHONE.device
_KSN: Final = f"{_DEVICE.key_id}00000001"
_TRACK: Final = f"{CARD.pan.reveal()}D{CARD.expiry}120"
_FILL: Final = "A1B2C3D4E5F60718"
"""The random half of the worked PIN block."""
_ISSUED: Final = 1_795_400_100


def _key(usage: Usage) -> Secret:
    return device_key(_DEVICE.initial_key, bytes.fromhex(_KSN), usage)


def _purchase() -> dict[str, Any]:
    msgid = f"{_PHONE.terminal_id}-1"
    claims = Claims(sub=_DEVICE.key_id, iat=_ISSUED, nonce=nonce_of(msgid), verdict="pass")
    pin = make_pin_block(_key(Usage.PIN), PIN, CARD.pan, 4, _FILL)
    return {
        "msgid": msgid,
        "instance": _DEVICE.key_id,
        "tid": _PHONE.terminal_id,
        "mid": demo_estate().merchant_of(_PHONE).merchant_id,
        "batch": 1,
        "seq": 1,
        "op": "purchase",
        "ksn": _KSN,
        "amount": AMOUNT_MINOR,
        "entry": "nfc",
        "pan_block": _base64(seal_data(_DEVICE.initial_key, _KSN, Secret(_TRACK.encode())).block),
        "pin": {"ksn": _KSN, "block": _base64(pin)},
        "attestation": sign_attestation(attestation_key(), KID, claims),
    }


def _worked() -> str:
    value, ksn = _purchase(), bytes.fromhex(_KSN)
    app = DukptMac(_DEVICE.initial_key, Direction.DEVICE)
    host = DukptMac(_DEVICE.initial_key, Direction.HOST)
    asked = sealed(value, ksn, app)
    told = told_of(msgspec.convert({**value, "mac": "A" * 12}, Asked, dec_hook=_hook), APPROVED)
    answer = sealed(msgspec.to_builtins(told), ksn, host)
    return "\n\n".join(
        [
            "What the code covers, in canonical spelling:",
            listing(body_of(value).decode()),
            f"The request, {len(asked)} bytes behind its two bytes of length:",
            listing(asked.decode()),
            "The answer:",
            listing(answer.decode()),
        ]
    )


def _hook(kind: type, value: object) -> object:
    return kind(base64.b64decode(str(value))) if kind is Secret else value


def _keys() -> Iterator[tuple[str, str]]:
    yield "initial key id", f"`{_DEVICE.key_id}`"
    yield "initial key", f"`{_hex(_DEVICE.initial_key)}`"
    yield "KSN", f"`{_KSN}`"
    names = {
        Usage.MAC_GENERATE: "key of requests (MAC generation, usage 2000)",
        Usage.MAC_VERIFY: "key of answers (MAC verification, 2001)",
        Usage.DATA_ENCRYPT: "data key (data encryption, 3000)",
        Usage.PIN: "PIN key (1000)",
    }
    for usage, name in names.items():
        yield name, f"`{_hex(_key(usage))}`"
    yield "track in the block", f"`{_TRACK}`"
    yield "… filled", f"`{_filled(_TRACK.encode()).hex().upper()}`"
    yield "`pan_block`", f"`{_purchase()['pan_block']}`"
    yield "PIN field and random", f"`46{PIN.reveal().decode()}AAAAAAAA{_FILL}`"
    yield "`pin.block`", f"`{_purchase()['pin']['block']}`"


def _filled(data: bytes) -> bytes:
    data += b"\x80"
    return data + bytes(-len(data) % 16)


def _operations() -> Iterator[tuple[str, ...]]:
    for name, row in OPERATIONS.items():
        if isinstance(row.means, Kind):
            needs = ", ".join(f"`{one}`" for one in sorted(row.needs))
            token = "yes" if row.needs_attestation else "no"
            yield f"`{name}`", f"`{row.means}`", needs, token


def _fields(struct: type[msgspec.Struct], meanings: Mapping[str, str]) -> str:
    return table(("field", "what it is", "meaning"), field_rows(struct, meanings))


def _token() -> str:
    header, claims, _signature = str(_purchase()["attestation"]).split(".")
    parts = (
        json.dumps(json.loads(base64.urlsafe_b64decode(one + "=="))) for one in (header, claims)
    )
    return listing("\n".join(parts), "json")


def _base64(value: Secret) -> str:
    return base64.b64encode(value.reveal()).decode()


def _hex(key: Secret) -> str:
    """The demo's keys are public."""
    return key.reveal().hex().upper()


BLOCKS: Final[Blocks] = {
    "softpos.operations": lambda: table(("`op`", "asks", "must have", "attested"), _operations()),
    "softpos.asked": lambda: _fields(Asked, ASKED),
    "softpos.pin": lambda: _fields(PinWords, PIN_WORDS),
    "softpos.original": lambda: _fields(OriginalWords, ORIGINAL),
    "softpos.totals": lambda: _fields(TotalsWords, TOTALS),
    "softpos.told": lambda: _fields(Told, TOLD),
    "softpos.entry": lambda: codes(
        {name: f"F22 {code}: {entry_words(code)}" for name, code in ENTRY_MODES.items()}
    ),
    "softpos.claims": lambda: codes(CLAIMS),
    "softpos.token": _token,
    "softpos.keys": lambda: table(("what", "value"), _keys()),
    "softpos.purchase": _worked,
}
