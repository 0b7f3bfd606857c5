"""Codes that are sent to a phone: six digits, good once, for five minutes and five tries.

How many are sent is counted by phone and by where they are asked for, before anything is looked
at, and whether a phone is somebody's here makes no difference to anything. Of a code its hash under
a key is kept, with the phone and what it is for.
"""

import datetime as dt
import enum
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.office.action import Acting
from host.office.member_refusals import CODES_OFTEN, NO_SMS, PHONE_CODE
from host.office.phones import mask_phone, phone_hash
from host.office.refusals import NOT_FOUND, Refusal
from host.sms import Text
from host.stock.lives import PHONE_USE
from host.stock.lives import SQL as LIVES
from host.store.connecting import Connection
from host.store.office_settings import (
    CODES_OF_PHONE_MAX,
    CODES_OF_SOURCE_MAX,
    TRIES_MINUTES,
    values_of,
)
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "phone_codes.sql")
OPEN: Final = dt.timedelta(minutes=5)
TRIES_MAX: Final = 5
DIGITS: Final = 6
CODE_USE: Final = "phone code"
OF_PHONE: Final = "code to "


@enum.unique
class SentFor(enum.StrEnum):
    """What a code is good for."""

    SIGN_IN = "sign_in"
    PAY_PIN = "pay_pin"


WORDS_OF: Final[Mapping[SentFor, str]] = {
    SentFor.SIGN_IN: "登录验证码 {code}, 5 分钟内有效, 请勿告诉他人. A code to sign in by.",
    SentFor.PAY_PIN: "支付密码验证码 {code}, 5 分钟内有效, 请勿告诉他人. A code for your pay PIN.",
}


def send_code(acting: Acting, phone: str, sent_for: SentFor) -> dict[str, object]:
    """Send another, which ends the one before; gives what is told of it.

    Raises:
        Refusal: too many were sent, or none can be; what was counted is kept.
    """
    hashed = phone_hash(acting.hsm, phone)
    if acting.asked is not None and acting.asked.is_dry_run:
        return {}
    _count(acting, hashed)
    if acting.sms is None:
        raise Refusal(NO_SMS, is_kept=True)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    told = {
        "phone": hashed,
        "sent_for": sent_for.value,
        "code": _hash(acting.hsm, hashed, sent_for, Secret(code.encode())),
        "now": acting.now,
    }
    acting.connection.execute(SQL["keep_code"], told)
    words = WORDS_OF[sent_for].format(code=code)
    try:
        acting.sms.send(Text(phone=Secret(phone.encode()), masked=mask_phone(phone), words=words))
    except OSError:
        raise Refusal(NO_SMS, is_kept=True) from None
    sender = acting.sms.sender
    simulated = {"simulated_by": sender.name} if sender.is_simulated else {}
    return {"minutes": int(OPEN.total_seconds()) // 60, **simulated}


def phone_of_member(connection: Connection, hsm: Hsm, member: int) -> tuple[bytes, str]:
    """What it is found by, and the number.

    Raises:
        Refusal: they have none any more.
    """
    row = connection.execute(SQL["phone_of_member"], (member,)).fetchone()
    if row is None:
        raise Refusal(NOT_FOUND, what="member")
    hashed, sealed = bytes(row[0]), bytes(row[1])
    opened = hsm.open_secret(sealed, f"{PHONE_USE}/{hashed.hex()}")
    return hashed, opened.reveal().decode()


def take_code(acting: Acting, hashed: bytes, sent_for: SentFor, code: Secret) -> None:
    """Return where it is the newest that was sent there for this; it is used up.

    Raises:
        Refusal: it is not, in one text; the try is kept.
    """
    told = {"phone": hashed, "sent_for": sent_for.value}
    row = acting.connection.execute(SQL["code_of"], told).fetchone()
    right = _hash(acting.hsm, hashed, sent_for, code)
    kept, sent_at, tries = row if row is not None else (bytes(len(right)), None, 0)
    is_open = sent_at is not None and sent_at + OPEN > acting.now and tries < TRIES_MAX
    if not (hmac.compare_digest(right, bytes(kept)) and is_open):
        acting.connection.execute(SQL["count_wrong"], told)
        raise Refusal(PHONE_CODE, field="code", is_kept=True)
    acting.connection.execute(SQL["end_code"], told)


def _count(acting: Acting, hashed: bytes) -> None:
    source = acting.asked.source if acting.asked is not None else ""
    of_phone, of_source, minutes = values_of(
        acting.connection, CODES_OF_PHONE_MAX, CODES_OF_SOURCE_MAX, TRIES_MINUTES
    )
    since = acting.now - dt.timedelta(minutes=minutes)
    by = sorted([f"{OF_PHONE}{hashed.hex()}", f"code from {source}"])
    told = {"by": by, "now": acting.now, "since": since}
    for name, tries in acting.connection.execute(LIVES["count_tries"], told).fetchall():
        if tries > (of_phone if name.startswith(OF_PHONE) else of_source):
            raise Refusal(CODES_OFTEN, field="phone", is_kept=True, minutes=minutes)


def _hash(hsm: Hsm, hashed: bytes, sent_for: SentFor, code: Secret) -> bytes:
    told = b"/".join([hashed, sent_for.value.encode(), code.reveal().strip()])
    return hsm.hash_secret(Secret(told), CODE_USE)
