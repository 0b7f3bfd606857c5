"""Tables of `docs/settings.md`: every key of `posswitch.toml`, from the structs that read it.

What a key means is the docstring beneath it in its struct; a test names every key without one.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import inspect as types

from config.manual.page import Blocks, table
from config.settings import TOP_TABLES, Settings
from host.model.requests import Kind
from host.model.responses import Reason
from switch.channels import CHANNEL_KINDS, ChannelSettings

_BY_KIND: Final = frozenset(next(iter(CHANNEL_KINDS.values())).__struct_fields__)
"""What a channel leaves to its kind unless it says otherwise."""
_ENUMS: Final[Mapping[type, str]] = {Kind: "kind (dialects.md)", Reason: "reason (dialects.md)"}
_PLAIN: Final[Mapping[type[types.Type], str]] = {
    types.StrType: "text",
    types.BoolType: "`true` or `false`",
    types.DictType: "table",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOfKeys:
    """One table of the file: how its head is written, and what reads it."""

    head: str
    struct: type[msgspec.Struct]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a table."""

    name: str
    type: str
    default: str
    meaning: str


def tables() -> Iterator[TableOfKeys]:
    """Every table of the file, those within others behind them."""
    for field in msgspec.structs.fields(Settings):
        yield from _tables(field.type, field.encode_name, is_list=False)


def keys(struct: type[msgspec.Struct]) -> Iterator[Key]:
    """The keys of a table that are no tables themselves."""
    meanings = meanings_of(struct)
    told = {field.encode_name: field.type for field in _info(struct).fields}
    for field in msgspec.structs.fields(struct):
        if _struct_in(field.type)[0] is not None:
            continue
        yield Key(
            name=field.encode_name,
            type=_words(told[field.encode_name]),
            default=_default(struct, field),
            meaning=" ".join(meanings.get(field.name, "").split()),
        )


def meanings_of(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The docstrings beneath a struct's fields."""
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for line, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            text = after.value if isinstance(after, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[line.target.id] = text.value
    return found


def _tables(kind: Any, path: str, *, is_list: bool) -> Iterator[TableOfKeys]:
    for top in TOP_TABLES:
        path = path.replace(f"switch.{top}", top)
    yield TableOfKeys(head=f"[[{path}]]" if is_list else f"[{path}]", struct=kind)
    for field in msgspec.structs.fields(kind):
        inner, is_many = _struct_in(field.type)
        if inner is not None:
            yield from _tables(inner, f"{path}.{field.encode_name}", is_list=is_many)


def _struct_in(kind: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    """The struct that a key's type is or holds, and whether it holds many."""
    told = types.type_info(kind)
    if isinstance(told, types.UnionType):
        told = next((one for one in told.types if isinstance(one, types.StructType)), told)
    is_many = isinstance(told, types.VarTupleType)
    if isinstance(told, types.VarTupleType):
        told = told.item_type
    return (told.cls if isinstance(told, types.StructType) else None), is_many


def _info(struct: type[msgspec.Struct]) -> types.StructType:
    told = types.type_info(struct)
    assert isinstance(told, types.StructType)
    return told


def _default(struct: type[msgspec.Struct], field: msgspec.structs.FieldInfo) -> str:
    value = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    if value is msgspec.NODEFAULT:
        return "needed"
    if struct is ChannelSettings and field.name in _BY_KIND:
        return "by kind"
    return _spelled(value)


def _spelled(value: Any) -> str:
    """As TOML has it; nothing for what is left out."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(_spelled(str(one)).strip('`') for one in value)}]`"
    if isinstance(value, str):
        return f'`"{value}"`'
    return f"`{value}`" if isinstance(value, int) else f"`{value:g}`"


def _words(told: types.Type) -> str:
    if isinstance(told, types.UnionType):
        return " or ".join(_words(one) for one in told.types if not _is_nothing(one))
    if isinstance(told, types.VarTupleType):
        return f"list of {_words(told.item_type)}"
    if isinstance(told, types.LiteralType):
        return " or ".join(f"`{value}`" for value in told.values if value != "")
    if isinstance(told, types.IntType | types.FloatType):
        return _number(told)
    return _ENUMS[told.cls] if isinstance(told, types.EnumType) else _PLAIN.get(type(told), "")


def _number(told: types.IntType | types.FloatType) -> str:
    name = "whole number" if isinstance(told, types.IntType) else "number"
    least = f"from {told.ge:g}" if told.ge is not None and told.ge >= 0 else ""
    above = f"above {told.gt:g}" if told.gt is not None else ""
    most = f"to {told.le:g}" if told.le is not None else ""
    return " ".join(word for word in (name, least, above, most) if word)


def _is_nothing(told: types.Type) -> bool:
    return isinstance(told, types.NoneType) or (
        isinstance(told, types.LiteralType) and told.values == ("",)
    )


def _keys() -> str:
    return "\n".join(
        f"### `{one.head}`\n\n"
        + table(
            ("key", "type", "default", "meaning"),
            ((f"`{key.name}`", key.type, key.default, key.meaning) for key in keys(one.struct)),
        )
        for one in tables()
        if next(keys(one.struct), None)
    )


def _kinds() -> str:
    names = next(iter(CHANNEL_KINDS.values())).__struct_fields__
    rows = (
        (f"`{kind}`", *(f"`{getattr(row, name)}`" for name in names))
        for kind, row in CHANNEL_KINDS.items()
    )
    return table(("kind", *(f"`{name}`" for name in names)), rows)


BLOCKS: Final[Blocks] = {"settings.keys": _keys, "settings.kinds": _kinds}
