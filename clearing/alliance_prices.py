"""What the points of an alliance are worth to whom, in whole minor units.

A merchant's part is rounded for itself, half to the even one. What all of an issuer's merchants
have together is rounded once as well, and what parts miss of it stands on the rounding account: so
the parts and the rest are the whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from host.model.fees import MILLION
from host.rules.alliances import HELD, Settled

MovedPoints = Mapping[str, Any]
"""Points that moved by terms: `act`, `merchant_id`, `issuer_id`, `programme`, `points`, `terms_id`
(None: none had begun), and what the terms say."""


class Settlement(NamedTuple):
    """One row of what was settled. A negative amount goes the other way."""

    terms_id: int | None
    programme: str
    merchant_id: int
    issuer_id: int
    act: str
    points: int
    amount_minor: int
    unit: str
    is_prefunded: bool


def half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number; of two that are as near, the even one."""
    whole, rest = divmod(abs(numerator), denominator)
    whole += 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1)
    return whole if numerator >= 0 else -whole


def settlements(moved: Iterable[MovedPoints]) -> Iterator[Settlement]:
    """What is paid for points that moved; `moved` is sorted by issuer, terms and act."""
    for _, same in groupby(moved, _group):
        yield from _of_group(list(same))


def _of_group(group: list[MovedPoints]) -> Iterator[Settlement]:
    first = group[0]
    price, per = _price(first), first["per"]
    parts = [_settled(one, one["act"], half_even(one["points"] * price, per)) for one in group]
    for one, part in zip(group, parts, strict=True):
        yield part
        if part.act == "taken":
            yield from _fee(one, part.amount_minor)
    whole = half_even(sum(part.points for part in parts) * price, per)
    rest = whole - sum(part.amount_minor for part in parts)
    if rest:
        yield _settled(first, f"{first['act']}_rest", rest)._replace(points=0)


def _fee(one: MovedPoints, worth_minor: int) -> Iterator[Settlement]:
    fee = half_even(worth_minor * (one["fee_millionths"] or 0), MILLION)
    share = half_even(fee * (one["share_millionths"] or 0), MILLION)
    for act, amount in (("fee", fee), ("share", share)):
        if amount:
            yield _settled(one, act, amount)._replace(points=0)


def _price(one: MovedPoints) -> int:
    """Of so many points as the terms say; none where no terms had begun, or nothing is due yet."""
    if one["terms_id"] is None or one["act"] == HELD:
        return 0
    price: int = one["redeemed_minor" if one["act"] == "taken" else "issued_minor"]
    return price


def _settled(one: MovedPoints, act: str, amount_minor: int) -> Settlement:
    return Settlement(
        terms_id=one["terms_id"],
        programme=one["programme"],
        merchant_id=one["merchant_id"],
        issuer_id=one["issuer_id"],
        act=act,
        points=one["points"],
        amount_minor=amount_minor,
        unit=one["unit"],
        is_prefunded=one["settled"] == Settled.PREFUNDED,
    )


_group: Final = itemgetter("issuer_id", "programme", "terms_id", "act")
