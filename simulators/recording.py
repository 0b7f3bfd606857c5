"""A recording as it is read back, and what of it terminals of ours can say again."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from host.estate.plan import CardPlan, EstatePlan, TerminalPlan, VoucherPlan
from host.model.requests import Kind
from host.model.secrets import CODE_PREFIX
from host.model.terminal import TerminalFamily
from host.named_files import read_named
from terminals.recorded import VERSION, Head, Heard
from terminals.vouchers import CODED

RECORDING_BYTES_MAX: Final = 1024**3

RESTORED: Final = frozenset({"2", "14", "35", "52", "55", "62", "63", "64", "128"})
"""Fields that are withheld and made anew."""
OF_TILLS: Final = frozenset(
    {
        "card",
        "expiry",
        "pin",
        "goods",
        "order",
        "sub_order",
        "memo",
        "operator",
        "serial",
        "voucher",
    }
)
"""The same of words of tills."""
TILLS: Final = frozenset({"mis-fixed", "mis-json", "mis-iso"})
"""Dialects of tills."""
APPROVED: Final = "00"
NOT_REGISTERED: Final = "97"
MAC_WRONG: Final = "A0"
PIN_UNREADABLE: Final = "99"
BY_BYTES: Final = frozenset(
    {"unreadable", "not proved", "terminal locked", "unproved too often", "under way already"}
)
"""Silences that came of a message's own bytes or of its moment, which are not made again."""


class RecordingError(ValueError):
    """The file is no recording that can be replayed; says why."""


class Recording(NamedTuple):
    """What a file holds."""

    head: Head
    lines: tuple[Heard, ...]
    """In the order in which the messages came."""


class Cast(NamedTuple):
    """Who plays whom."""

    terminals: dict[str, TerminalPlan]
    cards: dict[str, CardPlan]
    vouchers: dict[str, VoucherPlan]
    """Those of the recording that the estate has itself."""


def read_recording(path: Path) -> Recording:
    """Read a file. A last line cut short by a kill is passed over.

    Raises:
        OSError: it cannot be read.
        RecordingError: it is none, or of another version.
    """
    first, *lines = read_named(path, RECORDING_BYTES_MAX).split(b"\n")[:-1] or [b""]
    try:
        head = msgspec.json.decode(first, type=Head)
        heard = [msgspec.json.decode(line, type=Heard) for line in lines if line]
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise RecordingError("it is no recording") from None
    if head.posswitch_recording != VERSION:
        raise RecordingError(
            f"it is of version {head.posswitch_recording}, and this build reads {VERSION}"
        )
    return Recording(head, tuple(sorted(heard, key=lambda line: line.at)))


def why_left_out(line: Heard, cast: Cast) -> str:
    """Why a message cannot be said again; empty where it can."""
    return next((why(line) for is_so, why in _LEFT_OUT if is_so(line, cast)), "")


def _odd_fields(line: Heard) -> list[str]:
    of_terminals = RESTORED | ({"48"} if line.records else set())
    made = OF_TILLS if line.dialect in TILLS else of_terminals
    return [name for name in line.withheld if name not in made]


def _code(line: Heard) -> str:
    return (line.told or {}).get("39", "")


_WRONG_BYTES: Final = {
    MAC_WRONG: "its MAC was not right",
    PIN_UNREADABLE: "its PIN block was not right",
}
_LEFT_OUT: Final[tuple[tuple[Callable[[Heard, Cast], bool], Callable[[Heard], str]], ...]] = (
    (
        lambda line, _cast: bool(line.unreadable or not line.terminal or not line.asked),
        lambda _line: "it could not be read whole",
    ),
    (
        lambda line, cast: line.terminal not in cast.terminals,
        lambda _line: "no terminal of that number was registered",
    ),
    (
        lambda line, _cast: line.silence in BY_BYTES,
        lambda line: f"it was left in silence: {line.silence}",
    ),
    (
        lambda line, _cast: _code(line) in _WRONG_BYTES,
        lambda line: _WRONG_BYTES[_code(line)],
    ),
    (lambda line, _cast: line.is_covered, lambda _line: "its card number came encrypted"),
    (
        lambda line, _cast: bool(_odd_fields(line)),
        lambda line: f"no simulator makes its field {_odd_fields(line)[0]}",
    ),
    (
        lambda line, _cast: bool({"2", "35", "card"} & set(line.withheld)) and not line.card,
        lambda _line: "its card number was none",
    ),
    (
        lambda line, _cast: line.pan.startswith(f"{CODE_PREFIX}*"),
        lambda _line: "its payment code is not kept",
    ),
    (
        lambda line, _cast: line.kind is Kind.LOAD_BY_PHONE,
        lambda _line: "its phone number is not kept",
    ),
    (
        lambda line, cast: line.kind in CODED and line.voucher not in cast.vouchers,
        lambda _line: "the estate has not the voucher that it names",
    ),
    (
        lambda line, cast: (
            line.kind is Kind.CARD_ACTIVATION
            and _code(line) == APPROVED
            and line.card in cast.cards
            and not cast.cards[line.card].part
        ),
        lambda _line: "it sold a card, and the one that plays it is sold already",
    ),
)
"""What leaves a message out, and what is said of it; the first that holds."""


