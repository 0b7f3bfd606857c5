"""Commands made from the office's two tables: `posswitch show VIEW` and `posswitch SUBJECT VERB`.

An action's options are the fields of its values, labelled by the office's words; the first that is
required is what it is about, and stands without a name. What is never echoed is no option: it is
asked for, or read from a pipe, a line each. Nothing here knows any single action.
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from config.cli.complete import figures, keys_of_scope, named, one_of, part_numbers, terminal_ids
from config.cli.examples import SPELLED, example_of, example_of_view
from config.cli.options import DataOption, JsonOption, SettingsOption, epilog
from config.homes import DATA
from config.language import Language, speech
from host.model.instruments import CardStatus
from host.model.office import ROWS_MAX, Show, sought
from host.office.action import Action
from host.office.field_kinds import choices_of, is_secret, kinds_of, stand_alone
from host.office.fields import Values
from host.office.places import Scope
from host.office.roles import ROLES
from host.office.tables import ACTIONS, VIEWS
from host.office.view import Filter, How, View
from host.office.words import WORDS, word_of

SHOW: Final = "show"
"""The group of the views."""
BY_HAND: Final = frozenset({"session.sign_in", "session.sign_out"})
"""Actions with commands of their own."""
TWICE: Final = frozenset({"workbook_password"})
"""What is typed twice, for nobody could open what was made under a slip of the hand."""
COMPLETED: Final = {
    "terminal_id": terminal_ids,
    "terminal": terminal_ids,
    "figure": figures,
    "part": part_numbers,
    "role": one_of(ROLES),
    "action": one_of(ACTIONS),
    "scope": one_of(Scope),
    "scope_key": keys_of_scope(
        {
            Scope.ISSUER: "issuers",
            Scope.ALLIANCE: "alliances",
            Scope.MERCHANT: "merchants",
            Scope.STORE: "stores",
        }
    ),
    "card_status": one_of(CardStatus),
    **{
        field: named(kind)
        for kind, fields in {
            "issuers": ("issuer", "institution_id"),
            "merchants": ("merchant", "merchant_id"),
            "stores": ("store",),
            "products": ("product",),
            "card-batches": ("batch",),
            "programmes": ("programme",),
            "alliances": ("alliance",),
            "settings": ("setting",),
        }.items()
        for field in fields
    },
}
"""Fields whose values a shell can offer."""
SHOWN_MAX: Final = 10
"""Of so many words help shows each; of more a shell offers them."""
_PARAMETERS: Final = {
    "data": (DataOption, DATA),
    "settings": (SettingsOption, None),
    "as_json": (JsonOption, False),
}
_SPELLED: Final[Mapping[Any, str]] = {True: "true", False: "false"}
_DryRun: Final = Annotated[
    bool, typer.Option("--dry-run", help="Say what it would change; nothing is kept.")
]
_To: Final = Annotated[
    Path, typer.Option(help="The file it goes into: readable by you alone.", metavar="FILE")
]

_ToOrPrinted: Final = Annotated[
    Path | None,
    typer.Option(
        help="The file it goes into: readable by you alone; printed without.", metavar="FILE"
    ),
]


def groups(name: str = "") -> dict[str, typer.Typer]:
    """The group of this name, `show` or a subject's; where there is none, every group."""
    if name == SHOW:
        return {SHOW: _views()}
    actions = [action for action in ACTIONS.values() if action.id not in BY_HAND]
    asked = [action for action in actions if _spelled(action)[0] == name]
    made = {} if asked else {SHOW: _views()}
    for action in asked or actions:
        subject, verb = _spelled(action)
        if subject not in made:
            made[subject] = _group(subject, action)
        example = epilog(example_of(action))
        made[subject].command(verb, help=_summary(action), epilog=example)(_action_command(action))
    return made


def _spelled(action: Action[Any]) -> list[str]:
    """Its subject and its verb, as they are typed."""
    return SPELLED.get(action.id, action.id).replace("_", "-").split(".")


def _group(subject: str, first: Action[Any]) -> typer.Typer:
    group = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        help=f"What people do: {_word(subject.replace('-', '_'))}.",
        epilog=epilog(example_of(first)),
    )
    group.callback()(_nothing)
    return group


def _nothing() -> None:
    """So that a group of one command is one."""


