"""What the other end of a connection may be believed, beside what its messages prove.

A certificate names terminals; an address is one where nobody else listens, or not; and a terminal
that has sealed a message on this connection is known to speak here for a while. That is what a
settlement or an upload needs, which carry no code: whoever closes a batch decides which of its
reversals still come in time.

A message that was overheard may be played again by anybody, so one proves only what is new: a
trace above those the terminal has proved before, and an answer of the host that is of today.
"""

import datetime as dt
from typing import Final

from host.model.requests import ExchangeKey
from switch.addresses import Networks
from switch.channels import ChannelSettings

PROVED_SECONDS: Final = 900.0
"""How long a sealed message vouches for what its terminal says unsealed."""
PROVED_MAX: Final = 4096
"""Terminals of one connection that are remembered; gateways have hundreds."""
TRACES_MAX: Final = 20_000
FRESH_SECONDS: Final = 60
_STAMP: Final = "%Y%m%d%H%M%S"


class Standing:
    """One connection's. Whoever asks for none is believed as if alone on the line."""

    __slots__ = ("_proved", "is_apart", "is_bound", "names")

    def __init__(self, *, is_apart: bool = True, is_bound: bool = False) -> None:
        self.is_apart = is_apart
        """Whether nobody else listens there: an order-blind code is believed."""
        self.is_bound = is_bound
        """Whether it speaks only for the terminals that its certificate names."""
        self.names: frozenset[str] = frozenset()
        """Those on its certificate."""
        self._proved: dict[str, float] = {}

    def may_speak_for(self, terminal_id: str) -> bool:
        """Whether its certificate lets it be this terminal."""
        return not self.is_bound or terminal_id in self.names

    def prove(self, terminal_id: str, now: float) -> None:
        """This terminal has sealed a new message here."""
        self._proved.pop(terminal_id, None)
        if len(self._proved) >= PROVED_MAX:
            del self._proved[next(iter(self._proved))]
        self._proved[terminal_id] = now

    def has_proved(self, terminal_id: str, now: float) -> bool:
        """Whether it has, not long ago."""
        return now - self._proved.get(terminal_id, -PROVED_SECONDS - 1) <= PROVED_SECONDS


class StandingRule:
    """What a channel makes of whoever connects."""

    __slots__ = ("_apart", "_has_tls", "_is_bound")

    def __init__(self, settings: ChannelSettings) -> None:
        self._apart = Networks(settings.ecb_networks or _NOWHERE)
        self._has_tls = settings.tls is not None
        self._is_bound = settings.certificate == "terminal" and self._has_tls

    def new(self, host: str) -> Standing:
        """That of a connection from this address."""
        return Standing(is_apart=self.is_apart(host), is_bound=self._is_bound)

    def is_apart(self, host: str) -> bool:
        """Whether nobody else listens on the way from there."""
        return self._has_tls or self._apart.allow(host)


_NOWHERE: Final = ("0.0.0.0/32",)


class Proofs:
    """Which sealed messages were new: those with a trace above all before it, answered just now."""

    __slots__ = ("_fresh_from", "_highest", "_latest")

    def __init__(self) -> None:
        self._highest: dict[str, tuple[str, str]] = {}
        """Terminal to batch and trace."""
        self._latest = ""
        self._fresh_from = ""

    def is_new(self, key: ExchangeKey, local_time: str) -> bool:
        """Whether a message that the host has answered is none played again."""
        if local_time > self._latest:
            self._move(local_time)
        highest, batch, trace = self._highest, key.epoch, key.stan
        known = highest.get(key.terminal_id)
        if local_time < self._fresh_from or (known and known[0] == batch and trace <= known[1]):
            return False
        if known is None and len(highest) >= TRACES_MAX:
            del highest[next(iter(highest))]
        highest[key.terminal_id] = batch, trace
        return True

    def _move(self, local_time: str) -> None:
        """The host's clock has gone on: answers of a minute ago are old."""
        self._latest = local_time
        try:
            at = dt.datetime.strptime(local_time, _STAMP)  # noqa: DTZ007 - compared with its like
        except ValueError:
            return
        self._fresh_from = f"{at - dt.timedelta(seconds=FRESH_SECONDS):{_STAMP}}"