def cast_of(lines: Sequence[Heard], estate: EstatePlan) -> Cast:
    """Give every card and terminal of the recording one of the estate's.

    One that the estate seems to have (its number, of a card as people see it) is that one; the
    others take what is left, in order, but no card of a batch: nobody has sold those yet.

    Raises:
        RecordingError: there are not enough.
    """
    tills = [line for line in lines if line.dialect in TILLS]
    others = [line for line in lines if line.dialect not in TILLS]
    return Cast(
        _terminals_in(others, estate, "terminals", TerminalFamily.POS)
        | _terminals_in(tills, estate, "tills", TerminalFamily.MIS),
        _paired("cards", _cards_in(lines), estate.cards, _mask_of, _in_batches(estate)),
        _vouchers_in(lines, estate),
    )


def _vouchers_in(lines: Sequence[Heard], estate: EstatePlan) -> dict[str, VoucherPlan]:
    """No voucher stands in for another: each has a worth and conditions of its own."""
    ours = {voucher.code.masked: voucher for voucher in estate.all_vouchers}
    return {line.voucher: ours[line.code] for line in lines if line.code in ours}


def _terminals_in(
    lines: Sequence[Heard], estate: EstatePlan, what: str, family: TerminalFamily
) -> dict[str, TerminalPlan]:
    ours = [each for each in estate.terminals if each.family is family and each.device is None]
    known = {each.terminal_id for each in ours}
    trading = [line for line in lines if line.terminal]
    heard = {line.terminal for line in trading if _is_registered(line)}
    terminals = [name for name in _once(line.terminal for line in trading) if name in known | heard]
    return _paired(what, [(name, name) for name in terminals], ours, _number_of)


def _is_registered(line: Heard) -> bool:
    return line.told is not None and line.told.get("39") != NOT_REGISTERED


def _cards_in(lines: Iterable[Heard]) -> list[tuple[str, str]]:
    """Every card once, with its masked number; one that stands in an upload alone has none."""
    masks: dict[str, str] = {}
    for line in lines:
        if line.card:
            masks[line.card] = line.pan
        for record in line.records:
            masks.setdefault(record.card, "")
    return [(card, mask) for card, mask in masks.items() if card]


def _in_batches(estate: EstatePlan) -> list[CardPlan]:
    return [card for batch in estate.batches for card in batch.cards]


def _number_of(plan: TerminalPlan) -> str:
    return plan.terminal_id


def _mask_of(card: CardPlan) -> str:
    return card.pan.masked


Ours = TypeVar("Ours")


def _paired(
    what: str,
    heard: Sequence[tuple[str, str]],
    ours: Sequence[Ours],
    looks: Callable[[Ours], str],
    known: Sequence[Ours] = (),
) -> dict[str, Ours]:
    """Each that was heard with one of ours; one of `known` only where it looks the same."""
    free: dict[int, Ours] = dict(enumerate((*ours, *known)))
    by_look: dict[str, list[int]] = {}
    for number, one in free.items():
        by_look.setdefault(looks(one), []).append(number)
    taken: dict[str, Ours] = {}
    for name, look in heard:
        if numbers := by_look.get(look):
            taken[name] = free.pop(numbers.pop(0))
    spare = [free[number] for number in range(len(ours)) if number in free]
    others = [name for name, _look in heard if name not in taken]
    if len(others) > len(spare):
        needed = len(ours) - len(spare) + len(others)
        raise RecordingError(
            f"it has {needed} {what}, and the estate only {len(ours)}: record for a shorter "
            "time, or fewer channels"
        )
    taken |= zip(others, spare, strict=False)
    return {name: taken[name] for name, _look in heard}


Item = TypeVar("Item", bound=Hashable)


def _once(items: Iterable[Item]) -> list[Item]:
    return list(dict.fromkeys(items))


BATCH: Final = slice(2, 8)
_DIGITS: Final = re.compile(r"\d{6}", re.ASCII)


def batch_in(fields: dict[str, str] | None) -> str:
    """The batch that F60 names; empty where it names none."""
    batch = (fields or {}).get("60", "")[BATCH]
    return batch if _DIGITS.fullmatch(batch) and int(batch) else ""


def first_batch(lines: Iterable[Heard]) -> str:
    """The batch a terminal began with: of its first approval, else the one it named first."""
    mine = list(lines)
    approved = (batch_in(line.told) for line in mine if (line.told or {}).get("39") == "00")
    named = (batch_in(line.asked) for line in mine)
    return next(filter(None, (*approved, *named)), "")


def name_of(line: Heard) -> tuple[str, ...]:
    """What a message and its reversal share: terminal, batch or date, trace."""
    when = batch_in(line.asked) or line.asked.get("date", "")
    return (line.dialect, line.terminal, when, line.asked.get("11", ""))


def kind_of(line: Heard) -> str:
    """What it asks, in words."""
    return (
        line.kind.value
        if isinstance(line.kind, Kind)
        else f"message of type {line.asked.get('t', '?')}"
    )