def _views() -> typer.Typer:
    group = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        help="What people look at, a page at a time.",
        epilog=epilog("posswitch show merchants"),
    )
    for view in VIEWS.values():
        name = view.id.replace("_", "-")
        example = epilog(example_of_view(view))
        title = f"{view.zh}。" if _is_chinese() else f"{view.en}."
        group.command(name, help=title, epilog=example)(_view_command(view))
    return group


def _is_chinese() -> bool:
    return speech.language is Language.CHINESE


def _word(name: str) -> str:
    """What a field or a filter is called, in the language of who reads."""
    word = word_of(name)
    return word.zh if _is_chinese() else word.en


def _summary(action: Action[Any]) -> str:
    return f"{action.zh}。" if _is_chinese() else f"{action.en}. {_doc(action.values)}"


def _doc(values: type[Values]) -> str:
    return " ".join((inspect.getdoc(values) or "").split())


# Actions. -----------------------------------------------------------------------------------


def _action_command(action: Action[Any]) -> Callable[..., None]:
    """The command of a row: what is given becomes its values."""
    fields = msgspec.structs.fields(action.values)
    secrets = [each for each in fields if is_secret(each)]
    about = stand_alone(fields)
    subject = action.id.split(".")[0]
    parameters = [
        _sent(each)
        if each.name == action.takes
        else _parameter(each, subject, stands_alone=each in about)
        for each in fields
        if each not in secrets
    ]
    parameters += [
        _extra(f"{each.name}_is_typed", _asks_for(each), default=False)
        for each in secrets
        if not each.required
    ]
    parameters.append(_extra("dry_run", _DryRun, default=False))
    if action.may_print:
        parameters.append(_extra("to", _ToOrPrinted, default=None))
    elif action.hands_out:
        parameters.append(_extra("to", _To))

    def run(**given: Any) -> None:
        from config.tasks.office import Asked, act

        data, settings = given.pop("data"), given.pop("settings")
        how = {
            "is_dry_run": given.pop("dry_run"),
            "as_json": given.pop("as_json"),
            "to": given.pop("to", None),
            "sends": (action.takes, given.pop(action.takes)) if given.get(action.takes) else None,
        }
        act(data, settings, Asked(action=action.id, values=_values(fields, given), **how))

    return _signed(run, parameters)


def _values(fields: tuple[msgspec.structs.FieldInfo, ...], given: Mapping[str, Any]) -> Any:
    """What was given, by the names of the fields; secrets are asked for now."""
    from config.tasks.office_words import word_here
    from config.tasks.typed import prompted, typed_twice

    values: dict[str, Any] = {}
    for each in fields:
        if not is_secret(each):
            value = given.get(each.name)
            if value is not None and value != []:
                values[each.name] = value
        elif each.required or given.get(f"{each.name}_is_typed"):
            values[each.name] = prompted(word_here(each.name), is_hidden=True)
            if each.name in TWICE:
                typed_twice(word_here(each.name), values[each.name])
    return values


def _parameter(
    field: msgspec.structs.FieldInfo, subject: str, *, stands_alone: bool
) -> inspect.Parameter:
    """An option of the command, or the argument it is about."""
    told: dict[str, Any] = {"help": _help_of(field, subject)}
    kind, choices = _typed(field)
    told |= _offered(field.name, choices)
    if stands_alone:
        told.setdefault("metavar", field.name.upper())
        return _extra(field.name, Annotated[kind, typer.Argument(**told)])
    if field.required:
        return _extra(field.name, Annotated[kind, typer.Option(**told)])
    return _extra(field.name, Annotated[kind | None, typer.Option(**told)], default=None)


def _sent(field: msgspec.structs.FieldInfo) -> inspect.Parameter:
    """A file of who types: it is sent first, and the field becomes its number."""
    option = typer.Option(help=_help_of(field, ""), metavar="FILE", exists=True, dir_okay=False)
    if field.required:
        return _extra(field.name, Annotated[Path, option])
    return _extra(field.name, Annotated[Path | None, option], default=None)


