"""Prizes of a lottery as people write them: a line each, as it is frozen, its odds in percent.

    TEA 2.5% 42 goods 0 Tea of the house

is code, odds, stock, kind, amount and name. The last is nothing, without end (`-`); where nobody
writes one it is added, without odds of its own.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from host.model.lottery import NO_END, PARTS, POSTED_AT_ONCE, Prize, PrizeKind
from host.office.lottery_refusals import ODDS
from host.office.refusals import FIELD, Refusal

PrizeLine = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z0-9]{1,8} [0-9]{1,3}(\.[0-9]{1,4})?% ([0-9]{1,9}|-) "
        r"(points|value|goods|voucher|nothing) [0-9]{1,9} \S(.{0,38}\S)?$"
    ),
]
PRINTED: Final = "gbk"
"""What tills print."""
NOTHING: Final = Prize(
    place=1, code="NONE", parts=0, stock=None, kind=PrizeKind.NOTHING, name="谢谢参与"
)


def prizes_of(lines: Sequence[str]) -> tuple[Prize, ...]:
    """In their order, the last nothing.

    Raises:
        Refusal: one of them cannot be, or they do not add up.
    """
    found = [_prize(place, line) for place, line in enumerate(lines, start=1)]
    if not any(one.kind is PrizeKind.NOTHING for one in found):
        found.append(msgspec.structs.replace(NOTHING, place=len(found) + 1))
    for problem in _problems(found):
        raise Refusal(FIELD, field="prizes", problem=problem)
    parts = sum(one.parts for one in found)
    if parts != PARTS:
        raise Refusal(ODDS, field="prizes", percent=f"{Decimal(parts) * 100 / PARTS:f}")
    return tuple(found)


def is_printed(text: str) -> bool:
    """Whether it is a line that tills print."""
    try:
        text.encode(PRINTED)
    except UnicodeEncodeError:
        return False
    return not any(ord(sign) < ord(" ") or sign == "\x7f" for sign in text)


def _prize(place: int, line: str) -> Prize:
    code, odds, stock, kind, amount, name = line.split(" ", 5)
    return Prize(
        place=place,
        code=code,
        parts=int(Decimal(odds.rstrip("%")) * PARTS / 100),
        stock=None if stock == NO_END else int(stock),
        kind=PrizeKind(kind),
        amount=int(amount),
        name=name,
    )


def _problems(prizes: Sequence[Prize]) -> Iterator[str]:
    if len({one.code for one in prizes}) < len(prizes):
        yield "two of them have one code"
    for one in prizes:
        is_nothing = one.kind is PrizeKind.NOTHING
        if is_nothing is not (one.stock is None):
            yield f"{one.code}: nothing has no end, and all else has a stock"
        if (one.kind in POSTED_AT_ONCE) is not (one.amount > 0):
            yield f"{one.code}: points and value have an amount, and nothing else has one"
        if is_nothing is not (one is prizes[-1]):
            yield "nothing is the last of them"
        if not is_printed(one.name):
            yield f"{one.code}: its name has signs that no till prints"
