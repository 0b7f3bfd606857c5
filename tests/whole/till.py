"""A bare connection to the switch, and the messages of one terminal, right or wrong on purpose."""

import socket
from dataclasses import dataclass
from typing import Self

from host.estate.plan import EstatePlan, TerminalPlan
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from simulators import messages
from simulators.messages import Fields, Who
from tests.peers import codes
from tests.peers.bcd import Tag, framed, hear, say

SECONDS_MAX = 20.0
SIGN_ON_DIGIT = "3"
"""Sixth digit of an answer's header: sign on again."""


class Till:
    """A TCP connection that sends bytes and reads whole frames."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> bytes | None:
        """The next whole frame, length first; None when the switch has hung up."""
        try:
            head = self._socket.recv(2, socket.MSG_WAITALL)
            if len(head) < 2:
                return None
            return head + self._socket.recv(int.from_bytes(head), socket.MSG_WAITALL)
        except ConnectionResetError:
            return None

    def finish(self) -> int:
        """Say no more, and count what is still answered before the switch hangs up."""
        self._socket.shutdown(socket.SHUT_WR)
        return sum(1 for _answer in iter(self.receive, None))

    def ask(self, frame: bytes) -> bytes:
        self.send(frame)
        answer = self.receive()
        assert answer is not None, "the switch hung up"
        return answer


def ask(port: int, frame: bytes) -> bytes:
    """One message on a connection of its own."""
    with Till(port) as till:
        return till.ask(frame)


def fields_in(frame: bytes) -> Fields:
    """The fields of a frame, message type included."""
    return hear(frame[2:]).fields


def header_digit(frame: bytes) -> str:
    """What the answer's header tells the terminal to do next."""
    return frame[7:13].hex()[5]


class Voice:
    """What a terminal of an estate would send, with its keys and its batch."""

    def __init__(self, estate: EstatePlan, terminal_id: str, *, first_trace: int = 1) -> None:
        [self.plan] = [one for one in estate.terminals if one.terminal_id == terminal_id]
        self.merchant = estate.merchant_of(self.plan)
        self._trace = first_trace - 1
        working = self.plan.working
        self.mac: Tag | None = tag_of(self.plan, working.mak) if working else None
        self.pik: Secret | None = working.pik if working else None

    @property
    def who(self) -> Who:
        return Who(
            terminal_id=self.plan.terminal_id,
            merchant_id=self.merchant.merchant_id,
            batch=self.plan.epoch,
            pik=self.pik,
        )

    def trace(self) -> str:
        """The next trace."""
        self._trace += 1
        return f"{self._trace:06d}"

    def sealed(self, fields: Fields, mac: Tag | None = None) -> bytes:
        """A frame with its MAC."""
        return framed(say(fields, mac or self.mac))

    def plain(self, fields: Fields) -> bytes:
        """A frame without a MAC."""
        return framed(say(fields))

    def echo(self) -> bytes:
        return self.plain(messages.echo(self.who))

    def sign_on(self, layout: str = "003") -> bytes:
        serial = self.plan.terminal_id.rjust(12, "3")
        return self.plain(messages.sign_on(self.who, self.trace(), layout, serial))

    def new_keys(self, answer: bytes) -> "NewKeys":
        """The keys a sign-on's answer brings, of layout 003; the old ones stay in use."""
        return NewKeys.opened(self.plan.tmk.reveal(), bytes.fromhex(fields_in(answer)["62"]))

    def use(self, keys: "NewKeys") -> None:
        """From now on these keys."""
        self.mac, self.pik = tag_of(self.plan, Secret(keys.mak)), Secret(keys.pik)


@dataclass(frozen=True)
class NewKeys:
    """A PIK of 16 bytes and a MAK of 8, each with its check value behind it."""

    pik: bytes
    mak: bytes

    @classmethod
    def opened(cls, tmk: bytes, delivered: bytes) -> Self:
        """F62 of 40 bytes: PIK, its check value, MAK, 8 zeros or its second half, check value."""
        keys = cls(pik=codes.under(tmk, delivered[:16]), mak=codes.under(tmk, delivered[20:28]))
        assert codes.check_value(keys.pik) == delivered[16:20]
        assert codes.check_value(keys.mak) == delivered[36:40]
        return keys


TAGS = {MacAlgorithm.UNIONPAY_ECB: codes.up_ecb}


def tag_of(plan: TerminalPlan, mak: Secret) -> Tag:
    """A terminal's code under a key."""
    return TAGS[plan.mac_algorithm](mak.reveal())
