"""A bare connection to the switch, and the messages of one terminal, right or wrong on purpose."""

import socket
from typing import Self

from host.estate.plan import EstatePlan, TerminalPlan
from host.hsm.keys import DeliveredKeys, receive
from host.hsm.mac import Mac, mac_for
from host.model.secrets import Secret
from simulators import messages
from simulators.messages import Fields, Who
from terminals.dialects.pos import POS
from terminals.framing import wrap

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
    return POS.split(frame[2:]).fields


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
        self.mac: Mac | None = mac_of(self.plan, working.mak) if working else None
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

    def sealed(self, fields: Fields, mac: Mac | None = None) -> bytes:
        """A frame with its MAC."""
        payload = POS.compose(messages.TPDU, messages.HEADER, dict(fields), mac or self.mac)
        return wrap(payload)

    def plain(self, fields: Fields) -> bytes:
        """A frame without a MAC."""
        return wrap(POS.compose(messages.TPDU, messages.HEADER, dict(fields), None))

    def echo(self) -> bytes:
        return self.plain(messages.echo(self.who))

    def sign_on(self, layout: str = "003") -> bytes:
        serial = self.plan.terminal_id.rjust(12, "3")
        return self.plain(messages.sign_on(self.who, self.trace(), layout, serial))

    def new_keys(self, answer: bytes, layout: str = "003") -> DeliveredKeys:
        """The keys a sign-on's answer brings; the old ones stay in use."""
        return receive(layout, self.plan.tmk, bytes.fromhex(fields_in(answer)["62"]))

    def use(self, keys: DeliveredKeys) -> None:
        """From now on these keys."""
        self.mac, self.pik = mac_of(self.plan, keys.mak), keys.pik


def mac_of(plan: TerminalPlan, mak: Secret) -> Mac:
    """A terminal's MAC under a key."""
    return mac_for(plan.mac_algorithm, mak)
