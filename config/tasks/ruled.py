"""Rules of the house as people read them: what one says, by which figures, and what it did."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from config.language import Language, speech
from config.tasks.lives import Labelled
from host.house_rules.rule import Period, Says
from host.model.money import Money
from host.rules.usage import Outcome
from host.store.trace_told import Decided
from host.store.trial import NOT_DECIDED, PASSED

OUTCOMES: Final[Mapping[str, str]] = {
    Outcome.DENIED: "this rule decided: it says no",
    Outcome.COUNTED: "it let it pass, and counted it",
    Outcome.GAVE_BACK: "what its original counted was given back",
    PASSED: "it lets it pass",
    NOT_DECIDED: "it did not decide",
}


def rules_told(rules: Iterable[Decided]) -> Labelled:
    """Each as a sentence, with its figures and what it had to do with a transaction."""
    for rule in rules:
        says = rule.zh if speech.language is Language.CHINESE else rule.en
        yield "rule", f"rule {rule.rule}, version {rule.version}, {rule.name}: {says}"
        figures = FIGURES.get(Says(rule.says))
        if figures is not None and rule.outcome != Outcome.GAVE_BACK:
            yield "", figures(rule)
        yield "", OUTCOMES[rule.outcome]


def _times(rule: Decided) -> str:
    return f"used {rule.had_times} times before, at most {rule.times}"


def _most(rule: Decided) -> str:
    asked, most = Money(rule.asked_minor, rule.unit), Money(rule.amount_minor, rule.unit)
    if rule.period == Period.TRANSACTION:
        return f"{asked} asked, at most {most}"
    return f"{asked} asked, {Money(rule.had_minor, rule.unit)} used before, at most {most}"


def _least(rule: Decided) -> str:
    asked, least = Money(rule.asked_minor, rule.unit), Money(rule.amount_minor, rule.unit)
    return f"{asked} asked, at least {least}"


def _balance(rule: Decided) -> str:
    asked, most = Money(rule.asked_minor, rule.unit), Money(rule.amount_minor, rule.unit)
    return f"{asked} to go onto {Money(rule.had_minor, rule.unit)}, at most {most}"


FIGURES: Final[Mapping[Says, Callable[[Decided], str]]] = {
    Says.COUNT_MAX: _times,
    Says.AMOUNT_MAX: _most,
    Says.AMOUNT_MIN: _least,
    Says.BALANCE_MAX: _balance,
}
"""By which figures one decides. What is about places and goods has none."""
