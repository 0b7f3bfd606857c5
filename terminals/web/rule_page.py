"""RULE: a rule of the house, version by version: its sentence, its figures, what was tried."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from host.house_rules.rule import PLACE, WHO, By, HouseRule, Period, Says
from host.house_rules.sentence import sentence
from host.model.catalogue import FieldTold
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row

LIVE_SECONDS: Final = 3.0
SAVE: Final = "rule.save"
TRY: Final = "rule.dry_run"
FIGURES: Final = ("amount_minor", "times", "priority", "name")
"""What is changed of a rule in its place, where it has it; all else by the form of its action."""
_COLUMNS: Final = {"cards": "these_cards"}
"""Of facets that are not called as their column."""
_MINOR: Final = 100


def _arranged(reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    rows = list(reversed(parts["rule"].rows))
    days = parts.get("days")
    return {
        "versions": [(row, _said(reader, row), _trial(row)) for row in rows],
        "figures": _figures(reader, rows[0]) if rows else [],
        "may_try": any(
            one.action == TRY and not one.why_not for row in rows[:1] for one in row.actions
        ),
        "last_date": days.first.values["business_date"] if days and days.first else "",
        "may_ask_why": "transactions" in reader.views,
        "decided": _decided(parts),
    }


def _decided(parts: Parts) -> Mapping[str, Any] | None:
    """What the transaction that was asked about was told, and which rules had a say.

    None: it was not found, or none was asked about.
    """
    told = parts.get("transaction")
    if told is None or not told.rows:
        return None
    by_step: dict[str, list[Row]] = {}
    for row in told.rows:
        by_step.setdefault(str(row.values["step"]), []).append(row)
    [asked], [decided] = by_step["asked"], by_step["decided"]
    return {"asked": asked, "decided": decided, "rules": by_step.get("rule", [])}


def _said(reader: Reader, row: Row) -> str:
    told = row.values
    facets = {name: frozenset(told[_COLUMNS.get(name, name)] or ()) for name in (*WHO, *PLACE)}
    rule = HouseRule(
        id=told["rule"],
        version=told["version"],
        name=told["name"],
        says=Says(told["says"]),
        amount_minor=told["amount_minor"] or 0,
        unit=told["unit"] or "",
        times=told["times"] or 0,
        period=Period(told["period"]),
        by=By(told["counted_by"]),
        kinds=frozenset(told["kinds"] or ()),
        who=tuple((name, facets[name]) for name in WHO if facets[name]),
        place=tuple((name, facets[name]) for name in PLACE if facets[name]),
        is_registered=told["is_registered"],
        weekdays=frozenset(told["weekdays"] or ()),
        time_from=told["time_from"] or "",
        time_until=told["time_until"] or "",
    )
    return reader.named(sentence(rule))


def _trial(row: Row) -> Mapping[str, Any]:
    """What was tried last, of this version as it stands."""
    return row.values["tried"] or {}


def _figures(reader: Reader, row: Row) -> Sequence[tuple[FieldTold, str]]:
    """Fields of the action that this rule has something in, as they would be typed."""
    action = reader.actions.get(SAVE)
    if action is None:
        return []
    fields = {one.name: one for one in action.fields}
    told = ((name, row.values.get(name)) for name in FIGURES)
    return [
        (fields[name], _typed(name, value)) for name, value in told if value not in {None, 0, ""}
    ]


def _typed(name: str, value: Any) -> str:
    if name != "amount_minor":
        return str(value)
    whole, part = divmod(value, _MINOR)
    return f"{whole}.{part:02d}"


RULE: Final = Screen(
    id="rule",
    path="/rules/{rule}",
    en="Rule",
    zh="规则",
    template="rule.html",
    is_about="rule",
    parts={
        "rule": Part(view="rules", filters={"rule": "{rule}"}),
        "days": Part(view="business_days", rows_max=1),
        "transaction": Part(
            view="transactions",
            filters={"transaction": "{rrn}"},
            needs=frozenset({"transaction"}),
            rows_max=100,
            is_still=True,
        ),
    },
    asks=("rrn",),
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
