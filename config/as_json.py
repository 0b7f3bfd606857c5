"""JSON as every command prints it.

An amount is a whole number of minor units and stands beside its unit, as the ledger has it (`CNY`,
`P:CITY`), and its currency, which points have none of. Bytes are hexadecimal, days and moments as
ISO 8601 writes them. What is secret stays covered, for only its repr is known here.
"""

import dataclasses
import datetime as dt
import enum
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from config.screen import screen
from host.model.money import POINTS_PREFIX, Money

MINOR: Final = "_minor"


def print_json(value: object) -> None:
    """Print it, for programs."""
    screen().out(json.dumps(as_builtins(value), indent=2, ensure_ascii=False))


def print_line_of_json(value: object) -> None:
    """The same on a line, where there is one of each step."""
    screen().out(json.dumps(as_builtins(value), ensure_ascii=False))


def as_builtins(value: object) -> Any:
    """A value of ours as JSON has it."""
    for kind, spelled in _SPELLINGS:
        if isinstance(value, kind):
            return spelled(value)
    named = _named(value)
    if named is not None:
        return _told(named)
    return [as_builtins(each) for each in value] if isinstance(value, Iterable) else str(value)


def currency_of(unit: str) -> str | None:
    """ISO 4217 letters; points are no currency."""
    return None if not unit or unit.startswith(POINTS_PREFIX) else unit


def _money(value: Money) -> dict[str, object]:
    currency = currency_of(value.unit)
    return {"amount_minor": value.amount_minor, "unit": value.unit, "currency": currency}


def _named(value: object) -> Mapping[Any, object] | None:
    """A value's parts by their names, where it has such."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        parts: Mapping[Any, object] = value._asdict()
        return parts
    return None


def _told(named: Mapping[Any, object]) -> dict[str, Any]:
    told = {str(as_builtins(name)): as_builtins(value) for name, value in named.items()}
    if isinstance(told.get("unit"), str) and any(name.endswith(MINOR) for name in told):
        told["currency"] = currency_of(told["unit"])
    return told


_SPELLINGS: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...]] = (
    (enum.Enum, lambda value: value.value),
    ((str, int, float, type(None)), lambda value: value),
    (bytes, bytes.hex),
    ((dt.date, dt.time), lambda value: value.isoformat()),
    (Path, str),
    (Money, _money),
)
"""How what has no parts is written. The first that fits: an enumeration's word is a text, too."""
