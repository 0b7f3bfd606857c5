"""A host without a ledger: approves whatever it is asked, to measure the wire alone.

Run as `python -m host.echo unix:PATH TERMINALS.json` where the file holds terminals as
`[{"terminal_id": …, "merchant_id": …, "epoch": …, "mac_algorithm": …, "mac_key": HEX}]`.
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import msgspec
import trio

from host.link.address import Address, listen
from host.model.money import Money
from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm, MacKey, TerminalProfile
from host.server import serve

_BALANCE_MINOR = 87_655


class EchoTerminal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A terminal of the file: test keys only."""

    terminal_id: str
    merchant_id: str
    epoch: str = "000001"
    mac_algorithm: MacAlgorithm = MacAlgorithm.UNIONPAY_ECB
    mac_key: str

    @property
    def profile(self) -> TerminalProfile:
        """The same, as the switch wants it."""
        return TerminalProfile(
            terminal_id=self.terminal_id,
            merchant_id=self.merchant_id,
            epoch=self.epoch,
            mac_algorithm=self.mac_algorithm,
            mac_keys=(MacKey(1, Secret.from_hex(self.mac_key)),),
        )


class EchoHost:
    """Answers in the same turn; counts what it answered."""

    def __init__(self, profiles: Mapping[str, TerminalProfile]) -> None:
        self._profiles = profiles
        self._stamp = time.strftime("%Y%m%d%H%M%S")
        self.answered = 0

    def submit(self, request: Request, answer: Callable[[Response], None]) -> None:
        """Approve, with everything a real approval carries."""
        self.answered += 1
        shows_balance = request.kind in {Kind.PURCHASE, Kind.BALANCE_INQUIRY, Kind.CASH_LOAD}
        answer(
            Response(
                reason=Reason.APPROVED,
                rrn=f"{self._stamp[4:8]}{self.answered % 100_000_000:08d}",
                auth_code=f"{self.answered % 1_000_000:06d}",
                local_time=self._stamp,
                business_date=self._stamp[:8],
                balance=Money(_BALANCE_MINOR, "CNY") if shows_balance else None,
                issuer_id="48882900",
                acquirer_id="48882900",
            )
        )

    async def find_terminal(self, terminal_id: str) -> TerminalProfile | None:
        """The terminal, if the file has it."""
        await trio.lowlevel.checkpoint()
        return self._profiles.get(terminal_id)


async def run_echo(address: str, profiles: Mapping[str, TerminalProfile]) -> NoReturn:
    """Listen at `address` and approve, for ever."""
    host = EchoHost(profiles)
    await serve([listen(Address.parse(address))], host.submit, host.find_terminal)


def read_terminals(path: Path) -> dict[str, TerminalProfile]:
    """The file's terminals by their id."""
    rows = msgspec.json.decode(path.read_bytes(), type=list[EchoTerminal])
    return {row.terminal_id: row.profile for row in rows}


if __name__ == "__main__":
    trio.run(run_echo, sys.argv[1], read_terminals(Path(sys.argv[2])))
