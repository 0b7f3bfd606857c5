"""`posswitch rules what-if`: what a till would be told now, though nothing is asked or posted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from config.as_json import print_json
from config.errors import OperatorError, SettingsError, SurroundingsError
from config.run.hsm import open_hsm
from config.screen import screen
from config.tasks.lives import Labelled, opened_books, outcome_of, print_labelled, words_of
from config.tasks.ruled import rules_told
from config.tasks.rules import questions
from host.clock import utc_now
from host.model.money import HOUSE_CURRENCY, POINTS_PREFIX, Money
from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES
from host.rules.decision import Court
from host.store.book import read_estate
from host.store.card_finding import find_card
from host.store.following import Following
from host.store.loading import NoOpenDayError
from host.store.trial import Case, NoSuchPlaceError, Tried, try_case
from simulators.till.amounts import money_of, points_of
from simulators.till.errors import TillError
from terminals.remedies import REMEDIES

IN_POINTS: Final = frozenset({Kind.POINTS_REDEMPTION})


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """As somebody types it. No channel: the first that such a terminal speaks on."""

    card: str
    amount: str
    terminal: str
    kind: Kind
    channel: str | None = None
    goods: str | None = None


def what_if(data: Path, settings: Path | None, asked: Asked, *, as_json: bool) -> None:
    """Print what it would be told, and which rule would decide.

    Raises:
        CardUnknownError: no card is meant by this, or more than one.
        SettingsError: the amount is none, or no such terminal speaks on that channel.
        SurroundingsError: there is no such terminal, or no open date.
    """
    amount = _amount(asked)
    with opened_books(data, settings) as (connection, places, told):
        hsm = open_hsm(told.host.hsm, places, connection.info.dsn)
        card = find_card(connection, hsm, asked.card)
        book = read_estate(connection)
        case = Case(
            kind=asked.kind,
            card=card,
            terminal=asked.terminal,
            channel=asked.channel,
            amount=amount,
            goods=asked.goods,
        )
        court = Court(book, hsm.pin_verifier(), told.host.acquirer_id)
        now = utc_now().astimezone(ZoneInfo(told.host.timezone))
        try:
            tried = try_case(connection, court, Following(book, hsm), case, now)
        except NoSuchPlaceError as error:
            raise _no_such_place(asked, error) from error
        except NoOpenDayError as error:
            raise SurroundingsError(
                "no business date is open, so nothing is decided. Next: posswitch clearing run",
                "E-NIGHT",
            ) from error
    if as_json:
        print_json(_as_told(case, tried))
        return
    head = f"card {tried.masked}  {words_of(asked.kind)} {amount} at {asked.terminal}"
    screen().print(head, markup=False)
    print_labelled(_labelled(case, tried))


def _amount(asked: Asked) -> Money:
    try:
        if asked.kind in IN_POINTS:
            return Money(points_of(asked.amount), POINTS_PREFIX)
        return Money(money_of(asked.amount), HOUSE_CURRENCY)
    except TillError as error:
        raise SettingsError(str(error), "E-COMMAND-LINE") from error


def _no_such_place(asked: Asked, error: NoSuchPlaceError) -> OperatorError:
    if not error.channels:
        return SurroundingsError(
            f"there is no terminal {asked.terminal!r}. Next: check the eight characters of its id",
            "E-TERMINAL-UNKNOWN",
        )
    return SettingsError(
        f"terminal {asked.terminal} speaks on no channel {asked.channel!r}. "
        f"Next: name one of {', '.join(error.channels)}",
        "E-COMMAND-LINE",
    )


def _as_told(case: Case, tried: Tried) -> dict[str, object]:
    answer = tried.response
    return {
        "card": tried.masked,
        "kind": case.kind,
        "amount": case.amount,
        "terminal": case.terminal,
        "channel": tried.channel,
        "would_be_approved": answer.is_approved,
        "reason": answer.reason,
        "f39": RESPONSE_CODES[answer.reason].f39,
        "rules": tried.rules,
        "checks": [] if answer.is_approved else [*_checks(case, tried)],
    }


def _checks(case: Case, tried: Tried) -> Iterator[str]:
    """What its kind asks and would be told no to, where no rule of the house decided."""
    if not any(rule.outcome == "denied" for rule in tried.rules):
        yield from questions(case.kind, tried.response.reason)


def _labelled(case: Case, tried: Tried) -> Labelled:
    answer = tried.response
    yield "would be", outcome_of(answer.reason)
    yield from rules_told(tried.rules)
    if not tried.rules:
        yield "rules", "no rule of the house has a say over it"
    if not answer.is_approved:
        for check in _checks(case, tried):
            yield "asked", check
        yield "next", REMEDIES[answer.reason].house
    elif answer.balance is not None:
        yield "balance", f"{answer.balance} would be left to spend"
    yield "", "nothing was posted or counted; whether the PIN is right was not asked"
