"""`posswitch describe`: what is found, said as it was asked for."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from config.errors import SettingsError, SurroundingsError
from terminals.describe.description import (
    Description,
    Part,
    UnknownDialectError,
    as_builtins,
    describe,
    every_part,
)
from terminals.describe.given import Found, meanings_of
from terminals.describe.heads import Asked

Told = Sequence[tuple[str, Description]]


def described(
    text: str,
    dialect: str | None,
    length: str | None,
    asked: Asked = Asked(),  # noqa: B008 - frozen
) -> Told:
    """Every message in a word of the command line, in the meaning that reads best.

    Raises:
        SettingsError: there is none, or no such dialect.
    """
    best: Told = []
    try:
        for meaning in meanings_of(text, length):
            told = [_described(found, dialect, asked) for found in meaning]
            if not best or _quality(told) > _quality(best):
                best = told
            if all(_quality(best)[:-1]):
                break
    except UnknownDialectError as error:
        raise SettingsError(str(error), "E-COMMAND-LINE") from None
    return best


def _described(found: Found, dialect: str | None, asked: Asked) -> tuple[str, Description]:
    return found.place, describe(found.data, dialect, found.length, asked)


def _quality(told: Told) -> tuple[bool, bool, bool, bool, int]:
    """The first of two meanings is kept unless another is of a better kind."""
    descriptions = [description for _, description in told]
    begin_as_messages = all(one.reach > 0 for one in descriptions)
    faults = sum(len(one.faults) for one in descriptions)
    return (
        all(one.is_exact for one in descriptions),
        all(one.is_well for one in descriptions),
        begin_as_messages,
        not any(one.is_guessed for one in descriptions),
        -faults if begin_as_messages else 0,
    )


def print_json(told: Told) -> None:
    """One object for one message, an array for several."""
    rows = [{"place": place, **as_builtins(description)} for place, description in told]
    typer.echo(json.dumps(rows[0] if len(rows) == 1 else rows, ensure_ascii=False))


def write_page(told: Told, path: Path) -> None:
    """The messages as one HTML file.

    Raises:
        SurroundingsError: it cannot be written.
    """
    from config.tasks.message_page import page_of

    try:
        path.write_text(page_of(told), "utf-8")
    except OSError as error:
        raise SurroundingsError(
            f"{path}: {error.strerror}. Next: name another file", "E-FILE"
        ) from None


def difference(first: Description, second: Description) -> list[dict[str, Any]]:
    """The innermost parts that differ, in the order of the first message."""
    ours, theirs = _by_name(first.parts), _by_name(second.parts)
    rows = []
    for name in [*ours, *(each for each in theirs if each not in ours)]:
        a, b = ours.get(name), theirs.get(name)
        one = a or b
        if one is None or (a is not None and b is not None and a.digest == b.digest):
            continue
        is_split = any(other.startswith(f"{name}/") for other in (*ours, *theirs))
        if a is not None and b is not None and is_split:
            continue
        rows.append(
            {
                "name": name,
                "label": one.label,
                "a": a.value if a is not None else None,
                "b": b.value if b is not None else None,
                "is_covered": a is not None and b is not None and a.value == b.value,
            }
        )
    return rows


def _by_name(parts: Iterable[Part]) -> dict[str, Part]:
    """Parts by their path; a name that comes again has its number behind it."""
    found: dict[str, Part] = {}
    path: list[str] = []
    for depth, part in every_part(parts):
        del path[depth:]
        name = "/".join([*path, part.name])
        number, base = 1, name
        while name in found:
            number += 1
            name = f"{base} #{number}"
        path.append(name.rpartition("/")[2])
        found[name] = part
    return found
