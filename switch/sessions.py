"""Who the terminals are and under which keys they speak, as far as this switch has asked.

A terminal is asked for once, its messages waiting meanwhile; after that its keys are at hand
with their cipher contexts. A terminal nobody knows is remembered for a moment too, so that
noise at the port does not become noise at the host.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import structlog
import trio

from host.hsm.mac import Mac
from host.model.responses import Reason
from host.model.terminal import DUKPT, ORDER_BLIND, TerminalProfile
from switch.hostlink import Link
from switch.overheard import Codes, OnceMac
from switch.settings import SwitchSettings
from terminals.dukpt_session import session_mac

WAITING_MAX: Final = 64
"""Messages of one terminal that may wait for its profile; the next are told 09."""
UNKNOWN_MAX: Final = 10_000
"""Strangers remembered; beyond it the one met longest ago is let go."""
ASKED_MAX: Final = 16_384
"""Terminals asked for at a time."""

_LOG = structlog.get_logger(__name__)


class Session:
    """A terminal and its kept MACs, the newest generation first."""

    __slots__ = ("fetched_at", "is_order_blind", "macs", "newest", "profile", "signs_on")

    def __init__(
        self, profile: TerminalProfile, fetched_at: float, codes: Codes | None = None
    ) -> None:
        """`codes` are those heard of it so far."""
        self.profile = profile
        self.fetched_at = fetched_at
        self.signs_on = profile.mac_algorithm not in DUKPT
        self.is_order_blind = profile.mac_algorithm in ORDER_BLIND
        """Whether its codes fit more than one message."""
        macs = [
            (key.generation, session_mac(profile.mac_algorithm, key.key))
            for key in profile.mac_keys
        ]
        if self.is_order_blind:
            codes = codes or Codes()
            macs = [(generation, OnceMac(mac, codes)) for generation, mac in macs]
        self.macs: tuple[tuple[int, Mac], ...] = tuple(macs)
        self.newest = self.macs[0][0] if self.macs else 0
        """The generation of its newest key; 0 where it has none."""

    def keep_newest(self) -> None:
        """The terminal has used its new keys: the older ones are over."""
        if len(self.macs) > 1:
            self.macs = self.macs[:1]


WaitingT = TypeVar("WaitingT")
"""A message that waits for its terminal's session."""

Resume = Callable[[WaitingT, Session | Reason], None]
"""Goes on with one: its terminal's session, or why there is none."""


class Sessions(Generic[WaitingT]):
    """The cache, and the questions under way."""

    def __init__(self, link: Link, limits: SwitchSettings, resume: Resume[WaitingT]) -> None:
        self._find = link.find
        self._limits = limits
        self._resume = resume
        self._known: dict[str, Session] = {}
        self._codes: dict[str, Codes] = {}
        """Of terminals under an order-blind code: longer than any session."""
        self._unknown: dict[str, float] = {}
        self._asked: dict[str, _Question[WaitingT]] = {}

    def get(self, terminal_id: str, now: float) -> Session | None:
        """The session at hand; None when the host has to be asked."""
        session = self._known.get(terminal_id)
        if session is None or now - session.fetched_at > self._limits.session_seconds_max:
            return None
        return session

    def is_fresh(self, session: Session, now: float) -> bool:
        """Whether asking again so soon would be in vain."""
        return now - session.fetched_at < self._limits.refetch_seconds_min

    def wait(self, terminal_id: str, waiting: WaitingT, now: float) -> Reason | None:
        """Ask the host, or join those who asked; a reason when that is no use now."""
        if now - self._unknown.get(terminal_id, -1e9) < self._limits.refetch_seconds_min:
            return Reason.INVALID_TERMINAL
        question = self._asked.get(terminal_id)
        if question is None:
            if len(self._asked) >= ASKED_MAX:
                return Reason.HOST_UNREACHABLE
            question = _Question(self, terminal_id, now)
            if not self._find(terminal_id, question):
                return Reason.HOST_UNREACHABLE
            self._asked[terminal_id] = question
        elif len(question.waiting) >= WAITING_MAX:
            return Reason.IN_PROGRESS
        question.waiting.append(waiting)
        return None

    def renew(self, terminal_id: str, now: float) -> None:
        """Its keys have changed: forget what we had and ask for the new."""
        self._known.pop(terminal_id, None)
        question = _Question(self, terminal_id, now)
        older = self._asked.get(terminal_id)
        if older is not None:
            # What is being answered now may be from before the change.
            question.waiting, older.waiting = older.waiting, []
        if self._find(terminal_id, question):
            self._asked[terminal_id] = question
        else:
            self._close(question, Reason.HOST_UNREACHABLE)

    def sweep(self, now: float) -> None:
        """Give up on questions the host does not answer; forget old strangers."""
        oldest = now - self._limits.find_seconds_max
        for question in [late for late in self._asked.values() if late.asked_at <= oldest]:
            self._close(question, Reason.HOST_UNREACHABLE)
        oldest = now - self._limits.refetch_seconds_min
        while self._unknown and self._unknown[next(iter(self._unknown))] <= oldest:
            del self._unknown[next(iter(self._unknown))]

    def settle(self, question: "_Question[WaitingT]", profile: TerminalProfile | None) -> None:
        """The host has spoken."""
        now = trio.current_time()
        if profile is None:
            self._unknown.pop(question.terminal_id, None)
            if len(self._unknown) >= UNKNOWN_MAX:
                del self._unknown[next(iter(self._unknown))]
            self._unknown[question.terminal_id] = now
            self._close(question, Reason.INVALID_TERMINAL)
            return
        try:
            session = Session(profile, now, self._codes_of(profile))
        except ValueError as error:
            _LOG.error("terminal has keys of a wrong size", tid=profile.terminal_id, why=str(error))
            self._close(question, Reason.MALFUNCTION)
            return
        self._remember(question.terminal_id, session)
        self._close(question, session)

    def lose(self, question: "_Question[WaitingT]") -> None:
        """The link went down before the host could speak."""
        self._close(question, Reason.HOST_UNREACHABLE)

    def _codes_of(self, profile: TerminalProfile) -> Codes | None:
        if profile.mac_algorithm not in ORDER_BLIND:
            return None
        codes = self._codes.pop(profile.terminal_id, None) or Codes()
        if len(self._codes) >= self._limits.sessions_max:
            del self._codes[next(iter(self._codes))]
        self._codes[profile.terminal_id] = codes
        return codes

    def _remember(self, terminal_id: str, session: Session) -> None:
        self._known.pop(terminal_id, None)
        if len(self._known) >= self._limits.sessions_max:
            del self._known[next(iter(self._known))]
        self._known[terminal_id] = session

    def _close(self, question: "_Question[WaitingT]", result: Session | Reason) -> None:
        if self._asked.get(question.terminal_id) is question:
            del self._asked[question.terminal_id]
        waiting, question.waiting = question.waiting, []
        for each in waiting:
            self._resume(each, result)


class _Question(Generic[WaitingT]):
    """One terminal asked for, and the messages that wait for the answer."""

    __slots__ = ("_sessions", "asked_at", "terminal_id", "waiting")

    def __init__(self, sessions: Sessions[WaitingT], terminal_id: str, asked_at: float) -> None:
        self._sessions = sessions
        self.terminal_id = terminal_id
        self.asked_at = asked_at
        self.waiting: list[WaitingT] = []

    def found(self, profile: TerminalProfile | None) -> None:
        """As a `Finder` of the link."""
        self._sessions.settle(self, profile)

    def lost(self) -> None:
        """As a `Finder` of the link."""
        self._sessions.lose(self)
