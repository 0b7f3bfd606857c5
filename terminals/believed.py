"""What a terminal checks before it believes an answer: a simulated one, and a seat in a browser.

The order is that of a widespread terminal application. Stricter than it in one thing: a decline
that carries a MAC has it checked too, because our host seals declines and a wrong one was made
by somebody else.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from host.hsm.mac import Mac
from host.model.claims import APPROVALS
from terminals.codec import DecodeError
from terminals.dialects.pos import POS
from terminals.isodialect import IsoDialect
from terminals.message import Message

Fields = dict[str, str]
"""A message by its field numbers; `t` is its type."""

UNSEALED: Final = frozenset({"0810", "0830", "0510", "0330"})
"""Answers to network management, settlement and upload, which carry no MAC."""
PARTIAL: Final = "10"
SIGN_ON_DIGIT: Final = "3"


@enum.unique
class Verdict(enum.Enum):
    """What an answer is worth. The values are the F39 of the reversal that follows."""

    USABLE = ""
    SILENCE = "98"
    MAC_WRONG = "A0"
    UNUSABLE = "06"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer after the checks. `fields` is empty unless it is usable."""

    verdict: Verdict
    fields: Fields
    asks_sign_on: bool = False

    @property
    def f39(self) -> str | None:
        """The response code, when there is one to believe."""
        return self.fields.get("39")

    @property
    def is_approved(self) -> bool:
        """Whether the terminal prints a receipt."""
        return self.f39 in APPROVALS


SILENCE: Final = Answer(Verdict.SILENCE, {})

Check = Callable[[Fields, Fields], bool]


def _same(name: str) -> Check:
    return lambda asked, told: asked.get(name) == told.get(name)


def _is_record(asked: Fields) -> bool:
    """Whether it is a record of an upload, whose answer says only that it came."""
    return asked["t"] == "0320"


CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("message type is the request's plus 10", lambda a, t: int(t["t"]) == int(a["t"]) + 10),
    ("processing code is echoed", lambda a, t: _is_record(a) or _same("3")(a, t)),
    ("trace is the request's or absent in both", lambda a, t: "11" not in a or _same("11")(a, t)),
    ("terminal is echoed", _same("41")),
    ("merchant is echoed on approval", lambda a, t: t.get("39") != "00" or _same("42")(a, t)),
    (
        "amount is echoed unless partial",
        lambda a, t: t.get("39") == PARTIAL or _is_record(a) or _same("4")(a, t),
    ),
)


def is_answer_to(asked: Fields, payload: bytes, dialect: IsoDialect = POS) -> bool:
    """Whether a frame is meant for this request at all: a stale one is passed over."""
    try:
        told = dialect.split(payload).fields
    except DecodeError:
        return True
    is_next_type = told["t"].isdigit() and int(told["t"]) == int(asked["t"]) + 10
    return is_next_type and all(
        asked[name] == told.get(name) for name in ("11", "41") if name in asked
    )


def check_answer(
    asked: Fields, payload: bytes | None, mac: Mac | None, dialect: IsoDialect = POS
) -> Answer:
    """Read and judge an answer to `asked`; None is silence."""
    if payload is None:
        return SILENCE
    try:
        message = dialect.split(payload)
    except DecodeError:
        return Answer(Verdict.UNUSABLE, {})
    told = message.fields
    if not all(check(asked, told) for _question, check in CHECKS):
        return Answer(Verdict.UNUSABLE, {})
    if not _mac_is_right(message, mac, dialect):
        return Answer(Verdict.MAC_WRONG, {})
    next_step = message.header.hex()[5:6] if dialect.header_says_what_next else ""
    return Answer(Verdict.USABLE, told, next_step == SIGN_ON_DIGIT)


def _mac_is_right(message: Message, mac: Mac | None, dialect: IsoDialect) -> bool:
    if message.mti in UNSEALED:
        return True
    if dialect.is_sealed(message):
        return mac is not None and dialect.mac_is_right(message, mac)
    return message.fields.get("39") not in APPROVALS
