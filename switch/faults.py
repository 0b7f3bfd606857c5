"""What failed that must not: logged with its exception, counted, and then the others go on.

Whoever serves many (a turn of sockets, a sweep, a batch of answers) guards what it does for each
with this. Counted for the whole process, and shown by the metrics of its switch.
"""

from collections.abc import Callable
from typing import Final, ParamSpec

import structlog
from prometheus_client import Counter

FAULTS: Final = Counter(
    "posswitch_switch_faults_total",
    "Faults that one message, peer, file or part met; see the log.",
    ("where",),
    registry=None,
)

_P = ParamSpec("_P")

_LOG = structlog.get_logger(__name__)


def count(where: str) -> None:
    """One more; whoever counts has logged it."""
    FAULTS.labels(where).inc()


def note(where: str, **about: str) -> None:
    """Log the exception that is being handled, and count it."""
    _LOG.exception("a fault was caught, the others go on", where=where, **about)
    count(where)


def guarded(where: str, call: Callable[_P, object], *args: _P.args, **more: _P.kwargs) -> None:
    """Call it; what it breaks is noted and troubles nobody else."""
    try:
        call(*args, **more)
    except Exception:  # noqa: BLE001 - whatever one of many met
        note(where)
