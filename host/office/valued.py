"""What came as JSON, as the values of an action: of its kinds, and nothing that no row can hold."""

import datetime as dt
import functools
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from host.office.action import Action
from host.office.fields import Values, is_in_calendar, problem_of, secret_from, with_zone
from host.office.refusals import FIELD, OUT_OF_RANGE, TOO_LARGE, Refusal


def values_of(action: Action[Any], told: bytes) -> Values:
    """An action's values out of JSON.

    Raises:
        Refusal: they are not of their kinds; names the field.
    """
    if len(told) > action.bytes_max:
        raise Refusal(TOO_LARGE, bytes_max=action.bytes_max)
    try:
        values: Values = msgspec.json.decode(told, type=action.values, dec_hook=secret_from)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        problem, _, place = str(error).partition(" - at `$.")
        field = place.rstrip("`") or _named_in(problem)
        raise Refusal(FIELD, field=field, problem=problem_of(problem)) from None
    _refuse_what_no_row_holds(values)
    given = msgspec.structs.asdict(values).items()
    moments = {name: with_zone(value) for name, value in given if isinstance(value, dt.datetime)}
    return msgspec.structs.replace(values, **moments) if moments else values


def _refuse_what_no_row_holds(values: Values) -> None:
    """Days of no year of ours; a text with a NUL in it; and what has a pattern is one line.

    In a pattern `$` is also before a line end that is the last letter, so that a name with one
    would be another name, which is written as the first is.
    """
    lines = _of_one_line(type(values))
    for field, value in msgspec.structs.asdict(values).items():
        if not is_in_calendar(value):
            raise Refusal(FIELD, field=field, problem=OUT_OF_RANGE)
        text = _text_in(value)
        if "\0" in text:
            raise Refusal(FIELD, field=field, problem="it has a NUL in it")
        if "\n" in text and field in lines:
            raise Refusal(FIELD, field=field, problem="it has a line end in it")


@functools.cache
def _of_one_line(values: type[Values]) -> frozenset[str]:
    """Fields whose texts have a pattern."""
    told = inspect.type_info(values)
    assert isinstance(told, inspect.StructType), "values are"
    return frozenset(one.encode_name for one in told.fields if any(_patterns(one.type)))


def _patterns(kind: inspect.Type) -> Iterator[str]:
    match kind:
        case inspect.StrType(pattern=str(pattern)):
            yield pattern
        case inspect.UnionType(types=types):
            for each in types:
                yield from _patterns(each)
        case inspect.CollectionType(item_type=item):
            yield from _patterns(item)
        case inspect.Metadata(type=inner):
            yield from _patterns(inner)


def _text_in(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "".join(map(_text_in, (*value, *value.values())))
    return "".join(map(_text_in, value)) if isinstance(value, tuple | list | frozenset) else ""


def _named_in(problem: str) -> str:
    """The field that msgspec names in its sentence where it has no place."""
    quoted = problem.split("`")
    return quoted[1] if len(quoted) > 1 and "field" in problem else "values"
