"""What an action's fields are to a command line or a form: secrets, choices, what stands alone."""

import enum
import types
import typing
from typing import Any, Final

import msgspec

from host.model.secrets import Secret

CHOICE: Final = typing.Literal


def stand_alone(fields: tuple[msgspec.structs.FieldInfo, ...]) -> list[msgspec.structs.FieldInfo]:
    """What stands without a name: what the action is about, and a choice that must be made."""
    required = [each for each in fields if each.required and not is_secret(each)]
    named = [each for each in required if each.name != "note"]
    choices = [each for each in named[1:] if typing.get_origin(kinds_of(each.type)[0]) is CHOICE]
    return [*named[:1], *choices]


def is_secret(field: msgspec.structs.FieldInfo) -> bool:
    """Whether it is never echoed."""
    return any(kind is Secret for kind in kinds_of(field.type))


def kinds_of(kind: Any) -> tuple[Any, ...]:
    """The types of a union, without None; of a type that carries its rule the type."""
    if hasattr(kind, "__metadata__"):
        return kinds_of(kind.__origin__)
    parts = getattr(kind, "__args__", ()) if _is_union(kind) else (kind,)
    found: tuple[Any, ...] = ()
    for part in parts:
        if part is not type(None):
            found += kinds_of(part) if part is not kind else (part,)
    return found


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in {typing.Union, types.UnionType}


def choices_of(kind: Any) -> tuple[str, ...]:
    """The words of what is one of a few."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return tuple(str(each.value) for each in kind)
    return tuple(map(str, typing.get_args(kind))) if typing.get_origin(kind) is CHOICE else ()
