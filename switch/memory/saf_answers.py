"""What answers to a message that is owed mean: which end it, and which leave it owed."""

from typing import Final, NamedTuple

from host.model.requests import Request
from host.model.responses import Reason
from switch.memory.route_words import HOST

NOT_YET: Final = frozenset(
    {
        Reason.HOST_UNREACHABLE,
        Reason.IN_PROGRESS,
        Reason.CUT_OFF_IN_PROGRESS,
        Reason.MALFUNCTION,
        Reason.TIMED_OUT,
    }
)
"""Answers that leave it owed: the other side cannot say now."""


class Answers(NamedTuple):
    """What answers mean. Every one that is in no column is a refusal, and counted."""

    decided: frozenset[Reason]
    """They end it."""
    not_yet: frozenset[Reason]
    """They leave it owed."""
    hopeless: frozenset[Reason]
    """No repetition will change them."""


OF_REVERSALS: Final = Answers(
    decided=frozenset(
        {
            Reason.APPROVED,
            Reason.ORIGINAL_NOT_FOUND,
            Reason.ORIGINAL_VOIDED,
            Reason.INSUFFICIENT_FUNDS,
            Reason.DUPLICATE,
        }
    ),
    not_yet=NOT_YET,
    hopeless=frozenset({Reason.FORMAT_ERROR, Reason.FUNCTION_NOT_SUPPORTED, Reason.NOT_POSTABLE}),
)
"""Undone, nothing to undo, or for good not to be undone. A case report is answered 00."""
OF_ISSUERS_REVERSALS: Final = Answers(
    decided=OF_REVERSALS.decided - {Reason.INSUFFICIENT_FUNDS},
    not_yet=NOT_YET,
    hopeless=OF_REVERSALS.hopeless | {Reason.INSUFFICIENT_FUNDS},
)
"""Our host opens a case where it refuses one. What an issuer does not undo our host undoes all the
same, so that somebody has to talk with that issuer."""
OF_ADVICES: Final = Answers(
    decided=frozenset({Reason.APPROVED, Reason.DUPLICATE}),
    not_yet=NOT_YET | {Reason.ISSUER_UNKNOWN},
    hopeless=OF_REVERSALS.hopeless
    | {
        Reason.INVALID_AMOUNT,
        Reason.ORIGINAL_MISMATCH,
        Reason.ORIGINAL_NOT_FOUND,
        Reason.ORIGINAL_VOIDED,
    },
)
"""Posted, or undone before it came (94). An issuer that the estate lacks can be put into it."""
SAYS_MORE: Final = {Reason.NOT_POSTABLE: ", the host's log names the constraint beside its key"}


def answers_to(request: Request, route: str) -> Answers:
    """What answers to this mean."""
    if request.decision is not None:
        return OF_ADVICES
    return OF_REVERSALS if route == HOST else OF_ISSUERS_REVERSALS
