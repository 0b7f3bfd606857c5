"""What a rehearsal tells: all that would be, but no number of a row that is undone with it.

Numbers are drawn from sequences, which nothing gives back: whoever does it afterwards gets others.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from host.model.office import Done
from host.office.fields import Values
from host.office.subjects import SUBJECTS

NUMBERS: Final = frozenset({"booking", "file", "grant", "job", "payment", "sale", "schedule"})
"""What actions call the numbers of rows that they make."""
ID: Final = "id"
"""Of a row that is made itself."""


def as_rehearsed(done: Done, values: Values, *, made: str) -> Done:
    """Without those that nobody has named; `made` is the kind of the subject, were it a new one."""
    told, after = _without_numbers(done.told, values), _without_numbers(done.after, values)
    if not made:
        return msgspec.structs.replace(done, told=told, after=after)
    is_numbered = made in SUBJECTS and SUBJECTS[made].is_numbered
    return Done(
        subject="" if is_numbered else done.subject,
        before=done.before,
        after={name: each for name, each in after.items() if name != ID},
        told=told,
        shown_once=done.shown_once,
    )


def _without_numbers(told: Mapping[str, Any], values: Values) -> dict[str, Any]:
    return {
        name: each
        for name, each in told.items()
        if name not in NUMBERS or getattr(values, name, None) == each
    }
