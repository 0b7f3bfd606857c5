"""Tables of `docs/rules.md`: what is asked before each kind is approved, in order."""

import inspect
from collections.abc import Iterator
from typing import Final

from config.manual.page import Blocks, table
from host.model.requests import ASKED_BY_NO_TERMINAL
from host.model.responses import RESPONSE_CODES, Reason
from host.rules.checklists import Check
from host.rules.decision import SIGN_ON_AGAIN
from host.rules.standing import DECLINES
from host.rules.transactions import PIN_DECLINES, TRANSACTIONS, PinRule, Rule

_PIN: Final[dict[PinRule, str]] = {
    PinRule.NEVER: "",
    PinRule.IF_SENT: "The PIN, where one is sent, is the card's.",
    PinRule.REQUIRED: "The PIN is the card's, where the card has one.",
}


def _rules() -> str:
    return "\n".join(
        f"### `{kind}`\n\n{table(('must be so', 'else F39', 'reason'), _rows(rule))}"
        for kind, rule in TRANSACTIONS.items()
        if kind not in ASKED_BY_NO_TERMINAL
    )


def _rows(rule: Rule) -> Iterator[tuple[str, str, str]]:
    yield from map(_check, rule.card_checks)
    if rule.use is not None:
        yield _several("Its card batch, its status and its days allow it.", DECLINES[rule.use])
    if _PIN[rule.pin]:
        yield _several(_PIN[rule.pin], PIN_DECLINES[rule.pin])
    yield from map(_check, rule.checks)
    if rule.part is not None:
        yield "Or the terminal takes a part, and there is one.", "10", "`partly_approved`"
    if rule.post_declines:
        yield _several("It can be posted.", rule.post_declines)


def _several(words: str, reasons: tuple[Reason, ...]) -> tuple[str, str, str]:
    return words, ", ".join(map(_code, reasons)), ", ".join(f"`{reason}`" for reason in reasons)


def _check(row: Check) -> tuple[str, str, str]:
    check, reason = row
    words = inspect.getdoc(check)
    assert words, f"{check.__name__} does not say what it asks"
    return " ".join(words.split("\n\n")[0].split()), _code(reason), f"`{reason}`"


def _code(reason: Reason) -> str:
    return RESPONSE_CODES[reason].f39


def _sign_on_again() -> Iterator[tuple[str, str, str]]:
    for reason in sorted(SIGN_ON_AGAIN):
        yield _code(reason), f"`{reason}`", RESPONSE_CODES[reason].english


BLOCKS: Final[Blocks] = {
    "rules.kinds": _rules,
    "rules.sign_on_again": lambda: table(("F39", "reason", ""), _sign_on_again()),
}
