"""`posswitch rules explain`: which rule decided a transaction, and in words."""

import inspect
from pathlib import Path

from config.as_json import as_builtins, print_json
from config.language import speech
from config.screen import screen
from config.tasks.earned import points_told
from config.tasks.lives import Labelled, opened_books, outcome_of, print_labelled, words_of
from config.tasks.ruled import rules_told
from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES, Reason
from host.rules.transactions import TRANSACTIONS
from host.store.trace import trace
from host.store.trace_told import Trace
from terminals.remedies import REMEDIES


def explain_rules(data: Path, settings: Path | None, word: str, *, as_json: bool) -> None:
    """Print what decided one transaction.

    Raises:
        NotTracedError: there is none of this name.
    """
    with opened_books(data, settings) as (connection, _, _):
        found = trace(connection, word.strip())
    if as_json:
        asked = [*questions(found.kind, found.reason)]
        told = {
            name: as_builtins(getattr(found, name)) for name in ("rules", "earned", "earn_counted")
        }
        print_json({"rrn": found.rrn, "reason": found.reason, **told, "checks": asked})
        return
    head = f"RRN {found.rrn}  {words_of(found.kind)}  {outcome_of(found.reason)}"
    screen().print(head, markup=False)
    print_labelled(explained(found))


def questions(kind: str, reason: str) -> list[str]:
    """What is asked of a kind that is answered so where it is not well, in its own words."""
    rule = TRANSACTIONS.get(Kind(kind)) if kind in set(Kind) else None
    if rule is None or reason == Reason.APPROVED:
        return []
    asked = (*rule.card_checks, *rule.checks)
    found = [inspect.getdoc(check) or "" for check, why in asked if why == reason]
    return [text.splitlines()[0] for text in found if text]


def explained(found: Trace) -> Labelled:
    """What of it rules decided, counted and gave; of a refusal by none, what was asked."""
    yield from rules_told(found.rules)
    yield from points_told(found)
    decided = any(rule.outcome == "denied" for rule in found.rules)
    reason = Reason(found.reason)
    if decided:
        return
    if reason is Reason.APPROVED:
        if not found.rules:
            yield "rules", "no rule of the house counted it, and none said no"
        return
    yield "rules", "no rule of the house decided it: a check of its kind did"
    for question in questions(found.kind, found.reason):
        yield "asked", question
    yield "answer", f"{RESPONSE_CODES[reason].f39} {speech.said(RESPONSE_CODES[reason].english)}"
    yield "next", speech.said(REMEDIES[reason].house)
