"""Which rules of programmes gave points, what they cap, and at which rate points were converted."""

from config.tasks.lives import Labelled, when
from host.house_rules.rule import Period
from host.store.trace_told import CountedPoints, Trace


def points_told(found: Trace) -> Labelled:
    """The rules by which it earned points, their caps, the rate at which it converted them."""
    for one in found.earned:
        yield "earned", f"{one.points} by rule {one.rule} of {one.since}: {one.name}"
        most = "" if one.points_max is None else f", {one.points_max:,} at most"
        yield "", f"what all earn, {one.times}/{one.per} times, and {one.bonus:,} more{most}"
    for counted in found.earn_counted:
        yield "", _counted(counted)
    if found.rate is not None:
        rate = found.rate
        yield "rate", f"{rate.gives} for {rate.takes}, since {when(rate.since)} (rate {rate.rate})"


def _counted(counted: CountedPoints) -> str:
    """Of a cap on what a card earns by a rule in a time."""
    of_day = counted.period == Period.DAY
    time = f"{counted.since}" if of_day else f"{counted.since:%Y-%m}"
    points, rule = counted.points.amount_minor, counted.rule
    if counted.asked:
        most = "-" if counted.points_max is None else f"{counted.points_max:,}"
        return (
            f"rule {rule} gives a card {most} points in {time} at most: it had {counted.had:,}, "
            f"so it gave {points:,} of {counted.asked:,}"
        )
    if points < 0:
        return f"rule {rule} may give the card {-points:,} points more in {time}"
    return f"{points:,} points of rule {rule} count in {time} again"
