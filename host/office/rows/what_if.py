"""What a till would be told if it asked now: which rule decides, by which figures.

Nothing is posted, counted or kept but the line of history: who asked it of which card.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from host.model.money import HOUSE_CURRENCY, POINTS_PREFIX
from host.model.money import Money as Amount
from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES
from host.office.action import Acting, Action, Result
from host.office.fields import Count, Money, Number, TerminalId, Text, Values
from host.office.refusals import AWAY, FIELD, STATE, Refusal
from host.office.roles import CS, IM, RK
from host.office.subjects import Ref
from host.store.loading import NoOpenDayError
from host.store.trace_told import Decided
from host.store.trial import Case, NoSuchPlaceError, Tried

WHAT_IF: Final = "rule.what_if"
IN_POINTS: Final = Kind.POINTS_REDEMPTION.value


class RuleWhatIf(Values, frozen=True, kw_only=True):
    """A card, an amount of money or points, and the terminal that would ask."""

    card: Number
    terminal_id: TerminalId
    asks: Literal[
        "purchase", "combined_purchase", "points_redemption", "preauth", "cash_load",
        "points_earn", "card_activation",
    ] = "purchase"  # fmt: skip
    amount_minor: Money | None = None
    points: Count | None = None
    """In place of an amount, of a points redemption."""
    goods: Text | None = None
    channel: Literal["pos", "ascii87", "mis", "softpos"] | None = None
    """The first that such a terminal speaks on without it."""


def _what_if(acting: Acting, values: RuleWhatIf) -> Result:
    if acting.tries is None:
        raise Refusal(AWAY)
    case = Case(
        kind=Kind(values.asks),
        card=values.card,
        terminal=values.terminal_id,
        amount=_amount(values),
        channel=values.channel,
        goods=values.goods or None,
    )
    try:
        tried = acting.tries(case)
    except NoSuchPlaceError as error:
        if error.channels:
            raise Refusal(FIELD, field="channel", problem="it does not speak on that") from None
        raise Refusal(FIELD, field="terminal_id", problem="there is none of that name") from None
    except NoOpenDayError:
        raise Refusal(STATE, state="closed") from None
    told = {"terminal_id": values.terminal_id, "asks": values.asks, **_told(tried)}
    return Result(told=told, beside={**_asked(case), **told})


def _amount(values: RuleWhatIf) -> Amount:
    is_points = values.asks == IN_POINTS
    asked, other = values.amount_minor, values.points
    if is_points:
        asked, other = other, asked
    if asked is None or other is not None:
        field = "points" if is_points else "amount_minor"
        raise Refusal(FIELD, field=field, problem="this is asked by that alone")
    return Amount(asked, POINTS_PREFIX if is_points else HOUSE_CURRENCY)


def _asked(case: Case) -> dict[str, Any]:
    name = "points" if case.amount.is_points else "amount_minor"
    return {"card": case.card, name: case.amount.amount_minor}


def _told(tried: Tried) -> dict[str, Any]:
    answer = tried.response
    code = RESPONSE_CODES[answer.reason]
    told: dict[str, Any] = {
        "would_be_approved": answer.is_approved,
        "f39": code.f39,
        "en": code.english,
        "zh": code.chinese,
        "rules": [_rule(one) for one in tried.rules],
    }
    if answer.is_approved and answer.balance is not None:
        told["balance_minor"] = answer.balance.amount_minor
    return told


def _rule(one: Decided) -> Mapping[str, Any]:
    return {
        "house_rule": one.rule,
        "version": one.version,
        "outcome": one.outcome,
        "en": one.en,
        "zh": one.zh,
        "had_times": one.had_times,
        "had_minor": one.had_minor,
        "unit": one.unit,
    }


RULE_WHAT_IF: Final = Action(
    id=WHAT_IF,
    en="Ask what a till would be told now",
    zh="试算一笔",
    values=RuleWhatIf,
    roles=frozenset({CS, RK, IM}),
    do=_what_if,
    about=lambda values: Ref("card", str(values.card)),
)