def _typed(field: msgspec.structs.FieldInfo) -> tuple[Any, tuple[str, ...]]:
    """As what it is typed, and the words it is one of; none: of any."""
    (kind, *_) = kinds_of(field.type)
    if kind in {int, bool}:
        return kind, ()
    if typing.get_origin(kind) in {frozenset, tuple, list}:
        (inner, *_) = kinds_of(typing.get_args(kind)[0])
        return (list[int], ()) if inner is int else (list[str], choices_of(inner))
    return str, choices_of(kind)


def _offered(name: str, choices: tuple[str, ...]) -> dict[str, Any]:
    """What the help says stands there, and what a shell offers."""
    if choices:
        metavar = {"metavar": "|".join(choices)} if len(choices) <= SHOWN_MAX else {}
        return {**metavar, "autocompletion": one_of(choices)}
    return {"autocompletion": COMPLETED[name]} if name in COMPLETED else {}


def _help_of(field: msgspec.structs.FieldInfo, subject: str) -> str:
    """Its word; that of the subject's own field of this name, where there is one."""
    own = f"{subject}_{field.name}"
    word = _word(own if own in WORDS else field.name)
    sentence = word[:1].upper() + word[1:]
    return f"{sentence}, in minor units." if "_minor" in field.name else f"{sentence}."


def _asks_for(field: msgspec.structs.FieldInfo) -> Any:
    name = field.name.replace("_", "-")
    word = _word(field.name)
    return Annotated[bool, typer.Option(f"--{name}", help=f"Ask for the {word}.")]


# Views. -------------------------------------------------------------------------------------


def _view_command(view: View) -> Callable[..., None]:
    """The command of a row: its filters are options."""
    name = view.id.replace("_", "-")
    parameters = [_filter(each) for each in view.filters]
    after = Annotated[
        list[str] | None,
        typer.Option(help="Where the page before ended; it says how.", metavar="PLACE"),
    ]
    rows = Annotated[int, typer.Option(min=1, max=ROWS_MAX, help="On a page.")]
    parameters += [_extra("after", after, default=None), _extra("rows", rows, default=50)]

    def run(**given: Any) -> None:
        from config.tasks.office import look
        from config.tasks.typed import prompted

        data, settings = given.pop("data"), given.pop("settings")
        as_json = given.pop("as_json")
        place, count = given.pop("after") or [], given.pop("rows")
        filters = {
            each.name: _SPELLED.get(given[each.name], given[each.name])
            for each in view.filters
            if _is_asked(each, given[each.name]) and each.how is not How.NUMBER
        }
        options = "".join(f" --{key.replace('_', '-')} {value}" for key, value in filters.items())
        for each in view.filters:
            if each.how is How.NUMBER and given[each.name]:
                filters[each.name] = prompted("card number", is_hidden=True)
                options += f" --{each.name}"
        asked = Show(view=view.id, filters=sought(filters), after=list(place), rows_max=count)
        look(data, settings, asked, as_json=as_json, command=f"posswitch show {name}{options}")

    return _signed(run, parameters)


def _is_asked(told: Filter, value: Any) -> bool:
    """Whether a filter was given: no to a question that has two answers is one."""
    return value is not None and (told.kind is bool or bool(value))


def _filter(told: Filter) -> inspect.Parameter:
    word = _word(told.name)
    help_text = f"Only: {word}."
    if told.kind is bool:
        return _extra(told.name, Annotated[bool | None, typer.Option(help=help_text)], default=None)
    if told.how is How.NUMBER:
        help_text = "Ask for the card's number, which is not shown and kept nowhere."
        option = typer.Option(f"--{told.name}", help=help_text)
        return _extra(told.name, Annotated[bool, option], default=False)
    if told.how in {How.MINE, How.TO_DECIDE}:
        option = typer.Option(f"--{told.name.replace('_', '-')}", help=help_text)
        return _extra(told.name, Annotated[bool, option], default=False)
    option = typer.Option(help=help_text, **_offered(told.name, told.choices))
    return _extra(told.name, Annotated[str | None, option], default=None)


# Both. --------------------------------------------------------------------------------------


def _extra(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )


def _signed(run: Callable[..., None], parameters: list[inspect.Parameter]) -> Callable[..., None]:
    """With the parameters that typer reads, and those that every command has."""
    common = [
        _extra(name, annotation, default=default)
        for name, (annotation, default) in _PARAMETERS.items()
    ]
    every = [*parameters, *common]
    run.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in every}
    return run
