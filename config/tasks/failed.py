"""What failed in a simulation: in its summary, and in its exit status."""

import errno
from typing import Any, Final

from config.errors import BUG, CURES, FAULT_OF_OURS, NEXT, SURROUNDINGS_WRONG, code_of
from config.tasks import loops
from simulators.failures import Failure, Failures

OTHER_CURES: Final = {
    **loops.CURES,
    errno.ECONNREFUSED: "see whether the switch still stands (posswitch doctor)",
}
"""Of what a line meets."""
NAMES: Final = {
    "terminal": "terminal {}",
    "channel": "channel {}",
    "scenario": "scenario {}",
    "slow sender": "slow sender {}",
    "gateway": "gateway {}",
}
"""Parts of which there are many."""
ANY_CURE: Final = "see what is wrong there (posswitch doctor), and run it again"


def failed_lines(failures: Failures) -> list[str]:
    """A sentence for each kind of failure: what, how often, why, and what to do."""
    return [f"failed: {_who(each, count)}: {_why(each)}" for each, count in failures.counts.items()]


def failed_status(failures: Failures) -> int:
    """The exit status of a simulation in which this failed; 0 where nothing did."""
    if not failures:
        return 0
    return FAULT_OF_OURS if any(map(_is_ours, failures.counts)) else SURROUNDINGS_WRONG


def failed_json(failures: Failures) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {"part": each.part, "who": each.who, "why": _why(each), "count": count}
        for each, count in failures.counts.items()
    ]


def _who(failure: Failure, count: int) -> str:
    first = NAMES[failure.part].format(failure.who) if failure.who else failure.part
    return first if count == 1 else f"{first} and {count - 1:,} more"


def _is_ours(failure: Failure) -> bool:
    """Whether nobody foresaw it: what is written for an operator was foreseen."""
    return failure.is_ours and code_of(failure.error) == BUG


def _why(failure: Failure) -> str:
    error = failure.error
    if _is_ours(failure):
        kind = type(error).__name__
        return (
            f"a fault of posswitch's own ({kind}), its traceback is in the log. "
            "Next: send that and posswitch --version"
        )
    said = (getattr(error, "strerror", None) or str(error)).strip().rstrip(".")
    if NEXT in said:
        return said
    number = getattr(error, "errno", None) or 0
    first, then = (CURES, OTHER_CURES) if getattr(error, "filename", None) else (OTHER_CURES, CURES)
    return f"{said}. {NEXT} {first.get(number) or then.get(number, ANY_CURE)}"
