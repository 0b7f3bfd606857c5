"""What the host counts, for Prometheus. Children are bound here, each once."""

from itertools import product
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from host.cases import CaseKind
from host.model.requests import Kind
from host.model.responses import Reason

_REQUESTS = Counter(
    "posswitch_host_requests_total", "Requests answered by the host.", ["kind", "reason"]
)


class _Requests(dict[tuple[Kind, Reason], Counter]):
    """Bound when they are first counted: there are five thousand, and every command imports us."""

    def __missing__(self, answered: tuple[Kind, Reason]) -> Counter:
        kind, reason = answered
        self[answered] = _REQUESTS.labels(kind.value, reason.value)
        return self[answered]


REQUESTS: Final = _Requests()
_CASES = Counter("posswitch_host_cases_total", "Exception cases opened or seen again.", ["kind"])
CASES_OPENED: Final = {kind: _CASES.labels(kind.value) for kind in CaseKind}
KEYS_UNUSABLE: Final = Gauge(
    "posswitch_host_keys_unusable", "Stored keys that cannot be used: their terminals are refused."
)
BATCH_ITEMS: Final = Histogram(
    "posswitch_host_batch_items",
    "Requests posted together in one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
_FAULTS = Counter(
    "posswitch_host_faults_total", "Faults that one message or part met; see the log.", ["where"]
)
ITEMS_REFUSED: Final = Counter(
    "posswitch_host_items_refused_total",
    "Requests that the ledger would not take, by its constraint or what else refused them.",
    ["why"],
)
DEVICE_UP: Final = Gauge(
    "posswitch_host_device_up", "1: what holds the LMK answers; 0: terminals are told 96."
)
TLS_GOOD_UNTIL: Final = Gauge(
    "posswitch_host_tls_good_until_seconds",
    "Until when a file of TLS is good, as Unix time.",
    ["channel", "file"],
)
WAITING: Final = Gauge("posswitch_host_waiting", "Requests taken and not yet answered.")


def bind_all_requests() -> None:
    """For a page that is read: of what has not happened it says nought, and so shows the first."""
    for answered in product(Kind, Reason):
        _ = REQUESTS[answered]


def count_fault(where: str) -> None:
    """Something failed that must not have: one message or one part met it."""
    _FAULTS.labels(where).inc()
