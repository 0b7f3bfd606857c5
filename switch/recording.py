"""Recording what is asked and answered, for as long as somebody takes the lines.

While nobody does there is no recorder and nothing here runs. A recorder stands between a message
and where it came from: it hears the answer, or why there is none, on its way out, and passes both
on as they are.
"""

from collections.abc import Callable
from typing import Final

from host.model.secrets import Secret
from switch.exchange import Origin, Reply
from switch.faults import guarded
from switch.standing import Standing
from terminals.dialects.mis import MisDialect
from terminals.isodialect import IsoDialect
from terminals.recorded import Heard, Masker, is_recordable, name_of

ENDED: Final = "the recording ended first"

TakeLine = Callable[[Heard], None]
Clock = Callable[[], float]
"""Seconds that every process of this machine counts alike."""


class Recorder:
    """Makes a line of every message of the channels it listens to."""

    def __init__(
        self, take_line: TakeLine, clock: Clock, key: Secret, channel: str | None = None
    ) -> None:
        self._take_line = take_line
        self._clock = clock
        self._masker = Masker(key)
        self._channel = channel
        self._open: dict[Watched, None] = {}
        self.why = ""
        """Why the next silence is kept."""

    def listens_to(self, origin: Origin) -> bool:
        """Whether messages of this channel are recorded."""
        is_wanted = self._channel is None or origin.channel == self._channel
        return is_wanted and is_recordable(origin.dialect)

    def watched(self, origin: Origin, reply: Reply, payload: bytes) -> Reply:
        """Where a message came from, with us in between."""
        if not self.listens_to(origin):
            return reply
        watched = Watched(self, origin, reply, payload, self._clock())
        self._open[watched] = None
        return watched

    def stop(self) -> None:
        """Nobody takes lines any more: what is open is told as it stands, what comes is not."""
        for watched in list(self._open):
            self.ended(watched, None, ENDED)

    def ended(self, watched: "Watched", payload: bytes | None, silence: str = "") -> None:
        """A message has had its answer, or None."""
        if watched not in self._open:
            return
        del self._open[watched]
        guarded("recorder", self._tell, watched, payload, silence or self.why)

    def _tell(self, watched: "Watched", payload: bytes | None, silence: str) -> None:
        dialect = watched.origin.dialect
        assert isinstance(dialect, IsoDialect | MisDialect)
        blank = Heard(
            at=watched.at,
            channel=watched.origin.channel,
            dialect=name_of(dialect),
            seconds=round(self._clock() - watched.at, 6),
            silence=silence if payload is None else "",
        )
        line = self._masker.line(dialect, watched.payload, blank)
        if payload is not None:
            line = self._masker.answered(dialect, payload, line)
        self._take_line(line)


class Watched:
    """Where one message came from: a `Reply` that tells the recorder what became of it."""

    __slots__ = ("_recorder", "_reply", "at", "origin", "payload")

    def __init__(
        self, recorder: Recorder, origin: Origin, reply: Reply, payload: bytes, at: float
    ) -> None:
        self._recorder = recorder
        self._reply = reply
        self.origin = origin
        self.payload = payload
        self.at = at

    @property
    def host(self) -> str:
        """The other side's address."""
        return self._reply.host

    @property
    def standing(self) -> Standing:
        """What the other side may be believed."""
        return self._reply.standing

    @property
    def peer(self) -> str:
        """And its port."""
        return self._reply.peer

    def send(self, payload: bytes) -> bool:
        """Answer the message; False when there is nobody to answer any more."""
        is_sent = self._reply.send(payload)
        self._recorder.ended(self, payload)
        return is_sent

    def stay_silent(self) -> None:
        """Leave it."""
        self._reply.stay_silent()
        self._recorder.ended(self, None)
