"""The front processor's own front: messages in, answers or silence out."""

from switch.dispatch import Dispatcher, Reversals
from switch.exchange import Exchange
from switch.hostlink import Link
from switch.intake import Intake
from switch.lane import Lane
from switch.memory.route_words import HOST
from switch.metrics import Metrics
from switch.routing import Router
from switch.settings import SwitchSettings
from switch.telling import Recorder, Telling


class Front:
    """Intake, dispatch and telling, put together. Without a router our own host is asked."""

    def __init__(
        self,
        link: Link,
        reversals: Reversals,
        metrics: Metrics,
        settings: SwitchSettings,
        router: Router[Exchange] | None = None,
    ) -> None:
        router = router or Router(Lane(HOST, link, settings.host_seconds_max))
        telling = self._telling = Telling(metrics, settings)
        self._intake = Intake(link, telling, metrics, settings)
        self._dispatcher = Dispatcher(router, reversals, telling, metrics, self._intake.heard)
        self._intake.onward = self._dispatcher
        self.take = self._intake.take
        self.late = self._dispatcher.late

    @property
    def recorder(self) -> Recorder | None:
        """Who is told of every message; None while nobody records."""
        return self._telling.recorder

    @recorder.setter
    def recorder(self, recorder: Recorder | None) -> None:
        self._telling.recorder = recorder

    @property
    def in_flight(self) -> int:
        """Messages at the host and at issuers."""
        return self._dispatcher.in_flight

    def sweep(self, now: float) -> None:
        """End what was not answered in time, and forget what is over."""
        self._dispatcher.sweep(now)
        self._intake.sweep(now)
