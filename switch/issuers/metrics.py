"""What the switch counts of one issuer. Every child is bound once."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from host.model.responses import Reason

PREFIX: Final = "posswitch_switch_issuer_"


class IssuersMetrics:
    """The families, in the switch's registry; made once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *more: str) -> Counter:
            return Counter(f"{PREFIX}{name}_total", text, ("issuer", *more), registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"{PREFIX}{name}", text, ("issuer",), registry=registry)

        self.unmatched = counter("unmatched", "Answers of the issuer that nobody waits for.")
        self.unreadable = counter("unreadable", "Messages of the issuer that cannot be read.")
        self.mismatched = counter("mismatched", "Answers that do not answer what was asked.")
        self.unspeakable = counter("unspeakable", "Messages that cannot be spelled for the issuer.")
        self.time_outs = counter("time_outs", "Messages the issuer did not answer in time.")
        self.stood_in = counter("stood_in", "Messages answered in its place.", "reason")
        self.lines_up = gauge("lines_up", "Lines fit for trade.")
        self.in_flight = gauge("in_flight", "Messages at the issuer.")
        self.breaker = gauge("breaker", "0 closed, 1 one message tries, 2 open.")


class IssuerMetrics:
    """One issuer's own."""

    def __init__(self, families: IssuersMetrics, issuer: str) -> None:
        self.unmatched = families.unmatched.labels(issuer)
        self.unreadable = families.unreadable.labels(issuer)
        self.mismatched = families.mismatched.labels(issuer)
        self.unspeakable = families.unspeakable.labels(issuer)
        self.time_outs = families.time_outs.labels(issuer)
        self.lines_up = families.lines_up.labels(issuer)
        self.in_flight = families.in_flight.labels(issuer)
        self.breaker = families.breaker.labels(issuer)
        self._stood_in = families.stood_in
        self._issuer = issuer

    def stood_in(self, reason: Reason) -> None:
        """Count a message that the issuer was not asked."""
        self._stood_in.labels(self._issuer, reason.value).inc()
