"""Approval of a part: what there is, at a terminal that asks its customer for the rest otherwise.

Only a terminal that says it can is told so (39 = 10), for to any other that is no answer it could
use. What is approved is asked all over again, as if no more had been asked for: so no part passes
a check that the whole would not, and one below what a programme redeems at least is none.

A reversal names the part, or what was asked, which is all that a terminal knows which has heard
nothing; either way what was posted goes back, and no more. A void and a refund are of the part
alone: who makes one has heard, and what it names is what its customer and its totals are told.
"""

from host.rules.dossier import Dossier
from host.rules.points import told


def value_there_is(dossier: Dossier) -> int:
    """Money on the card that nobody holds."""
    return dossier.present_card.value.available


def points_there_are(dossier: Dossier) -> int:
    """Points of the programme that is asked for, which have not expired."""
    return told(dossier.points, dossier.today)


def takes_part(dossier: Dossier) -> bool:
    """Whether its terminal can be told of a part."""
    besides = dossier.request.besides
    return besides is not None and besides.takes_part
